//! Questions over the window, and wishes for the desktop's own file dialogs.

use std::path::PathBuf;

use super::path_dialog::PathDialog;
use super::save::SaveKind;
use super::sources::PathField;
use crate::io::Recovery;
use crate::project::Recipe;
use crate::run::RunId;

/// A question over the window.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// Which recipe to start from.
    New,
    /// A path to open or to save to.
    Path(PathDialog),
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
    /// Remove this run for good?
    RemoveRun(RunId),
    /// Work a crash left behind.
    Recover(Vec<Recovery>),
    /// All shortcuts.
    Shortcuts,
    /// Version and licences.
    About,
}

/// What to do once nothing can be lost any more.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Ask for a recipe.
    New,
    /// Ask for a file.
    Open,
    /// Open this file.
    OpenPath(PathBuf),
    /// Start from this recipe.
    Recipe(Recipe),
    /// Close the window.
    Quit,
}

/// A wish for the desktop's own file dialog.
#[derive(Clone, Debug)]
pub struct Browse {
    /// What the path is for.
    pub target: Target,
    /// What may be chosen.
    pub kind: BrowseKind,
    /// Where to start.
    pub near: PathBuf,
}

/// Where a chosen path goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The open path dialog.
    Dialog,
    /// A path of the data source.
    Source(PathField),
}

/// What may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum BrowseKind {
    /// A file with one of these endings.
    File(&'static str, &'static [&'static str]),
    /// A folder.
    Folder,
    /// A file that may not exist yet.
    Save(SaveKind),
}
