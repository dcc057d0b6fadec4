use serde::{Deserialize, Serialize};

use super::{LossSums, Terms};

/// The numbers of a trainer: everything it needs to resume exactly, except the arrays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainerProgress {
    /// Finished epochs.
    pub epoch: u32,
    /// Steps taken in the current epoch.
    pub step_in_epoch: u32,
    /// Steps taken in the whole run.
    pub step: u64,
    /// Number of restarts with new weights and twice the epochs.
    pub attempt: u32,
    /// Current base learning rate.
    pub learning_rate: f32,
    /// Sums over the samples of the current epoch.
    pub sums: LossSums,
    /// Epochs since the best one.
    pub stale_epochs: u32,
    /// Training time so far, in seconds.
    pub seconds: f64,
}

impl TrainerProgress {
    /// The state at the start of a run.
    pub fn new(terms: &Terms, learning_rate: f32) -> TrainerProgress {
        TrainerProgress { learning_rate, sums: LossSums::zero(terms), ..TrainerProgress::default() }
    }

    /// Counts a step.
    pub fn end_step(&mut self) {
        self.step += 1;
        self.step_in_epoch += 1;
    }

    /// Counts an epoch and resets the sums.
    pub fn end_epoch(&mut self) {
        self.epoch += 1;
        self.step_in_epoch = 0;
        self.sums = LossSums::zero(self.sums.losses.terms());
    }
}

/// The numbers of the pretraining of one layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerProgress {
    /// The layer being trained, counted from 0; earlier ones are in the network's weights.
    pub layer: u32,
    /// Finished epochs of that layer.
    pub epoch: u32,
    /// Steps taken in the current epoch.
    pub step_in_epoch: u32,
    /// Squared error summed over the samples of the current epoch.
    pub error_sum: f64,
    /// Number of samples in that sum.
    pub samples: u64,
}
