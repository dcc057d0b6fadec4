use std::sync::Arc;

use super::Findings;
use crate::check::{DataFacts, Plan};
use crate::dataset::{DataError, Dataset, Subset};
use crate::engine::Likelihood;
use crate::io::Store;
use crate::project::{Data, Source};
use crate::run::{
    Checkpoint, Edit, EpochRecord, GreedyProgress, GreedyRecord, Health, Kept, Probe, Restart, Run, RunId,
    Setting, Status,
};

/// What the window asks for. Sending never waits.
#[derive(Clone, Debug)]
pub enum Command {
    /// Load data; a load under way is cancelled, so the newest wins. Answered by [`Event::Loading`] and then
    /// [`Event::Loaded`] or [`Event::LoadFailed`] with the same number.
    Load {
        /// Comes back in every answer.
        request: u64,
        /// What to load.
        data: Box<Data>,
    },
    /// Give up the load under way.
    CancelLoad,
    /// Put a run into the queue. Its first event is [`Status::Queued`] or [`Status::Training`].
    Train(Box<TrainRequest>),
    /// Stand still after the step under way.
    Pause(RunId),
    /// Go on after a pause.
    Resume(RunId),
    /// Take one step and stand still.
    StepOnce(RunId),
    /// Go to the end of the epoch and stand still.
    EpochOnce(RunId),
    /// End the run after the step under way, keeping everything for an exact resume.
    Stop(RunId),
    /// Change a setting of a run under way; recorded with the run by [`RunEvent::Edited`].
    Set(RunId, Setting),
    /// Compute something. Of [`JobKind::Principal`] only the newest is wanted: one that has not started yet is dropped.
    Compute(Job),
}

/// Everything needed to train a run, from the start or from a checkpoint.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    /// The run as it stands. It goes on from its checkpoint where it has one, watches the samples of its kept epochs
    /// where it has some, and trains up to its number of epochs.
    pub run: Run,
    /// Epochs to train in all where a person now asks for another number: recorded with the run by
    /// [`RunEvent::Edited`]. Without, the run goes on exactly as it was, early stopping included.
    pub epochs: Option<u32>,
    /// Its proven design.
    pub plan: Plan,
    /// The data.
    pub data: Arc<Dataset>,
    /// Threads for the kernels.
    pub threads: usize,
    /// What to do first.
    pub start: Start,
    /// Where everything is written down as it happens, so that a crash costs seconds.
    pub store: Option<Store>,
}

/// What a run does when its turn comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Trains until it is done.
    #[default]
    Train,
    /// Takes one step and stands still.
    StepOnce,
    /// Trains one epoch and stands still.
    EpochOnce,
}

/// What the window is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// How far a load is: units done and in all (0 while unknown).
    Loading {
        /// The number of the request.
        request: u64,
        /// Units done.
        done: u64,
        /// Units in all, 0 while unknown.
        total: u64,
    },
    /// The data are there.
    Loaded {
        /// The number of the request.
        request: u64,
        /// The data.
        data: Arc<Dataset>,
        /// What [`crate::check`] needs to know of them.
        facts: DataFacts,
    },
    /// The data could not be loaded.
    LoadFailed {
        /// The number of the request.
        request: u64,
        /// Why, and what to do.
        error: DataError,
        /// A source that would probably load instead, where its settings are to blame.
        mended: Option<Box<Source>>,
    },
    /// Something about a run.
    Run(RunId, RunEvent),
    /// A job is done, or failed with a message.
    Computed(JobId, Result<JobResult, String>),
    /// The live store could not be written; training goes on, but a crash would lose what follows.
    StoreFailed(String),
}

/// Something about a run.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// It changed where it stands.
    Status(Status),
    /// Names of its loss terms, sent before the first record.
    Terms(Vec<String>),
    /// The samples it is watched by, sent before the first kept epoch.
    Probe(Arc<Probe>),
    /// How far it is; at the screen's rate.
    Progress(RunProgress),
    /// Epochs of single layers finished since the last such event, in order; none is ever left out.
    Greedy(Vec<GreedyRecord>),
    /// Epochs finished since the last such event, in order; none is ever left out.
    Epochs(Vec<EpochRecord>),
    /// What the newest looked-at epoch showed of the probe; at the screen's rate, so epochs may be left out.
    Kept(Arc<Kept>),
    /// What tells whether the network is well, measured now and then and when the run stands still.
    Health(Arc<Health>),
    /// A setting was changed before this step.
    Edited(Edit),
    /// Training began anew, because the selector had not made its choice.
    Restarted(Restart),
    /// The state after a pause, a stop or the end, and every few seconds in between.
    Checkpoint(Arc<Checkpoint>),
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunProgress {
    /// How far single layers are in their own trainings, where these are still going.
    pub greedy: Option<GreedyProgress>,
    /// Epochs of single layers in all.
    pub greedy_epochs: u32,
    /// Finished epochs.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// Steps of the epoch under way that are done.
    pub step_in_epoch: u32,
    /// Steps of an epoch.
    pub steps_per_epoch: u32,
    /// Steps over the whole run.
    pub step: u64,
    /// Samples trained a second, over the last moments.
    pub samples_per_sec: f64,
    /// Training time so far, in seconds.
    pub seconds: f64,
    /// Learning rate of the last step.
    pub learning_rate: f32,
    /// Training loss of the last minibatch.
    pub loss: f64,
}

impl RunProgress {
    /// Fraction of the whole run that is done, in [0, 1].
    pub fn fraction(&self) -> f64 {
        let per_epoch = f64::from(self.steps_per_epoch.max(1));
        let (layers, in_layer) =
            self.greedy.map_or((self.greedy_epochs, 0), |greedy| (greedy.in_all().0, greedy.step_in_epoch));
        let steps = (f64::from(self.epochs) + f64::from(self.greedy_epochs)) * per_epoch;
        let finished = (f64::from(self.epoch) + f64::from(layers)) * per_epoch;
        let done = finished + f64::from(self.step_in_epoch) + f64::from(in_layer);
        if steps > 0.0 { (done / steps).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Number of a job, chosen by whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// A piece of work for the compute lane.
#[derive(Clone, Debug)]
pub struct Job {
    /// Comes back with the result.
    pub id: JobId,
    /// What to compute.
    pub kind: JobKind,
}

/// What the compute lane can do.
#[derive(Clone, Debug)]
pub enum JobKind {
    /// The first two principal components of codes.
    Principal {
        /// Codes, row by row.
        codes: Arc<Kept>,
    },
    /// Reconstruction error of PCA with as many components as the code has units, fitted on the training split.
    Baseline {
        /// The data.
        data: Arc<Dataset>,
        /// Components.
        components: usize,
    },
    /// Losses of a trained network on one split.
    Evaluate {
        /// The design.
        plan: Box<Plan>,
        /// Its weights.
        checkpoint: Arc<Checkpoint>,
        /// The data.
        data: Arc<Dataset>,
        /// Which split.
        subset: Subset,
    },
    /// How likely one split is under a trained network, by importance sampling.
    Likelihood {
        /// The design.
        plan: Box<Plan>,
        /// Its weights.
        checkpoint: Arc<Checkpoint>,
        /// The data.
        data: Arc<Dataset>,
        /// Which split.
        subset: Subset,
        /// Codes drawn for each sample.
        draws: usize,
    },
}

/// What a job gave.
#[derive(Clone, Debug, PartialEq)]
pub enum JobResult {
    /// Coordinates of every code in the plane of the first two principal components.
    Principal(Vec<[f32; 2]>),
    /// Squared error per feature on the validation split (the training split where there is none).
    Baseline(f64),
    /// The likelihood of a split.
    Likelihood {
        /// Which split.
        subset: Subset,
        /// The estimate.
        likelihood: Likelihood,
    },
    /// Loss terms, and squared error per feature.
    Evaluation {
        /// Which split.
        subset: Subset,
        /// Loss terms, in the order of the run's history.
        losses: Vec<f64>,
        /// Squared error per feature.
        mse: f64,
        /// What the kind of network is judged by beside.
        findings: Box<Findings>,
    },
}
