use super::super::reference::{empty_node, node, normals, pass};
use super::super::tape::{Recorder, Root};
use super::*;

const TARGETS: [f32; 3] = [0.05, 0.3, 0.9];

/// All terms, with all targets.
fn terms() -> Vec<Term> {
    let mut terms = vec![Term::L1, Term::L2];
    for target in TARGETS {
        for distance in Distance::ALL {
            terms.extend(Over::ALL.map(|over| Term::Target { target, distance, over }));
        }
    }
    terms
}

/// The definitions, in plain loops over f64: the mean over the minibatch.
fn mean_by_definition(term: Term, h: &[f64], rows: usize) -> f64 {
    let units = h.len() / rows;
    let at = |i: usize, j: usize| h[i * units + j];
    let m = rows as f64;
    let s = |p: f64, q: f64, distance| match distance {
        Distance::Kl => p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln(),
        Distance::L1 => (p - q).abs(),
        Distance::L2 => (p - q) * (p - q),
    };
    match term {
        Term::L1 => h.iter().map(|h| h.abs()).sum::<f64>() / m,
        Term::L2 => h.iter().map(|h| h * h).sum::<f64>() / m,
        Term::Target { target, distance, over } => {
            let p = f64::from(target);
            match over {
                Over::Samples => {
                    (0..units).map(|j| s(p, (0..rows).map(|i| at(i, j)).sum::<f64>() / m, distance)).sum()
                }
                Over::Units => (0..rows)
                    .map(|i| s(p, (0..units).map(|j| at(i, j)).sum::<f64>() / units as f64, distance) / m)
                    .sum(),
            }
        }
    }
}

/// The value of the first `rows` rows and the gradient of `h`; added to a gradient of `seed` if
/// given.
fn run(
    term: Term,
    h: &Node,
    rows: usize,
    weight: f32,
    seed: Option<f32>,
    threads: usize,
) -> (f64, Option<Vec<f32>>) {
    let root = Root::new().expect("small");
    let mut grads = Grads::leaky();
    h.borrow().begin_step();
    let [stale] = gradients(&mut grads, [&h.borrow()]).expect("small");
    stale.fill(f32::NAN);
    let mut recorder = Recorder::recording(&root, grads);
    let sparsity = Sparsity::new(Rc::clone(h), term).expect("small");
    let value = recorder.add(&sparsity, &pass(rows, threads), weight);
    if let Some(seed) = seed {
        let h = Rc::clone(h);
        recorder.push(move |grads| {
            let [gradient] = gradients(grads, [&h.borrow()])?;
            gradient.fill(seed);
            let _ = h.borrow().claim_gradient();
            Ok(())
        });
    }
    let mut grads = recorder.backward(&root).expect("small").expect("recorded");
    let gradient = h.borrow().has_gradient().then(|| {
        let [gradient] = gradients(&mut grads, [&h.borrow()]).expect("small");
        gradient.to_vec()
    });
    (value, gradient)
}

/// Activations strictly between 0 and 1.
fn activations(rows: usize, units: usize) -> Vec<f32> {
    normals(rows * units, 4).iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect()
}

#[test]
fn values_and_gradients_are_those_of_the_definition() {
    let (capacity, rows, units) = (9, 7, 37);
    let mut h = activations(capacity, units);
    for signed in [false, true] {
        if signed {
            // Both signs if the values are not probabilities.
            h.iter_mut().step_by(3).for_each(|h| *h = -*h);
        }
        let shared = node(capacity, units, &h);
        let exact: Vec<f64> = h[..rows * units].iter().map(|h| f64::from(*h)).collect();
        for term in terms() {
            if signed && matches!(term, Term::Target { distance: Distance::Kl, .. }) {
                continue;
            }
            let weight = 0.7;
            let (value, gradient) = run(term, &shared, rows, weight, None, 1);
            let expected = rows as f64 * mean_by_definition(term, &exact, rows);
            assert!(
                (value - expected).abs() < 1e-5 * expected.abs().max(0.1),
                "{term:?}: {value} {expected}"
            );
            let gradient = gradient.expect("written");
            let (_, added) = run(term, &shared, rows, weight, Some(0.5), 1);
            let added = added.expect("written");
            for index in 0..rows * units {
                let at = |x: f64| {
                    let mut moved = exact.clone();
                    moved[index] += x;
                    f64::from(weight) * mean_by_definition(term, &moved, rows)
                };
                let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
                let ours = f64::from(gradient[index]);
                assert!(
                    (ours - numeric).abs() < 1e-5 * numeric.abs().max(0.1),
                    "{term:?} {index}: {ours} {numeric}"
                );
                assert!((f64::from(added[index]) - 0.5 - ours).abs() < 1e-6, "{term:?} {index}");
            }
            // Rows that are not used keep their values.
            assert!(gradient[rows * units..].iter().all(|x| x.is_nan()), "{term:?}");
        }
    }
}

#[test]
fn a_weight_of_zero_moves_nothing() {
    let h = node(3, 4, &activations(3, 4));
    for term in terms() {
        let (value, gradient) = run(term, &h, 3, 0.0, None, 1);
        assert_eq!((gradient, value), (None, run(term, &h, 3, 1.0, None, 1).0), "{term:?}");
    }
}

#[test]
fn threads_change_nothing() {
    // Enough rows and units for several shards, and enough work for a fork.
    let (rows, units) = (300, 1031);
    let h = node(rows, units, &activations(rows, units));
    for term in terms() {
        let bits = |threads| {
            let (value, gradient) = run(term, &h, rows, 0.3, None, threads);
            let gradient: Vec<u32> = gradient.expect("written").into_iter().map(f32::to_bits).collect();
            (value.to_bits(), gradient)
        };
        let one = bits(1);
        assert!(one == bits(2) && one == bits(3), "{term:?}");
    }
}

#[test]
fn units_at_the_ends_are_drawn_back() {
    for over in Over::ALL {
        let term = Term::Target { target: 0.1, distance: Distance::Kl, over };
        // Dead: the clamped divergence and the slope there, towards the target.
        let (value, gradient) = run(term, &empty_node(2, 3), 2, 1.0, None, 1);
        let gradient = gradient.expect("written");
        let one = 0.1 * (0.1_f64 / 1e-6).ln() + 0.9 * (0.9_f64 / (1.0 - 1e-6)).ln();
        let terms = if over == Over::Samples { 3.0 * 2.0 } else { 2.0 };
        assert!((value - terms * one).abs() < 1e-6, "{over:?} {value}");
        assert!(gradient.iter().all(|g| g.is_finite() && *g < -1e3), "{over:?} {gradient:?}");
        // Always on.
        let (value, gradient) = run(term, &node(2, 3, &[1.0; 6]), 2, 1.0, None, 1);
        assert!(value.is_finite() && gradient.expect("written").iter().all(|g| g.is_finite() && *g > 1e3));
    }
    // Targets at the ends are finite.
    for target in [0.0, 1.0] {
        let (value, slope) = distance_to(target, Distance::Kl, 0.5);
        assert!((value - 2.0_f64.ln()).abs() < 1e-12 && slope.abs() == 2.0, "{target} {value} {slope}");
    }
    // Exactly at the target.
    assert_eq!(distance_to(0.25, Distance::L1, 0.25), (0.0, 0.0));
    let (_, gradient) = run(Term::L1, &empty_node(2, 3), 2, 1.0, None, 1);
    assert_eq!(gradient, Some(vec![0.0; 6]));
}

#[test]
fn not_a_number_is_not_hidden() {
    for term in terms() {
        let (value, gradient) = run(term, &node(1, 2, &[f32::NAN, 0.5]), 1, 1.0, None, 1);
        assert!(value.is_nan(), "{term:?}");
        assert!(gradient.expect("written")[0].is_nan(), "{term:?}");
    }
}
