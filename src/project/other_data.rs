use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Mask;

/// Files for trained networks, as one set of samples. They are read like the run's own data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherData {
    /// The name of the set.
    pub name: String,
    /// The files and folders.
    pub paths: Vec<PathBuf>,
    /// The holes in them, if there are masks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// The size of resized pictures; by default that used in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<ShownSize>,
}

/// The size of pictures for a fully convolutional network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShownSize {
    /// That of their files, which is equal for all.
    Own,
    /// Width and height in pixels.
    Of(usize, usize),
}
