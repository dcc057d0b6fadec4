//! Questions over the window, and the desktop's own file dialogs behind their Browse… buttons.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};

use super::editors::source::PathField;
use super::files::{SaveKind, SaveRequest};
pub use super::path_dialog::{PathDialog, Purpose};
use super::state::{Effect, State};
use crate::check::Severity;
use crate::io::Recovery;
use crate::project::{Recipe, is_hidden, visible_path};
use crate::run::RunId;

/// A question over the window.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// Which recipe to start from.
    New,
    /// A path to open or to save to.
    Path(PathDialog),
    /// Save first?
    Unsaved(Then),
    /// How many epochs more.
    TrainMore {
        /// The answer so far.
        epochs: u32,
    },
    /// How many threads train.
    Threads {
        /// One for each core.
        all: bool,
        /// As many, where not.
        count: usize,
    },
    /// Remove this run for good?
    RemoveRun(RunId),
    /// Work a crash left behind.
    Recover(Vec<Recovery>),
    /// All shortcuts.
    Shortcuts,
    /// Version and licences.
    About,
}

/// What to do once nothing can be lost any more.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Ask for a recipe.
    New,
    /// Ask for a file.
    Open,
    /// Open this file.
    OpenPath(PathBuf),
    /// Start from this recipe.
    Recipe(Recipe),
    /// Close the window.
    Quit,
}

/// A wish for the desktop's own file dialog.
#[derive(Clone, Debug)]
pub struct Browse {
    /// What the path is for.
    pub target: Target,
    /// What may be chosen.
    pub kind: BrowseKind,
    /// Where to start.
    pub near: PathBuf,
}

/// Where a chosen path goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The open path dialog.
    Dialog,
    /// A path of the data source.
    Source(PathField),
}

/// What may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum BrowseKind {
    /// A file with one of these endings.
    File(&'static str, &'static [&'static str]),
    /// A folder.
    Folder,
    /// A file that may not exist yet.
    Save(SaveKind),
}

impl Dialog {
    /// The question where to save.
    pub fn save(state: &State, kind: SaveKind) -> Dialog {
        let folder = state.file.as_ref().and_then(|file| file.parent()).map_or_else(home, Path::to_owned);
        let name = format!(
            "{}.{}",
            state.project.name.replace(|c| matches!(c, '/' | '\\') || is_hidden(c), "-"),
            kind.extension()
        );
        let path = match kind {
            SaveKind::Project if state.damaged => state.file.as_deref().map(beside),
            SaveKind::Project => state.file.clone(),
            SaveKind::Design => None,
        };
        let text = path.unwrap_or_else(|| folder.join(name)).display().to_string();
        Dialog::Path(PathDialog::new(Purpose::Save(kind, None), text))
    }
}

impl State {
    /// Does `then`, after asking where something would be lost.
    pub fn ask(&mut self, then: Then) {
        if self.is_modified() { self.dialog = Some(Dialog::Unsaved(then)) } else { self.go_on(then) }
    }

    /// Does `then`; whatever was there has been saved or given up.
    pub fn go_on(&mut self, then: Then) {
        self.dialog = match then {
            Then::New => Some(Dialog::New),
            Then::Open => {
                let folder =
                    self.recent.first().and_then(|path| path.parent()).map_or_else(home, Path::to_owned);
                let text = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
                Some(Dialog::Path(PathDialog::new(Purpose::Open, text)))
            }
            Then::OpenPath(path) => {
                let path = std::path::absolute(&path).unwrap_or(path);
                self.busy = Some(format!("Opening {}…", visible_path(&path)));
                self.effects.push(Effect::Open(path));
                None
            }
            Then::Recipe(recipe) => {
                self.replace(recipe.project(), Vec::new(), None);
                self.renew_store();
                None
            }
            Then::Quit => {
                self.effects.push(Effect::Quit);
                None
            }
        };
    }

    /// Offers work that a crash left behind, once nothing is being opened that would take its place, nor asked.
    pub(super) fn offer_found(&mut self) {
        if self.busy.is_none() && self.dialog.is_none() && !self.found.is_empty() {
            self.dialog = Some(Dialog::Recover(std::mem::take(&mut self.found)));
        }
    }

    /// Has work read back that a crash left behind, unless it would take the place of work that is not saved.
    pub(super) fn recover(&mut self, recovery: Recovery) {
        if self.is_modified() {
            let why = "The project on screen has changes that are not saved, and recovered work would take its place. \
                       Save it first: the work is offered again at the next start.";
            self.notices.say(Severity::Warning, why.to_owned());
        } else {
            self.effects.push(Effect::Recover(recovery));
        }
    }

    /// Answers the question whether to save first.
    pub fn answer_unsaved(&mut self, then: Then, save: bool) {
        self.dialog = None;
        if !save {
            self.go_on(then);
            return;
        }
        if let Some(path) = self.own_file() {
            let request = SaveRequest::new(self, path, SaveKind::Project, Some(then));
            self.write(request);
        } else if let Dialog::Path(mut dialog) = Dialog::save(self, SaveKind::Project) {
            dialog.purpose = Purpose::Save(SaveKind::Project, Some(then));
            self.dialog = Some(Dialog::Path(dialog));
        }
    }

    /// Asks for the desktop's dialog for one of the data source's paths.
    pub fn browse_source(&mut self, field: PathField) {
        let near = field.get(&self.project.data.source).unwrap_or_default();
        let browse =
            Browse { kind: field.kind(&self.project.data.source), target: Target::Source(field), near };
        self.effects.push(Effect::Browse(browse));
    }
}

/// Another name beside a file.
fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}-copy.{}", SaveKind::Project.extension()))
}

fn home() -> PathBuf {
    directories::UserDirs::new().map_or_else(PathBuf::new, |dirs| dirs.home_dir().to_owned())
}

/// The folder at or above a path, where it exists; may take long to find.
pub fn folder_near(path: &Path) -> Option<PathBuf> {
    [Some(path), path.parent()].into_iter().flatten().find(|folder| folder.is_dir()).map(Path::to_owned)
}

#[expect(clippy::disallowed_types, reason = "the one place that knows the desktop's dialogs")]
type Answer = Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

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
            Box::pin(dialog.set_file_name(name).add_filter("Hourglass", &[kind.extension()]).save_file())
        }
    }
}

/// Waits for the answer of the desktop's dialog; only for threads beside the window.
pub fn wait(answer: Answer) -> Option<PathBuf> {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = TaskContext::from_waker(&waker);
    let mut answer = pin!(answer);
    loop {
        match answer.as_mut().poll(&mut context) {
            Poll::Ready(handle) => return handle.map(|handle| handle.path().to_owned()),
            Poll::Pending => std::thread::park(),
        }
    }
}
