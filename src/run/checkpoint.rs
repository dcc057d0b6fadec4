use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Attempt, GreedyState, MOST_SECONDS, TrainerProgress, Weights};
use crate::check::{Plan, PlannedArray};
use crate::project::{Optimizer, Project};

/// Everything a trainer needs to resume as if it had never stopped. Random numbers need no state:
/// they are pure functions of seed, purpose, step and sample.
///
/// The serialised form contains only the numbers: arrays are stored in separate files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The trainer's numbers.
    pub progress: TrainerProgress,
    /// Parameters of the network.
    #[serde(skip)]
    pub weights: Arc<Weights>,
    /// State of the optimizer, named after the parameters (`exp_avg.encoder.0.weight`).
    #[serde(skip)]
    pub moments: Weights,
    /// The best epoch so far, if early stopping is used.
    pub best: Option<Best>,
    /// The layer being pretrained; `None` once all are, or if none is.
    pub pretraining: Option<GreedyState>,
}

/// The best epoch of a run under early stopping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Its number, counted from 1.
    pub epoch: u32,
    /// Its validation loss.
    pub loss: f64,
    /// The network's parameters after it.
    #[serde(skip)]
    pub weights: Arc<Weights>,
}

/// More than the epochs and attempts of any run; larger counts could overflow.
const MOST_EPOCHS: u32 = u32::MAX / 2;
const MOST_ATTEMPTS: u32 = 30;
/// More than the samples of any epoch.
const MOST_SAMPLES: u64 = 1 << 53;

impl Checkpoint {
    /// Checks a checkpoint read from a file, of a run of this design; `plan` is the design's, if it
    /// is valid.
    ///
    /// # Errors
    /// A message describing the mismatch.
    pub fn validate(&self, design: &Project, plan: Option<&Plan>) -> Result<(), String> {
        let TrainerProgress {
            epoch,
            step_in_epoch,
            step,
            attempt,
            learning_rate,
            ref sums,
            stale_epochs,
            seconds,
        } = self.progress;
        let start =
            Attempt { number: attempt.min(MOST_ATTEMPTS), first_epochs: design.training.epochs }.start();
        if epoch > MOST_EPOCHS || attempt > MOST_ATTEMPTS || stale_epochs > epoch || start > epoch {
            return Err(format!("attempt {} does not reach epoch {epoch}", attempt.saturating_add(1)));
        }
        // Every epoch has the same number of steps. An epoch awaiting validation has taken all of
        // them.
        let in_epochs = step.checked_sub(u64::from(step_in_epoch));
        let is_counted = in_epochs.is_some_and(|steps| match u64::from(epoch) {
            0 => steps == 0,
            epochs => steps.is_multiple_of(epochs) && steps / epochs >= u64::from(step_in_epoch),
        });
        if !is_counted {
            return Err(format!("step {step} is not step {step_in_epoch} after {epoch} whole epochs"));
        }
        if !learning_rate.is_finite()
            || !(0.0..=MOST_SECONDS).contains(&seconds)
            || sums.samples > MOST_SAMPLES
        {
            return Err("its learning rate, time or number of samples is not a possible number".to_owned());
        }
        if let Some(best) = self.best.as_ref().filter(|best| best.epoch == 0 || best.epoch > epoch) {
            return Err(format!("its best epoch is {} of {epoch}", best.epoch));
        }
        if let Some(GreedyState { progress, .. }) = &self.pretraining {
            let is_within =
                (progress.layer as usize) <= design.encoder.len() && progress.epoch <= MOST_EPOCHS;
            if !is_within || progress.samples > MOST_SAMPLES {
                return Err(format!("its design has no layer {}", u64::from(progress.layer) + 1));
            }
        }
        plan.map_or(Ok(()), |plan| self.validate_arrays(plan))
    }

    /// Checks names and shapes of all arrays except those of a layer being pretrained.
    fn validate_arrays(&self, plan: &Plan) -> Result<(), String> {
        let arrays = plan.arrays();
        self.weights.validate("", &arrays)?;
        if let Some(best) = &self.best {
            best.weights.validate("", &arrays)?;
        }
        let learned: Vec<PlannedArray> = arrays.into_iter().filter(|array| array.is_learned).collect();
        let prefixes: &[&str] = match plan.design().training.optimizer {
            Optimizer::Sgd { momentum: 0.0, .. } => &[],
            Optimizer::Sgd { .. } => &["exp_avg."],
            Optimizer::RmsProp { .. } => &["exp_avg_sq."],
            Optimizer::Adam { .. } | Optimizer::AdamW { .. } => &["exp_avg.", "exp_avg_sq."],
        };
        prefixes.iter().try_for_each(|prefix| self.moments.validate(prefix, &learned))
    }

    /// The weights for inference: the best ones if early stopping kept some, else the last.
    pub fn inference_weights(&self) -> &Arc<Weights> {
        self.best.as_ref().map_or(&self.weights, |best| &best.weights)
    }

    /// The epoch of [`Checkpoint::inference_weights`].
    pub fn inference_epoch(&self) -> u32 {
        self.best.as_ref().map_or(self.progress.epoch, |best| best.epoch)
    }
}
