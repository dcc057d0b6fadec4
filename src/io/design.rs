use std::path::Path;

use super::{Durability, FileError, Files};
use crate::project::{DesignError, FORMAT_VERSION, Project};

/// Designs are typed by hand; anything larger is something else.
const LIMIT_BYTES: u64 = 16 << 20;

/// Reads a bare design, `NAME.ron`.
///
/// # Errors
/// [`FileError`] with line and column for what is no design.
pub fn open_design(path: &Path) -> Result<Project, FileError> {
    let metadata = std::fs::metadata(path).map_err(|error| FileError::read(path, &error))?;
    if metadata.len() > LIMIT_BYTES {
        let message = "a design is never that large; is this a data file?";
        return Err(FileError::content(path, "its size", message));
    }
    let bytes = std::fs::read(path).map_err(|error| FileError::read(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = format!("byte {}", error.utf8_error().valid_up_to());
        FileError::content(path, place, "this is no text, so it cannot be a design")
    })?;
    read_design(path, "", &text)
}

/// Writes a bare design, readable and diffable.
///
/// # Errors
/// [`FileError`]; the old file is then as it was.
pub fn save_design(files: &Files, path: &Path, project: &Project) -> Result<(), FileError> {
    files.write_bytes(path, Durability::Synced, project.to_ron().as_bytes())
}

/// A design from its text; `entry` names the file within a project file.
pub(super) fn read_design(path: &Path, entry: &str, text: &str) -> Result<Project, FileError> {
    Project::from_ron(text).map_err(|error| match error {
        DesignError::Syntax { line, column, message } => {
            let comma = if entry.is_empty() { "" } else { ", " };
            let place = format!("{entry}{comma}line {line}, column {column}");
            FileError::content(path, place, message)
        }
        DesignError::Version { found } => {
            FileError::TooNew { path: path.to_owned(), found, known: FORMAT_VERSION }
        }
    })
}
