//! Actions of the views.

use crate::dataset::Subset;
use crate::run::RunId;

/// The epoch to show in the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// The newest epoch; follows the training.
    Live,
    /// A fixed epoch.
    Epoch(u32),
}

/// Actions on a run in the table of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Show the run in all views.
    Select(RunId),
    /// Add its loss to the plot of the selected run, or remove it.
    Compare(RunId, bool),
    /// Restore its saved design as the document.
    RestoreDesign(RunId),
    /// Resume it where it stopped.
    Resume(RunId),
    /// Train it for more epochs than planned.
    TrainMore(RunId),
    /// Open its page.
    Page(RunId),
    /// Rename it.
    Rename(RunId),
    /// Edit its note.
    Note(RunId),
    /// Hide it from the table, or show it again.
    Hide(RunId, bool),
    /// Evaluate its network on a split.
    Evaluate(RunId, Subset),
    /// Export its weights or other results.
    Export(RunId),
    /// Delete it; this can be undone.
    Delete(RunId),
}
