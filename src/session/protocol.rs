use std::path::PathBuf;
use std::sync::Arc;

use super::exploring::{
    Draws, Found, MeanCode, NearSample, NearestTraining, Neighbourhoods, SampleGroup, Survey,
};
use super::{CodePlane, Findings, SampleAnswer, SampleJob, Shown};
use crate::check::{DataFacts, Plan};
use crate::dataset::{DataError, Dataset, Subset};
use crate::engine::{Likelihood, RateCurve, RatePoint, Trained};
use crate::io::Store;
use crate::project::{Data, Mask, ShownSize, Source};
use crate::run::{Kept, Losses, Run, RunEvent, RunId, Setting, Weights};

/// What the window asks for. Sending never waits.
#[derive(Clone, Debug)]
pub enum Request {
    /// Load data; a load under way is cancelled, so the newest wins. Answered by [`Event::Loading`] and then
    /// [`Event::Loaded`] or [`Event::LoadFailed`] with the same number.
    Load {
        /// Comes back in every answer.
        request: u64,
        /// What to load.
        data: Box<Data>,
        /// A run that was trained on them: they are read as it was, where newer rules would read them otherwise.
        own: Option<Box<Run>>,
    },
    /// Give up the load under way.
    CancelLoad,
    /// Show files to the network of a run, as one set; an older request of the kind is cancelled. Answered by
    /// [`Event::Showing`] and then [`Event::Shown`] or [`Event::NotShown`] with the same number.
    Show {
        /// Comes back in every answer.
        request: u64,
        /// The run.
        run: Box<Run>,
        /// The files and folders.
        paths: Vec<PathBuf>,
        /// Which parts of them are holes, where masks say so.
        mask: Option<Mask>,
        /// The size that pictures are brought to; without, it is that of the training.
        size: Option<ShownSize>,
    },
    /// Give up showing files.
    CancelShow,
    /// Put a run into the queue. Its first event says that it is queued.
    Train(Box<TrainRequest>),
    /// Stand still after the step under way.
    Pause(RunId),
    /// Resume after a pause: train until the run is done, for one step, or to the end of the epoch.
    Go(RunId, Start),
    /// End the run after the step under way, keeping everything for an exact resume.
    Stop(RunId),
    /// Change a setting of a run under way; recorded with the run by [`RunEvent::Edited`].
    Set(RunId, Setting),
    /// Hand out the weights of a run as they are now. Answered by [`Event::Weights`] after the step
    /// under way, at most ten times a second; whoever wants newer ones asks again.
    Weights(RunId),
    /// Compute something.
    Compute(Job),
    /// Give up a job. It has no answer then.
    Cancel(JobId),
}

/// Everything needed to train a run, from the start or from a checkpoint.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    /// The run as it stands. It continues from its checkpoint where it has one, watches the samples of its kept epochs
    /// where it has some, and trains up to its number of epochs.
    pub run: Run,
    /// Epochs to train in all where a person now asks for another number: recorded with the run by
    /// [`RunEvent::Edited`]. Without, the run continues exactly as it was, early stopping included.
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

/// How far a run goes when its turn comes, or after a pause.
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
    /// How far files that are to be shown are loaded: units done and in all (0 while unknown).
    Showing {
        /// The number of the request.
        request: u64,
        /// Units done.
        done: u64,
        /// Units in all, 0 while unknown.
        total: u64,
    },
    /// Files that are shown are there.
    Shown {
        /// The number of the request.
        request: u64,
        /// Their rows.
        shown: Box<Shown>,
    },
    /// Files could not be shown.
    NotShown {
        /// The number of the request.
        request: u64,
        /// Why, and what to do.
        error: DataError,
    },
    /// Something about a run.
    Run(RunId, RunEvent),
    /// The weights of a run under way, as they were after this epoch and step.
    Weights {
        /// The run.
        run: RunId,
        /// Finished epochs.
        epoch: u32,
        /// Steps over the whole run.
        step: u64,
        /// A copy; `None` where the run is not under way, so that its checkpoint has them.
        weights: Option<Arc<Weights>>,
    },
    /// A search for a learning rate that is under way tried a rate.
    RateTried(JobId, RatePoint),
    /// A job is done, or failed with a message.
    Computed(JobId, Result<JobResult, String>),
    /// The live store could not be written; training continues, but a crash would lose what follows.
    StoreFailed(String),
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

/// What the compute lane can do. Decoding waits for nothing else, nor do pictures of codes for work
/// on whole sets. Of the first two the newest job takes the place of an older one of its kind that
/// waits, which then has no answer.
#[derive(Clone, Debug)]
pub enum JobKind {
    /// The reconstructions of codes.
    Decode {
        /// The network.
        trained: Trained,
        /// Codes as the decoder is given them, row by row.
        codes: Vec<f32>,
        /// What for: each has its own newest job.
        purpose: Decoding,
    },
    /// Codes drawn at random, and their reconstructions.
    Draw {
        /// The network.
        trained: Trained,
        /// Which codes.
        draws: Draws,
    },
    /// The training rows nearest to samples.
    NearestTraining(NearestTraining),
    /// The samples of a set nearest to a sample.
    Near(Box<NearSample>),
    /// The mean codes of two groups of samples.
    Means {
        /// The network.
        trained: Trained,
        /// The groups.
        groups: [SampleGroup; 2],
    },
    /// The codes of samples of any data of the network's shape.
    Encode {
        /// The network.
        trained: Trained,
        /// Data and rows.
        samples: Vec<(Arc<Dataset>, u32)>,
    },
    /// What the codes of an epoch have in common.
    Survey(Arc<Kept>),
    /// Codes on a plane of their principal components.
    Principal {
        /// Codes, row by row.
        codes: Arc<Kept>,
        /// The plane.
        plane: CodePlane,
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
        /// The network.
        trained: Trained,
        /// The data.
        data: Arc<Dataset>,
        /// Which split.
        subset: Subset,
    },
    /// How likely one split is under a trained network, by importance sampling.
    Likelihood {
        /// The network.
        trained: Trained,
        /// The data.
        data: Arc<Dataset>,
        /// Which split.
        subset: Subset,
        /// Codes drawn for each sample.
        draws: usize,
    },
    /// A learning rate for a design.
    FindRate {
        /// The plan.
        plan: Box<Plan>,
        /// The data.
        data: Arc<Dataset>,
    },
    /// Something with samples in sight.
    InSight(Box<SampleJob>),
    /// Something with the samples of a whole set.
    Samples(Box<SampleJob>),
}

/// What codes are decoded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Decoding {
    /// What a person points at.
    Pointer,
    /// The sample under the pointer.
    Hover,
    /// Codes that a person keeps or changes.
    Pins,
    /// Codes between two codes.
    Interpolation,
    /// A code with the difference of two groups of codes added.
    Arithmetic,
    /// Each unit at both ends of its range.
    Effects,
    /// Every unit over its range.
    Traversals,
    /// A whole plane.
    Mosaic,
}

/// What a job gave.
#[derive(Clone, Debug, PartialEq)]
pub enum JobResult {
    /// Reconstructions, row by row, in units of the scaled data.
    Decoded(Vec<f32>),
    /// Codes drawn at random, and their reconstructions, row by row.
    Drawn {
        /// The codes.
        codes: Vec<f32>,
        /// Their reconstructions, in units of the scaled data.
        rows: Vec<f32>,
    },
    /// For each sample the nearest training rows.
    Found(Vec<Vec<Found>>),
    /// The samples of a set nearest to a sample.
    Neighbourhoods(Neighbourhoods),
    /// The mean codes of two groups; `None` where there is no sample in one.
    Means([Option<MeanCode>; 2]),
    /// Codes of samples, row by row.
    Encoded {
        /// Fingerprint of the data and row of each.
        rows: Vec<(u64, u32)>,
        /// The codes.
        codes: Vec<f32>,
    },
    /// What the codes of an epoch have in common.
    Survey(Arc<Survey>),
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
    /// Loss against learning rate.
    Rates(RateCurve),
    /// Loss terms, and squared error per feature.
    Evaluation {
        /// Which split.
        subset: Subset,
        /// Loss terms.
        losses: Losses,
        /// Squared error per feature.
        mse: f64,
        /// What the kind of network is judged by beside.
        findings: Box<Findings>,
    },
    /// What came of samples of a set.
    Samples(Box<SampleAnswer>),
}
