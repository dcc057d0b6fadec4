//! Conditions of commands. Each failure is a sentence for the user.

use crate::dataset::{DataError, Subset};
use crate::project::Place;
use crate::run::{Run, Status};
use crate::ui::state::State;
use crate::ui::update::stack;

type Condition = Result<(), String>;

fn demand(is_met: bool, reason: &str) -> Condition {
    if is_met { Ok(()) } else { Err(reason.to_owned()) }
}

pub(super) fn not_writing(state: &State) -> Condition {
    demand(state.busy.is_none(), "A file is being written.")
}

pub(super) fn changed(state: &State) -> Condition {
    demand(state.project != state.saved, "The design has not changed since it was saved.")
}

pub(super) fn undoable(state: &State) -> Condition {
    demand(state.history.can_undo(&state.project), "There is nothing to undo.")
}

pub(super) fn redoable(state: &State) -> Condition {
    demand(state.history.can_redo(&state.project), "There is nothing to redo.")
}

pub(super) fn movable_up(state: &State) -> Condition {
    movable(state, true, "The layer is already the first.")
}

pub(super) fn movable_down(state: &State) -> Condition {
    movable(state, false, "The layer is already the last.")
}

fn movable(state: &State, up: bool, end: &str) -> Condition {
    own_layer(state)?;
    demand(stack::gap_beyond(&state.project, state.selected, up).is_some(), end)
}

pub(super) fn not_first(state: &State) -> Condition {
    demand(state.selected != Place::Data, "The first card is selected.")
}

pub(super) fn not_last(state: &State) -> Condition {
    demand(state.selected != Place::Output, "The last card is selected.")
}

pub(super) fn mirrored(state: &State) -> Condition {
    demand(state.is_mirrored(), "Only a decoder that mirrors the encoder can share its weights.")
}

/// Whether there are samples to select.
pub(super) fn selectable(state: &State) -> Condition {
    demand(state.selectable().is_some(), "No data are loaded.")
}

pub(super) fn selected(state: &State) -> Condition {
    demand(!state.selected().is_empty(), "No sample is selected.")
}

pub(super) fn exportable(state: &State) -> Condition {
    not_writing(state)?;
    selected(state)
}

/// Whether there are weights or samples to export.
pub(super) fn exportable_at_all(state: &State) -> Condition {
    not_writing(state)?;
    demand(
        state.weights_shown().is_some() || state.selectable().is_some(),
        "There is no trained run, and no data are loaded.",
    )
}

pub(super) fn exporting(state: &State) -> Condition {
    demand(state.exporting.is_some(), "Nothing is being exported.")
}

pub(super) fn exportable_pictures(state: &State) -> Condition {
    exportable(state)?;
    let are_pictures = state.selectable().is_some_and(|data| data.shown().is_some());
    demand(are_pictures, "The samples are not pictures: export them as CSV.")
}

pub(super) fn compared(state: &State) -> Condition {
    selected(state)?;
    has_weights(state)?;
    demand(
        state.is_selection_of_run(),
        "The selected samples do not belong to the data of the shown run: select some that do.",
    )?;
    demand(state.is_compared(), "There is no comparison yet: open the Selection view.")
}

pub(super) fn exportable_restored(state: &State) -> Condition {
    exportable_pictures(state)?;
    has_weights(state)?;
    demand(
        state.is_selection_of_run(),
        "The selected samples do not belong to the data of the shown run: select some that do.",
    )
}

pub(super) fn under_way(state: &State) -> Condition {
    demand(state.active_run().is_some(), "No run is training.")
}

fn idle(state: &State) -> Condition {
    demand(state.active_run().is_none(), "A run is training: stop it first.")
}

pub(super) fn steppable(state: &State) -> Condition {
    match state.active_run() {
        Some(run) if run.status == Status::Queued => Err("The run is queued.".to_owned()),
        _ => startable(state),
    }
}

/// Whether the current design can be trained as a new run.
pub(super) fn trainable_as_new(state: &State) -> Condition {
    idle(state)?;
    trainable(state)
}

/// Whether the shown run was stopped before its last epoch and can be resumed.
pub(super) fn resumable(state: &State) -> Condition {
    extendable(state)?;
    let stopped = |run: &Run| run.status == Status::Stopped && run.finished_epochs() < run.epochs;
    demand(state.shown().is_some_and(stopped), "The shown run has reached its last epoch.")
}

pub(super) fn restorable(state: &State) -> Condition {
    match state.shown() {
        None => Err("There is no run yet.".to_owned()),
        Some(run) => {
            demand(run.design != state.project.design(), "The design on screen is already that of the run.")
        }
    }
}

pub(super) fn locatable(state: &State) -> Condition {
    demand(
        state.project.data.source.path().is_some(),
        "These data are built in: choose another kind on the card Input first.",
    )
}

pub(super) fn reloadable(state: &State) -> Condition {
    let has_path = state.project.data.source.path().is_none_or(|path| !path.as_os_str().is_empty());
    demand(has_path, "Choose a file or folder first.")
}

pub(super) fn loading(state: &State) -> Condition {
    let is_loading = state.data.progress.is_some() || state.showing.progress.is_some();
    demand(is_loading, "Nothing is being loaded.")
}

/// Whether the selected card is a layer that can be edited.
pub(super) fn own_layer(state: &State) -> Condition {
    if state.project.layer(state.selected).is_some() {
        return Ok(());
    }
    Err(match state.selected {
        Place::Decoder(_) => {
            "This layer mirrors the encoder: change the encoder, or give the decoder its own layers."
        }
        Place::Data
        | Place::Corruption
        | Place::Encoder(_)
        | Place::Code
        | Place::Output
        | Place::Training => "Input, code and output cannot be changed in this way: select a layer.",
    }
    .to_owned())
}

/// Whether the decoder can have its own layers.
pub(super) fn freeable(state: &State) -> Condition {
    let input = state.current_shape();
    if stack::decoder_layers(&state.project, input).is_some() {
        return Ok(());
    }
    Err(match input {
        None => "Load the data first: they determine the sizes.",
        Some(_) => "Fix the encoder first: it determines the sizes of the decoder.",
    }
    .to_owned())
}

/// Whether the data of the design are loaded.
fn trainable(state: &State) -> Condition {
    let data = &state.data;
    if data.progress.is_some() {
        return Err("Input: the data are still being loaded.".to_owned());
    }
    if !data.is_of(&state.project.data) {
        return Err("Input: the data are not loaded yet; finish the edit first.".to_owned());
    }
    match &data.error {
        None if data.ready(&state.project.data).is_some() => Ok(()),
        None => Err("Input: there are no data yet; choose a file or folder.".to_owned()),
        Some(DataError::Cancelled) => Err("Input: loading the data was cancelled; reload them.".to_owned()),
        Some(error) => Err(format!("Input: the data could not be loaded. {error}")),
    }
}

/// Whether a learning rate can be searched for the current design.
pub(super) fn searchable(state: &State) -> Condition {
    trainable(state)
}

/// Whether the train key has an effect: there is a run to pause, resume or start.
pub(super) fn startable(state: &State) -> Condition {
    if state.active_run().is_some() {
        return Ok(());
    }
    if state.resumes().is_some() { resumable(state) } else { trainable(state) }
}

/// Whether there is a run to show.
pub(super) fn has_run(state: &State) -> Condition {
    demand(state.shown().is_some(), "There is no run yet.")
}

/// Whether the shown run has weights.
pub(super) fn has_weights(state: &State) -> Condition {
    has_run(state)?;
    demand(state.trained_run().is_some(), "The shown run has no weights yet.")
}

/// Whether other data can be loaded for the shown run.
pub(super) fn has_others(state: &State) -> Condition {
    has_weights(state)?;
    demand(!state.project.others.is_empty(), "This project has no other data.")
}

/// Whether the shown run can be deleted.
pub(super) fn deletable(state: &State) -> Condition {
    has_run(state)?;
    let is_under_way = state.shown().is_some_and(|run| run.status.is_under_way());
    demand(!is_under_way, "The run is training: stop it first.")
}

/// Whether the shown run can be evaluated on the test split.
pub(super) fn evaluable(state: &State) -> Condition {
    evaluable_on(state, Subset::Test)
}

/// Whether the shown run can be evaluated on a split.
pub(super) fn evaluable_on(state: &State, subset: Subset) -> Condition {
    let Some(run) = state.shown() else { return Err("There is no run yet.".to_owned()) };
    if matches!(run.status, Status::Queued | Status::Training) {
        return Err("The run is training: pause or stop it first.".to_owned());
    }
    if run.checkpoint.is_none() {
        return Err("The run has no weights to evaluate.".to_owned());
    }
    let Some((data, _)) = state.data_as_trained(run) else {
        trainable(state)?;
        return Err("The loaded data differ from those of the run: restore its design first.".to_owned());
    };
    if data.split.rows(subset).is_empty() {
        let split = subset.name();
        return Err(format!(
            "There is no {split} split: set its fraction on the card Input, then train a new run."
        ));
    }
    Ok(())
}

/// Whether the shown run can be trained for more epochs.
pub(super) fn extendable(state: &State) -> Condition {
    idle(state)?;
    let Some(run) = state.shown() else { return Err("There is no run yet.".to_owned()) };
    if let Status::Failed(_) = run.status {
        return Err(
            "The run failed and would fail again: restore its design, fix it and train a new run.".to_owned()
        );
    }
    if run.checkpoint.is_none() {
        return Err("The run has no weights to resume from.".to_owned());
    }
    if state.data_as_trained(run).is_none() {
        trainable(state)?;
        return Err("The loaded data are not those the run was trained on, or are split or scaled \
                    differently: restore its design first."
            .to_owned());
    }
    Ok(())
}
