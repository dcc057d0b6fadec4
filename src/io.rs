//! **Files**: the project file, the live store of unsaved work, settings and exports.
//!
//! - Every write goes through [`Files`]: to a temporary file that is renamed over the old one. A
//!   test can make any write fail, and after any failure the old file is unchanged.
//! - Input is never trusted: it may be incomplete, damaged, of another kind or hostile. Sizes are
//!   limited before anything is allocated, and unpacking is limited in proportion to the file. As
//!   little as possible is lost by damage: an unreadable file of a run loses its content (curves,
//!   checkpoint or replay), a damaged `run.ron` loses the run. The project opens with a warning
//!   that names run, file and reason; after 20 warnings the rest are counted.
//! - `run_files` lists the files of a run, `project_file` those of a project and the versions of
//!   the format, `store` is the live store, `merge` saves files that other programs may have
//!   changed, `weights_file` leaves weights of kept epochs in the file until they are needed.
//! - [`WriteProgress`] reports the progress of an export and cancels it. A folder of results
//!   appears as a whole.

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
mod store;
mod tensors;
#[cfg(test)]
mod tests;
mod warnings;
mod weights_file;
mod write_progress;

pub use design::{open_design, save_design};
pub use error::FileError;
pub use export::{
    Pixels, TableForm, save_array, save_picture, save_pictures, save_table, save_weights, table_text,
};
pub use files::{Durability, Files, Sink};
pub use merge::{MergeBase, RunVersion};
pub use merge_note::MergeNote;
pub use npy::Numbers;
pub use open::{OpenedFile, open_any};
pub use project_file::{PROJECT_FILE_VERSION, open_project, rescue_project, save_project};
pub use run_files::Opened;
pub use settings::{Settings, ThemeChoice, WindowSize, remember};
pub use store::{Leftovers, Recovery, SetAside, Store};
pub use write_progress::WriteProgress;
