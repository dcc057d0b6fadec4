//! Zoom and pan by pointer and keys.

use egui::{CursorIcon, EventFilter, Key, Pos2, Rect, Response, Stroke, StrokeKind, Ui, Vec2, vec2};
use egui_plot::{PlotBounds, PlotTransform};
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::paint::{color, palette};

/// What dragging with the first mouse button does; the second button does the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drag {
    /// Draws a box and shows what is in it.
    Box,
    /// Moves what is shown.
    Pan,
    /// Belongs to whoever shows the plot; the second button moves what is shown.
    Other,
}

/// The part of a plot a person has chosen to see.
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

    /// The chosen limits, where they can be shown: those of a settings file may be anything.
    pub(super) fn chosen(&self) -> Option<Limits> {
        self.limits.filter(Limits::is_sound)
    }

    /// Lets the pointer and, where the plot has the focus, the keyboard change what is shown:
    /// wheel, drag, double click; `+`, `−` and `0`, and with `arrows` the arrow keys.
    pub fn interact(
        &mut self,
        ui: &Ui,
        response: &Response,
        shown: &PlotTransform,
        drag: Drag,
        arrows: bool,
    ) {
        if response.double_clicked() {
            self.reset();
            return;
        }
        self.wheel(ui, response, shown);
        self.keys(ui, response, shown, arrows);
        let (boxes, pans) = match drag {
            Drag::Box => (Some(egui::PointerButton::Primary), egui::PointerButton::Secondary),
            Drag::Pan => (Some(egui::PointerButton::Secondary), egui::PointerButton::Primary),
            Drag::Other => (None, egui::PointerButton::Secondary),
        };
        if response.dragged_by(pans) || response.dragged_by(egui::PointerButton::Middle) {
            let delta = response.drag_delta();
            if delta != Vec2::ZERO {
                self.pan(shown, -delta);
            }
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        if let Some(boxes) = boxes {
            self.drag_box(ui, response, shown, boxes);
        }
    }

    fn wheel(&mut self, ui: &Ui, response: &Response, shown: &PlotTransform) {
        let Some(at) = response.hover_pos() else { return };
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = pinch * (scroll * 0.004).exp();
        if factor != 1.0 {
            self.zoom(shown, at, factor);
        }
    }

    fn keys(&mut self, ui: &Ui, response: &Response, shown: &PlotTransform, arrows: bool) {
        if !response.has_focus() {
            return;
        }
        let filter =
            EventFilter { horizontal_arrows: true, vertical_arrows: arrows, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.zoom(shown, shown.frame().center(), 1.25);
        } else if pressed(Key::Minus) {
            self.zoom(shown, shown.frame().center(), 0.8);
        } else if pressed(Key::Num0) {
            self.reset();
        }
        if arrows {
            let step = 0.1 * shown.frame().size();
            let keys = [
                (Key::ArrowLeft, vec2(-step.x, 0.0)),
                (Key::ArrowRight, vec2(step.x, 0.0)),
                (Key::ArrowUp, vec2(0.0, -step.y)),
                (Key::ArrowDown, vec2(0.0, step.y)),
            ];
            for (_, shift) in keys.into_iter().filter(|(key, _)| pressed(*key)) {
                self.pan(shown, shift);
            }
        }
    }

    fn drag_box(&mut self, ui: &Ui, response: &Response, shown: &PlotTransform, button: egui::PointerButton) {
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
                self.show(&PlotBounds::from_min_max([low.x, low.y], [high.x, high.y]));
            }
        }
    }

    fn zoom(&mut self, shown: &PlotTransform, around: Pos2, factor: f32) {
        let mut nearer = *shown;
        nearer.zoom(Vec2::splat(factor), around);
        self.show(nearer.bounds());
    }

    /// Moves what is shown by a stretch of the screen.
    fn pan(&mut self, shown: &PlotTransform, by: Vec2) {
        let mut beside = *shown;
        beside.translate_bounds((f64::from(by.x), f64::from(by.y)));
        self.show(beside.bounds());
    }

    fn show(&mut self, bounds: &PlotBounds) {
        let limits = Limits::from(bounds);
        if limits.is_sound() {
            self.limits = Some(limits);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn zoom_and_pan_are_those_of_the_screen() {
        let limits = Limits { x: [0.0, 10.0], y: [0.0, 4.0] };
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 40.0));
        let shown = PlotTransform::new(rect, limits.into(), false);
        let check = |act: &dyn Fn(&mut Zoom), expected: Limits| {
            let mut zoom = Zoom::default();
            act(&mut zoom);
            assert_eq!(zoom.limits, Some(expected));
        };
        // The value under the pointer stays, here that of the lower left corner.
        check(&|zoom| zoom.zoom(&shown, pos2(0.0, 40.0), 2.0), Limits { x: [0.0, 5.0], y: [0.0, 2.0] });
        // The screen counts downwards, the axis upwards.
        check(&|zoom| zoom.pan(&shown, vec2(10.0, -20.0)), Limits { x: [1.0, 11.0], y: [2.0, 6.0] });
        let mut zoom = Zoom::default();
        zoom.show(&PlotBounds::from_min_max([1.0, 0.0], [1.0, f64::NAN]));
        assert_eq!(zoom.limits, None, "limits without a span are refused");
    }

    #[test]
    fn limits_that_cannot_be_shown_are_none() {
        let broken = Limits { x: [1.0, 1.0], ..Limits::default() };
        for (limits, expected) in [(Some(Limits::default()), Some(Limits::default())), (Some(broken), None)] {
            assert_eq!(Zoom { limits, ..Zoom::default() }.chosen(), expected);
        }
    }
}
