use super::*;
use crate::dataset::random::Purpose;
use crate::engine::kernels::pass::Mode;
use crate::engine::kernels::reference::{
    backward, check_bits, check_loss_gradients, pass, project, random_node,
};

/// A pass on one thread, with this many samples per row.
fn drawn(rows: usize, samples: usize) -> Pass {
    Pass { samples, ..pass(rows, 1) }
}

fn stream() -> Stream {
    Stream::new(4, Purpose::Reparameterisation, 1, 0)
}

fn sampler(rows: usize, samples: usize, units: usize) -> (Node, Node, Rc<Reparameterise>) {
    let (head, z) = (random_node(rows, 2 * units, 1), random_node(rows * samples, units, 2));
    let code = Reparameterise::new(Rc::clone(&head), Rc::clone(&z)).expect("small");
    (head, z, code)
}

#[test]
fn samples_follow_the_definition() {
    let (rows, samples, units) = (3, 4, 5);
    let (head, z, code) = sampler(rows + 1, samples, units);
    code.compute(&drawn(rows, samples), Some(stream()));
    for row in 0..rows * samples {
        for unit in 0..units {
            let head = head.borrow();
            let at = 2 * (row / samples) * units + unit;
            let (mean, log_variance) = (head.values()[at], head.values()[at + units]);
            let expected = mean + (0.5 * log_variance).exp() * stream().normal((row * units + unit) as u64);
            let ours = z.borrow().values()[row * units + unit];
            assert!((ours - expected).abs() < 1e-4, "{row} {unit}: {ours} {expected}");
        }
    }
    code.compute(&drawn(rows, samples), None);
    for row in 0..rows * samples {
        let at = 2 * (row / samples) * units;
        assert_eq!(z.borrow().values()[row * units..][..units], head.borrow().values()[at..at + units]);
    }
}

#[test]
fn gradients_of_samples_equal_finite_differences() {
    for samples in [1, 3] {
        let (head, z, code) = sampler(3, samples, 4);
        check_loss_gradients(&[(&head, 2)], &[&z], 1e-3, &mut |recorder| {
            code.forward(&drawn(2, samples), Some(stream()), recorder);
            project(&z, 2 * samples, 5, recorder)
        });
    }
}

#[test]
fn log_variance_has_a_range() {
    let (head, z, code) = sampler(1, 1, 4);
    head.borrow_mut().values_mut()[4..].copy_from_slice(&[-40.0, 30.0, 0.0, f32::NAN]);
    let mut forward = |recorder: &mut Recorder| {
        code.forward(&pass(1, 1), Some(stream()), recorder);
        project(&z, 1, 5, recorder)
    };
    let gradient = backward(&[(&head, 1)], &[&z], &mut forward).concat();
    let z = z.borrow();
    assert!(z.values()[..3].iter().all(|z| z.is_finite()) && z.values()[3].is_nan());
    assert_eq!(gradient[4..6], [0.0, 0.0]);
    assert!(gradient[6] != 0.0);
    let kl = KlToPrior::new(Rc::clone(&head), 0.0);
    let mut forward = |recorder: &mut Recorder| recorder.add(&kl, &pass(1, 1), 1.0);
    let gradient = backward(&[(&head, 1)], &[], &mut forward).concat();
    assert_eq!(gradient[4..7], [0.0; 3], "outside, outside, at the minimum");
    // ½ (e^20 − 1 − 20) and ½ (e^−30 − 1 + 30).
    head.borrow_mut().values_mut()[..4].fill(0.0);
    kl.compute(&pass(1, 1));
    let per_unit = kl.per_unit();
    assert!(
        (per_unit[0] - 14.5).abs() < 1e-5 && (per_unit[1] / 242_582_587.2 - 1.0).abs() < 1e-6,
        "{per_unit:?}"
    );
}

/// KL by Simpson's rule over ±12 standard deviations of q.
fn numeric_kl(mean: f64, log_variance: f64) -> f64 {
    let (sigma, steps) = ((0.5 * log_variance).exp(), 4000);
    let log_density = |x: f64, mean: f64, sigma: f64| {
        -0.5 * ((x - mean) / sigma).powi(2) - sigma.ln() - 0.5 * std::f64::consts::TAU.ln()
    };
    let term = |i: usize| {
        let x = mean + sigma * (-12.0 + 24.0 * i as f64 / steps as f64);
        let q = log_density(x, mean, sigma);
        let weight = if i == 0 || i == steps { 1.0 } else { (2 + 2 * (i % 2)) as f64 };
        weight * q.exp() * (q - log_density(x, 0.0, 1.0))
    };
    (0..=steps).map(term).sum::<f64>() * sigma * 24.0 / steps as f64 / 3.0
}

#[test]
fn divergence_equals_its_integral() {
    let (rows, units) = (33, 3);
    let head = random_node(40, 2 * units, 1);
    let kl = KlToPrior::new(Rc::clone(&head), 0.0);
    let total = kl.compute(&pass(rows, 1));
    let (head, per_unit) = (head.borrow(), kl.per_unit());
    for (unit, ours) in per_unit.iter().enumerate() {
        let value = |row: usize, half: usize| f64::from(head.values()[2 * row * units + half * units + unit]);
        let expected: f64 = (0..rows).map(|row| numeric_kl(value(row, 0), value(row, 1))).sum();
        assert!((ours - expected).abs() < 1e-4, "{ours} {expected}");
    }
    assert!((total - per_unit.iter().sum::<f64>()).abs() < 1e-9);
}

#[test]
fn gradients_of_divergence_equal_finite_differences() {
    let (rows, units) = (3, 4);
    let head = random_node(4, 2 * units, 1);
    // Unit 2 of every row is close to the prior: its mean KL is below 0.1.
    for row in 0..4 {
        for half in 0..2 {
            head.borrow_mut().values_mut()[2 * row * units + half * units + 2] *= 0.05;
        }
    }
    for free_bits in [0.0, 0.1] {
        let kl = KlToPrior::new(Rc::clone(&head), free_bits);
        check_loss_gradients(&[(&head, rows)], &[], 1e-3, &mut |recorder| {
            0.7 / rows as f64 * recorder.add(&kl, &pass(rows, 1), 0.7)
        });
        let total = kl.compute(&pass(rows, 1));
        let per_unit = kl.per_unit();
        let floor = rows as f64 * f64::from(free_bits);
        let expected: f64 = per_unit.iter().map(|kl| kl.max(floor)).sum();
        assert!((total - expected).abs() < 1e-9 && (per_unit[2] < floor) == (free_bits > 0.0));
        assert!(per_unit.iter().filter(|&&kl| kl > floor).count() >= 3);
    }
}

#[test]
fn weight_zero_leaves_no_gradient() {
    let head = random_node(2, 4, 1);
    head.borrow_mut().values_mut()[0] = f32::INFINITY;
    let kl = KlToPrior::new(Rc::clone(&head), 0.0);
    let mut forward = |recorder: &mut Recorder| recorder.add(&kl, &pass(2, 1), 0.0);
    assert_eq!(backward(&[(&head, 2)], &[], &mut forward), [vec![0.0; 8]]);
}

#[test]
fn bits_do_not_depend_on_threads() {
    check_bits(|threads| {
        let (head, z, code) = sampler(300, 3, 200);
        let kl = KlToPrior::new(Rc::clone(&head), 0.3);
        let pass = Pass { samples: 3, ..Pass::new(299, Mode::Use, threads) };
        let mut total = 0.0;
        let mut forward = |recorder: &mut Recorder| {
            total = recorder.add(&kl, &pass, 0.5);
            code.forward(&pass, Some(stream()), recorder);
            project(&z, 3 * 299, 5, recorder)
        };
        let mut values = backward(&[(&head, 299)], &[&z], &mut forward).concat();
        values.extend(&z.borrow().values()[..3 * 299 * 200]);
        values.extend(kl.per_unit().iter().map(|&kl| kl as f32));
        values.push(total as f32);
        values
    });
}
