use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Mask;

/// Files that trained networks were shown, as one set of samples. They are read as the run knows
/// its own data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherData {
    /// The name of the set.
    pub name: String,
    /// The files and folders.
    pub paths: Vec<PathBuf>,
    /// Which parts of them are holes, where masks say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// The size of resized pictures; by default that of the training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<ShownSize>,
}

/// The size of pictures that a network of convolutions alone is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShownSize {
    /// That of their files, which is the same for all.
    Own,
    /// Width and height in pixels.
    Of(usize, usize),
}
