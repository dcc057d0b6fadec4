//! The log of events, newest last.

use egui::{RichText, ScrollArea, Ui};

use crate::ui::state::State;
use crate::ui::theme::tokens;
use crate::ui::views::format_time;
use crate::ui::widgets::empty::empty_ui;

/// Shows the log.
pub fn log_ui(ui: &mut Ui, state: &State) {
    let lines = &state.notices.log;
    if lines.is_empty() {
        empty_ui(ui, "The log is empty.");
        return;
    }
    let tokens = tokens(ui);
    let height = 20.0;
    ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).id_salt("log").show_rows(
        ui,
        height,
        lines.len(),
        |ui, rows| {
            for line in &lines[rows] {
                ui.horizontal(|ui| {
                    ui.set_height(height);
                    ui.add_space(4.0);
                    super::problems::sign_ui(ui, line.severity);
                    let time = format_time(line.unix_secs);
                    ui.label(RichText::new(time).size(11.0).color(tokens.dim));
                    let text = RichText::new(line.text.replace('\n', " ")).size(12.0);
                    ui.add(egui::Label::new(text).truncate().selectable(true)).on_hover_text(&line.text);
                });
            }
        },
    );
}
