//! Resuming from a checkpoint: early stopping continues to count, and edits persist.

use super::*;
use crate::io::{Files, open_project, save_project};
use crate::run::{Run, RunEvent, RunId};

/// Early stopping without any improvement after the first epoch, so that patience always runs out.
pub(super) fn impatient(project: &mut Project) {
    project.training.early_stopping = Some(EarlyStopping { patience: 4, min_delta: 1e6 });
    project.training.epochs = 8;
    project.encoder.push(Layer::Dropout { rate: 0.2 });
    project.corruption = Corruption::Masking { probability: 0.2 };
}

fn untimed(trainer: &Trainer) -> Checkpoint {
    let mut checkpoint = trainer.snapshot();
    checkpoint.progress.seconds = 0.0;
    checkpoint
}

/// Steps until the run is done or has taken `until` steps; settings change before the given steps.
fn train(trainer: &mut Trainer, edits: &[(u64, Setting)], until: u64) {
    while !trainer.is_done() && trainer.steps() < until {
        let now = trainer.steps();
        for (_, setting) in edits.iter().filter(|(step, _)| *step == now) {
            trainer.apply(setting.clone());
        }
        trainer.step().expect("valid");
    }
}

#[test]
fn wherever_a_run_is_interrupted_it_ends_in_the_same_state_bit_by_bit() {
    let data = toy_data(100, 12);
    let plan = toy_plan(&data, impatient);
    let edits = [(7, Setting::LearningRate(3e-3)), (17, Setting::Epochs(12))];
    let mut whole = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    train(&mut whole, &edits, u64::MAX);
    let end = untimed(&whole);
    // The edit in the fourth epoch reset the patience: three epochs and four more.
    assert_eq!((end.progress.epoch, end.progress.stale_epochs, whole.epochs()), (7, 4, 12));
    assert_eq!(end.best.as_ref().map(|best| best.epoch), Some(1));
    let mut stale = Vec::new();
    for step in 0..end.progress.step {
        let mut first = Trainer::new(&plan, Arc::clone(&data), 2).expect("small");
        train(&mut first, &edits, step);
        let checkpoint = first.snapshot();
        stale.push(checkpoint.progress.stale_epochs);
        let mut second = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        second.restore(&checkpoint, first.epochs()).expect("the same network");
        assert_eq!(second.snapshot(), checkpoint);
        train(&mut second, &edits, u64::MAX);
        assert_eq!(untimed(&second), end, "interrupted before step {step}");
    }
    assert!((0..4).all(|wanted| stale.contains(&wanted)), "{stale:?}");
}

#[test]
fn a_run_that_early_stopping_ended_stays_done_until_more_epochs_are_requested() {
    let data = toy_data(100, 12);
    let plan = toy_plan(&data, impatient);
    let mut first = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    train(&mut first, &[], u64::MAX);
    assert_eq!((first.epoch(), first.epochs()), (5, 8));
    let mut second = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    second.restore(&first.snapshot(), 8).expect("the same network");
    assert!(second.is_done());
    // Even the former number asks for epochs that were not trained.
    second.apply(Setting::Epochs(8));
    assert!(!second.is_done());
    train(&mut second, &[], u64::MAX);
    assert_eq!(second.epoch(), 8);
}

#[test]
fn an_earlier_end_leaves_patience_as_it_is() {
    let data = toy_data(100, 12);
    let plan = toy_plan(&data, impatient);
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    train(&mut trainer, &[(15, Setting::Epochs(7))], u64::MAX);
    assert_eq!((trainer.epoch(), trainer.epochs()), (5, 7));
}

/// Selects one array of a checkpoint's weights, best weights or moments, to damage it.
type Damage = fn(&mut Checkpoint) -> &mut crate::run::Weights;

#[test]
fn what_belongs_to_another_network_is_refused_and_changes_nothing() {
    let data = toy_data(64, 12);
    let plan = toy_plan(&data, impatient);
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    train(&mut trainer, &[], 4);
    let good = trainer.snapshot();
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let fresh = trainer.snapshot();
    let mut check = |what: &str, words: &str, damage: &dyn Fn(&mut Checkpoint)| {
        let mut bad = good.clone();
        damage(&mut bad);
        let message = trainer.restore(&bad, 99).expect_err(what).to_string();
        assert!(message.contains(words), "{what}: {message}");
        assert!(trainer.snapshot() == fresh && trainer.epochs() == 8, "{what}: something was changed");
    };
    let parts: [(&str, &str, Damage); 4] = [
        ("weights", "", |checkpoint| Arc::make_mut(&mut checkpoint.weights)),
        ("best weights", "", |checkpoint| {
            Arc::make_mut(&mut checkpoint.best.as_mut().expect("an epoch is over").weights)
        }),
        ("first moments", "exp_avg.", |checkpoint| &mut checkpoint.moments),
        ("second moments", "exp_avg_sq.", |checkpoint| &mut checkpoint.moments),
    ];
    for (what, prefix, part) in parts {
        let name = format!("{prefix}code.weight");
        check(what, "code.weight is missing", &|bad| {
            part(bad).0.remove(&name).expect("there is a code");
        });
        check(what, "code.weight has shape [12, 3]", &|bad| {
            part(bad).0.get_mut(&name).expect("there is a code").shape = vec![12, 3];
        });
        check(what, "code.weight has shape", &|bad| {
            part(bad).0.get_mut(&name).expect("there is a code").values.push(0.0);
        });
        check(what, "arrays", &|bad| {
            part(bad).0.insert(format!("{prefix}more"), crate::run::Array::default());
        });
    }
    check("infinite weights", "finite", &|bad| {
        let weights = Arc::make_mut(&mut bad.weights);
        weights.0.get_mut("code.weight").expect("there is a code").values[0] = f32::INFINITY;
    });
    check("state of another rule", "arrays", &|bad| {
        bad.moments.0.insert("momentum_buffer.code.weight".to_owned(), crate::run::Array::default());
    });
    check("another size of minibatch", "step", &|bad| bad.progress.step += 1);
    check("a step outside the epoch", "step", &|bad| bad.progress.step_in_epoch = 3);
    trainer.restore(&good, 99).expect("its own");
    assert_eq!((trainer.snapshot(), trainer.epochs()), (good, 99));
}

#[test]
fn more_epochs_leave_a_cosine_as_it_was_designed() {
    let data = toy_data(64, 12);
    let plan = toy_plan(&data, |project| project.training.schedule = Schedule::Cosine { floor: 0.1 });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    train(&mut trainer, &[], 6);
    let next = trainer.learning_rate();
    trainer.apply(Setting::Epochs(9));
    assert_eq!(trainer.learning_rate(), next, "the span is the design's");
    train(&mut trainer, &[], 12);
    assert_eq!(trainer.epoch(), 4);
    let mut rates = Vec::new();
    while !trainer.is_done() {
        rates.push(trainer.step().expect("valid").learning_rate);
    }
    assert!(rates.len() == 15 && rates.iter().all(|rate| (rate - 1e-3).abs() < 1e-9), "{rates:?}");
}

#[test]
fn a_run_that_ends_within_a_validation_validates_when_it_is_resumed() {
    let data = toy_data(100, 12);
    let plan = toy_plan(&data, |_| {});
    let new = || Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let mut whole = new();
    let mut records = Vec::new();
    while !whole.is_done() {
        records.extend(whole.step().expect("valid").epoch);
    }
    let per_epoch = u64::from(whole.steps_per_epoch());

    let mut first = new();
    train(&mut first, &[], 2 * per_epoch - 1);
    let report = first.step_while(&|| false).expect("valid");
    assert_eq!((report.epoch, report.samples > 0), (None, true));
    // The epoch is not over, and its validation can be postponed again.
    assert_eq!((first.epoch(), first.steps(), first.step_in_epoch()), (1, 2 * per_epoch, per_epoch as u32));
    assert_eq!(first.step_while(&|| false).expect("valid").samples, 0);

    // A file preserves it.
    let mut run = Run::new(RunId(1), &plan, &data);
    run.apply(&RunEvent::Terms(first.terms().clone()));
    run.apply(&RunEvent::Epochs(records[..1].to_vec()));
    run.apply(&RunEvent::Checkpoint(Arc::new(first.snapshot())));
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.hourglass");
    save_project(&Files::default(), &path, &run.design, &[&run]).expect("saved");
    let opened = open_project(&path).expect("opens");
    assert_eq!(opened.warnings, Vec::<String>::new());
    let checkpoint = opened.runs[0].checkpoint.clone().expect("kept");

    let mut second = new();
    second.restore(&checkpoint, first.epochs()).expect("the same network");
    let mut resumed = Vec::new();
    while !second.is_done() {
        resumed.extend(second.step().expect("valid").epoch);
    }
    let untimed = |record: &EpochRecord| EpochRecord { seconds: 0.0, ..record.clone() };
    let expected: Vec<EpochRecord> = records[1..].iter().map(untimed).collect();
    assert_eq!(resumed.iter().map(untimed).collect::<Vec<_>>(), expected);
    assert_eq!(self::untimed(&second), self::untimed(&whole));
}
