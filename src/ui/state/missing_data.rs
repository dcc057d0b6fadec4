//! Missing data of a run: the reason, and how to load them.

use crate::dataset::DataError;

/// The reason why the data of a run are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingData<'a> {
    /// They are loading, or others are that may turn out to be them.
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
