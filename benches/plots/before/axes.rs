//! The frame of a plot: where a value lies on the screen, grid and labels, zoom and pan.

use std::sync::Arc;

use egui::{
    Align2, CursorIcon, EventFilter, FontId, Key, Painter, Pos2, Rangef, Rect, Response, Stroke, StrokeKind,
    Ui, Vec2, pos2, vec2,
};

use super::number::{Tick, linear_ticks};
use hourglass::ui::plots::{color, palette};

/// What a plot shows of its two axes, in units of the axes (a logarithmic axis counts in decimal logarithms).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Left and right end.
    pub x: [f64; 2],
    /// Lower and upper end.
    pub y: [f64; 2],
}

impl Default for Limits {
    fn default() -> Self {
        Limits { x: [0.0, 1.0], y: [0.0, 1.0] }
    }
}

impl Limits {
    /// The smallest limits around all points whose two numbers are finite; `None` where there is no such point.
    pub fn around(points: impl Iterator<Item = [f64; 2]>) -> Option<Limits> {
        let mut limits: Option<Limits> = None;
        for [x, y] in points.filter(|[x, y]| x.is_finite() && y.is_finite()) {
            let l = limits.get_or_insert(Limits { x: [x, x], y: [y, y] });
            l.x = [l.x[0].min(x), l.x[1].max(x)];
            l.y = [l.y[0].min(y), l.y[1].max(y)];
        }
        limits
    }

    /// The same with room to every side, a fraction of the span; an axis without a span gets one.
    #[must_use]
    pub fn with_margin(self, fraction: f64) -> Limits {
        let widen = |[low, high]: [f64; 2]| {
            let span = high - low;
            let margin =
                if span > 1e-12 * high.abs().max(1e-30) { span * fraction } else { low.abs().max(1.0) * 0.1 };
            [low - margin, high + margin]
        };
        Limits { x: widen(self.x), y: widen(self.y) }
    }

    fn is_sound(&self) -> bool {
        [self.x, self.y].iter().all(|[low, high]| {
            low.is_finite() && high.is_finite() && high - low > 1e-12 * low.abs().max(high.abs()).max(1e-9)
        })
    }
}

/// Where limits that follow growing or moving data should stand now: they stay while the data lie inside and fill more
/// than half of them; else they glide towards `target` by `step` of the way. The flag says whether they are on the move.
pub fn follow(current: Limits, target: Limits, step: f64) -> (Limits, bool) {
    let mut moving = false;
    let mut axis = |[low, high]: [f64; 2], [to_low, to_high]: [f64; 2]| {
        let inside = to_low >= low && to_high <= high;
        if inside && (to_high - to_low) > 0.55 * (high - low) {
            return [low, high];
        }
        let near = 0.004 * (to_high - to_low);
        let glide =
            |from: f64, to: f64| if (to - from).abs() <= near { to } else { from + step * (to - from) };
        let next = [glide(low, to_low), glide(high, to_high)];
        moving |= next != [to_low, to_high];
        next
    };
    let limits = Limits { x: axis(current.x, target.x), y: axis(current.y, target.y) };
    (limits, moving)
}

/// Limits laid over a rectangle of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The rectangle.
    pub rect: Rect,
    /// What it shows.
    pub limits: Limits,
}

impl Frame {
    /// Where a value lies on the screen.
    pub fn at(&self, [x, y]: [f64; 2]) -> Pos2 {
        let [[left, right], [bottom, top]] = [self.limits.x, self.limits.y];
        pos2(
            self.rect.left() + ((x - left) / (right - left)) as f32 * self.rect.width(),
            self.rect.bottom() - ((y - bottom) / (top - bottom)) as f32 * self.rect.height(),
        )
    }

    /// The value at a place of the screen.
    pub fn value(&self, at: Pos2) -> [f64; 2] {
        let [[left, right], [bottom, top]] = [self.limits.x, self.limits.y];
        [
            left + f64::from((at.x - self.rect.left()) / self.rect.width()) * (right - left),
            bottom + f64::from((self.rect.bottom() - at.y) / self.rect.height()) * (top - bottom),
        ]
    }

    /// Round numbers for the x axis, as many as there is room for.
    pub fn x_ticks(&self) -> Vec<Tick> {
        linear_ticks(self.limits.x, (self.rect.width() / 50.0) as usize)
    }
}

/// The marks of both axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    /// Below the plot.
    pub x: Vec<Tick>,
    /// To its left.
    pub y: Vec<Tick>,
}

impl Ticks {
    /// Width the labels of the y axis need, with a gap to the plot.
    pub fn y_width(&self, ui: &Ui) -> f32 {
        let widths = self.y.iter().map(|tick| {
            let text = ui.painter().layout_no_wrap(tick.label.clone(), tick_font(), egui::Color32::WHITE);
            text.size().x
        });
        widths.fold(12.0, f32::max) + 8.0
    }

    /// Paints the ground, the grid and the labels around `frame`.
    pub fn paint(&self, ui: &Ui, frame: &Frame) {
        let p = palette(ui);
        let rect = frame.rect;
        let painter = ui.painter();
        let grid = Stroke::new(1.0, color(p.grid));
        let Limits { x: [left, _], y: [bottom, _] } = frame.limits;
        for tick in &self.y {
            let y = frame.at([left, tick.at]).y;
            painter.hline(rect.x_range(), painter.round_to_pixel_center(y), grid);
            painter.text(
                pos2(rect.left() - 8.0, y),
                Align2::RIGHT_CENTER,
                &tick.label,
                tick_font(),
                color(p.dim),
            );
        }
        let mut labels = Vec::new();
        for tick in &self.x {
            let x = frame.at([tick.at, bottom]).x;
            painter.vline(painter.round_to_pixel_center(x), rect.y_range(), grid);
            labels.push((x, painter.layout_no_wrap(tick.label.clone(), tick_font(), color(p.dim))));
        }
        let widths: Vec<(f32, f32)> = labels.iter().map(|(x, text)| (*x, text.size().x)).collect();
        for (index, left) in label_places(&widths, rect.x_range()) {
            let text = Arc::clone(&labels[index].1);
            painter.galley(pos2(left, rect.bottom() + 4.0), text, color(p.dim));
        }
    }
}

/// Least room between two labels, in points.
const LABEL_GAP: f32 = 4.0;

/// Which labels below an axis are written, by their index, and where each begins: all of them, or every second, third and so
/// on, so that none touches the next. `labels` holds where on the screen each mark is, from left to right, and the width of
/// its text.
fn label_places(labels: &[(f32, f32)], axis: Rangef) -> Vec<(usize, f32)> {
    // A label at the very edge is moved inwards rather than cut off.
    let left = |&(at, width): &(f32, f32)| (at - width / 2.0).min(axis.max - width).max(axis.min - 8.0);
    let every =
        |step: usize| -> Vec<(usize, f32)> { labels.iter().map(left).enumerate().step_by(step).collect() };
    let is_apart = |pair: &[(usize, f32)]| pair[0].1 + labels[pair[0].0].1 + LABEL_GAP <= pair[1].1;
    let sparse_enough = |places: &Vec<(usize, f32)>| places.windows(2).all(is_apart);
    (1..=labels.len()).map(every).find(sparse_enough).unwrap_or_default()
}

fn tick_font() -> FontId {
    FontId::proportional(11.0)
}

/// What dragging with the first mouse button does; the second button does the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drag {
    /// Draws a box and shows what is in it.
    Box,
    /// Moves what is shown.
    Pan,
}

/// The part of a plot a person has chosen to see.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Zoom {
    /// The chosen limits; `None` shows everything and follows the data.
    pub limits: Option<Limits>,
    box_from: Option<Pos2>,
}

impl Zoom {
    /// Shows everything again.
    pub fn reset(&mut self) {
        *self = Zoom::default();
    }

    /// Lets the pointer and, where the plot has the focus, the keyboard change what is shown: wheel, drag, double click;
    /// `+`, `−` and `0`, and with `arrows` the arrow keys.
    pub fn interact(&mut self, ui: &Ui, response: &Response, frame: &Frame, drag: Drag, arrows: bool) {
        if !frame.limits.is_sound() || !frame.rect.is_positive() {
            return;
        }
        if response.double_clicked() {
            self.reset();
            return;
        }
        self.wheel(ui, response, frame);
        self.keys(ui, response, frame, arrows);
        let (boxes, pans) = match drag {
            Drag::Box => (egui::PointerButton::Primary, egui::PointerButton::Secondary),
            Drag::Pan => (egui::PointerButton::Secondary, egui::PointerButton::Primary),
        };
        if response.dragged_by(pans) || response.dragged_by(egui::PointerButton::Middle) {
            let delta = response.drag_delta();
            if delta != Vec2::ZERO {
                self.show(frame, frame.rect.translate(-delta));
            }
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        self.drag_box(ui, response, frame, boxes);
    }

    fn wheel(&mut self, ui: &Ui, response: &Response, frame: &Frame) {
        let Some(at) = response.hover_pos() else { return };
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = pinch * (scroll * 0.004).exp();
        if factor != 1.0 {
            self.zoom(frame, at, factor);
        }
    }

    fn keys(&mut self, ui: &Ui, response: &Response, frame: &Frame, arrows: bool) {
        if !response.has_focus() {
            return;
        }
        let filter =
            EventFilter { horizontal_arrows: true, vertical_arrows: arrows, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.zoom(frame, frame.rect.center(), 1.25);
        } else if pressed(Key::Minus) {
            self.zoom(frame, frame.rect.center(), 0.8);
        } else if pressed(Key::Num0) {
            self.reset();
        }
        if arrows {
            let step = 0.1 * frame.rect.size();
            let keys = [
                (Key::ArrowLeft, vec2(-step.x, 0.0)),
                (Key::ArrowRight, vec2(step.x, 0.0)),
                (Key::ArrowUp, vec2(0.0, -step.y)),
                (Key::ArrowDown, vec2(0.0, step.y)),
            ];
            for (_, shift) in keys.into_iter().filter(|(key, _)| pressed(*key)) {
                self.show(frame, frame.rect.translate(shift));
            }
        }
    }

    fn drag_box(&mut self, ui: &Ui, response: &Response, frame: &Frame, button: egui::PointerButton) {
        if response.drag_started_by(button) {
            self.box_from = ui.input(|input| input.pointer.press_origin());
        }
        let (Some(from), Some(to)) = (self.box_from, response.interact_pointer_pos()) else { return };
        let chosen = Rect::from_two_pos(from, to).intersect(frame.rect);
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
                self.show(frame, chosen);
            }
        }
    }

    fn zoom(&mut self, frame: &Frame, around: Pos2, factor: f32) {
        let corner = |at: Pos2| around + (at - around) / factor;
        self.show(frame, Rect::from_min_max(corner(frame.rect.min), corner(frame.rect.max)));
    }

    /// Shows what lies in a rectangle of the screen.
    fn show(&mut self, frame: &Frame, rect: Rect) {
        let ([left, bottom], [right, top]) = (frame.value(rect.left_bottom()), frame.value(rect.right_top()));
        let limits = Limits { x: [left, right], y: [bottom, top] };
        if limits.is_sound() {
            self.limits = Some(limits);
        }
    }
}

/// A painter that stays inside the plot.
pub(super) fn inside(ui: &Ui, rect: Rect) -> Painter {
    ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()))
}
