use serde::{Deserialize, Serialize};

use super::{LayerProgress, Weights};

/// What one epoch of one layer's own training left behind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GreedyRecord {
    /// The layer, counted from 1.
    pub layer: u32,
    /// Number of the epoch among those of the layer, counted from 1.
    pub epoch: u32,
    /// Squared error of the layer's input against its reconstruction, per feature, as each minibatch was used.
    pub error: f64,
    /// Training time of the run when it ended, in seconds.
    pub seconds: f64,
}

impl GreedyRecord {
    /// Layer and epoch, which records are ordered by.
    pub(super) fn place(&self) -> (u32, u32) {
        (self.layer, self.epoch)
    }
}

/// How far a run is in training its layers one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GreedyProgress {
    /// The layer that learns, counted from 1.
    pub layer: u32,
    /// How many layers there are.
    pub layers: u32,
    /// Finished epochs of that layer.
    pub epoch: u32,
    /// Epochs of each layer.
    pub epochs: u32,
    /// Steps of the epoch under way that are done.
    pub step_in_epoch: u32,
}

impl GreedyProgress {
    /// Epochs of all layers that are finished, and in all.
    pub fn in_all(self) -> (u32, u32) {
        let before = self.layer.saturating_sub(1).saturating_mul(self.epochs);
        (before.saturating_add(self.epoch), self.layers.saturating_mul(self.epochs))
    }
}

/// The training of single layers in a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GreedyState {
    /// Its numbers.
    pub progress: LayerProgress,
    /// What the layer has learned, and its momenta.
    #[serde(skip)]
    pub arrays: Weights,
}
