use super::*;
use crate::engine::kernels::dense::{Dense, DenseParts};
use crate::engine::kernels::pass::Mode;
use crate::engine::kernels::reference::{
    backward, check_bits, check_loss_gradients, empty_node, node, pass, project, random_node, scaled_node,
};

fn learned(log_variance: f32) -> (Comparison, Node) {
    let node = node(1, 1, &[log_variance]);
    (Comparison::Gaussian(Variance::Learned { log_variance: Rc::clone(&node) }), node)
}

fn comparisons() -> [Comparison; 6] {
    let fixed = Comparison::Gaussian(Variance::Fixed { std: 0.7 });
    let (absolute, huber) = (Comparison::AbsoluteError, Comparison::Huber { delta: 0.6 });
    [Comparison::SquaredError, Comparison::BinaryCrossEntropy, absolute, huber, fixed, learned(-0.5).0]
}

/// Loss of one row by the definition, in `f64`.
fn reference(comparison: &Comparison, output: &[f32], target: &[f32]) -> f64 {
    let pairs = output.iter().zip(target).map(|(&y, &x)| (f64::from(y), f64::from(x)));
    let gaussian = |variance: f64| {
        let density = |y: f64, x: f64| {
            (-(x - y).powi(2) / (2.0 * variance)).exp() / (std::f64::consts::TAU * variance).sqrt()
        };
        pairs.clone().map(|(y, x)| -density(y, x).ln()).sum::<f64>()
    };
    match comparison {
        Comparison::SquaredError => pairs.map(|(y, x)| (x - y).powi(2)).sum(),
        Comparison::AbsoluteError => pairs.map(|(y, x)| (x - y).abs()).sum(),
        Comparison::Huber { delta } => {
            let delta = f64::from(*delta);
            let huber = |error: f64| {
                if error <= delta { 0.5 * error * error } else { delta * (error - 0.5 * delta) }
            };
            pairs.map(|(y, x)| huber((x - y).abs())).sum()
        }
        Comparison::BinaryCrossEntropy => {
            let p = |y: f64| 1.0 / (1.0 + (-y).exp());
            pairs.map(|(y, x)| -x * p(y).ln() - (1.0 - x) * (1.0 - p(y)).ln()).sum()
        }
        Comparison::Gaussian(Variance::Fixed { std }) => gaussian(f64::from(*std).powi(2)),
        Comparison::Gaussian(Variance::Learned { log_variance }) => {
            gaussian(f64::from(log_variance.borrow().values()[0]).exp())
        }
    }
}

#[test]
fn values_follow_the_definitions() {
    let (rows, samples, features) = (5, 3, 19);
    for comparison in comparisons() {
        let (output, target) = (random_node(18, features, 1), scaled_node(6, features, 2, 0.3));
        let loss = ReconstructionLoss::new(Rc::clone(&output), Rc::clone(&target), comparison, None);
        let sums = loss.forward(&Pass { samples, ..pass(rows, 2) }, 1.0, &mut Recorder::idle());
        let (output, target) = (output.borrow(), target.borrow());
        let mut mean = 0.0;
        for row in 0..rows * samples {
            let target = &target.values()[row / samples * features..][..features];
            let output = &output.values()[row * features..][..features];
            let expected = reference(loss.comparison(), output, target);
            let ours = f64::from(loss.row_values()[2 * row]);
            assert!((ours - expected).abs() < 1e-5 * (1.0 + expected.abs()), "row {row}: {ours} {expected}");
            mean += expected / samples as f64;
        }
        assert!((sums.loss - mean).abs() < 1e-4, "{} {mean}", sums.loss);
    }
}

#[test]
fn gradients_equal_finite_differences() {
    // Tolerance: rounding of the row sums in f32, 1e-7 · 100 / h. No error is so close to 0 that a
    // difference crosses the kink.
    let (rows, samples) = (3, 2);
    for comparison in comparisons() {
        let (output, target) = (random_node(8, 5, 7), scaled_node(4, 5, 4, 0.5));
        let (losses, weights) = (random_node(8, 1, 5), random_node(8, 1, 6));
        for importance in [None, Some(Importance { losses, weights })] {
            let loss = ReconstructionLoss::new(
                Rc::clone(&output),
                Rc::clone(&target),
                comparison.clone(),
                importance,
            );
            let mut value = |recorder: &mut Recorder| {
                let sums = loss.forward(&Pass { samples, ..pass(rows, 1) }, 0.7, recorder);
                let Some(Importance { losses, weights }) = &loss.importance else {
                    return 0.7 / rows as f64 * sums.loss;
                };
                let (losses, weights) = (losses.borrow(), weights.borrow());
                let terms = losses.values().iter().zip(weights.values()).take(rows * samples);
                terms.map(|(&loss, &weight)| f64::from(loss) * f64::from(weight)).sum::<f64>() * 0.7
                    / rows as f64
            };
            let mut inputs = vec![(&output, rows * samples)];
            if let Comparison::Gaussian(Variance::Learned { log_variance }) = &comparison {
                inputs.push((log_variance, 1));
            }
            check_loss_gradients(&inputs, &[], 1e-3, &mut value);
        }
    }
}

/// Values and gradients of `torch.nn.functional.l1_loss` and `huber_loss(delta=0.5)`, reduction
/// "sum", as `PyTorch` 2.15 prints them: 0 + 0.2 + 1 + 2.5, and 0 + 0.2²/2 + 0.5 (1 − 0.25) + 0.5
/// (2.5 − 0.25). `tests/reference/typed.py` prints them.
#[test]
fn absolute_and_huber_errors_are_pytorchs() {
    let check = |comparison, value: f32, slopes: [f32; 4]| {
        let (output, target) = (node(1, 4, &[0.0, 0.2, -1.0, 3.0]), node(1, 4, &[0.0, 0.0, 0.0, 0.5]));
        let loss = ReconstructionLoss::new(Rc::clone(&output), target, comparison, None);
        let mut sums = Sums::default();
        let mut forward = |recorder: &mut Recorder| {
            sums = loss.forward(&pass(1, 1), 1.0, recorder);
            sums.loss
        };
        let gradient = backward(&[(&output, 1)], &[], &mut forward).concat();
        assert!((sums.loss as f32 - value).abs() < 1e-6, "{} {value}", sums.loss);
        assert!((sums.squared_error - (0.04 + 1.0 + 6.25)).abs() < 1e-6, "whatever the loss is");
        assert!(gradient.iter().zip(slopes).all(|(ours, slope)| (ours - slope).abs() < 1e-6), "{gradient:?}");
    };
    check(Comparison::AbsoluteError, 3.7, [0.0, 1.0, -1.0, 1.0]);
    check(Comparison::Huber { delta: 0.5 }, 0.02 + 0.375 + 1.125, [0.0, 0.2, -0.5, 0.5]);
}

#[test]
fn a_learned_variance_finds_its_optimum_and_stays_in_its_range() {
    let slope = |log_variance: f32, error: f32| {
        let (comparison, node) = learned(log_variance);
        let (output, target) = (empty_node(1, 4), empty_node(1, 4));
        output.borrow_mut().values_mut().fill(error);
        let loss = ReconstructionLoss::new(Rc::clone(&output), target, comparison, None);
        let mut forward = |recorder: &mut Recorder| loss.forward(&pass(1, 1), 1.0, recorder).loss;
        backward(&[(&node, 1)], &[&output], &mut forward)[0][0]
    };
    // At σ² = the mean squared error the gradient vanishes: its parts are 2.
    assert!(slope(0.25_f32.ln(), 0.5).abs() < 1e-5);
    assert_eq!(slope(-13.0, 0.0), 0.0, "further down");
    assert!(slope(-13.0, 1.0) < 0.0 && slope(13.0, 0.0) > 0.0, "back into the range");
    assert_eq!(slope(13.0, 1e6), 0.0, "further up");
}

#[test]
fn weight_zero_leaves_no_gradient() {
    let (comparison, node) = learned(0.0);
    let (output, target) = (random_node(2, 3, 1), random_node(2, 3, 2));
    output.borrow_mut().values_mut()[0] = f32::INFINITY;
    let loss = ReconstructionLoss::new(Rc::clone(&output), target, comparison, None);
    let mut forward = |recorder: &mut Recorder| loss.forward(&pass(2, 1), 0.0, recorder).loss;
    let gradients = backward(&[(&output, 2), (&node, 1)], &[], &mut forward);
    assert_eq!(gradients, [vec![0.0; 6], vec![0.0]]);
}

#[test]
fn bits_do_not_depend_on_threads() {
    check_bits(|threads| {
        let (comparison, node) = learned(0.3);
        let (output, target) = (random_node(200, 500, 1), random_node(100, 500, 2));
        let loss = ReconstructionLoss::new(Rc::clone(&output), target, comparison, None);
        let mut sums = Sums::default();
        let mut forward = |recorder: &mut Recorder| {
            sums = loss.forward(&Pass { samples: 2, ..Pass::new(99, Mode::Use, threads) }, 1.0, recorder);
            sums.loss
        };
        let mut values = backward(&[(&output, 198), (&node, 1)], &[], &mut forward).concat();
        values.extend([sums.loss as f32, sums.squared_error as f32]);
        values
    });
}

/// Weights of 0, 1 and others; all 0 in the last row.
fn weights(rows: usize, features: usize) -> Node {
    let weights = scaled_node(rows, features, 9, 0.5);
    {
        let mut weights = weights.borrow_mut();
        for (at, weight) in weights.values_mut().iter_mut().enumerate() {
            let is_out = at % 3 == 0 || at / features == rows - 1;
            *weight = if is_out { 0.0 } else { 1.0 + weight.abs() };
        }
    }
    weights
}

/// Weights of values, of features, and of both.
fn kinds_of_weights(rows: usize, features: usize) -> [LossWeights; 3] {
    let values = weights(rows, features);
    let of_features = scaled_node(1, features, 12, 0.5);
    {
        let mut of_features = of_features.borrow_mut();
        let weights = of_features.values_mut().iter_mut().enumerate();
        weights.for_each(|(at, weight)| *weight = if at == 1 { 0.0 } else { 0.5 + weight.abs() });
    }
    [
        LossWeights { values: Some(Rc::clone(&values)), features: None },
        LossWeights { values: None, features: Some(Rc::clone(&of_features)) },
        LossWeights { values: Some(values), features: Some(of_features) },
    ]
}

#[test]
fn weights_multiply_the_terms_of_the_loss() {
    let (rows, samples, features) = (4, 2, 19);
    let kinds = kinds_of_weights(rows, features);
    for (comparison, kind) in
        comparisons().into_iter().flat_map(|one| kinds.iter().map(move |kind| (one.clone(), kind)))
    {
        let (output, target) = (random_node(8, features, 1), scaled_node(4, features, 2, 0.3));
        let weight =
            |node: &Option<Node>, at: usize| node.as_ref().map_or(1.0, |node| node.borrow().values()[at]);
        if kind.values.is_some() {
            // Values with weight 0 may be anything, even NaN.
            target.borrow_mut().values_mut()[0] = f32::NAN;
        }
        let [loss_output, loss_target] = [&output, &target].map(Rc::clone);
        let loss = ReconstructionLoss::weighted(
            Output::linear(loss_output),
            loss_target,
            comparison,
            None,
            kind.clone(),
        );
        loss.forward(&Pass { samples, ..pass(rows, 2) }, 1.0, &mut Recorder::idle());
        let (output, target) = (output.borrow(), target.borrow());
        for row in 0..rows * samples {
            let own = row / samples * features;
            let target = &target.values()[own..][..features];
            let output = &output.values()[row * features..][..features];
            let (mut expected, mut squares, mut all) = (0.0, 0.0, 0.0);
            for (at, (y, x)) in output.chunks(1).zip(target.chunks(1)).enumerate() {
                let there = f64::from(weight(&kind.values, own + at));
                if there == 0.0 {
                    continue;
                }
                let is_logit = matches!(loss.comparison(), Comparison::BinaryCrossEntropy);
                let y_as_is = f64::from(y[0]);
                let reconstructed = if is_logit { 1.0 / (1.0 + (-y_as_is).exp()) } else { y_as_is };
                let of_feature = f64::from(weight(&kind.features, at));
                expected += there * of_feature * reference(loss.comparison(), y, x);
                squares += there * (reconstructed - f64::from(x[0])).powi(2);
                all += there;
            }
            let values = loss.row_values();
            let (ours, squared) = (f64::from(values[2 * row]), f64::from(values[2 * row + 1]));
            assert!((ours - expected).abs() < 2e-5 * (1.0 + expected.abs()), "row {row}: {ours} {expected}");
            let mean = if all > 0.0 { squares / all } else { 0.0 };
            assert!((squared / features as f64 - mean).abs() < 1e-5 * (1.0 + mean), "row {row}: {squared}");
        }
    }
}

#[test]
fn weighted_gradients_equal_finite_differences() {
    let (rows, samples) = (3, 2);
    let kinds = kinds_of_weights(3, 5);
    for (comparison, kind) in
        comparisons().into_iter().flat_map(|one| kinds.iter().map(move |kind| (one.clone(), kind)))
    {
        let (output, target) = (random_node(8, 5, 7), scaled_node(4, 5, 4, 0.5));
        let [loss_output, loss_target] = [&output, &target].map(Rc::clone);
        let loss = ReconstructionLoss::weighted(
            Output::linear(loss_output),
            loss_target,
            comparison.clone(),
            None,
            kind.clone(),
        );
        let mut value = |recorder: &mut Recorder| {
            0.7 / rows as f64 * loss.forward(&Pass { samples, ..pass(rows, 1) }, 0.7, recorder).loss
        };
        let mut inputs = vec![(&output, rows * samples)];
        if let Comparison::Gaussian(Variance::Learned { log_variance }) = &comparison {
            inputs.push((log_variance, 1));
        }
        check_loss_gradients(&inputs, &[], 1e-3, &mut value);
    }
}

/// Values and gradients of `torch.nn.functional` of `PyTorch` 2.15:
/// `(w * loss(y, x, reduction="none")).sum()` with `w = [2, 1, 0.5, 0.5]` for `mse_loss`,
/// `l1_loss`, `huber_loss(delta=0.5)` and `binary_cross_entropy_with_logits`, printed by
/// `tests/reference/typed.py`.
#[test]
fn weighted_losses_are_pytorchs() {
    let check = |comparison, value: f32, slopes: [f32; 4]| {
        let (output, target) = (node(1, 4, &[0.5, 0.2, -1.0, 3.0]), node(1, 4, &[0.0, 1.0, 0.25, 0.5]));
        let features = Some(node(1, 4, &[2.0, 1.0, 0.5, 0.5]));
        let weights = LossWeights { values: None, features };
        let loss = ReconstructionLoss::weighted(
            Output::linear(Rc::clone(&output)),
            target,
            comparison,
            None,
            weights,
        );
        let mut sum = 0.0;
        let mut forward = |recorder: &mut Recorder| {
            sum = loss.forward(&pass(1, 1), 1.0, recorder).loss;
            sum
        };
        let gradient = backward(&[(&output, 1)], &[], &mut forward).concat();
        assert!((sum as f32 - value).abs() < 2e-6, "{sum} {value}");
        assert!(gradient.iter().zip(slopes).all(|(ours, slope)| (ours - slope).abs() < 1e-6), "{gradient:?}");
    };
    check(Comparison::SquaredError, 5.046_25, [2.0, -1.6, -1.25, 2.5]);
    check(Comparison::AbsoluteError, 3.675, [2.0, -1.0, -0.5, 0.5]);
    check(Comparison::Huber { delta: 0.5 }, 1.3375, [1.0, -0.5, -0.25, 0.25]);
    let slopes = [1.244_919, -0.450_166, 0.009_470_716, 0.226_287_1];
    check(Comparison::BinaryCrossEntropy, 3.602_217_4, slopes);
}

#[test]
fn the_loss_applies_the_derivative_of_the_last_activation() {
    // Without and with a gradient from elsewhere, which still needs the derivative.
    for (activation, others) in
        [(Activation::Sigmoid, false), (Activation::Gelu, false), (Activation::Tanh, true)]
    {
        let gradients = [false, true].map(|is_applied| {
            let (x, target) = (random_node(5, 6, 1), random_node(5, 6, 2));
            let (y, wants_input_gradient) = (empty_node(5, 6), true);
            let parts = DenseParts {
                x: Rc::clone(&x),
                weight: random_node(6, 6, 3),
                bias: random_node(1, 6, 4),
                y: Rc::clone(&y),
                activation,
                is_tied: false,
                wants_input_gradient,
            };
            let layer = Dense::new(parts).expect("small");
            let output = if is_applied { Rc::clone(layer.output()) } else { Output::linear(Rc::clone(&y)) };
            let loss = ReconstructionLoss::weighted(
                output,
                target,
                Comparison::SquaredError,
                None,
                LossWeights::default(),
            );
            let gradients = backward(&[(&x, 5)], &[&y], &mut |recorder| {
                let pass = pass(5, 1);
                recorder.run(&layer, &pass);
                let sums = loss.forward(&pass, 1.0, recorder);
                if others {
                    project(&y, 5, 9, recorder);
                }
                sums.loss
            });
            gradients.concat()
        });
        assert_eq!(gradients[0], gradients[1], "{activation:?}");
        assert!(gradients[0].iter().any(|slope| *slope != 0.0));
    }
}
