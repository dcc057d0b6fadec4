//! The error of PCA, the baseline of runs. It is computed for one run at a time, as soon as the
//! data of the run are available. A run has no baseline at its start, or after a crash or a save
//! before the computation ended.

use crate::run::RunId;
use crate::session::JobId;

/// The current job, and runs whose baseline could not be computed.
#[derive(Clone, Debug, Default)]
pub struct Baselines {
    coming: Option<(JobId, RunId)>,
    failed: Vec<RunId>,
}

impl Baselines {
    /// Whether a baseline is being computed.
    pub fn is_coming(&self) -> bool {
        self.coming.is_some()
    }

    /// Whether the baseline of a run could not be computed.
    pub fn has_failed(&self, run: RunId) -> bool {
        self.failed.contains(&run)
    }

    /// Records that a job computes the baseline of this run.
    pub fn expect(&mut self, job: JobId, run: RunId) {
        self.coming = Some((job, run));
    }

    /// The run whose baseline this job computes, if it is the current job.
    pub fn take(&mut self, job: JobId) -> Option<RunId> {
        self.coming.take_if(|coming| coming.0 == job).map(|coming| coming.1)
    }

    /// Records that a job failed; it is not tried again.
    pub fn fail(&mut self, job: JobId) {
        let run = self.take(job);
        self.failed.extend(run);
    }
}
