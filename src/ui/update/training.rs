//! Starting, resuming and comparing runs.

use std::sync::Arc;

use crate::check::{Plan, Severity, plan};
use crate::dataset::Dataset;
use crate::project::Project;
use crate::run::{Run, RunEvent, RunId, Setting, Status, weight_problem};
use crate::session::{JobKind, Request, Start, TrainRequest};
use crate::ui::state::{BottomTab, Dialog, State};

/// Beginning of the notification that a design cannot be trained.
pub const NOT_YET: &str = "Not yet trainable";

impl State {
    /// Pauses the current run, or starts or resumes one.
    pub fn train_or_pause(&mut self) {
        match self.active_run().map(|run| (run.id, run.status.clone())) {
            Some((run, Status::Paused)) => self.send(Request::Go(run, Start::Train)),
            Some((run, _)) => self.send(Request::Pause(run)),
            None => self.start(Start::Train),
        }
    }

    /// Starts a run, or resumes a paused or stopped one.
    pub fn start(&mut self, start: Start) {
        if let Some(run) = self.active_run().map(|run| run.id) {
            self.send(Request::Go(run, start));
            return;
        }
        match self.resumes().map(|run| run.id) {
            Some(run) => self.resume(run, None, start),
            None => self.start_new(start),
        }
    }

    /// Starts a run of the current design, or two to compare layer-wise and joint training.
    pub fn start_new(&mut self, start: Start) {
        let Some((plans, data)) = self.prove(&self.project.trained_designs()) else { return };
        let first = self.next_run();
        for (number, plan) in plans.into_iter().enumerate() {
            let run = Run::new(self.next_run(), &plan, &data);
            self.used.insert(run.id);
            self.runs.push(run.clone());
            // The runs after the first are trained for comparison with it.
            let start = if number == 0 { start } else { Start::Train };
            if number > 0 {
                self.compared.push(run.id);
            }
            self.train(run, None, plan, data.clone(), start);
        }
        self.show_live(first);
        self.runs_unsaved = true;
    }

    /// The plans of designs with the loaded data. If one cannot be trained, reports why and returns
    /// `None`.
    fn prove(&mut self, designs: &[Project]) -> Option<(Vec<Plan>, Arc<Dataset>)> {
        let (data, facts) = self.data.ready(&self.project.data)?;
        let data = data.clone();
        if let Some(problem) = designs.first().and_then(|design| weight_problem(design, &data)) {
            self.notices.say(Severity::Warning, format!("{NOT_YET}: {}", problem.message));
            self.show_bottom(BottomTab::Problems);
            return None;
        }
        let plans: Result<Vec<Plan>, _> = designs.iter().map(|design| plan(design, &facts)).collect();
        match plans {
            Ok(plans) => Some((plans, data)),
            Err(problems) => {
                let text = match problems.as_slice() {
                    [only] => format!("{NOT_YET}: {}", only.message),
                    all => format!("{NOT_YET}: fix {} problems first.", all.len()),
                };
                self.notices.say(Severity::Warning, text);
                self.show_bottom(BottomTab::Problems);
                None
            }
        }
    }

    /// Searches for a learning rate for the current design, in a dialog.
    pub fn find_rate(&mut self) {
        let Some((mut plans, data)) = self.prove(&[self.project.for_rate_search()]) else { return };
        let Some(plan) = plans.pop().map(Box::new) else { return };
        self.end_rate_search();
        let job = self.compute(JobKind::FindRate { plan, data });
        self.rate_search.expect(job);
        self.dialog = Some(Dialog::FindRate);
    }

    /// Ends the learning rate search.
    pub fn end_rate_search(&mut self) {
        if let Some(job) = self.rate_search.end() {
            self.send(Request::Cancel(job));
        }
    }

    /// Sets the learning rate of the design.
    pub fn use_rate(&mut self, rate: f32) {
        self.project.training.learning_rate = rate;
        self.refresh(false);
    }

    /// Stops all runs that have not ended.
    pub fn stop_all(&mut self) {
        for run in self.unfinished() {
            self.send(Request::Stop(run));
        }
    }

    /// The runs to stop when stopping all: queued ones first, so that none starts when the current
    /// run ends.
    pub(super) fn unfinished(&self) -> Vec<RunId> {
        let of = |waits: bool| {
            let is_wanted =
                move |run: &&Run| run.status.is_unfinished() && (run.status == Status::Queued) == waits;
            self.runs.iter().filter(is_wanted).map(|run| run.id)
        };
        of(true).chain(of(false)).collect()
    }

    /// Stops a run and ignores its further events.
    pub(super) fn abandon(&mut self, run: RunId) {
        self.send(Request::Stop(run));
        self.orphans.insert(run);
    }

    /// Resumes the shown run from its last checkpoint.
    pub fn resume_shown(&mut self) {
        if let Some(run) = self.shown().map(|run| run.id) {
            self.resume_run(run, None);
        }
    }

    /// Asks for the number of additional epochs of the shown run.
    pub fn ask_epochs(&mut self) {
        self.dialog = Some(Dialog::TrainMore { epochs: self.project.training.epochs.max(1) });
    }

    /// Asks for the number of training threads.
    pub fn ask_threads(&mut self) {
        let (all, count) = (self.threads.is_none(), self.threads());
        self.dialog = Some(Dialog::Threads { all, count });
    }

    /// Shows the current state of a run in the views.
    pub fn select_run(&mut self, id: RunId) {
        if self.shown_run != Some(id) {
            self.show_live(id);
        }
    }

    /// Shows the current state of this run in the views.
    pub(super) fn show_live(&mut self, run: RunId) {
        (self.shown_run, self.epoch) = (Some(run), None);
    }

    /// Adds the loss of a run to the plot of the shown one, or removes it.
    pub fn compare(&mut self, id: RunId, on: bool) {
        self.compared.retain(|other| *other != id);
        if on {
            self.compared.push(id);
        }
    }

    /// Resumes a run from its last checkpoint, optionally with another total number of epochs.
    pub fn resume_run(&mut self, id: RunId, epochs: Option<u32>) {
        self.resume(id, epochs, Start::Train);
    }

    fn resume(&mut self, id: RunId, epochs: Option<u32>, start: Start) {
        let Some((plan, data)) = self.plan_of(id, "resumed") else { return };
        let Some(own) = self.find_run_mut(id) else { return };
        if let Err(error) = own.check_same_data(&data) {
            self.notices.say(Severity::Error, format!("Run {id} cannot be resumed: {error}."));
            return;
        }
        own.apply(&RunEvent::Status(Status::Queued));
        let run = own.clone();
        self.show_live(id);
        self.train(run, epochs, plan, data, start);
    }

    /// The plan of a run with its training data, if these are loaded. If there is no plan, reports
    /// that the run cannot be `done` again.
    pub(super) fn plan_of(&mut self, id: RunId, done: &str) -> Option<(Plan, Arc<Dataset>)> {
        let run = self.find_run(id)?;
        let (data, facts) = self.data_as_trained(run)?;
        let data = data.clone();
        match plan(&run.design, &facts) {
            Ok(plan) => Some((plan, data)),
            Err(problems) => {
                let first = problems.first().map(|problem| problem.message.as_str()).unwrap_or_default();
                self.notices.say(Severity::Error, format!("Run {id} cannot be {done}: {first}"));
                None
            }
        }
    }

    fn train(&mut self, run: Run, epochs: Option<u32>, plan: Plan, data: Arc<Dataset>, start: Start) {
        self.live_settings = Some((self.project.training.learning_rate, self.project.training.epochs));
        let (threads, store) = (self.threads(), self.store.clone());
        let request = TrainRequest { run, epochs, plan, data, threads, start, store };
        self.send(Request::Train(Box::new(request)));
    }

    /// Applies learning rate and epochs to the current run; other edits only affect the next run.
    pub(super) fn follow_live_settings(&mut self, is_editing: bool) {
        let Some((rate, epochs)) = self.live_settings.filter(|_| !is_editing) else { return };
        let Some(run) = self.active_run() else {
            self.live_settings = None;
            return;
        };
        let (id, finished) = (run.id, run.finished_epochs());
        let wanted = &self.project.training;
        let (new_rate, new_epochs) = (wanted.learning_rate, wanted.epochs);
        if new_rate != rate && new_rate.is_finite() && new_rate > 0.0 {
            self.send(Request::Set(id, Setting::LearningRate(new_rate)));
        }
        if new_epochs != epochs && new_epochs >= finished.max(1) {
            self.send(Request::Set(id, Setting::Epochs(new_epochs)));
        }
        self.live_settings = Some((new_rate, new_epochs));
    }
}
