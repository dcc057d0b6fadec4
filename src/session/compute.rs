//! The compute lane: one worker. Of the pictures of codes only the newest is wanted: older ones that have not started yet are
//! dropped. What belongs to a run is computed for each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::baseline::baseline;
use super::findings::Findings;
use super::{Event, Job, JobKind, JobResult, Outbox, panic_text};
use crate::analysis::pca::Pca;
use crate::engine::{Evaluation, Network};
use crate::run::Kept;

pub(super) struct ComputeLane {
    jobs: Sender<Job>,
}

impl ComputeLane {
    pub(super) fn start(outbox: Outbox) -> ComputeLane {
        let (jobs, received) = channel();
        // Without a thread jobs are never answered, which costs a picture and no data.
        let _ =
            std::thread::Builder::new().name("compute".to_owned()).spawn(move || work(&received, &outbox));
        ComputeLane { jobs }
    }

    pub(super) fn push(&self, job: Job) {
        let _ = self.jobs.send(job);
    }
}

fn work(jobs: &Receiver<Job>, outbox: &Outbox) {
    while let Ok(job) = jobs.recv() {
        let result = catch_unwind(AssertUnwindSafe(|| compute(&job.kind)))
            .unwrap_or_else(|panic| Err(panic_text(&*panic)));
        outbox.send(Event::Computed(job.id, result));
        outbox.wake();
    }
}

fn compute(kind: &JobKind) -> Result<JobResult, String> {
    match kind {
        JobKind::Principal { codes } => principal(codes).map(JobResult::Principal),
        JobKind::Baseline { data, components } => {
            baseline(data, *components).map(JobResult::Baseline).map_err(|error| error.to_string())
        }
        JobKind::Evaluate { plan, checkpoint, data, subset } => {
            let weights = checkpoint.inference_weights();
            let mut network = Network::trained(plan, weights, 1).map_err(|error| error.to_string())?;
            let evaluation =
                network.evaluate(data, data.split.rows(*subset), None).map_err(|error| error.to_string())?;
            let findings = Box::new(Findings::of(&mut network, data, *subset));
            let Evaluation { losses, mse, samples: _ } = evaluation;
            Ok(JobResult::Evaluation { subset: *subset, losses, mse, findings })
        }
        JobKind::Likelihood { plan, checkpoint, data, subset, draws } => {
            let weights = checkpoint.inference_weights();
            let network = Network::trained(plan, weights, 1);
            let estimate =
                network.and_then(|mut network| network.likelihood(data, data.split.rows(*subset), *draws));
            let likelihood = estimate.map_err(|error| error.to_string())?;
            Ok(JobResult::Likelihood { subset: *subset, likelihood })
        }
        JobKind::Samples(job) => job.answer().map(|answer| JobResult::Samples(Box::new(answer))),
    }
}

/// Codes in the plane of their first two principal components.
fn principal(kept: &Kept) -> Result<Vec<[f32; 2]>, String> {
    let pca = Pca::fit(&kept.codes, kept.code_units, 2).map_err(|error| error.to_string())?;
    let axes = pca.k();
    let plane = |point: &[f32]| [point.first().copied().unwrap_or(0.0), point.get(1).copied().unwrap_or(0.0)];
    Ok(pca.project(&kept.codes).chunks_exact(axes.max(1)).map(plane).collect())
}
