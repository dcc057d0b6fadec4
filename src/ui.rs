//! **The window**: state, commands, panels, editors. It may use every other room; nobody uses it.

mod app;
mod available;
pub mod baselines;
pub mod command;
pub mod data_state;
pub mod derived;
pub mod dialogs;
mod dropped;
pub mod edit;
pub mod editors;
mod events;
mod execute;
pub mod files;
mod frame_log;
pub mod history;
mod keeper;
pub mod layout;
pub mod menu;
mod missing_data;
pub mod notices;
pub mod panels;
mod past_data;
pub mod path_dialog;
pub mod plots;
pub mod principal;
mod recipe_pictures;
pub mod remedies;
mod shell;
pub mod state;
pub mod theme;
pub mod thumbnail;
pub mod widgets;
mod window_size;

pub use app::{HourglassApp, Options, run};

#[cfg(test)]
mod painted;
#[cfg(test)]
mod tests;
