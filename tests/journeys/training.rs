//! From the first start to a run that another program resumes.

use std::sync::Arc;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use hourglass::check::plan;
use hourglass::dataset::{Progress, load};
use hourglass::engine::Trainer;
use hourglass::project::Project;
use hourglass::run::{EpochRecord, Run, Setting, Status, facts};

use crate::common::{CTRL, CTRL_SHIFT, Home, NONE, Window};

/// Number of epochs: enough for a pause in between.
const EPOCHS: u32 = 300;

#[test]
fn a_run_is_paused_stepped_saved_reopened_and_ends_like_an_uninterrupted_one() {
    let home = Home::new();
    let file = home.path("mine.hourglass");
    let mut window = home.window();
    assert!(window.says("ready: press F5 to train"));
    assert!(window.says("No run yet") && window.says("No codes yet") && window.says("No runs yet"));
    window.number("Epochs", &EPOCHS.to_string());
    window.key(NONE, Key::F5);
    window.until_epochs(5);
    window.key(NONE, Key::F5);
    window.until_status(&Status::Paused);
    assert_views_are_filled(&window);
    assert!(window.says(&format!("/ {EPOCHS}")), "the toolbar counts epochs");

    let step = |window: &Window| window.run().checkpoint.as_ref().expect("weights").progress.step;
    let before = step(&window);
    window.key(NONE, Key::F10);
    window.until("one step was taken", |state| {
        let run = &state.runs[0];
        run.status == Status::Paused
            && run.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.progress.step == before + 1)
    });
    let epochs = window.run().history.epochs.len();
    window.train_epochs(1);
    assert_eq!(window.run().history.epochs.len(), epochs + 1);
    let last = window.run().history.epochs.last().expect("an epoch");
    assert_eq!(step(&window), last.step, "it stands where the epoch ended");

    window.press("Stop");
    window.until_status(&Status::Stopped);
    window.key(CTRL_SHIFT, Key::S);
    window.type_path(&file.with_extension(""));
    window.until("it is saved", |state| state.file.is_some());
    assert_eq!(window.state().file, Some(file.clone()));
    assert!(!window.state().is_modified());
    let saved = window.run().clone();

    let curves = home.path("loss.csv");
    window.key(CTRL_SHIFT, Key::G);
    window.type_path(&curves);
    window.until("the numbers of the loss are written", |_| curves.exists());
    let written = std::fs::read_to_string(&curves).expect("a table");
    assert!(written.starts_with("epoch,train,validation\n1,"), "{written:.60}");
    assert_eq!(
        written.lines().count(),
        saved.history.epochs.len() + 1,
        "a header, and a line for each epoch"
    );
    drop(window);

    let other = Home::new();
    let mut window = other.window();
    window.key(CTRL, Key::O);
    window.type_path(&file);
    window.until("it is open", |state| state.file.is_some() && state.data.dataset.is_some());
    window.run_until_idle();
    let opened = window.run();
    assert_eq!(Run { pca_mse: saved.pca_mse, kept: saved.kept.clone(), ..opened.clone() }, saved);
    // Its kept epochs stay in the file until they are viewed.
    let weights = |run: &Run, epoch: u32| run.kept.weights(epoch).map(|held| held.read().expect("there"));
    assert!(opened.kept.iter().eq(saved.kept.iter()) && opened.kept.len() > 1);
    for epoch in saved.kept.iter().map(|kept| kept.epoch) {
        assert_eq!(weights(opened, epoch), weights(&saved, epoch), "{epoch}");
    }
    assert_views_are_filled(&window);
    window.until("the baseline is there", |state| state.runs[0].pca_mse.is_some());
    assert!(window.says("run 1 stopped"), "the table of runs");
    assert!(!window.state().is_modified());

    window.key(CTRL, Key::F5);
    window.until_status(&Status::Done);
    assert_eq!(untimed(window.run().history.epochs.iter()), untimed(uninterrupted(&saved.design).iter()));
    assert!(window.state().is_modified(), "the run has grown");
}

#[test]
fn the_learning_rate_is_changed_during_training_and_epochs_are_added() {
    let home = Home::new();
    let mut window = home.window();
    window.number("Epochs", "100000");
    window.key(NONE, Key::F5);
    window.until_epochs(2);
    window.number("Learning rate, value", "0.0005");
    window.until("the run was told", |state| !state.runs[0].edits.is_empty());
    let edit = window.run().edits[0].clone();
    assert_eq!(edit.setting, Setting::LearningRate(0.0005));
    window.until("an epoch was trained with it", |state| {
        state.runs[0].history.epochs.last().is_some_and(|record| record.learning_rate == 0.0005)
    });
    let last = window.run().history.epochs.len();
    window.number("Epochs", &(last + 500).to_string());
    window.until("the end was moved", |state| state.runs[0].edits.len() == 2);
    window.key(NONE, Key::F5);
    window.until_status(&Status::Paused);
    let history = window.run().history.epochs.clone();
    let first = |record: &&EpochRecord| record.learning_rate == 0.0005;
    let changed = history.iter().find(first).expect("an epoch");
    assert!(changed.step > edit.step, "the rate holds from the recorded step on");
    assert!(
        history.iter().filter(|record| record.step <= edit.step).all(|record| record.learning_rate == 2e-3)
    );

    let soon = window.run().history.epochs.len() + 2;
    window.number("Epochs", &soon.to_string());
    window.key(NONE, Key::F5);
    window.until_status(&Status::Done);
    assert_eq!(window.run().history.epochs.len(), soon);

    window.key(CTRL_SHIFT, Key::Enter);
    window.number("More epochs", "3");
    // The toolbar has a button with the same name, below the dialog.
    let answer = window.harness.get_all_by_role_and_label(Role::Button, "Train").last().expect("an answer");
    answer.click();
    window.run_until_idle();
    window.until("three more are trained", |state| {
        state.runs[0].status == Status::Done && state.runs[0].history.epochs.len() == soon + 3
    });
    let numbers: Vec<u32> = window.run().history.epochs.iter().map(|record| record.epoch).collect();
    assert_eq!(numbers, (1..=soon as u32 + 3).collect::<Vec<_>>());
}

/// Checks that loss, latent space, reconstructions and runs have content.
#[track_caller]
fn assert_views_are_filled(window: &Window) {
    for empty in ["No run yet", "No codes yet", "No reconstructions yet", "No runs yet"] {
        assert!(!window.says(empty), "{empty}");
    }
    window.find(Role::Image, "loss over epochs");
    window.find(Role::Image, "codes in the latent space");
    let kept = window.run().kept.newest().expect("a look at the samples");
    assert_eq!(kept.codes.len(), 2 * window.run().kept.probe.code_rows.len());
    assert!(kept.reconstructions.iter().any(|value| *value > 0.5), "something is drawn");
    assert!(window.says("row "), "the pictures have names");
}

/// Trains the design from start to end in a plain loop.
fn uninterrupted(design: &Project) -> Vec<EpochRecord> {
    let data = Arc::new(load(&design.data, &Progress::default()).expect("data"));
    let plan = plan(design, &facts(&data)).expect("valid");
    let mut trainer = Trainer::new(&plan, data, 1).expect("a trainer");
    let mut records = Vec::new();
    while !trainer.is_done() {
        records.extend(trainer.step().expect("a step").epoch);
    }
    records
}

/// Records without the training time.
fn untimed<'a>(records: impl Iterator<Item = &'a EpochRecord>) -> Vec<EpochRecord> {
    records.map(|record| EpochRecord { seconds: 0.0, ..record.clone() }).collect()
}
