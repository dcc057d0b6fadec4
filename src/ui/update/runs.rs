//! Changes to the list of runs, which can be undone, and their measurements.

use crate::check::Severity;
use crate::project::Project;
use crate::run::{Caption, Finding, Run, RunEvent, RunId, Status};
use crate::ui::state::{
    BottomTab, Effect, History, PreviousChoices, RunField, RunPage, RunStep, State, StoreRequest,
};

impl State {
    /// Undoes the last change of the document or of the list of runs.
    pub fn undo(&mut self) {
        self.step_history(|history, project, run| history.undo(project, run));
    }

    /// Redoes the last undone change.
    pub fn redo(&mut self) {
        self.step_history(|history, project, run| history.redo(project, run));
    }

    fn step_history(
        &mut self,
        go: impl FnOnce(&mut History, &mut Project, &mut dyn FnMut(RunStep) -> RunStep),
    ) {
        let mut project = self.project.clone();
        let mut history = std::mem::replace(&mut self.history, History::new(&project));
        go(&mut history, &mut project, &mut |step| self.apply_step(step));
        (self.history, self.project) = (history, project);
        self.previous_choices = PreviousChoices::default();
        self.keep_fitted();
    }

    /// Sets the caption of a run.
    pub fn caption_run(&mut self, id: RunId, caption: Caption) {
        if let Some(before) = self.set_caption(id, caption) {
            self.history.add(&self.project, RunStep::Caption(id, before));
        }
    }

    /// Hides a run from lists and comparisons, or shows it again.
    pub fn hide_run(&mut self, id: RunId, is_hidden: bool) {
        let Some(run) = self.find_run_mut(id) else { return };
        let caption = Caption { is_hidden, ..run.caption.clone() };
        if is_hidden {
            self.compare(id, false);
        }
        self.caption_run(id, caption);
    }

    /// Deletes a run. It stays in memory until the document is closed, so it can be restored.
    pub fn delete_run(&mut self, id: RunId) {
        let Some(back) = self.remove_run_step(id) else { return };
        self.history.add(&self.project, back);
        self.notices.say(Severity::Info, format!("Run {id} is deleted. Undo restores it."));
    }

    /// Opens the page of a run and focuses one of its fields.
    pub fn open_page(&mut self, run: RunId, focus: Option<RunField>) {
        self.select_run(run);
        self.view.runs_table.page = Some(RunPage { run, focus });
        self.show_bottom(BottomTab::Runs);
    }

    /// Stores measurements of a run.
    pub(super) fn found(&mut self, id: RunId, findings: Vec<Finding>) {
        let Some(run) = self.find_run_mut(id) else { return };
        for finding in findings {
            run.apply(&RunEvent::Found(Box::new(finding)));
        }
        self.keep_results(id);
    }

    /// Adds a finding to a run, which can be undone.
    pub fn keep_finding(&mut self, id: RunId, finding: Finding) {
        let message =
            format!("Kept this result ({}) with run {id}. Its details show it.", finding.kind.name());
        let back = self.apply_step(RunStep::Finding(id, Box::new(finding), true));
        self.history.add(&self.project, back);
        self.notices.say(Severity::Info, message);
    }

    /// The number of the next run. Runs of the previous document that are still stopping keep their
    /// numbers for a while.
    pub fn next_run(&self) -> RunId {
        let mut taken = self.used.clone();
        loop {
            let next = RunId::next(&taken);
            // A number in use is only returned if all are in use.
            if !self.orphans.contains(&next) || !taken.insert(next) {
                return next;
            }
        }
    }

    /// Performs a step of the history. Returns the step that reverts it.
    fn apply_step(&mut self, step: RunStep) -> RunStep {
        match step {
            RunStep::Caption(id, caption) => {
                let before = self.set_caption(id, caption.clone());
                RunStep::Caption(id, before.unwrap_or(caption))
            }
            RunStep::Finding(id, finding, is_kept) => {
                let event = if is_kept { RunEvent::Found } else { RunEvent::Dropped };
                let mut replaced = None;
                if let Some(run) = self.find_run_mut(id) {
                    replaced = run.results.same(&finding).filter(|_| is_kept).cloned();
                    run.apply(&event(finding.clone()));
                }
                self.keep_results(id);
                match replaced {
                    Some(replaced) => RunStep::Finding(id, Box::new(replaced), true),
                    None => RunStep::Finding(id, finding, !is_kept),
                }
            }
            RunStep::Restore(run, is_compared) => {
                let id = run.id;
                self.put_back(*run, is_compared);
                RunStep::Delete(id)
            }
            RunStep::Delete(id) => self.remove_run_step(id).unwrap_or(RunStep::Delete(id)),
        }
    }

    /// Sets a caption. Returns the previous one if it differs.
    fn set_caption(&mut self, id: RunId, caption: Caption) -> Option<Caption> {
        let run = self.find_run_mut(id).filter(|run| run.caption != caption)?;
        let before = run.caption.clone();
        run.apply(&RunEvent::Captioned(Box::new(caption)));
        self.keep_results(id);
        Some(before)
    }

    /// Saves the caption and the measurements of a run to the live store.
    fn keep_results(&mut self, id: RunId) {
        let Some(run) = self.find_run_mut(id) else { return };
        let request = StoreRequest::Results(id, run.caption.clone(), run.results.clone());
        self.effects.push(Effect::Store(request));
        self.runs_unsaved = true;
    }

    /// Removes a run from the list. Returns the step that restores it.
    fn remove_run_step(&mut self, id: RunId) -> Option<RunStep> {
        let at = self.runs.iter().position(|run| run.id == id)?;
        if self.shown().is_some_and(|run| run.id == id) {
            self.epoch = None;
        }
        let mut run = self.runs.remove(at);
        if run.status.is_unfinished() {
            self.abandon(id);
            run.apply(&RunEvent::Status(Status::Stopped));
            run.rewind();
        }
        let is_compared = self.compared.contains(&id);
        self.compare(id, false);
        self.remove_past_data();
        self.progress.remove(&id);
        self.shown_run.take_if(|shown| *shown == id);
        self.view.runs_table.page.take_if(|page| page.run == id);
        self.runs_unsaved = true;
        self.effects.push(Effect::Store(StoreRequest::Forget(id)));
        Some(RunStep::Restore(Box::new(run), is_compared))
    }

    /// Restores a deleted run at its position.
    fn put_back(&mut self, run: Run, is_compared: bool) {
        let id = run.id;
        let at = self.runs.partition_point(|other| other.id < id);
        self.effects.push(Effect::Store(StoreRequest::Import(Box::new(run.clone()))));
        self.runs.insert(at, run);
        self.notices.remove_outdated(&format!("Run {id} is deleted"));
        if is_compared {
            self.compare(id, true);
        }
        self.show_live(id);
        self.runs_unsaved = true;
    }
}
