use std::io::Read;
use std::path::Path;

use super::open::open_file;
use super::{Durability, FileError, Files};
use crate::project::{DesignError, FORMAT_VERSION, Project, Source};

/// Designs are written by hand; a larger file is something else.
const LIMIT_BYTES: u64 = 16 << 20;

/// Reads a bare design, `NAME.ron`. Relative paths of data start at the file's folder, not at the
/// working directory.
///
/// # Errors
/// [`FileError`] with line and column if the text is not a design.
pub fn open_design(path: &Path) -> Result<Project, FileError> {
    let file = open_file(path)?;
    let mut bytes = Vec::new();
    file.take(LIMIT_BYTES + 1).read_to_end(&mut bytes).map_err(|error| FileError::read(path, &error))?;
    if bytes.len() as u64 > LIMIT_BYTES {
        let message = "it is too large for a design; is this a data file?";
        return Err(FileError::content(path, "its size", message));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = format!("byte {}", error.utf8_error().valid_up_to());
        FileError::content(path, place, "this is not text, so it cannot be a design")
    })?;
    let mut project = read_design(path, "", &text)?;
    anchor(&mut project, path);
    Ok(project)
}

/// Writes a bare design, readable and diffable.
///
/// # Errors
/// [`FileError`]; the old file is then unchanged.
pub fn save_design(files: &Files, path: &Path, project: &Project) -> Result<(), FileError> {
    files.write_bytes(path, Durability::Synced, project.to_ron().as_bytes())
}

/// Makes relative paths of data absolute: they are relative to the folder of their file.
pub(super) fn anchor(project: &mut Project, file: &Path) {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let Some(folder) = file.parent() else { return };
    let paths = match &mut project.data.source {
        Source::Digits | Source::Synthetic(_) => vec![],
        Source::ImageFolder { path, reading, .. } => vec![Some(path), reading.label.table_mut()],
        Source::Csv { path, .. } | Source::Npy { path, .. } => vec![Some(path)],
        Source::Idx { images, labels, test_images, test_labels, .. } => {
            vec![Some(images), labels.as_mut(), test_images.as_mut(), test_labels.as_mut()]
        }
    };
    let others = project.others.iter_mut().flat_map(|other| other.paths.iter_mut());
    for path in paths.into_iter().flatten().chain(others) {
        if path.is_relative() {
            *path = folder.join(&*path);
        }
    }
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
