//! **The panels** around the views, one file each, and the overlays of the window. They change the
//! [`State`](super::state::State) and run commands.

pub mod dialog;
mod export;
mod figure;
mod guide;
pub mod inspector;
pub mod log;
pub mod network;
pub mod new_project;
pub mod notes;
pub mod palette;
pub mod problems;
mod rate_search;
mod shown_size;
pub mod toolbar;
