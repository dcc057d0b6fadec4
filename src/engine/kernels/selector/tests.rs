use super::super::gumbel::argmax;
use super::super::gumbel::support::{close, differences, numbers, slow_gumbel, wide};
use super::super::reference::{backward, empty_node, node, pass, seed};
use super::*;
use crate::dataset::random::{Purpose, Stream};

const ROWS: usize = 5;
const UNITS: usize = 3;

fn relaxation(temperature: f32) -> Relaxation {
    Relaxation { stream: Stream::new(7, Purpose::Gumbel, 11, 0), temperature }
}

/// The definition in f64.
fn outputs(x: &[f64], logits: &[f64], noise: &[f64], features: usize, temperature: f32) -> Vec<f64> {
    let mut noise = noise.chunks(features);
    let mut y = Vec::new();
    for x in x.chunks(features) {
        for logits in logits.chunks(features) {
            let noise = noise.next().unwrap();
            let z: Vec<f64> =
                logits.iter().zip(noise).map(|(l, g)| (l + g) / f64::from(temperature)).collect();
            let max = z.iter().copied().fold(f64::MIN, f64::max);
            let e: Vec<f64> = z.iter().map(|z| (z - max).exp()).collect();
            y.push(e.iter().zip(x).map(|(e, x)| e * x).sum::<f64>() / e.iter().sum::<f64>());
        }
    }
    y
}

struct Case {
    x: Node,
    logits: Node,
    y: Node,
    selector: Rc<Selector>,
}

fn case(features: usize, rows: usize, units: usize, limit: usize) -> Case {
    let x = node(rows, features, &numbers(1, rows * features, 0.2, 1.0));
    let logits = node(units, features, &numbers(2, units * features, 0.0, 1.5));
    let y = empty_node(rows, units);
    let selector = Selector::with_limit(x.clone(), logits.clone(), y.clone(), true, limit).expect("small");
    Case { x, logits, y, selector }
}

/// Outputs and the gradients of x and the logits.
fn run(
    case: &Case,
    rows: usize,
    relaxation: Option<Relaxation>,
    threads: usize,
) -> (Vec<f32>, Vec<Vec<f32>>) {
    let units = case.y.borrow().columns();
    let projection = numbers(3, rows * units, 0.0, 1.0);
    let grads = backward(&[(&case.x, rows), (&case.logits, units)], &[&case.y], &mut |recorder| {
        case.selector.forward(&pass(rows, threads), relaxation, recorder);
        seed(&case.y, &projection, recorder)
    });
    (case.y.borrow().values().to_vec(), grads)
}

#[test]
fn outputs_and_gradients_are_those_of_the_definition() {
    // Fewer features than lanes, more than a block, and both kinds of backward pass.
    for (features, rows, units) in [(7, 5, 3), (40, 5, 3), (530, 2, 2)] {
        for limit in [KEPT_CHOICES, 0] {
            for temperature in [10.0, 1.0, 0.3] {
                equals_the_definition(features, rows, units, limit, relaxation(temperature));
            }
        }
    }
}

fn equals_the_definition(features: usize, rows: usize, units: usize, limit: usize, relaxation: Relaxation) {
    let case = case(features, rows, units, limit);
    let (y, grads) = run(&case, rows, Some(relaxation), 2);
    let (x, logits) = (wide(case.x.borrow().values()), wide(case.logits.borrow().values()));
    let name = format!("{features} features, limit {limit}, T {}", relaxation.temperature);
    let noise: Vec<f64> =
        (0..(rows * units * features) as u64).map(|at| slow_gumbel(relaxation.stream, at)).collect();
    let outputs = |x: &[f64], logits: &[f64]| outputs(x, logits, &noise, features, relaxation.temperature);
    close(&name, &y, &outputs(&x, &logits), 1e-5);
    let projection = wide(&numbers(3, rows * units, 0.0, 1.0));
    let loss =
        |x: &[f64], logits: &[f64]| outputs(x, logits).iter().zip(&projection).map(|(y, p)| y * p).sum();
    close(&format!("{name}, dx"), &grads[0], &differences(&x, |x| loss(x, &logits)), 1e-4);
    close(&format!("{name}, dlogits"), &grads[1], &differences(&logits, |l| loss(&x, l)), 1e-4);
}

#[test]
fn cold_units_choose_one_feature_and_nothing_overflows() {
    let case = case(600, ROWS, UNITS, KEPT_CHOICES);
    let relaxation = relaxation(0.01);
    let (y, grads) = run(&case, ROWS, Some(relaxation), 1);
    for row in 0..ROWS {
        for unit in 0..UNITS {
            let at = ((row * UNITS + unit) * 600) as u64;
            let (x, logits) = (case.x.borrow(), case.logits.borrow());
            let noisy: Vec<f64> = (0..600)
                .map(|j| {
                    f64::from(logits.values()[unit * 600 + j]) + slow_gumbel(relaxation.stream, at + j as u64)
                })
                .collect();
            let first = argmax(noisy.iter().map(|&v| v as f32));
            let gap = noisy.iter().enumerate().filter(|&(j, _)| j != first).map(|(_, v)| noisy[first] - v);
            let others: f64 = gap.map(|gap| (-100.0 * gap).exp()).sum();
            let error = f64::from(y[row * UNITS + unit] - x.values()[row * 600 + first]);
            // Values of x are at most 1.2 in magnitude.
            assert!(error.abs() <= 2.5 * others + 1e-3, "{row} {unit}: {error}");
        }
    }
    assert!(grads.iter().flatten().all(|g| g.is_finite() && !g.is_subnormal()));
}

#[test]
fn threads_and_kept_exponentials_change_no_bit() {
    // 60 · 20 · 700 exponentials are enough work for a fork.
    let reference = run(&case(700, 60, 20, KEPT_CHOICES), 60, Some(relaxation(0.7)), 1);
    for (threads, limit) in [(2, KEPT_CHOICES), (3, KEPT_CHOICES), (1, 0), (2, 0), (3, 0)] {
        let other = run(&case(700, 60, 20, limit), 60, Some(relaxation(0.7)), threads);
        assert!(other == reference, "{threads} threads, limit {limit}");
    }
}

#[test]
fn fewer_rows_than_the_capacity_give_the_same_rows() {
    let (case, fewer) = (case(40, ROWS, UNITS, KEPT_CHOICES), case(40, ROWS, UNITS, KEPT_CHOICES));
    let (all, _) = run(&case, ROWS, Some(relaxation(1.0)), 1);
    let (some, _) = run(&fewer, 2, Some(relaxation(1.0)), 1);
    assert_eq!(some[..2 * UNITS], all[..2 * UNITS]);
    assert!(some[2 * UNITS..].iter().all(|&y| y == 0.0));
    let grads = backward(&[(&fewer.x, ROWS)], &[&fewer.y], &mut |recorder| {
        fewer.selector.forward(&pass(2, 1), Some(relaxation(1.0)), recorder);
        seed(&fewer.y, &[1.0; 2 * UNITS], recorder)
    });
    assert!(grads[0][2 * 40..].iter().all(|dx| dx.is_nan()), "rows beyond are not written");
}

#[test]
fn two_uses_in_one_step_add_their_gradients() {
    let case = case(40, ROWS, UNITS, KEPT_CHOICES);
    let y = empty_node(ROWS, UNITS);
    let second = Selector::new(case.x.clone(), case.logits.clone(), y.clone(), true).expect("small");
    let (_, once) = run(&case, ROWS, Some(relaxation(1.0)), 1);
    let projection = numbers(3, ROWS * UNITS, 0.0, 1.0);
    let twice = backward(&[(&case.x, ROWS), (&case.logits, UNITS)], &[&case.y, &y], &mut |recorder| {
        case.selector.forward(&pass(ROWS, 1), Some(relaxation(1.0)), recorder);
        second.forward(&pass(ROWS, 1), Some(relaxation(1.0)), recorder);
        seed(&case.y, &projection, recorder) + seed(&y, &projection, recorder)
    });
    for (once, twice) in once.iter().zip(&twice) {
        let doubled: Vec<f64> = once.iter().map(|&g| 2.0 * f64::from(g)).collect();
        close("twice", twice, &doubled, 1e-6);
    }
}

#[test]
fn evaluation_takes_the_feature_with_the_largest_logit() {
    let case = case(4, 2, 3, KEPT_CHOICES);
    case.x.borrow_mut().values_mut().copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let logits = [0.0, 1.0, 0.5, -1.0, 9.0, 1.0, 9.0, 1.0, -4.0, -3.0, -2.0, -1.0];
    case.logits.borrow_mut().values_mut().copy_from_slice(&logits);
    let (y, grads) = run(&case, 2, None, 1);
    assert_eq!(y, [2.0, 1.0, 4.0, 6.0, 5.0, 8.0]);
    let p = numbers(3, 6, 0.0, 1.0);
    assert_eq!(grads[0], [p[1], p[0], 0.0, p[2], p[4], p[3], 0.0, p[5]]);
    assert_eq!(grads[1], [0.0; 12]);
    assert_eq!(chosen(&logits, 4), [1, 0, 3]);
}

#[test]
fn convergence_is_measured_on_the_logits() {
    // softmax(ln 3, 0, 0) has the maximum 3/5; softmax of equal logits 1/3.
    let logits = [3.0_f32.ln(), 0.0, 0.0, 2.0, 2.0, 2.0];
    assert!((mean_max(&logits, 3) - f64::midpoint(0.6, 1.0 / 3.0)).abs() < 1e-6);
    assert!(mean_max(&[1000.0, 0.0, 0.0, 1000.0], 2) > 0.999_999);
    assert_eq!(verdict(0.999, 1, 5), Verdict::Accept);
    assert_eq!(
        [1, 4, 5].map(|attempt| verdict(0.995, attempt, 5)),
        [Verdict::TryAgain, Verdict::TryAgain, Verdict::Accept]
    );
    assert_eq!(verdict(0.98, 5, 5), Verdict::GiveUp);
}

#[test]
fn a_selector_finds_the_one_feature_that_matters() {
    // y should equal feature 6 of 20: gradient descent on the squared error while the temperature
    // falls.
    let (features, rows) = (20, 16);
    let case = case(features, rows, 1, KEPT_CHOICES);
    initial_logits(
        case.logits.borrow_mut().values_mut(),
        features,
        Stream::new(1, Purpose::Initialisation, 0, 0),
    );
    for step in 0..300 {
        let relaxation = Relaxation {
            stream: Stream::new(5, Purpose::Gumbel, step, 0),
            temperature: temperature(step, 300, 10.0, 0.1),
        };
        case.selector.forward(&pass(rows, 1), Some(relaxation), &mut Recorder::idle());
        let error: Vec<f32> = {
            let (x, y) = (case.x.borrow(), case.y.borrow());
            (0..rows).map(|row| (y.values()[row] - x.values()[row * features + 6]) / rows as f32).collect()
        };
        let grads = backward(&[(&case.logits, 1)], &[&case.x, &case.y], &mut |recorder| {
            case.selector.forward(&pass(rows, 1), Some(relaxation), recorder);
            seed(&case.y, &error, recorder)
        });
        for (logit, gradient) in case.logits.borrow_mut().values_mut().iter_mut().zip(&grads[0]) {
            *logit -= 5.0 * gradient;
        }
    }
    assert_eq!(chosen(case.logits.borrow().values(), features), [6]);
}
