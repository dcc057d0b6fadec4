//! What stands over the window in passing: notes, the promise under a dragged file, and words in empty places.

use egui::{Align2, Area, Frame, Id, Order, RichText, Ui, vec2};

use crate::ui::files::drop_kind;
use crate::ui::state::State;
use crate::ui::theme::{self, tokens};

/// Shows the notes at the lower right; each can be put away.
pub fn notes_ui(ui: &mut Ui, state: &mut State) {
    let now = ui.ctx().time();
    if let Some(wait) = state.notices.expire(now) {
        ui.ctx().request_repaint_after_secs(wait as f32 + 0.05);
    }
    if state.notices.toasts.is_empty() {
        return;
    }
    let mut gone = None;
    let area = Area::new(Id::unique("notes"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-16.0, -16.0));
    area.show(ui.ctx(), |ui| {
        ui.set_max_width(380.0);
        for (index, toast) in state.notices.toasts.iter().enumerate() {
            let tokens = tokens(ui);
            let color = super::problems::color(&tokens, toast.severity);
            let frame = Frame::popup(ui.style())
                .fill(tokens.raised)
                .stroke(egui::Stroke::new(1.0, color))
                .inner_margin(10);
            frame.show(ui, |ui| {
                ui.horizontal_top(|ui| {
                    super::problems::sign_ui(ui, toast.severity);
                    ui.vertical(|ui| {
                        ui.set_width(310.0);
                        ui.add(egui::Label::new(RichText::new(&toast.text).size(12.0)).wrap());
                    });
                    let close = egui::Button::new("×").frame_when_inactive(false);
                    if ui.add(close).accessible_name("Dismiss").clicked() {
                        gone = Some(index);
                    }
                });
            });
        }
    });
    if let Some(index) = gone {
        state.notices.toasts.remove(index);
    }
}

/// Says what will happen with the files held over the window, and takes those let go.
pub fn dropped_ui(ui: &mut Ui, state: &mut State) {
    let (hovered, dropped) =
        ui.input(|input| (input.raw.hovered_files.clone(), input.raw.dropped_files.clone()));
    for file in dropped {
        state.take_dropped(file.path().to_owned());
    }
    let Some(file) = hovered.first() else { return };
    let promise =
        file.path.as_ref().map_or_else(|| "Open or use as data".to_owned(), |path| drop_kind(path).promise());
    let tokens = tokens(ui);
    let rect = ui.ctx().content_rect();
    let painter = ui.ctx().layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("drop")));
    painter.rect_filled(rect, 0.0, tokens.window.gamma_multiply(0.85));
    let inner = rect.shrink(24.0);
    painter.rect_stroke(inner, 12.0, egui::Stroke::new(2.0, tokens.thread), egui::StrokeKind::Inside);
    painter.text(rect.center(), Align2::CENTER_CENTER, promise, theme::bold(18.0), tokens.text);
}

/// Words in an empty place: what would be here and what to do for it.
pub fn empty_ui(ui: &mut Ui, text: &str) {
    let tokens = tokens(ui);
    ui.centered_and_justified(|ui| {
        ui.label(RichText::new(text).size(12.0).color(tokens.dim));
    });
}
