use super::*;
use crate::dataset::random::{Purpose, Stream};
use crate::engine::kernels::dense::{Dense, DenseParts};
use crate::engine::kernels::loss::{Comparison, ReconstructionLoss, Variance};
use crate::engine::kernels::pass::Mode;
use crate::engine::kernels::reference::{
    backward, check_bits, check_loss_gradients, empty_node, pass, random_node, scaled_node,
};
use crate::engine::kernels::tape::Recorder;
use crate::project::Activation;
/// A head, its samples, a linear decoder with a learned variance, and the bound.
struct Model {
    head: Node,
    z: Node,
    weight: Node,
    bias: Node,
    output: Node,
    target: Node,
    log_variance: Node,
    code: Rc<Reparameterise>,
    decoder: Rc<Dense>,
    likelihood: Rc<ReconstructionLoss>,
    bound: Rc<ImportanceBound>,
}

fn model(rows: usize, samples: usize, units: usize, features: usize) -> Model {
    let (head, z) = (scaled_node(rows, 2 * units, 1, 0.7), empty_node(rows * samples, units));
    let (weight, bias) = (scaled_node(features, units, 3, 0.5), scaled_node(1, features, 4, 0.3));
    let (output, target) = (empty_node(rows * samples, features), random_node(rows, features, 6));
    let log_variance = scaled_node(1, 1, 7, 0.2);
    let code = Reparameterise::new(Rc::clone(&head), Rc::clone(&z)).expect("small");
    let parts = DenseParts {
        x: Rc::clone(&z),
        weight: Rc::clone(&weight),
        bias: Rc::clone(&bias),
        y: Rc::clone(&output),
        activation: Activation::Linear,
        is_tied: false,
        wants_input_gradient: true,
    };
    let decoder = Dense::new(parts).expect("small");
    let nodes = [(); 2].map(|()| empty_node(rows * samples, 1));
    let [losses, weights] = nodes;
    let importance = Importance { losses, weights };
    let comparison = Comparison::Gaussian(Variance::Learned { log_variance: Rc::clone(&log_variance) });
    let likelihood =
        ReconstructionLoss::new(Rc::clone(&output), Rc::clone(&target), comparison, Some(importance.clone()));
    let bound = ImportanceBound::new(&code, importance);
    Model { head, z, weight, bias, output, target, log_variance, code, decoder, likelihood, bound }
}

/// A pass on one thread, with this many samples per row.
fn drawn(rows: usize, samples: usize) -> Pass {
    Pass { samples, ..pass(rows, 1) }
}

fn stream(step: u64) -> Stream {
    Stream::new(9, Purpose::Reparameterisation, step, 0)
}

impl Model {
    fn sample(&self, pass: &Pass, step: u64, recorder: &mut Recorder) {
        self.code.forward(pass, Some(stream(step)), recorder);
        recorder.run(&self.decoder, &pass.of_codes());
        self.likelihood.forward(pass, 0.7, recorder);
    }

    fn forward(&self, pass: &Pass, step: u64, recorder: &mut Recorder) -> f64 {
        self.sample(pass, step, recorder);
        recorder.add(&self.bound, pass, 0.7)
    }

    /// log p(x|z) + log p(z) − log q(z|x) of one row of z, from the densities in `f64`.
    fn log_weight(&self, row: usize, samples: usize) -> f64 {
        let log_normal = |x: f64, mean: f64, variance: f64| {
            -0.5 * ((x - mean).powi(2) / variance + (std::f64::consts::TAU * variance).ln())
        };
        let (units, features) = (self.z.borrow().columns(), self.target.borrow().columns());
        let value = |node: &Node, at: usize| f64::from(node.borrow().values()[at]);
        let z: Vec<f64> = (0..units).map(|unit| value(&self.z, row * units + unit)).collect();
        let data = row / samples;
        let mut log = 0.0;
        for (unit, &z) in z.iter().enumerate() {
            let at = 2 * data * units + unit;
            let (mean, variance) = (value(&self.head, at), value(&self.head, at + units).exp());
            log += log_normal(z, 0.0, 1.0) - log_normal(z, mean, variance);
        }
        for feature in 0..features {
            let linear: f64 =
                z.iter().enumerate().map(|(unit, z)| z * value(&self.weight, feature * units + unit)).sum();
            let output = linear + value(&self.bias, feature);
            log += log_normal(
                value(&self.target, data * features + feature),
                output,
                value(&self.log_variance, 0).exp(),
            );
        }
        log
    }
}

#[test]
fn value_and_weights_follow_the_definition() {
    let (rows, samples) = (3, 4);
    let model = model(4, 5, 2, 6);
    let ours = model.forward(&drawn(rows, samples), 1, &mut Recorder::idle());
    let mut expected = 0.0;
    for row in 0..rows {
        let weights: Vec<f64> =
            (0..samples).map(|k| model.log_weight(row * samples + k, samples).exp()).collect();
        let sum: f64 = weights.iter().sum();
        expected -= (sum / samples as f64).ln();
        for (k, weight) in weights.iter().enumerate() {
            let ours = model.bound.importance.weights.borrow().values()[row * samples + k];
            assert!((f64::from(ours) - weight / sum).abs() < 1e-4, "{row} {k}: {ours} {}", weight / sum);
        }
    }
    assert!((ours - expected).abs() < 1e-4, "{ours} {expected}");
}

#[test]
fn gradients_equal_finite_differences() {
    // Through sampling, a linear decoder and the likelihood, for the head and every parameter.
    // Tolerance: h² = 1e-4 times third derivatives of some units, and rounding.
    for samples in [1, 3] {
        let model = model(3, 3, 2, 4);
        let inputs = [(&model.head, 2), (&model.weight, 4), (&model.bias, 1), (&model.log_variance, 1)];
        check_loss_gradients(&inputs, &[&model.z, &model.output], 2e-3, &mut |recorder| {
            0.7 / 2.0 * model.forward(&drawn(2, samples), 1, recorder)
        });
    }
}

#[test]
fn one_sample_is_the_evidence_bound_with_sampled_divergence() {
    let (rows, units) = (5, 3);
    let model = model(rows, 1, units, 7);
    let bound = model.forward(&pass(rows, 1), 1, &mut Recorder::idle());
    let reconstruction = model.likelihood.forward(&pass(rows, 1), 1.0, &mut Recorder::idle()).loss;
    let (head, z) = (model.head.borrow(), model.z.borrow());
    let mut divergence = 0.0;
    for row in 0..rows {
        for unit in 0..units {
            let value = |at: usize| f64::from(head.values()[2 * row * units + at]);
            let z = f64::from(z.values()[row * units + unit]);
            let deviation = (z - value(unit)) / (0.5 * value(units + unit)).exp();
            divergence += 0.5 * (z * z - deviation * deviation - value(units + unit));
        }
    }
    assert!((bound - reconstruction - divergence).abs() < 1e-4, "{bound} {reconstruction} {divergence}");
    assert_eq!(model.bound.importance.weights.borrow().values(), [1.0; 5]);
}

/// `−log N(x; b, W Wᵀ + σ² I)` for one latent unit, by the Sherman-Morrison formula.
fn exact(model: &Model) -> f64 {
    let value = |node: &Node, at: usize| f64::from(node.borrow().values()[at]);
    let features = model.target.borrow().columns();
    let variance = value(&model.log_variance, 0).exp();
    let (mut ww, mut wr, mut rr) = (0.0, 0.0, 0.0);
    for feature in 0..features {
        let w = value(&model.weight, feature);
        let r = value(&model.target, feature) - value(&model.bias, feature);
        (ww, wr, rr) = (ww + w * w, wr + w * r, rr + r * r);
    }
    let quadratic = (rr - wr * wr / (variance + ww)) / variance;
    let log_det = features as f64 * variance.ln() + (1.0 + ww / variance).ln();
    0.5 * (quadratic + log_det + features as f64 * std::f64::consts::TAU.ln())
}

#[test]
fn the_bound_tightens_with_samples_and_the_estimate_reaches_the_likelihood() {
    let model = model(1, 50, 1, 5);
    let exact = exact(&model);
    let mean_bound = |samples: usize| {
        let repeats = 4000;
        let values: Vec<f64> =
            (0..repeats).map(|step| model.forward(&drawn(1, samples), step, &mut Recorder::idle())).collect();
        let mean = values.iter().sum::<f64>() / repeats as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / repeats as f64;
        (mean, (variance / repeats as f64).sqrt())
    };
    let bounds = [1, 5, 50].map(mean_bound);
    for pair in bounds.windows(2) {
        assert!(pair[0].0 > pair[1].0 + 3.0 * (pair[0].1 + pair[1].1), "{bounds:?}");
    }
    assert!(bounds[2].0 > exact - 3.0 * bounds[2].1, "{bounds:?} {exact}");
    // 5000 samples in blocks of 50.
    let mut estimate = [LogMean::default()];
    for block in 0..100 {
        model.sample(&drawn(1, 50), block, &mut Recorder::idle());
        model.bound.estimate(&drawn(1, 50), &mut estimate);
    }
    let ours = -estimate[0].log_mean();
    assert!((ours - exact).abs() < 0.1, "{ours} {exact} {bounds:?}");
}

#[test]
fn logarithms_of_means_neither_overflow_nor_forget() {
    let mean = |terms: &[f64]| {
        let mut mean = LogMean::default();
        terms.iter().for_each(|&term| mean.add(term));
        mean.log_mean()
    };
    assert!((mean(&[1e4, 1e4 + 2.0_f64.ln()]) - (1e4 + 1.5_f64.ln())).abs() < 1e-9);
    assert!((mean(&[-1e4, f64::NEG_INFINITY, -1e4]) - (-1e4 + (2.0_f64 / 3.0).ln())).abs() < 1e-9);
    assert!((mean(&[f64::NEG_INFINITY, 0.0]) + 2.0_f64.ln()).abs() < 1e-12);
    assert_eq!(mean(&[f64::NEG_INFINITY]), f64::NEG_INFINITY);
    assert!(mean(&[0.0, f64::NAN, 1.0]).is_nan());
}

#[test]
fn weight_zero_leaves_no_gradient() {
    let model = model(2, 2, 2, 3);
    let mut forward = |recorder: &mut Recorder| recorder.add(&model.bound, &drawn(2, 2), 0.0);
    assert_eq!(backward(&[(&model.head, 2)], &[], &mut forward), [vec![0.0; 8]]);
}

#[test]
fn bits_do_not_depend_on_threads() {
    check_bits(|threads| {
        let model = model(200, 10, 100, 8);
        let pass = Pass { samples: 10, ..Pass::new(199, Mode::Use, threads) };
        let mut value = 0.0;
        let inputs = [(&model.head, 199), (&model.weight, 8), (&model.log_variance, 1)];
        let others = [&model.z, &model.output, &model.bias];
        let mut forward = |recorder: &mut Recorder| {
            value = model.forward(&pass, 1, recorder);
            value
        };
        let mut values = backward(&inputs, &others, &mut forward).concat();
        values.push(value as f32);
        values
    });
}
