use super::{GreedyState, Losses, Weights};

/// Everything a trainer needs to go on as if it had never stopped. Random numbers need no state: they are pure functions
/// of seed, purpose, step and sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Finished epochs.
    pub epoch: u32,
    /// Steps taken within the epoch under way.
    pub step_in_epoch: u32,
    /// Steps taken over the whole run.
    pub step: u64,
    /// How often training has begun anew, with other weights and twice the epochs.
    pub attempt: u32,
    /// Base learning rate now in force.
    pub learning_rate: f32,
    /// Parameters of the network.
    pub weights: Weights,
    /// State of the optimizer, named after the parameters (`exp_avg.encoder.0.weight`).
    pub moments: Weights,
    /// Sums over the samples of the epoch under way, one a loss term.
    pub epoch_sums: Losses,
    /// Samples in those sums.
    pub epoch_samples: u64,
    /// Epochs since the best one.
    pub stale_epochs: u32,
    /// The best epoch so far, where early stopping watches.
    pub best: Option<Best>,
    /// Training time so far, in seconds.
    pub seconds: f64,
    /// Where the training of single layers stands; `None` once it is over, or where there is none.
    pub pretraining: Option<GreedyState>,
}

/// The best epoch of a run under early stopping.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Its number, counted from 1.
    pub epoch: u32,
    /// Its validation loss.
    pub loss: f64,
    /// The network's parameters after it.
    pub weights: Weights,
}

impl Checkpoint {
    /// The weights to use a trained network with: the best ones where early stopping kept some, else the last.
    pub fn inference_weights(&self) -> &Weights {
        self.best.as_ref().map_or(&self.weights, |best| &best.weights)
    }
}
