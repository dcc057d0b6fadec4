//! The menu of actions on a run.

use egui::{Button, Ui};

use crate::dataset::Subset;
use crate::run::{Run, Status};
use crate::ui::state::RunAction;

/// Shows the menu of a run; returns the chosen action.
pub fn menu_ui(ui: &mut Ui, run: &Run) -> Option<RunAction> {
    let id = run.id;
    let trained = run.checkpoint.is_some();
    let is_hidden = run.caption.is_hidden;
    let hide = if is_hidden { "Show again" } else { "Hide" };
    let groups = [
        &[
            (true, "Details", RunAction::Page(id)),
            (true, "Rename…", RunAction::Rename(id)),
            (true, "Note…", RunAction::Note(id)),
        ][..],
        &[
            (true, "Restore design", RunAction::RestoreDesign(id)),
            (trained && run.status == Status::Stopped, "Resume", RunAction::Resume(id)),
            (trained && run.status == Status::Done, "Train more epochs…", RunAction::TrainMore(id)),
            (trained, "Export…", RunAction::Export(id)),
        ],
        &[
            (true, hide, RunAction::Hide(id, !is_hidden)),
            (!run.status.is_under_way(), "Delete", RunAction::Delete(id)),
        ],
    ];
    let mut chosen = None;
    for (number, group) in groups.into_iter().enumerate() {
        if number > 0 {
            ui.separator();
        }
        for (enabled, name, action) in group {
            if ui.add_enabled(*enabled, Button::new(*name)).clicked() {
                chosen = Some(*action);
                ui.close();
            }
        }
    }
    chosen
}

/// Shows the splits on which a run can be measured; returns the chosen action.
pub fn evaluate_ui(ui: &mut Ui, run: &Run) -> Option<RunAction> {
    let mut chosen = None;
    for split in [Subset::Test, Subset::Validation, Subset::Train] {
        if ui.button(format!("On the {} split", split.name())).clicked() {
            chosen = Some(RunAction::Evaluate(run.id, split));
            ui.close();
        }
    }
    chosen
}
