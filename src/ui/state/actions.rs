//! What can be asked for in a view.

use crate::dataset::Subset;
use crate::run::RunId;

/// Which epoch the views should show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// The newest one, as it comes.
    Live,
    /// This one.
    Epoch(u32),
}

/// What can be done with a run in the table of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Show it in all views.
    Select(RunId),
    /// Draw its loss beside the selected run's, or no longer.
    Compare(RunId, bool),
    /// Bring its frozen design back as the document.
    RestoreDesign(RunId),
    /// Resume where it stopped.
    Resume(RunId),
    /// Train it for more epochs than planned.
    TrainMore(RunId),
    /// Open its page.
    Page(RunId),
    /// Give it a name.
    Rename(RunId),
    /// Write a note on it.
    Note(RunId),
    /// Leave it out of the table, or no longer.
    Hide(RunId, bool),
    /// Measure its network on a split.
    Evaluate(RunId, Subset),
    /// Export its weights, or what else it has made.
    Export(RunId),
    /// Delete it, which can be undone.
    Delete(RunId),
}
