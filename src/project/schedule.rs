use super::{Schedule, Training};

/// The learning rate of a step.
///
/// `base` is the current rate (it may have been changed during training), `step` counts from 0 over
/// the run. Warm-up and cosine change with every step, drops occur between epochs.
///
/// The cosine spans the epochs of the design, whatever the final number of epochs: a run that is
/// trained further stays at the floor instead of jumping back up, and changing the number of epochs
/// during training does not change the rates.
pub fn learning_rate(training: &Training, base: f32, step: u64, steps_per_epoch: u64) -> f32 {
    let per_epoch = steps_per_epoch.max(1);
    let warmup = u64::from(training.warmup_epochs) * per_epoch;
    if step < warmup {
        return base * ((step + 1) as f64 / warmup as f64) as f32;
    }
    // Among the steps after the warm-up.
    let (position, last) =
        (step - warmup, (u64::from(training.epochs) * per_epoch).saturating_sub(warmup + 1).max(1));
    let factor = match training.schedule {
        Schedule::Constant => 1.0,
        Schedule::Step { epochs: every, factor } => {
            let drops = position / per_epoch / u64::from(every.max(1));
            f64::from(factor).powf(drops as f64)
        }
        Schedule::Cosine { floor } => {
            let done = (position as f64 / last as f64).min(1.0);
            between(1.0, f64::from(floor), done)
        }
        Schedule::OneCycle { rise, start, floor } => {
            let (position, last) = (position.min(last) as f64, last as f64);
            let top = f64::from(rise) * (last + 1.0) - 1.0;
            if position < top {
                between(f64::from(start), 1.0, position / top)
            } else {
                between(1.0, f64::from(floor), (position - top) / (last - top).max(f64::MIN_POSITIVE))
            }
        }
    };
    base * factor as f32
}

/// Half a cosine from one factor to another, at fraction `done`.
fn between(from: f64, to: f64, done: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
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

    /// The rates of `torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=…, pct_start=…)`
    /// with its other defaults (`anneal_strategy="cos"`, `div_factor=25`, `final_div_factor=1e4`),
    /// printed by `PyTorch` 2.15 with eight digits (`tests/reference/typed.py`).
    #[test]
    fn one_cycle_is_pytorchs() {
        let one_cycle = |rise| Schedule::OneCycle { rise, start: 0.04, floor: 4e-6 };
        check(
            one_cycle(0.3),
            0,
            &[
                0.04,
                0.131_671_84,
                0.371_671_84,
                0.668_328_16,
                0.908_328_2,
                1.0,
                0.987_464,
                0.950_484_63,
                0.890_916_18,
                0.811_745_65,
                0.716_943,
                0.611_262,
                0.500_002,
                0.388_741_98,
                0.283_061,
                0.188_258_35,
                0.109_087_82,
                0.049_519_368,
                0.012_539_994,
                4e-6,
            ],
        );
        // The maximum is between two steps.
        let between = [
            0.04,
            0.76,
            0.989_073_8,
            0.904_508_9,
            0.750_001,
            0.552_266,
            0.345_494_12,
            0.165_438_04,
            0.043_231_1,
            4e-6,
        ];
        check(one_cycle(0.25), 0, &between);
        // After a warm-up of two steps the cycle has the remaining steps.
        let warmed: Vec<f32> = [0.5, 1.0].into_iter().chain(between).collect();
        check(one_cycle(0.25), 1, &warmed);
        // Only up, only down.
        let rate = |rise, step| {
            let training = Training { schedule: one_cycle(rise), epochs: 5, ..Training::default() };
            learning_rate(&training, 1.0, step, 2)
        };
        assert!(rate(1.0, 0) == 0.04 && rate(1.0, 9) == 1.0 && rate(1.0, 99) == 1.0 && rate(0.0, 9) == 4e-6);
        assert!([10, 11, 1000].into_iter().all(|step| rate(0.3, step) == 4e-6), "trained further");
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
