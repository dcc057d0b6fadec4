//! **The window**: state, its updates, views, commands, panels. It may use every other module; no
//! module uses it.

mod app;
pub mod commands;
mod dialogs;
pub mod editors;
pub mod files;
mod frame_log;
mod keys;
pub mod panels;
pub mod plots;
mod recipe_pictures;
mod shell;
pub mod state;
pub mod theme;
pub mod thumbnail;
pub mod update;
pub mod views;
pub mod widgets;
mod window_size;

pub use app::{HourglassApp, Options, run};

#[cfg(test)]
mod painted;
#[cfg(test)]
mod tests;
