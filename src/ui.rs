//! **The window**: state, what changes it, views, commands, panels. It may use every other module;
//! no module uses it.
//!
//! A frame of `HourglassApp` (`app`) takes in events, draws, and carries out what the state asks
//! for. `state` is everything the window shows and changes, `update` changes it, `files` reads and
//! writes on threads. `views`, `panels` and `commands` are drawn from the state and made of
//! `editors`, `widgets`, `plots`, `thumbnail` and `theme`. Plots with axes are `egui_plot`'s, set
//! up in `plots::chart`.

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
