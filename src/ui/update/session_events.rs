//! What the session tells, taken into the [`State`].

use std::sync::Arc;

use crate::check::{DataFacts, Severity};
use crate::dataset::{DataError, Dataset, Subset};
use crate::project::{capital, visible};
use crate::run::{Losses, Run, RunEvent, RunId, Status};
use crate::session::{Event, JobResult};
use crate::ui::state::State;

impl State {
    /// Takes in something that happened.
    pub fn handle_event(&mut self, event: Event) {
        match event {
            Event::Loading { request, done, total } if request == self.data.request => {
                self.data.progress = Some((done, total));
            }
            Event::Loaded { request, data, facts } if request == self.data.request => {
                self.take_data(data, facts);
            }
            Event::LoadFailed { request, error, mended } if request == self.data.request => {
                self.data.mended = mended;
                self.data_failed(error);
            }
            // Answers to older requests come too late.
            Event::Loading { .. } | Event::Loaded { .. } | Event::LoadFailed { .. } => {}
            Event::Run(id, event) => self.handle_run_event(id, event),
            Event::Computed(job, result) => {
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
                        for sentence in findings.sentences(three_digits) {
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
            Event::StoreFailed(message) => self.notices.say(
                Severity::Error,
                format!("Work could not be kept safe: {message}. Training continues; save the project to another place."),
            ),
        }
    }

    fn take_data(&mut self, data: Arc<Dataset>, facts: DataFacts) {
        let name = visible(&data.name);
        let doubts = data.doubts.iter().map(|doubt| &doubt.message);
        for warning in doubts.chain(&data.warnings) {
            self.notices.log(Severity::Warning, format!("{name}: {warning}"));
        }
        for note in &data.said.notes {
            self.notices.log(Severity::Info, format!("{name}: {note}"));
        }
        self.notices.log(Severity::Info, format!("Loaded {name}: {}.", data.said.line));
        self.keep_past_data();
        self.data.facts = Some(facts);
        self.data.dataset = Some(data);
        self.data.of.clone_from(&self.data.requested);
        self.forget_past_data();
        self.data.progress = None;
        self.data.error = None;
        self.refresh(false);
    }

    fn data_failed(&mut self, error: DataError) {
        if error == DataError::Cancelled {
            self.notices.log(Severity::Info, "Loading was cancelled.");
        } else {
            self.notices.say(Severity::Error, error.to_string());
        }
        self.data.progress = None;
        // Where the same data were only to be read again, those that are there stay.
        let stays = error == DataError::Cancelled && self.data.of == self.data.requested;
        self.data.error = (!stays).then_some(error);
        self.refresh(false);
    }

    fn handle_run_event(&mut self, id: RunId, event: RunEvent) {
        if self.orphans.contains(&id) {
            if let RunEvent::Status(Status::Stopped | Status::Done | Status::Failed(_)) = event {
                self.orphans.remove(&id);
            }
            return;
        }
        let Some(run) = self.runs.iter_mut().find(|run| run.id == id) else { return };
        let before = run.checkpoint.as_ref().map(|old| old.progress.step);
        run.apply(&event);
        match event {
            RunEvent::Status(status) => self.status_changed(id, &status),
            RunEvent::Progress(progress) => drop(self.progress.insert(id, progress)),
            RunEvent::Greedy(_) | RunEvent::Epochs(_) => self.runs_unsaved = true,
            RunEvent::Restarted(restart) => {
                let message = format!(
                    "Run {id}: the selector has not made its choice (its units are {:.1} % sure on average). Attempt {} begins, with twice the epochs.",
                    100.0 * restart.mean_max,
                    restart.attempt
                );
                self.notices.log(Severity::Info, message);
            }
            RunEvent::Checkpoint(checkpoint) => {
                // An estimate for other weights is no longer the run's.
                if before.is_some_and(|step| step != checkpoint.progress.step) {
                    self.likelihoods.remove(&id);
                }
            }
            RunEvent::Terms(_)
            | RunEvent::Probe(_)
            | RunEvent::Kept(_)
            | RunEvent::Health(_)
            | RunEvent::Edited(_)
            | RunEvent::Baseline(_)
            | RunEvent::Located(..)
            | RunEvent::Found(_)
            | RunEvent::Captioned(_) => {}
        }
    }

    fn status_changed(&mut self, id: RunId, status: &Status) {
        self.runs_unsaved = true;
        match status {
            Status::Queued | Status::Paused | Status::Training => {}
            Status::Stopped => self.notices.log(Severity::Info, format!("Run {id} was stopped.")),
            Status::Done => self.notices.say(Severity::Info, format!("Run {id} is done.")),
            Status::Failed(message) => {
                self.notices.say(Severity::Error, format!("Run {id} could not be resumed: {message}"));
            }
        }
    }
}

/// What an evaluation found, in a sentence.
fn evaluation_text(state: &State, run: Option<&Run>, subset: Subset, losses: &Losses, mse: f64) -> String {
    let name = run.map_or_else(|| "The run".to_owned(), |run| format!("Run {}", run.id));
    let samples =
        run.and_then(|run| state.data_as_trained(run)).map(|(data, _)| data.split.rows(subset).len());
    let samples = samples.map_or_else(String::new, |samples| format!(" ({samples} samples)"));
    let error = match run {
        Some(run) => format!("squared error {}", three_digits(mse * run.shape.features() as f64)),
        None => format!("loss {}", three_digits(losses.total())),
    };
    format!("{name} on the {} split{samples}: {error}, {} per feature.", subset.name(), three_digits(mse))
}

/// A number with three digits that count.
fn three_digits(value: f64) -> String {
    let magnitude = value.abs().log10().floor();
    let decimals = if magnitude.is_finite() { (2.0 - magnitude).clamp(0.0, 12.0) as usize } else { 0 };
    format!("{value:.decimals$}")
}
