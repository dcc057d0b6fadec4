//! The compute lane: two workers, so that what a person points at is decoded at once, whatever else is being computed.
//!
//! [`Queue`] says which job is next. Work on whole sets is done block by block; in between, more urgent jobs are done, and
//! work that was cancelled ends. Networks are kept until other weights are asked for.

use std::cell::{RefCell, RefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::baseline::baseline;
use super::findings::Findings;
use super::queue::{Queue, Urgency};
use super::{Event, Job, JobId, JobKind, JobResult, Outbox, panic_text};
use crate::analysis::pca::Pca;
use crate::engine::{EngineError, Evaluation, Ready};
use crate::run::Kept;

pub(super) struct ComputeLane {
    shared: Arc<Shared>,
}

/// What the workers share with whoever asks.
#[derive(Default)]
struct Shared {
    jobs: Mutex<Jobs>,
    wake: Condvar,
}

#[derive(Default)]
struct Jobs {
    queue: Queue,
    is_closed: bool,
}

impl ComputeLane {
    pub(super) fn start(outbox: &Outbox) -> ComputeLane {
        let shared = Arc::new(Shared::default());
        let workers: [(&str, fn(Urgency) -> bool); 2] = [
            ("pointer", |urgency| urgency == Urgency::Pointer),
            ("compute", |urgency| urgency != Urgency::Pointer),
        ];
        for (name, serves) in workers {
            let (shared, outbox) = (Arc::clone(&shared), outbox.clone());
            let work = move || Worker::new(shared, outbox, serves).work();
            // Without a thread jobs are never answered, which costs a picture and no data.
            let _ = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        }
        ComputeLane { shared }
    }

    pub(super) fn push(&self, job: Job) {
        self.shared.lock().queue.push(job);
        self.shared.wake.notify_all();
    }

    pub(super) fn cancel(&self, id: JobId) {
        self.shared.lock().queue.cancel(id);
    }
}

impl Drop for ComputeLane {
    fn drop(&mut self) {
        let mut jobs = self.shared.lock();
        jobs.is_closed = true;
        jobs.queue.cancel_all();
        drop(jobs);
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, waiting for one; `None` once nobody can ask any more.
    fn wait(&self, serves: impl Fn(Urgency) -> bool) -> Option<Job> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.queue.take(&serves) {
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            jobs = self.wake.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// One thread of the lane.
struct Worker {
    shared: Arc<Shared>,
    outbox: Outbox,
    serves: fn(Urgency) -> bool,
    /// A network for each urgency: a job may come in between the blocks of a less urgent one, and never of an equal.
    networks: [RefCell<Ready>; Urgency::COUNT],
}

impl Worker {
    fn new(shared: Arc<Shared>, outbox: Outbox, serves: fn(Urgency) -> bool) -> Worker {
        // One thread each: training has the others, and a single code is decoded faster than a fork pays.
        let networks = std::array::from_fn(|_| RefCell::new(Ready::new(1)));
        Worker { shared, outbox, serves, networks }
    }

    fn work(&self) {
        while let Some(job) = self.shared.wait(self.serves) {
            let urgency = job.kind.urgency();
            self.answer(&job);
            if urgency == Urgency::Sets {
                // Work on whole sets is rare and takes long: its memory is worth more than the time to build the network.
                self.network(urgency).clear();
            }
        }
    }

    fn network(&self, urgency: Urgency) -> RefMut<'_, Ready> {
        self.networks[urgency as usize].borrow_mut()
    }

    fn answer(&self, job: &Job) {
        let result = catch_unwind(AssertUnwindSafe(|| self.compute(job))).unwrap_or_else(|panic| {
            self.network(job.kind.urgency()).clear();
            Err(panic_text(&*panic))
        });
        if self.shared.lock().queue.end(job.id) {
            self.outbox.send(Event::Computed(job.id, result));
            self.outbox.wake();
        }
    }

    /// Does what is more urgent than a job first; says whether to go on with that.
    fn goes_on(&self, job: &Job) -> bool {
        let is_first = |urgency: Urgency| (self.serves)(urgency) && urgency < job.kind.urgency();
        loop {
            let urgent = self.shared.lock().queue.take(is_first);
            match urgent {
                Some(urgent) => self.answer(&urgent),
                None => return self.shared.lock().queue.is_wanted(job.id),
            }
        }
    }

    fn compute(&self, job: &Job) -> Result<JobResult, String> {
        let text = |error: EngineError| error.to_string();
        let goes_on = || self.goes_on(job);
        let mut ready = self.network(job.kind.urgency());
        match &job.kind {
            JobKind::Decode { trained, codes, purpose: _ } => {
                let network = ready.network(trained).map_err(text)?;
                Ok(JobResult::Decoded(network.decode(codes)))
            }
            JobKind::Draw { trained, draws } => {
                let network = ready.network(trained).map_err(text)?;
                let codes = draws.codes(network)?;
                let rows = network.decode(&codes);
                Ok(JobResult::Drawn { codes, rows })
            }
            JobKind::Lookup(lookup) => lookup.find(goes_on).map(JobResult::Found),
            JobKind::Principal { codes } => principal(codes).map(JobResult::Principal),
            JobKind::Baseline { data, components } => {
                baseline(data, *components).map(JobResult::Baseline).map_err(|error| error.to_string())
            }
            JobKind::Evaluate { trained, data, subset } => {
                let network = ready.network(trained).map_err(text)?;
                let rows = data.split.rows(*subset);
                let evaluation = network.evaluate_while(data, rows, None, &mut |_| goes_on());
                let Evaluation { losses, mse, samples: _ } = evaluation.map_err(text)?;
                let findings = Findings::of(network, data, *subset, &goes_on).map_err(text)?;
                Ok(JobResult::Evaluation { subset: *subset, losses, mse, findings: Box::new(findings) })
            }
            JobKind::Likelihood { trained, data, subset, draws } => {
                let network = ready.network(trained).map_err(text)?;
                let rows = data.split.rows(*subset);
                let estimate = network.likelihood_while(data, rows, *draws, &mut |_| goes_on());
                Ok(JobResult::Likelihood { subset: *subset, likelihood: estimate.map_err(text)? })
            }
        }
    }
}

/// Codes in the plane of their first two principal components.
fn principal(kept: &Kept) -> Result<Vec<[f32; 2]>, String> {
    let pca = Pca::fit(&kept.codes, kept.code_units, 2).map_err(|error| error.to_string())?;
    let axes = pca.k();
    let plane = |point: &[f32]| [point.first().copied().unwrap_or(0.0), point.get(1).copied().unwrap_or(0.0)];
    Ok(pca.project(&kept.codes).chunks_exact(axes.max(1)).map(plane).collect())
}
