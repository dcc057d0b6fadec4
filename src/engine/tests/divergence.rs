//! A run that diverges stops, says so, and keeps the weights of its last sound epoch.

use super::*;

/// A linear network that plain gradient descent trains with small rates and ruins with large ones.
fn fragile(data: &Arc<Dataset>, edit: impl FnOnce(&mut Project)) -> Trainer {
    let plan = toy_plan(data, |project| {
        project.training.optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };
        project.output.activation = Activation::Linear;
        project.encoder = vec![Layer::Dense { units: 9, activation: Activation::Linear }];
        edit(project);
    });
    Trainer::new(&plan, Arc::clone(data), 1).expect("small")
}

#[test]
fn a_run_that_diverges_keeps_the_weights_of_its_last_sound_epoch() {
    let data = toy_data(64, 12);
    // Too large a rate from the start, from the beginning of an epoch, and from its middle.
    for steps in [0, 6, 7] {
        let mut trainer = fragile(&data, |_| {});
        let mut sound = trainer.network().weights();
        for _ in 0..steps {
            if trainer.step().expect("sound").epoch.is_some() {
                sound = trainer.network().weights();
            }
        }
        let epoch = trainer.epoch();
        trainer.apply(Setting::LearningRate(1e30));
        let error = (0..9).find_map(|_| trainer.step().err()).expect("it diverges");
        assert!(matches!(&error, EngineError::Diverged { epoch: told, .. } if *told == epoch + 1), "{error}");
        assert!(error.to_string().contains("learning rate"), "{error}");
        let checkpoint = trainer.snapshot();
        assert!(sound.is_finite() && checkpoint.weights == sound, "after {steps} steps");
        assert_eq!((checkpoint.epoch, checkpoint.step_in_epoch, checkpoint.epoch_samples), (epoch, 0, 0));
        assert_eq!(checkpoint.step, u64::from(epoch * trainer.steps_per_epoch()));
    }
}

#[test]
fn weights_that_an_epochs_last_update_spoilt_are_seen_without_validation() {
    let data = Arc::new(Dataset {
        split: SplitRows { train: (0..64).collect(), ..SplitRows::default() },
        ..(*toy_data(64, 12)).clone()
    });
    // One epoch of one step: no loss is computed after the update.
    let mut trainer = fragile(&data, |project| {
        (project.training.batch_size, project.training.epochs) = (64, 1);
    });
    let sound = trainer.network().weights();
    trainer.apply(Setting::LearningRate(f32::INFINITY));
    let error = trainer.step().expect_err("infinite weights");
    assert!(error.to_string().starts_with("a weight became "), "{error}");
    assert_eq!(trainer.snapshot().weights, sound);
}

#[test]
fn no_snapshot_holds_weights_that_are_not_finite() {
    let data = toy_data(64, 12);
    let mut trainer = fragile(&data, |_| {});
    let sound = trainer.network().weights();
    trainer.apply(Setting::LearningRate(f32::INFINITY));
    trainer.step().expect("the loss was computed before the update");
    assert!(!trainer.network().weights().is_finite(), "the update overflowed");
    assert_eq!(trainer.snapshot().weights, sound);
    assert!(matches!(trainer.step(), Err(EngineError::Diverged { .. })));
}
