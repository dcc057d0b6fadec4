//! Text in an empty area.

use egui::{RichText, Ui};

use crate::ui::theme::tokens;

/// Text in an empty area: the content it will have, and the step needed to get it.
pub fn empty_ui(ui: &mut Ui, text: &str) {
    let tokens = tokens(ui);
    ui.centered_and_justified(|ui| {
        ui.label(RichText::new(text).size(12.0).color(tokens.dim));
    });
}
