//! Plot of loss against learning rate, with the suggested rate.

use egui::{FontId, Role, Sense, Ui, WidgetInfo};
use egui_plot::{AxisHints, GridMark, HoverPosition, Line, Plot, PlotBounds, VLine};

use crate::project::format_number;
use crate::ui::theme::tokens;

/// Height with its axis, in points.
const HEIGHT: f32 = 220.0;
/// Ratio of the height shown above the initial loss to the height of its decrease: at high rates
/// the loss rises far beyond.
const RISE: f64 = 0.4;

/// Draws (rate, loss) pairs on an axis of powers of ten that extends at least to the rate `until`;
/// marks the `offered` rate. Without any pair the plot is empty.
pub(super) fn rate_plot_ui(ui: &mut Ui, points: &[[f64; 2]], offered: Option<f64>, until: f64) {
    let (Some(&[first, start]), Some(&[last, _])) = (points.first(), points.last()) else {
        ui.add_space(HEIGHT);
        return;
    };
    let tokens = tokens(ui);
    let lowest = points.iter().map(|[_, loss]| *loss).fold(f64::INFINITY, f64::min);
    let fall = (start - lowest).max(1e-3 * start.abs()).max(f64::MIN_POSITIVE);
    let (low, high) = (lowest - 0.1 * fall, start + RISE * fall);
    let start_decade = first.log10().round() as i32;
    let decades = start_decade..=(last.max(until).log10().ceil() as i32).max(start_decade + 1);
    let ends = [f64::from(*decades.start()), f64::from(*decades.end())];
    let marks = decades.map(f64::from).collect::<Vec<_>>();
    let losses = [lowest, start];
    let axis = |hints: AxisHints<'static>| {
        hints.tick_label_color(tokens.dim).tick_label_font(FontId::proportional(10.0))
    };
    let mark = |value: f64| GridMark { value, step_size: f64::INFINITY };
    let plot = Plot::new("loss by learning rate")
        .height(HEIGHT)
        .width(ui.available_width() - 12.0)
        .sense(Sense::hover())
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .x_grid_spacer(move |_| marks.iter().copied().map(mark).collect())
        .y_grid_spacer(move |_| losses.map(mark).to_vec())
        .custom_x_axes(vec![axis(AxisHints::new_x().formatter(|mark, _| power(mark.value)))])
        .custom_y_axes(vec![axis(AxisHints::new_y().formatter(|mark, _| format_number(mark.value)))])
        .grid_color(tokens.line)
        .cursor_color(tokens.line)
        .label_formatter(|position| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) =
                position;
            Some(format!(
                "rate {}\nloss {}",
                format_number(10_f64.powf(position.x)),
                format_number(position.y)
            ))
        });
    let name = format!(
        "Loss against learning rate from {} to {}: starts at {}, lowest {}",
        format_number(first),
        format_number(last),
        format_number(start),
        format_number(lowest),
    );
    let line: Vec<[f64; 2]> = points.iter().map(|[rate, loss]| [rate.log10(), *loss]).collect();
    let shown = plot.show(ui, |plot| {
        plot.set_plot_bounds(PlotBounds::from_min_max([ends[0], low], [ends[1], high]));
        plot.line(Line::new("loss", line).color(tokens.accent).width(1.5));
        if let Some(rate) = offered {
            plot.vline(VLine::new("offered", rate.log10()).color(tokens.code).width(1.0));
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
}

/// A power of ten as an axis label.
fn power(exponent: f64) -> String {
    format_number(10_f64.powf(exponent))
}

#[cfg(test)]
mod tests {
    use egui::{Theme, vec2};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    #[test]
    fn the_plot_is_drawn_and_named_in_both_themes() {
        let points: Vec<[f64; 2]> = (0..60)
            .map(|i| [1e-6 * 10_f64.powf(f64::from(i) / 10.0), (f64::from(i) - 40.0).powi(2)])
            .collect();
        for theme in [Theme::Dark, Theme::Light] {
            for points in [&points[..], &points[..1], &[]] {
                let mut harness = Harness::builder()
                    .with_size(vec2(460.0, 260.0))
                    .with_theme(theme)
                    .with_context_setup(crate::ui::theme::install)
                    .build_ui(|ui| rate_plot_ui(ui, points, Some(1e-3), 0.0));
                harness.run();
                let plot = harness.query_by_label_contains("Loss against learning rate from");
                assert_eq!(plot.is_some(), !points.is_empty());
                let Some(plot) = plot else { continue };
                assert!(plot.rect().width() > 300.0, "{:?}", plot.rect());
                harness.hover_at(plot.rect().center());
                harness.run();
            }
        }
    }
}
