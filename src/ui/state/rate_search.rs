//! The search for a learning rate that the dialog shows.

use crate::engine::{RateCurve, RatePoint};
use crate::session::{JobId, JobResult};

/// The job under way, and what the last one found.
#[derive(Clone, Debug, Default)]
pub struct RateSearch {
    coming: Option<JobId>,
    points: Vec<RatePoint>,
    found: Option<Result<RateCurve, String>>,
}

impl RateSearch {
    /// Begins a search that this job carries out.
    pub fn expect(&mut self, job: JobId) {
        *self = RateSearch { coming: Some(job), ..RateSearch::default() };
    }

    /// Takes in a rate that a job has tried, where it is the search.
    pub fn tried(&mut self, job: JobId, point: RatePoint) {
        if self.coming == Some(job) {
            self.points.push(point);
        }
    }

    /// What the search under way has tried so far, in the order of the rates.
    pub fn points(&self) -> &[RatePoint] {
        &self.points
    }

    /// What was found, or why nothing could be; `None` while it is sought.
    pub fn found(&self) -> Option<&Result<RateCurve, String>> {
        self.found.as_ref()
    }

    /// Takes in the answer to a job; gives it back where it is another's.
    ///
    /// # Errors
    /// The answer that is not for the search.
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

    /// Forgets the search; gives the job that is under way.
    pub fn end(&mut self) -> Option<JobId> {
        std::mem::take(self).coming
    }
}
