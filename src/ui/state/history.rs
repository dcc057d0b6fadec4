//! Undo and redo of the document and of changes to the list of runs. Data are not included.

use crate::project::Project;
use crate::run::{Caption, Finding, Run, RunId};

/// Maximum number of undo steps.
const STEPS: usize = 200;

/// The undo and redo steps of the document.
#[derive(Clone, Debug)]
pub struct History {
    past: Vec<Step>,
    future: Vec<Step>,
    settled: Project,
}

/// A step that reverts a change.
#[derive(Clone, Debug)]
enum Step {
    /// The document as it was.
    Document(Box<Project>),
    Run(RunStep),
}

/// A step that reverts a change to a run. Performing it returns the reverse step.
#[derive(Clone, Debug)]
pub enum RunStep {
    /// Sets this caption.
    Caption(RunId, Caption),
    /// Adds or removes a finding.
    Finding(RunId, Box<Finding>, bool),
    /// Restores the run, including its selection for comparison.
    Restore(Box<Run>, bool),
    /// Deletes the run.
    Delete(RunId),
}

impl History {
    /// Creates an empty history.
    pub fn new(project: &Project) -> History {
        History { past: Vec::new(), future: Vec::new(), settled: project.clone() }
    }

    /// Compares the document after each frame. A change becomes one step when the edit ends, so
    /// that dragging a slider or typing a word is a single step.
    pub fn observe(&mut self, project: &Project, is_editing: bool) {
        if !is_editing {
            self.end_step(project);
        }
    }

    /// Ends the current step.
    pub fn end_step(&mut self, project: &Project) {
        if self.settled != *project {
            let before = std::mem::replace(&mut self.settled, project.clone());
            self.push(Step::Document(Box::new(before)));
        }
    }

    /// The document before the last step; `None` if there is no step or the last one changed a run.
    pub fn before(&self) -> Option<&Project> {
        match self.past.last()? {
            Step::Document(before) => Some(before),
            Step::Run(_) => None,
        }
    }

    /// Adds the change that follows from the last step to that step.
    pub fn join(&mut self, project: &Project) {
        self.settled.clone_from(project);
        self.future.clear();
    }

    /// Adds a change of a run, given the step that reverts it.
    pub fn add(&mut self, project: &Project, back: RunStep) {
        self.end_step(project);
        self.push(Step::Run(back));
    }

    fn push(&mut self, step: Step) {
        self.past.push(step);
        self.future.clear();
        if self.past.len() > STEPS {
            self.past.remove(0);
        }
    }

    /// Whether there is a step to undo.
    pub fn can_undo(&self, project: &Project) -> bool {
        !self.past.is_empty() || self.settled != *project
    }

    /// Whether there is a step to redo.
    pub fn can_redo(&self, project: &Project) -> bool {
        !self.future.is_empty() && self.settled == *project
    }

    /// Undoes the last step. A step of a run is performed by `run`, which returns the reverse step.
    pub fn undo(&mut self, project: &mut Project, run: impl FnOnce(RunStep) -> RunStep) {
        self.end_step(project);
        let step = self.past.pop().map(|step| self.swap(project, step, run));
        self.future.extend(step);
    }

    /// Redoes the last undone step, as [`History::undo`] does.
    pub fn redo(&mut self, project: &mut Project, run: impl FnOnce(RunStep) -> RunStep) {
        self.end_step(project);
        let step = self.future.pop().map(|step| self.swap(project, step, run));
        self.past.extend(step);
    }

    fn swap(&mut self, project: &mut Project, step: Step, run: impl FnOnce(RunStep) -> RunStep) -> Step {
        match step {
            Step::Document(other) => {
                let own = std::mem::replace(&mut self.settled, *other);
                project.clone_from(&self.settled);
                Step::Document(Box::new(own))
            }
            Step::Run(step) => Step::Run(run(step)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drag_is_one_step() {
        let mut project = Project::default();
        let start = project.clone();
        let mut history = History::new(&project);
        for epochs in 101..150 {
            project.training.epochs = epochs;
            history.observe(&project, true);
        }
        history.observe(&project, false);
        let end = project.clone();
        history.undo(&mut project, |step| step);
        assert_eq!(project, start);
        assert!(!history.can_undo(&project) && history.can_redo(&project));
        history.redo(&mut project, |step| step);
        assert_eq!(project, end);
    }

    #[test]
    fn undo_during_a_drag_reverts_the_drag_and_an_edit_clears_redo() {
        let mut project = Project::default();
        let mut history = History::new(&project);
        project.code.units = 3;
        history.observe(&project, true);
        history.undo(&mut project, |step| step);
        assert_eq!(project.code.units, 2);
        project.code.units = 5;
        history.observe(&project, false);
        assert!(!history.can_redo(&project));
        history.redo(&mut project, |step| step);
        assert_eq!(project.code.units, 5);
    }

    #[test]
    fn a_change_that_joins_the_last_step_is_undone_and_redone_with_it() {
        let mut project = Project::default();
        let start = project.clone();
        let mut history = History::new(&project);
        assert_eq!(history.before(), None);
        project.code.units = 3;
        history.end_step(&project);
        assert_eq!(history.before(), Some(&start));
        project.training.epochs = 7;
        history.join(&project);
        let end = project.clone();
        history.undo(&mut project, |step| step);
        assert_eq!(project, start);
        history.redo(&mut project, |step| step);
        assert_eq!(project, end);
        history.add(&project, RunStep::Delete(RunId(1)));
        assert_eq!(history.before(), None, "of a run");
    }

    #[test]
    fn the_past_is_bounded() {
        let mut project = Project::default();
        let mut history = History::new(&project);
        for seed in 0..500 {
            project.training.seed = seed;
            history.observe(&project, false);
        }
        assert_eq!(history.past.len(), STEPS);
    }

    #[test]
    fn changes_of_runs_and_of_the_document_are_undone_in_order() {
        let mut project = Project::default();
        let mut history = History::new(&project);
        let named = |name: &str| Caption { name: name.to_owned(), ..Caption::default() };
        let mut name = named("");
        let mut rename = |step: RunStep| {
            let RunStep::Caption(id, other) = step else { panic!("a caption") };
            RunStep::Caption(id, std::mem::replace(&mut name, other))
        };
        project.code.units = 3;
        history.add(&project, rename(RunStep::Caption(RunId(1), named("wide"))));
        project.code.units = 4;
        let mut seen = Vec::new();
        for is_undo in [true, true, true, false, false, false] {
            if is_undo {
                history.undo(&mut project, &mut rename);
            } else {
                history.redo(&mut project, &mut rename);
            }
            // A reverted caption is identified by the caption that would replace it.
            seen.push((project.code.units, history.past.len(), history.future.len()));
        }
        assert_eq!(seen, [(3, 2, 1), (3, 1, 2), (2, 0, 3), (3, 1, 2), (3, 2, 1), (4, 3, 0)]);
        assert_eq!(name, named("wide"));
    }
}
