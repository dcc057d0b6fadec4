//! Computations on the side: principal components, baselines, evaluations, likelihoods.

use std::sync::Arc;

use crate::check::{Severity, plan};
use crate::dataset::{Dataset, Subset};
use crate::engine::Trained;
use crate::run::{Kept, Run, RunEvent, RunId};
use crate::session::{self, Job, JobId, JobKind};
use crate::ui::state::State;

impl State {
    /// Gives the compute lane a job; its result may belong to a run.
    pub fn compute(&mut self, run: Option<RunId>, kind: JobKind) -> JobId {
        let id = JobId(self.next_job);
        self.next_job += 1;
        if let Some(run) = run {
            self.jobs.insert(id, run);
        }
        self.send(session::Request::Compute(Job { id, kind }));
        id
    }

    /// Evaluates the shown run on the test split.
    pub fn evaluate_test(&mut self) {
        let subset = Subset::Test;
        self.compute_of_shown("evaluated", |trained, data| JobKind::Evaluate { trained, data, subset });
    }

    /// Estimates how likely the validation split (the training split where there is none) is under the shown run's network.
    pub fn estimate_likelihood(&mut self, draws: usize) {
        self.compute_of_shown("asked for a likelihood", |trained, data| {
            let has_validation = !data.split.validation.is_empty();
            let subset = if has_validation { Subset::Validation } else { Subset::Train };
            JobKind::Likelihood { trained, data, subset, draws }
        });
    }

    /// Has the compute lane do something with the shown run's network and data.
    fn compute_of_shown(&mut self, what: &str, job: impl FnOnce(Trained, Arc<Dataset>) -> JobKind) {
        let Some(run) = self.shown() else { return };
        let Some((data, facts)) = self.data_as_trained(run) else { return };
        let (id, data) = (run.id, data.clone());
        match plan(&run.design, &facts) {
            Ok(plan) => {
                if let Some(trained) = Trained::of(Arc::new(plan), run) {
                    self.compute(Some(id), job(trained, data));
                }
            }
            Err(problems) => {
                let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
                self.notices.say(Severity::Error, format!("Run {id} cannot be {what}: {first}"));
            }
        }
    }

    /// Keeps the newest principal components: those of any epoch but the `shown` one have been drawn once and go; those
    /// of `wanted` are asked for, unless some are on their way.
    pub fn follow_principal(&mut self, shown: Option<u32>, wanted: Option<(RunId, Arc<Kept>)>) {
        self.principal.keep_only(shown);
        if let Some((run, codes)) = wanted.filter(|_| !self.principal.is_coming()) {
            let epoch = codes.epoch;
            let job = self.compute(None, JobKind::Principal { codes });
            self.principal.expect(job, run, epoch);
        }
    }

    /// Asks for the baseline of a run that lacks it, unless one is on its way.
    pub(super) fn want_baseline(&mut self) {
        if self.baselines.is_coming() {
            return;
        }
        let lacks = |run: &&Run| run.pca_mse.is_none() && !self.baselines.has_failed(run.id);
        let lacking =
            self.runs.iter().filter(lacks).find_map(|run| Some((run, self.data_as_trained(run)?.0)));
        let Some((run, data)) = lacking else { return };
        let (id, data, components) = (run.id, data.clone(), run.design.code.units);
        // Another run of the same data and as large a code has the same one.
        let known = self.runs.iter().filter(|other| is_same(run, other)).find_map(|other| other.pca_mse);
        if let Some(known) = known {
            if let Some(run) = self.run_mut(id) {
                run.apply(&RunEvent::Baseline(known));
            }
            return;
        }
        let job = self.compute(None, JobKind::Baseline { data, components });
        self.baselines.expect(job, id);
    }
}

/// Whether two runs have the same baseline.
fn is_same(a: &Run, b: &Run) -> bool {
    let (of_a, of_b) = (&a.design.data, &b.design.data);
    a.fingerprint == b.fingerprint
        && (of_a.scaling, of_a.split) == (of_b.scaling, of_b.split)
        && a.design.code.units == b.design.code.units
}
