//! Actions that follow a dialog.

use std::path::PathBuf;

use crate::project::Recipe;

/// An action that follows once there is nothing left to lose.
#[derive(Clone, Debug, PartialEq)]
pub enum PendingAction {
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

/// The user's own data for a new project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnData {
    /// A folder of pictures.
    Pictures,
    /// A table.
    Table,
}

impl OwnData {
    /// Both.
    pub const ALL: [OwnData; 2] = [OwnData::Pictures, OwnData::Table];
}
