//! The compute service: one worker per urgency, so that whatever is under the pointer is decoded at
//! once, whatever else is being computed.
//!
//! [`Queue`] decides which job is next. Between two blocks of work on a whole set, a worker checks
//! whether the job was cancelled. Networks are cached until other weights are requested, or until a
//! minute passes without a request.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::baseline::baseline;
use super::exploring::{CodeStatistics, Fits};
use super::findings::Findings;
use super::queue::{Queue, Urgency};
use super::{Event, Job, JobId, JobKind, JobResult, Outbox, panic_text};
use crate::analysis::pca::Pca;
use crate::dataset::Dataset;
use crate::engine::{EngineError, Evaluation, Network, RateCurve, RatePoint, Ready, yield_to_frame};
use crate::run::Kept;

pub(super) struct ComputeWorkers {
    shared: Arc<Shared>,
}

/// Jobs, shared by the workers and the requesters.
#[derive(Default)]
struct Shared {
    jobs: Mutex<Jobs>,
    /// One condition variable per worker, in the order of [`Urgency::ALL`], so that the other
    /// workers are not woken.
    wake: [Condvar; Urgency::ALL.len()],
}

#[derive(Default)]
struct Jobs {
    queue: Queue,
    is_closed: bool,
}

/// Outcome of a wait for a job.
enum Wait {
    Job(Box<Job>),
    /// No request has arrived for a long time.
    Idle,
    /// All requesters are gone.
    Closed,
}

/// How long an unused network is cached.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

impl ComputeWorkers {
    pub(super) fn start(outbox: &Outbox) -> ComputeWorkers {
        let shared = Arc::new(Shared::default());
        for urgency in Urgency::ALL {
            let (shared, outbox) = (Arc::clone(&shared), outbox.clone());
            let work = move || work(&shared, &outbox, urgency);
            // Without a thread, jobs are never answered: a picture is missing, but no data are
            // lost.
            let _ = std::thread::Builder::new().name(urgency.name().to_owned()).spawn(work);
        }
        ComputeWorkers { shared }
    }

    pub(super) fn push(&self, job: Job) {
        let urgency = job.kind.urgency();
        self.shared.lock().queue.push(job);
        self.shared.wake[urgency as usize].notify_all();
    }

    pub(super) fn cancel(&self, id: JobId) {
        self.shared.lock().queue.cancel(id);
    }
}

impl Drop for ComputeWorkers {
    fn drop(&mut self) {
        let mut jobs = self.shared.lock();
        jobs.is_closed = true;
        jobs.queue.cancel_all();
        drop(jobs);
        self.shared.wake.iter().for_each(Condvar::notify_all);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next job, until the given time if there is one.
    fn wait(&self, urgency: Urgency, until: Option<Instant>) -> Wait {
        let (mut jobs, wake) = (self.lock(), &self.wake[urgency as usize]);
        loop {
            if let Some(job) = jobs.queue.take(urgency) {
                return Wait::Job(Box::new(job));
            }
            if jobs.is_closed {
                return Wait::Closed;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            jobs = match left {
                None => wake.wait(jobs).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Wait::Idle,
                Some(left) => wake.wait_timeout(jobs, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

/// Answers the jobs of one urgency until all requesters are gone.
fn work(shared: &Shared, outbox: &Outbox, urgency: Urgency) {
    // Training uses the other threads, and a single code is decoded faster than a fork would pay
    // off.
    let mut cache = WorkerCache { ready: Ready::new(1), fits: Fits::default() };
    let mut idle = None;
    loop {
        let job = match shared.wait(urgency, idle) {
            Wait::Job(job) => job,
            Wait::Idle => {
                cache.clear();
                idle = None;
                continue;
            }
            Wait::Closed => return,
        };
        // The requester is drawing a frame, and this thread, which has just been woken, may have
        // displaced it.
        yield_to_frame();
        let should_continue = || shared.lock().queue.is_wanted(job.id);
        let on_rate = |point: RatePoint| {
            outbox.send(Event::RateTried(job.id, point));
            outbox.wake();
        };
        let result =
            catch_unwind(AssertUnwindSafe(|| compute(&job.kind, &mut cache, &should_continue, &on_rate)));
        // Work on whole sets is rare: its memory is worth more than the time to build the network.
        if urgency == Urgency::Sets || result.is_err() {
            cache.clear();
        }
        let result = result.unwrap_or_else(|panic| Err(panic_text(&*panic)));
        idle = Some(Instant::now() + IDLE_TIMEOUT);
        if shared.lock().queue.end(job.id) {
            outbox.send(Event::Computed(job.id, result));
            outbox.wake();
        }
    }
}

/// Network and fits that a worker caches between jobs.
struct WorkerCache {
    ready: Ready,
    fits: Fits,
}

impl WorkerCache {
    /// Frees all cached memory.
    fn clear(&mut self) {
        self.ready.clear();
        self.fits = Fits::default();
    }
}

/// Runs a job with cached values from earlier ones, while `should_continue` returns true; `on_rate`
/// receives each point of a learning rate search.
fn compute(
    kind: &JobKind,
    cache: &mut WorkerCache,
    should_continue: &dyn Fn() -> bool,
    on_rate: &dyn Fn(RatePoint),
) -> Result<JobResult, String> {
    let text = |error: EngineError| error.to_string();
    let WorkerCache { ready, fits } = cache;
    match kind {
        JobKind::Decode { trained, codes, purpose: _ } => {
            let network = ready.network(trained).map_err(text)?;
            let mut codes = codes.clone();
            network.project_codes(&mut codes);
            Ok(JobResult::Decoded(network.decode(&codes)))
        }
        JobKind::Draw { trained, draws } => {
            let network = ready.network(trained).map_err(text)?;
            let codes = draws.fitted_codes(network, fits, should_continue)?;
            let rows = network.decode(&codes);
            Ok(JobResult::Drawn { codes, rows })
        }
        JobKind::NearestTraining(search) => search.find(should_continue).map(JobResult::Found),
        JobKind::Near(near) => near.find(fits, should_continue).map(JobResult::Neighbourhoods),
        JobKind::Means { trained, groups } => {
            let network = ready.network(trained).map_err(text)?;
            let [first, second] = groups;
            let means = [first.mean(network, should_continue)?, second.mean(network, should_continue)?];
            Ok(JobResult::Means(means))
        }
        JobKind::Encode { trained, samples } => {
            let network = ready.network(trained).map_err(text)?;
            encoded(network, samples)
        }
        JobKind::CodeStatistics(codes) => Ok(JobResult::CodeStatistics(Arc::new(CodeStatistics::of(codes)))),
        JobKind::Principal { codes, plane } => {
            plane.places(&codes.codes, codes).map(|places| JobResult::Principal(places.points))
        }
        JobKind::Baseline { data, components } => {
            baseline(data, *components).map(JobResult::Baseline).map_err(|error| error.to_string())
        }
        JobKind::Evaluate { trained, data, subset } => {
            let network = ready.network(trained).map_err(text)?;
            let rows = data.split.rows(*subset);
            let evaluation = network.evaluate_while(data, rows, None, &mut |_| should_continue());
            let Evaluation { losses, mse, samples: _ } = evaluation.map_err(text)?;
            let findings = Findings::of(network, data, *subset, should_continue).map_err(text)?;
            Ok(JobResult::Evaluation { subset: *subset, losses, mse, findings: Box::new(findings) })
        }
        JobKind::Likelihood { trained, data, subset, draws } => {
            let network = ready.network(trained).map_err(text)?;
            let rows = data.split.rows(*subset);
            let estimate = network.likelihood_while(data, rows, *draws, &mut |_| should_continue());
            Ok(JobResult::Likelihood { subset: *subset, likelihood: estimate.map_err(text)? })
        }
        JobKind::FindRate { plan, data } => {
            let mut on_progress = |points: &[RatePoint]| {
                points.last().copied().into_iter().for_each(on_rate);
                should_continue()
            };
            RateCurve::find(plan, Arc::clone(data), 1, &mut on_progress).map(JobResult::Rates).map_err(text)
        }
        JobKind::VisibleSamples(job) | JobKind::Samples(job) => {
            job.answer(ready).map(|answer| JobResult::Samples(Box::new(answer)))
        }
    }
}

/// Returns the codes of samples, which must have the network's shape.
fn encoded(network: &mut Network, samples: &[(Arc<Dataset>, u32)]) -> Result<JobResult, String> {
    let shape = network.plan().shape();
    let mut values = vec![0.0; samples.len() * shape.features()];
    for ((data, row), values) in samples.iter().zip(values.chunks_exact_mut(shape.features().max(1))) {
        if data.shape != shape || *row as usize >= data.len() {
            return Err(format!("row {row} of {} does not fit this network", data.name));
        }
        data.gather(&[*row], values);
    }
    let rows = samples.iter().map(|(data, row)| (data.fingerprint, *row)).collect();
    Ok(JobResult::Encoded { rows, codes: network.encode(&values) })
}

/// Projects codes onto the first two principal components of the kept codes.
pub(super) fn principal(kept: &Kept, codes: &[f32]) -> Result<Vec<[f32; 2]>, String> {
    let pca = Pca::fit(&kept.codes, kept.code_units, 2).map_err(|error| error.to_string())?;
    let axes = pca.k();
    let plane = |point: &[f32]| [point.first().copied().unwrap_or(0.0), point.get(1).copied().unwrap_or(0.0)];
    Ok(pca.project(codes).chunks_exact(axes.max(1)).map(plane).collect())
}
