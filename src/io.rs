//! **Files**: the project file, the live store of work in progress, settings and exports.
//!
//! Every write goes through [`Files`], so that a test can make any of them fail, and after any failure the file that was
//! there before is whole. What is read is never trusted: it may be cut short, damaged, foreign or hostile.

mod archive;
mod checkpoint_files;
mod design;
#[allow(clippy::wildcard_enum_match_arm, reason = "the system's kinds of error have no end")]
mod error;
mod export;
#[expect(clippy::disallowed_methods, reason = "every file is written here")]
mod files;
mod history_files;
mod lock;
mod merge;
mod merge_note;
mod npy;
mod old_checkpoint;
mod open;
mod plan_merge;
mod project_file;
mod record_log;
mod results_file;
mod run_files;
mod settings;
mod shelf;
mod store;
mod tensors;
#[cfg(test)]
mod tests;
mod warnings;
mod watch;

pub use design::{open_design, save_design};
pub use error::FileError;
pub use export::{
    Pixels, TableForm, save_array, save_picture, save_pictures, save_table, save_weights, table_text,
};
pub use files::{Durability, Files, Sink};
pub use merge::{MergeBase, RunStand};
pub use merge_note::MergeNote;
pub use npy::Numbers;
pub use open::{OpenedFile, open_any};
pub use project_file::{PROJECT_FILE_VERSION, open_project, rescue_project, save_project};
pub use run_files::Opened;
pub use settings::{Settings, ThemeChoice, WindowSize, remember};
pub use store::{Leftovers, Recovery, SetAside, Store};
pub use watch::Watch;
