//! Events fed by hand.

use std::sync::Arc;

use super::*;
use crate::run::{EpochRecord, History, KeptEpochs, Run, RunId};
use crate::session::{Event, RunEvent};
use crate::ui::state::State;

fn with_run() -> State {
    let mut state = State::default();
    state.runs.push(Run {
        id: RunId(1),
        design: state.project.clone(),
        shape: crate::project::Shape::Vector(4),
        fingerprint: 0,
        split: None,
        normaliser: None,
        status: Status::Queued,
        epochs: 10,
        edits: Vec::new(),
        parameters: 0,
        seconds: 0.0,
        started_unix_secs: 0,
        history: History::default(),
        pca_mse: None,
        kept: KeptEpochs::default(),
        checkpoint: None,
    });
    state
}

fn record(epoch: u32) -> EpochRecord {
    EpochRecord {
        epoch,
        step: 0,
        train: vec![f64::from(epoch)],
        validation: Vec::new(),
        mse: 0.0,
        learning_rate: 0.1,
        seconds: 1.0,
    }
}

fn feed(state: &mut State, event: RunEvent) {
    state.handle_event(Event::Run(RunId(1), event));
}

#[test]
fn epochs_come_in_order_and_replace_those_trained_again() {
    let mut state = with_run();
    feed(&mut state, RunEvent::Epochs(vec![record(1), record(2), record(3)]));
    feed(&mut state, RunEvent::Epochs(vec![record(2), record(3), record(4)]));
    let epochs: Vec<u32> = state.runs[0].history.epochs.iter().map(|record| record.epoch).collect();
    assert_eq!(epochs, [1, 2, 3, 4]);
    assert!(state.is_modified());
}

#[test]
fn a_failure_is_said_and_kept_in_the_log() {
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
    feed(&mut state, RunEvent::Kept(Arc::new(crate::run::Kept { epoch: 3, ..Default::default() })));
    feed(&mut state, RunEvent::Probe(probe));
    assert_eq!(state.runs[0].kept.len(), 1);
}
