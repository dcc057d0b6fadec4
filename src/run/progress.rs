use serde::{Deserialize, Serialize};

use super::{LossSums, Terms};

/// The numbers of a trainer: everything it needs to resume exactly, except for arrays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainerProgress {
    /// Finished epochs.
    pub epoch: u32,
    /// Steps taken in the current epoch.
    pub step_in_epoch: u32,
    /// Steps taken in the whole run.
    pub step: u64,
    /// How many times training has restarted with other weights and twice the epochs.
    pub attempt: u32,
    /// Base learning rate in force.
    pub learning_rate: f32,
    /// Sums over the samples of the current epoch.
    pub sums: LossSums,
    /// Epochs since the best one.
    pub stale_epochs: u32,
    /// Training time so far, in seconds.
    pub seconds: f64,
}

impl TrainerProgress {
    /// The start of a run.
    pub fn new(terms: &Terms, learning_rate: f32) -> TrainerProgress {
        TrainerProgress { learning_rate, sums: LossSums::zero(terms), ..TrainerProgress::default() }
    }

    /// Counts a step.
    pub fn end_step(&mut self) {
        self.step += 1;
        self.step_in_epoch += 1;
    }

    /// Counts an epoch; the sums of the next one start at zero.
    pub fn end_epoch(&mut self) {
        self.epoch += 1;
        self.step_in_epoch = 0;
        self.sums = LossSums::zero(self.sums.losses.terms());
    }
}

/// The numbers of one layer's own training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerProgress {
    /// The layer being trained, counted from 0; those before it are in the network's weights.
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
