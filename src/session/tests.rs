use std::sync::Arc;

use super::*;
use crate::check::plan;
use crate::dataset::{Dataset, Progress, load};
use crate::engine::Trained;
use crate::io::Store;
use crate::project::{Data, EarlyStopping, Project, Recipe, Source};
use crate::run::{
    Checkpoint, Edit, EpochRecord, Normaliser, Run, RunEvent, RunId, Setting, Status, Weights, facts,
};

const ID: RunId = RunId(3);

fn digits() -> Arc<Dataset> {
    Arc::new(load(&Data::default(), &Progress::default()).expect("embedded"))
}

fn request(data: &Arc<Dataset>, edit: impl FnOnce(&mut Project)) -> Box<TrainRequest> {
    let mut design = Recipe::Undercomplete.project();
    design.training.epochs = 3;
    edit(&mut design);
    let plan = plan(&design, &facts(data)).expect("valid");
    let run = Run::new(ID, &plan, data);
    let data = Arc::clone(data);
    Box::new(TrainRequest { run, epochs: None, plan, data, threads: 1, start: Start::Train, store: None })
}

/// Collects the events of the run, up to and including the first for which `is_last` holds.
fn until(session: &Session, mut is_last: impl FnMut(&RunEvent) -> bool) -> Vec<RunEvent> {
    let mut seen = Vec::new();
    while let Some(event) = session.wait() {
        if let Event::Run(id, event) = event {
            assert_eq!(id, ID);
            let done = is_last(&event);
            seen.push(event);
            if done {
                return seen;
            }
        }
    }
    panic!("the session has ended; seen {seen:?}")
}

fn is_status(wanted: &Status) -> impl Fn(&RunEvent) -> bool + use<'_> {
    move |event| matches!(event, RunEvent::Status(status) if status == wanted)
}

fn epochs(events: &[RunEvent]) -> Vec<EpochRecord> {
    let records = events.iter().filter_map(|event| match event {
        RunEvent::Epochs(records) => Some(records.clone()),
        _ => None,
    });
    let mut records: Vec<EpochRecord> = records.flatten().collect();
    records.iter_mut().for_each(|record| record.seconds = 0.0);
    records
}

fn last_checkpoint(events: &[RunEvent]) -> Arc<crate::run::Checkpoint> {
    let find = |event: &RunEvent| match event {
        RunEvent::Checkpoint(checkpoint) => Some(Arc::clone(checkpoint)),
        _ => None,
    };
    events.iter().rev().find_map(find).expect("a checkpoint")
}

fn trained(data: &Arc<Dataset>) -> Vec<EpochRecord> {
    let mut session = Session::start(|| {});
    session.send(Request::Train(request(data, |_| {})));
    epochs(&until(&session, is_status(&Status::Done)))
}

#[test]
fn a_run_reports_every_epoch_once_and_ends() {
    let data = digits();
    let mut session = Session::start(|| {});
    session.send(Request::Train(request(&data, |_| {})));
    let events = until(&session, is_status(&Status::Done));
    let numbers: Vec<u32> = epochs(&events).iter().map(|record| record.epoch).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(matches!(&events[0], RunEvent::Status(Status::Queued)), "{:?}", events[0]);
    let count = |wanted: fn(&RunEvent) -> bool| events.iter().filter(|event| wanted(event)).count();
    assert!(count(|event| matches!(event, RunEvent::Probe(_))) == 1);
    assert!(count(|event| matches!(event, RunEvent::Kept(_, Some(_)))) >= 2, "before and after");
    assert_eq!(last_checkpoint(&events).progress.epoch, 3);
}

#[test]
fn pause_step_epoch_and_resume_change_nothing() {
    let data = digits();
    let whole = trained(&data);
    let mut session = Session::start(|| {});
    let mut stepwise = request(&data, |_| {});
    stepwise.start = Start::StepOnce;
    session.send(Request::Train(stepwise));
    let mut events = until(&session, is_status(&Status::Paused));
    assert_eq!(last_checkpoint(&events).progress.step, 1);
    session.send(Request::Go(ID, Start::StepOnce));
    events.extend(until(&session, is_status(&Status::Paused)));
    assert_eq!(last_checkpoint(&events).progress.step, 2);
    session.send(Request::Go(ID, Start::EpochOnce));
    events.extend(until(&session, is_status(&Status::Paused)));
    let progress = last_checkpoint(&events).progress.clone();
    assert_eq!((progress.epoch, progress.step_in_epoch), (1, 0));
    session.send(Request::Go(ID, Start::Train));
    events.extend(until(&session, is_status(&Status::Done)));
    assert_eq!(epochs(&events), whole);
}

#[test]
fn a_stopped_run_resumes_exactly_from_the_live_store() {
    let data = digits();
    let whole = trained(&data);
    let root = tempfile::tempdir().expect("a folder");
    let store = Store::create(root.path()).expect("writable");
    let design = Recipe::Undercomplete.project();
    store.save_design(&design, None).expect("writable");
    let mut session = Session::start(|| {});
    let mut first = request(&data, |_| {});
    (first.store, first.start) = (Some(store.clone()), Start::StepOnce);
    session.send(Request::Train(first));
    until(&session, is_status(&Status::Paused));
    session.send(Request::Go(ID, Start::EpochOnce));
    until(&session, is_status(&Status::Paused));
    session.send(Request::Go(ID, Start::StepOnce));
    until(&session, is_status(&Status::Paused));
    session.send(Request::Stop(ID));
    until(&session, is_status(&Status::Stopped));

    let opened = store.load().expect("readable");
    let run = opened.runs[0].clone();
    assert_eq!((run.id, &run.status, run.history.epochs.len()), (ID, &Status::Stopped, 1));
    let earlier: Vec<EpochRecord> = run.history.epochs.clone().into();
    let mut second = request(&data, |_| {});
    second.run = run;
    session.send(Request::Train(second));
    let mut records = earlier;
    records.extend(epochs(&until(&session, is_status(&Status::Done))));
    records.iter_mut().for_each(|record| record.seconds = 0.0);
    assert_eq!(records, whole);
}

#[test]
fn edits_are_recorded_with_their_step() {
    let data = digits();
    let mut session = Session::start(|| {});
    let mut stepwise = request(&data, |_| {});
    stepwise.start = Start::StepOnce;
    session.send(Request::Train(stepwise));
    until(&session, is_status(&Status::Paused));
    session.send(Request::Set(ID, Setting::LearningRate(1e-4)));
    let is_edit = |event: &RunEvent| matches!(event, RunEvent::Edited(_));
    let events = until(&session, is_edit);
    let Some(RunEvent::Edited(edit)) = events.last() else { panic!("{events:?}") };
    assert_eq!((edit.step, &edit.setting), (1, &Setting::LearningRate(1e-4)));
    session.send(Request::Go(ID, Start::Train));
    let records = epochs(&until(&session, is_status(&Status::Done)));
    assert_eq!(records[2].learning_rate, 1e-4);
}

#[test]
fn a_failing_run_sends_an_event_and_the_worker_continues() {
    let data = digits();
    let mut session = Session::start(|| {});
    session.send(Request::Train(request(&data, |design| {
        design.training.learning_rate = 1e30;
        design.training.optimizer = crate::project::Optimizer::Sgd { momentum: 0.0, nesterov: false };
        design.output.activation = crate::project::Activation::Linear;
    })));
    let failed = |event: &RunEvent| matches!(event, RunEvent::Status(Status::Failed(_)));
    let events = until(&session, failed);
    assert!(last_checkpoint(&events).weights.is_finite());
    session.send(Request::Train(request(&data, |_| {})));
    until(&session, is_status(&Status::Done));
}

#[test]
fn queued_runs_keep_their_order_and_can_be_cancelled() {
    let data = digits();
    let mut session = Session::start(|| {});
    let mut first = request(&data, |_| {});
    first.start = Start::StepOnce;
    session.send(Request::Train(first));
    until(&session, is_status(&Status::Paused));
    let mut second = request(&data, |_| {});
    second.run.id = RunId(4);
    session.send(Request::Train(second));
    session.send(Request::Stop(RunId(4)));
    let mut statuses = Vec::new();
    while statuses.len() < 2 {
        if let Some(Event::Run(RunId(4), RunEvent::Status(status))) = session.wait() {
            statuses.push(status);
        }
    }
    assert_eq!(statuses, [Status::Queued, Status::Stopped]);
}

#[test]
fn loading_and_computing_answer_with_their_numbers() {
    let mut session = Session::start(|| {});
    session.send(Request::Load { request: 1, data: Box::default(), own: None, before: None });
    let data = loop {
        match session.wait() {
            Some(Event::Loaded { request, data, facts, .. }) => {
                assert_eq!((request, facts.train_rows), (1, data.split.train.len()));
                break data;
            }
            Some(Event::LoadFailed { error, .. }) => panic!("{error}"),
            _ => {}
        }
    };
    let missing = Source::Csv {
        path: "no/such/table.csv".into(),
        header: crate::project::Header::Auto,
        delimiter: crate::project::Delimiter::Auto,
        labels: vec![],
        missing: crate::project::Missing::ColumnMean,
        reading: crate::project::TableReading::default(),
    };
    let data_settings = Data { source: missing, ..Data::default() };
    session.send(Request::Load { request: 2, data: Box::new(data_settings), own: None, before: None });
    loop {
        match session.wait() {
            Some(Event::LoadFailed { request, error, fixed_source }) => {
                assert_eq!((request, fixed_source), (2, None));
                assert!(error.to_string().contains("table.csv"), "{error}");
                break;
            }
            Some(Event::Loaded { .. }) => panic!("there is no such file"),
            _ => {}
        }
    }
    // One baseline per run: none replaces another run's.
    for (id, components) in [(7, 2), (8, 4), (9, 8)] {
        let kind = JobKind::Baseline { data: Arc::clone(&data), components };
        session.send(Request::Compute(Job { id: JobId(id), kind }));
    }
    let mut answers = Vec::new();
    while answers.len() < 3 {
        if let Some(Event::Computed(id, result)) = session.wait() {
            let Ok(JobResult::Baseline(mse)) = result else { panic!("{result:?}") };
            answers.push((id.0, mse));
        }
    }
    assert!(answers.iter().map(|(id, _)| *id).eq([7, 8, 9]), "{answers:?}");
    assert!(answers.is_sorted_by(|(_, few), (_, many)| few > many), "{answers:?}");
    assert!(answers[2].1 > 0.0 && answers[2].1 < 0.05, "{answers:?}");
}

/// The step and the requested weights.
fn weights(session: &mut Session) -> (u64, Option<Arc<Weights>>) {
    session.send(Request::Weights(ID));
    loop {
        if let Event::Weights { run, step, weights, .. } = session.wait().expect("it runs") {
            assert_eq!(run, ID);
            return (step, weights);
        }
    }
}

#[test]
fn codes_are_decoded_with_the_weights_of_a_running_training() {
    let data = digits();
    let mut session = Session::start(|| {});
    assert_eq!(weights(&mut session), (0, None), "nobody trains it yet");
    let mut stepwise = request(&data, |_| {});
    stepwise.start = Start::StepOnce;
    let plan = Arc::new(stepwise.plan.clone());
    session.send(Request::Train(stepwise));
    let checkpoint = last_checkpoint(&until(&session, is_status(&Status::Paused)));
    for _ in 0..2 {
        assert!(weights(&mut session) == (1, Some(Arc::clone(&checkpoint.weights))));
    }
    let trained = Trained::new(Arc::clone(&plan), Arc::clone(&checkpoint.weights), None);
    let codes = vec![0.5; 3 * plan.code_units()];
    let kind = JobKind::Decode { trained: trained.clone(), codes: codes.clone(), purpose: Decoding::Pointer };
    session.send(Request::Compute(Job { id: JobId(7), kind }));
    let decoded = loop {
        if let Some(Event::Computed(JobId(7), result)) = session.wait() {
            break result;
        }
    };
    let expected = trained.network(1).expect("small").decode(&codes);
    assert_eq!(expected.len(), 3 * 64);
    assert!(decoded == Ok(JobResult::Decoded(expected)));
    session.send(Request::Go(ID, Start::Train));
    until(&session, is_status(&Status::Done));
    assert_eq!(weights(&mut session), (0, None), "its checkpoint has them");
}

#[test]
fn a_run_does_not_resume_on_data_with_another_scaling() {
    let data = digits();
    let mut session = Session::start(|| {});
    session.send(Request::Train(request(&data, |_| {})));
    let checkpoint = last_checkpoint(&until(&session, is_status(&Status::Done)));
    // Equal rows, and therefore an equal fingerprint.
    let scaler = crate::dataset::Scaler::uniform(8.0, 0.1);
    let other = Arc::new(Dataset { scaler, ..(*data).clone() });
    let mut again = request(&other, |_| {});
    again.run.checkpoint = Some(checkpoint);
    again.run.normaliser = Some(Normaliser::of(&data));
    session.send(Request::Train(again));
    let seen = until(&session, |event| matches!(event, RunEvent::Status(Status::Failed(_))));
    let Some(RunEvent::Status(Status::Failed(message))) = seen.last() else { panic!("{seen:?}") };
    assert!(message.contains("scaled differently than in the training of run 3"), "{message}");
}

/// Early stopping that never sees an improvement after the first epoch, so that patience always
/// runs out.
fn impatient(design: &mut Project) {
    design.training.early_stopping = Some(EarlyStopping { patience: 4, min_delta: 1e6 });
    design.training.epochs = 8;
}

/// Trains an impatient run with two edits up to the middle of its fifth epoch and pauses it there.
fn edited(session: &mut Session, data: &Arc<Dataset>, store: Option<Store>) {
    let mut request = request(data, impatient);
    (request.store, request.start) = (store, Start::EpochOnce);
    session.send(Request::Train(request));
    until(session, is_status(&Status::Paused));
    for setting in [Setting::LearningRate(5e-4), Setting::Epochs(12)] {
        session.send(Request::Set(ID, setting));
        session.send(Request::Go(ID, Start::EpochOnce));
        until(session, is_status(&Status::Paused));
    }
    session.send(Request::Go(ID, Start::EpochOnce));
    until(session, is_status(&Status::Paused));
    session.send(Request::Go(ID, Start::StepOnce));
    until(session, is_status(&Status::Paused));
}

fn untimed(checkpoint: &Checkpoint) -> Checkpoint {
    let mut checkpoint = checkpoint.clone();
    checkpoint.progress.seconds = 0.0;
    checkpoint
}

#[test]
fn a_run_stopped_during_patience_ends_like_an_uninterrupted_one() {
    let data = digits();
    let mut session = Session::start(|| {});
    edited(&mut session, &data, None);
    session.send(Request::Go(ID, Start::Train));
    let whole = last_checkpoint(&until(&session, is_status(&Status::Done)));
    // More epochs were requested after the second: patience was counted from there.
    assert_eq!((whole.progress.epoch, whole.progress.stale_epochs), (6, 4));

    let root = tempfile::tempdir().expect("a folder");
    let store = Store::create(root.path()).expect("writable");
    store.save_design(&Project::default(), None).expect("writable");
    edited(&mut session, &data, Some(store.clone()));
    session.send(Request::Stop(ID));
    until(&session, is_status(&Status::Stopped));
    let run = store.load().expect("readable").runs.remove(0);
    let checkpoint = run.checkpoint.clone().expect("a checkpoint");
    assert_eq!((checkpoint.progress.stale_epochs, run.epochs, run.edits.len()), (2, 12, 2));
    let mut again = request(&data, impatient);
    again.run = run;
    session.send(Request::Train(again.clone()));
    let seen = until(&session, is_status(&Status::Done));
    assert_eq!(untimed(&last_checkpoint(&seen)), untimed(&whole));
    assert!(!seen.iter().any(|event| matches!(event, RunEvent::Edited(_))), "nothing new was asked for");

    // It is finished and stays so until more epochs are requested than it had.
    again.run.checkpoint = Some(whole.clone());
    session.send(Request::Train(again.clone()));
    assert_eq!(
        last_checkpoint(&until(&session, is_status(&Status::Done))).progress.step,
        whole.progress.step
    );
    again.epochs = Some(12);
    session.send(Request::Train(again));
    let seen = until(&session, is_status(&Status::Done));
    assert_eq!(last_checkpoint(&seen).progress.epoch, 10);
    let edits: Vec<&Edit> = seen
        .iter()
        .filter_map(|event| if let RunEvent::Edited(edit) = event { Some(edit) } else { None })
        .collect();
    assert_eq!(edits, [&Edit { step: whole.progress.step, setting: Setting::Epochs(12) }]);
}

#[test]
fn showing_files_does_not_affect_a_load_and_is_cancelled_separately() {
    let data = digits();
    let run = request(&data, |_| {}).run;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.png");
    image::GrayImage::from_pixel(8, 8, image::Luma([255])).save(&path).expect("a picture");
    let mut session = Session::start(|| {});
    session.send(Request::Load { request: 1, data: Box::default(), own: None, before: None });
    session.send(Request::Show {
        request: 1,
        run: Box::new(run.clone()),
        paths: vec![path],
        mask: None,
        size: None,
    });
    let missing = vec![folder.path().join("b.png")];
    let (mut loaded, mut shown) = (false, None);
    while !loaded || shown.is_none() {
        match session.wait().expect("it runs") {
            Event::Loaded { request: 1, .. } => loaded = true,
            Event::Shown { request: 1, shown: found } => shown = Some(found),
            Event::NotShown { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
    let shown = shown.expect("shown").data;
    let mut seen = vec![0.0; 64];
    shown.gather(&[0], &mut seen);
    assert!(seen.iter().all(|value| (value - 1.0).abs() < 1e-3), "white is white: {seen:?}");
    session.send(Request::Show { request: 2, run: Box::new(run), paths: missing, mask: None, size: None });
    loop {
        match session.wait().expect("it runs") {
            Event::NotShown { request: 2, error } => {
                assert!(error.to_string().contains("b.png"), "{error}");
                return;
            }
            Event::Shown { .. } => panic!("there is no such file"),
            _ => {}
        }
    }
}
