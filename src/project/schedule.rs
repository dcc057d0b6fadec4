use super::{Schedule, Training};

/// The learning rate of a step.
///
/// `base` is the rate in force (it may have been changed while running), `step` counts from 0 over the run. Warm-up and
/// cosine move from step to step, drops come between epochs.
///
/// The cosine spans the epochs of the design, however many are trained in the end: a run that is trained further stays at
/// the floor it has reached instead of jumping back up, and one whose end is moved while it goes keeps its rates.
pub fn learning_rate(training: &Training, base: f32, step: u64, steps_per_epoch: u64) -> f32 {
    let per_epoch = steps_per_epoch.max(1);
    let warmup = u64::from(training.warmup_epochs) * per_epoch;
    if step < warmup {
        return base * ((step + 1) as f64 / warmup as f64) as f32;
    }
    let factor = match training.schedule {
        Schedule::Constant => 1.0,
        Schedule::Step { epochs: every, factor } => {
            let drops = (step - warmup) / per_epoch / u64::from(every.max(1));
            f64::from(factor).powf(drops as f64)
        }
        Schedule::Cosine { floor } => {
            let last = (u64::from(training.epochs) * per_epoch).saturating_sub(warmup + 1).max(1);
            let done = ((step - warmup) as f64 / last as f64).min(1.0);
            let floor = f64::from(floor);
            floor + (1.0 - floor) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
        }
    };
    base * factor as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schedule: Schedule, warmup_epochs: u32, expected: &[f32]) {
        let epochs = expected.len() as u32 / 2;
        let training = Training { schedule, warmup_epochs, epochs, ..Training::default() };
        for (step, expected) in expected.iter().enumerate() {
            let rate = learning_rate(&training, 1.0, step as u64, 2);
            assert!((rate - expected).abs() < 1e-6, "{schedule:?} step {step}: {rate}, not {expected}");
        }
    }

    #[test]
    fn rates_follow_their_formulas() {
        check(Schedule::Constant, 0, &[1.0, 1.0, 1.0, 1.0]);
        check(Schedule::Constant, 1, &[0.5, 1.0, 1.0, 1.0]);
        check(Schedule::Step { epochs: 1, factor: 0.1 }, 0, &[1.0, 1.0, 0.1, 0.1, 0.01, 0.01]);
        check(Schedule::Step { epochs: 1, factor: 0.5 }, 1, &[0.5, 1.0, 1.0, 1.0, 0.5, 0.5]);
        // cos 0, cos 60°, cos 120°, cos 180°
        check(Schedule::Cosine { floor: 0.0 }, 0, &[1.0, 0.75, 0.25, 0.0]);
        check(Schedule::Cosine { floor: 0.5 }, 0, &[1.0, 0.875, 0.625, 0.5]);
    }

    #[test]
    fn a_cosine_trained_further_stays_at_its_floor() {
        let schedule = Schedule::Cosine { floor: 0.1 };
        let training = Training { schedule, epochs: 4, ..Training::default() };
        let rate = |step| learning_rate(&training, 1.0, step, 2);
        assert!(rate(6) > 0.11);
        assert!([7, 8, 1000].into_iter().all(|step| (rate(step) - 0.1).abs() < 1e-6));
    }
}
