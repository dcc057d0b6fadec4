//! A run that diverges stops, reports it, and keeps the weights of its last finite epoch.

use super::*;

/// A linear network that plain gradient descent trains at small rates and that diverges at large
/// ones.
fn unstable(data: &Arc<Dataset>, edit: impl FnOnce(&mut Project)) -> Trainer {
    let plan = toy_plan(data, |project| {
        project.training.optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };
        project.output.activation = Activation::Linear;
        project.encoder = vec![Layer::Dense { units: 9, activation: Activation::Linear }];
        edit(project);
    });
    Trainer::new(&plan, Arc::clone(data), 1).expect("small")
}

#[test]
fn a_run_that_diverges_keeps_the_weights_of_its_last_finite_epoch() {
    let data = toy_data(64, 12);
    // Too high a rate from the start, from the beginning of an epoch, and from its middle.
    for steps in [0, 6, 7] {
        let mut trainer = unstable(&data, |_| {});
        let mut finite = trainer.network().weights();
        for _ in 0..steps {
            if trainer.step().expect("valid").epoch.is_some() {
                finite = trainer.network().weights();
            }
        }
        let epoch = trainer.epoch();
        trainer.apply(Setting::LearningRate(1e30));
        let error = (0..9).find_map(|_| trainer.step().err()).expect("it diverges");
        assert!(matches!(&error, EngineError::Diverged { epoch: told, .. } if *told == epoch + 1), "{error}");
        assert!(error.to_string().contains("learning rate"), "{error}");
        let checkpoint = trainer.snapshot();
        assert!(finite.is_finite() && *checkpoint.weights == finite, "after {steps} steps");
        let progress = checkpoint.progress;
        assert_eq!((progress.epoch, progress.step_in_epoch, progress.sums.samples), (epoch, 0, 0));
        assert_eq!(progress.step, u64::from(epoch * trainer.steps_per_epoch()));
    }
}

#[test]
fn weights_that_are_not_finite_after_the_last_update_are_found_without_validation() {
    let data = Arc::new(Dataset {
        split: SplitRows { train: (0..64).collect(), ..SplitRows::default() },
        ..(*toy_data(64, 12)).clone()
    });
    // One epoch of one step: no loss is computed after the update.
    let mut trainer = unstable(&data, |project| {
        (project.training.batch_size, project.training.epochs) = (64, 1);
    });
    let finite = trainer.network().weights();
    trainer.apply(Setting::LearningRate(f32::INFINITY));
    let error = trainer.step().expect_err("infinite weights");
    assert!(error.to_string().starts_with("a weight of the encoder layer 1 became "), "{error}");
    assert_eq!(*trainer.snapshot().weights, finite);
}

#[test]
fn no_snapshot_holds_weights_that_are_not_finite() {
    let data = toy_data(64, 12);
    let mut trainer = unstable(&data, |_| {});
    let finite = trainer.network().weights();
    trainer.apply(Setting::LearningRate(f32::INFINITY));
    trainer.step().expect("the loss was computed before the update");
    assert!(!trainer.network().weights().is_finite(), "the update overflowed");
    assert_eq!(*trainer.snapshot().weights, finite);
    assert!(matches!(trainer.step(), Err(EngineError::Diverged { .. })));
}

/// A checkpoint without user settings and times.
fn state(trainer: &Trainer) -> Checkpoint {
    let mut checkpoint = trainer.snapshot();
    (checkpoint.progress.learning_rate, checkpoint.progress.seconds) = (0.0, 0.0);
    checkpoint
}

#[test]
fn a_run_that_diverges_is_at_its_actual_position() {
    let data = toy_data(64, 12);
    let rules = [
        Optimizer::Sgd { momentum: 0.9, nesterov: false },
        Optimizer::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    ];
    for rule in rules {
        // Four steps per epoch.
        let edit = |project: &mut Project| {
            (project.training.optimizer, project.training.batch_size) = (rule, 12);
        };
        let start = || unstable(&data, edit);
        // Resumed in the middle of an epoch: that is the last finite state, as a whole.
        let mut first = start();
        (0..5).for_each(|_| drop(first.step().expect("valid")));
        let there = first.snapshot();
        assert!(
            there.progress.step_in_epoch > 0 && there.progress.sums.samples > 0 && !there.moments.is_empty()
        );
        let mut second = start();
        second.restore(&there, 100).expect("the same network");
        let finite = state(&second);
        second.step().expect("valid");
        second.apply(Setting::LearningRate(f32::INFINITY));
        second.step().expect("the loss was computed before the update");
        assert_eq!(state(&second), finite, "{rule:?}: written while it is not finite");
        assert!(matches!(second.step(), Err(EngineError::Diverged { .. })));
        assert_eq!(state(&second), finite, "{rule:?}: after it was told");
        // At its former rate, it continues like the run that never diverged.
        second.apply(Setting::LearningRate(there.progress.learning_rate));
        for _ in 0..9 {
            first.step().expect("valid");
            second.step().expect("valid");
            assert_eq!(state(&second), state(&first), "{rule:?}");
        }
    }
}

#[test]
fn moments_that_are_not_finite_are_refused() {
    let data = toy_data(64, 12);
    let start = || unstable(&data, |project| project.training.optimizer = Optimizer::default());
    let mut trainer = start();
    trainer.step().expect("valid");
    let mut checkpoint = trainer.snapshot();
    let moments = checkpoint.moments.0.values_mut().next().expect("Adam has some");
    moments.values[0] = f32::NAN;
    let mut other = start();
    let before = other.snapshot();
    let error = other.restore(&checkpoint, 100).expect_err("not a number");
    assert!(error.to_string().contains("optimizer's state are not finite"), "{error}");
    assert_eq!(other.snapshot(), before);
}
