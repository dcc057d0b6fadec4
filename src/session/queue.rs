//! Which job of the compute lane comes next. Knows no thread and no clock.

use std::collections::VecDeque;
use std::mem::discriminant;

use super::{Decoding, Job, JobId, JobKind};

/// How soon a job is wanted; the soonest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Under the pointer: a person moves it and looks.
    Pointer,
    /// What a view shows.
    Points,
    /// Work on a whole set of samples.
    Sets,
}

impl Urgency {
    /// How many there are.
    pub(super) const COUNT: usize = 3;
}

impl JobKind {
    /// How soon it is wanted.
    pub(super) fn urgency(&self) -> Urgency {
        match self {
            JobKind::Decode { purpose: Decoding::Pointer | Decoding::Pins, .. } => Urgency::Pointer,
            JobKind::Decode { purpose: Decoding::Way | Decoding::Traversals | Decoding::Mosaic, .. }
            | JobKind::Draw { .. }
            | JobKind::Lookup(_)
            | JobKind::Principal { .. } => Urgency::Points,
            JobKind::Baseline { .. } | JobKind::Evaluate { .. } | JobKind::Likelihood { .. } => Urgency::Sets,
        }
    }

    /// Whether another job asks the same, so that only the newer is wanted.
    fn asks_as(&self, other: &JobKind) -> bool {
        match (self, other) {
            (JobKind::Decode { purpose, .. }, JobKind::Decode { purpose: other, .. }) => purpose == other,
            _ => discriminant(self) == discriminant(other),
        }
    }
}

/// The jobs that wait, and those that somebody is at.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Job>,
    under_way: Vec<UnderWay>,
}

struct UnderWay {
    id: JobId,
    is_wanted: bool,
}

impl Queue {
    /// Adds a job. Of what a person moves about only the newest is wanted: it takes the place of an older one of its kind.
    /// What is found on a whole set belongs to a run, and each is found.
    pub(super) fn push(&mut self, job: Job) {
        if job.kind.urgency() != Urgency::Sets {
            self.waiting.retain(|older| !older.kind.asks_as(&job.kind));
        }
        self.waiting.push_back(job);
    }

    /// Takes the soonest job of those that are accepted; of equals the oldest.
    pub(super) fn take(&mut self, accepts: impl Fn(Urgency) -> bool) -> Option<Job> {
        let urgency = |at: &usize| self.waiting[*at].kind.urgency();
        let place = (0..self.waiting.len()).filter(|at| accepts(urgency(at))).min_by_key(urgency)?;
        let job = self.waiting.remove(place)?;
        self.under_way.push(UnderWay { id: job.id, is_wanted: true });
        Some(job)
    }

    /// Gives a job up, whether it waits or somebody is at it. It has no answer then.
    pub(super) fn cancel(&mut self, id: JobId) {
        self.waiting.retain(|job| job.id != id);
        self.under_way.iter_mut().filter(|job| job.id == id).for_each(|job| job.is_wanted = false);
    }

    /// Gives up all of them.
    pub(super) fn cancel_all(&mut self) {
        self.waiting.clear();
        self.under_way.iter_mut().for_each(|job| job.is_wanted = false);
    }

    /// Whether a job that somebody is at is still wanted.
    pub(super) fn is_wanted(&self, id: JobId) -> bool {
        self.under_way.iter().any(|job| job.id == id && job.is_wanted)
    }

    /// A job is over; says whether its answer is still wanted.
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

    fn jobs() -> impl Fn(u64, Urgency) -> Job {
        let data: Arc<Dataset> = Arc::new(load(&Data::default(), &Progress::default()).expect("embedded"));
        let plan = plan(&Recipe::Undercomplete.project(), &facts(&data)).expect("sound");
        let trained = Trained::new(Arc::new(plan), Arc::new(Weights::default()), None);
        move |id, urgency| {
            let kind = match urgency {
                Urgency::Pointer => {
                    JobKind::Decode { trained: trained.clone(), codes: vec![], purpose: Decoding::Pointer }
                }
                Urgency::Points => JobKind::Principal { codes: Arc::new(Kept::default()) },
                Urgency::Sets => JobKind::Baseline { data: Arc::clone(&data), components: 1 },
            };
            assert_eq!(kind.urgency(), urgency);
            Job { id: JobId(id), kind }
        }
    }

    #[test]
    fn the_soonest_comes_first_and_the_newest_of_what_moves() {
        use Urgency::{Pointer, Points, Sets};
        let job = jobs();
        let check = |pushed: &[(u64, Urgency)], accepts: &[Urgency], taken: &[u64]| {
            let mut queue = Queue::default();
            pushed.iter().for_each(|(id, urgency)| queue.push(job(*id, *urgency)));
            let ids = std::iter::from_fn(|| queue.take(|urgency| accepts.contains(&urgency)));
            assert_eq!(ids.map(|job| job.id.0).collect::<Vec<_>>(), taken, "{pushed:?} {accepts:?}");
        };
        let all = [Pointer, Points, Sets];
        check(&[], &all, &[]);
        check(&[(1, Sets), (2, Points), (3, Pointer)], &all, &[3, 2, 1]);
        check(&[(1, Pointer), (2, Sets), (3, Pointer), (4, Pointer)], &all, &[4, 2]);
        check(&[(1, Points), (2, Pointer), (3, Points)], &all, &[2, 3]);
        check(&[(1, Sets), (2, Sets), (3, Sets)], &all, &[1, 2, 3]);
        check(&[(1, Sets), (2, Points), (3, Pointer)], &[Points, Sets], &[2, 1]);
        check(&[(1, Sets), (2, Points)], &[Pointer], &[]);
    }

    #[test]
    fn what_is_given_up_has_no_answer() {
        let job = jobs();
        let mut queue = Queue::default();
        queue.push(job(1, Urgency::Sets));
        queue.push(job(2, Urgency::Sets));
        queue.push(job(3, Urgency::Sets));
        queue.cancel(JobId(1));
        assert_eq!(queue.take(|_| true).map(|job| job.id), Some(JobId(2)));
        assert!(queue.is_wanted(JobId(2)));
        queue.cancel(JobId(2));
        assert!(!queue.is_wanted(JobId(2)) && !queue.end(JobId(2)));
        assert_eq!(queue.take(|_| true).map(|job| job.id), Some(JobId(3)));
        assert!(queue.end(JobId(3)) && !queue.is_wanted(JobId(3)));
        queue.push(job(4, Urgency::Points));
        queue.cancel_all();
        assert!(queue.take(|_| true).is_none());
    }
}
