use super::super::gumbel::support::{close, differences, numbers, slow_gumbel, wide};
use super::super::reference::{backward, empty_node, node, pass, seed};
use super::*;
use crate::dataset::random::Purpose;

const ROWS: usize = 5;
const GROUPS: usize = 3;
const UNITS: usize = 4;
const COLUMNS: usize = GROUPS * UNITS;
const FEATURES: usize = 7;

fn softmax(logits: &[f64], group: usize) -> Vec<f64> {
    let shares = |logits: &[f64]| {
        let sum: f64 = logits.iter().map(|l| l.exp()).sum();
        logits.iter().map(|l| l.exp() / sum).collect::<Vec<_>>()
    };
    logits.chunks(group).flat_map(shares).collect()
}

fn product(a: &[f64], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, &b)| a * f64::from(b)).sum()
}

fn logits() -> Vec<f32> {
    numbers(1, ROWS * COLUMNS, 0.3, 2.0)
}

#[test]
fn shares_and_relaxed_draws_follow_the_definition() {
    let relaxation = Relaxation { stream: Stream::new(3, Purpose::Gumbel, 4, 5), temperature: 0.6 };
    for choice in [Choice::Shares, Choice::Relaxed(relaxation)] {
        let exact = |logits: &[f64]| match choice {
            Choice::Relaxed(Relaxation { stream, temperature }) => {
                let noisy = logits
                    .iter()
                    .enumerate()
                    .map(|(i, l)| (l + slow_gumbel(stream, i as u64)) / f64::from(temperature));
                softmax(&noisy.collect::<Vec<_>>(), UNITS)
            }
            Choice::Shares | Choice::Hard(_) => softmax(logits, UNITS),
        };
        let (x, y) = (node(ROWS, COLUMNS, &logits()), empty_node(ROWS, COLUMNS));
        let op = Rc::new(GroupSoftmax { x: x.clone(), y: y.clone(), group: UNITS });
        let projection = numbers(2, ROWS * COLUMNS, 0.0, 1.0);
        let grads = backward(&[(&x, ROWS)], &[&y], &mut |recorder| {
            op.forward(&pass(ROWS, 1), choice, recorder);
            seed(&y, &projection, recorder)
        });
        let input = wide(&logits());
        close("shares", y.borrow().values(), &exact(&input), 1e-6);
        close("dx", &grads[0], &differences(&input, |x| product(&exact(x), &projection)), 1e-5);
    }
}

#[test]
fn hard_draws_choose_units_as_often_as_their_shares() {
    let n = 20_000;
    let own = &logits()[..COLUMNS];
    let x = node(n, COLUMNS, &own.repeat(n));
    let y = node(n, COLUMNS, &vec![0.5; n * COLUMNS]);
    let op = Rc::new(GroupSoftmax { x, y: y.clone(), group: UNITS });
    let stream = Stream::new(1, Purpose::Gumbel, 0, 0);
    op.compute(&pass(n, 2), Choice::Hard(stream));
    let shares = softmax(&wide(own), UNITS);
    for (column, share) in shares.iter().enumerate() {
        let drawn = y.borrow().values().iter().skip(column).step_by(COLUMNS).filter(|&&v| v == 1.0).count();
        let frequency = drawn as f64 / n as f64;
        // Four standard errors, for twelve columns.
        let bound = 4.0 * (share * (1.0 - share) / n as f64).sqrt();
        assert!((frequency - share).abs() < bound, "{column}: {frequency} {share}");
    }
    for group in y.borrow().values().chunks(UNITS) {
        assert!(group.iter().sum::<f32>() == 1.0 && group.iter().all(|&v| v == 0.0 || v == 1.0));
    }
}

/// Logits, their shares, and the cost under a prior.
fn code_cost(logits: &[f32], prior: &[f32]) -> (Node, Node, Rc<CodeCost>, Rc<GroupSoftmax>) {
    let rows = logits.len() / COLUMNS;
    let (x, y) = (node(rows, COLUMNS, logits), empty_node(rows, COLUMNS));
    let prior = node(1, COLUMNS, prior);
    let cost = CodeCost::new(x.clone(), y.clone(), prior.clone(), UNITS).expect("small");
    let softmax = Rc::new(GroupSoftmax { x: x.clone(), y, group: UNITS });
    (x, prior, cost, softmax)
}

/// The cost and the gradients of the code's and the prior's logits.
fn cost_and_gradients(logits: &[f32], prior: &[f32], weight: f32, threads: usize) -> (f64, Vec<Vec<f32>>) {
    let (x, prior, cost, softmax) = code_cost(logits, prior);
    let pass = pass(logits.len() / COLUMNS, threads);
    softmax.compute(&pass, Choice::Shares);
    let mut value = 0.0;
    let grads = backward(&[(&x, pass.rows), (&prior, 1)], &[], &mut |recorder| {
        value = recorder.add(&cost, &pass, weight);
        value
    });
    (value, grads)
}

fn exact_cost(logits: &[f64], prior: &[f64]) -> f64 {
    let (q, pi) = (softmax(logits, UNITS), softmax(prior, UNITS));
    q.iter().enumerate().map(|(i, q)| q * (q / pi[i % COLUMNS]).ln()).sum()
}

#[test]
fn the_cost_of_the_code_is_the_divergence_and_so_are_its_gradients() {
    let (logits, prior) = (logits(), numbers(5, COLUMNS, 0.0, 1.0));
    let (value, grads) = cost_and_gradients(&logits, &prior, 3.0, 1);
    let (a, b) = (wide(&logits), wide(&prior));
    assert!((value - exact_cost(&a, &b)).abs() < 1e-5 * value, "{value}");
    let scale = 3.0 / ROWS as f64;
    close("dlogits", &grads[0], &differences(&a, |a| scale * exact_cost(a, &b)), 1e-5);
    close("dprior", &grads[1], &differences(&b, |b| scale * exact_cost(&a, b)), 1e-5);
}

#[test]
fn a_code_that_equals_its_prior_costs_nothing_and_a_certain_one_the_prior_s_bits() {
    let prior = numbers(5, COLUMNS, 0.0, 1.0);
    let (value, grads) = cost_and_gradients(&prior.repeat(ROWS), &prior, 1.0, 1);
    assert!(value.abs() < 1e-5, "{value}");
    assert!(grads.iter().flatten().all(|g| g.abs() < 1e-6));
    // One unit of four with certainty under a uniform prior: ln 4 for each of three groups, for
    // logits of any size.
    let certain = [[500.0, 0.0, 0.0, 0.0]; GROUPS].concat();
    let (value, grads) = cost_and_gradients(&certain, &[0.0; COLUMNS], 1.0, 1);
    assert!((value - 3.0 * 4.0_f64.ln()).abs() < 1e-5, "{value}");
    assert!(grads.iter().flatten().all(|g| g.is_finite() && !g.is_subnormal()));
    // A prior that excludes the drawn unit costs its logit, not infinity.
    let (value, _) = cost_and_gradients(&certain, &[[-200.0, 0.0, 0.0, 0.0]; GROUPS].concat(), 1.0, 1);
    assert!((value - 3.0 * (200.0 + 3.0_f64.ln())).abs() < 1e-3, "{value}");
}

fn exact_variance(q: &[f64], c: &[f64]) -> f64 {
    let mut value = 0.0;
    for q in q.chunks(COLUMNS) {
        for group in 0..GROUPS {
            for feature in 0..FEATURES {
                let own = (group * UNITS..(group + 1) * UNITS).map(|j| (q[j], c[feature * COLUMNS + j]));
                let mean: f64 = own.clone().map(|(q, c)| q * c).sum();
                value += own.map(|(q, c)| q * c * c).sum::<f64>() - mean * mean;
            }
        }
    }
    value
}

fn variance_and_gradients(q: &[f32], c: &[f32], weight: f32, threads: usize) -> (f64, Vec<Vec<f32>>) {
    let (rows, features) = (q.len() / COLUMNS, c.len() / COLUMNS);
    let (shares, decoder) = (node(rows, COLUMNS, q), node(features, COLUMNS, c));
    let term = VarianceTerm::new(shares.clone(), decoder.clone(), UNITS).expect("small");
    let mut value = 0.0;
    let grads = backward(&[(&shares, rows), (&decoder, features)], &[], &mut |recorder| {
        value = recorder.add(&term, &pass(rows, threads), weight);
        value
    });
    (value, grads)
}

#[test]
fn the_variance_is_that_of_the_definition_and_so_are_its_gradients() {
    let shares: Vec<f32> = softmax(&wide(&logits()), UNITS).iter().map(|&q| q as f32).collect();
    let decoder = numbers(6, FEATURES * COLUMNS, 0.1, 1.0);
    let (value, grads) = variance_and_gradients(&shares, &decoder, 2.0, 1);
    let (q, c) = (wide(&shares), wide(&decoder));
    assert!((value - exact_variance(&q, &c)).abs() < 1e-5 * value, "{value}");
    let scale = 2.0 / ROWS as f64;
    close("dq", &grads[0], &differences(&q, |q| scale * exact_variance(q, &c)), 1e-5);
    close("dc", &grads[1], &differences(&c, |c| scale * exact_variance(&q, c)), 1e-5);
    // A certain code has no variance.
    let certain = [[0.0, 1.0, 0.0, 0.0]; GROUPS].concat();
    assert_eq!(variance_and_gradients(&certain, &decoder, 1.0, 1).0, 0.0);
}

#[test]
fn the_expected_error_is_the_average_over_hard_draws() {
    let n = 20_000;
    let own = &logits()[..COLUMNS];
    let decoder = numbers(6, FEATURES * COLUMNS, 0.1, 1.0);
    let (target, bias) = (numbers(7, FEATURES, 0.0, 1.0), numbers(8, FEATURES, 0.0, 1.0));
    let error = |q: &[f32]| -> f64 {
        (0..FEATURES)
            .map(|i| {
                let row = &decoder[i * COLUMNS..(i + 1) * COLUMNS];
                let output: f32 = bias[i] + row.iter().zip(q).map(|(c, q)| c * q).sum::<f32>();
                f64::from(target[i] - output).powi(2)
            })
            .sum()
    };
    let (x, y) = (node(n, COLUMNS, &own.repeat(n)), empty_node(n, COLUMNS));
    let op = GroupSoftmax { x, y: y.clone(), group: UNITS };
    op.compute(&pass(n, 2), Choice::Shares);
    let shares = y.borrow().values()[..COLUMNS].to_vec();
    let variance = variance_and_gradients(&shares, &decoder, 1.0, 1).0;
    let expected = error(&shares) + variance;

    op.compute(&pass(n, 2), Choice::Hard(Stream::new(9, Purpose::Gumbel, 1, 1)));
    let errors: Vec<f64> = y.borrow().values().chunks(COLUMNS).map(error).collect();
    let mean = errors.iter().sum::<f64>() / n as f64;
    let deviation = (errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
    let standard_error = deviation / (n as f64).sqrt();
    assert!((mean - expected).abs() < 3.0 * standard_error, "{mean} {expected} {standard_error}");
    // Without the term it would be far off.
    assert!(variance > 30.0 * standard_error);
}

#[test]
fn threads_change_no_bit() {
    let rows = 1200;
    let logits = numbers(1, rows * COLUMNS, 0.3, 2.0);
    let prior = numbers(5, COLUMNS, 0.0, 1.0);
    // 9,600 features give enough work for a fork of the products.
    let decoder = numbers(6, 9600 * COLUMNS, 0.1, 1.0);
    let relaxation = Relaxation { stream: Stream::new(3, Purpose::Gumbel, 4, 5), temperature: 0.6 };
    let run = |threads: usize| {
        let (x, y) = (node(rows, COLUMNS, &logits), empty_node(rows, COLUMNS));
        let op = Rc::new(GroupSoftmax { x: x.clone(), y: y.clone(), group: UNITS });
        let grads = backward(&[(&x, rows)], &[&y], &mut |recorder| {
            op.forward(&pass(rows, threads), Choice::Relaxed(relaxation), recorder);
            seed(&y, &logits, recorder)
        });
        let shares = y.borrow().values().to_vec();
        let variance = variance_and_gradients(&shares, &decoder, 1.0, threads);
        (grads, cost_and_gradients(&logits, &prior, 1.0, threads), variance, shares)
    };
    let reference = run(1);
    assert!(run(2) == reference && run(3) == reference);
}

#[test]
fn a_term_of_weight_zero_is_measured_and_moves_nothing() {
    let (value, grads) = cost_and_gradients(&logits(), &[0.0; COLUMNS], 0.0, 1);
    assert!(value > 0.1 && grads.iter().flatten().all(|&g| g == 0.0));
    let (value, grads) =
        variance_and_gradients(&[0.25; COLUMNS], &numbers(6, FEATURES * COLUMNS, 0.1, 1.0), 0.0, 1);
    assert!(value > 0.1 && grads.iter().flatten().all(|&g| g == 0.0));
}

#[test]
fn lengths_are_in_bits_and_never_negative_at_the_widest_quantisation() {
    // A standard normal value at its mean, to within 1: ½ log₂ 2π bits.
    let length = description_length(1, 0.0, 0.0, 1.0, 1.0);
    assert!((length.constant - 1.325_748).abs() < 1e-6 && length.code == 0.0 && length.error == 0.0);
    // Halving the width costs one bit per feature; an error of 2σ² ln 2 costs one bit, as does a
    // cost of ln 2 nats.
    let ln_2 = std::f64::consts::LN_2;
    let widest = |sigma: f64| sigma * std::f64::consts::TAU.sqrt();
    let finer = description_length(10, 2.0 * 0.09 * ln_2, 3.0 * ln_2, 0.3, 0.5 * widest(0.3));
    assert!((finer.constant - 10.0).abs() < 1e-9 && (finer.error - 1.0).abs() < 1e-9);
    assert!((finer.code - 3.0).abs() < 1e-9);
    assert!(description_length(96, 0.0, 0.0, 0.1, widest(0.1)).constant.abs() < 1e-9);
}
