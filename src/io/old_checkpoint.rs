//! The numbers of checkpoints up to version 2, which had no names for loss terms.

use std::sync::Arc;

use serde::Deserialize;

use crate::run::{
    Best, Checkpoint, GreedyState, LayerProgress, LossSums, Losses, Terms, TrainerProgress, Weights,
};

/// The text of `checkpoint.ron` up to version 2.
#[derive(Deserialize)]
pub(super) struct OldNumbers {
    epoch: u32,
    step_in_epoch: u32,
    step: u64,
    #[serde(default)]
    attempt: u32,
    learning_rate: f32,
    /// One sum for each loss term in order, then the squared error.
    epoch_sums: Vec<f64>,
    epoch_samples: u64,
    stale_epochs: u32,
    best: Option<OldBest>,
    seconds: f64,
    #[serde(default)]
    pretraining: Option<LayerProgress>,
}

#[derive(Deserialize)]
struct OldBest {
    epoch: u32,
    loss: f64,
}

impl OldNumbers {
    /// The checkpoint of a run with these loss terms, without arrays.
    pub(super) fn checkpoint(self, terms: &Terms) -> Checkpoint {
        let sums = self.epoch_sums.split_last().and_then(|(&squared_error, sums)| {
            let losses = Losses::new(terms, sums)?;
            Some(LossSums { losses, squared_error, samples: self.epoch_samples })
        });
        Checkpoint {
            progress: TrainerProgress {
                epoch: self.epoch,
                step_in_epoch: self.step_in_epoch,
                step: self.step,
                attempt: self.attempt,
                learning_rate: self.learning_rate,
                sums: sums.unwrap_or_else(|| LossSums::zero(terms)),
                stale_epochs: self.stale_epochs,
                seconds: self.seconds,
            },
            weights: Arc::default(),
            moments: Weights::default(),
            best: self.best.map(|OldBest { epoch, loss }| Best { epoch, loss, weights: Arc::default() }),
            pretraining: self
                .pretraining
                .map(|progress| GreedyState { progress, arrays: Weights::default() }),
        }
    }

    /// Drops values that are now stored without arrays: a layer's steps, which were split over two
    /// floats.
    pub(super) fn migrate_arrays(checkpoint: &mut Checkpoint) {
        if let Some(state) = &mut checkpoint.pretraining {
            state.arrays.0.remove("steps");
        }
    }
}
