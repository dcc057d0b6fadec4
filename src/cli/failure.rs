use std::fmt::Display;

use super::write::note;
use crate::dataset::DataError;
use crate::io::FileError;

/// Why a command ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// Invalid input or a failure: exit code 1.
    Problem(String),
    /// Invalid arguments: exit code 2.
    Usage(String),
    /// Ctrl-C: exit code 130.
    Interrupted,
}

impl Failure {
    /// Something failed.
    pub(super) fn problem(message: impl Display) -> Failure {
        Failure::Problem(message.to_string())
    }

    /// Reports it on stderr and returns the exit code.
    pub(super) fn report(self) -> u8 {
        match self {
            Failure::Problem(message) => {
                note(format_args!("error: {message}"));
                1
            }
            Failure::Usage(message) => {
                note(format_args!("error: {message}\n\nFor more information, try '--help'."));
                2
            }
            Failure::Interrupted => 130,
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        if matches!(error, FileError::Cancelled { .. }) {
            Failure::Interrupted
        } else {
            Failure::problem(error)
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Failure {
        if error == DataError::Cancelled { Failure::Interrupted } else { Failure::problem(error) }
    }
}
