use serde::{Deserialize, Serialize};

use super::{LayerProgress, Weights};

/// The results of one epoch of layer-wise pretraining.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GreedyRecord {
    /// The layer, counted from 1.
    pub layer: u32,
    /// Number of the epoch among those of the layer, counted from 1.
    pub epoch: u32,
    /// Squared error of the layer's input against its reconstruction, per feature, as each
    /// minibatch was used.
    pub error: f64,
    /// Training time of the run when it ended, in seconds.
    pub seconds: f64,
}

impl GreedyRecord {
    /// Layer and epoch, the sort key of records.
    pub(super) fn place(&self) -> (u32, u32) {
        (self.layer, self.epoch)
    }
}

/// Progress of layer-wise pretraining.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GreedyProgress {
    /// The layer being trained, counted from 1.
    pub layer: u32,
    /// Number of layers.
    pub layers: u32,
    /// Finished epochs of that layer.
    pub epoch: u32,
    /// Epochs per layer.
    pub epochs: u32,
    /// Finished steps of the current epoch.
    pub step_in_epoch: u32,
}

impl GreedyProgress {
    /// Finished epochs of all layers, and their total.
    pub fn in_all(self) -> (u32, u32) {
        let before = self.layer.saturating_sub(1).saturating_mul(self.epochs);
        (before.saturating_add(self.epoch), self.layers.saturating_mul(self.epochs))
    }
}

/// The state of layer-wise pretraining in a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GreedyState {
    /// Its numbers.
    pub progress: LayerProgress,
    /// The weights of the layer and its momenta.
    #[serde(skip)]
    pub arrays: Weights,
}
