//! The choice of a set of samples, the same in every view.

use egui::{ComboBox, Ui};

use super::parts::named;
use crate::project::{format_count, visible};
use crate::ui::plots::shortened;
use crate::ui::state::{Set, SetChoice};

/// A combo box of this name for the sets there are. Says whether another was chosen.
pub(super) fn set_choice_ui(ui: &mut Ui, name: &str, set: &mut Set, choices: &[SetChoice]) -> bool {
    let text = |set: &Set| shortened(&visible(set.name()), 24);
    let mut chosen = None;
    let combo = ComboBox::from_id_salt("set").selected_text(text(set)).width(110.0);
    let shown = combo.show_ui(ui, |ui| {
        for choice in choices {
            let line = format!("{} ({})", text(&choice.set), format_count(choice.count));
            if ui.selectable_label(choice.set == *set, line).clicked() {
                chosen = Some(choice.set.clone());
            }
        }
    });
    named(shown.response, name).on_hover_text("Which samples are shown");
    let is_other = chosen.as_ref().is_some_and(|chosen| chosen != set);
    if let Some(chosen) = chosen {
        *set = chosen;
    }
    is_other
}
