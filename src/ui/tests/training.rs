//! Training from the window, with the real workers.

use egui_kittest::kittest::NodeT;

use super::*;
use crate::project::Schedule;
use crate::ui::painted::{cut_off, texts};

#[test]
fn one_key_trains_pauses_resumes_and_stops() {
    let mut window = Window::new();
    window.state().project.training.epochs = 100_000;
    window.harness.run_ok();
    window.harness.key_press(Key::F5);
    window.until("it trains", |state| state.runs.first().is_some_and(|run| run.history.epochs.len() > 2));
    assert!(window.harness.query_by_label("Pause").is_some());
    window.harness.key_press(Key::F5);
    window.until("it stands", |state| state.runs[0].status == Status::Paused);
    let step = window.harness.state().state.progress[&crate::run::RunId(1)].step;
    window.harness.key_press(Key::F10);
    window.until("a step was taken", |state| state.progress[&crate::run::RunId(1)].step == step + 1);
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::F5);
    window.until("it is stopped", |state| state.runs[0].status == Status::Stopped);
    assert!(window.state().runs[0].checkpoint.is_some());
    assert_eq!(Command::Resume.available(window.state()), Ok(()));
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::F5);
    window.until("it continues", |state| state.runs[0].status == Status::Training);
}

#[test]
fn the_progress_of_a_long_run_fits_into_the_smallest_window() {
    let mut window = Window::sized(900.0, 600.0, Theme::Dark);
    window.state().project.training.epochs = 600_000;
    window.harness.run_ok();
    window.harness.key_press(Key::F5);
    window.until("it trains", |state| state.runs.first().is_some_and(|run| run.history.epochs.len() > 2));
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::F5);
    window.until("it is stopped", |state| state.runs[0].status == Status::Stopped);
    window.harness.step();
    let shapes = &window.harness.output().shapes;
    let is_place = |text: &String| text.contains("/ 600");
    assert!(texts(shapes).iter().any(is_place), "{:?}", texts(shapes));
    assert!(!cut_off(shapes).iter().any(is_place), "{:?}", cut_off(shapes));
}

#[test]
fn only_the_learning_rate_affects_the_current_run() {
    let mut window = Window::new();
    window.state().project.training.epochs = 100_000;
    window.harness.run_ok();
    window.harness.key_press(Key::F5);
    window.until("it trains", |state| state.runs.first().is_some_and(|run| !run.history.epochs.is_empty()));
    assert_eq!(window.state().older_design(), None);
    window.state().project.training.learning_rate = 0.004;
    window.until("it is told", |state| state.runs[0].edits.len() == 1);
    assert_eq!(window.state().older_design(), None);
    window.state().project.code.units = 3;
    assert_eq!(window.state().older_design(), Some(crate::run::RunId(1)));
    assert_eq!(window.state().runs[0].design.code.units, 2);
}

#[test]
fn a_design_with_errors_is_not_trained_and_its_problems_are_shown() {
    let mut window = Window::new();
    window.state().project.code.units = 0;
    window.key(Modifiers::NONE, Key::F5);
    assert!(window.state().runs.is_empty());
    assert_eq!(window.state().view.bottom, BottomTab::Problems);
    assert!(window.state().notices.toasts[0].text.contains("Not yet trainable"));
}

#[test]
fn the_train_key_resumes_a_stopped_run_until_the_design_changes() {
    let mut window = Window::new();
    window.state().project.training.epochs = 100_000;
    window.harness.run_ok();
    window.harness.key_press(Key::F5);
    window.until("it trains", |state| state.runs.first().is_some_and(|run| run.history.epochs.len() > 2));
    window.state().project.training.learning_rate = 0.004;
    window.until("it is told", |state| state.runs[0].edits.len() == 1);
    assert!(Command::TrainNew.available(window.state()).is_err());
    window.state().run(Command::Stop);
    window.until("it is stopped", |state| state.runs[0].status == Status::Stopped);
    window.harness.run_ok();
    assert!(window.harness.query_by_label("Resume").is_some());
    let step = window.state().runs[0].checkpoint.as_ref().expect("a checkpoint").progress.step;
    window.harness.key_press(Key::F10);
    window.until("one step on", |state| {
        state.runs[0].status == Status::Paused && state.progress[&crate::run::RunId(1)].step == step + 1
    });
    window.state().run(Command::Stop);
    window.until("it is stopped again", |state| state.runs[0].status == Status::Stopped);
    assert_eq!(window.state().runs.len(), 1);

    window.state().project.code.units = 3;
    window.harness.run_ok();
    assert!(window.harness.query_by_label("Resume").is_none());
    assert!(window.harness.query_by_label("Train").is_some());
    window.state().run(Command::Undo);
    assert!(window.state().resumes().is_some());
    window.state().run(Command::TrainNew);
    assert_eq!(window.state().runs.len(), 2);
}

#[test]
fn a_paused_run_is_evaluated_on_the_test_split() {
    let mut window = Window::new();
    window.state().project.training.epochs = 2;
    window.harness.run_ok();
    window.harness.key_press(Key::F5);
    window.until("there is a run", |state| !state.runs.is_empty());
    let test = window.state().data.dataset.as_ref().map_or(0, |data| {
        assert!(!data.split.rows(crate::dataset::Subset::Test).is_empty());
        data.split.rows(crate::dataset::Subset::Test).len()
    });
    window.until("it is done", |state| state.runs[0].status == Status::Done);
    window.state().run(Command::EvaluateTest);
    let start = format!("Run 1 on the test split ({test} samples): squared error ");
    window.until("it is judged", |state| state.notices.log.iter().any(|line| line.text.starts_with(&start)));
    let line = window.state().notices.log.last().expect("a line").text.clone();
    assert!(line.ends_with(" per feature."), "{line}");
    let found = window.state().runs[0]
        .results
        .newest(crate::run::FindingKind::Losses, crate::dataset::Subset::Test)
        .cloned();
    let found = found.expect("it stays");
    assert_eq!((found.epoch, found.samples), (window.state().runs[0].epochs, test as u64));

    window.state().runs[0].status = Status::Training;
    assert!(Command::EvaluateTest.available(window.state()).expect_err("training").contains("pause"));
    window.state().runs[0].status = Status::Done;
    window.state().runs[0].design.data.split.seed += 1;
    assert!(Command::EvaluateTest.available(window.state()).expect_err("other rows").contains("restore"));
}

#[test]
fn a_run_resumes_only_with_its_own_split() {
    let mut window = Window::new();
    window.state().project.training.epochs = 2;
    window.harness.run_ok();
    window.harness.key_press(Key::F5);
    window.until("it is done", |state| state.runs.first().is_some_and(|run| run.status == Status::Done));
    assert_eq!(Command::TrainMore.available(window.state()), Ok(()));
    window.state().project.data.split.seed += 1;
    window.until("it is split again", |state| state.data.of.as_ref() == Some(&state.project.data));
    let reason = Command::TrainMore.available(window.state()).expect_err("another split");
    assert!(reason.contains("split") && reason.contains("restore its design"), "{reason}");
    // Forcing it changes nothing.
    window.state().resume_run(crate::run::RunId(1), Some(4));
    assert_eq!(window.state().runs[0].status, Status::Done);
    window.state().run(Command::RestoreDesign);
    window.until("it is split as before", |state| state.data.of.as_ref() == Some(&state.project.data));
    assert_eq!(Command::TrainMore.available(window.state()), Ok(()));

    // Equal settings may split the rows differently if the labels have changed.
    let split = window.state().runs[0].split;
    window.state().runs[0].split = Some(0);
    window.state().resume_run(crate::run::RunId(1), Some(4));
    let text = window.state().notices.log.last().expect("a line").text.clone();
    assert!(text.contains("Run 1 cannot be resumed") && text.contains("split differently"), "{text}");
    assert_eq!(window.state().runs[0].status, Status::Done);
    window.state().runs[0].split = split;
    window.state().resume_run(crate::run::RunId(1), Some(4));
    window.until("it is trained further", |state| state.runs[0].history.epochs.len() == 4);

    window.until("it is done again", |state| state.runs[0].status == Status::Done);
    window.state().runs[0].status = Status::Failed("it diverged".to_owned());
    let reason = Command::TrainMore.available(window.state()).expect_err("a failed run");
    assert!(reason.contains("failed"), "{reason}");
}

#[test]
fn the_data_of_a_run_are_one_button_away() {
    let mut window = Window::new();
    window.harness.key_press(Key::F11);
    window.until("it was looked at", |state| {
        state.runs.first().is_some_and(|run| !run.kept.is_empty() && run.status == Status::Paused)
    });
    window.state().run(Command::Stop);
    window.state().project.data.source = Source::Synthetic(crate::project::Synthetic::ALL[1]);
    window.until("other data are there", |state| {
        state.data.dataset.as_ref().is_some_and(|data| data.len() == 200) && state.data.progress.is_none()
    });
    let state = window.state();
    assert!(state.shown().is_some_and(|run| state.data_of(run).is_some()), "its views keep them");
    // As after startup, when only the design's data are loaded.
    window.state().past_data = crate::ui::state::PastData::default();
    window.harness.run_ok();
    window.click("Use the data of this run");
    window.until("its own are there", |state| state.shown().is_some_and(|run| state.data_of(run).is_some()));
    assert_eq!(window.project().data.source, Source::Digits);
    window.harness.run_ok();
    assert!(window.harness.query_by_label("Use the data of this run").is_none());
}

#[test]
fn epochs_without_effect_are_announced() {
    let mut window = Window::new();
    let mut check_schedule = |schedule, done: u32, more: u32, expected: Option<&str>| {
        let mut run = crate::ui::views::samples::run(1, done);
        run.status = Status::Stopped;
        run.design.training.epochs = 100;
        run.design.training.schedule = schedule;
        (window.state().shown_run, window.state().runs) = (Some(run.id), vec![run]);
        window.state().dialog = Some(Dialog::TrainMore { epochs: more });
        window.harness.run_ok();
        let said = window.harness.query_by_label_contains("nothing: the");
        let text = said.as_ref().and_then(|node| node.accesskit_node().value()).unwrap_or_default();
        assert_eq!(said.is_some(), expected.is_some(), "{schedule:?} {done} {more}: {text}");
        assert!(text.starts_with(expected.unwrap_or_default()), "{text}");
    };
    let mut check = |floor, done, more, expected| {
        check_schedule(Schedule::Cosine { floor }, done, more, expected);
    };
    check(0.0, 100, 10, Some("These epochs learn nothing"));
    check(0.0, 60, 50, Some("Epochs after 100 learn nothing"));
    check(0.0, 60, 40, None);
    check(0.1, 100, 10, None);
    check_schedule(Schedule::ALL[3], 100, 10, Some("These epochs learn almost nothing: the cycle"));
}

#[test]
fn the_design_of_the_views_can_be_restored_from_the_replay_bar() {
    let mut window = Window::new();
    window.state().project.training.epochs = 1;
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::F5);
    window.until("it is done", |state| state.runs.first().is_some_and(|run| run.status == Status::Done));
    window.harness.run_ok();
    assert!(window.harness.query_by_label("Views show run 1").is_none());
    window.state().project.code.units = 3;
    window.harness.run_ok();
    let bar = window.harness.get_by_label("Live").rect();
    assert!(bar.right() <= 1024.0 - 290.0, "the bar has room for all of it: {bar}");
    window.click("Views show run 1");
    window.click("Show its design");
    assert_eq!(window.project().code.units, 2);
    assert!(window.harness.query_by_label("Views show run 1").is_none());
}

#[test]
fn a_learning_rate_is_found_and_set_without_affecting_runs() {
    let mut window = Window::new();
    let before = window.project().training.learning_rate;
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    assert!(matches!(window.state().dialog, Some(Dialog::FindRate)));
    window.until("it is found", |state| state.rate_search.found().is_some());
    window.harness.run_ok();
    let found = window.state().rate_search.found().cloned().expect("awaited").expect("digits can be learned");
    let suggested = found.suggested().expect("the loss falls");
    // The points arrived one by one.
    let tried = window.state().rate_search.points().to_vec();
    assert!(tried.len() + 1 >= found.points.len() && tried[..] == found.points[..tried.len()]);
    assert!(window.harness.query_by_label_contains("Loss against learning rate").is_some());
    let text = format!("Use {}", crate::project::format_number(f64::from(suggested)));
    window.click(&text);
    assert_eq!(window.project().training.learning_rate, suggested);
    assert!(window.state().dialog.is_none() && window.state().runs.is_empty());
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.project().training.learning_rate, before);
    // Closing the dialog resets the search.
    window.state().run(Command::FindRate);
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.state().dialog.is_none() && window.state().rate_search.found().is_none());
}
