//! The engine as a whole: gradients against finite differences, optimizers against `PyTorch`,
//! bit-identical runs, exact resume.

mod channels;
mod divergence;
mod health;
mod kinds;
mod layers;
mod masks;
mod memory;
mod order;
mod picture_codes;
mod pretraining;
mod probabilistic;
mod properties;
mod pytorch;
mod residual;
mod resume;
mod trained;

use std::sync::Arc;

use super::kernels::draw::Draw;
use super::kernels::matmul::Cut;
use super::kernels::pass::Moment;
use super::kernels::threads::FORK_FLOPS;
use super::kernels::variable::{Grads, gradients};
use super::*;
use crate::check::{Plan, plan};
use crate::dataset::random::{Purpose, Stream};
use crate::dataset::{Dataset, Gaps, Rows, Scaler, SplitRows, Subset};
use crate::project::{
    Activation, Bottleneck, Code, Corruption, Decoder, EarlyStopping, Layer, Loss, Optimizer, Output,
    Project, Recipe, Schedule, Shape, Training, Variance, learning_rate,
};
use crate::run::{Checkpoint, EpochRecord, Setting, choose_probe, facts};

/// Rows of uniform numbers in [0, 1) with some structure: each feature mixes two latent ones.
pub(super) fn toy_data(rows: usize, features: usize) -> Arc<Dataset> {
    let stream = Stream::new(7, Purpose::Synthetic, 0, 0);
    let value = |index: usize| {
        let (row, feature) = (index / features, index % features);
        let (a, b) = (stream.uniform(2 * row as u64), stream.uniform(2 * row as u64 + 1));
        let mix = (feature as f32 * 0.7).sin().abs();
        mix * a + (1.0 - mix) * b
    };
    let row_numbers: Vec<u32> = (0..rows as u32).collect();
    let (train, rest) = row_numbers.split_at(rows * 3 / 4);
    Arc::new(Dataset {
        name: "toy".to_owned(),
        shape: Shape::Vector(features),
        rows: Rows::F32((0..rows * features).map(value).collect()),
        labels: vec![],
        row_names: vec![],
        source_rows: vec![],
        feature_names: vec![],
        columns: vec![],
        overview: vec![],
        split: SplitRows { train: train.to_vec(), validation: rest.to_vec(), test: vec![] },
        scaler: Scaler::identity(),
        binariser: crate::dataset::Binariser::default(),
        gaps: Gaps::default(),
        settled: crate::dataset::Settled::default(),
        source_sizes: None,
        fingerprint: 0,
        read_report: crate::dataset::ReadReport::default(),
        warnings: vec![],
        doubts: vec![],
        shown_channels: vec![],
    })
}

pub(super) fn toy_plan(data: &Dataset, edit: impl FnOnce(&mut Project)) -> Plan {
    let mut project = Recipe::Undercomplete.project();
    project.encoder = vec![Layer::Dense { units: 9, activation: Activation::Tanh }];
    project.code = Code::plain(3);
    project.training = Training { batch_size: 16, epochs: 4, learning_rate: 1e-2, ..Training::default() };
    edit(&mut project);
    plan(&project, &facts(data)).expect("a valid plan")
}

/// A step in the middle of a run.
fn moment(step: u64) -> Moment {
    Moment { draw: Draw { seed: 1, step }, epochs: 2.0, share: 0.5 }
}

/// Loss of the first rows, and the gradient of every parameter, for one minibatch.
fn loss_and_gradients(network: &mut Network, data: &Dataset, rows: &[u32]) -> (f64, Vec<Vec<f32>>) {
    network.gather(data, rows, None);
    let (_, mut grads) = network.forward_backward(rows.len(), moment(5), Grads::leaky()).expect("small");
    let slopes = network
        .parameters()
        .iter()
        .map(|parameter| gradients(&mut grads, [&parameter.node.borrow()]).expect("small")[0].to_vec())
        .collect();
    (network.losses().total() / rows.len() as f64, slopes)
}

/// Checks every gradient of a network against the central difference of its loss.
fn check_gradients(name: &str, edit: impl FnOnce(&mut Project)) {
    check_gradients_on(&toy_data(40, 12), name, 3.0, edit);
}

/// [`check_gradients`] on these data, with weights `spread` times as large as initial ones.
fn check_gradients_on(data: &Arc<Dataset>, name: &str, spread: f32, edit: impl FnOnce(&mut Project)) {
    let plan = toy_plan(data, edit);
    let mut network = Network::new(&plan, 2).expect("small");
    // Larger weights, so that gradients are large compared with the rounding of the loss.
    for parameter in network.parameters() {
        parameter.node.borrow_mut().values_mut().iter_mut().for_each(|value| *value *= spread);
    }
    let rows: Vec<u32> = (0..13).collect();
    let (_, slopes) = loss_and_gradients(&mut network, data, &rows);
    let h = 2e-2_f32;
    for (index, slope) in slopes.iter().enumerate() {
        let scale = slope.iter().fold(2e-2_f32, |max, g| max.max(g.abs()));
        for position in (0..slope.len()).step_by(5) {
            let mut loss_at = |shift: f32| {
                let node = std::rc::Rc::clone(&network.parameters()[index].node);
                let old = node.borrow().values()[position];
                node.borrow_mut().values_mut()[position] = old + shift;
                let loss = network.training_loss(rows.len(), moment(5));
                node.borrow_mut().values_mut()[position] = old;
                loss
            };
            // Richardson's extrapolation: a fourth-order error in h.
            let central =
                |loss_at: &mut dyn FnMut(f32) -> f64, h: f32| (loss_at(h) - loss_at(-h)) / f64::from(2.0 * h);
            let wide = central(&mut loss_at, h);
            let narrow = central(&mut loss_at, h / 2.0);
            let numeric = ((4.0 * narrow - wide) / 3.0) as f32;
            let ours = slope[position];
            assert!(
                (ours - numeric).abs() < 3e-3 * scale,
                "{name}: {}[{position}] {ours}, not {numeric} (scale {scale})",
                network.parameters()[index].name
            );
        }
    }
}

#[test]
fn gradients_equal_finite_differences_for_every_activation() {
    for activation in Activation::ALL {
        // Kinks spoil differences only near 0; the toy data mostly avoid them.
        if matches!(activation, Activation::Relu | Activation::LeakyRelu) {
            continue;
        }
        check_gradients(activation.name(), |project| {
            project.encoder = vec![Layer::Dense { units: 9, activation }];
            project.output.activation = Activation::Sigmoid;
        });
    }
}

#[test]
fn gradients_equal_finite_differences_for_losses_ties_and_dropout() {
    check_gradients("cross-entropy", |project| project.loss = Loss::BinaryCrossEntropy);
    check_gradients("linear output", |project| project.output = Output { activation: Activation::Linear });
    check_gradients("tied", |project| project.decoder = Decoder::Mirrored { tied: true });
    check_gradients("tied, cross-entropy", |project| {
        project.decoder = Decoder::Mirrored { tied: true };
        project.loss = Loss::BinaryCrossEntropy;
    });
    // The mask is a function of (seed, step, layer, feature): every evaluation of one step has the
    // same.
    check_gradients("dropout", |project| {
        project.encoder.push(Layer::Dropout { rate: 0.3 });
        project.encoder.push(Layer::Dense { units: 7, activation: Activation::Silu });
    });
    check_gradients("dropout on the input", |project| {
        project.encoder.insert(0, Layer::Dropout { rate: 0.3 });
    });
    check_gradients("free decoder", |project| {
        project.decoder = Decoder::Free(vec![
            Layer::Dense { units: 5, activation: Activation::Gelu },
            Layer::Dropout { rate: 0.2 },
            Layer::Dense { units: 12, activation: Activation::Softplus },
        ]);
    });
}

#[test]
fn rectifiers_have_the_gradient_of_their_active_side() {
    // A positive and a negative pre-activation by construction: x = 1, one hidden unit of each
    // sign, no bias.
    for (activation, negative_slope) in [(Activation::Relu, 0.0), (Activation::LeakyRelu, 0.01)] {
        for (weight, slope) in [(0.7_f32, 1.0), (-0.7, negative_slope)] {
            let data = Dataset { rows: Rows::F32(vec![1.0; 8]), ..(*toy_data(8, 1)).clone() };
            let plan = toy_plan(&data, |project| {
                project.encoder = vec![Layer::Dense { units: 1, activation }];
                project.code.units = 1;
                project.corruption = Corruption::None;
                project.output.activation = Activation::Linear;
            });
            let mut network = Network::new(&plan, 1).expect("small");
            let values = [weight, 0.0, 2.0, 0.5];
            for (parameter, value) in network.parameters().iter().zip(values) {
                parameter.node.borrow_mut().values_mut()[0] = value;
            }
            let (_, slopes) = loss_and_gradients(&mut network, &data, &[0, 1, 2]);
            let hidden = if weight > 0.0 { weight } else { weight * negative_slope };
            let residual = 2.0 * (2.0 * hidden + 0.5 - 1.0);
            assert!((slopes[0][0] - residual * 2.0 * slope).abs() < 1e-5, "{activation:?} {weight}");
            assert!((slopes[2][0] - residual * hidden).abs() < 1e-5, "{activation:?} {weight}");
        }
    }
}

fn losses(plan: &Plan, data: &Arc<Dataset>, threads: usize) -> Vec<EpochRecord> {
    let mut trainer = Trainer::new(plan, Arc::clone(data), threads).expect("small");
    let mut records = Vec::new();
    while !trainer.is_done() {
        records.extend(trainer.step().expect("valid").epoch);
    }
    without_time(records)
}

fn without_time(mut records: Vec<EpochRecord>) -> Vec<EpochRecord> {
    records.iter_mut().for_each(|record| record.seconds = 0.0);
    records
}

#[test]
fn the_same_seed_gives_bit_identical_losses_on_any_number_of_threads() {
    // Large enough that every kernel forks: several shards, and more work than one thread would do
    // alone.
    assert!(Cut::new(256, 512, 784).shards() > 1 && Cut::new(512, 784, 256).shards() > 1);
    const { assert!(16 * 256 * 512 > FORK_FLOPS && 2 * 256 * 512 * 784 > FORK_FLOPS) };
    let data = toy_data(400, 784);
    let plan = toy_plan(&data, |project| {
        project.encoder = vec![
            Layer::Dense { units: 512, activation: Activation::Gelu },
            Layer::Dropout { rate: 0.2 },
            Layer::Dense { units: 100, activation: Activation::Relu },
        ];
        project.corruption = Corruption::Gaussian { std: 0.2 };
        project.training.batch_size = 256;
        project.training.epochs = 2;
        project.training.gradient_clip = Some(0.5);
    });
    let one = losses(&plan, &data, 1);
    assert_eq!(one.len(), 2);
    for threads in [2, 3] {
        assert_eq!(losses(&plan, &data, threads), one, "{threads} threads");
    }
    let other_seed = toy_plan(&data, |project| {
        *project = plan.design().clone();
        project.training.seed = 2;
    });
    assert_ne!(losses(&other_seed, &data, 1), one);
}

#[test]
fn a_run_goes_on_exactly_where_it_stopped() {
    let data = toy_data(100, 12);
    let [.., one_cycle] = Schedule::ALL;
    let schedules = [Schedule::Cosine { floor: 0.1 }, one_cycle].into_iter().cycle();
    for (optimizer, schedule) in Optimizer::ALL.into_iter().zip(schedules) {
        let plan = toy_plan(&data, |project| {
            project.training.optimizer = optimizer;
            project.training.schedule = schedule;
            project.training.learning_rate = 1e-3;
            project.training.early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.0 });
            project.encoder.push(Layer::Dropout { rate: 0.2 });
            project.corruption = Corruption::Masking { probability: 0.2 };
        });
        let whole = losses(&plan, &data, 1);
        let mut first = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        let mut records = Vec::new();
        for _ in 0..8 {
            records.extend(first.step().expect("valid").epoch);
        }
        let checkpoint = first.snapshot();
        assert!(checkpoint.progress.step_in_epoch > 0, "the test stops within an epoch");
        let mut second = Trainer::new(&plan, Arc::clone(&data), 2).expect("small");
        second.restore(&checkpoint, first.epochs()).expect("the same network");
        while !second.is_done() {
            records.extend(second.step().expect("valid").epoch);
        }
        assert_eq!(without_time(records), whole, "{optimizer:?}");
    }
}

#[test]
fn more_epochs_continue_from_the_last() {
    let data = toy_data(64, 12);
    let long = losses(&toy_plan(&data, |project| project.training.epochs = 6), &data, 1);
    let plan = toy_plan(&data, |project| project.training.epochs = 4);
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let mut records = Vec::new();
    while !trainer.is_done() {
        records.extend(trainer.step().expect("valid").epoch);
    }
    let edit = trainer.apply(Setting::Epochs(6));
    assert_eq!(edit.step, trainer.steps());
    while !trainer.is_done() {
        records.extend(trainer.step().expect("valid").epoch);
    }
    assert_eq!(without_time(records), long);
}

#[test]
fn early_stopping_keeps_the_best_weights() {
    let data = toy_data(64, 12);
    let plan = toy_plan(&data, |project| {
        // A rate that overshoots: validation gets worse at some point.
        project.training.learning_rate = 0.5;
        project.training.epochs = 200;
        project.training.early_stopping = Some(EarlyStopping { patience: 4, min_delta: 0.0 });
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    let mut records = Vec::new();
    while !trainer.is_done() {
        records.extend(trainer.step().expect("valid").epoch);
    }
    assert!(records.len() < 200, "it never stopped");
    let best = records.iter().min_by(|a, b| a.judged().total().total_cmp(&b.judged().total())).expect("some");
    assert_eq!(records.len() as u32 - best.epoch, 4, "patience");
    let checkpoint = trainer.snapshot();
    assert_eq!(checkpoint.best.as_ref().map(|best| best.epoch), Some(best.epoch));
    let mut network = Network::trained(&plan, checkpoint.inference_weights(), 1).expect("small");
    let evaluation = network.evaluate(&data, data.split.rows(Subset::Validation), None).expect("small");
    assert_eq!(Some(&evaluation.losses), best.validation.as_ref());
}

#[test]
fn early_stopping_waits_until_the_divergence_has_its_whole_weight() {
    let data = toy_data(100, 12);
    let plan = toy_plan(&data, |project| {
        let kind = Bottleneck::Variational { beta: 5.0, warmup_epochs: 8, free_nats: 0.0 };
        project.code = Code { kind, ..Code::plain(3) };
        project.training.epochs = 30;
        project.training.early_stopping = Some(EarlyStopping { patience: 2, min_delta: 0.0 });
    });
    let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("valid");
        let best = trainer.snapshot().best.map(|best| best.epoch);
        assert!(best.is_none_or(|best| best >= 8), "{best:?}");
    }
    // The loss rises with the weight of the divergence: it was lowest in the first epochs.
    assert!(trainer.epoch() > 8);
}

#[test]
fn encode_then_decode_is_reconstruct() {
    let data = toy_data(600, 12);
    for loss in Loss::ALL {
        let plan = toy_plan(&data, |project| project.loss = loss);
        let mut network = Network::new(&plan, 2).expect("small");
        let rows: Vec<u32> = (0..600).collect();
        let mut values = vec![0.0; 600 * 12];
        data.gather(&rows, &mut values);
        let codes = network.encode(&values);
        assert_eq!(codes.len(), 600 * 3);
        let reconstructions = network.reconstruct(&values);
        assert_eq!(network.decode(&codes), reconstructions);
        // Means over the samples, computed here from the definition.
        let squared: f64 =
            reconstructions.iter().zip(&values).map(|(y, x)| f64::from(y - x).powi(2)).sum::<f64>();
        let evaluation = network.evaluate(&data, &rows, None).expect("small");
        assert!((evaluation.mse - squared / 7200.0).abs() < 1e-6, "{evaluation:?}");
        let expected = match loss {
            Loss::SquaredError => squared / 600.0,
            Loss::BinaryCrossEntropy => {
                let terms = reconstructions.iter().zip(&values).map(|(&y, &x)| {
                    let (y, x) = (f64::from(y), f64::from(x));
                    -x * y.ln() - (1.0 - x) * (1.0 - y).ln()
                });
                terms.sum::<f64>() / 600.0
            }
            Loss::AbsoluteError => {
                let errors = reconstructions.iter().zip(&values).map(|(y, x)| f64::from((y - x).abs()));
                errors.sum::<f64>() / 600.0
            }
            Loss::Huber { delta } => {
                let delta = f64::from(delta);
                let errors = reconstructions.iter().zip(&values).map(|(y, x)| f64::from((y - x).abs()));
                let huber = |e: f64| if e <= delta { e * e / 2.0 } else { delta * (e - delta / 2.0) };
                errors.map(huber).sum::<f64>() / 600.0
            }
            // A learned log σ² starts at 0.
            Loss::Gaussian { variance } => {
                let std = if let Variance::Fixed { std } = variance { f64::from(std) } else { 1.0 };
                let constant = 6.0 * (std::f64::consts::TAU * std * std).ln();
                squared / 600.0 / (2.0 * std * std) + constant
            }
        };
        assert!((evaluation.losses.total() - expected).abs() < 1e-4 * expected.abs(), "{loss:?}");
    }
}
