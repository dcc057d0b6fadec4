use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::project::{visible, visible_path};

/// Why a file could not be read or written: its path, the location of the problem, and the fix.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// A file system error.
    #[error("{}: could not be {action}: {reason}. {remedy}", visible_path(path))]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The action that failed: `read`, `saved`.
        action: &'static str,
        /// The system's message.
        reason: String,
        /// The fix.
        remedy: String,
    },
    /// The file is of another kind.
    #[error("{}: this is {found}, not {wanted}. {remedy}", visible_path(path))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The kind that was found.
        found: &'static str,
        /// The kind that was expected.
        wanted: &'static str,
        /// The fix.
        remedy: &'static str,
    },
    /// The file is of the right kind, but has invalid content.
    #[error("{}, {}: {}", visible_path(path), visible(place), visible(message))]
    Content {
        /// The file.
        path: PathBuf,
        /// The location.
        place: String,
        /// The problem and the fix.
        message: String,
    },
    /// Written by a newer program.
    #[error(
        "{}: saved by a newer Hourglass (format {found}; this one reads up to {known}): update Hourglass to \
         open it",
        visible_path(path)
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version this program reads.
        known: u32,
    },
    /// An export was cancelled; nothing of it remains.
    #[error("{}: the export was cancelled", visible_path(path))]
    Cancelled {
        /// The file that was being written.
        path: PathBuf,
    },
    /// Another window works in this folder.
    #[error("{}: in use by another Hourglass; close it there first", visible_path(path))]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

/// Added to every failed save: true because saves write a separate file and rename it.
const UNCHANGED: &str = "The previous file is unchanged.";

impl FileError {
    /// A failed read.
    pub fn read(path: &Path, error: &std::io::Error) -> FileError {
        let remedy = match error.kind() {
            ErrorKind::NotFound => "Check the path, or choose the file again.",
            ErrorKind::PermissionDenied => "Grant yourself read permission, or open a copy of it.",
            ErrorKind::IsADirectory => "Choose a file inside it.",
            _ => "Try again, or open a copy of it.",
        };
        FileError::System {
            path: path.to_owned(),
            action: "read",
            reason: reason(error),
            remedy: remedy.to_owned(),
        }
    }

    /// A failed write; the old file is unchanged.
    pub fn write(path: &Path, error: &std::io::Error) -> FileError {
        let remedy = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "Free some space or save elsewhere."
            }
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                "Save elsewhere, or grant yourself write permission there."
            }
            ErrorKind::NotFound => "Create the folder first, or save elsewhere.",
            ErrorKind::IsADirectory => "Choose another name: this one is a folder.",
            _ => "Try again, or save elsewhere.",
        };
        FileError::System {
            path: path.to_owned(),
            action: "saved",
            reason: reason(error),
            remedy: format!("{remedy} {UNCHANGED}"),
        }
    }

    /// Returns this error for a file that is written in one folder and moved to another.
    #[must_use]
    pub(super) fn moved(mut self, from: &Path, to: &Path) -> FileError {
        match &mut self {
            FileError::System { path, .. }
            | FileError::Foreign { path, .. }
            | FileError::Content { path, .. }
            | FileError::TooNew { path, .. }
            | FileError::Cancelled { path }
            | FileError::InUse { path } => {
                if let Ok(rest) = path.strip_prefix(from) {
                    *path = if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) };
                }
            }
        }
        self
    }

    /// Invalid content in a file of the right kind.
    pub fn content(path: &Path, place: impl Into<String>, message: impl Into<String>) -> FileError {
        FileError::Content { path: path.to_owned(), place: place.into(), message: message.into() }
    }
}

/// The system's message without its error number, in plain words for common errors.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::QuotaExceeded => "your disk quota is used up".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_owned(),
    }
}
