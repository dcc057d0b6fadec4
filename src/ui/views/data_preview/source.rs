//! The choice of the displayed data: those of the design, or other data shown to a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{ComboBox, RichText};

use super::super::parts::{chip_ui, named};
use crate::dataset::Dataset;
use crate::project::visible;
use crate::ui::plots::{color, palette, shortened};
use crate::ui::widgets::header::{Row, Side};

/// Adds the choice to a row if there are other data. Returns the name of data to remove.
pub(super) fn source_ui(
    row: &mut Row<'_>,
    others: &BTreeMap<String, Arc<Dataset>>,
    shown: &mut Option<String>,
) -> Option<String> {
    if others.is_empty() {
        return None;
    }
    row.part(Side::Left, "data shown", |ui| {
        ui.label(RichText::new("Data of").size(11.5).color(color(palette(ui).dim)));
        let text = shown.as_deref().map_or_else(|| "the design".to_owned(), |name| shortened(name, 24));
        let before = shown.clone();
        let combo = ComboBox::from_id_salt("data shown").selected_text(text).width(110.0).truncate();
        let combo = combo.show_ui(ui, |ui| {
            ui.selectable_value(shown, None, "the design");
            for name in others.keys() {
                ui.selectable_value(shown, Some(name.clone()), shortened(name, 24));
            }
        });
        named(combo.response, "Data shown");
        if *shown != before {
            // The content of this frame was already chosen.
            ui.ctx().request_repaint();
        }
    });
    let name = shown.as_ref()?;
    let remove = row.part(Side::Left, "remove", |ui| {
        let chip = named(chip_ui(ui, false, "×"), format!("Remove {}", visible(name)));
        chip.on_hover_text("Remove these data from all views; can be undone").clicked()
    });
    remove.unwrap_or_default().then(|| name.clone())
}
