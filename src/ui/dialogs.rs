//! The desktop's own file dialogs.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use crate::figure::Form;

use super::state::{Browse, BrowseKind, SaveKind};

/// The nearest existing folder at or above a path; may block for a long time.
pub fn folder_near(path: &Path) -> Option<PathBuf> {
    [Some(path), path.parent()].into_iter().flatten().find(|folder| folder.is_dir()).map(Path::to_owned)
}

/// Whether the desktop can show a file dialog; may block for a long time.
#[cfg(all(unix, not(target_os = "macos")))]
pub fn has_dialog() -> bool {
    // The fallback of rfd.
    is_program("zenity") || pollster::block_on(portal::is_there())
}

/// Whether the desktop can show a file dialog; always true, because the system includes one.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub fn has_dialog() -> bool {
    true
}

/// Whether a program is in the search path.
#[cfg(all(unix, not(target_os = "macos")))]
fn is_program(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// The desktop portal, through which programs open the dialogs of any desktop.
#[cfg(all(unix, not(target_os = "macos")))]
mod portal {
    use std::io::ErrorKind;
    use std::time::Duration;

    use zbus::connection::Builder;
    use zbus::{Error, Message};

    /// Time limit for its start.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// Whether there is a portal with file dialogs. The query starts it if possible.
    pub(super) async fn is_there() -> bool {
        match version().await {
            Ok(_) => true,
            // A service is starting, so its dialog may still appear.
            Err(Error::InputOutput(error)) if error.kind() == ErrorKind::TimedOut => true,
            Err(error) => {
                log::info!("no desktop portal with file dialogs: {error}");
                false
            }
        }
    }

    async fn version() -> Result<Message, Error> {
        let bus = Builder::session()?.method_timeout(PATIENCE).build().await?;
        let (portal, path) = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop");
        let property = ("org.freedesktop.portal.FileChooser", "version");
        bus.call_method(Some(portal), path, Some("org.freedesktop.DBus.Properties"), "Get", &property).await
    }
}

/// The answer of such a dialog: the chosen path.
#[expect(clippy::disallowed_types, reason = "the one place that knows the desktop's dialogs")]
pub type Answer = Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

/// Opens the desktop's file dialog, in a folder if one is given, and returns its future answer.
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

/// Waits for the choice in the desktop's dialog; must not be called on the window's thread.
pub fn chosen(answer: Answer) -> Option<PathBuf> {
    pollster::block_on(answer).map(|handle| handle.path().to_owned())
}
