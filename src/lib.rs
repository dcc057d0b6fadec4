//! Hourglass: a native desktop workbench for autoencoders.
//!
//! The map of the modules and their one direction is in `ARCHITECTURE.md`.

pub mod analysis;
pub mod dataset;
pub mod project;
pub mod run;
