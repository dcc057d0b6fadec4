//! The dialog that exports parts of a run.

use egui::{Align, ComboBox, Label, RichText, Ui, vec2};

use super::dialog::{Answer, buttons_ui, path_line_ui, problem_ui, title_ui};
use crate::project::{format_count, visible};
use crate::ui::plots::shortened;
use crate::ui::state::{Effect, ExportDialog, ExportWhat, Set, SetChoice, State};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::{primary_ui, secondary_ui};

/// Asks what to export, for which samples, in which format, and where.
pub(super) fn export_ui(ui: &mut Ui, state: &mut State, dialog: &mut ExportDialog) -> Answer {
    title_ui(ui, "Export");
    choice_ui(ui, "What", |ui| {
        for what in ExportWhat::ALL {
            ui.radio_value(&mut dialog.what, what, what.name()).on_hover_text(what.about());
        }
    });
    if dialog.what.is_of_set() {
        choice_ui(ui, "Of", |ui| set_ui(ui, &mut dialog.set, state.export_sets()));
    }
    choice_ui(ui, "Form", |ui| {
        for form in dialog.what.forms() {
            ui.radio_value(&mut dialog.form, *form, form.name());
        }
    });
    dialog.follow(&state.export_place());
    let tokens = tokens(ui);
    let about = match (state.weights_shown(), dialog.what) {
        (
            Some((run, epoch, _)),
            ExportWhat::Weights | ExportWhat::Codes | ExportWhat::Reconstructions | ExportWhat::Scores,
        ) => {
            format!("{} Run {}, epoch {epoch}.", dialog.what.about(), run.id)
        }
        (_, _) => dialog.what.about().to_owned(),
    };
    ui.label(RichText::new(about).size(11.5).color(tokens.dim));
    let (mut answer, mut accept) = path_line_ui(ui, &mut dialog.path);
    let problem = state.export_problem(dialog.what, &dialog.set);
    let is_possible = problem.is_none();
    problem_ui(ui, &dialog.path, problem);
    buttons_ui(ui, |ui| {
        let verb = if dialog.path.overwrite { "Replace" } else { "Export" };
        accept |= ui.add_enabled_ui(is_possible, |ui| primary_ui(ui, verb, 84.0)).inner.clicked();
        if secondary_ui(ui, "Cancel").clicked() {
            answer = Answer::Close;
        }
    });
    if accept && is_possible && matches!(answer, Answer::Open) {
        dialog.path.accept();
    }
    state.effects.extend(dialog.path.next_question().map(Effect::CheckPath));
    answer
}

/// A row of the dialog: a label and its control.
fn choice_ui(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.add_sized(vec2(44.0, 20.0), Label::new(name).halign(Align::LEFT));
        add(ui);
    });
}

fn set_ui(ui: &mut Ui, set: &mut Set, choices: Vec<SetChoice>) {
    let text = |set: &Set| shortened(&visible(set.name()), 40);
    let shown = ComboBox::from_id_salt("exported set").selected_text(text(&*set)).show_ui(ui, |ui| {
        for choice in choices {
            let line = format!("{} ({})", text(&choice.set), format_count(choice.count));
            ui.selectable_value(set, choice.set, line);
        }
    });
    shown.response.accessible_name("Samples to export");
}
