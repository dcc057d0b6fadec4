//! The error of PCA that runs are compared with: computed for every run that lacks it as soon as its data are there, one
//! at a time. A run lacks it at its start, and after a crash or a save that came before the answer.

use crate::run::RunId;
use crate::session::JobId;

/// The job under way, and runs whose baseline could not be computed.
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

    /// Notes that a job computes that of this run.
    pub fn expect(&mut self, job: JobId, run: RunId) {
        self.coming = Some((job, run));
    }

    /// The run a job was for, if it is the one that is waited for.
    pub fn take(&mut self, job: JobId) -> Option<RunId> {
        self.coming.take_if(|coming| coming.0 == job).map(|coming| coming.1)
    }

    /// Takes in that a job could not be done; it is not tried again.
    pub fn fail(&mut self, job: JobId) {
        let run = self.take(job);
        self.failed.extend(run);
    }
}
