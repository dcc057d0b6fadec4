//! Data that runs were trained on are kept after the design reads others.

use crate::run::Run;
use crate::ui::state::{State, is_own};

impl State {
    /// Keeps the loaded data for the views of runs that were trained on them; called before others take their place.
    pub(super) fn keep_past_data(&mut self) {
        if let (Some(data), Some(of)) = (&self.data.dataset, &self.data.of)
            && self.runs.iter().any(|run| is_own(run, of, data))
        {
            self.past.add(of.clone(), data.clone());
        }
    }

    /// Lets go of past data that no run needs: of runs that were removed, and what is loaded again.
    pub(super) fn forget_past_data(&mut self) {
        let loaded = self.data.dataset.as_deref().zip(self.data.of.as_ref());
        let lacks = |run: &Run| !loaded.is_some_and(|(data, of)| is_own(run, of, data));
        self.past.retain(|of, data| self.runs.iter().any(|run| lacks(run) && is_own(run, of, data)));
    }
}
