//! **Mathematics on plain slices**. It uses nothing else of this crate; random numbers come from
//! the caller or are fixed.

pub mod angles;
pub mod arithmetic;
pub mod density;
pub mod gaussian;
pub mod hamming;
pub mod interpolation;
pub mod mixture;
pub mod neighbours;
pub mod pca;
pub mod plane;
pub mod quality;
pub mod quantisation;
pub mod ranking;
pub mod region;
pub mod regression;
pub mod spread;
