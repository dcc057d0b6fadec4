//! Items on the epoch axis: the marker of the replay position, and notes of events.

use egui::{
    CursorIcon, EventFilter, Key, PointerButton, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};
use egui_plot::PlotTransform;

use super::{LossPlot, Note};
use crate::ui::plots::paint::{color, palette};

/// Area in which the marker's triangle can be grabbed: larger than the triangle, which is hard to
/// hit.
const HANDLE_SIZE: Vec2 = vec2(26.0, 24.0);

/// The amber marker: a draggable triangle on a dotted line, which can be dragged as well.
pub(super) fn marker_ui(
    ui: &Ui,
    shown: &PlotTransform,
    plot: &LossPlot<'_>,
    epoch: f64,
    whole: &Response,
    grabbed: &mut bool,
) -> Option<f64> {
    *grabbed &= whole.dragged();
    let (x, rect) = (shown.position_from_point_x(epoch), *shown.frame());
    if !shown.bounds().range_x().contains(&epoch) {
        return None;
    }
    let line_rect = Rect::from_x_y_ranges(x - 4.5..=x + 4.5, rect.y_range());
    let handle_rect = Rect::from_center_size(pos2(x, rect.top()), HANDLE_SIZE);
    if whole.drag_started_by(PointerButton::Primary) {
        // In a slow frame, the pointer leaves the marker before egui checks what is under it.
        let from = ui.input(|input| input.pointer.press_origin());
        *grabbed = from.is_some_and(|from| handle_rect.contains(from) || line_rect.contains(from));
    }
    let id = whole.id.with("marker");
    // Not focusable, so that the keyboard reaches the marker only once.
    let line = ui.interact(line_rect, id.with("line"), Sense::DRAG);
    line.widget_info(|| WidgetInfo::labeled(Role::Image, true, "epoch line"));
    let handle = ui.interact(handle_rect, id, Sense::drag());
    handle.widget_info(|| WidgetInfo::slider(true, epoch, "epoch marker"));
    let [line, handle] =
        [line, handle].map(|part| part.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal));
    let strong = [&line, &handle].iter().any(|part| part.hovered() || part.dragged()) || handle.has_focus();
    paint_marker(ui, x, rect, strong, handle.has_focus());

    let known = plot.curves.iter().filter(|curve| !curve.faint).filter_map(|curve| curve.raw.last());
    let newest = known.map(|point| point[0]).fold(0.0, f64::max);
    let parts = [&line, &handle].into_iter().chain(grabbed.then_some(whole));
    let dragged = parts.into_iter().find(|part| part.dragged());
    let to = dragged.and_then(Response::interact_pointer_pos);
    let to = to.map(|to| shown.value_from_position(to).x.round());
    if handle.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(handle.id, filter));
        return to.or_else(|| marker_keys(ui, epoch)).map(|to| to.clamp(0.0, newest));
    }
    to.map(|to| to.clamp(0.0, newest))
}

fn paint_marker(ui: &Ui, x: f32, rect: Rect, strong: bool, focused: bool) {
    let p = palette(ui);
    let ends = [pos2(x, rect.top()), pos2(x, rect.bottom())];
    let stroke = Stroke::new(if strong { 2.0 } else { 1.2 }, color(p.highlight));
    ui.painter().extend(Shape::dashed_line(&ends, stroke, 2.0, 3.0));
    let (half, tip) = if strong { (7.0, 6.0) } else { (6.0, 5.0) };
    let top = rect.top() - 6.0;
    let corners = vec![pos2(x - half, top), pos2(x + half, top), pos2(x, rect.top() + tip)];
    let outline = if focused { Stroke::new(1.0, color(p.accent)) } else { Stroke::NONE };
    ui.painter().add(Shape::convex_polygon(corners, color(p.highlight), outline));
}

/// The epoch selected by the arrow keys.
pub(super) fn marker_keys(ui: &Ui, epoch: f64) -> Option<f64> {
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    match (pressed(Key::ArrowLeft), pressed(Key::ArrowRight)) {
        (true, _) => Some((epoch - 1.0).max(0.0)),
        (_, true) => Some(epoch + 1.0),
        _ => None,
    }
}

/// Small ticks at the bottom of the plot, with tooltips.
pub(super) fn notes_ui(ui: &Ui, shown: &PlotTransform, notes: &[Note]) {
    let (tint, rect) = (color(palette(ui).dim), *shown.frame());
    for (index, note) in notes.iter().enumerate() {
        let foot = pos2(shown.position_from_point_x(note.epoch), rect.bottom());
        if !rect.x_range().contains(foot.x) {
            continue;
        }
        let shape = vec![foot + vec2(-4.0, 0.0), foot + vec2(0.0, -8.0), foot + vec2(4.0, 0.0)];
        ui.painter().add(Shape::convex_polygon(shape, tint, Stroke::NONE));
        let area = Rect::from_center_size(foot - vec2(0.0, 4.0), vec2(14.0, 14.0));
        ui.interact(area, ui.scope_id().with(("note", index)), Sense::hover()).on_hover_text(&note.text);
    }
}
