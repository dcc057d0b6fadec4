//! The state of one document does not leak into the next, and queued work does not affect training.

use super::events::{feed_to, record, run};
use super::*;
use crate::check::Severity;
use crate::io::{FileError, Files, MergeBase, Opened, OpenedFile, Recovery, open_any, save_project};
use crate::project::Project;
use crate::run::{Run, RunEvent, RunId};
use crate::session::Request;
use crate::ui::files::FileEvent;
use crate::ui::painted::{check_visible, names, texts};
use crate::ui::state::{Effect, Offer, RunAction, SaveKind, SaveRequest, SelectionMode, State, StoreRequest};

#[test]
fn names_are_shown_with_their_control_characters_escaped() {
    let hostile = "\u{1b}[2J\n\u{202e}x";
    let mut window = Window::new();
    let path = window.folder.path().join(format!("{hostile}.hourglass"));
    let state = window.state();
    state.project.name = hostile.to_owned();
    state.recent = vec![path.clone()];
    state.notices.say(Severity::Error, format!("Could not open: {hostile}"));
    state.view.bottom = BottomTab::Log;
    let check = |window: &mut Window, expected: &str| {
        window.harness.run_ok();
        let shapes = texts(&window.harness.output().shapes);
        check_visible(&shapes);
        check_visible(&names(&window.harness.root()));
        assert!(shapes.iter().any(|text| text.contains(expected)), "{expected:?} is not in {shapes:?}");
    };
    check(&mut window, "\\u{1b}[2J\\n\\u{202e}x");
    window.state().file = Some(path);
    window.click("File");
    window.click("Open recent");
    check(&mut window, "\\n\\u{202e}x.hourglass");
    window.state().dialog = Some(Dialog::Unsaved(PendingAction::New));
    check(&mut window, "Save “\\u{1b}[2J\\n\\u{202e}x.hourglass”");
}

/// The requests to the session since the last call.
fn asked(state: &mut State) -> Vec<String> {
    let command = |effect: Effect| {
        let Effect::Session(command) = effect else { return None };
        matches!(command, Request::Stop(_) | Request::Pause(_)).then(|| format!("{command:?}"))
    };
    std::mem::take(&mut state.effects).into_iter().filter_map(command).collect()
}

fn two_runs() -> State {
    let mut state = State { runs: vec![run(1), run(2)], ..State::default() };
    state.runs[0].status = Status::Training;
    state
}

/// The request issued by a save.
fn written(state: &mut State) -> Box<SaveRequest> {
    let request = std::mem::take(&mut state.effects).into_iter().find_map(|effect| {
        let Effect::Save(request) = effect else { return None };
        Some(request)
    });
    request.expect("a file to write")
}

#[test]
fn commands_apply_to_the_training_run_before_a_waiting_one() {
    let mut state = two_runs();
    assert_eq!(state.active_run().map(|run| run.id), Some(RunId(1)));
    state.run(Command::TrainOrPause);
    state.run(Command::Stop);
    assert_eq!(asked(&mut state), ["Pause(RunId(1))", "Stop(RunId(2))", "Stop(RunId(1))"]);
    feed_to(&mut state, 1, RunEvent::Status(Status::Stopped));
    assert_eq!(state.active_run().map(|run| run.id), Some(RunId(2)), "now it is its turn");
}

#[test]
fn events_of_an_old_document_do_not_reach_a_new_one() {
    let mut state = two_runs();
    state.replace(Project::default(), vec![Run { status: Status::Stopped, ..run(1) }], None);
    assert_eq!(asked(&mut state), ["Stop(RunId(2))", "Stop(RunId(1))"]);
    feed_to(&mut state, 1, RunEvent::Epochs(vec![record(1)]));
    feed_to(&mut state, 1, RunEvent::Status(Status::Done));
    assert!(state.runs[0].history.epochs.is_empty() && state.runs[0].status == Status::Stopped);
    assert!(!state.is_modified());
    feed_to(&mut state, 1, RunEvent::Status(Status::Training));
    feed_to(&mut state, 1, RunEvent::Epochs(vec![record(1)]));
    assert_eq!(state.runs[0].history.epochs.len(), 1, "its own come in again");
}

#[test]
fn pages_of_help_close_with_a_click() {
    for size in [(1600.0, 1000.0), (1000.0, 700.0)] {
        for command in [Command::Guide, Command::Shortcuts, Command::About] {
            let mut window = Window::sized(size.0, size.1, Theme::Dark);
            window.state().run(command);
            window.harness.run_ok();
            window.click("Close");
            assert!(window.state().dialog.is_none(), "{command:?} at {size:?}");
        }
    }
}

#[test]
fn dialogs_and_offers_of_an_old_document_are_closed_with_it() {
    let mut state = State::default();
    state.notices.offer(Severity::Info, "other data", Offer::Others);
    state.notices.offer(Severity::Info, "other work", Offer::Recover(Vec::new()));
    for (dialog, stays) in [(Dialog::TrainMore { epochs: 3 }, false), (Dialog::About, true)] {
        state.dialog = Some(dialog);
        state.replace(Project::default(), Vec::new(), None);
        assert_eq!(state.dialog.is_some(), stays);
    }
    let is_there = |text: &str| state.notices.toasts.iter().any(|toast| toast.text == text);
    assert!(!is_there("other data") && is_there("other work"), "{:?}", state.notices.toasts);
}

#[test]
fn a_late_save_belongs_to_its_own_document() {
    let mut state = State::default();
    let request = state.save_request("old.hourglass".into(), SaveKind::Project, None);
    state.write(request);
    let request = written(&mut state);
    assert!(request.path.is_absolute(), "{:?}", request.path);
    state.replace(Project::default(), Vec::new(), None);
    state.handle_file_event(FileEvent::Saved(request, Ok(Vec::new())));
    assert_eq!(state.file, None, "the new document has no file yet");
}

#[test]
fn a_cancelled_export_is_reported_but_not_as_an_error() {
    let mut state = State::default();
    let request = state.save_request("digits.csv".into(), SaveKind::Table, None);
    state.write(request);
    assert!(Command::Save.available(&state).is_err() && Command::CancelExport.available(&state).is_err());
    // Once it takes a while, it can be cancelled.
    state.exporting = Some((10, 200));
    state.run(Command::CancelExport);
    assert!(state.effects.iter().any(|effect| matches!(effect, Effect::CancelExport)));
    let request = written(&mut state);
    let path = request.path.clone();
    state.handle_file_event(FileEvent::Saved(request, Err(FileError::Cancelled { path })));
    let toast = state.notices.toasts.last().expect("it is told");
    assert!(toast.severity == Severity::Info && toast.text.contains("Nothing was written"), "{}", toast.text);
    assert_eq!(state.busy, None);
}

#[test]
fn changes_during_a_save_remain_unsaved() {
    let runs = vec![Run { status: Status::Stopped, ..run(1) }];
    let mut state = State { runs, runs_unsaved: true, ..State::default() };
    for (comes, quits) in [(true, false), (false, true)] {
        let request = state.save_request("a.hourglass".into(), SaveKind::Project, Some(PendingAction::Quit));
        state.write(request);
        let request = written(&mut state);
        if comes {
            feed_to(&mut state, 1, RunEvent::Epochs(vec![record(1)]));
        }
        state.handle_file_event(FileEvent::Saved(request, Ok(Vec::new())));
        assert_eq!((state.runs_unsaved, state.is_modified()), (comes, comes));
        assert_eq!(state.effects.iter().any(|effect| matches!(effect, Effect::Quit)), quits);
        state.dialog = None;
    }
}

#[test]
fn the_document_in_the_file_is_recorded_when_opened_or_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.hourglass");
    let project = Project { name: "in the file".to_owned(), ..Project::default() };
    save_project(&Files::default(), &path, &project, &[] as &[Run]).expect("saved");
    let mut state = State::default();
    let noted = |state: &mut State| {
        std::mem::take(&mut state.effects).into_iter().find_map(|effect| {
            let Effect::Store(StoreRequest::Seen(file, document)) = effect else { return None };
            (file == path).then_some(document)
        })
    };
    state.handle_file_event(FileEvent::Opened(path.clone(), Ok(open_any(&path).expect("opens"))));
    assert_eq!(noted(&mut state), Some(project.to_ron()));
    let request = state.save_request(path.clone(), SaveKind::Project, None);
    state.write(request);
    let request = written(&mut state);
    state.handle_file_event(FileEvent::Saved(request, Ok(Vec::new())));
    assert_eq!(noted(&mut state), Some(project.to_ron()));
}

#[test]
fn a_new_run_is_shown_as_it_trains() {
    let runs = vec![Run { status: Status::Stopped, ..run(1) }, Run { status: Status::Done, ..run(2) }];
    let mut state = State { runs, ..State::default() };
    state.act_on_run(RunAction::Select(RunId(1)));
    state.epoch = Some(5);
    state.delete_run(RunId(1));
    assert_eq!(state.epoch, None, "run 2 is shown now, and live");
}

#[test]
fn a_form_moves_nothing_while_a_number_is_typed() {
    let mut state = State::default();
    state.replace(crate::project::Recipe::Variational.project(), Vec::new(), None);
    let told = |state: &State| state.derived.settled_at(Place::Code).count();
    assert_eq!(told(&state), 0);
    // While 30 is being typed: fewer than the warm-up of the divergence.
    for (epochs, is_editing, expected) in [
        (3, true, 0),
        (2, true, 0),
        (30, true, 0),
        (3, true, 0),
        (3, false, 1),
        (30, true, 1),
        (30, false, 0),
    ] {
        state.project.training.epochs = epochs;
        state.refresh(is_editing);
        assert_eq!(told(&state), expected, "{epochs} {is_editing}");
        let of_code = state.derived.problems.iter().filter(|problem| problem.place == Place::Code);
        assert_eq!(of_code.count(), usize::from(epochs < 10));
    }
}

#[test]
fn work_left_by_a_crash_is_offered_once_the_file_is_open() {
    let left = || Recovery {
        path: "left".into(),
        name: "left".to_owned(),
        origin: None,
        runs: 1,
        modified: std::time::UNIX_EPOCH,
    };
    let mut state = State::default();
    state.proceed(PendingAction::OpenPath("gone.hourglass".into()));
    state.handle_file_event(FileEvent::Found(vec![left()]));
    state.refresh(false);
    assert!(state.dialog.is_none(), "the file would take its place");
    state.handle_file_event(FileEvent::Opened("gone.hourglass".into(), Err("gone".to_owned())));
    state.refresh(false);
    assert!(matches!(&state.dialog, Some(Dialog::Recover(found)) if *found == [left()]));
    state.effects.clear();
    state.runs_unsaved = true;
    state.recover(left());
    assert!(state.effects.is_empty(), "it would take the place of work that is not saved");
    state.runs_unsaved = false;
    state.recover(left());
    assert!(matches!(state.effects.as_slice(), [Effect::Recover(recovery)] if *recovery == left()));
    state.dialog = None;
    state.refresh(false);
    assert!(state.dialog.is_none(), "it is offered once");

    let opened = |origin: Option<&str>| {
        let mut state = State::default();
        state.proceed(PendingAction::OpenPath("other.hourglass".into()));
        let found = Recovery { origin: origin.map(Into::into), ..left() };
        state.handle_file_event(FileEvent::Found(vec![found]));
        let opened = Opened {
            project: Project::default(),
            runs: vec![],
            warnings: vec![],
            base: MergeBase::default(),
        };
        let file = OpenedFile::Project(opened);
        state.handle_file_event(FileEvent::Opened("other.hourglass".into(), Ok(file)));
        state.refresh(false);
        state
    };
    let state = opened(None);
    assert!(state.dialog.is_none(), "what was asked for is not kept waiting");
    let offer = state.notices.toasts.last().and_then(|toast| toast.offer.clone());
    assert_eq!(offer, Some(Offer::Recover(vec![left()])));
    let state = opened(Some("other.hourglass"));
    assert!(matches!(&state.dialog, Some(Dialog::Recover(_))), "it is newer work on the same file");
}

#[test]
fn the_folder_chosen_last_is_suggested_for_this_document_only() {
    let mut state = State::default();
    let folder = tempfile::tempdir().expect("a folder");
    let suggested = |state: &mut State| {
        state.ask_where(SaveKind::Design);
        let Some(Dialog::Path(dialog)) = &state.dialog else { panic!("it asks where") };
        std::path::Path::new(&dialog.text).parent().map(std::path::Path::to_owned)
    };
    let first = suggested(&mut state);
    assert_ne!(first.as_deref(), Some(folder.path()));
    state.accept_path(folder.path().join("a.ron"));
    assert_eq!(suggested(&mut state).as_deref(), Some(folder.path()));
    assert_eq!(state.export_place().parent(), Some(folder.path()));
    state.replace(Project::default(), Vec::new(), None);
    assert_eq!(suggested(&mut state), first);
}

#[test]
fn the_selection_of_a_new_document_is_not_mistaken_for_an_old_one() {
    let mut state = State::default();
    state.selection.apply(7, vec![1, 2], SelectionMode::Replace);
    let before = state.selection.changes();
    state.replace(Project::default(), Vec::new(), None);
    assert_eq!(state.selection.rows(7), [0; 0]);
    state.selection.apply(7, vec![3], SelectionMode::Replace);
    assert!(state.selection.changes() > before, "of the same data, after as many changes");
}

#[test]
fn a_run_after_the_last_number_gets_a_free_one() {
    let mut state = State::default();
    state.replace(Project::default(), vec![Run { id: RunId::LAST, ..run(1) }], None);
    assert_eq!(RunId::next(&state.used), RunId(1));
}

#[test]
fn opening_a_table_offers_it_as_data() {
    let mut window = Window::new();
    let path = window.folder.path().join("people.csv");
    std::fs::write(&path, "height,weight\n".to_owned() + &"1.5,3\n2.5,4\n".repeat(20)).expect("written");
    window.state().ask(PendingAction::OpenPath(path.clone()));
    window.until("it is looked at", |state| !state.notices.toasts.is_empty());
    window.harness.run_ok();
    let state = window.state();
    let text = &state.notices.toasts[0].text;
    assert!(text.contains("people.csv is a table, not a project or a design"), "{text}");
    assert_eq!((&state.busy, &state.file), (&None, &None));
    window.click("Use as data");
    window.until("it is loaded", |state| state.data.ready(&state.project.data).is_some());
    assert_eq!(window.project().data.source.path(), Some(&path));
    let toasts = &window.state().notices.toasts;
    assert!(toasts.iter().all(|toast| toast.text.starts_with("Training settings ")), "{toasts:?}");
}
