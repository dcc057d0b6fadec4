//! Questions over the window.

use super::export::ExportDialog;
use super::path_dialog::{PathDialog, Purpose};
use super::showing::Dropped;
use super::then::Then;
use crate::io::Recovery;

/// A question over the window.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// Which recipe to start from.
    New,
    /// A path to open or to save to.
    Path(PathDialog),
    /// What to do with files that were dropped while there is a trained run.
    Dropped(Dropped),
    /// What to export, and where to.
    Export(Box<ExportDialog>),
    /// Save first?
    Unsaved(Then),
    /// How many epochs more.
    TrainMore {
        /// The answer so far.
        epochs: u32,
    },
    /// How many threads train.
    Threads {
        /// One for each core.
        all: bool,
        /// As many, where not.
        count: usize,
    },
    /// Which learning rate the search offers.
    FindRate,
    /// Work a crash left behind.
    Recover(Vec<Recovery>),
    /// All shortcuts.
    Shortcuts,
    /// Version and licences.
    About,
}

impl Dialog {
    /// Whether it is about the document that is open.
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
            | Dialog::Shortcuts
            | Dialog::About => false,
        }
    }
}
