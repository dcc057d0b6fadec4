use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::memory::{Limit, Shortage};
use crate::project::{Source, format_bytes, visible, visible_path};

/// The name of data without a name yet.
const UNNAMED: &str = "loading";

/// Why data could not be loaded: the problem, its location, and the fix.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DataError {
    /// Cancelled by the user.
    #[error("loading was cancelled")]
    Cancelled,
    /// A file system error.
    #[error("{}: {}", visible_path(path), visible(message))]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The failure and the fix.
        message: String,
    },
    /// The file was read but has the wrong content.
    #[error("{}, {}: {}", visible_path(path), visible(place), visible(message))]
    Content {
        /// The file.
        path: PathBuf,
        /// The location: `line 3, column "age"`, `byte 4`.
        place: String,
        /// The problem and the fix.
        message: String,
    },
    /// A field of a table is not a number: its column may be intended as a label.
    #[error("{}, {line}, {}: {}", visible_path(path), visible(&column_place(column)), visible(message))]
    Word {
        /// The file.
        path: PathBuf,
        /// The location: `line 3`.
        line: String,
        /// Name of the column.
        column: String,
        /// The problem and the fix.
        message: String,
    },
    /// The data need more memory than is available.
    #[error("{} needs about {} of memory, but {limit}: {remedy}", visible(name), format_bytes(*needed))]
    Memory {
        /// The file or folder, or the kind of data.
        name: String,
        /// Memory needed for loading, as far as known, in bytes.
        needed: u64,
        /// Why it is not available.
        limit: Limit,
        /// The fix.
        remedy: String,
    },
    /// The held-out class does not exist.
    #[error("{}", visible(.0))]
    HeldOut(String),
    /// A setting of the source is invalid.
    #[error("{}", visible(.0))]
    Setting(String),
}

impl DataError {
    /// The error of a failed system call on `path`.
    pub(super) fn io(path: &Path, error: &IoError) -> DataError {
        DataError::file(path, io_message(error.kind(), &error.to_string()))
    }

    /// Returns this error, naming the data if it does not already.
    #[must_use]
    pub fn of(self, source: &Source) -> DataError {
        let named = |text: String| {
            let name = match (source.path(), source) {
                (Some(path), _) => path.to_string_lossy(),
                (None, Source::Synthetic(kind)) => kind.name().into(),
                (None, other) => other.name().into(),
            };
            if text.contains(&*name) { text } else { format!("{name}: {text}") }
        };
        match self {
            DataError::HeldOut(text) => DataError::HeldOut(named(text)),
            DataError::Setting(text) => DataError::Setting(named(text)),
            other @ (DataError::Cancelled
            | DataError::File { .. }
            | DataError::Content { .. }
            | DataError::Word { .. }
            | DataError::Memory { .. }) => other,
        }
    }

    /// For a memory error without a name, sets the name and the fix; other errors are unchanged.
    pub(super) fn about(self, name: &str, remedy: &str) -> DataError {
        match self {
            DataError::Memory { name: known, needed, limit, .. } if known == UNNAMED => {
                DataError::Memory { name: name.to_owned(), needed, limit, remedy: remedy.to_owned() }
            }
            DataError::Memory { .. }
            | DataError::Cancelled
            | DataError::File { .. }
            | DataError::Content { .. }
            | DataError::Word { .. }
            | DataError::HeldOut(_)
            | DataError::Setting(_) => self,
        }
    }

    pub(super) fn file(path: &Path, message: impl Into<String>) -> DataError {
        DataError::File { path: path.to_path_buf(), message: message.into() }
    }

    pub(super) fn content(path: &Path, place: impl Into<String>, message: impl Into<String>) -> DataError {
        DataError::Content { path: path.to_path_buf(), place: place.into(), message: message.into() }
    }
}

impl From<Shortage> for DataError {
    /// An error without a name, which the caller adds with `DataError::about`.
    fn from(shortage: Shortage) -> DataError {
        let remedy = "choose fewer or smaller samples".to_owned();
        DataError::Memory { name: UNNAMED.to_owned(), needed: shortage.needed, limit: shortage.limit, remedy }
    }
}

/// A column in a message: `column "age"`; one without a name already has a number.
pub(super) fn column_place(name: &str) -> String {
    let number = name.strip_prefix("column ").filter(|number| number.parse::<u32>().is_ok());
    number.map_or_else(|| format!("column \"{name}\""), |number| format!("column {number}"))
}

/// Describes a failed system call and its fix; `detail` is the system's text, used for rarer kinds.
pub(super) fn io_message(kind: ErrorKind, detail: &str) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's kinds of error have no end")]
    match kind {
        ErrorKind::NotFound => "does not exist; it may have been moved or renamed, choose it again".into(),
        ErrorKind::PermissionDenied => "permission denied; give your account permission to read it".into(),
        ErrorKind::IsADirectory => "is a folder; choose a file".into(),
        ErrorKind::NotADirectory => "is not a folder; choose a folder".into(),
        ErrorKind::UnexpectedEof => "ends too early; it is incomplete, download it again".into(),
        ErrorKind::OutOfMemory => "does not fit into memory; choose fewer or smaller samples".into(),
        _ => format!("cannot be read ({detail}); check the drive and try again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_says_what_to_do() {
        let check = |kind, expected: &str| {
            let message = io_message(kind, "device error");
            assert!(message.contains(expected), "{message}");
        };
        check(ErrorKind::NotFound, "choose it again");
        check(ErrorKind::PermissionDenied, "permission to read");
        check(ErrorKind::IsADirectory, "choose a file");
        check(ErrorKind::NotADirectory, "choose a folder");
        check(ErrorKind::UnexpectedEof, "incomplete");
        check(ErrorKind::OutOfMemory, "smaller samples");
        check(ErrorKind::BrokenPipe, "device error); check the drive");
    }
}
