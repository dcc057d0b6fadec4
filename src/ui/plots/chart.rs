//! A plot of `egui_plot` in the look of the program: its place, its axes with their labels, its
//! grid.

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

/// Between plot and labels, in points.
const GAP: f32 = 4.0;
/// Room for the labels below the plot.
const LABELS_BELOW: f32 = 18.0;
/// The smallest side of a plot that is shown.
const LEAST_SIDE: f32 = 24.0;

/// A plot that is about to be shown.
pub(super) struct Chart {
    /// Marks of the x axis.
    pub x: Vec<Tick>,
    y: Vec<Tick>,
    /// The plot without its axes.
    rect: Rect,
    limits: Limits,
    labels_left: f32,
    /// Plot and axes.
    area: Rect,
}

impl Chart {
    /// Lays out a plot with its axes inside `outer`, with room above it and to its right; `None`
    /// where it is too small.
    pub fn new(
        ui: &Ui,
        outer: Rect,
        [above, right]: [f32; 2],
        limits: Limits,
        y: Vec<Tick>,
    ) -> Option<Chart> {
        // The library takes axes of no length for a mistake.
        let limits = if PlotBounds::from(limits).is_valid() { limits } else { Limits::default() };
        let tint = color(palette(ui).dim);
        let text_width = |tick: &Tick| ui.painter().layout_no_wrap(tick.label.clone(), font(), tint).size().x;
        // As much as the library takes once it has drawn these labels.
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

    /// Shows axes, grid and what `paint` adds, zoomed and panned as a person asks for it. The
    /// response says in `inner` what was to be shown before that.
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
        // Beside the axis the library keeps the room that labels took in the frame before.
        if shown.transform.frame().left() > self.rect.left() + 0.5 {
            ui.ctx().request_repaint();
        }
        shown
    }
}

/// Where values lie on the screen: what the transform says, without a division for each of many
/// values.
pub(super) fn places(shown: &PlotTransform) -> impl Fn([f64; 2]) -> Pos2 + use<> {
    let (origin, [left, bottom]) = (shown.frame().left_bottom(), shown.bounds().min());
    let [across, up] = shown.dpos_dvalue();
    let [origin_x, origin_y] = [origin.x, origin.y].map(f64::from);
    move |[x, y]| pos2((origin_x + (x - left) * across) as f32, (origin_y + (y - bottom) * up) as f32)
}

/// All marks have an infinite step, so that the library neither thins nor fades what was chosen to
/// fit. It writes labels beyond the ends of an axis too: what a gesture moves there is left out.
fn marks(ticks: &[Tick]) -> impl Fn(GridInput) -> Vec<GridMark> + use<> {
    let mark = |tick: &Tick| GridMark { value: tick.at, step_size: f64::INFINITY };
    let marks: Vec<GridMark> = ticks.iter().map(mark).collect();
    move |GridInput { bounds: (low, high), .. }| {
        let rounding = 1e-6 * (high - low);
        let seen = low - rounding..=high + rounding;
        marks.iter().filter(|mark| seen.contains(&mark.value)).copied().collect()
    }
}

/// An axis with these labels, and between it and the plot an empty one: the library has no other
/// gap.
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

/// An item that a function makes the shapes of, for what the library has no item for.
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

    /// Nothing that the library would search for what is under the pointer.
    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    /// No say in what is shown.
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
    fn the_plot_stands_where_it_was_laid_out_however_long_its_labels_are() {
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
    fn values_are_placed_where_the_library_places_them() {
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
