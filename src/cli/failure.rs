use std::fmt::Display;
use std::io::ErrorKind;
use std::process::ExitCode;

use crate::dataset::DataError;
use crate::io::FileError;

/// Why a command ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something is wrong with what it was given, or something failed: exit code 1.
    Problem(String),
    /// It was called wrongly: exit code 2.
    Usage(String),
    /// Ctrl-C: exit code 130.
    Interrupted,
    /// Nobody reads stdout any more: as if all went well.
    ClosedPipe,
}

impl Failure {
    /// Something failed.
    pub(super) fn problem(message: impl Display) -> Failure {
        Failure::Problem(message.to_string())
    }

    /// Says it on stderr.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Failure::Problem(message) => {
                eprintln!("error: {message}");
                ExitCode::from(1)
            }
            Failure::Usage(message) => {
                eprintln!("error: {message}\n\nFor more information, try '--help'.");
                ExitCode::from(2)
            }
            Failure::Interrupted => ExitCode::from(130),
            Failure::ClosedPipe => ExitCode::SUCCESS,
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::problem(error)
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Failure {
        if error == DataError::Cancelled { Failure::Interrupted } else { Failure::problem(error) }
    }
}

/// Errors of writing to stdout.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        if error.kind() == ErrorKind::BrokenPipe {
            Failure::ClosedPipe
        } else {
            Failure::Problem(format!("stdout could not be written: {error}"))
        }
    }
}
