//! The queue of the compute service. It does not depend on threads or clocks.

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};

use super::{Decoding, Job, JobId, JobKind};

/// How soon a job is needed. Each urgency has its own worker, so that short jobs never wait for
/// long ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Under the pointer: interactive.
    Pointer,
    /// Content of a view.
    Points,
    /// Long searches or fits, cancelled by a newer request.
    Searches,
    /// Work on a whole set of samples.
    Sets,
}

impl Urgency {
    /// All of them.
    pub(super) const ALL: [Urgency; 4] =
        [Urgency::Pointer, Urgency::Points, Urgency::Searches, Urgency::Sets];

    /// Name of its worker thread.
    pub(super) fn name(self) -> &'static str {
        match self {
            Urgency::Pointer => "pointer",
            Urgency::Points => "points",
            Urgency::Searches => "searches",
            Urgency::Sets => "sets",
        }
    }
}

impl JobKind {
    /// How soon the job is needed.
    pub(super) fn urgency(&self) -> Urgency {
        match self {
            JobKind::Decode {
                purpose: Decoding::Pointer | Decoding::Hover | Decoding::Pins | Decoding::Arithmetic,
                ..
            } => Urgency::Pointer,
            JobKind::Decode {
                purpose: Decoding::Interpolation | Decoding::Traversals | Decoding::Mosaic | Decoding::Effects,
                ..
            }
            | JobKind::Encode { .. }
            | JobKind::CodeStatistics(_)
            | JobKind::VisibleSamples(_)
            | JobKind::Principal { .. } => Urgency::Points,
            JobKind::Draw { .. } | JobKind::NearestTraining(_) | JobKind::Near(_) | JobKind::Means { .. } => {
                Urgency::Searches
            }
            JobKind::Baseline { .. }
            | JobKind::Evaluate { .. }
            | JobKind::Likelihood { .. }
            | JobKind::FindRate { .. }
            | JobKind::Samples(_) => Urgency::Sets,
        }
    }

    /// The request that the job answers. Of several jobs for one request, only the newest is
    /// needed.
    fn asking(&self) -> Asking {
        match self {
            JobKind::Decode { purpose, .. } => Asking::Decode(*purpose),
            JobKind::Draw { .. }
            | JobKind::NearestTraining(_)
            | JobKind::Near(_)
            | JobKind::Means { .. }
            | JobKind::Encode { .. }
            | JobKind::CodeStatistics(_)
            | JobKind::VisibleSamples(_)
            | JobKind::Principal { .. }
            | JobKind::Baseline { .. }
            | JobKind::Evaluate { .. }
            | JobKind::Likelihood { .. }
            | JobKind::FindRate { .. }
            | JobKind::Samples(_) => Asking::Kind(discriminant(self)),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    Decode(Decoding),
    Kind(Discriminant<JobKind>),
}

/// The waiting and the running jobs.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Job>,
    under_way: Vec<RunningJob>,
}

struct RunningJob {
    id: JobId,
    asking: Asking,
    is_wanted: bool,
}

impl Queue {
    /// Adds a job. For interactive requests, only the newest is needed: it replaces an older one of
    /// its kind, even a running one that takes long. Results for a whole set belong to a run, so
    /// each of those jobs is kept.
    pub(super) fn push(&mut self, job: Job) {
        let (urgency, asking) = (job.kind.urgency(), job.kind.asking());
        if urgency != Urgency::Sets {
            self.waiting.retain(|older| older.kind.asking() != asking);
        }
        if urgency == Urgency::Searches {
            let older = self.under_way.iter_mut().filter(|older| older.asking == asking);
            older.for_each(|older| older.is_wanted = false);
        }
        self.waiting.push_back(job);
    }

    /// Takes the oldest job of this urgency.
    pub(super) fn take(&mut self, urgency: Urgency) -> Option<Job> {
        let place = self.waiting.iter().position(|job| job.kind.urgency() == urgency)?;
        let job = self.waiting.remove(place)?;
        let asking = job.kind.asking();
        self.under_way.push(RunningJob { id: job.id, asking, is_wanted: true });
        Some(job)
    }

    /// Cancels a job, whether it waits or runs. It is not answered then.
    pub(super) fn cancel(&mut self, id: JobId) {
        self.waiting.retain(|job| job.id != id);
        self.under_way.iter_mut().filter(|job| job.id == id).for_each(|job| job.is_wanted = false);
    }

    /// Cancels all jobs.
    pub(super) fn cancel_all(&mut self) {
        self.waiting.clear();
        self.under_way.iter_mut().for_each(|job| job.is_wanted = false);
    }

    /// Returns whether a running job is still needed.
    pub(super) fn is_wanted(&self, id: JobId) -> bool {
        self.under_way.iter().any(|job| job.id == id && job.is_wanted)
    }

    /// Marks a job as finished. Returns whether its answer is still needed.
    pub(super) fn end(&mut self, id: JobId) -> bool {
        let is_wanted = self.is_wanted(id);
        self.under_way.retain(|job| job.id != id);
        is_wanted
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::check::plan;
    use crate::dataset::{Dataset, Progress, load};
    use crate::engine::Trained;
    use crate::project::{Data, Recipe};
    use crate::run::{Kept, Weights, facts};
    use crate::session::{CodePlane, Distribution, Draws, NearestTraining};

    fn jobs() -> impl Fn(u64, Urgency) -> Job {
        let data: Arc<Dataset> = Arc::new(load(&Data::default(), &Progress::default()).expect("embedded"));
        let plan = plan(&Recipe::Undercomplete.project(), &facts(&data)).expect("valid");
        let trained = Trained::new(Arc::new(plan), Arc::new(Weights::default()), None);
        move |id, urgency| {
            let kind = match urgency {
                Urgency::Pointer => {
                    JobKind::Decode { trained: trained.clone(), codes: vec![], purpose: Decoding::Pointer }
                }
                Urgency::Points => {
                    JobKind::Principal { codes: Arc::new(Kept::default()), plane: CodePlane::Principal }
                }
                Urgency::Searches if id.is_multiple_of(2) => JobKind::NearestTraining(NearestTraining {
                    data: Arc::clone(&data),
                    samples: Arc::default(),
                    count: 1,
                }),
                Urgency::Searches => JobKind::Draw {
                    trained: trained.clone(),
                    draws: Draws {
                        from: Distribution::Prior,
                        codes: Arc::default(),
                        count: 1,
                        temperature: 1.0,
                        seed: 1,
                        shares: Vec::new(),
                    },
                },
                Urgency::Sets => JobKind::Baseline { data: Arc::clone(&data), components: 1 },
            };
            assert_eq!(kind.urgency(), urgency);
            Job { id: JobId(id), kind }
        }
    }

    #[test]
    fn interactive_jobs_are_replaced_and_other_jobs_are_all_run() {
        use Urgency::{Pointer, Points, Searches, Sets};
        let job = jobs();
        // The jobs taken by each worker, in the order of `Urgency::ALL`.
        let check = |pushed: &[(u64, Urgency)], taken: [&[u64]; 4]| {
            let mut queue = Queue::default();
            pushed.iter().for_each(|(id, urgency)| queue.push(job(*id, *urgency)));
            for (urgency, taken) in Urgency::ALL.into_iter().zip(taken) {
                let ids = std::iter::from_fn(|| queue.take(urgency)).map(|job| job.id.0);
                assert_eq!(ids.collect::<Vec<_>>(), taken, "{pushed:?} {urgency:?}");
            }
        };
        check(&[], [&[], &[], &[], &[]]);
        check(&[(1, Sets), (2, Points), (3, Pointer)], [&[3], &[2], &[], &[1]]);
        check(&[(1, Pointer), (2, Sets), (3, Pointer), (4, Pointer)], [&[4], &[], &[], &[2]]);
        check(&[(1, Points), (2, Pointer), (3, Points)], [&[2], &[3], &[], &[]]);
        check(&[(1, Sets), (2, Sets), (3, Sets)], [&[], &[], &[], &[1, 2, 3]]);
        check(&[(1, Searches), (2, Searches), (3, Searches)], [&[], &[], &[2, 3], &[]]);
    }

    #[test]
    fn a_running_search_is_cancelled_by_a_newer_one() {
        let (job, mut queue) = (jobs(), Queue::default());
        for urgency in [Urgency::Searches, Urgency::Pointer, Urgency::Sets] {
            queue.push(job(1, urgency));
            assert!(queue.take(urgency).is_some());
            queue.push(job(2, urgency));
            assert!(queue.is_wanted(JobId(1)), "{urgency:?}: another question");
            queue.push(job(3, urgency));
            assert_eq!(queue.is_wanted(JobId(1)), urgency != Urgency::Searches, "{urgency:?}");
            queue = Queue::default();
        }
    }

    #[test]
    fn cancelled_jobs_are_not_answered() {
        let job = jobs();
        let mut queue = Queue::default();
        for id in 1..=3 {
            queue.push(job(id, Urgency::Sets));
        }
        let take = |queue: &mut Queue, urgency| queue.take(urgency).map(|job| job.id.0);
        queue.cancel(JobId(1));
        assert_eq!(take(&mut queue, Urgency::Sets), Some(2));
        assert!(queue.is_wanted(JobId(2)));
        queue.cancel(JobId(2));
        assert!(!queue.is_wanted(JobId(2)) && !queue.end(JobId(2)));
        assert_eq!(take(&mut queue, Urgency::Sets), Some(3));
        assert!(queue.end(JobId(3)) && !queue.is_wanted(JobId(3)));
        queue.push(job(4, Urgency::Points));
        queue.push(job(5, Urgency::Pointer));
        assert_eq!(take(&mut queue, Urgency::Pointer), Some(5));
        queue.cancel_all();
        assert_eq!(take(&mut queue, Urgency::Points), None);
        assert!(!queue.end(JobId(5)));
    }
}
