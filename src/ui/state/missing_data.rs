//! Data of a run that are not there: why, and how they come back.

use crate::dataset::DataError;

/// Why the data of a run are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingData<'a> {
    /// They are coming, or others are, which may be them.
    Loading,
    /// They could not be loaded.
    Failed(&'a DataError),
    /// Nothing was loaded.
    NotLoaded,
    /// What is at their place now is not what the run was trained on.
    Changed,
    /// The design on screen uses other ones.
    Other,
}
