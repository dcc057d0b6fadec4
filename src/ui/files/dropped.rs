//! Files and folders from the desktop: what they are taken for.

use std::path::Path;

use crate::dataset::source_for;
use crate::project::{Channels, Source};

/// Width and height pictures from the desktop are brought to at first.
pub const FIRST_SIDE_PX: usize = 32;

/// What a file or folder from the desktop is taken for.
#[derive(Clone, Debug, PartialEq)]
pub enum DropKind {
    /// A project or a design, to be opened.
    Project,
    /// Data for the project on screen.
    Data(Source),
    /// Neither, and why.
    Unknown(String),
}

/// What will happen with a file or folder when it is let go, as far as its name tells.
pub fn promise(path: &Path) -> &'static str {
    if is_project(path) { "Open this project" } else { "Use as data" }
}

/// Whether the name is that of a project or a design.
pub fn is_project(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("hourglass" | "ron"))
}

/// What a path is taken for; reads the beginning of the file, so it is nothing for the window's own thread.
pub fn drop_kind(path: &Path) -> DropKind {
    if is_project(path) {
        return DropKind::Project;
    }
    match source_for(path, FIRST_SIDE_PX, FIRST_SIDE_PX, Channels::Grey) {
        Ok(source) => DropKind::Data(source),
        Err(error) => DropKind::Unknown(error.to_string()),
    }
}
