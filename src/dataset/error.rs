use std::path::PathBuf;

use thiserror::Error;

/// Why data could not be loaded: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DataError {
    /// The person asked for it.
    #[error("loading was cancelled")]
    Cancelled,
    /// The file system said no.
    #[error("{}: {message}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What happened and what to do.
        message: String,
    },
    /// The file was read but is not what it should be.
    #[error("{}, {place}: {message}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where in it: `line 3, column "age"`, `byte 4`.
        place: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A setting of the source makes no sense.
    #[error("{0}")]
    Setting(String),
}
