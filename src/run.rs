//! **The results of a training**: the frozen design, the history of every loss term, pictures and
//! codes by epoch, weights. Plain data, without a thread, a tensor or a window.
//!
//! - [`Run::new`] and [`Run::apply`] are the only code that changes a run. Everything that happens
//!   to a run is a [`RunEvent`], which window, command line and live store apply alike.
//! - [`History`] holds an [`EpochRecord`] per epoch, and a [`GreedyRecord`] per epoch of a single
//!   layer; [`Losses`] are loss terms with their names; [`Records`] is a list that is cheap to
//!   clone.
//! - [`KeptEpochs`] is what the replay shows; [`LazyWeights`] are weights that may still be in a
//!   file.
//! - Types that are read from files have a `validate`, which the readers in [`crate::io`] call. It
//!   checks everything that refers to something else; rows of the data are checked where the data
//!   meet the run.
//! - [`diagnoses()`] finds faults in the records of a run: each [`Diagnosis`] has its evidence and
//!   its [`Advice`], which are changes of a design. `diagnosis::learning` checks the losses,
//!   thinned out by `diagnosis::curve`; `diagnosis::network` checks the latest [`Health`].
//! - A run stores fingerprints of its rows and their split, and their scaling, and resumes only
//!   with the same. A setting edited during training is an [`Edit`], recorded with its step and
//!   written together with the checkpoint in which it is in effect. `attempt` counts how often a
//!   selector was restarted.
//! - `run_data` decides whether data are a run's own, `own_data` loads them as the run knows them,
//!   and `shown_data` loads other data for its network.
//! - [`Results`] are the [`Finding`]s measured on request; [`Caption`] is a run's name and note.

mod advice;
mod attempt;
mod caption;
mod checkpoint;
mod damaged;
mod diagnosis;
mod error;
mod event;
mod health;
mod history;
mod kept;
mod lazy_weights;
mod losses;
mod normaliser;
mod own_data;
mod pretraining;
mod probe;
mod progress;
mod records;
mod results;
mod run_data;
mod shown_data;
mod weight_problem;
mod weights;

pub use advice::Advice;
pub use attempt::Attempt;
pub use caption::Caption;
pub use checkpoint::{Best, Checkpoint};
pub use diagnosis::{Diagnosed, Diagnosis, Evidence, Fault, Unit, diagnoses};
pub use error::RunError;
pub use event::{RunEvent, RunProgress};
pub use health::{
    ACTIVE_NATS, Bits, CodebookHealth, DECIDED, GradientHealth, HashHealth, Health, LayerHealth,
    OutputHealth, SelectorHealth,
};
pub use history::{EpochRecord, History};
pub use kept::{Kept, KeptEpochs, Probe};
pub use lazy_weights::{LazyWeights, StoredWeights};
pub use losses::{LossSums, Losses, TOTAL, Terms};
pub use normaliser::Normaliser;
pub use pretraining::{GreedyProgress, GreedyRecord, GreedyState};
pub use probe::choose_probe;
pub use progress::{LayerProgress, TrainerProgress};
pub use records::Records;
pub use results::{Finding, FindingKind, Results};
pub use run_data::facts;
pub use weight_problem::weight_problem;
pub use weights::{Array, Weights};

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize};

use crate::check::Plan;
use crate::dataset::Dataset;
use crate::project::{Project, Shape};

/// Number of a run within its project, counted from 1 and never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub u32);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Status of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Waiting in the queue.
    #[default]
    Queued,
    /// Being trained.
    Training,
    /// Paused between two steps.
    Paused,
    /// Stopped by the user before its last epoch; can be resumed exactly.
    Stopped,
    /// Reached its last epoch, or early stopping ended it.
    Done,
    /// Training could not continue, for the reason given. The last finite weights are kept.
    Failed(String),
}

impl Status {
    /// Whether a worker is processing it.
    pub fn is_under_way(&self) -> bool {
        matches!(self, Status::Training | Status::Paused)
    }

    /// Whether a worker is processing it or is going to.
    pub fn is_unfinished(&self) -> bool {
        *self == Status::Queued || self.is_under_way()
    }

    /// A single word for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Training => "training",
            Status::Paused => "paused",
            Status::Stopped => "stopped",
            Status::Done => "done",
            Status::Failed(_) => "failed",
        }
    }
}

/// A change made during training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// The first step affected, counted from 0 over the whole run.
    pub step: u64,
    /// The new value.
    pub setting: Setting,
}

/// A setting that can be changed during training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Setting {
    /// The base learning rate.
    LearningRate(f32),
    /// The total number of epochs to train.
    Epochs(u32),
}

/// A restart within a run, because its selector had not converged to a selection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restart {
    /// The first step of the new attempt, counted from 0 over the whole run.
    pub step: u64,
    /// Epochs of the run before it.
    pub epoch: u32,
    /// The number of the new attempt, counted from 1.
    pub attempt: u32,
    /// Mean over the selector's units of their largest share, after the previous attempt; 1 means
    /// converged.
    pub mean_max: f64,
    /// New total number of epochs to train.
    pub epochs: u32,
}

/// Designs of earlier versions are migrated when they are read.
fn migrated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Project, D::Error> {
    Project::deserialize(deserializer).map(Project::migrated)
}

/// One training of one design, which is saved with it, and the recorded edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The project at the start of training.
    #[serde(deserialize_with = "migrated")]
    pub design: Project,
    /// The shape of one sample of the data.
    pub shape: Shape,
    /// Fingerprint of the data, compared before an exact resume.
    pub fingerprint: u64,
    /// Fingerprint of the split into training, validation and test rows; `None` in files written
    /// before it was stored.
    #[serde(default)]
    pub split: Option<u64>,
    /// The scaling of the data; `None` in files written before it was stored.
    #[serde(default)]
    pub normaliser: Option<Normaliser>,
    /// Its status.
    pub status: Status,
    /// Total number of epochs to train, including edits.
    pub epochs: u32,
    /// Edits made during training.
    pub edits: Vec<Edit>,
    /// Restarts.
    #[serde(default)]
    pub restarts: Vec<Restart>,
    /// Trainable parameters.
    pub parameters: u64,
    /// Time spent training, in seconds.
    pub seconds: f64,
    /// Start time, in seconds since 1970.
    pub started_unix_secs: u64,
    /// Loss terms by epoch.
    pub history: History,
    /// The latest measurement of the network's health.
    #[serde(default)]
    pub health: Option<std::sync::Arc<Health>>,
    /// Validation error of PCA with the same code size, per feature; the baseline.
    pub pca_mse: Option<f64>,
    /// Name, note and visibility. Stored with the results in a separate file, not in `run.ron`.
    #[serde(skip)]
    pub caption: Caption,
    /// Measurements made on request. Stored in a separate file, not in `run.ron`.
    #[serde(skip)]
    pub results: Results,
    /// Pictures and codes of the probe by epoch. Stored in a separate file, not in `run.ron`.
    #[serde(skip)]
    pub kept: KeptEpochs,
    /// Everything needed to resume or to use the trained network. Stored in a separate file, not in
    /// `run.ron`.
    #[serde(skip)]
    pub checkpoint: Option<std::sync::Arc<Checkpoint>>,
    /// The most recent result of [`Run::diagnoses`].
    #[serde(skip)]
    pub diagnosed: Diagnosed,
}

/// Longer than any duration, in seconds: about 30,000 years.
const MOST_SECONDS: f64 = 1e12;
/// More than any run has edits and restarts.
const MOST_CHANGES: usize = 10_000;
/// Maximum length in bytes of a failure message; the window would take long to lay out more.
const MOST_MESSAGE_BYTES: usize = 100_000;
/// Maximum number of values of a sample for which a network is planned.
const MOST_FEATURES: usize = u32::MAX as usize;

impl RunId {
    /// Maximum number of a run, so that there are larger ones.
    pub const LAST: RunId = RunId(999_999_999);

    /// The number after the largest one in use, or an unused smaller one if there is none.
    pub fn next(taken: &BTreeSet<RunId>) -> RunId {
        let after = taken.last().map_or(1, |last| last.0.saturating_add(1));
        let is_free = |number: &u32| !taken.contains(&RunId(*number));
        let mut numbers = (after..=RunId::LAST.0).chain(1..=RunId::LAST.0);
        RunId(numbers.find(is_free).unwrap_or(RunId::LAST.0))
    }
}

impl Run {
    /// Number of completed epochs.
    pub fn finished_epochs(&self) -> u32 {
        self.history.epochs.len() as u32
    }

    /// Checks a run read from a file, except for its epochs, its checkpoint and the kept epochs:
    /// these have their own `validate`.
    ///
    /// # Errors
    /// A message describing the problem.
    pub fn validate(&self) -> Result<(), String> {
        if self.id.0 == 0 || self.id > RunId::LAST {
            return Err(format!("runs have numbers from 1 to {}", RunId::LAST));
        }
        let features = self.shape.features();
        if features == 0 || features > MOST_FEATURES {
            return Err(format!("its samples have {features} features"));
        }
        if !(0.0..=MOST_SECONDS).contains(&self.seconds) {
            return Err(format!("it took {} seconds", self.seconds));
        }
        if let Status::Failed(message) = &self.status
            && message.len() > MOST_MESSAGE_BYTES
        {
            return Err(format!("it failed with a message of {} bytes", message.len()));
        }
        let changes = self.edits.len().max(self.restarts.len());
        if changes > MOST_CHANGES {
            return Err(format!("it was changed {changes} times, more than {MOST_CHANGES}"));
        }
        let is_rate = |edit: &Edit| match edit.setting {
            Setting::LearningRate(rate) => rate.is_finite(),
            Setting::Epochs(_) => true,
        };
        if let Some(edit) = self.edits.iter().find(|edit| !is_rate(edit)) {
            return Err(format!("its learning rate at step {} is not a number", edit.step));
        }
        self.history.terms.validate()?;
        self.normaliser.as_ref().map_or(Ok(()), |normaliser| normaliser.validate(features))?;
        self.health.as_ref().map_or(Ok(()), |health| health.validate(&self.design, self.shape))
    }

    /// A new run of a validated design on these data, waiting in the queue.
    pub fn new(id: RunId, plan: &Plan, data: &Dataset) -> Run {
        Run {
            id,
            design: plan.design().clone(),
            shape: plan.shape(),
            fingerprint: data.fingerprint,
            split: Some(data.split.fingerprint()),
            normaliser: Some(Normaliser::of(data)),
            status: Status::Queued,
            epochs: plan.design().training.epochs,
            edits: Vec::new(),
            restarts: Vec::new(),
            parameters: plan.parameters(),
            seconds: 0.0,
            started_unix_secs: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            history: History::default(),
            health: None,
            pca_mse: None,
            caption: Caption::default(),
            results: Results::default(),
            kept: KeptEpochs::default(),
            checkpoint: None,
            diagnosed: Diagnosed::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_number_is_free_and_one_that_readers_accept() {
        let check = |taken: &[u32], expected: u32| {
            let taken = taken.iter().map(|number| RunId(*number)).collect();
            assert_eq!(RunId::next(&taken), RunId(expected), "{taken:?}");
        };
        check(&[], 1);
        check(&[1, 4], 5);
        check(&[RunId::LAST.0 - 1], RunId::LAST.0);
        check(&[RunId::LAST.0], 1);
        check(&[1, 2, RunId::LAST.0], 3);
        check(&[1, u32::MAX], 2);
    }
}
