use super::*;
use crate::engine::kernels::batch_norm::EPS;
use crate::engine::kernels::permute::Order;
use crate::engine::kernels::pool::PoolKind;
use crate::engine::kernels::reference::{pass, training};
use crate::engine::kernels::tape::Recorder;
use crate::project::Activation;

mod net;

use net::Net;

/// `Σ_i ‖J_i‖²` with J by central differences of the code: uses the layers' forward passes only.
fn by_differences(net: &Net) -> f64 {
    let inputs = net.x.borrow().columns();
    let h = 1e-2;
    let code = |input: usize, step: f32| {
        let clean = net.x.borrow().values().to_vec();
        net.x.borrow_mut().values_mut().iter_mut().skip(input).step_by(inputs).for_each(|x| *x += step);
        net.forward(&net.pass(1), &mut Recorder::idle());
        net.x.borrow_mut().values_mut().copy_from_slice(&clean);
        net.last.borrow().values().to_vec()
    };
    let mut sum = 0.0;
    for input in 0..inputs {
        let at = [2.0 * h, h, -h, -2.0 * h].map(|step| code(input, step));
        let [far_right, right, left, far_left] = &at;
        for (near, far) in right.iter().zip(left).zip(far_right.iter().zip(far_left)) {
            let difference = |(a, b): (&f32, &f32)| f64::from(*a) - f64::from(*b);
            let slope = (8.0 * difference(near) - difference(far)) / (12.0 * f64::from(h));
            sum += slope * slope;
        }
    }
    sum
}

/// Compares the gradients of all parameters with fourth-order differences of the value. Tolerance:
/// 3e-3 of the largest entry of the array, or of a fiftieth of the value.
fn check_gradients(net: &Net, value: &dyn Fn() -> f64, ours: &[Vec<f32>], weight: f32, what: &str) {
    let h = 5e-3;
    let mean = value() * f64::from(weight) / net.rows as f64;
    let mut moved = false;
    for (number, (array, ours)) in net.parameters.iter().zip(ours).enumerate() {
        let numeric: Vec<f64> = (0..ours.len())
            .map(|index| {
                let before = array.borrow().values()[index];
                let at = |step: f32| {
                    array.borrow_mut().values_mut()[index] = before + step;
                    value()
                };
                let [a, b, c, d] = [2.0 * h, h, -h, -2.0 * h].map(at);
                array.borrow_mut().values_mut()[index] = before;
                let slope = (8.0 * (b - c) - (a - d)) / (12.0 * f64::from(h));
                slope * f64::from(weight) / net.rows as f64
            })
            .collect();
        let scale = numeric.iter().fold(0.02 * mean, |most, value| most.max(value.abs()));
        for (index, (ours, numeric)) in ours.iter().zip(&numeric).enumerate() {
            let error = (f64::from(*ours) - numeric).abs();
            assert!(
                error <= 3e-3 * scale,
                "{what}: array {number}[{index}]: {ours}, not {numeric} ({scale})"
            );
            moved |= numeric.abs() > 0.1 * mean;
        }
    }
    assert!(moved, "{what}: nothing has influence");
}

/// Checks the value against differences of the code and random vectors, and the gradients against
/// differences of the value.
fn check(net: &Net, what: &str) {
    let exact = net.penalty(Estimator::Exact);
    assert!(exact.route.method != JacobianMethod::Probe);
    let (value, expected) = (net.value(&exact), by_differences(net));
    assert!((value - expected).abs() < 1e-3 * expected, "{what}: {value}, not {expected}");
    assert!(expected > 0.01, "{what}: nothing moves the code");
    let weight = 0.7;
    let (recorded, ours) = net.gradients(&exact, weight, 1);
    assert_eq!(recorded, value, "{what}");
    check_gradients(net, &|| net.value(&exact), &ours, weight, what);

    // In blocks: several samples, or one sample and some of its probes.
    for values in [300, 1] {
        let route = |maps: &[MapSizes]| Route::in_blocks(maps, Estimator::Exact, net.rows, values);
        let cut = Contractive::by(net.chain(), route).expect("small");
        let (in_blocks, parts) = net.gradients(&cut, weight, 1);
        assert!((in_blocks - value).abs() < 1e-5 * value, "{what}: {in_blocks}, not {value} in blocks");
        for (number, (whole, parts)) in ours.iter().zip(&parts).enumerate() {
            let scale = whole.iter().fold(1e-3_f32, |most, value| most.max(value.abs()));
            let same = whole.iter().zip(parts).all(|(a, b)| (a - b).abs() < 1e-4 * scale);
            assert!(same, "{what}: array {number} in blocks of {values}: {parts:?}, not {whole:?}");
        }
    }

    // Random tangents have their own gradients.
    let probes = net.penalty(Estimator::Probes(3));
    assert!(probes.route.method == JacobianMethod::Probe);
    let (_, ours) = net.gradients(&probes, weight, 1);
    check_gradients(net, &|| net.value(&probes), &ours, weight, &format!("{what}, probes"));
}

#[test]
fn dense_encoders_of_every_activation() {
    for activation in Activation::ALL.into_iter().filter(|activation| activation.is_curved()) {
        // Stacked sigmoids leave little of a small signal.
        let gain = if activation == Activation::Sigmoid { 3.0 } else { 1.0 };
        let one = Net::new(3, 5, (1, 1), 1).gain(gain).dense(4, activation, false);
        check(&one, &format!("one layer, {activation:?}"));
        let deep = Net::new(3, 5, (1, 1), 2).gain(gain).dense(6, activation, false).dense(
            4,
            Activation::Tanh,
            false,
        );
        let deep = deep.dense(3, activation, false);
        check(&deep, &format!("three layers, {activation:?}"));
    }
}

#[test]
fn wide_codes_tied_weights_and_linear_ends() {
    check(
        &Net::new(3, 3, (1, 1), 3).dense(5, Activation::Sigmoid, false).dense(7, Activation::Tanh, false),
        "more units than inputs",
    );
    let tied = Net::new(3, 6, (1, 1), 4).dense(5, Activation::Silu, true).dense(4, Activation::Tanh, true);
    check(&tied, "transposed weights");
    let linear =
        Net::new(3, 5, (1, 1), 5).dense(6, Activation::Tanh, false).dense(3, Activation::Linear, false);
    check(&linear, "linear code");
    // Weights only: the penalty changes them although no slope changes.
    let linear =
        Net::new(2, 5, (1, 1), 6).dense(4, Activation::Linear, false).dense(3, Activation::Linear, false);
    check(&linear, "linear");
    check(&Net::new(2, 5, (1, 1), 6).dense(4, Activation::Linear, false), "one linear layer");
}

#[test]
fn long_inputs_by_way_of_the_first_weights_products() {
    for is_tied in [false, true] {
        let net = Net::new(3, 12, (1, 1), 23).dense(4, Activation::Tanh, is_tied);
        let net = net.dense(5, Activation::Sigmoid, false).dense(3, Activation::Silu, is_tied);
        assert!(net.penalty(Estimator::Exact).route.has_gram);
        check(&net, "a long input");
    }
    let net = Net::new(3, 12, (1, 1), 24).dense(4, Activation::Tanh, false).dropout();
    let net = net.dense(4, Activation::Linear, false).mask();
    assert!(net.penalty(Estimator::Exact).route.has_gram);
    check(&net, "a long input and masks");
}

#[test]
fn rectifiers_have_slopes_without_curvature() {
    // The seeds keep all sums away from the kink.
    for (activation, seed) in [(Activation::Relu, 1), (Activation::LeakyRelu, 1)] {
        let net = Net::new(2, 5, (1, 1), seed).dense(6, activation, false).dense(3, Activation::Tanh, false);
        check(&net, &format!("{activation:?}"));
    }
}

#[test]
fn convolutions_with_norms_and_pools() {
    let net = Net::new(2, 5 * 4 * 2, (5, 4), 7).conv(3, 2, Activation::Tanh).permute(Order::ChannelsFirst);
    check(&net.dense(3, Activation::Sigmoid, false), "conv, flattened");
    let net = Net::new(2, 4 * 4, (4, 4), 8).conv(3, 1, Activation::Gelu).pool(PoolKind::Average);
    check(&net.conv(2, 1, Activation::Silu), "conv, average, conv");
    let net = Net::new(2, 4 * 4, (4, 4), 9).conv(2, 1, Activation::Tanh).pool(PoolKind::Max);
    check(&net.dense(3, Activation::Tanh, false), "conv, largest");
    let net = Net::new(2, 2 * 3 * 2, (2, 3), 10).conv_transpose(2, Activation::Sigmoid);
    check(&net.dense(4, Activation::Tanh, false), "transposed conv");
    let net = Net::new(2, 2 * 2 * 2, (2, 2), 11).upsample().conv(2, 2, Activation::Tanh).upsample();
    check(&net.permute(Order::ChannelsLast), "upsampling before and after");
    let net = Net::new(2, 3 * 3, (3, 3), 12).conv(2, 1, Activation::Linear).apply(Activation::Tanh);
    check(&net, "an activation alone");
}

#[test]
fn norms() {
    let net = Net::new(3, 4, (1, 1), 13).dense(5, Activation::Linear, false).batch_norm(Activation::Tanh);
    check(&net.dense(3, Activation::Sigmoid, false), "batch norm");
    let net = Net::new(2, 3 * 3, (3, 3), 14).conv(2, 1, Activation::Linear).batch_norm(Activation::Silu);
    check(&net, "batch norm of pictures");
    let net = Net::new(2, 4, (1, 1), 15).batch_norm(Activation::Linear).dense(3, Activation::Tanh, false);
    check(&net, "batch norm first");
    let net = Net::new(2, 5, (1, 1), 16).dense(6, Activation::Tanh, false).layer_norm(Activation::Sigmoid);
    check(&net.dense(3, Activation::Tanh, false), "layer norm");
    let net = Net::new(2, 20, (1, 1), 17).layer_norm(Activation::Linear).dense(3, Activation::Tanh, false);
    check(&net, "layer norm first");
    let net = Net::new(2, 4, (1, 1), 18).dense(5, Activation::Tanh, false).layer_norm(Activation::Linear);
    check(&net, "layer norm last");
}

#[test]
fn masks_and_parts() {
    let net = Net::new(3, 6, (1, 1), 19).dropout().dense(5, Activation::Tanh, false).dropout();
    check(&net.dense(4, Activation::Sigmoid, false), "dropout");
    let net =
        Net::new(3, 5, (1, 1), 20).dense(6, Activation::Sigmoid, false).dense(7, Activation::Linear, false);
    check(&net.mask(), "kept entries");
    check(&Net::new(3, 8, (1, 1), 21).dense(6, Activation::Tanh, false).mask(), "kept entries of one layer");
    let net =
        Net::new(3, 5, (1, 1), 22).dense(6, Activation::Tanh, false).dense(6, Activation::Linear, false);
    check(&net.columns(3), "means of a head");
}

#[test]
fn one_sigmoid_layer_has_a_closed_form() {
    let net = Net::new(4, 9, (1, 1), 1).dense(7, Activation::Sigmoid, false);
    let value = net.value(&net.penalty(Estimator::Exact));
    let (h, w) = (net.last.borrow(), net.parameters[0].borrow());
    let mut expected = 0.0;
    for row in h.values().chunks_exact(7) {
        for (h, w) in row.iter().zip(w.values().chunks_exact(9)) {
            let slope = f64::from(*h) * (1.0 - f64::from(*h));
            expected += slope * slope * w.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>();
        }
    }
    assert!((value - expected).abs() < 1e-6 * expected, "{value}, not {expected}");
}

#[test]
fn weights_of_a_linear_encoder_have_the_gradient_of_their_product() {
    // d‖BA‖² = 2 Bᵀ B A by A and 2 B A Aᵀ by B. A detached copy of the weights would leave them
    // unchanged.
    let net =
        Net::new(2, 5, (1, 1), 6).dense(4, Activation::Linear, false).dense(3, Activation::Linear, false);
    let (_, ours) = net.gradients(&net.penalty(Estimator::Exact), 1.0, 1);
    let (a, b) = (net.parameters[0].borrow().values().to_vec(), net.parameters[2].borrow().values().to_vec());
    let product = |i: usize, j: usize| (0..4).map(|k| b[i * 4 + k] * a[k * 5 + j]).sum::<f32>();
    for k in 0..4 {
        for j in 0..5 {
            let expected: f32 = (0..3).map(|i| 2.0 * b[i * 4 + k] * product(i, j)).sum();
            assert!((ours[0][k * 5 + j] - expected).abs() < 1e-5, "A: {} {expected}", ours[0][k * 5 + j]);
        }
        for i in 0..3 {
            let expected: f32 = (0..5).map(|j| 2.0 * product(i, j) * a[k * 5 + j]).sum();
            assert!((ours[2][i * 4 + k] - expected).abs() < 1e-5, "B: {} {expected}", ours[2][i * 4 + k]);
        }
    }
    assert!(ours[1].iter().chain(&ours[3]).all(|bias| *bias == 0.0), "biases do nothing here");
    // The weight of the term is a factor; 0 gives no gradient.
    let (_, doubled) = net.gradients(&net.penalty(Estimator::Exact), 2.0, 1);
    let is_double = |(a, b): (&f32, &f32)| (2.0 * a - b).abs() <= 1e-6 * b.abs();
    assert!(ours.iter().flatten().zip(doubled.iter().flatten()).all(is_double));
    let (value, nothing) = net.gradients(&net.penalty(Estimator::Exact), 0.0, 1);
    assert!(value > 0.0 && nothing.iter().flatten().all(|gradient| *gradient == 0.0));
}

#[test]
fn ways_agree_and_random_tangents_are_right_in_the_mean() {
    let net = Net::new(3, 5, (1, 1), 2).dense(6, Activation::Tanh, false).dense(4, Activation::Silu, false);
    let pulled = net.value(&net.penalty(Estimator::Exact));
    // This encoder, with every basis vector of the input pushed forward.
    let push = |maps: &[MapSizes]| {
        let pulled = Route::new(maps, Estimator::Exact, net.rows);
        Route { method: JacobianMethod::Push, has_gram: false, probes: 5, block: (3, 5), ..pulled }
    };
    let penalty = Contractive::by(net.chain(), push).expect("small");
    let pushed = net.value(&penalty);
    assert!((pushed - pulled).abs() < 1e-5 * pulled, "{pushed} {pulled}");
    let (_, along) = net.gradients(&penalty, 1.0, 1);
    let (_, back) = net.gradients(&net.penalty(Estimator::Exact), 1.0, 1);
    for (a, b) in along.iter().flatten().zip(back.iter().flatten()) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }

    // 4000 steps of one probe: the mean within three standard errors.
    let penalty = net.penalty(Estimator::Probes(1));
    let steps = 4000;
    let draws: Vec<f64> =
        (0..steps).map(|step| penalty.compute(&Pass { mode: training(1, step), ..pass(3, 1) })).collect();
    let mean = draws.iter().sum::<f64>() / steps as f64;
    let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (steps - 1) as f64;
    let error = (variance / steps as f64).sqrt();
    assert!(error > 0.0 && error < 0.05 * pulled, "{error}");
    assert!((mean - pulled).abs() < 3.0 * error, "{mean} ± {error}, not {pulled}");
    // Many probes at once equal as many steps.
    let many = net.value(&net.penalty(Estimator::Probes(2000)));
    assert!((many - pulled).abs() < 3.0 * error * 2.0_f64.sqrt(), "{many} {pulled}");
}

#[test]
fn what_is_too_much_work_is_estimated() {
    let small = Net::new(1, 784, (1, 1), 1).dense(500, Activation::Sigmoid, false);
    let penalty = small.penalty(Estimator::Auto);
    assert!(penalty.route.method != JacobianMethod::Probe, "the published setting");
    assert_eq!(penalty.route.multiply_adds, 784 * 500);
    let large =
        Net::new(1, 784, (1, 1), 1).dense(600, Activation::Relu, false).dense(64, Activation::Tanh, false);
    let penalty = large.penalty(Estimator::Auto);
    assert!(penalty.route.method == JacobianMethod::Probe);
    assert!(penalty.route.multiply_adds < 784 * 600 + 64 * 600 + 2000, "one tangent");
    // Rows of the upper weight, 600 slopes, and W Wᵀ.
    let exact = 64 * (600 + 600 + 600 * 600) + 600 * 600 * 784 / 32;
    assert_eq!(large.penalty(Estimator::Exact).route.multiply_adds, exact);
    // The first weight has no more inputs than outputs: W Wᵀ does not help.
    let square =
        Net::new(1, 50, (1, 1), 1).dense(80, Activation::Relu, false).dense(4, Activation::Tanh, false);
    assert_eq!(square.penalty(Estimator::Exact).route.multiply_adds, 4 * (80 + 80 + 80 * 50));
}

#[test]
fn statistics_of_a_minibatch_are_constants_of_the_jacobian() {
    let net = {
        let mut net =
            Net::new(5, 4, (1, 1), 13).dense(3, Activation::Linear, false).batch_norm(Activation::Tanh);
        net.training = true;
        net
    };
    let penalty = net.penalty(Estimator::Exact);
    let (value, ours) = net.gradients(&penalty, 1.0, 1);
    let inverse: Vec<f64> = {
        let sums = net.nodes[1].borrow();
        let unit = |unit: usize| sums.values().iter().skip(unit).step_by(3).map(|sum| f64::from(*sum));
        let mean = |index: usize| unit(index).sum::<f64>() / 5.0;
        let variance = |index: usize| unit(index).map(|sum| (sum - mean(index)).powi(2)).sum::<f64>() / 5.0;
        (0..3).map(|index| 1.0 / (variance(index) + EPS).sqrt()).collect()
    };
    // Σ (1 − y²)² (γ i)² ‖W_j‖², with i unchanged, and y from a forward pass with its own
    // statistics.
    let by_hand = || {
        net.forward(&net.pass(1), &mut Recorder::idle());
        let (y, w) = (net.last.borrow(), net.parameters[0].borrow());
        let gamma = net.parameters[2].borrow();
        let mut sum = 0.0;
        for row in y.values().chunks_exact(3) {
            for (unit, y) in row.iter().enumerate() {
                let norm: f64 =
                    w.values()[4 * unit..4 * unit + 4].iter().map(|w| f64::from(*w).powi(2)).sum();
                let scale = f64::from(gamma.values()[unit]) * inverse[unit];
                sum += ((1.0 - f64::from(*y).powi(2)) * scale).powi(2) * norm;
            }
        }
        sum
    };
    let expected = by_hand();
    assert!((value - expected).abs() < 1e-5 * expected, "{value}, not {expected}");
    check_gradients(&net, &by_hand, &ours, 1.0, "batch norm in training");
}

#[test]
fn threads_change_nothing() {
    // Enough work for a fork in every map.
    let picture = Net::new(20, 12 * 12 * 3, (12, 12), 1)
        .conv(8, 1, Activation::Silu)
        .batch_norm(Activation::Tanh)
        .pool(PoolKind::Max)
        .conv(8, 2, Activation::Gelu)
        .permute(Order::ChannelsFirst)
        .layer_norm(Activation::Tanh)
        .dropout()
        .dense(40, Activation::Sigmoid, false);
    let dense = Net::new(64, 300, (1, 1), 1)
        .dense(200, Activation::Tanh, false)
        .dense(100, Activation::Softplus, true)
        .dense(30, Activation::Elu, false);
    let closed = Net::new(64, 300, (1, 1), 1).dense(200, Activation::Tanh, false);
    for (net, name) in [(picture, "picture"), (dense, "dense"), (closed, "closed")] {
        for estimator in [Estimator::Exact, Estimator::Probes(20)] {
            let penalty =
                Contractive::by(net.chain(), |maps| Route::in_blocks(maps, estimator, net.rows, 2_000_000))
                    .expect("small");
            let bits = |threads| {
                let (value, gradients) = net.gradients(&penalty, 0.3, threads);
                let gradients: Vec<u32> = gradients.into_iter().flatten().map(f32::to_bits).collect();
                assert!(gradients.iter().all(|bits| f32::from_bits(*bits).is_finite()));
                (value.to_bits(), gradients)
            };
            let one = bits(1);
            assert!(one == bits(2) && one == bits(3), "{name} {estimator:?}");
        }
    }
}
