//! **Pure mathematics on plain slices**: nothing of ours below it, nothing random that a caller did not ask for.

pub mod angles;
pub mod hamming;
pub mod pca;
pub mod quality;
pub mod ranking;
pub mod regression;
