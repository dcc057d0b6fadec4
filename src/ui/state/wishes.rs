//! What can be asked for in a view.

use crate::dataset::Subset;
use crate::run::RunId;

/// Where on the thread through time the views should stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// At the newest epoch, moving along with it.
    Live,
    /// At this epoch.
    Epoch(u32),
}

/// What can be done with a run from the table.
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
    /// Delete it, which can be undone.
    Delete(RunId),
}
