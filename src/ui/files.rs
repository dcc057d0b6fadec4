//! Reading and writing of projects beside the window: every file is opened and written on a thread of its own, so the
//! window never waits for a disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::dialogs::{Browse, Target, Then};
pub use super::dropped::{DropKind, FIRST_SIDE_PX, drop_kind, promise};
use super::keeper::Keep;
use super::notices::Offer;
use super::path_dialog::{PathFound, PathQuestion};
use super::state::{Effect, State};
use crate::check::Severity;
use crate::dataset::{DataInstead, data_instead};
use crate::io::{
    FileError, Files, MergeBase, MergeNote, Opened, OpenedFile, Recovery, RunStand, SetAside, Settings,
    Store, open_any, save_design,
};
use crate::project::{Project, visible, visible_path};
use crate::run::Run;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveKind {
    /// The design with all runs, `.hourglass`.
    Project,
    /// The design alone, `.ron`.
    Design,
}

impl SaveKind {
    /// The ending of its files.
    pub fn extension(self) -> &'static str {
        match self {
            SaveKind::Project => "hourglass",
            SaveKind::Design => "ron",
        }
    }
}

/// A file to be written: everything that goes into it, as it was when it was asked for.
#[derive(Clone, Debug)]
pub struct SaveRequest {
    /// Where to.
    pub path: PathBuf,
    /// What.
    pub kind: SaveKind,
    /// What to do when it is safe.
    pub then: Option<Then>,
    project: Project,
    runs: Vec<Run>,
    document: u64,
    /// The file as it was last seen; `None` at another place, where whatever is there may be replaced.
    base: Option<MergeBase>,
}

impl SaveRequest {
    /// The work of `state` as it is now.
    pub fn new(state: &State, path: PathBuf, kind: SaveKind, then: Option<Then>) -> SaveRequest {
        let runs = match kind {
            SaveKind::Project => state.runs.clone(),
            SaveKind::Design => Vec::new(),
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        // Whatever is at another place was asked about; it is looked at where it is replaced.
        let base = (state.file.as_ref() == Some(&path)).then(|| state.base.clone());
        SaveRequest { path, kind, then, project: state.project.clone(), runs, document: state.document, base }
    }

    fn save_project(&mut self, files: &Files) -> Result<Vec<MergeNote>, FileError> {
        let base = self.base.get_or_insert_with(|| MergeBase::replacing(&self.path));
        base.save(files, &self.path, &self.project, &self.runs)
    }
}

/// What the threads answer.
#[derive(Debug)]
pub enum FileEvent {
    /// A file was read, or could not be.
    Opened(PathBuf, Result<OpenedFile, String>),
    /// What was to be opened is data.
    IsData(PathBuf, DataInstead),
    /// A file was written, or could not be.
    Saved(Box<SaveRequest>, Result<Vec<MergeNote>, String>),
    /// What is at a path that was asked for.
    LookedFor(PathFound),
    /// The desktop's dialog may be opened, in this folder.
    Near(Browse, Option<PathBuf>),
    /// A person chose a path in the desktop's dialog, or none.
    Browsed(Browse, Option<PathBuf>),
    /// What something dropped on the window is.
    LookedAt(PathBuf, DropKind),
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
    pub(super) sender: Sender<FileEvent>,
    pub(super) receiver: Receiver<FileEvent>,
    pub(super) wake: egui::Context,
    pub(super) keeper: Option<Sender<Keep>>,
    pub(super) keeper_thread: Option<JoinHandle<()>>,
}

impl FileRoom {
    /// A room that repaints `wake` whenever something is ready.
    pub fn new(wake: egui::Context) -> FileRoom {
        let (sender, receiver) = channel();
        FileRoom { sender, receiver, wake, keeper: None, keeper_thread: None }
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
    pub fn look_at(&self, path: PathBuf) {
        self.spawn(move || {
            let kind = drop_kind(&path);
            FileEvent::LookedAt(path, kind)
        });
    }

    /// Finds out what is at a path.
    pub fn look_for(&self, question: PathQuestion) {
        self.spawn(move || FileEvent::LookedFor(question.answer()));
    }

    /// Writes a file.
    pub fn save(&self, mut request: Box<SaveRequest>) {
        self.spawn(move || {
            let files = Files::default();
            let result = match request.kind {
                SaveKind::Project => request.save_project(&files),
                SaveKind::Design => save_design(&files, &request.path, &request.project).map(|()| Vec::new()),
            };
            FileEvent::Saved(request, result.map_err(|error| error.to_string()))
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

    /// Looks for the folder in which the desktop's own dialog is to open.
    pub fn browse(&self, browse: Browse) {
        self.spawn(move || {
            let folder = super::dialogs::folder_near(&browse.near);
            FileEvent::Near(browse, folder)
        });
    }

    /// Opens the desktop's own dialog.
    pub fn show_dialog(&self, browse: Browse, folder: Option<&Path>) {
        // On some systems the dialog must be made on the window's thread; its answer may be awaited on any.
        let answer = super::dialogs::desktop_dialog(&browse, folder);
        self.spawn(move || FileEvent::Browsed(browse, super::dialogs::wait(answer)));
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

impl State {
    /// Writes a file beside the window.
    pub fn write(&mut self, request: SaveRequest) {
        let name = request.path.file_name().unwrap_or(request.path.as_os_str());
        self.busy = Some(format!("Saving {}…", visible(&name.to_string_lossy())));
        self.effects.push(Effect::Save(Box::new(request)));
    }

    /// Takes in what a thread of the [`FileRoom`] answered.
    pub fn handle_file_event(&mut self, event: FileEvent) {
        match event {
            FileEvent::Opened(path, result) => self.opened(path, result),
            FileEvent::IsData(path, data) => self.offer_data(&path, data),
            FileEvent::Saved(request, result) => self.saved(*request, result),
            FileEvent::Browsed(browse, path) => {
                if let Some(path) = path {
                    self.take_path(&browse.target, path);
                }
            }
            FileEvent::LookedAt(path, kind) => self.take_found(path, kind),
            FileEvent::LookedFor(found) => self.path_found(found),
            FileEvent::Near(browse, folder) => self.effects.push(Effect::ShowDialog(browse, folder)),
            FileEvent::SetAside(SetAside { path, error }) => self.notices.say(
                Severity::Error,
                format!(
                    "Work of an earlier session cannot be read: {error}. It is kept, with its runs: {}",
                    visible_path(&path)
                ),
            ),
            FileEvent::Found(found) => {
                self.found = found;
                self.offer_found();
            }
            FileEvent::Recovered(recovery, Ok((store, opened))) => {
                self.warn(&opened.warnings);
                self.replace(opened.project, opened.runs, recovery.origin);
                self.base = opened.base;
                self.damaged = !opened.warnings.is_empty();
                self.runs_unsaved = true;
                self.effects.push(Effect::Adopt(store.clone()));
                self.store = Some(store);
                self.notices.say(
                    Severity::Info,
                    format!("Recovered “{}”. Save it to keep it.", visible(&recovery.name)),
                );
            }
            FileEvent::Recovered(recovery, Err(message)) => {
                self.notices.say(
                    Severity::Error,
                    format!("Could not recover “{}”: {message}", visible(&recovery.name)),
                );
            }
            FileEvent::Store(Ok(store)) => {
                self.store = Some(store);
                self.refresh(false);
            }
            FileEvent::Store(Err(message)) => self.notices.say(
                Severity::Warning,
                format!(
                    "Work cannot be kept safe against a crash: {message}. Save the project now and then."
                ),
            ),
            FileEvent::Quiet(message) => self.notices.log(Severity::Warning, message),
        }
    }

    fn opened(&mut self, path: PathBuf, result: Result<OpenedFile, String>) {
        self.busy = None;
        match result {
            Ok(file) => {
                match file {
                    OpenedFile::Project(opened) => {
                        self.warn(&opened.warnings);
                        self.replace(opened.project, opened.runs, Some(path.clone()));
                        self.damaged = !opened.warnings.is_empty();
                        self.base = opened.base;
                    }
                    // A design is a start; the project that grows from it gets a file of its own.
                    OpenedFile::Design(project) => self.replace(project, Vec::new(), None),
                }
                self.renew_store();
                self.note_seen();
                self.remember(&path);
                self.notices.log(Severity::Info, format!("Opened {}.", visible_path(&path)));
            }
            Err(message) => self.notices.say(Severity::Error, format!("Could not open: {message}")),
        }
    }

    fn offer_data(&mut self, path: &Path, data: DataInstead) {
        self.busy = None;
        let text = format!(
            "{} is {}, not a project or a design. It can be the data of the project on screen.",
            visible_path(path),
            data.what
        );
        self.notices.offer(Severity::Warning, text, Offer::Data(Box::new(data.source)));
    }

    fn saved(&mut self, request: SaveRequest, result: Result<Vec<MergeNote>, String>) {
        self.busy = None;
        let notes = match result {
            Ok(notes) => notes,
            Err(message) => {
                self.notices.say(
                    Severity::Error,
                    format!(
                        "Could not save: {message}. What was there before is whole; save to another place."
                    ),
                );
                return;
            }
        };
        self.remember(&request.path);
        self.notices.say(Severity::Info, format!("Saved {}.", visible_path(&request.path)));
        let name = request.path.file_name().unwrap_or_default().to_string_lossy();
        for note in &notes {
            let more = if note.is_only_in_file() { " Open the file again to see it." } else { "" };
            self.notices.say(Severity::Warning, format!("{}: {note}.{more}", visible(&name)));
        }
        let is_same = request.document == self.document;
        if request.kind == SaveKind::Project && is_same {
            let stand = |run: &Run| (run.id, RunStand::of(run));
            let changed = self.runs.iter().map(stand).ne(request.runs.iter().map(stand));
            self.runs_unsaved = changed || self.active_run().is_some();
            self.saved = request.project;
            self.used.extend(notes.iter().filter_map(MergeNote::highest_run));
            self.file = Some(request.path);
            self.base = request.base.unwrap_or_default();
            self.damaged = false;
            self.note_seen();
        }
        // What came while the file was written is not in it.
        match request.then {
            // A run under way is given up knowingly; one that has just ended is not.
            Some(then)
                if is_same
                    && self.project == self.saved
                    && (!self.runs_unsaved || self.active_run().is_some()) =>
            {
                self.go_on(then);
            }
            Some(then) => self.ask(then),
            None => {}
        }
    }

    fn take_path(&mut self, target: &Target, path: PathBuf) {
        match target {
            Target::Dialog => self.accept_path(path),
            Target::Source(field) => {
                self.history.settle(&self.project);
                field.set(&mut self.project.data.source, path);
                self.refresh(false);
            }
        }
    }

    /// The file a save goes to without a question.
    pub fn own_file(&self) -> Option<PathBuf> {
        self.file.clone().filter(|_| !self.damaged)
    }

    /// Leaves the workspace and begins another with the runs that are there.
    pub fn renew_store(&mut self) {
        self.store = None;
        self.effects.push(Effect::NewStore(self.runs.clone()));
    }

    /// Has the document in the file noted, so that a save after a crash knows what another program has changed.
    fn note_seen(&mut self) {
        if let (Some(file), Some(document)) = (&self.file, self.base.document()) {
            self.effects.push(Effect::Seen(file.clone(), document));
        }
    }

    fn warn(&mut self, warnings: &[String]) {
        for warning in warnings {
            self.notices.say(Severity::Warning, warning.clone());
        }
    }

    fn remember(&mut self, path: &Path) {
        crate::io::remember(&mut self.recent, path);
    }
}
