//! Zoom and pan: gestures that the library's plot lacks, and the limits that result from all
//! gestures.

use egui::{CursorIcon, EventFilter, Key, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind, Ui, Vec2};
use egui_plot::{PlotBounds, PlotResponse, PlotTransform, PlotUi};
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::paint::{color, palette};

/// The effect of dragging with the primary button; the secondary button does the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drag {
    /// Draws a zoom box.
    Box,
    /// Pans.
    Pan,
    /// Handled by the caller; the secondary button pans.
    Other,
}

impl Drag {
    /// The button that pans.
    pub(super) fn pans(self) -> PointerButton {
        match self {
            Drag::Pan => PointerButton::Primary,
            Drag::Box | Drag::Other => PointerButton::Secondary,
        }
    }

    /// The button that draws a zoom box.
    fn boxes(self) -> Option<PointerButton> {
        match self {
            Drag::Box => Some(PointerButton::Primary),
            Drag::Pan => Some(PointerButton::Secondary),
            Drag::Other => None,
        }
    }
}

/// Zooms and pans by gestures the library lacks: the wheel without a modifier, the middle button
/// and, if the plot has the focus, `+`, `−` and, if `arrows`, the arrow keys.
pub(super) fn gestures(plot: &mut PlotUi<'_>, shown: PlotBounds, arrows: bool) {
    let (ctx, response) = (plot.ctx().clone(), plot.response().clone());
    if response.dragged_by(PointerButton::Middle) {
        plot.translate_bounds(-plot.pointer_coordinate_drag_delta());
        ctx.set_cursor_icon(CursorIcon::Grabbing);
    }
    let scroll = ctx.input(|input| input.smooth_scroll_delta().y);
    if scroll != 0.0 && response.contains_pointer() {
        // Both limits remain distinct numbers, no matter how far the wheel is turned in a frame.
        plot.zoom_bounds_around_hovered(Vec2::splat((0.004 * scroll).clamp(-5.0, 5.0).exp()));
    }
    if !response.has_focus() {
        return;
    }
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: arrows, ..EventFilter::default() };
    ctx.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ctx.input(|input| input.key_pressed(key));
    if pressed(Key::Plus) || pressed(Key::Equals) {
        plot.zoom_bounds(Vec2::splat(1.25), shown.center());
    } else if pressed(Key::Minus) {
        plot.zoom_bounds(Vec2::splat(0.8), shown.center());
    }
    if arrows {
        let steps = |less, more| f32::from(i8::from(pressed(more)) - i8::from(pressed(less)));
        let across = 0.1 * shown.width() as f32 * steps(Key::ArrowLeft, Key::ArrowRight);
        let up = 0.1 * shown.height() as f32 * steps(Key::ArrowDown, Key::ArrowUp);
        plot.translate_bounds(Vec2::new(across, up));
    }
}

/// The part of a plot chosen by the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Zoom {
    /// The chosen limits; `None` shows everything and follows the data.
    pub limits: Option<Limits>,
    #[serde(skip)]
    box_from: Option<Pos2>,
}

impl Zoom {
    /// Shows everything again.
    pub fn reset(&mut self) {
        *self = Zoom::default();
    }

    /// The chosen limits, if valid: a settings file may contain anything.
    pub(super) fn chosen(&self) -> Option<Limits> {
        self.limits.filter(Limits::is_valid)
    }

    /// Saves the limits that the user has changed; a double click and `0` show everything.
    pub(super) fn keep(&mut self, ui: &Ui, shown: &PlotResponse<PlotBounds>, drag: Drag) {
        let PlotResponse { response, transform, inner: before, .. } = shown;
        let all = response.has_focus() && ui.input(|input| input.key_pressed(Key::Num0));
        if all || response.double_clicked() {
            self.reset();
            return;
        }
        if transform.bounds() != before {
            self.choose(transform.bounds());
        }
        if let Some(button) = drag.boxes() {
            self.drag_box(ui, response, transform, button);
        }
    }

    fn drag_box(&mut self, ui: &Ui, response: &Response, shown: &PlotTransform, button: PointerButton) {
        if response.drag_started_by(button) {
            self.box_from = ui.input(|input| input.pointer.press_origin());
        }
        let (Some(from), Some(to)) = (self.box_from, response.interact_pointer_pos()) else { return };
        let chosen = Rect::from_two_pos(from, to).intersect(*shown.frame());
        if response.dragged_by(button) {
            let p = palette(ui);
            ui.painter().rect(
                chosen,
                2.0,
                color(p.accent).gamma_multiply(0.12),
                Stroke::new(1.0, color(p.accent)),
                StrokeKind::Inside,
            );
        }
        if response.drag_stopped() {
            self.box_from = None;
            if chosen.width() > 4.0 && chosen.height() > 4.0 {
                let corners = [chosen.left_bottom(), chosen.right_top()];
                let [low, high] = corners.map(|corner| shown.value_from_position(corner));
                self.choose(&PlotBounds::from_min_max([low.x, low.y], [high.x, high.y]));
            }
        }
    }

    fn choose(&mut self, bounds: &PlotBounds) {
        let limits = Limits::from(bounds);
        if limits.is_valid() {
            self.limits = Some(limits);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::{Event, Id, Modifiers, vec2};
    use egui_kittest::Harness;

    use super::*;
    use crate::ui::plots::chart::Chart;

    /// A plot of 10 by 4 without focus, and its rectangle.
    type Shown = (Zoom, Drag, Rect);

    const ALL: Limits = Limits { x: [0.0, 10.0], y: [0.0, 4.0] };

    fn plot(drag: Drag) -> Harness<'static, Shown> {
        let mut harness = Harness::builder()
            .with_size(vec2(300.0, 200.0))
            .with_context_setup(crate::ui::theme::install)
            .build_ui_state(
                |ui, (zoom, drag, frame): &mut Shown| {
                    let limits = zoom.chosen().unwrap_or(ALL);
                    let chart = Chart::new(ui, ui.max_rect(), [8.0, 8.0], limits, Vec::new());
                    let chart = chart.expect("there is room");
                    let shown = chart.show(ui, Id::unique("chart"), *drag, true, |_, _, _| {});
                    zoom.keep(ui, &shown, *drag);
                    *frame = *shown.transform.frame();
                },
                (Zoom::default(), drag, Rect::ZERO),
            );
        harness.run();
        assert_eq!(harness.state().0.limits, None, "nothing was done yet");
        harness
    }

    #[track_caller]
    fn check(harness: &Harness<'_, Shown>, expected: Limits) {
        let limits = harness.state().0.limits.expect("chosen");
        let ends = [limits.x, limits.y].into_iter().flatten();
        let close = |(got, expected): (f64, f64)| (got - expected).abs() < 1e-3;
        let expected_ends = [expected.x, expected.y].into_iter().flatten();
        assert!(ends.zip(expected_ends).all(close), "{limits:?} is not {expected:?}");
    }

    #[test]
    fn zooming_keeps_the_value_under_the_pointer() {
        let mut harness = plot(Drag::Box);
        // A quarter from the left and from the top is the value (2.5, 3).
        let at = harness.state().2.lerp_inside(vec2(0.25, 0.25));
        harness.hover_at(at);
        harness.run_steps(2);
        harness.event(Event::Zoom(2.0));
        harness.run_steps(2);
        check(&harness, Limits { x: [1.25, 6.25], y: [1.5, 3.5] });
    }

    #[test]
    fn dragging_keeps_the_value_under_the_pointer() {
        for (drag, button) in [
            (Drag::Pan, PointerButton::Primary),
            (Drag::Box, PointerButton::Secondary),
            (Drag::Other, PointerButton::Secondary),
            (Drag::Other, PointerButton::Middle),
        ] {
            let mut harness = plot(drag);
            let from = harness.state().2.center();
            // Right by a tenth of the plot, and down by a quarter.
            let to = from + harness.state().2.size() * vec2(0.1, 0.25);
            let press =
                |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
            let events =
                [Event::PointerMoved(from), press(from, true), Event::PointerMoved(to), press(to, false)];
            for event in events {
                harness.event(event);
                harness.run_steps(2);
            }
            check(&harness, Limits { x: [-1.0, 9.0], y: [1.0, 5.0] });
        }
    }

    #[test]
    fn invalid_limits_are_ignored() {
        let mut zoom = Zoom::default();
        zoom.choose(&PlotBounds::from_min_max([1.0, 0.0], [1.0, f64::NAN]));
        assert_eq!(zoom.limits, None, "limits without a span are refused");
        let broken = Limits { x: [1.0, 1.0], ..Limits::default() };
        for (limits, expected) in [(Some(Limits::default()), Some(Limits::default())), (Some(broken), None)] {
            assert_eq!(Zoom { limits, ..Zoom::default() }.chosen(), expected);
        }
    }
}
