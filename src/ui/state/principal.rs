//! Codes in the plane of their principal components. They are requested for one epoch at a time: if
//! training is faster than the computation, epochs are skipped and no requests pile up.

use crate::run::RunId;
use crate::session::{CodePlane, JobId};

/// The newest points, and the current job.
#[derive(Clone, Debug, Default)]
pub struct Principal {
    there: Option<(RunId, u32, CodePlane, Vec<[f32; 2]>)>,
    coming: Option<(JobId, RunId, u32, CodePlane)>,
    /// The run, epoch and plane whose points could not be computed.
    failed: Option<(RunId, u32, CodePlane)>,
}

impl Principal {
    /// The newest points of a run in this plane.
    pub fn points(&self, run: RunId, plane: CodePlane) -> Option<&[[f32; 2]]> {
        let of_these = |there: &&(RunId, u32, CodePlane, Vec<[f32; 2]>)| (there.0, there.2) == (run, plane);
        self.there.as_ref().filter(of_these).map(|there| there.3.as_slice())
    }

    /// Removes points of other epochs.
    pub fn keep_only(&mut self, epoch: Option<u32>) {
        self.there.take_if(|there| Some(there.1) != epoch);
    }

    /// Whether points are being computed.
    pub fn is_coming(&self) -> bool {
        self.coming.is_some()
    }

    /// Records that a job computes the points of this run and epoch in a plane.
    pub fn expect(&mut self, job: JobId, run: RunId, epoch: u32, plane: CodePlane) {
        self.coming = Some((job, run, epoch, plane));
    }

    /// Stores the answer of a job.
    pub fn take(&mut self, job: JobId, points: Vec<[f32; 2]>) {
        if let Some((_, run, epoch, plane)) = self.coming.take_if(|coming| coming.0 == job) {
            self.there = Some((run, epoch, plane, points));
        }
    }

    /// Records that a job failed; another epoch may be requested.
    pub fn fail(&mut self, job: JobId) {
        if let Some((_, run, epoch, plane)) = self.coming.take_if(|coming| coming.0 == job) {
            self.failed = Some((run, epoch, plane));
        }
    }

    /// Whether the points of this epoch could not be computed, for example because of non-finite
    /// codes.
    pub fn has_failed(&self, run: RunId, epoch: u32, plane: CodePlane) -> bool {
        self.failed == Some((run, epoch, plane))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANE: CodePlane = CodePlane::Principal;

    #[test]
    fn epochs_without_principal_components_are_remembered() {
        let mut principal = Principal::default();
        principal.expect(JobId(7), RunId(1), 20, PLANE);
        principal.fail(JobId(6));
        assert!(principal.is_coming() && !principal.has_failed(RunId(1), 20, PLANE), "another job");
        principal.fail(JobId(7));
        assert!(!principal.is_coming() && principal.has_failed(RunId(1), 20, PLANE));
        assert!(!principal.has_failed(RunId(1), 21, PLANE) && !principal.has_failed(RunId(2), 20, PLANE));
    }
}
