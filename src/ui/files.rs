//! Reading and writing of files outside the window's thread: every file is opened and written on a thread of its own, so
//! the window never waits for a disk.

mod dropped;
mod keeper;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use self::dropped::{DropKind, FIRST_SIDE_PX, drop_kind, is_project, promise};
use super::dialogs::{chosen, desktop_dialog, folder_near, has_dialog};
use super::state::{Browse, Clip, FigureRequest, PathFound, PathQuestion, SaveRequest, StoreRequest};
use crate::dataset::{DataInstead, data_instead};
use crate::io::{
    FileError, Files, MergeNote, Opened, OpenedFile, Recovery, SetAside, Settings, Store, Watch, open_any,
};

/// The least time between asking for a dialog and closing it; what takes no longer shows no progress.
const LEAST_SHOWN: Duration = Duration::from_millis(250);

/// How long a cancelled export may take to remove what it has begun before the program ends.
const LAST_REMOVALS: Duration = Duration::from_secs(2);

/// What the threads answer.
#[derive(Debug)]
pub enum FileEvent {
    /// A file was read, or could not be.
    Opened(PathBuf, Result<OpenedFile, String>),
    /// What was to be opened is data.
    IsData(PathBuf, DataInstead),
    /// A file was written, or could not be.
    Saved(Box<SaveRequest>, Result<Vec<MergeNote>, FileError>),
    /// What is to be copied of the figure of this title.
    Copied(String, Result<Clip, String>),
    /// What is at a path that was asked for.
    LookedFor(PathFound),
    /// The desktop's dialog may be opened, in this folder.
    Near(Browse, Option<PathBuf>),
    /// A person chose a path in the desktop's dialog, or none.
    Browsed(Browse, Option<PathBuf>),
    /// The desktop has no dialog to show.
    NoDialog(Browse),
    /// What something dropped on the window is.
    LookedAt(Vec<(PathBuf, DropKind)>),
    /// Work found that a crash left behind.
    Found(Vec<Recovery>),
    /// Such work that cannot be read was moved to another place.
    SetAside(SetAside),
    /// Such work was read back.
    Recovered(Recovery, Result<(Store, Opened), String>),
    /// A place for work in progress is ready, or could not be made.
    Store(Result<Store, String>),
    /// Something could not be written that nobody waits for.
    Quiet(String),
}

/// The threads and their answers.
#[derive(Debug)]
pub struct FileRoom {
    sender: Sender<FileEvent>,
    receiver: Receiver<FileEvent>,
    wake: egui::Context,
    keeper: Option<Sender<StoreRequest>>,
    keeper_thread: Option<JoinHandle<()>>,
    /// The export that was begun last, and when; it is gone once that has ended.
    export: Option<(Weak<Watch>, Instant)>,
}

impl FileRoom {
    /// A room that repaints `wake` whenever something is ready.
    pub fn new(wake: egui::Context) -> FileRoom {
        let (sender, receiver) = channel();
        FileRoom { sender, receiver, wake, keeper: None, keeper_thread: None, export: None }
    }

    /// What is ready; never waits.
    pub fn poll(&self) -> Vec<FileEvent> {
        self.receiver.try_iter().collect()
    }

    /// Reads a project or a design.
    pub fn open(&self, path: PathBuf) {
        self.spawn(move || {
            // What a killed save has left there goes; where the folder cannot be written, opening needs nothing of it.
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

    /// Finds out what something dropped on the window is.
    pub fn look_at(&self, paths: Vec<PathBuf>) {
        self.spawn(move || {
            let kind = |path: PathBuf| {
                let kind = drop_kind(&path);
                (path, kind)
            };
            FileEvent::LookedAt(paths.into_iter().map(kind).collect())
        });
    }

    /// Finds out what is at a path.
    pub fn look_for(&self, question: PathQuestion) {
        self.spawn(move || FileEvent::LookedFor(question.answer()));
    }

    /// Writes a file. What is no document can be cancelled.
    pub fn save(&mut self, mut request: Box<SaveRequest>) {
        let watch = (!request.kind.is_document()).then(Arc::<Watch>::default);
        if let Some(watch) = &watch {
            self.export = Some((Arc::downgrade(watch), Instant::now()));
        }
        self.spawn(move || {
            let files = watch.map_or_else(Files::default, |watch| Files::default().watched(watch));
            let result = request.save(&files);
            FileEvent::Saved(request, result)
        });
    }

    /// How far the export under way is: units done and in all, 0 while unknown. `None` while it may
    /// end at once.
    pub fn export_progress(&self) -> Option<(u64, u64)> {
        let (watch, begun) = self.export.as_ref()?;
        let watch = watch.upgrade()?;
        (begun.elapsed() >= LEAST_SHOWN).then(|| watch.state())
    }

    /// Whether an export is under way.
    pub fn is_exporting(&self) -> bool {
        self.export.as_ref().is_some_and(|(watch, _)| watch.strong_count() > 0)
    }

    /// Gives the export under way up. It answers that it was cancelled.
    pub fn cancel_export(&self) {
        if let Some(watch) = self.export.as_ref().and_then(|(watch, _)| watch.upgrade()) {
            watch.cancel();
        }
    }

    /// Draws a figure for the clipboard, or writes its numbers.
    pub fn copy_figure(&self, request: FigureRequest, is_picture: bool) {
        self.spawn(move || {
            let clip = request.clip(is_picture).map_err(|error| error.to_string());
            FileEvent::Copied(request.figure.title.clone(), clip)
        });
    }

    /// Writes the settings.
    pub fn save_settings(&self, settings: Settings, path: PathBuf) {
        self.spawn_quiet(move || {
            let result = settings.save(&Files::default(), &path);
            result.err().map(|error| FileEvent::Quiet(error.to_string()))
        });
    }

    /// Reads such work back.
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

    /// Throws such work away.
    pub fn discard(&self, recovery: Recovery) {
        self.spawn_quiet(move || {
            let result = Store::open(&recovery.path).and_then(Store::discard);
            result.err().map(|error| FileEvent::Quiet(error.to_string()))
        });
    }

    /// Looks whether the desktop has a dialog of its own, and for the folder in which that is to open.
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
        // On some systems the dialog must be made on the window's thread; its answer may be awaited on any.
        let (asked, answer) = (Instant::now(), desktop_dialog(&browse, folder));
        self.spawn(move || match chosen(answer) {
            // Nobody closes a dialog that fast: there was none. The library that asks for it says nothing of that, and may not
            // reach a portal that is there, since it loads another library for the bus.
            None if asked.elapsed() < LEAST_SHOWN => FileEvent::NoDialog(browse),
            path => FileEvent::Browsed(browse, path),
        });
    }

    /// Gives the export under way up before the program ends, and lets it remove what it has begun.
    pub fn end_export(&self) {
        self.cancel_export();
        let begun = Instant::now();
        while self.is_exporting() && begun.elapsed() < LAST_REMOVALS {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn spawn(&self, work: impl FnOnce() -> FileEvent + Send + 'static) {
        self.spawn_quiet(move || Some(work()));
    }

    fn spawn_quiet(&self, work: impl FnOnce() -> Option<FileEvent> + Send + 'static) {
        let (sender, wake) = (self.sender.clone(), self.wake.clone());
        let work = move || {
            if let Some(event) = work() {
                // Nobody listens any more once the window is closed.
                let _ = sender.send(event);
                wake.request_repaint();
            }
        };
        if let Err(error) = std::thread::Builder::new().name("files".to_owned()).spawn(work) {
            let _ = self.sender.send(FileEvent::Quiet(error.to_string()));
        }
    }
}
