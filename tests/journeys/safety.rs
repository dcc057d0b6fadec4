//! Nothing is lost: questions before data would be lost, and recovery after a crash.

use egui::Key;
use hourglass::io::{OpenedFile, Store, open_any};
use hourglass::project::Recipe;
use hourglass::run::Status;

use crate::common::{CTRL, Home, NONE, Window};

/// A window with a modified design.
fn edited(home: &Home) -> Window {
    let mut window = home.window();
    window.press("Code 2 card");
    window.number("Units", "9");
    assert!(window.state().is_modified());
    window
}

#[test]
fn the_save_dialog_before_another_project_carries_out_its_answers() {
    let home = Home::new();
    let mut window = edited(&home);
    for (key, question) in [
        (Key::N, "Save “undercomplete” before starting a new project?"),
        (Key::O, "Save “undercomplete” before opening another?"),
        (Key::Q, "Save “undercomplete” before closing?"),
    ] {
        window.key(CTRL, key);
        assert!(window.shows(question), "{question}");
        window.press("Cancel");
        assert!(!window.shows(question));
        assert_eq!(window.project().code.units, 9, "cancelled, nothing happens");
        window.key(CTRL, key);
        window.key(NONE, Key::Escape);
        assert!(!window.shows(question), "Escape cancels too");
    }

    window.key(CTRL, Key::N);
    window.press("Save");
    let file = home.path("kept.hourglass");
    window.type_path(&file);
    window.until("it asks for a recipe", |state| state.file.is_some() && state.dialog.is_some());
    window.run_until_idle();
    window.press("Start linear");
    assert_eq!(*window.project(), Recipe::Linear.project());
    assert_eq!(window.state().file, None);
    let Ok(OpenedFile::Project(kept)) = open_any(&file) else { panic!("no project in {}", file.display()) };
    assert_eq!(kept.project.code.units, 9);

    window.press("Code 4 card");
    window.number("Units", "7");
    window.key(CTRL, Key::O);
    window.press("Don't save");
    window.type_path(&file);
    window.until("it is open", |state| state.file.as_ref() == Some(&file));
    assert_eq!(window.project().code.units, 9);
    assert!(!window.state().is_modified());
}

#[test]
fn work_left_by_a_crash_is_offered_and_resumed() {
    let home = Home::new();
    let mut window = edited(&home);
    window.number("Epochs", "100000");
    window.key(NONE, Key::F5);
    window.until_epochs(3);
    window.key(NONE, Key::F5);
    window.until_status(&Status::Paused);
    let (project, run) = (window.project().clone(), window.run().clone());
    // A killed process asks nothing and saves nothing; the system releases its locks.
    drop(window);
    let mut found = 0;
    for _ in 0..10_000 {
        found = Store::recoverable(&home.state_dir()).len();
        if found > 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(found, 1);

    let mut window = home.window();
    window.until("the work is offered", |state| state.dialog.is_some());
    window.run_until_idle();
    assert!(window.shows("Recover unsaved work") && window.says("1 run"));
    window.key(NONE, Key::Enter);
    window.until("it is back", |state| !state.runs.is_empty() && state.data.dataset.is_some());
    window.run_until_idle();
    assert_eq!(*window.project(), project);
    assert_eq!(window.run().history, run.history);
    assert_eq!(window.run().checkpoint, run.checkpoint);
    assert!(window.run().kept.iter().eq(run.kept.iter()), "the replay is whole");
    assert_eq!(window.run().status, Status::Stopped);
    assert!(window.state().is_modified(), "it is not saved yet");
    window.until("the baseline is computed again", |state| state.runs[0].pca_mse.is_some());
    window.key(CTRL, Key::F5);
    window.until_epochs(run.history.epochs.len() + 2);
}

#[test]
fn a_crash_after_a_save_leaves_nothing_to_recover_until_something_changes() {
    let home = Home::new();
    let mut window = edited(&home);
    window.until("work can be kept", |state| state.store.is_some());
    window.run_until_idle();
    let workspace = window.state().store.as_ref().expect("a store").path().to_owned();
    let is_kept = || workspace.join("project.ron").exists();
    window.until("the change is kept", |_| is_kept());
    window.key(CTRL, Key::S);
    let file = home.path("saved.hourglass");
    window.type_path(&file);
    window.until("it is saved", |state| !state.is_modified());
    window.until("nothing is left to recover", |_| !is_kept());
    window.number("Units", "8");
    window.until("the next change is kept", |_| is_kept());
    window.key(CTRL, Key::Z);
    window.until("taken back, it is as it was saved", |_| !is_kept());
}

#[test]
fn a_crash_of_a_window_that_only_shows_a_file_leaves_nothing_to_recover() {
    let home = Home::new();
    let file = home.path("shown.hourglass");
    let mut window = edited(&home);
    window.number("Epochs", "2");
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    window.until("its baseline is there", |state| state.runs[0].pca_mse.is_some());
    window.key(CTRL, Key::S);
    window.type_path(&file);
    window.until("it is saved", |state| state.file.is_some() && !state.is_modified());
    window.key(CTRL, Key::Q);
    drop(window);

    let mut window = home.window();
    window.until("work can be kept", |state| state.store.is_some());
    window.key(CTRL, Key::O);
    window.type_path(&file);
    window.until("it is open", |state| state.file.as_ref() == Some(&file) && state.runs.len() == 1);
    // The workspace of the empty document is gone; the one of this file is opened by a thread.
    window.until("work can be kept", |state| state.store.is_some());
    let workspace = window.state().store.as_ref().expect("a store").path().to_owned();
    let is_settled = || std::fs::read_to_string(workspace.join("workspace.ron")).unwrap_or_default();
    window.until("its runs are kept", |_| is_settled().contains("is_settled:true"));
    assert!(!window.state().is_modified());
    drop(window);
    // The workspace is deleted once the killed process has released its lock.
    for _ in 0..10_000 {
        assert_eq!(Store::recoverable(&home.state_dir()), []);
        if !workspace.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("the workspace stays");
}

#[test]
fn a_window_closed_with_nothing_unsaved_leaves_nothing_behind() {
    let home = Home::new();
    let mut window = home.window();
    window.until("work can be kept", |state| state.store.is_some());
    window.key(CTRL, Key::Q);
    assert!(window.state().dialog.is_none(), "nothing is asked");
}
