//! The error of PCA, the reference for runs. It is computed for every run without it as soon as the
//! run's data are available, one at a time. A run is without it at its start, and after a crash or
//! save before the answer.

use crate::run::RunId;
use crate::session::JobId;

/// The current job, and runs whose baseline could not be computed.
#[derive(Clone, Debug, Default)]
pub struct Baselines {
    coming: Option<(JobId, RunId)>,
    failed: Vec<RunId>,
}

impl Baselines {
    /// Whether one is being computed.
    pub fn is_coming(&self) -> bool {
        self.coming.is_some()
    }

    /// Whether that of a run cannot be computed.
    pub fn has_failed(&self, run: RunId) -> bool {
        self.failed.contains(&run)
    }

    /// Records that a job computes the baseline of this run.
    pub fn expect(&mut self, job: JobId, run: RunId) {
        self.coming = Some((job, run));
    }

    /// The run of a job, if it is the expected one.
    pub fn take(&mut self, job: JobId) -> Option<RunId> {
        self.coming.take_if(|coming| coming.0 == job).map(|coming| coming.1)
    }

    /// Records that a job failed; it is not tried again.
    pub fn fail(&mut self, job: JobId) {
        let run = self.take(job);
        self.failed.extend(run);
    }
}
