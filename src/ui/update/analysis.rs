//! Computations on the side: principal components, baselines, evaluations, likelihoods.

use std::sync::Arc;

use crate::check::{Plan, Severity};
use crate::dataset::{Dataset, Subset};
use crate::project::{capital, format_number};
use crate::run::{Checkpoint, Kept, Losses, Run, RunEvent, RunId};
use crate::session::{Job, JobId, JobKind, JobResult, Request};
use crate::ui::state::State;

impl State {
    /// Gives the compute lane a job; its result may belong to a run.
    pub fn compute(&mut self, run: Option<RunId>, kind: JobKind) -> JobId {
        let id = JobId(self.next_job);
        self.next_job += 1;
        if let Some(run) = run {
            self.jobs.insert(id, run);
        }
        self.send(Request::Compute(Job { id, kind }));
        id
    }

    /// Evaluates the shown run on the test split.
    pub fn evaluate_test(&mut self) {
        self.compute_of_shown("evaluated", |plan, checkpoint, data| JobKind::Evaluate {
            plan,
            checkpoint,
            data,
            subset: Subset::Test,
        });
    }

    /// Estimates how likely the validation split (the training split where there is none) is under the shown run's network.
    pub fn estimate_likelihood(&mut self, draws: usize) {
        self.compute_of_shown("asked for a likelihood", |plan, checkpoint, data| {
            let has_validation = !data.split.validation.is_empty();
            let subset = if has_validation { Subset::Validation } else { Subset::Train };
            JobKind::Likelihood { plan, checkpoint, data, subset, draws }
        });
    }

    /// Has the compute lane do something with the shown run's network and data.
    fn compute_of_shown(
        &mut self,
        done: &str,
        job: impl FnOnce(Box<Plan>, Arc<Checkpoint>, Arc<Dataset>) -> JobKind,
    ) {
        let Some((id, checkpoint)) = self.shown().map(|run| (run.id, run.checkpoint.clone())) else { return };
        let Some(checkpoint) = checkpoint else { return };
        if let Some((plan, data)) = self.plan_of(id, done) {
            self.compute(Some(id), job(Box::new(plan), checkpoint, data));
        }
    }

    /// Takes in the result of a job.
    pub(super) fn take_result(&mut self, job: JobId, result: Result<JobResult, String>) {
        let run = self.jobs.remove(&job);
        match result {
            Ok(JobResult::Baseline(mse)) => {
                if let Some(run) = self.baselines.take(job).and_then(|id| self.run_mut(id)) {
                    run.apply(&RunEvent::Baseline(mse));
                }
            }
            Ok(JobResult::Principal(points)) => self.principal.take(job, points),
            Ok(JobResult::Evaluation { subset, losses, mse, findings }) => {
                let run = run.and_then(|id| self.runs.iter().find(|run| run.id == id));
                let mut text = evaluation_text(self, run, subset, &losses, mse);
                for sentence in findings.sentences(format_number) {
                    text.extend([" ", &capital(&sentence), "."]);
                }
                self.notices.say(Severity::Info, text);
            }
            Ok(JobResult::Likelihood { subset, likelihood }) => {
                if let Some(run) = run {
                    self.likelihoods.insert(run, (subset, likelihood));
                }
            }
            Err(message) => {
                self.principal.fail(job);
                self.baselines.fail(job);
                self.notices.log(Severity::Warning, message);
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

/// What an evaluation found, in a sentence.
fn evaluation_text(state: &State, run: Option<&Run>, subset: Subset, losses: &Losses, mse: f64) -> String {
    let name = run.map_or_else(|| "The run".to_owned(), |run| format!("Run {}", run.id));
    let samples =
        run.and_then(|run| state.data_as_trained(run)).map(|(data, _)| data.split.rows(subset).len());
    let samples = samples.map_or_else(String::new, |samples| format!(" ({samples} samples)"));
    let error = match run {
        Some(run) => format!("squared error {}", format_number(mse * run.shape.features() as f64)),
        None => format!("loss {}", format_number(losses.total())),
    };
    format!("{name} on the {} split{samples}: {error}, {} per feature.", subset.name(), format_number(mse))
}
