//! Reads and writes files outside the window's thread, each on its own thread, so that the window
//! never waits for a disk.

mod dropped;
mod settings_thread;
mod store_thread;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use self::dropped::{DropKind, FIRST_SIDE_PX, drop_kind, is_project, promise};
use self::settings_thread::SettingsThread;
use super::dialogs::{chosen, desktop_dialog, folder_near, has_dialog};
use super::state::{Browse, Clip, FigureRequest, PathFound, PathQuestion, SaveRequest, StoreRequest};
use crate::dataset::{DataInstead, data_instead};
use crate::io::{
    FileError, Files, MergeNote, Opened, OpenedFile, Recovery, SetAside, Store, WriteProgress, open_any,
};

/// Minimum time between requesting a dialog and closing it. Exports that take less time show no
/// progress.
const LEAST_SHOWN: Duration = Duration::from_millis(250);

/// Time limit for a cancelled export to remove its partial files before the program ends.
const LAST_REMOVALS: Duration = Duration::from_secs(2);

/// The answers of the file threads.
#[derive(Debug)]
pub enum FileEvent {
    /// A file was read, or could not be.
    Opened(PathBuf, Result<OpenedFile, String>),
    /// The path to open contains data.
    IsData(PathBuf, DataInstead),
    /// A file was written, or could not be.
    Saved(Box<SaveRequest>, Result<Vec<MergeNote>, FileError>),
    /// The content of the figure with this title, to be copied.
    Copied(String, Result<Clip, String>),
    /// The result of checking a path.
    PathChecked(PathFound),
    /// The desktop's dialog may be opened, in this folder.
    Near(Browse, Option<PathBuf>),
    /// The user chose a path in the desktop's dialog, or cancelled.
    Browsed(Browse, Option<PathBuf>),
    /// The desktop has no dialog to show.
    NoDialog(Browse),
    /// The kinds of the paths dropped on the window.
    PathsIdentified(Vec<(PathBuf, DropKind)>),
    /// Work left by a crash was found.
    Found(Vec<Recovery>),
    /// Unreadable work left by a crash was moved to another folder.
    SetAside(SetAside),
    /// Work left by a crash was recovered, or could not be.
    Recovered(Recovery, Result<(Store, Opened), String>),
    /// A workspace for work in progress is ready, or could not be created.
    Store(Result<Store, String>),
    /// A background write that nothing waits for failed.
    Quiet(String),
}

/// The file threads and their answers.
#[derive(Debug)]
pub struct FileThreads {
    sender: Sender<FileEvent>,
    receiver: Receiver<FileEvent>,
    wake: egui::Context,
    store_thread: Option<Sender<StoreRequest>>,
    store_handle: Option<JoinHandle<()>>,
    /// Started by the first settings to be saved.
    settings_thread: Option<SettingsThread>,
    /// The most recent export and its start time; the reference is dead once it has ended.
    export: Option<(Weak<WriteProgress>, Instant)>,
}

impl FileThreads {
    /// Creates the threads; `wake` is repainted whenever an answer is ready.
    pub fn new(wake: egui::Context) -> FileThreads {
        let (sender, receiver) = channel();
        FileThreads {
            sender,
            receiver,
            wake,
            store_thread: None,
            store_handle: None,
            settings_thread: None,
            export: None,
        }
    }

    /// Returns the answers that are ready; never waits.
    pub fn poll(&self) -> Vec<FileEvent> {
        self.receiver.try_iter().collect()
    }

    /// Reads a project or a design.
    pub fn open(&self, path: PathBuf) {
        self.spawn(move || {
            // Removes files left by a killed save. Opening does not need this, so an unwritable
            // folder is ignored.
            let _ = Files::default().check_writable(&path);
            match open_any(&path) {
                Ok(file) => FileEvent::Opened(path, Ok(file)),
                Err(error) => match data_instead(&path, FIRST_SIDE_PX) {
                    Some(Ok(data)) => FileEvent::IsData(path, data),
                    Some(Err(unread)) => FileEvent::Opened(path, Err(unread.to_string())),
                    None => FileEvent::Opened(path, Err(error.to_string())),
                },
            }
        });
    }

    /// Determines the kinds of paths dropped on the window.
    pub fn identify_paths(&self, paths: Vec<PathBuf>) {
        self.spawn(move || {
            let kind = |path: PathBuf| {
                let kind = drop_kind(&path);
                (path, kind)
            };
            FileEvent::PathsIdentified(paths.into_iter().map(kind).collect())
        });
    }

    /// Checks what is at a path.
    pub fn check_path(&self, question: PathQuestion) {
        self.spawn(move || FileEvent::PathChecked(question.answer()));
    }

    /// Writes a file. Everything except documents can be cancelled.
    pub fn save(&mut self, mut request: Box<SaveRequest>) {
        let progress = (!request.kind.is_document()).then(Arc::<WriteProgress>::default);
        if let Some(progress) = &progress {
            self.export = Some((Arc::downgrade(progress), Instant::now()));
        }
        self.spawn(move || {
            let files =
                progress.map_or_else(Files::default, |progress| Files::default().with_progress(progress));
            let result = request.save(&files);
            FileEvent::Saved(request, result)
        });
    }

    /// Progress of the current export: units done and total, 0 while unknown. `None` without an
    /// export, or until it has run long enough to show progress.
    pub fn export_progress(&self) -> Option<(u64, u64)> {
        let (progress, begun) = self.export.as_ref()?;
        let progress = progress.upgrade()?;
        (begun.elapsed() >= LEAST_SHOWN).then(|| progress.state())
    }

    /// Whether an export is in progress.
    pub fn is_exporting(&self) -> bool {
        self.export.as_ref().is_some_and(|(progress, _)| progress.strong_count() > 0)
    }

    /// Cancels the current export, which then reports the cancellation.
    pub fn cancel_export(&self) {
        if let Some(progress) = self.export.as_ref().and_then(|(progress, _)| progress.upgrade()) {
            progress.cancel();
        }
    }

    /// Renders a figure for the clipboard, or its numbers as text.
    pub fn copy_figure(&self, request: FigureRequest, is_picture: bool) {
        self.spawn(move || {
            let clip = request.clip(is_picture).map_err(|error| error.to_string());
            FileEvent::Copied(request.figure.title.clone(), clip)
        });
    }

    /// Recovers work left by a crash.
    pub fn recover(&self, recovery: Recovery) {
        self.spawn(move || {
            let open = || -> Result<(Store, Opened), FileError> {
                let store = Store::open(&recovery.path)?;
                let opened = store.load()?;
                Ok((store, opened))
            };
            let opened = open().map_err(|error| error.to_string());
            FileEvent::Recovered(recovery, opened)
        });
    }

    /// Discards work left by a crash.
    pub fn discard(&self, recovery: Recovery) {
        self.spawn_optional(move || {
            let result = Store::open(&recovery.path).and_then(Store::discard);
            result.err().map(|error| FileEvent::Quiet(error.to_string()))
        });
    }

    /// Checks whether the desktop has a file dialog, and finds the folder to open it in.
    pub fn browse(&self, browse: Browse) {
        self.spawn(move || {
            if !has_dialog() {
                return FileEvent::NoDialog(browse);
            }
            let folder = folder_near(&browse.near);
            FileEvent::Near(browse, folder)
        });
    }

    /// Opens the desktop's own dialog.
    pub fn show_dialog(&self, browse: Browse, folder: Option<&Path>) {
        // On some systems the dialog must be created on the window's thread; its answer may be
        // awaited on any thread.
        let (asked, answer) = (Instant::now(), desktop_dialog(&browse, folder));
        self.spawn(move || match chosen(answer) {
            // No user closes a dialog that fast, so there was none. The dialog library does not
            // report this, and may fail to reach an existing portal because it uses another library
            // for the bus.
            None if asked.elapsed() < LEAST_SHOWN => FileEvent::NoDialog(browse),
            path => FileEvent::Browsed(browse, path),
        });
    }

    /// Cancels the current export before the program ends, and gives it time to remove its partial
    /// files.
    pub fn end_export(&self) {
        self.cancel_export();
        let begun = Instant::now();
        while self.is_exporting() && begun.elapsed() < LAST_REMOVALS {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn spawn(&self, work: impl FnOnce() -> FileEvent + Send + 'static) {
        self.spawn_optional(move || Some(work()));
    }

    fn spawn_optional(&self, work: impl FnOnce() -> Option<FileEvent> + Send + 'static) {
        let (sender, wake) = (self.sender.clone(), self.wake.clone());
        let work = move || {
            if let Some(event) = work() {
                // There is no receiver once the window is closed.
                let _ = sender.send(event);
                wake.request_repaint();
            }
        };
        if let Err(error) = std::thread::Builder::new().name("files".to_owned()).spawn(work) {
            let _ = self.sender.send(FileEvent::Quiet(error.to_string()));
        }
    }
}
