//! Words in an empty place.

use egui::{RichText, Ui};

use crate::ui::theme::tokens;

/// Words in an empty place: what would be here and what to do for it.
pub fn empty_ui(ui: &mut Ui, text: &str) {
    let tokens = tokens(ui);
    ui.centered_and_justified(|ui| {
        ui.label(RichText::new(text).size(12.0).color(tokens.dim));
    });
}
