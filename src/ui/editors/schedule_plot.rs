//! A plot of the learning rate over a run, with warm-up and schedule.

use egui::{Role, Sense, Ui, WidgetInfo};
use egui_plot::{AxisHints, GridMark, HoverPosition, Line, Plot, PlotBounds};

use crate::project::{Schedule, Training, format_number, learning_rate, short_count};
use crate::ui::theme::tokens;

/// Height with its axis, in points.
const HEIGHT: f32 = 72.0;
/// Right margin, so that the last number of the axis is not cut off, in points.
const RIGHT: f32 = 16.0;
/// Number of rates drawn.
const SAMPLES: u64 = 100;
/// Assumed number of steps per epoch: the data may not be loaded, and more would not be visible.
const STEPS_PER_EPOCH: u64 = 100;

/// Draws the learning rate over the epochs; nothing if it is constant.
pub fn schedule_plot_ui(ui: &mut Ui, training: &Training) {
    let Some(rates) = rates(training) else { return };
    let tokens = tokens(ui);
    let epochs = f64::from(training.epochs);
    let highest = rates.iter().map(|[_, rate]| *rate).fold(0.0, f64::max);
    let ends = |end: f64| move |_| [0.0, end].map(|value| GridMark { value, step_size: end }).to_vec();
    let axis = |hints: AxisHints<'static>| hints.tick_label_color(tokens.dim).tick_label_font(font());
    let plot = Plot::new("learning rate by epoch")
        .width((ui.available_width() - RIGHT).max(40.0))
        .height(HEIGHT)
        .sense(Sense::hover())
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .x_grid_spacer(ends(epochs))
        .y_grid_spacer(ends(highest))
        .custom_x_axes(vec![axis(AxisHints::new_x().formatter(|mark, _| epochs_text(mark.value)))])
        .custom_y_axes(vec![axis(AxisHints::new_y().formatter(|mark, _| rate_text(mark.value)))])
        .grid_color(tokens.line)
        .cursor_color(tokens.line)
        .label_formatter(|position| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) =
                position;
            hover_text(training, position.x)
        });
    let name = format!(
        "Learning rate over {} epochs: begins at {}, reaches {}, ends at {}",
        training.epochs,
        format_number(rates.first().map_or(0.0, |[_, rate]| *rate)),
        format_number(highest),
        format_number(rates.last().map_or(0.0, |[_, rate]| *rate)),
    );
    let shown = plot.show(ui, |plot| {
        // A margin above the highest rate, so that its line is not cut off.
        plot.set_plot_bounds(PlotBounds::from_min_max([0.0, 0.0], [epochs, highest * 1.08]));
        plot.line(Line::new("learning rate", rates).color(tokens.accent).width(1.5));
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
}

fn font() -> egui::FontId {
    egui::FontId::proportional(10.0)
}

/// Label at the end of the epoch axis, in full if there is space.
fn epochs_text(epochs: f64) -> String {
    if epochs < 1e5 { epochs.to_string() } else { short_count(epochs as u64) }
}

/// Label at the end of the rate axis; its zero is shared with the other axis.
fn rate_text(rate: f64) -> String {
    let rate = rate as f32;
    match rate {
        0.0 => String::new(),
        _ if rate < 1e-3 => format!("{rate:e}"),
        _ => rate.to_string(),
    }
}

/// Pairs of finished epochs and learning rate; `None` if the rate is constant.
fn rates(training: &Training) -> Option<Vec<[f64; 2]>> {
    let is_constant = training.schedule == Schedule::Constant && training.warmup_epochs == 0;
    let base = training.learning_rate;
    if is_constant || training.epochs == 0 || !base.is_finite() || base <= 0.0 {
        return None;
    }
    let last = u64::from(training.epochs) * STEPS_PER_EPOCH - 1;
    let point = |sample: u64| {
        let step = last * sample / SAMPLES;
        [step as f64 / STEPS_PER_EPOCH as f64, f64::from(rate_at(training, step))]
    };
    Some((0..=SAMPLES).map(point).collect())
}

fn rate_at(training: &Training, step: u64) -> f32 {
    learning_rate(training, training.learning_rate, step, STEPS_PER_EPOCH)
}

/// The epoch under the pointer, counted from 1, and its rate.
fn hover_text(training: &Training, epochs_done: f64) -> Option<String> {
    let last = u64::from(training.epochs).checked_mul(STEPS_PER_EPOCH)?.checked_sub(1)?;
    let step = ((epochs_done * STEPS_PER_EPOCH as f64).max(0.0) as u64).min(last);
    let rate = format_number(f64::from(rate_at(training, step)));
    Some(format!("epoch {}\nrate {rate}", step / STEPS_PER_EPOCH + 1))
}

#[cfg(test)]
mod tests {
    use egui::{Theme, vec2};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    fn training(schedule: Schedule, warmup_epochs: u32, epochs: u32) -> Training {
        Training { learning_rate: 0.01, schedule, warmup_epochs, epochs, ..Training::default() }
    }

    #[test]
    fn a_constant_rate_is_not_drawn() {
        assert_eq!(rates(&training(Schedule::Constant, 0, 10)), None);
        assert_eq!(rates(&training(Schedule::Cosine { floor: 0.0 }, 0, 0)), None);
        let broken = Training { learning_rate: f32::NAN, ..training(Schedule::Constant, 2, 10) };
        assert_eq!(rates(&broken), None);
        for schedule in Schedule::ALL {
            for epochs in [1, 10, 1_000_000] {
                let rates = rates(&training(schedule, 1, epochs)).expect("it warms up");
                assert!(rates.is_sorted_by(|a, b| a[0] <= b[0]));
                assert!(rates.iter().all(|[epoch, rate]| {
                    (0.0..f64::from(epochs)).contains(epoch) && (0.0..=0.010_001).contains(rate)
                }));
            }
        }
    }

    #[test]
    fn hovering_shows_epoch_and_rate() {
        let steps = training(Schedule::Step { epochs: 5, factor: 0.1 }, 0, 10);
        let check = |at: f64, expected: &str| assert_eq!(hover_text(&steps, at).as_deref(), Some(expected));
        check(-3.0, "epoch 1\nrate 0.0100");
        check(0.5, "epoch 1\nrate 0.0100");
        check(4.995, "epoch 5\nrate 0.0100");
        check(5.0, "epoch 6\nrate 0.00100");
        check(99.0, "epoch 10\nrate 0.00100");
    }

    #[test]
    fn axis_labels_are_short() {
        assert_eq!([0.0, 100.0, 1e6].map(epochs_text), ["0", "100", &short_count(1_000_000)]);
        assert_eq!(
            [0.0, f64::from(0.002_f32), f64::from(2.5e-5_f32)].map(rate_text),
            ["", "0.002", "2.5e-5"]
        );
    }

    #[test]
    fn the_schedule_plot_has_a_name_and_is_hidden_for_a_constant_rate() {
        for theme in [Theme::Dark, Theme::Light] {
            for schedule in Schedule::ALL {
                for warmup_epochs in [0, 3] {
                    let training = training(schedule, warmup_epochs, 20);
                    let mut harness = Harness::builder()
                        .with_size(vec2(290.0, 120.0))
                        .with_theme(theme)
                        .with_context_setup(crate::ui::theme::install)
                        .build_ui(|ui| schedule_plot_ui(ui, &training));
                    harness.run();
                    let plot = harness.query_by_label_contains("Learning rate over 20 epochs");
                    assert_eq!(plot.is_some(), schedule != Schedule::Constant || warmup_epochs > 0);
                    let Some(plot) = plot else { continue };
                    let rect = plot.rect();
                    assert!(rect.width() > 150.0 && rect.height() <= HEIGHT, "{rect:?}");
                    harness.hover_at(rect.center());
                    harness.run();
                }
            }
        }
    }
}
