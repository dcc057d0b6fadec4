//! Temporary overlays: notifications, and the effect of dropping a dragged file.

use egui::{
    Align2, Area, AreaState, Frame, Id, LayerId, Margin, Order, Pos2, Rect, RichText, Ui, Vec2, vec2,
};

use crate::project::{format_count, visible};
use crate::session;
use crate::ui::files;
use crate::ui::state::{Dialog, Effect, Offer, State, Toast};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::button::secondary_ui;

/// Height of the replay bar, whose buttons notifications must not cover, plus a margin.
const ABOVE_PX: f32 = 50.0;
/// Height of a view's header, which they must not cover either, plus a margin.
const BELOW_PX: f32 = 46.0;
/// Layer of the notifications: above the panels, among the dialogs, below menus.
const ORDER: Order = Order::Middle;
/// Width of a notification's text.
const TEXT_PX: f32 = 300.0;

/// Shows the notifications at the lower right of `room`, the area above the bottom panel, and above
/// the replay bar. Each can be closed.
pub fn notes_ui(ui: &mut Ui, state: &mut State, room: Rect) {
    under_way_ui(ui, state, room);
    let now = ui.ctx().time();
    match state.notices.expire(now) {
        Some(wait) if wait > 0.0 => ui.ctx().request_repaint_after_secs(wait as f32),
        Some(_) => ui.ctx().request_repaint(),
        None => {}
    }
    if state.notices.toasts.is_empty() {
        return;
    }
    let (mut gone, mut taken) = (None, None);
    let id = Id::unique("notes");
    let size = |ui: &Ui| AreaState::load(ui.ctx(), id).and_then(|state| state.size);
    let before = size(ui);
    let (pivot, at) = place(room, before.unwrap_or_default(), in_use(ui, id));
    let area = Area::new(id).order(ORDER).pivot(pivot).fixed_pos(at);
    area.show(ui.ctx(), |ui| {
        ui.set_max_width(TEXT_PX + 70.0);
        ui.spacing_mut().item_spacing.y = 6.0;
        for (index, toast) in state.notices.toasts.iter_mut().enumerate() {
            let shown = ui.scope(|ui| {
                ui.set_opacity(toast.opacity(now));
                toast_ui(ui, toast)
            });
            if let Some(Answer::Take(offer)) = &shown.inner {
                taken = Some(offer.clone());
            }
            if shown.inner.is_some() {
                gone = Some(index);
            } else if shown.response.contains_pointer() {
                toast.hold();
            }
        }
    });
    if size(ui) != before {
        // Until they are placed again, they keep the lower end of a smaller stack and cover the
        // replay bar.
        ui.ctx().request_discard("notes of another size");
    }
    if let Some(index) = gone {
        state.notices.toasts.remove(index);
    }
    match taken {
        Some(Offer::Choice(choice)) => state.choose(choice),
        Some(Offer::Data(source)) => state.use_data(*source),
        Some(Offer::Recover(found)) => state.dialog = Some(Dialog::Recover(found)),
        Some(Offer::Others) => state.reload_others(),
        None => {}
    }
}

/// Position of notifications of this size: the lower right, unless the widget in use is there and
/// not at the upper right.
fn place(room: Rect, size: Vec2, in_use: Option<Rect>) -> (Align2, Pos2) {
    let below = (Align2::RIGHT_BOTTOM, room.right_bottom() - vec2(14.0, ABOVE_PX));
    let above = (Align2::RIGHT_TOP, room.right_top() + vec2(-14.0, BELOW_PX));
    let is_covered =
        |(pivot, at): (Align2, Pos2)| in_use.is_some_and(|rect| rect.intersects(pivot.anchor_size(at, size)));
    if is_covered(below) && !is_covered(above) { above } else { below }
}

/// The rectangle of the widget that has the focus or is being dragged, other than the notifications
/// themselves.
fn in_use(ui: &Ui, notes: Id) -> Option<Rect> {
    let used = ui.memory(egui::Memory::focused).or(ui.ctx().dragged_id())?;
    let response = ui.ctx().read_response(used)?;
    (response.layer_id != LayerId::new(ORDER, notes)).then_some(response.rect)
}

/// Shows the progress of loading other data for a network and of an export, at the lower left of
/// `room`. Both can be cancelled there.
fn under_way_ui(ui: &Ui, state: &mut State, room: Rect) {
    let showing = state.showing.progress.zip(state.showing.name());
    let showing = showing.map(|(progress, name)| {
        let effect = Effect::Session(session::Request::CancelShow);
        (format!("Loading {} …", visible(name)), progress, "Cancel loading other data", effect)
    });
    let export = state.exporting.zip(state.busy.clone());
    let export = export.map(|(progress, busy)| (busy, progress, "Cancel export", Effect::CancelExport));
    let lines: Vec<_> = [showing, export].into_iter().flatten().collect();
    if lines.is_empty() {
        return;
    }
    let area = Area::new(Id::unique("under way"))
        .order(Order::Foreground)
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(room.left_bottom() + vec2(14.0, -ABOVE_PX));
    area.show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).fill(tokens(ui).raised).show(ui, |ui| {
            for (text, (done, total), name, effect) in lines {
                let count = match total {
                    0 => format_count(done),
                    _ => format!("{} of {}", format_count(done), format_count(total)),
                };
                ui.horizontal(|ui| {
                    ui.label(RichText::new(format!("{text} {count}")).size(12.0));
                    if secondary_ui(ui, "Cancel").accessible_name(name).clicked() {
                        state.effects.push(effect);
                    }
                });
            }
        });
    });
}

/// How a notification was closed.
enum Answer {
    Dismiss,
    /// Its offer was accepted.
    Take(Offer),
}

/// One notification. Returns how it was closed, if it was.
fn toast_ui(ui: &mut Ui, toast: &Toast) -> Option<Answer> {
    let tokens = tokens(ui);
    let color = super::problems::color(&tokens, toast.severity);
    let frame = Frame::popup(ui.style())
        .fill(tokens.raised)
        .stroke(egui::Stroke::new(1.0, color))
        .inner_margin(Margin { left: 10, right: 4, top: 6, bottom: 6 });
    let shown = frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            super::problems::sign_ui(ui, toast.severity);
            let count = if toast.count > 1 { format!(" ({} times)", toast.count) } else { String::new() };
            let chosen = ui.vertical(|ui| {
                ui.set_width(TEXT_PX);
                let text = RichText::new(format!("{}{count}", toast.text)).size(12.0);
                ui.add(egui::Label::new(text).wrap());
                let offer = toast.offer.as_ref()?;
                let mut button = secondary_ui(ui, &offer.name());
                if let Some(about) = offer.about() {
                    button = button.on_hover_text(about);
                }
                button.clicked().then(|| Answer::Take(offer.clone()))
            });
            let close = egui::Button::new("×").frame_when_inactive(false).min_size(theme::TARGET);
            let close = ui.add(close).on_hover_text("Dismiss").accessible_name("Dismiss");
            chosen.inner.or(close.clicked().then_some(Answer::Dismiss))
        })
    });
    shown.inner.inner
}

/// Announces the effect of dropping the dragged files, and handles the drop.
pub fn dropped_ui(ui: &mut Ui, state: &mut State) {
    let (hovered, dropped) =
        ui.input(|input| (input.raw.hovered_files.clone(), input.raw.dropped_files.clone()));
    state.handle_dropped(dropped.iter().map(|file| file.path().to_owned()).collect());
    let Some(file) = hovered.first() else { return };
    let promise = match (file.path.as_deref(), state.trained_run()) {
        (Some(path), Some(run)) if !files::is_project(path) => {
            format!("Show to run {} or use as data", run.id)
        }
        (Some(path), _) => files::promise(path).to_owned(),
        (None, _) => "Open or use as data".to_owned(),
    };
    let tokens = tokens(ui);
    let rect = ui.ctx().content_rect();
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Foreground, Id::unique("drop")));
    painter.rect_filled(rect, 0.0, tokens.window.gamma_multiply(0.85));
    let inner = rect.shrink(24.0);
    painter.rect_stroke(inner, 12.0, egui::Stroke::new(2.0, tokens.highlight), egui::StrokeKind::Inside);
    painter.text(rect.center(), Align2::CENTER_CENTER, promise, theme::bold(18.0), tokens.text);
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn notifications_do_not_cover_the_widget_in_use() {
        let room = Rect::from_min_max(pos2(0.0, 46.0), pos2(1000.0, 600.0));
        let size = vec2(370.0, 60.0);
        let at = |in_use: Option<Rect>| place(room, size, in_use).0;
        let field = |y: f32| Some(Rect::from_min_size(pos2(800.0, y), vec2(180.0, 24.0)));
        // At the bottom they extend from 490 to 550, at the top from 92 to 152.
        for (in_use, expected) in [
            (None, Align2::RIGHT_BOTTOM),
            (field(300.0), Align2::RIGHT_BOTTOM),
            (field(100.0), Align2::RIGHT_BOTTOM),
            (field(480.0), Align2::RIGHT_TOP),
            (Some(room), Align2::RIGHT_BOTTOM),
        ] {
            assert_eq!(at(in_use), expected, "{in_use:?}");
        }
    }
}
