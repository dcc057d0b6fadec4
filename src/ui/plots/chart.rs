//! A plot of `egui_plot` in the style of the program: its position, its axes with labels, its grid.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use egui::{Color32, FontId, Id, Pos2, Rect, Shape, Ui, UiBuilder, pos2};
use egui_plot::{
    AxisHints, GridInput, GridMark, Plot, PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotResponse,
    PlotTransform,
};

use super::limits::Limits;
use super::paint::{color, palette};
use super::zoom::{Drag, gestures};
use crate::figure::ticks::{Tick, ticks_across};

/// Spacing between plot and labels, in points.
const GAP: f32 = 4.0;
/// Space for the labels below the plot.
const LABELS_BELOW: f32 = 18.0;
/// Minimum side of a plot; smaller ones are not shown.
const LEAST_SIDE: f32 = 24.0;

/// A plot that is ready to be shown.
pub(super) struct Chart {
    /// Marks of the x axis.
    pub x: Vec<Tick>,
    y: Vec<Tick>,
    /// The plot without its axes.
    rect: Rect,
    limits: Limits,
    labels_left: f32,
    /// The plot including its axes.
    area: Rect,
}

impl Chart {
    /// Lays out a plot with its axes inside `outer`, with space above it and to its right; `None`
    /// if it is too small.
    pub fn new(
        ui: &Ui,
        outer: Rect,
        [above, right]: [f32; 2],
        limits: Limits,
        y: Vec<Tick>,
    ) -> Option<Chart> {
        // The library rejects axes of zero length.
        let limits = if PlotBounds::from(limits).is_valid() { limits } else { Limits::default() };
        let tint = color(palette(ui).dim);
        let text_width = |tick: &Tick| ui.painter().layout_no_wrap(tick.label.clone(), font(), tint).size().x;
        // The width that the library uses once it has drawn these labels.
        let labels_left = y.iter().map(text_width).fold(12.0, f32::max) + 8.0;
        let area = Rect::from_min_max(
            pos2(outer.left() + GAP, outer.top() + above),
            pos2(outer.right() - right, outer.bottom()),
        );
        let rect = Rect::from_min_max(
            pos2(area.left() + labels_left + GAP, area.top()),
            pos2(area.right(), area.bottom() - LABELS_BELOW - GAP),
        );
        if rect.width() < LEAST_SIDE || rect.height() < LEAST_SIDE {
            return None;
        }
        let x = ticks_across(limits.x, rect.width(), right, text_width);
        Some(Chart { x, y, rect, limits, labels_left, area })
    }

    /// Shows axes, grid and the shapes added by `paint`, zoomed and panned by the user. `inner` of
    /// the response contains the limits before that.
    pub fn show<'a>(
        self,
        ui: &mut Ui,
        id: Id,
        drag: Drag,
        arrows: bool,
        paint: impl FnMut(&Ui, &PlotTransform, &mut Vec<Shape>) + 'a,
    ) -> PlotResponse<PlotBounds> {
        let p = palette(ui);
        let (tint, bounds) = (color(p.dim), PlotBounds::from(self.limits));
        let plot = Plot::new("chart")
            .id(id)
            .width(self.area.width())
            .height(self.area.height())
            .show_x(false)
            .show_y(false)
            .show_background(false)
            .pan_pointer_button(drag.pans())
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .grid_color(color(p.grid))
            .grid_fade(0.0)
            .x_grid_spacer(marks(&self.x))
            .y_grid_spacer(marks(&self.y))
            .custom_x_axes(axes(AxisHints::new_x(), self.x, LABELS_BELOW, tint))
            .custom_y_axes(axes(AxisHints::new_y(), self.y, self.labels_left, tint));
        let mut inside = ui.new_child(UiBuilder::new().max_rect(self.area));
        let shown = plot.show(&mut inside, move |plot| {
            plot.set_plot_bounds(bounds);
            gestures(plot, bounds, arrows);
            plot.add(Painted { base: PlotItemBase::new(String::new()), paint: RefCell::new(paint) });
            bounds
        });
        // The library reserves the space for the axis that labels needed in the previous frame.
        if shown.transform.frame().left() > self.rect.left() + 0.5 {
            ui.ctx().request_repaint();
        }
        shown
    }
}

/// Maps values to the screen like the transform, but without a division per value.
pub(super) fn places(shown: &PlotTransform) -> impl Fn([f64; 2]) -> Pos2 + use<> {
    let (origin, [left, bottom]) = (shown.frame().left_bottom(), shown.bounds().min());
    let [across, up] = shown.dpos_dvalue();
    let [origin_x, origin_y] = [origin.x, origin.y].map(f64::from);
    move |[x, y]| pos2((origin_x + (x - left) * across) as f32, (origin_y + (y - bottom) * up) as f32)
}

/// All marks have an infinite step, so that the library neither thins out nor fades marks that were
/// chosen to fit. The library also labels marks beyond the ends of an axis, so marks that a gesture
/// moves there are removed.
fn marks(ticks: &[Tick]) -> impl Fn(GridInput) -> Vec<GridMark> + use<> {
    let mark = |tick: &Tick| GridMark { value: tick.at, step_size: f64::INFINITY };
    let marks: Vec<GridMark> = ticks.iter().map(mark).collect();
    move |GridInput { bounds: (low, high), .. }| {
        let rounding = 1e-6 * (high - low);
        let seen = low - rounding..=high + rounding;
        marks.iter().filter(|mark| seen.contains(&mark.value)).copied().collect()
    }
}

/// An axis with these labels, and an empty one between it and the plot, because the library has no
/// other way to add spacing.
fn axes(hints: AxisHints<'_>, ticks: Vec<Tick>, room: f32, tint: Color32) -> Vec<AxisHints<'_>> {
    let label = move |mark: GridMark, _: &RangeInclusive<f64>| {
        let tick = ticks.iter().find(|tick| tick.at == mark.value);
        tick.map(|tick| tick.label.clone()).unwrap_or_default()
    };
    let gap = hints.clone().formatter(|_, _| String::new()).min_thickness(GAP);
    let labels = hints.formatter(label).min_thickness(room);
    vec![gap, labels.tick_label_color(tint).tick_label_font(font())]
}

fn font() -> FontId {
    FontId::proportional(11.0)
}

/// A plot item whose shapes are made by a function, for shapes the library has no item for.
struct Painted<F> {
    base: PlotItemBase,
    paint: RefCell<F>,
}

impl<F: FnMut(&Ui, &PlotTransform, &mut Vec<Shape>)> PlotItem for Painted<F> {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        (self.paint.borrow_mut())(ui, transform, shapes);
    }

    fn initialize(&mut self, _: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        Color32::TRANSPARENT
    }

    /// No geometry, so that the library does not search it for the item under the pointer.
    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    /// It does not affect the limits.
    fn bounds(&self) -> PlotBounds {
        PlotBounds::NOTHING
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}

#[cfg(test)]
mod tests {
    use egui::vec2;
    use egui_kittest::Harness;
    use egui_plot::PlotPoint;

    use super::*;
    use crate::figure::ticks::linear_ticks;
    use crate::ui::painted::texts;

    #[test]
    fn the_plot_keeps_its_position_for_any_length_of_labels() {
        type Seen = (&'static str, [Rect; 2]);
        let mut harness = Harness::builder()
            .with_size(vec2(300.0, 200.0))
            .with_context_setup(crate::ui::theme::install)
            .build_ui_state(
                |ui, (label, places): &mut Seen| {
                    let y = vec![Tick { at: 0.5, label: (*label).to_owned() }];
                    let chart = Chart::new(ui, ui.max_rect(), [8.0, 8.0], Limits::default(), y);
                    let chart = chart.expect("there is room");
                    let laid_out = chart.rect;
                    let shown = chart.show(ui, Id::unique("chart"), Drag::Pan, true, |_, _, _| {});
                    *places = [laid_out, *shown.transform.frame()];
                },
                ("short", [Rect::ZERO; 2]),
            );
        for label in ["short", "a label of some length", "short"] {
            harness.state_mut().0 = label;
            harness.run();
            let [laid_out, shown] = harness.state().1;
            assert!((laid_out.min - shown.min).length() < 0.1, "{label}: {laid_out} {shown}");
            assert!((laid_out.max - shown.max).length() < 0.1, "{label}: {laid_out} {shown}");
            // Labels of the x axis come first.
            let texts = texts(&harness.output().shapes);
            assert_eq!(texts.last().map(String::as_str), Some(label), "{texts:?}");
        }
    }

    #[test]
    fn values_are_mapped_as_by_the_library() {
        let rect = Rect::from_min_max(pos2(20.0, 30.0), pos2(220.0, 130.0));
        let shown = PlotTransform::new(rect, PlotBounds::from_min_max([-2.0, 10.0], [6.0, 30.0]), false);
        let at = places(&shown);
        assert_eq!(at([-2.0, 10.0]), pos2(20.0, 130.0));
        assert_eq!(at([6.0, 30.0]), pos2(220.0, 30.0));
        for value in [[1.5, 17.0], [-40.0, 1e3], [5.9, 10.0]] {
            let theirs = shown.position_from_point(&PlotPoint::from(value));
            assert!(at(value).distance(theirs) < 1e-2, "{value:?}");
        }
    }

    #[test]
    fn marks_end_with_their_axis() {
        let marks = marks(&linear_ticks([0.0, 0.3], 3));
        let at = |low, high| {
            let marks = marks(GridInput { bounds: (low, high), base_step_size: 0.1 });
            marks.iter().map(|mark| (10.0 * mark.value).round() as i32).collect::<Vec<_>>()
        };
        assert_eq!(at(0.0, 0.3), [0, 1, 2, 3], "3 × 0.1 is a little more than 0.3");
        assert_eq!(at(0.05, 0.25), [1, 2]);
    }
}
