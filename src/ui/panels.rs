//! The panels of the window, one file each.

pub mod dialog;
pub mod inspector;
pub mod log;
pub mod network;
pub mod notes;
pub mod palette;
pub mod problems;
pub mod toolbar;
pub mod views;
