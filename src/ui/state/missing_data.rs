//! Missing data of a run: the cause, and how to load them.

use crate::dataset::DataError;

/// Why the data of a run are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingData<'a> {
    /// They are loading, or other data are that may prove to be the same.
    Loading,
    /// They could not be loaded.
    Failed(&'a DataError),
    /// Nothing was loaded.
    NotLoaded,
    /// The data at their path differ from those the run was trained on.
    Changed,
    /// The current design uses other data.
    Other,
}
