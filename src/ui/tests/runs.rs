//! The list of runs: names, notes, hiding and deleting, all of which can be undone, and results
//! that are kept.

use super::events::{feed_to, run};
use crate::dataset::Subset;
use crate::project::{OtherData, Project};
use crate::run::{Caption, Losses, Run, RunEvent, RunId, Status, Terms};
use crate::session::{Event, JobKind, JobResult, Request};
use crate::ui::commands::Command;
use crate::ui::state::{Dialog, Effect, ExportWhat, RunAction, RunField, RunPage, State, StoreRequest};

fn with_runs(count: u32) -> State {
    let runs = (1..=count).map(|id| Run { status: Status::Done, ..run(id) }).collect();
    State { runs, ..State::default() }
}

fn ids(state: &State) -> Vec<u32> {
    state.runs.iter().map(|run| run.id.0).collect()
}

/// The requests to the live store since the last call.
fn stored(state: &mut State) -> Vec<String> {
    let told = |effect| {
        let Effect::Store(request) = effect else { return None };
        if let StoreRequest::Results(run, caption, results) = request {
            let count = results.iter().count();
            Some(format!("results of {run}: {:?}, {count}", caption.name))
        } else if let StoreRequest::Import(run) = request {
            Some(format!("import {}", run.title()))
        } else if let StoreRequest::Forget(run) = request {
            Some(format!("forget {run}"))
        } else {
            None
        }
    };
    std::mem::take(&mut state.effects).into_iter().filter_map(told).collect()
}

#[test]
fn renaming_and_deleting_runs_can_be_undone_and_redone() {
    let mut state = with_runs(3);
    state.compared = vec![RunId(2)];
    state.act_on_run(RunAction::Select(RunId(2)));
    state.caption_run(RunId(2), Caption { name: "wide".to_owned(), ..Caption::default() });
    state.caption_run(RunId(2), state.runs[1].caption.clone());
    state.project.code.units = 5;
    state.act_on_run(RunAction::Delete(RunId(2)));
    assert_eq!(
        (ids(&state), &state.compared[..], state.shown().map(|run| run.id.0)),
        (vec![1, 3], &[][..], Some(3))
    );
    assert_eq!(stored(&mut state), ["results of 2: \"wide\", 0", "forget 2"]);
    assert!(state.is_modified());

    state.run(Command::Undo);
    assert_eq!((ids(&state), &state.compared[..]), (vec![1, 2, 3], &[RunId(2)][..]));
    assert_eq!(
        (state.shown().map(Run::title), state.project.code.units),
        (Some("run 2 · wide".to_owned()), 5)
    );
    assert_eq!(stored(&mut state), ["import run 2 · wide"]);
    state.run(Command::Undo);
    assert_eq!((state.runs[1].caption.name.as_str(), state.project.code.units), ("wide", 2));
    state.run(Command::Undo);
    assert_eq!(state.runs[1].caption, Caption::default());
    assert!(Command::Undo.available(&state).is_err(), "the same caption again was no change");
    for _ in 0..3 {
        state.run(Command::Redo);
    }
    assert_eq!((ids(&state), state.project.code.units), (vec![1, 3], 5));
    state.run(Command::Undo);
    assert_eq!(state.runs[1].caption.name, "wide");
}

#[test]
fn a_run_deleted_while_queued_is_restored_as_stopped() {
    let mut state = with_runs(2);
    state.runs[1].status = Status::Queued;
    state.act_on_run(RunAction::Delete(RunId(2)));
    state.run(Command::Undo);
    assert_eq!(state.runs[1].status, Status::Stopped);
    // The worker's report of its end is ignored.
    feed_to(&mut state, 2, RunEvent::Status(Status::Stopped));
    feed_to(&mut state, 2, RunEvent::Status(Status::Training));
    assert_eq!(state.runs[1].status, Status::Training);
    assert!(Command::DeleteRun.available(&state).is_err(), "it is under way");
}

#[test]
fn the_weights_of_a_run_are_exported_from_its_menu() {
    let mut state = with_runs(3);
    state.act_on_run(RunAction::Export(RunId(1)));
    assert_eq!(state.shown().map(|run| run.id.0), Some(1));
    let asks = |what| matches!(&state.dialog, Some(Dialog::Export(dialog)) if dialog.what == what);
    assert!(asks(ExportWhat::Weights), "{:?}", state.dialog);
}

#[test]
fn hidden_runs_are_not_compared_or_shown_by_default() {
    let mut state = with_runs(3);
    state.compared = vec![RunId(3)];
    state.act_on_run(RunAction::Hide(RunId(3), true));
    assert_eq!((&state.compared[..], state.shown().map(|run| run.id.0)), (&[][..], Some(2)));
    state.run(Command::Undo);
    assert_eq!(state.shown().map(|run| run.id.0), Some(3));
    state.run(Command::HideRun);
    assert!(state.runs[2].caption.is_hidden);
}

#[test]
fn the_page_of_a_run_opens_with_the_requested_field_focused() {
    let mut state = with_runs(2);
    for (command, focus) in [
        (Command::RunPage, None),
        (Command::RenameRun, Some(RunField::Name)),
        (Command::NoteRun, Some(RunField::Note)),
    ] {
        state.run(command);
        assert_eq!(state.view.runs_table.page, Some(RunPage { run: RunId(2), focus }));
    }
    state.run(Command::DeleteRun);
    assert_eq!((state.view.runs_table.page, ids(&state)), (None, vec![1]));
}

#[test]
fn run_numbers_restart_at_1_in_a_new_project_after_older_runs_end() {
    let mut state = with_runs(2);
    state.used.extend([RunId(1), RunId(2)]);
    assert_eq!(state.next_run(), RunId(3));
    state.runs[0].status = Status::Training;
    state.replace(Project::default(), Vec::new(), None);
    assert_eq!(state.next_run(), RunId(2), "run 1 of the old document is still being stopped");
    feed_to(&mut state, 1, RunEvent::Status(Status::Stopped));
    assert_eq!(state.next_run(), RunId(1));
    state.replace(Project::default(), vec![run(7)], None);
    assert_eq!(state.next_run(), RunId(8));
}

#[test]
fn an_evaluation_stays_with_its_run() {
    let mut state = super::events::with_data();
    let checkpoint = crate::ui::views::samples::checkpoint(state.runs[0].shape, 4);
    let epoch = checkpoint.inference_epoch();
    state.runs[0].checkpoint = Some(std::sync::Arc::new(checkpoint));
    state.runs[0].status = Status::Done;
    state.effects.clear();
    state.act_on_run(RunAction::Evaluate(RunId(1), Subset::Validation));
    let job = std::mem::take(&mut state.effects).into_iter().find_map(|effect| {
        let Effect::Session(Request::Compute(job)) = effect else { return None };
        matches!(job.kind, JobKind::Evaluate { subset: Subset::Validation, .. }).then_some(job.id)
    });
    let job = job.expect("a job");
    let losses = Losses::new(&Terms::default(), &[3.0]).expect("the total");
    let findings = Box::default();
    let result = JobResult::Evaluation { subset: Subset::Validation, losses, mse: 0.25, findings };
    state.handle_event(Event::Computed(job, Ok(result)));
    let found: Vec<_> =
        state.runs[0].results.iter().map(|finding| (finding.epoch, finding.samples)).collect();
    assert_eq!(found, [(epoch, 180)]);
    assert_eq!(stored(&mut state), ["results of 1: \"\", 1"]);
    assert!(state.is_modified());
    let told = &state.notices.toasts.last().expect("a note").text;
    assert_eq!(told, "Run 1 on the validation split (180 samples): squared error 0.2500 per feature.");
}

#[test]
fn views_of_another_design_are_marked_once_their_run_has_ended() {
    let mut state = with_runs(1);
    assert_eq!(state.outdated_views(), None);
    // Epochs and learning rate are not on any card.
    state.project.training.epochs += 1;
    assert_eq!(state.outdated_views(), None);
    let units = state.project.code.units;
    state.project.code.units = units + 3;
    assert_eq!((state.outdated_views(), state.older_design()), (Some(RunId(1)), None));
    state.runs[0].status = Status::Training;
    assert_eq!((state.outdated_views(), state.older_design()), (None, Some(RunId(1))));
    state.runs[0].status = Status::Done;
    let photos = OtherData { name: "photos".to_owned(), ..OtherData::default() };
    state.project.others.push(photos.clone());
    state.run(Command::RestoreDesign);
    assert_eq!((state.outdated_views(), state.project.code.units), (None, units));
    assert_eq!(state.project.others, [photos], "they are no part of a design");
}
