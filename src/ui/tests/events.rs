//! Events sent by hand.

use std::sync::Arc;

use super::*;
use crate::run::{Caption, EpochRecord, History, KeptEpochs, Losses, Results, Run, RunEvent, RunId, Terms};
use crate::session::{self, Event, JobId, JobKind, JobResult};
use crate::ui::state::{Effect, State};

pub(super) fn run(id: u32) -> Run {
    Run {
        id: RunId(id),
        design: crate::project::Project::default(),
        shape: crate::project::Shape::Vector(4),
        fingerprint: 0,
        split: None,
        normaliser: None,
        status: Status::Queued,
        epochs: 10,
        edits: Vec::new(),
        restarts: Vec::new(),
        parameters: 0,
        seconds: 0.0,
        started_unix_secs: 0,
        history: History::default(),
        health: None,
        pca_mse: None,
        caption: Caption::default(),
        results: Results::default(),
        kept: KeptEpochs::default(),
        checkpoint: None,
        diagnosed: crate::run::Diagnosed::default(),
    }
}

fn with_run() -> State {
    let mut state = State::default();
    state.runs.push(run(1));
    state
}

pub(super) fn record(epoch: u32) -> EpochRecord {
    EpochRecord {
        epoch,
        step: 0,
        train: Losses::new(&Terms::default(), &[f64::from(epoch)]).expect("the total"),
        validation: None,
        mse: 0.0,
        learning_rate: 0.1,
        seconds: 1.0,
    }
}

pub(super) fn feed_to(state: &mut State, run: u32, event: RunEvent) {
    state.handle_event(Event::Run(RunId(run), event));
}

fn feed(state: &mut State, event: RunEvent) {
    feed_to(state, 1, event);
}

#[test]
fn epochs_arrive_in_order_and_replace_repeated_ones() {
    let mut state = with_run();
    feed(&mut state, RunEvent::Epochs(vec![record(1), record(2), record(3)]));
    feed(&mut state, RunEvent::Epochs(vec![record(2), record(3), record(4)]));
    let epochs: Vec<u32> = state.runs[0].history.epochs.iter().map(|record| record.epoch).collect();
    assert_eq!(epochs, [1, 2, 3, 4]);
    assert!(state.is_modified());
}

#[test]
fn a_failure_is_reported_and_logged() {
    let mut state = with_run();
    feed(&mut state, RunEvent::Status(Status::Failed("the loss is not a number".to_owned())));
    assert!(state.notices.toasts[0].text.contains("the loss is not a number"));
    assert_eq!(state.notices.log.len(), 1);
    assert!(state.active_run().is_none());
}

#[test]
fn answers_to_older_requests_and_unknown_runs_change_nothing() {
    let mut state = with_run();
    state.refresh(false);
    let old = state.data.request - 1;
    state.handle_event(Event::Loading { request: old, done: 5, total: 10 });
    assert_eq!(state.data.progress, Some((0, 0)));
    state.handle_event(Event::Run(RunId(9), RunEvent::Status(Status::Done)));
    assert_eq!(state.runs[0].status, Status::Queued);
}

#[test]
fn kept_epochs_belong_to_the_probe_they_were_made_with() {
    let mut state = with_run();
    let probe = Arc::new(crate::run::Probe { picture_rows: vec![1], code_rows: vec![2] });
    feed(&mut state, RunEvent::Probe(probe.clone()));
    feed(&mut state, RunEvent::Kept(Arc::new(crate::run::Kept { epoch: 3, ..Default::default() }), None));
    feed(&mut state, RunEvent::Probe(probe));
    assert_eq!(state.runs[0].kept.len(), 1);
}

/// A window with the digits loaded and a run on them without a baseline.
pub(super) fn with_data() -> State {
    let mut state = with_run();
    state.refresh(false);
    let data = crate::dataset::load(&state.project.data, &crate::dataset::Progress::default()).expect("data");
    (state.runs[0].fingerprint, state.runs[0].shape) = (data.fingerprint, data.shape);
    let (request, facts) = (state.data.request, crate::run::facts(&data));
    state.effects.clear();
    state.handle_event(Event::Loaded { request, data: Arc::new(data), facts, source: None });
    state
}

#[test]
fn data_of_a_run_are_loaded_as_in_its_training() {
    let mut state = with_data();
    let mut own_of_load = || {
        state.effects.clear();
        state.load();
        state.project.data.split.seed += 1;
        state.effects.drain(..).find_map(|effect| {
            let Effect::Session(session::Request::Load { own, .. }) = effect else { return None };
            own.map(|run| run.id)
        })
    };
    assert_eq!([own_of_load(), own_of_load()], [Some(RunId(1)), None], "then they are split otherwise");
}

/// The jobs for baselines requested since the last call.
fn baselines(state: &mut State) -> Vec<JobId> {
    let is_baseline = |effect: Effect| {
        let Effect::Session(session::Request::Compute(job)) = effect else { return None };
        matches!(job.kind, JobKind::Baseline { .. }).then_some(job.id)
    };
    std::mem::take(&mut state.effects).into_iter().filter_map(is_baseline).collect()
}

#[test]
fn a_run_without_a_baseline_gets_it_once_its_data_are_loaded() {
    let mut state = with_data();
    let [job] = baselines(&mut state)[..] else { panic!("one job") };
    state.refresh(false);
    assert_eq!(baselines(&mut state), [], "it is on its way");
    let other = Run { id: RunId(2), ..state.runs[0].clone() };
    let mut wider = Run { id: RunId(3), ..state.runs[0].clone() };
    wider.design.code.units = 5;
    let mut elsewhere = Run { id: RunId(4), fingerprint: 1, ..wider.clone() };
    elsewhere.design.code.units = 5;
    state.runs.extend([other, wider, elsewhere]);
    state.handle_event(Event::Computed(job, Ok(JobResult::Baseline(0.25))));
    state.refresh(false);
    state.refresh(false);
    let known = |state: &State| state.runs.iter().map(|run| run.pca_mse).collect::<Vec<_>>();
    assert_eq!(known(&state), [Some(0.25), Some(0.25), None, None], "the same need not be computed twice");
    let [job] = baselines(&mut state)[..] else { panic!("one job") };
    state.handle_event(Event::Computed(job, Err("no memory".to_owned())));
    state.refresh(false);
    assert_eq!(baselines(&mut state), [], "what failed is not tried again, what has no data waits");
    assert!(!state.runs_unsaved);
}

#[test]
fn data_of_a_run_are_restored_or_the_reason_is_shown() {
    let mut state = with_data();
    let missing = |state: &State| format!("{:?}", state.missing_data(&state.runs[0]));
    state.runs[0].fingerprint += 1;
    assert_eq!(missing(&state), "Changed");
    state.load_data_of(RunId(1));
    assert_eq!(missing(&state), "Loading");
    state.data.progress = None;
    state.data.error = Some(crate::dataset::DataError::Cancelled);
    assert!(missing(&state).starts_with("Failed"));

    let own = state.project.data.clone();
    state.runs[0].design.data.split.seed = 9;
    state.data.error = None;
    assert_eq!(missing(&state), "Other");
    state.load_data_of(RunId(1));
    assert_eq!(state.project.data.split.seed, 9);
    assert_eq!(missing(&state), "Loading");
    state.run(Command::Undo);
    assert_eq!(state.project.data, own);
}

#[test]
fn notifications_never_cover_the_replay_bar() {
    let mut window = Window::new();
    for number in 1..=3 {
        let text = format!("{number}: {}", "the disk is full, so nothing was saved ".repeat(4));
        window.state().notices.say(crate::check::Severity::Error, text);
        // The first notification has no size before it is drawn once; later ones move the earlier
        // ones up within a frame.
        window.harness.run_steps(if number == 1 { 2 } else { 1 });
        let bar = window.harness.get_by_label("play replay").rect().top();
        let ends: Vec<f32> =
            window.harness.query_all_by_label("Dismiss").map(|node| node.rect().bottom()).collect();
        assert_eq!(ends.len(), number);
        assert!(ends.iter().all(|end| *end < bar), "{ends:?} over {bar}");
    }
}
