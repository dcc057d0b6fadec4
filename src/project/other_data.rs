use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Files that trained networks were shown, as one set of samples. They are read as the run knows its own data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherData {
    /// The name of the set.
    pub name: String,
    /// The files and folders.
    pub paths: Vec<PathBuf>,
}
