use std::path::PathBuf;
use std::sync::Arc;

use super::exploring::{
    CodeStatistics, Draws, Found, MeanCode, NearSample, NearestTraining, Neighbourhoods, SampleGroup,
};
use super::{CodePlane, Findings, SampleAnswer, SampleJob, Shown};
use crate::check::{DataFacts, Plan};
use crate::dataset::{DataError, Dataset, Subset};
use crate::engine::{Likelihood, RateCurve, RatePoint, Trained};
use crate::io::Store;
use crate::project::{Data, Mask, ShownSize, Source};
use crate::run::{Kept, Losses, Run, RunEvent, RunId, Setting, Weights};

/// A request of the window. Sending never waits.
#[derive(Clone, Debug)]
pub enum Request {
    /// Load data. A load under way is cancelled, so the newest wins. Answered by [`Event::Loading`]
    /// and then [`Event::Loaded`] or [`Event::LoadFailed`] with this number.
    Load {
        /// Returned in every answer.
        request: u64,
        /// The data to load.
        data: Box<Data>,
        /// A run that was trained on them: they are read by the rules it was trained with, if newer
        /// rules differ.
        own: Option<Box<Run>>,
        /// The source before a table whose path was just entered: its label columns are detected,
        /// and returned with the data.
        before: Option<Box<Source>>,
    },
    /// Cancel the load under way.
    CancelLoad,
    /// Show files to the network of a run, as one set. An older request of the kind is cancelled.
    /// Answered by [`Event::Showing`] and then [`Event::Shown`] or [`Event::NotShown`] with this
    /// number.
    Show {
        /// Returned in every answer.
        request: u64,
        /// The run.
        run: Box<Run>,
        /// The files and folders.
        paths: Vec<PathBuf>,
        /// The missing parts of the files, if masks mark them.
        mask: Option<Mask>,
        /// Size that pictures are resized to; the default is that of the training.
        size: Option<ShownSize>,
    },
    /// Cancel showing files.
    CancelShow,
    /// Add a run to the queue. Its first event reports that it is queued.
    Train(Box<TrainRequest>),
    /// Pause after the current step.
    Pause(RunId),
    /// Resume after a pause: train until the run is done, for one step, or to the end of the epoch.
    Go(RunId, Start),
    /// End the run after the current step, keeping everything for an exact resume.
    Stop(RunId),
    /// Change a setting of a run under way; recorded with the run by [`RunEvent::Edited`].
    Set(RunId, Setting),
    /// Send the current weights of a run. Answered by [`Event::Weights`] after the current step, at
    /// most ten times per second; newer ones need another request.
    Weights(RunId),
    /// Compute something.
    Compute(Job),
    /// Cancel a job. It is not answered then.
    Cancel(JobId),
}

/// Everything needed to train a run, from the start or from a checkpoint.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    /// The run in its current state. It continues from its checkpoint if it has one, watches the
    /// samples of its kept epochs if it has some, and trains up to its number of epochs.
    pub run: Run,
    /// A new total number of epochs, recorded with the run by [`RunEvent::Edited`]. With `None`,
    /// the run continues exactly as before, early stopping included.
    pub epochs: Option<u32>,
    /// Its validated design.
    pub plan: Plan,
    /// The data.
    pub data: Arc<Dataset>,
    /// Threads for the kernels.
    pub threads: usize,
    /// How far to train first.
    pub start: Start,
    /// Where everything is recorded as it happens, so that a crash loses only seconds.
    pub store: Option<Store>,
}

/// How far a run trains when it starts, or after a pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Trains until it is done.
    #[default]
    Train,
    /// Takes one step, then pauses.
    StepOnce,
    /// Trains one epoch, then pauses.
    EpochOnce,
}

/// A message to the window.
#[derive(Clone, Debug)]
pub enum Event {
    /// Progress of a load: units done and in total (0 while unknown).
    Loading {
        /// The number of the request.
        request: u64,
        /// Units done.
        done: u64,
        /// Total units, 0 while unknown.
        total: u64,
    },
    /// The data are loaded.
    Loaded {
        /// The number of the request.
        request: u64,
        /// The data.
        data: Arc<Dataset>,
        /// The properties of the data that [`crate::check`] needs.
        facts: DataFacts,
        /// Their source, where the session completed it.
        source: Option<Box<Source>>,
    },
    /// The data could not be loaded.
    LoadFailed {
        /// The number of the request.
        request: u64,
        /// The cause, and what to do.
        error: DataError,
        /// A source that would probably load instead, if the settings are the cause.
        fixed_source: Option<Box<Source>>,
    },
    /// Progress of loading files to be shown: units done and in total (0 while unknown).
    Showing {
        /// The number of the request.
        request: u64,
        /// Units done.
        done: u64,
        /// Total units, 0 while unknown.
        total: u64,
    },
    /// Files to be shown are loaded.
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
        /// The cause, and what to do.
        error: DataError,
    },
    /// An event of a run.
    Run(RunId, RunEvent),
    /// The weights of a run under way, after this epoch and step.
    Weights {
        /// The run.
        run: RunId,
        /// Finished epochs.
        epoch: u32,
        /// Steps since the start of the run.
        step: u64,
        /// A copy; `None` if the run is not under way, so that its checkpoint has them.
        weights: Option<Arc<Weights>>,
    },
    /// A running learning rate search tried a rate.
    RateTried(JobId, RatePoint),
    /// A job is done, or failed with a message.
    Computed(JobId, Result<JobResult, String>),
    /// The live store could not be written. Training continues, but a crash would lose the progress
    /// from here on.
    StoreFailed(String),
}

/// Number of a job, chosen by the requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// A job of the compute service.
#[derive(Clone, Debug)]
pub struct Job {
    /// Returned with the result.
    pub id: JobId,
    /// The computation.
    pub kind: JobKind,
}

/// The computations of the compute service. Decoding does not wait for other jobs, nor do pictures
/// of codes wait for work on whole sets. For the first two, a new job replaces a waiting older one
/// of its kind, which is then not answered.
#[derive(Clone, Debug)]
pub enum JobKind {
    /// The reconstructions of codes.
    Decode {
        /// The network.
        trained: Trained,
        /// Codes in the form the decoder expects, row by row.
        codes: Vec<f32>,
        /// The purpose; each has its own newest job.
        purpose: Decoding,
    },
    /// Codes drawn at random, and their reconstructions.
    Draw {
        /// The network.
        trained: Trained,
        /// The codes to draw.
        draws: Draws,
    },
    /// Find the training rows nearest to samples.
    NearestTraining(NearestTraining),
    /// Find the samples of a set nearest to a sample.
    Near(Box<NearSample>),
    /// Compute the mean codes of two groups of samples.
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
    /// Compute the properties of the codes of an epoch.
    CodeStatistics(Arc<Kept>),
    /// Project codes onto a plane of their principal components.
    Principal {
        /// Codes, row by row.
        codes: Arc<Kept>,
        /// The plane.
        plane: CodePlane,
    },
    /// Reconstruction error of PCA with as many components as the code has units, fitted on the
    /// training split.
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
        /// The split.
        subset: Subset,
    },
    /// Likelihood of one split under a trained network, by importance sampling.
    Likelihood {
        /// The network.
        trained: Trained,
        /// The data.
        data: Arc<Dataset>,
        /// The split.
        subset: Subset,
        /// Codes drawn per sample.
        draws: usize,
    },
    /// Find a learning rate for a design.
    FindRate {
        /// The plan.
        plan: Box<Plan>,
        /// The data.
        data: Arc<Dataset>,
    },
    /// A job for the samples in view.
    VisibleSamples(Box<SampleJob>),
    /// A job for the samples of a whole set.
    Samples(Box<SampleJob>),
}

/// The purpose of decoding codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Decoding {
    /// A code under the pointer.
    Pointer,
    /// A sample under the pointer.
    Hover,
    /// Pinned or edited codes.
    Pins,
    /// Codes between two codes.
    Interpolation,
    /// A code plus the difference of two groups of codes.
    Arithmetic,
    /// Each unit at both ends of its range.
    Effects,
    /// Every unit over its range.
    Traversals,
    /// A whole plane.
    Mosaic,
}

/// The result of a job.
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
    /// The nearest training rows for each sample.
    Found(Vec<Vec<Found>>),
    /// The samples of a set nearest to a sample.
    Neighbourhoods(Neighbourhoods),
    /// The mean codes of two groups; `None` for an empty group.
    Means([Option<MeanCode>; 2]),
    /// Codes of samples, row by row.
    Encoded {
        /// Fingerprint of the data and row of each.
        rows: Vec<(u64, u32)>,
        /// The codes.
        codes: Vec<f32>,
    },
    /// The properties of the codes of an epoch.
    CodeStatistics(Arc<CodeStatistics>),
    /// Coordinates of every code in the plane of the first two principal components.
    Principal(Vec<[f32; 2]>),
    /// Squared error per feature on the validation split (the training split if there is none).
    Baseline(f64),
    /// The likelihood of a split.
    Likelihood {
        /// The split.
        subset: Subset,
        /// The estimate.
        likelihood: Likelihood,
    },
    /// Loss against learning rate.
    Rates(RateCurve),
    /// Loss terms, and squared error per feature.
    Evaluation {
        /// The split.
        subset: Subset,
        /// Loss terms.
        losses: Losses,
        /// Squared error per feature.
        mse: f64,
        /// Quality measures of the kind of network.
        findings: Box<Findings>,
    },
    /// The result for samples of a set.
    Samples(Box<SampleAnswer>),
}
