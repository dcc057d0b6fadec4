//! Applies the events of the session to the [`State`].

use crate::check::Severity;
use crate::project::format_percent;
use crate::run::{RunEvent, RunId, Status};
use crate::session::Event;
use crate::ui::state::State;

impl State {
    /// Applies an event.
    pub fn handle_event(&mut self, event: Event) {
        match event {
            Event::Loading { request, done, total } if request == self.data.request => {
                self.data.progress = Some((done, total));
            }
            Event::Loaded { request, data, facts, source } if request == self.data.request => {
                if let Some(source) = source {
                    self.complete_source(*source);
                }
                self.handle_data(data, facts);
            }
            Event::LoadFailed { request, error, fixed_source } if request == self.data.request => {
                self.data.fixed_source = fixed_source;
                self.data_failed(error);
            }
            // Answers to older requests are ignored.
            Event::Loading { .. } | Event::Loaded { .. } | Event::LoadFailed { .. } => {}
            Event::Showing { request, done, total } => self.show_progress(request, (done, total)),
            Event::Shown { request, shown } => self.handle_shown(request, *shown),
            Event::NotShown { request, error } => self.not_shown(request, &error),
            Event::Run(id, event) => self.handle_run_event(id, event),
            Event::Weights { run, step, weights, .. } => self.handle_weights(run, step, weights),
            Event::RateTried(job, point) => self.rate_search.add_point(job, point),
            Event::Computed(job, result) => self.handle_result(job, result),
            Event::StoreFailed(message) => self.notices.say(
                Severity::Error,
                format!("Unsaved work could not be backed up: {message}. Training continues; save the project to another place."),
            ),
        }
    }

    fn handle_run_event(&mut self, id: RunId, event: RunEvent) {
        if self.orphans.contains(&id) {
            if let RunEvent::Status(Status::Stopped | Status::Done | Status::Failed(_)) = event {
                self.orphans.remove(&id);
            }
            return;
        }
        let Some(run) = self.find_run_mut(id) else { return };
        run.apply(&event);
        match event {
            RunEvent::Status(status) => self.status_changed(id, &status),
            RunEvent::Progress(progress) => drop(self.progress.insert(id, progress)),
            RunEvent::Greedy(_) | RunEvent::Epochs(_) => self.runs_unsaved = true,
            RunEvent::Restarted(restart) => {
                let message = format!(
                    "Run {id}: the selector has not chosen yet (mean certainty {}). Starting attempt {} with twice the epochs.",
                    format_percent(restart.mean_max, 1),
                    restart.attempt
                );
                self.notices.log(Severity::Info, message);
            }
            RunEvent::Terms(_)
            | RunEvent::Probe(_)
            | RunEvent::Checkpoint(_)
            | RunEvent::Kept(..)
            | RunEvent::Health(_)
            | RunEvent::Edited(_)
            | RunEvent::Baseline(_)
            | RunEvent::Located(..)
            | RunEvent::Found(_)
            | RunEvent::Dropped(_)
            | RunEvent::Captioned(_) => {}
        }
    }

    fn status_changed(&mut self, id: RunId, status: &Status) {
        self.runs_unsaved = true;
        match status {
            // An earlier notification of its end no longer applies.
            Status::Queued | Status::Paused | Status::Training => {
                self.notices.remove_outdated(&format!("Run {id} "));
            }
            Status::Stopped => self.notices.log(Severity::Info, format!("Run {id} was stopped.")),
            Status::Done => self.notices.say(Severity::Info, format!("Run {id} is done.")),
            Status::Failed(message) => {
                self.notices.say(Severity::Error, format!("Run {id} could not be resumed: {message}"));
            }
        }
    }
}
