use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{GreedyRecord, GreedyState, Losses, MOST_SECONDS, Records, Terms};

/// Loss terms by epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Names of the loss terms.
    pub terms: Terms,
    /// One record per finished epoch, in order. Files store them separately from the run, where
    /// this is then empty.
    #[serde(default, serialize_with = "no_records", deserialize_with = "ignored")]
    pub epochs: Records<EpochRecord>,
    /// One record per epoch of layer-wise pretraining, in order. Files store them separately from
    /// the run; only runs written by an earlier version contain them.
    #[serde(default, serialize_with = "no_records")]
    pub pretraining: Records<GreedyRecord>,
}

/// The results of one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochRecord {
    /// Number of the epoch, counted from 1.
    pub epoch: u32,
    /// Steps since the start of the run when it ended.
    pub step: u64,
    /// Mean over the epoch's training minibatches, each measured when it was used.
    pub train: Losses,
    /// Losses on the validation split at the end of the epoch, if there is one.
    pub validation: Option<Losses>,
    /// Squared reconstruction error per feature on the validation split, in units of the scaled
    /// data; the training split's if there is no validation.
    pub mse: f64,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f32,
    /// Training time of the run when it ended, in seconds.
    pub seconds: f64,
}

impl EpochRecord {
    /// The losses used to compare epochs: those of the validation split, or of the training split
    /// if there is none.
    pub fn judged(&self) -> &Losses {
        self.validation.as_ref().unwrap_or(&self.train)
    }
}

impl History {
    /// Adds finished epochs. They replace the same and later epochs, because a run resumed from an
    /// earlier checkpoint trains these again.
    pub fn add_epochs(&mut self, records: impl IntoIterator<Item = EpochRecord>) {
        for record in records {
            self.epochs.truncate(self.epochs.partition_point(|old| old.epoch < record.epoch));
            self.epochs.push(record);
        }
    }

    /// Adds finished layer-wise epochs, replacing the same and later ones.
    pub fn add_greedy(&mut self, records: impl IntoIterator<Item = GreedyRecord>) {
        for record in records {
            self.pretraining.truncate(self.pretraining.partition_point(|old| old.place() < record.place()));
            self.pretraining.push(record);
        }
    }

    /// Drops the epochs after `last`, and the layer-wise records after a state (`None` if
    /// pretraining is over).
    pub fn rewind(&mut self, last: u32, layers: Option<&GreedyState>) {
        self.epochs.truncate(self.epochs.partition_point(|record| record.epoch <= last));
        if let Some(GreedyState { progress, .. }) = layers {
            let last = (progress.layer + 1, progress.epoch);
            self.pretraining.truncate(self.pretraining.partition_point(|record| record.place() <= last));
        }
    }

    /// Checks a history read from a file, of a run whose design has this many layers before its
    /// decoder: epochs and layers must be consecutive.
    ///
    /// # Errors
    /// A message with the problem and its location.
    pub fn validate(&self, layers: usize) -> Result<(), String> {
        self.terms.validate()?;
        let (mut epoch, mut step) = (0, 0);
        for record in self.epochs.iter() {
            if record.epoch <= epoch || record.step < step {
                return Err(format!(
                    "epoch {} at step {} does not follow an earlier one",
                    record.epoch, record.step
                ));
            }
            check_seconds(record.seconds)?;
            (epoch, step) = (record.epoch, record.step);
        }
        // Layers and their epochs are counted from 1.
        let mut before = (1, 0);
        for record in self.pretraining.iter() {
            if record.place() <= before || record.epoch == 0 || record.layer as usize > layers {
                let GreedyRecord { layer, epoch, .. } = record;
                return Err(format!(
                    "epoch {epoch} of layer {layer} is not the next of any of the {layers} layers"
                ));
            }
            check_seconds(record.seconds)?;
            before = record.place();
        }
        Ok(())
    }

    /// The epoch with the lowest total on the validation split (on the training split if there is
    /// none), starting at `first`, before which totals may be computed with other weights.
    pub fn best(&self, first: u32) -> Option<&EpochRecord> {
        let total = |record: &EpochRecord| record.judged().total();
        let judged = self.epochs.iter().filter(|record| record.epoch >= first);
        judged.min_by(|a, b| total(a).total_cmp(&total(b)))
    }
}

/// Checks that a duration is a plausible time of a run.
fn check_seconds(seconds: f64) -> Result<(), String> {
    if (0.0..=MOST_SECONDS).contains(&seconds) {
        Ok(())
    } else {
        Err(format!("an epoch ended after {seconds} seconds"))
    }
}

fn no_records<T, S: Serializer>(_: &Records<T>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq([(); 0])
}

fn ignored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Records<EpochRecord>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| Records::default())
}
