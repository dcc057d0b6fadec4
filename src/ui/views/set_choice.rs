//! The choice of a set of samples, shared by all views.

use egui::{ComboBox, Ui};

use super::parts::{named, note_ui};
use crate::dataset::Dataset;
use crate::project::{format_count, visible};
use crate::run::Run;
use crate::ui::plots::shortened;
use crate::ui::state::{Set, SetChoice, State};
use crate::ui::widgets::header::{Row, Side};

/// The sets whose codes can be shown. Some watched samples have a code but no picture.
pub(super) fn code_choices(state: &State, run: &Run, data: &Dataset) -> Vec<SetChoice> {
    let mut choices = state.sets().choices(Some(run), data);
    for choice in choices.iter_mut().filter(|choice| choice.set == Set::Watched) {
        choice.count = run.kept.probe.code_rows.len();
    }
    choices
}

/// The chosen set, or the watched samples if it no longer exists.
pub(super) fn existing<'a>(set: &'a Set, choices: &[SetChoice]) -> &'a Set {
    if choices.iter().any(|choice| choice.set == *set) { set } else { &Set::Watched }
}

/// Header controls to choose the set whose codes are shown, if there are several.
pub(super) fn code_choice_ui(row: &mut Row<'_>, name: &str, set: &mut Set, choices: &[SetChoice]) {
    if choices.len() < 2 {
        return;
    }
    let mut chosen = existing(set, choices).clone();
    let add = |ui: &mut Ui| set_choice_ui(ui, name, &mut chosen, choices);
    if row.part(Side::Left, "set", add).unwrap_or_default() {
        *set = chosen;
    }
}

/// The number of codes of the watched samples, or of a set with the epoch of its weights. While the
/// chosen set is being encoded, the number of encoded samples and the total.
pub(super) fn code_count_ui(
    row: &mut Row<'_>,
    chosen: &Set,
    shown: (&Set, usize, u32),
    coming: Option<(usize, usize)>,
) {
    let (set, count, epoch) = shown;
    let samples = |count: usize| format!("{} samples", format_count(count));
    let (text, about) = match coming.filter(|_| set != chosen) {
        Some((done, all)) => {
            let (done, count) = (100 * done / all.max(1), format_count(all));
            (format!("encoding, {done} %"), format!("{count} samples are being encoded"))
        }
        None if *set == Set::Watched => {
            let about = "Watched samples: their codes are kept for each epoch".to_owned();
            (samples(count), about)
        }
        None => (samples(count), format!("Samples, encoded with the weights after epoch {epoch}")),
    };
    note_ui(row, Side::Right, "count", &text, &about);
}

/// A combo box with this name for the available sets. Returns whether another one was chosen.
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
