//! What comes after a question.

use std::path::PathBuf;

use crate::project::Recipe;

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
