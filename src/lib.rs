//! Hourglass: a native desktop workbench for autoencoders.
//!
//! The map of the modules and their one direction is in `ARCHITECTURE.md`.

// For what ships: tests write files, panic and name colours as they need.
#![cfg_attr(
    not(test),
    warn(
        clippy::disallowed_macros,
        clippy::disallowed_methods,
        clippy::expect_used,
        clippy::panic,
        clippy::unwrap_used
    )
)]

pub mod analysis;
pub mod check;
pub mod cli;
pub mod dataset;
pub mod engine;
pub mod figure;
pub mod io;
pub mod prepared;
pub mod project;
pub mod run;
pub mod session;
#[cfg(feature = "gui")]
pub mod ui;
