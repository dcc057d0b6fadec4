//! The desktop's own file dialogs.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use crate::figure::Form;

use super::state::{Browse, BrowseKind, SaveKind};

/// The folder at or above a path, where it exists; may take long to find.
pub fn folder_near(path: &Path) -> Option<PathBuf> {
    [Some(path), path.parent()].into_iter().flatten().find(|folder| folder.is_dir()).map(Path::to_owned)
}

/// The answer of such a dialog: the chosen path.
#[expect(clippy::disallowed_types, reason = "the one place that knows the desktop's dialogs")]
pub type Answer = Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

/// Opens the desktop's own dialog, in a folder where one is given, and returns its answer to come.
#[expect(clippy::disallowed_types, reason = "the one place that knows the desktop's dialogs")]
pub fn desktop_dialog(browse: &Browse, folder: Option<&Path>) -> Answer {
    let mut dialog = rfd::AsyncFileDialog::new();
    if let Some(folder) = folder {
        dialog = dialog.set_directory(folder);
    }
    match &browse.kind {
        BrowseKind::File(name, endings) => {
            Box::pin(dialog.add_filter(*name, endings).add_filter("All files", &["*"]).pick_file())
        }
        BrowseKind::Folder => Box::pin(dialog.pick_folder()),
        BrowseKind::Save(kind) => {
            let name = browse.near.file_name().unwrap_or_default().to_string_lossy();
            let dialog = dialog.set_file_name(name);
            let dialog = match kind {
                SaveKind::Project | SaveKind::Design => dialog.add_filter("Hourglass", &[kind.extension()]),
                SaveKind::Table => dialog.add_filter("Tables", &[kind.extension()]),
                SaveKind::Results(form) => dialog.add_filter(form.name(), &[kind.extension()]),
                SaveKind::Figure(_) => dialog.add_filter("Figures", &Form::ALL.map(Form::ending)),
                SaveKind::Pictures | SaveKind::Restored => dialog,
            };
            Box::pin(dialog.save_file())
        }
    }
}

/// Waits for what was chosen in the desktop's dialog; only for threads other than the window's.
pub fn chosen(answer: Answer) -> Option<PathBuf> {
    pollster::block_on(answer).map(|handle| handle.path().to_owned())
}
