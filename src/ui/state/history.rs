//! Undo and redo of the document. Data and weights are not in it.

use crate::project::Project;

/// How many steps back are kept.
const STEPS: usize = 200;

/// The past and the undone future of the document.
#[derive(Clone, Debug)]
pub struct History {
    past: Vec<Project>,
    future: Vec<Project>,
    settled: Project,
}

impl History {
    /// Nothing to undo yet.
    pub fn new(project: &Project) -> History {
        History { past: Vec::new(), future: Vec::new(), settled: project.clone() }
    }

    /// Looks at the document after a frame: what has changed becomes one step as soon as no hand is on it, so that a
    /// whole drag of a slider or a whole word typed is one step.
    pub fn observe(&mut self, project: &Project, is_editing: bool) {
        if !is_editing {
            self.settle(project);
        }
    }

    /// Ends the step under way, whatever it is.
    pub fn settle(&mut self, project: &Project) {
        if self.settled != *project {
            self.past.push(std::mem::replace(&mut self.settled, project.clone()));
            self.future.clear();
            if self.past.len() > STEPS {
                self.past.remove(0);
            }
        }
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self, project: &Project) -> bool {
        !self.past.is_empty() || self.settled != *project
    }

    /// Whether a step was taken back that can be done again.
    pub fn can_redo(&self, project: &Project) -> bool {
        !self.future.is_empty() && self.settled == *project
    }

    /// Takes back the last step.
    pub fn undo(&mut self, project: &mut Project) {
        self.settle(project);
        if let Some(before) = self.past.pop() {
            self.future.push(std::mem::replace(&mut self.settled, before));
            project.clone_from(&self.settled);
        }
    }

    /// Does the last undone step again.
    pub fn redo(&mut self, project: &mut Project) {
        self.settle(project);
        if let Some(after) = self.future.pop() {
            self.past.push(std::mem::replace(&mut self.settled, after));
            project.clone_from(&self.settled);
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
        history.undo(&mut project);
        assert_eq!(project, start);
        assert!(!history.can_undo(&project) && history.can_redo(&project));
        history.redo(&mut project);
        assert_eq!(project, end);
    }

    #[test]
    fn undo_in_the_middle_of_a_drag_takes_back_the_drag_and_an_edit_forgets_the_future() {
        let mut project = Project::default();
        let mut history = History::new(&project);
        project.code.units = 3;
        history.observe(&project, true);
        history.undo(&mut project);
        assert_eq!(project.code.units, 2);
        project.code.units = 5;
        history.observe(&project, false);
        assert!(!history.can_redo(&project));
        history.redo(&mut project);
        assert_eq!(project.code.units, 5);
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
}
