//! Hourglass: a native desktop workbench for autoencoders.
//!
//! The map of the modules and their one direction is in `ARCHITECTURE.md`.

pub mod analysis;
pub mod check;
pub mod cli;
pub mod dataset;
pub mod engine;
pub mod figure;
pub mod io;
pub mod project;
pub mod run;
pub mod session;
#[cfg(feature = "gui")]
pub mod ui;
