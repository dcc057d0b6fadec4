//! Learning rate search: a short training whose rate grows from step to step (Smith 2017).

use std::sync::Arc;

use super::Trainer;
use crate::check::Plan;
use crate::dataset::Dataset;
use crate::engine::EngineError;

/// The lowest rate that is tried.
const LOWEST: f64 = 1e-6;
/// Powers of ten covered, up to a rate of 10.
const DECADES: usize = 7;
/// Steps per power of ten.
const STEPS: usize = 20;
/// Weight of a new loss in the running mean, which covers half a power of ten.
const SMOOTHING: f64 = 0.1;
/// The search ends when the loss has risen above the initial loss by this many times its magnitude.
const MOST_RISE: f64 = 3.0;

/// Loss against learning rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateCurve {
    /// Ordered by rate.
    pub points: Vec<RatePoint>,
}

/// One step of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatePoint {
    /// The learning rate.
    pub rate: f32,
    /// Running mean of the losses of the minibatches up to here, each summed over features.
    pub loss: f64,
}

impl RateCurve {
    /// The highest rate that is tried.
    pub const HIGHEST: f64 = 10.0;
    /// Number of steps of a complete search.
    pub const STEPS: usize = DECADES * STEPS + 1;

    /// The point of the lowest loss; `None` if the loss never fell, that is if the point is within
    /// the first power of ten.
    pub fn lowest(&self) -> Option<RatePoint> {
        let points = self.points.iter().enumerate();
        let (at, point) = points.min_by(|(_, a), (_, b)| a.loss.total_cmp(&b.loss))?;
        (at > STEPS).then_some(*point)
    }

    /// The rate to train with, to two digits: the lowest one at which the loss has fallen by half as
    /// much as it falls in all. There it falls about as fast as anywhere. The rate of the lowest loss
    /// itself says little: the loss often stays low over several powers of ten in which training
    /// would not be stable.
    pub fn suggested(&self) -> Option<f32> {
        let half = 0.5 * (self.points.first()?.loss + self.lowest()?.loss);
        let rate = self.points.iter().find(|point| point.loss <= half)?.rate;
        format!("{rate:.1e}").parse().ok()
    }

    /// Trains a network of a plan from its start on minibatches of the training split, with a rate
    /// that grows by the same factor from step to step, until the loss has risen far above that of
    /// the start. `on_progress` gets the points so far and returns whether to continue. Schedule,
    /// validation and layer-wise training are left out.
    ///
    /// # Errors
    /// [`EngineError::DataShape`], [`EngineError::OutOfMemory`]; [`EngineError::Cancelled`] if
    /// `on_progress` returns false.
    pub fn find(
        plan: &Plan,
        data: Arc<Dataset>,
        threads: usize,
        on_progress: &mut dyn FnMut(&[RatePoint]) -> bool,
    ) -> Result<RateCurve, EngineError> {
        let mut trainer = Trainer::new(plan, data, threads)?;
        let (mut points, mut mean) = (Vec::<RatePoint>::with_capacity(RateCurve::STEPS), 0.0);
        for step in 0..RateCurve::STEPS {
            if !on_progress(&points) {
                return Err(EngineError::Cancelled);
            }
            let rate = (LOWEST * 10_f64.powf(step as f64 / STEPS as f64)) as f32;
            let loss = match trainer.minibatch_step(rate) {
                Ok((loss, _)) => loss,
                Err(EngineError::Diverged { .. }) => break,
                Err(error) => return Err(error),
            };
            if trainer.progress.step_in_epoch == trainer.steps_per_epoch() {
                trainer.progress.end_epoch();
            }
            mean += SMOOTHING * (loss - mean);
            // Bias correction: the mean began at 0.
            let loss = mean / (1.0 - (1.0 - SMOOTHING).powi(step as i32 + 1));
            points.push(RatePoint { rate, loss });
            if loss > points[0].loss + MOST_RISE * points[0].loss.abs() {
                break;
            }
        }
        Ok(RateCurve { points })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::{toy_data, toy_plan};
    use crate::project::{Optimizer, Strategy};

    fn curve(losses: impl Fn(usize) -> f64) -> RateCurve {
        let rate = |step: usize| (LOWEST * 10_f64.powf(step as f64 / STEPS as f64)) as f32;
        let point = |step| RatePoint { rate: rate(step), loss: losses(step) };
        RateCurve { points: (0..RateCurve::STEPS).map(point).collect() }
    }

    #[test]
    fn the_rate_at_which_the_loss_has_fallen_by_half_is_suggested() {
        // It falls from step 60 to step 80, by half at step 70, or just after, at 10⁻⁶ · 10^(71/20) =
        // 0.0035; the lowest loss comes much later, in a wide valley.
        let dip = |step| if step == 120 { 1e-3 } else { 0.0 };
        let wide = curve(|step| 10.0 - (step.clamp(60, 80) - 60) as f64 - dip(step));
        assert_eq!((wide.suggested(), wide.lowest().map(|point| point.rate)), (Some(0.0035), Some(1.0)));
        assert_eq!(curve(|step| step as f64).suggested(), None, "it only rises");
        assert_eq!(curve(|_| f64::NAN).suggested(), None);
        assert_eq!(RateCurve::default().suggested(), None);
        let ends = curve(|_| 0.0).points;
        assert!((ends[0].rate - 1e-6).abs() < 1e-12 && (ends[RateCurve::STEPS - 1].rate - 10.0).abs() < 1e-5);
    }

    #[test]
    fn a_search_is_the_same_each_time_ends_when_the_loss_rises_and_can_be_cancelled() {
        let data = toy_data(100, 12);
        let plan = toy_plan(&data, |project| {
            project.training.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false };
            project.output.activation = crate::project::Activation::Linear;
            project.training.strategy = Strategy::Joint;
        });
        let find =
            |threads| RateCurve::find(&plan, Arc::clone(&data), threads, &mut |_| true).expect("small");
        let found = find(1);
        assert_eq!(found, find(3));
        let (start, end) = (found.points[0], found.points[found.points.len() - 1]);
        assert!(found.points.len() < RateCurve::STEPS && end.loss > 3.9 * start.loss, "{end:?}");
        let (lowest, suggested) = (found.lowest().expect("it learns"), found.suggested().expect("it learns"));
        assert!(lowest.loss < 0.8 * start.loss && suggested < lowest.rate, "{lowest:?} {suggested}");
        let cancelled = RateCurve::find(&plan, Arc::clone(&data), 1, &mut |points| points.len() < 5);
        assert!(matches!(cancelled, Err(EngineError::Cancelled)));
    }

    /// The suggested rate trains better than the lowest and the highest that were tried.
    #[test]
    fn the_suggested_rate_trains() {
        let data = toy_data(200, 12);
        let plan = |rate: f32| toy_plan(&data, |project| project.training.learning_rate = rate);
        let curve = RateCurve::find(&plan(1.0), Arc::clone(&data), 1, &mut |_| true).expect("small");
        let trained = |rate: f32| {
            let mut trainer = Trainer::new(&plan(rate), Arc::clone(&data), 1).expect("small");
            let mut last = f64::INFINITY;
            while !trainer.is_done() {
                let Ok(report) = trainer.step() else { return f64::INFINITY };
                last = report.epoch.map_or(last, |epoch| epoch.judged().total());
            }
            last
        };
        let suggested = trained(curve.suggested().expect("it learns"));
        assert!(suggested < trained(1e-5) && suggested < trained(10.0), "{suggested}");
    }
}
