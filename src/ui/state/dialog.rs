//! Dialogs.

use super::export::ExportDialog;
use super::path_dialog::{PathDialog, Purpose};
use super::pending_action::PendingAction;
use super::showing::Dropped;
use crate::io::Recovery;

/// A modal dialog.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// Choose a starting point for a new project.
    New,
    /// A path to open or to save to.
    Path(PathDialog),
    /// Choose what to do with files dropped while there is a trained run.
    Dropped(Dropped),
    /// Choose what to export, and where.
    Export(Box<ExportDialog>),
    /// Ask whether to save changes first.
    Unsaved(PendingAction),
    /// Number of additional epochs.
    TrainMore {
        /// The current answer.
        epochs: u32,
    },
    /// Number of training threads.
    Threads {
        /// One per core.
        all: bool,
        /// The number of threads otherwise.
        count: usize,
    },
    /// The learning rate suggested by the search.
    FindRate,
    /// Work left by a crash.
    Recover(Vec<Recovery>),
    /// A tour of the program.
    Guide,
    /// All shortcuts.
    Shortcuts,
    /// Version and licences.
    About,
}

impl Dialog {
    /// Whether it concerns the open document.
    pub fn is_of_document(&self) -> bool {
        match self {
            Dialog::Dropped(_) | Dialog::Export(_) | Dialog::TrainMore { .. } | Dialog::FindRate => true,
            Dialog::Path(dialog) => match dialog.purpose {
                Purpose::Save(..) | Purpose::Show(_) => true,
                Purpose::Open => false,
            },
            Dialog::New
            | Dialog::Unsaved(_)
            | Dialog::Threads { .. }
            | Dialog::Recover(_)
            | Dialog::Guide
            | Dialog::Shortcuts
            | Dialog::About => false,
        }
    }
}
