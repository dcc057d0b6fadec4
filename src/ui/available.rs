//! Why a command cannot be given just now.

use super::command::Command;
use super::edit;
use super::state::State;
use crate::dataset::{DataError, Subset};
use crate::project::Place;
use crate::run::Status;

impl Command {
    /// Why it cannot be given just now.
    ///
    /// # Errors
    /// The reason, as a sentence for the person.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most commands can always be given")]
    pub fn available(self, state: &State) -> Result<(), String> {
        let demand = |is_met: bool, reason: &str| if is_met { Ok(()) } else { Err(reason.to_owned()) };
        let active = state.active_run();
        match self {
            Command::Save | Command::SaveAs | Command::SaveDesign => {
                demand(state.busy.is_none(), "A file is being written.")
            }
            Command::Revert => demand(state.project != state.saved, "The design is as it was saved."),
            Command::Undo => demand(state.history.can_undo(&state.project), "Nothing has been changed yet."),
            Command::Redo => demand(state.history.can_redo(&state.project), "Nothing has been undone."),
            Command::Duplicate | Command::Remove => own_layer(state),
            Command::MoveUp | Command::MoveDown => {
                own_layer(state)?;
                let up = self == Command::MoveUp;
                let gap = edit::gap_beyond(&state.project, state.selected, up);
                let end =
                    if up { "The layer is already the first." } else { "The layer is already the last." };
                demand(gap.is_some(), end)
            }
            Command::SelectPrevious => demand(state.selected != Place::Data, "The first card is selected."),
            Command::SelectNext => demand(state.selected != Place::Output, "The last card is selected."),
            Command::ToggleMirror => freeable(state),
            Command::ToggleTied => {
                demand(state.is_mirrored(), "Only a decoder that mirrors the encoder can share its weights.")
            }
            Command::TrainOrPause => {
                if active.is_some() {
                    return Ok(());
                }
                startable(state)
            }
            Command::StepOnce | Command::EpochOnce => match active {
                Some(run) if run.status == Status::Queued => Err("The run waits for its turn.".to_owned()),
                Some(_) => Ok(()),
                None => startable(state),
            },
            Command::TrainNew => {
                demand(active.is_none(), "A run is under way: stop it first.")?;
                trainable(state)
            }
            Command::EvaluateTest => judgeable(state),
            Command::Stop => demand(active.is_some(), "Nothing is being trained."),
            Command::Continue => {
                resumable(state)?;
                let stopped = |run: &crate::run::Run| {
                    run.status == Status::Stopped && (run.history.epochs.len() as u32) < run.epochs
                };
                demand(state.shown().is_some_and(stopped), "The shown run has reached its last epoch.")
            }
            Command::TrainMore => resumable(state),
            Command::RestoreDesign => match state.shown() {
                None => Err("There is no run yet.".to_owned()),
                Some(run) => demand(run.design != state.project, "The run's design is the one on screen."),
            },
            Command::LocateData => demand(
                state.project.data.source.path().is_some(),
                "These data come with the program: choose another kind on the input card first.",
            ),
            Command::ReloadData => demand(
                state.project.data.source.path().is_none_or(|path| !path.as_os_str().is_empty()),
                "Choose a file or folder first.",
            ),
            Command::CancelLoad => demand(state.data.progress.is_some(), "Nothing is being loaded."),
            _ => Ok(()),
        }
    }
}

fn own_layer(state: &State) -> Result<(), String> {
    if edit::layer(&state.project, state.selected).is_some() {
        return Ok(());
    }
    Err(match state.selected {
        Place::Decoder(_) => {
            "This layer mirrors the encoder: change it there, or give the decoder its own layers."
        }
        Place::Data
        | Place::Corruption
        | Place::Encoder(_)
        | Place::Code
        | Place::Output
        | Place::Training => "Input, code and output are always there: select a layer.",
    }
    .to_owned())
}

/// Whether the decoder can have layers of its own.
pub(super) fn freeable(state: &State) -> Result<(), String> {
    let input = state.current_shape();
    if edit::decoder_layers(&state.project, input).is_some() {
        return Ok(());
    }
    Err(match input {
        None => "Load the data first: the sizes of pictures follow from them.",
        Some(_) => "Mend the encoder first: the sizes of the decoder follow from it.",
    }
    .to_owned())
}

/// Whether the data the design asks for are there.
fn trainable(state: &State) -> Result<(), String> {
    let data = &state.data;
    if data.progress.is_some() {
        return Err("Input: the data are still being loaded.".to_owned());
    }
    if !data.is_of(&state.project.data) {
        return Err("Input: the data are not loaded yet; end what is being typed or dragged.".to_owned());
    }
    match &data.error {
        None if data.ready(&state.project.data).is_some() => Ok(()),
        None => Err("Input: there are no data yet; choose a file or folder.".to_owned()),
        Some(DataError::Cancelled) => Err("Input: loading the data was cancelled; reload them.".to_owned()),
        Some(error) => Err(format!("Input: the data could not be loaded. {error}")),
    }
}

/// Whether the train key has something to do while no run is under way.
fn startable(state: &State) -> Result<(), String> {
    if state.resumes().is_some() { resumable(state) } else { trainable(state) }
}

/// Whether the shown run can be judged by the test split.
fn judgeable(state: &State) -> Result<(), String> {
    let Some(run) = state.shown() else { return Err("There is no run yet.".to_owned()) };
    if matches!(run.status, Status::Queued | Status::Training) {
        return Err("The run is being trained: pause or stop it first.".to_owned());
    }
    if run.checkpoint.is_none() {
        return Err("The run left no weights to judge.".to_owned());
    }
    let Some((data, _)) = state.data_as_trained(run) else {
        trainable(state)?;
        return Err("The loaded data are not those of the run: restore its design first.".to_owned());
    };
    if data.split.rows(Subset::Test).is_empty() {
        return Err("There is no test split: give it a share on the input card, and train.".to_owned());
    }
    Ok(())
}

fn resumable(state: &State) -> Result<(), String> {
    if state.active_run().is_some() {
        return Err("A run is under way: stop it first.".to_owned());
    }
    let Some(run) = state.shown() else { return Err("There is no run yet.".to_owned()) };
    if let Status::Failed(_) = run.status {
        return Err(
            "The run failed and would fail again: restore its design, fix it and train a new run.".to_owned()
        );
    }
    if run.checkpoint.is_none() {
        return Err("The run left no weights to resume from.".to_owned());
    }
    if state.data_as_trained(run).is_none() {
        trainable(state)?;
        return Err("The loaded data are not those the run was trained on, or are split or scaled otherwise: restore \
                    its design first."
            .to_owned());
    }
    Ok(())
}
