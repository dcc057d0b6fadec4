use serde::{Deserialize, Serialize};

use super::{GreedyState, TrainerProgress, Weights};

/// Everything a trainer needs to resume as if it had never stopped. Random numbers need no state: they are pure functions
/// of seed, purpose, step and sample.
///
/// Serialised it is its numbers alone: arrays are files of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The trainer's numbers.
    pub progress: TrainerProgress,
    /// Parameters of the network.
    #[serde(skip)]
    pub weights: Weights,
    /// State of the optimizer, named after the parameters (`exp_avg.encoder.0.weight`).
    #[serde(skip)]
    pub moments: Weights,
    /// The best epoch so far, where early stopping watches.
    pub best: Option<Best>,
    /// The layer being trained by itself; `None` once all are, or where none is.
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
    pub weights: Weights,
}

impl Checkpoint {
    /// The weights to use a trained network with: the best ones where early stopping kept some, else the last.
    pub fn inference_weights(&self) -> &Weights {
        self.best.as_ref().map_or(&self.weights, |best| &best.weights)
    }
}
