//! Background computations: principal components, baselines, evaluations, likelihoods.

use std::sync::Arc;

use crate::check::Severity;
use crate::dataset::{Dataset, Subset};
use crate::engine::Trained;
use crate::project::{Data, capital, format_number};
use crate::run::{Kept, Run, RunEvent, RunId};
use crate::session::{CodePlane, Findings, Job, JobId, JobKind, JobResult, Measured, Request};
use crate::ui::state::State;

impl State {
    /// Sends a job to the compute service.
    pub fn compute(&mut self, kind: JobKind) -> JobId {
        let id = JobId(self.next_job);
        self.next_job += 1;
        self.send(Request::Compute(Job { id, kind }));
        id
    }

    /// Evaluates the shown run on a split.
    pub fn evaluate(&mut self, subset: Subset) {
        let job = |trained, data| JobKind::Evaluate { trained, data, subset };
        self.compute_of_shown("evaluated", subset, job);
    }

    /// Estimates the likelihood of the validation split under the shown run's network; of the
    /// training split if there is no validation split.
    pub fn estimate_likelihood(&mut self, draws: usize) {
        let data = self.shown().and_then(|run| self.data_as_trained(run));
        let has_validation = data.is_some_and(|(data, _)| !data.split.validation.is_empty());
        let subset = if has_validation { Subset::Validation } else { Subset::Train };
        let job = |trained, data| JobKind::Likelihood { trained, data, subset, draws };
        self.compute_of_shown("asked for a likelihood", subset, job);
    }

    /// Requests a measurement of the shown run's network on a split of its data.
    fn compute_of_shown(
        &mut self,
        done: &str,
        subset: Subset,
        job: impl FnOnce(Trained, Arc<Dataset>) -> JobKind,
    ) {
        let Some(id) = self.shown().map(|run| run.id) else { return };
        let Some((plan, data)) = self.plan_of(id, done) else { return };
        let Some(run) = self.find_run(id) else { return };
        let (trained, checkpoint) = (Trained::of(Arc::new(plan), run), run.checkpoint.as_ref());
        if let Some((trained, checkpoint)) = trained.zip(checkpoint) {
            let measured = Measured::of(checkpoint, data.split.rows(subset).len());
            let job = self.compute(job(trained, data));
            self.jobs.insert(job, (id, measured));
        }
    }

    /// Handles the result of a job.
    pub(super) fn handle_result(&mut self, job: JobId, result: Result<JobResult, String>) {
        let asked = self.jobs.remove(&job);
        let Err(result) = self.rate_search.take(job, result) else { return };
        let result = match self.explore.take(job, result) {
            Err(result) => result,
            Ok(failure) => {
                if let Some(message) = failure {
                    self.notices.log(Severity::Warning, message);
                }
                return;
            }
        };
        match result {
            Ok(JobResult::Baseline(mse)) => {
                if let Some(run) = self.baselines.take(job).and_then(|id| self.find_run_mut(id)) {
                    run.apply(&RunEvent::Baseline(mse));
                }
            }
            Ok(JobResult::Principal(points)) => self.principal.take(job, points),
            // The user has switched to another run.
            Ok(
                JobResult::Decoded(_)
                | JobResult::Drawn { .. }
                | JobResult::Found(_)
                | JobResult::Neighbourhoods(_)
                | JobResult::Means(_)
                | JobResult::Encoded { .. }
                | JobResult::CodeStatistics(_)
                | JobResult::Rates(_),
            ) => {}
            Ok(JobResult::Evaluation { subset, losses, mse, findings }) => {
                if let Some((run, measured)) = asked {
                    let text = evaluation_text(run, measured.samples, subset, mse, &findings);
                    self.found(run, measured.evaluation(subset, &losses, mse, &findings));
                    self.notices.say(Severity::Info, text);
                }
            }
            Ok(JobResult::Likelihood { subset, likelihood }) => {
                if let Some((run, measured)) = asked {
                    self.found(run, vec![measured.likelihood(subset, &likelihood)]);
                }
            }
            Ok(JobResult::Samples(answer)) => {
                let answer = self.set_codes.take(job, *answer);
                let answer = answer.and_then(|answer| self.explored_codes.take(job, answer));
                if let Some(answer) = answer {
                    self.scored.take(job, answer);
                }
            }
            Err(message) => {
                self.principal.fail(job);
                self.scored.fail(job, &message);
                self.set_codes.fail(job, &message);
                self.explored_codes.fail(job, &message);
                self.baselines.fail(job);
                match asked {
                    // The user is waiting for the result.
                    Some((run, _)) => {
                        self.notices
                            .say(Severity::Error, format!("Run {run} could not be evaluated: {message}."));
                    }
                    None => self.notices.log(Severity::Warning, message),
                }
            }
        }
    }

    /// Keeps the newest principal components and drops those of epochs other than `shown`, which
    /// have been drawn. Requests those of `wanted` unless a request is pending.
    pub fn follow_principal(&mut self, shown: Option<u32>, wanted: Option<(RunId, (Arc<Kept>, CodePlane))>) {
        self.principal.keep_only(shown);
        if let Some((run, (codes, plane))) = wanted.filter(|_| !self.principal.is_coming()) {
            let epoch = codes.epoch;
            let job = self.compute(JobKind::Principal { codes, plane });
            self.principal.expect(job, run, epoch, plane);
        }
    }

    /// Requests the baseline of a run without one, unless one is being computed.
    pub(super) fn want_baseline(&mut self) {
        if self.baselines.is_coming() {
            return;
        }
        // PCA is only optimal for equally weighted features.
        let lacks = |run: &&Run| {
            run.pca_mse.is_none() && !run.design.weighs_features() && !self.baselines.has_failed(run.id)
        };
        let lacking =
            self.runs.iter().filter(lacks).find_map(|run| Some((run, self.data_as_trained(run)?.0)));
        let Some((run, data)) = lacking else { return };
        let (id, data, components) = (run.id, data.clone(), run.code_units());
        // A run with the same data and code size has the same baseline.
        let known = self.runs.iter().filter(|other| is_same(run, other)).find_map(|other| other.pca_mse);
        if let Some(known) = known {
            if let Some(run) = self.find_run_mut(id) {
                run.apply(&RunEvent::Baseline(known));
            }
            return;
        }
        let job = self.compute(JobKind::Baseline { data, components });
        self.baselines.expect(job, id);
    }
}

/// Whether two runs have the same baseline.
fn is_same(a: &Run, b: &Run) -> bool {
    let (of_a, of_b) = (&a.design.data, &b.design.data);
    let masks = [of_a, of_b].map(Data::masks_missing);
    (a.fingerprint, a.split) == (b.fingerprint, b.split)
        && (of_a.scaling, of_a.split, masks[0]) == (of_b.scaling, of_b.split, masks[1])
        && a.code_units() == b.code_units()
}

/// The results of an evaluation as sentences. The run stores the numbers.
fn evaluation_text(run: RunId, samples: u64, subset: Subset, mse: f64, findings: &Findings) -> String {
    let (split, mse) = (subset.name(), format_number(mse));
    let mut text =
        format!("Run {run} on the {split} split ({samples} samples): squared error {mse} per feature.");
    for sentence in findings.sentences(format_number) {
        text.extend([" ", &capital(&sentence), "."]);
    }
    text
}
