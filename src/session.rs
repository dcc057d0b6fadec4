//! **Worker threads next to the window.** They receive [`Request`]s and send [`Event`]s, both plain
//! data.
//!
//! - The **training worker** is one thread with a queue of runs. It trains one run at a time and
//!   handles commands between two steps. [`Driver`] is its loop, also for `hourglass train`; it
//!   passes each event to an [`Observer`]. `recorder` writes events to the live store and sends
//!   them to the window.
//! - The **compute workers** have one thread per urgency, so that the code under the pointer is
//!   decoded at once, whatever else is being computed: one decodes, one computes principal
//!   components, one draws and searches, one computes baselines and evaluations. Jobs that follow
//!   the pointer replace older waiting ones, and a running draw or search is cancelled by a newer
//!   one. Work on whole sets is done in blocks and can be cancelled between them. A worker's cached
//!   networks and fits are dropped after a minute without a job.
//! - **Loading** has one thread per request; a new request cancels the previous one.
//! - Weights of a training run are copied on request (`live`), at most ten times per second.
//! - Progress is reported at most every 33 ms. While a hidden window receives no events, newer ones
//!   replace older ones.
//! - A panic or an error in a worker becomes an event; the window stays open.
//!
//! Inside the training worker, kernels fork onto a pool whose workers spin for some microseconds
//! before they sleep, because a fork must cost less than the work it distributes.
//!
//! `baseline` and `findings` compute quality measures of runs, `results` keeps them with the run,
//! `scores` are scores of single samples, `sets` runs jobs on samples of any set, and `exploring`
//! draws codes, finds neighbours and computes means for the view *Explore*. Window and command line
//! share [`Sheet`] (a table of results), [`Encoded`] and [`Decoded`] (codes and reconstructions in
//! one), [`ResultsExport`], [`traversal()`] and [`Neighbours`].

mod baseline;
mod compute;
mod decoded;
mod driver;
mod encoded;
mod exploring;
mod findings;
mod intervals;
mod live;
mod loading;
mod neighbours;
mod protocol;
mod queue;
mod recorder;
mod results;
mod results_export;
mod scores;
mod sets;
mod sheet;
mod showing;
mod training;
mod traversal;

pub use baseline::{baseline, baseline_macs};
pub use decoded::{Decoded, Painter, memory_shortage};
pub use driver::{Driver, Observer};
pub use encoded::Encoded;
pub use exploring::{
    CodeDistance, CodeStatistics, Coded, Distribution, Draws, Found, MOST_AXES, MeanCode, NearSample,
    NearestTraining, Neighbourhoods, SampleGroup, has_only_prior, has_prior, is_normal,
};
pub use findings::{Anomalies, Findings, Restoration, anomalies, refit};
pub use intervals::{Checkpoints, Interval, Intervals};
pub use neighbours::{Neighbours, Similarity};
pub use protocol::{Decoding, Event, Job, JobId, JobKind, JobResult, Request, Start, TrainRequest};
pub use results::{Measured, likelihood_of};
pub use results_export::{ResultsExport, ResultsForm, SampleResults};
pub use scores::{Ranking, Scores};
pub use sets::{
    ClassShares, CodePart, CodePlane, Comparison, Difference, Exported, Linear, Located, MOST_POINTS,
    Moments, Order, Pictures, Pixel, PlaceJob, PlaceOn, Places, Rated, SampleAnswer, SampleJob, Trial,
    channels_of, export_pictures, export_table, number_of, part_rows, picture_name, places_on, row_error,
    strip_jitter, written_channels,
};
pub use sheet::{Sheet, name_of};
pub use showing::{Shown, show};
pub use traversal::{CodeSpread, LineWords, Steps, TraversalLine, traversal, traversal_of_components};

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use compute::ComputeWorkers;
use loading::Loader;
use training::TrainingCommand;

/// A handle to the workers. Dropping it stops them and waits until the training thread has ended.
pub struct Session {
    training: Option<Sender<TrainingCommand>>,
    training_thread: Option<JoinHandle<()>>,
    compute: ComputeWorkers,
    loader: Loader,
    inbox: Inbox,
}

/// The destination of the workers' events.
#[derive(Clone)]
struct Outbox {
    events: Sender<Event>,
    /// Events that have not been received yet.
    unseen: Arc<AtomicUsize>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// The source of the workers' events.
struct Inbox {
    events: Receiver<Event>,
    unseen: Arc<AtomicUsize>,
}

/// Both ends of the event channel.
fn inbox(wake: impl Fn() + Send + Sync + 'static) -> (Outbox, Inbox) {
    let (events, received) = channel();
    let unseen = Arc::new(AtomicUsize::new(0));
    let outbox = Outbox { events, unseen: Arc::clone(&unseen), wake: Arc::new(wake) };
    (outbox, Inbox { events: received, unseen })
}

impl Inbox {
    fn poll(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.try_iter().inspect(|_| self.count())
    }

    fn wait(&self) -> Option<Event> {
        self.events.recv().ok().inspect(|_| self.count())
    }

    fn count(&self) {
        self.unseen.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Outbox {
    /// Number of events that have not been received yet.
    fn unseen(&self) -> usize {
        self.unseen.load(Ordering::Relaxed)
    }

    fn send(&self, event: Event) {
        self.unseen.fetch_add(1, Ordering::Relaxed);
        // There is no receiver once the session is being dropped.
        let _ = self.events.send(event);
    }

    /// Notifies the receiver of new events.
    fn wake(&self) {
        (self.wake)();
    }
}

impl Session {
    /// Starts the workers. `wake` is called from their threads after events were sent, at most at
    /// the display's refresh rate.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> Session {
        let (outbox, inbox) = inbox(wake);
        let (training, commands) = channel();
        let training_thread = {
            let outbox = outbox.clone();
            let name = "training".to_owned();
            std::thread::Builder::new().name(name).spawn(move || training::work(&commands, &outbox)).ok()
        };
        Session {
            training: Some(training),
            training_thread,
            compute: ComputeWorkers::start(&outbox),
            loader: Loader::new(outbox),
            inbox,
        }
    }

    /// Sends a request; never waits.
    pub fn send(&mut self, request: Request) {
        let training = match request {
            Request::Load { request, data, own, before } => {
                return self.loader.load(request, *data, own, before);
            }
            Request::CancelLoad => return self.loader.cancel(),
            Request::Show { request, run, paths, mask, size } => {
                return self.loader.show(request, run, paths, (mask, size));
            }
            Request::CancelShow => return self.loader.cancel_shown(),
            Request::Compute(job) => return self.compute.push(job),
            Request::Cancel(id) => return self.compute.cancel(id),
            Request::Weights(run) => TrainingCommand::Weights(run),
            Request::Train(request) => TrainingCommand::Train(request),
            Request::Pause(run) => TrainingCommand::Pause(run),
            Request::Go(run, start) => TrainingCommand::Go(run, start),
            Request::Stop(run) => TrainingCommand::Stop(run),
            Request::Set(run, setting) => TrainingCommand::Set(run, setting),
        };
        if let Some(sender) = &self.training {
            // The worker lives as long as its sender. If it could not be started, there is no run
            // to report about.
            let _ = sender.send(training);
        }
    }

    /// The events since the last call; never waits.
    pub fn poll(&self) -> impl Iterator<Item = Event> + '_ {
        self.inbox.poll()
    }

    /// Waits for the next event; `None` once the workers are gone. For programs without a window.
    pub fn wait(&self) -> Option<Event> {
        self.inbox.wait()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.loader.cancel();
        self.loader.cancel_shown();
        self.training = None;
        if let Some(thread) = self.training_thread.take() {
            // A panic of the worker has already become an event.
            let _ = thread.join();
        }
    }
}

/// The message of a panic, for an event.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    format!("an internal error ended it ({text}); the work up to the last checkpoint is kept")
}

#[cfg(test)]
#[allow(clippy::wildcard_enum_match_arm, reason = "a test waits for one event among many")]
mod tests;
