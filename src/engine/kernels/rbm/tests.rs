use super::*;
use crate::dataset::random::Purpose;

fn stream(purpose: Purpose, a: u64) -> Stream {
    Stream::new(5, purpose, a, 0)
}

fn uniform(key: u64, len: usize) -> Vec<f32> {
    let stream = Stream::new(key, Purpose::Synthetic, 0, 0);
    (0..len as u64).map(|i| stream.uniform(i)).collect()
}

/// One layer in plain loops and f64.
struct Plain {
    visible: usize,
    hidden: usize,
    units: HiddenUnits,
    w: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
    dw: Vec<f64>,
    db: Vec<f64>,
    dc: Vec<f64>,
}

impl Plain {
    fn of(rbm: &Rbm) -> Plain {
        Plain {
            visible: rbm.visible,
            hidden: rbm.hidden,
            units: rbm.units,
            w: rbm.weight.iter().map(|&w| f64::from(w)).collect(),
            b: vec![0.0; rbm.visible],
            c: vec![0.0; rbm.hidden],
            dw: vec![0.0; rbm.weight.len()],
            db: vec![0.0; rbm.visible],
            dc: vec![0.0; rbm.hidden],
        }
    }

    fn up(&self, v: &[f64]) -> Vec<f64> {
        (0..self.hidden)
            .map(|j| {
                let a =
                    self.c[j] + (0..self.visible).map(|i| v[i] * self.w[j * self.visible + i]).sum::<f64>();
                if self.units == HiddenUnits::Logistic { 1.0 / (1.0 + (-a).exp()) } else { a }
            })
            .collect()
    }

    fn step(&mut self, rows: usize, data: &[f32], present: &[f32], step: CdStep) -> f64 {
        let (visible, hidden) = (self.visible, self.hidden);
        let (mut gw, mut gb, mut gc) = (vec![0.0; visible * hidden], vec![0.0; visible], vec![0.0; hidden]);
        let mut error = 0.0;
        for row in 0..rows {
            let of_row = row * visible..(row + 1) * visible;
            let there: Vec<f64> = present[of_row.clone()].iter().map(|&there| f64::from(there)).collect();
            let share = there.iter().sum::<f64>() / visible as f64;
            let v: Vec<f64> = data[of_row]
                .iter()
                .zip(&there)
                .map(|(&v, there)| if *there > 0.0 { f64::from(v) } else { 0.0 })
                .collect();
            let up = self.up(&v);
            let h: Vec<f64> = (0..hidden)
                .map(|j| {
                    let at = (row * hidden + j) as u64;
                    match self.units {
                        HiddenUnits::Logistic => f64::from(f64::from(step.stream.uniform(at)) < up[j]),
                        HiddenUnits::Linear => up[j] + f64::from(step.stream.normal(at)),
                    }
                })
                .collect();
            let again: Vec<f64> = (0..visible)
                .map(|i| self.b[i] + (0..hidden).map(|j| h[j] * self.w[j * visible + i]).sum::<f64>())
                .zip(&there)
                .map(|(a, there)| there / (1.0 + (-a).exp()))
                .collect();
            let down = self.up(&again);
            for j in 0..hidden {
                for i in 0..visible {
                    gw[j * visible + i] += (v[i] * up[j] - again[i] * down[j]) / rows as f64;
                }
                gc[j] += (up[j] - down[j]) / rows as f64;
            }
            for i in 0..visible {
                gb[i] += (v[i] - again[i]) / rows as f64;
                error += (v[i] - again[i]).powi(2) / share.max(1e-9);
            }
        }
        let (rate, momentum) = (f64::from(step.learning_rate), f64::from(step.momentum));
        let advance = |value: &mut [f64], last: &mut [f64], gradient: &[f64], cost: f64| {
            for ((value, last), gradient) in value.iter_mut().zip(last).zip(gradient) {
                *last = momentum * *last + rate * (gradient - cost * *value);
                *value += *last;
            }
        };
        advance(&mut self.w, &mut self.dw, &gw, 2e-4);
        advance(&mut self.b, &mut self.db, &gb, 0.0);
        advance(&mut self.c, &mut self.dc, &gc, 0.0);
        error
    }
}

fn assert_close(name: &str, ours: &[f32], exact: &[f64], bound: f64) {
    assert!(exact.iter().any(|e| e.abs() > 10.0 * bound), "{name}: nothing to compare");
    for (i, (ours, exact)) in ours.iter().zip(exact).enumerate() {
        assert!((f64::from(*ours) - exact).abs() < bound, "{name}[{i}]: {ours} {exact}");
    }
}

#[test]
fn three_steps_equal_plain_loops_with_the_same_random_numbers() {
    let (visible, hidden, rows) = (21, 70, 9);
    let all = vec![1.0; rows * visible];
    // One row has only missing values, and one unit is always missing.
    let some: Vec<f32> = (0..rows * visible)
        .map(|at| f32::from(at % 5 != 0 && at / visible != 3 && at % visible != 4))
        .collect();
    let kinds = [HiddenUnits::Logistic, HiddenUnits::Linear];
    for (units, present) in kinds.into_iter().flat_map(|units| [(units, None), (units, Some(&some))]) {
        let mut rbm = Rbm::new(visible, hidden, units, rows + 3, stream(Purpose::Initialisation, 1)).unwrap();
        let mut plain = Plain::of(&rbm);
        let deviation = (plain.w.iter().map(|w| w * w).sum::<f64>() / plain.w.len() as f64).sqrt();
        assert!((deviation - 0.1).abs() < 0.01, "{deviation}");
        let start = plain.w.clone();
        let threads = Threads::new(2);
        for epoch in [1, 5, 6] {
            let data = uniform(u64::from(epoch), rows * visible);
            let step = CdStep {
                learning_rate: units.learning_rate(),
                momentum: momentum(epoch),
                stream: stream(Purpose::Gibbs, u64::from(epoch)),
            };
            let mut data = data;
            if present.is_some() {
                // Missing values may be anything, even NaN.
                data[0] = f32::NAN;
            }
            let there = present.unwrap_or(&all);
            let ours = rbm.step(rows, &data, present.map(Vec::as_slice), step, &threads);
            let exact = plain.step(rows, &data, there, step);
            assert!((ours - exact).abs() < 1e-5 * exact, "{ours} {exact}");
        }
        // The updates are compared, not the starting values: they are about as large as the
        // learning rate.
        let bound = 1e-5 * f64::from(units.learning_rate());
        let moved: Vec<f64> = plain.w.iter().zip(&start).map(|(w, start)| w - start).collect();
        let ours: Vec<f32> =
            rbm.weight().iter().zip(&start).map(|(w, start)| (f64::from(*w) - start) as f32).collect();
        // Weights near 0.3 are stored to within 3e-8.
        assert_close("W", &ours, &moved, bound + 1e-7);
        assert_close("ΔW", &rbm.weight_step, &plain.dw, bound);
        assert_close("b", rbm.visible_bias(), &plain.b, bound);
        assert_close("c", rbm.hidden_bias(), &plain.c, bound);
    }
}

#[test]
fn threads_change_no_bit() {
    let (visible, hidden, rows) = (300, 150, 100);
    let run = |threads: usize| {
        let threads = Threads::new(threads);
        let init = stream(Purpose::Initialisation, 1);
        let mut rbm = Rbm::new(visible, hidden, HiddenUnits::Logistic, rows, init).unwrap();
        let mut errors = Vec::new();
        for epoch in 1..4 {
            let step = CdStep { learning_rate: 0.1, momentum: 0.5, stream: stream(Purpose::Gibbs, epoch) };
            errors.push(rbm.step(rows, &uniform(epoch, rows * visible), None, step, &threads));
        }
        (errors, rbm.weight, rbm.visible_bias, rbm.hidden_bias)
    };
    let reference = run(1);
    assert!(run(2) == reference && run(3) == reference);
}

#[test]
fn a_full_buffer_and_a_half_filled_one_learn_the_same() {
    let run = |room: usize| {
        let init = stream(Purpose::Initialisation, 1);
        let mut rbm = Rbm::new(20, 10, HiddenUnits::Logistic, room, init).unwrap();
        let step = CdStep { learning_rate: 0.1, momentum: 0.5, stream: stream(Purpose::Gibbs, 1) };
        // A larger minibatch first, where it fits, leaves its rows in the buffers.
        if room > 6 {
            let zero = CdStep { learning_rate: 0.0, ..step };
            rbm.step(room, &uniform(4, room * 20), None, zero, &Threads::new(1));
        }
        let error = rbm.step(6, &uniform(3, 6 * 20), None, step, &Threads::new(1));
        (error, rbm.weight)
    };
    assert!(run(6) == run(13));
}

#[test]
fn bars_are_learned() {
    // 6 × 6 pictures, each row of pixels on with probability 0.3.
    let (size, rows) = (6, 50);
    let picture_stream = Stream::new(1, Purpose::Synthetic, 0, 0);
    let data: Vec<f32> = (0..rows * size)
        .flat_map(|bar| std::iter::repeat_n(f32::from(picture_stream.uniform(bar as u64) < 0.3), size))
        .collect();
    let init = stream(Purpose::Initialisation, 1);
    let mut rbm = Rbm::new(size * size, 20, HiddenUnits::Logistic, rows, init).unwrap();
    let threads = Threads::new(1);
    let errors: Vec<f64> = (1..=300)
        .map(|epoch| {
            let step = CdStep {
                learning_rate: HiddenUnits::Logistic.learning_rate(),
                momentum: momentum(epoch),
                stream: stream(Purpose::Gibbs, u64::from(epoch)),
            };
            rbm.step(rows, &data, None, step, &threads) / rows as f64
        })
        .collect();
    // At first every pixel is ½: 36 · ¼ = 9. Guessing 0.3 everywhere would leave 36 · 0.21 = 7.6.
    assert!((errors[0] - 9.0).abs() < 1.5, "{}", errors[0]);
    assert!(errors[290..].iter().all(|&error| error < 1.5), "{:?}", &errors[290..]);
}

#[test]
fn momentum_changes_after_the_fifth_epoch() {
    assert_eq!([1, 5, 6, 50].map(momentum), [0.5, 0.5, 0.9, 0.9]);
}
