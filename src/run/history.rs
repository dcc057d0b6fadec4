use serde::{Deserialize, Serialize};

use super::{GreedyRecord, GreedyState};

/// Name of the first loss term: the sum of all others, the thing that is minimised.
pub const TOTAL: &str = "total";

/// The loss of one split, term by term, in the order of [`History::terms`]; summed over features, averaged over samples.
pub type Losses = Vec<f64>;

/// Loss terms by epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Names of the loss terms; the first is [`TOTAL`].
    pub terms: Vec<String>,
    /// One record for each finished epoch, in order.
    pub epochs: Vec<EpochRecord>,
    /// One record for each epoch in which a single layer was trained before, in order.
    #[serde(default)]
    pub pretraining: Vec<GreedyRecord>,
}

/// What one epoch left behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Number of the epoch, counted from 1.
    pub epoch: u32,
    /// Steps taken when it ended, over the whole run.
    pub step: u64,
    /// Mean over the epoch's training minibatches, as they were when each was used.
    pub train: Losses,
    /// The validation split at the end of the epoch; empty where there is none.
    pub validation: Losses,
    /// Squared reconstruction error per feature on the validation split, in units of the scaled data; the training
    /// split's where there is no validation.
    pub mse: f64,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f32,
    /// Training time of the run when it ended, in seconds.
    pub seconds: f64,
}

impl History {
    /// Place of a term among the [`Losses`].
    pub fn term(&self, name: &str) -> Option<usize> {
        self.terms.iter().position(|term| term == name)
    }

    /// `[epoch, value]` of one term on the training split.
    pub fn train_curve(&self, term: usize) -> Vec<[f64; 2]> {
        self.curve(|record| record.train.get(term))
    }

    /// `[epoch, value]` of one term on the validation split.
    pub fn validation_curve(&self, term: usize) -> Vec<[f64; 2]> {
        self.curve(|record| record.validation.get(term))
    }

    /// Takes away what was recorded of single layers after a state; nothing where their training is over.
    pub fn forget_pretraining_after(&mut self, state: Option<&GreedyState>) {
        if let Some(state) = state {
            self.pretraining.retain(|record| (record.layer, record.epoch) <= (state.layer + 1, state.epoch));
        }
    }

    /// The epoch with the lowest total on the validation split (on the training split where there is none), of those from `first` on:
    /// before, totals may be made of other weights.
    pub fn best(&self, first: u32) -> Option<&EpochRecord> {
        let total = |record: &&EpochRecord| {
            record.validation.first().or(record.train.first()).copied().unwrap_or(f64::INFINITY)
        };
        self.epochs.iter().filter(|record| record.epoch >= first).min_by(|a, b| total(a).total_cmp(&total(b)))
    }

    fn curve<'a>(&'a self, value: impl Fn(&'a EpochRecord) -> Option<&'a f64>) -> Vec<[f64; 2]> {
        self.epochs.iter().filter_map(|record| Some([f64::from(record.epoch), *value(record)?])).collect()
    }
}
