//! The table of runs and the page of a run.

use egui::Key;
use egui::accesskit::Role;
use hourglass::dataset::Subset;
use hourglass::run::{FindingKind, Status};

use crate::common::{CTRL, CTRL_ALT, CTRL_SHIFT, Home, NONE, Window};

/// A window with two short runs of one design.
fn window(home: &Home) -> Window {
    let mut window = home.window();
    window.number("Epochs", "2");
    for count in 1..=2 {
        window.key(CTRL_SHIFT, Key::F5);
        window.until("there is another run", |state| state.runs.len() == count);
        window.until_status(&Status::Done);
    }
    window
}

/// Whether one run is above another in the table.
#[track_caller]
fn is_above(window: &Window, upper: &str, lower: &str) -> bool {
    let top = |name: &str| window.find(Role::Button, name).rect().top();
    top(upper) < top(lower)
}

#[test]
fn runs_are_named_sorted_hidden_deleted_and_restored() {
    let home = Home::new();
    let mut window = window(&home);
    let numbers: Vec<u32> = window.state().runs.iter().map(|run| run.id.0).collect();
    assert_eq!(numbers, [1, 2]);
    window.key(NONE, Key::F2);
    window.harness.event(egui::Event::Text("wide".to_owned()));
    window.run_until_idle();
    window.key(NONE, Key::Enter);
    assert_eq!(window.run().caption.name, "wide");
    assert!(
        window.says("encoder") && window.says("parameters"),
        "the page tells of the design and the training"
    );
    window.press("All runs");

    assert!(is_above(&window, "run 2 · wide done", "run 1 done"), "the newest comes first");
    window.press("sort by run, sorted from the largest");
    assert!(is_above(&window, "run 1 done", "run 2 · wide done"));
    assert!(!window.state().view.runs_table.is_descending);

    window.key(CTRL_ALT, Key::W);
    assert!(window.run().caption.is_hidden && !window.shows("run 2 · wide done"));
    window.key(CTRL_SHIFT, Key::H);
    assert!(window.shows("run 2 · wide done"), "hidden runs are listed too");
    window.key(CTRL, Key::Z);
    assert!(!window.run().caption.is_hidden);

    window.key(CTRL_ALT, Key::X);
    assert!(window.state().runs.len() == 1 && !window.shows("run 2 · wide done"));
    window.key(CTRL, Key::Z);
    assert!(window.state().runs.len() == 2 && window.shows("run 2 · wide done"));
    window.key(CTRL, Key::Z);
    assert!(window.shows("run 2 done"), "the name is taken back too");
}

#[test]
fn results_are_saved_with_their_run() {
    let home = Home::new();
    let file = home.path("mine.hourglass");
    let mut window = window(&home);
    window.key(CTRL_SHIFT, Key::T);
    window.until("it is measured", |state| state.runs[1].results.iter().count() == 1);
    window.run_until_idle();
    window.key(CTRL_ALT, Key::I);
    assert!(window.says("losses, test split") && window.says("weights of epoch 2"));
    window.fill(Role::MultilineTextInput, "Note on the run", "as wide as can be");
    window.press("All runs");
    let saved = window.run().clone();
    assert!(saved.caption.note.starts_with("as wide as can be"), "{:?}", saved.caption);
    window.key(CTRL_SHIFT, Key::S);
    window.type_path(&file);
    window.until("it is saved", |state| state.file.is_some());
    assert!(!window.state().is_modified());
    drop(window);

    let other = Home::new();
    let mut window = other.window();
    window.key(CTRL, Key::O);
    window.type_path(&file);
    window.until("it is open", |state| state.runs.len() == 2);
    let opened = window.run();
    assert_eq!((&opened.caption, &opened.results), (&saved.caption, &saved.results));
    let error = opened.results.newest(FindingKind::Losses, Subset::Test);
    assert!(error.is_some_and(|finding| finding.value("squared error per feature").is_some()));
    assert!(!window.state().is_modified());
}
