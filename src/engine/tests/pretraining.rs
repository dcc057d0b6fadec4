//! Layers trained one by one before the network: weights handed over, better results, exact resume.

use super::*;
use crate::analysis::pca::Pca;
use crate::dataset::{Progress, load};
use crate::project::{Data, Greedy, Source, Strategy};
use crate::run::GreedyRecord;

fn layer_wise(by: Greedy, epochs: u32) -> Strategy {
    Strategy::LayerWise { by, epochs, beside_joint: false }
}

/// A deep sigmoid network for the toy rows.
fn deep(data: &Dataset, strategy: Strategy) -> Plan {
    toy_plan(data, |project| {
        let dense = |units| Layer::Dense { units, activation: Activation::Sigmoid };
        project.encoder = vec![dense(9), dense(6)];
        project.code = Code::plain(3);
        project.output.activation = Activation::Sigmoid;
        project.loss = Loss::BinaryCrossEntropy;
        project.training.strategy = strategy;
    })
}

/// Runs all steps of the layer-wise training.
fn pretrain(trainer: &mut Trainer) -> Vec<GreedyRecord> {
    let mut records = Vec::new();
    while trainer.greedy().is_some() {
        records.extend(trainer.step().expect("valid").greedy);
    }
    records
}

fn kinds() -> [Greedy; 3] {
    [Greedy::Machines, Greedy::Autoencoders { masking: 0.0 }, Greedy::Autoencoders { masking: 0.3 }]
}

#[test]
fn every_layer_has_its_epochs_and_then_the_network_its_own() {
    let data = toy_data(100, 12);
    for by in kinds() {
        let plan = deep(&data, layer_wise(by, 3));
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        assert_eq!(trainer.greedy_epochs(), 9);
        assert!(!trainer.is_done());
        let records = pretrain(&mut trainer);
        let places: Vec<(u32, u32)> = records.iter().map(|record| (record.layer, record.epoch)).collect();
        assert_eq!(places, [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3)]);
        assert!(records.iter().all(|record| record.error.is_finite() && record.error > 0.0));
        // A layer's progress shows in its own error.
        assert!(records[2].error < records[0].error, "{by:?}: {records:?}");
        assert_eq!(
            (trainer.epoch(), trainer.steps()),
            (0, 0),
            "none of it counts as an epoch of the network"
        );
        let mut epochs = 0;
        while !trainer.is_done() {
            epochs += u32::from(trainer.step().expect("valid").epoch.is_some());
        }
        assert_eq!(epochs, 4);
    }
}

#[test]
fn the_decoder_is_unrolled_from_the_transposed_weights_of_the_machines() {
    let data = toy_data(100, 12);
    let plan = deep(&data, layer_wise(Greedy::Machines, 2));
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let fresh = trainer.network().weights();
    pretrain(&mut trainer);
    let weights = trainer.network().weights();
    for (encoder, decoder) in [("encoder.0", "output"), ("encoder.1", "decoder.1"), ("code", "decoder.0")] {
        let [w, v] = [encoder, decoder].map(|name| &weights.0[&format!("{name}.weight")]);
        let (rows, columns) = (w.shape[0], w.shape[1]);
        assert_eq!(v.shape, [columns, rows], "{decoder}");
        for row in 0..rows {
            for column in 0..columns {
                let (own, back) = (w.values[row * columns + column], v.values[column * rows + row]);
                assert!(own == back, "{encoder}: {own} {back}");
            }
        }
        for name in [encoder, decoder] {
            assert!(weights.0[&format!("{name}.bias")] != fresh.0[&format!("{name}.bias")], "{name}");
        }
    }
    assert_eq!(trainer.snapshot().pretraining, None);
}

#[test]
fn a_linear_layer_alone_comes_near_principal_components() {
    let data = toy_data(400, 12);
    let plan = toy_plan(&data, |project| {
        project.encoder.clear();
        project.code = Code::plain(1);
        project.output.activation = Activation::Linear;
        project.training.strategy = layer_wise(Greedy::Autoencoders { masking: 0.0 }, 60);
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let last = pretrain(&mut trainer).last().expect("records").error;
    let mut rows = vec![0.0; data.split.train.len() * 12];
    data.gather(&data.split.train, &mut rows);
    let best = Pca::fit(&rows, 12, 1).expect("a direction").mse(&rows);
    assert!(last > 0.99 * best && last < 1.1 * best, "{last}, at best {best}");
    // The network starts with the pretrained weights.
    let start = trainer.evaluate(Subset::Train).expect("small").mse;
    assert!((start - best).abs() < 0.1 * best, "{start} {best}");
}

#[test]
fn machines_give_a_deep_network_a_better_start() {
    let mut digits =
        load(&Data { source: Source::Digits, ..Data::default() }, &Progress::default()).expect("embedded");
    digits.split.train.truncate(600);
    let digits = Arc::new(digits);
    let ends = [layer_wise(Greedy::Machines, 12), Strategy::Joint].map(|strategy| {
        let plan = toy_plan(&digits, |project| {
            let dense = |units| Layer::Dense { units, activation: Activation::Sigmoid };
            project.encoder = vec![dense(48), dense(32), dense(24)];
            project.code = Code::plain(8);
            project.output.activation = Activation::Sigmoid;
            project.loss = Loss::BinaryCrossEntropy;
            project.training = Training { batch_size: 20, epochs: 6, strategy, ..Training::default() };
        });
        let mut trainer = Trainer::new(&plan, Arc::clone(&digits), 2).expect("small");
        let random = trainer.evaluate(Subset::Validation).expect("small").mse;
        pretrain(&mut trainer);
        let start = trainer.evaluate(Subset::Validation).expect("small").mse;
        while !trainer.is_done() {
            trainer.step().expect("valid");
        }
        (random, start, trainer.evaluate(Subset::Validation).expect("small").mse)
    });
    let [(random, pretrained, fine_tuned), (_, _, from_random)] = ends;
    assert!(pretrained < 0.6 * random, "before fine-tuning: {pretrained}, at random {random}");
    // Six epochs per layer, all layers together.
    assert!(
        fine_tuned < 0.8 * from_random,
        "after equal epochs: {fine_tuned}, from random weights {from_random}"
    );
}

fn untimed(mut checkpoint: Checkpoint) -> Checkpoint {
    checkpoint.progress.seconds = 0.0;
    checkpoint
}

#[test]
fn the_training_of_a_layer_resumes_exactly_on_any_number_of_threads() {
    let data = toy_data(100, 12);
    for by in kinds() {
        let plan = deep(&data, layer_wise(by, 3));
        let mut whole = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        // Five steps per epoch: in the middle of the second layer's second epoch.
        let mut checkpoint = None;
        let mut before = Vec::new();
        for step in 0.. {
            if step == 22 {
                checkpoint = Some(whole.snapshot());
            }
            if whole.greedy().is_none() {
                break;
            }
            before.extend(whole.step().expect("valid").greedy.filter(|_| step >= 22));
        }
        let checkpoint = checkpoint.expect("taken");
        let state = checkpoint.pretraining.as_ref().expect("a layer is learning");
        let at = &state.progress;
        assert_eq!((at.layer, at.epoch, at.step_in_epoch), (1, 1, 2));
        let mut resumed = Trainer::new(&plan, Arc::clone(&data), 3).expect("small");
        resumed.restore(&checkpoint, 4).expect("the same network");
        assert!(untimed(resumed.snapshot()) == untimed(checkpoint.clone()));
        let after = pretrain(&mut resumed);
        let bits = |records: &[GreedyRecord]| -> Vec<_> {
            records.iter().map(|record| (record.layer, record.epoch, record.error.to_bits())).collect()
        };
        assert_eq!(bits(&after), bits(&before), "{by:?}");
        assert!(resumed.network().weights() == whole.network().weights(), "{by:?}");
        while !whole.is_done() {
            let (a, b) = (whole.step().expect("valid"), resumed.step().expect("valid"));
            assert_eq!(a.loss.to_bits(), b.loss.to_bits(), "{by:?}");
        }

        // A state from elsewhere is refused, and changes nothing.
        let mut other = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        let mut foreign = checkpoint.clone();
        foreign.pretraining.as_mut().expect("a state").progress.layer = 0;
        let kept = untimed(other.snapshot());
        assert!(matches!(other.restore(&foreign, 4), Err(EngineError::Weights(_))), "{by:?}");
        assert!(untimed(other.snapshot()) == kept, "{by:?}");
        let joint = deep(&data, Strategy::Joint);
        let mut joint = Trainer::new(&joint, Arc::clone(&data), 1).expect("small");
        assert!(matches!(joint.restore(&checkpoint, 4), Err(EngineError::Weights(_))), "{by:?}");
    }
}

#[test]
fn a_layer_that_diverges_ends_the_run_with_the_last_finite_state() {
    let data = toy_data(100, 12);
    let plan = deep(&data, layer_wise(Greedy::Autoencoders { masking: 0.0 }, 3));
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while trainer.greedy().is_some_and(|greedy| greedy.layer == 1) {
        trainer.step().expect("valid");
    }
    let finite = trainer.snapshot();
    for parameter in trainer.network().parameters() {
        parameter.node.borrow_mut().values_mut().fill(f32::NAN);
    }
    assert!(matches!(trainer.step(), Err(EngineError::Diverged { .. })));
    let after = trainer.snapshot();
    assert!(after.weights == finite.weights && after.pretraining == finite.pretraining);
}

#[test]
fn a_layer_whose_last_update_is_not_finite_is_refused() {
    let data = toy_data(100, 12);
    let mut design = deep(&data, layer_wise(Greedy::Autoencoders { masking: 0.0 }, 1)).design().clone();
    // One step per epoch, with a finite error but infinite weights after the update.
    (design.training.learning_rate, design.training.batch_size) = (3e38, 1000);
    let plan = crate::check::plan(&design, &facts(&data)).expect("valid");
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let before = trainer.snapshot();
    assert!(matches!(trainer.step(), Err(EngineError::Diverged { .. })));
    let after = trainer.snapshot();
    assert!(after.weights == before.weights && after.pretraining == before.pretraining);
    assert!(after.pretraining.is_some_and(|state| state.arrays.is_finite()));
}
