//! Data of a run that are not there: why, and how they come back.

use super::state::State;
use crate::dataset::DataError;
use crate::run::{Run, RunId};

/// Why the data of a run are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingData<'a> {
    /// They are coming, or others are, which may be them.
    Loading,
    /// They could not be loaded.
    Failed(&'a DataError),
    /// Nothing was loaded.
    NotLoaded,
    /// What is at their place now is not what the run was trained on.
    Changed,
    /// The design on screen uses other ones.
    Other,
}

impl State {
    /// Why the data of a run are not there, where [`State::data_of`] has none.
    pub fn missing_data(&self, run: &Run) -> MissingData<'_> {
        if self.data.progress.is_some() {
            return MissingData::Loading;
        }
        if self.project.data != run.design.data {
            return MissingData::Other;
        }
        match (&self.data.error, &self.data.dataset) {
            (Some(error), _) => MissingData::Failed(error),
            (None, Some(_)) => MissingData::Changed,
            (None, None) => MissingData::NotLoaded,
        }
    }

    /// Loads the data of a run; where the design on screen has others, it gets the run's, which can be undone.
    pub fn load_data_of(&mut self, id: RunId) {
        let Some(run) = self.runs.iter().find(|run| run.id == id) else { return };
        if self.project.data == run.design.data {
            self.load();
            return;
        }
        let data = run.design.data.clone();
        self.history.settle(&self.project);
        self.project.data = data;
        self.refresh(false);
    }
}
