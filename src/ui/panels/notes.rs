//! What is shown over the window for a while: notes, and what happens with a file that is dragged
//! over it.

use egui::{Align2, Area, AreaState, Frame, Id, Margin, Order, Rect, RichText, Ui, vec2};

use crate::project::{format_count, visible};
use crate::session;
use crate::ui::files;
use crate::ui::state::{Dialog, Offer, State, Toast};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::button::secondary_ui;

/// Height of the replay bar, whose buttons notes must not cover, and a margin.
const ABOVE_PX: f32 = 50.0;
/// Width of a note's text.
const TEXT_PX: f32 = 300.0;

/// Shows the notes at the lower right of `room`, which is what the bottom panel leaves, above the
/// replay bar; each can be closed.
pub fn notes_ui(ui: &mut Ui, state: &mut State, room: Rect) {
    showing_ui(ui, state, room);
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
    let area = Area::new(id)
        .order(Order::Foreground)
        .pivot(Align2::RIGHT_BOTTOM)
        .fixed_pos(room.right_bottom() - vec2(14.0, ABOVE_PX));
    let size = |ui: &Ui| AreaState::load(ui.ctx(), id).and_then(|state| state.size);
    let before = size(ui);
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
        // They stand where fewer of them had their lower end: over the replay bar, until they are placed again.
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

/// Shows how far other data are loaded that a network is shown, at the lower left of `room`.
fn showing_ui(ui: &Ui, state: &mut State, room: Rect) {
    let Some(((done, total), name)) = state.showing.progress.zip(state.showing.name()) else { return };
    let count = match total {
        0 => format_count(done),
        _ => format!("{} of {}", format_count(done), format_count(total)),
    };
    let text = format!("Loading {} … {count}", visible(name));
    let area = Area::new(Id::unique("showing"))
        .order(Order::Foreground)
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(room.left_bottom() + vec2(14.0, -ABOVE_PX));
    let cancels = area.show(ui.ctx(), |ui| {
        let frame = Frame::popup(ui.style()).fill(tokens(ui).raised);
        let shown = frame.show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new(text).size(12.0));
                secondary_ui(ui, "Cancel").accessible_name("Cancel loading other data").clicked()
            })
        });
        shown.inner.inner
    });
    if cancels.inner {
        state.send(session::Request::CancelShow);
    }
}

/// How a note was closed.
enum Answer {
    Dismiss,
    /// What it offers was taken.
    Take(Offer),
}

/// One note; says how it was closed, if it was.
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
                let is_taken = secondary_ui(ui, &offer.name()).on_hover_text("Can be undone.").clicked();
                is_taken.then(|| Answer::Take(offer.clone()))
            });
            let close = egui::Button::new("×").frame_when_inactive(false).min_size(theme::TARGET);
            let close = ui.add(close).on_hover_text("Dismiss").accessible_name("Dismiss");
            chosen.inner.or(close.clicked().then_some(Answer::Dismiss))
        })
    });
    shown.inner.inner
}

/// Says what will happen with the files held over the window, and takes those let go.
pub fn dropped_ui(ui: &mut Ui, state: &mut State) {
    let (hovered, dropped) =
        ui.input(|input| (input.raw.hovered_files.clone(), input.raw.dropped_files.clone()));
    state.take_dropped(dropped.iter().map(|file| file.path().to_owned()).collect());
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
    let painter = ui.ctx().layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("drop")));
    painter.rect_filled(rect, 0.0, tokens.window.gamma_multiply(0.85));
    let inner = rect.shrink(24.0);
    painter.rect_stroke(inner, 12.0, egui::Stroke::new(2.0, tokens.thread), egui::StrokeKind::Inside);
    painter.text(rect.center(), Align2::CENTER_CENTER, promise, theme::bold(18.0), tokens.text);
}
