//! Kinds of files and folders dropped from the desktop.

use std::path::Path;

use crate::dataset::source_for;
use crate::project::{Channels, Source};

/// Initial width and height that dropped pictures are resized to.
pub const FIRST_SIDE_PX: usize = 32;

/// The kind of a dropped file or folder.
#[derive(Clone, Debug, PartialEq)]
pub enum DropKind {
    /// A project or a design, to be opened.
    Project,
    /// Data for the project on screen.
    Data(Source),
    /// Neither, with the reason.
    Unknown(String),
}

/// Announces the effect of dropping a file or folder, judged by its name.
pub fn promise(path: &Path) -> &'static str {
    if is_project(path) { "Open this project" } else { "Use as data" }
}

/// Whether the name is that of a project or a design.
pub fn is_project(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("hourglass" | "ron"))
}

/// Determines the kind of a path. Reads the beginning of the file, so it must not be called on the
/// window's thread.
pub fn drop_kind(path: &Path) -> DropKind {
    if is_project(path) {
        return DropKind::Project;
    }
    match source_for(path, FIRST_SIDE_PX, FIRST_SIDE_PX, Channels::Grey) {
        Ok(source) => DropKind::Data(source),
        Err(error) => DropKind::Unknown(error.to_string()),
    }
}
