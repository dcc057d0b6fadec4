//! The learning rate search shown in the dialog.

use crate::engine::{RateCurve, RatePoint};
use crate::session::{JobId, JobResult};

/// The current job, and the result of the last one.
#[derive(Clone, Debug, Default)]
pub struct RateSearch {
    coming: Option<JobId>,
    points: Vec<RatePoint>,
    found: Option<Result<RateCurve, String>>,
}

impl RateSearch {
    /// Begins a search with this job.
    pub fn expect(&mut self, job: JobId) {
        *self = RateSearch { coming: Some(job), ..RateSearch::default() };
    }

    /// Adds a point if it belongs to the current search.
    pub fn add_point(&mut self, job: JobId, point: RatePoint) {
        if self.coming == Some(job) {
            self.points.push(point);
        }
    }

    /// The points tried so far, in order of rate.
    pub fn points(&self) -> &[RatePoint] {
        &self.points
    }

    /// The result or the error; `None` during the search.
    pub fn found(&self) -> Option<&Result<RateCurve, String>> {
        self.found.as_ref()
    }

    /// Stores the answer of a job.
    ///
    /// # Errors
    /// Returns the answer if it belongs to another job.
    pub fn take(
        &mut self,
        job: JobId,
        result: Result<JobResult, String>,
    ) -> Result<(), Result<JobResult, String>> {
        if self.coming != Some(job) {
            return Err(result);
        }
        self.coming = None;
        self.found = Some(match result {
            Ok(JobResult::Rates(curve)) => Ok(curve),
            Ok(other) => return Err(Ok(other)),
            Err(message) => Err(message),
        });
        Ok(())
    }

    /// Resets the search; returns the current job.
    pub fn end(&mut self) -> Option<JobId> {
        std::mem::take(self).coming
    }
}
