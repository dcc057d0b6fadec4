//! The document and its file: confirmations before something is lost, where to save, what to open
//! next.

use std::mem::take;
use std::path::{Path, PathBuf};

use crate::check::Severity;
use crate::io::Recovery;
use crate::project::{Place, Project, Recipe, Source, is_hidden, visible, visible_path};
use crate::run::Run;
use crate::session::Request;
use crate::ui::state::{
    Browse, BrowseKind, Dialog, Effect, Offer, OwnData, PathDialog, PathField, PathFound, PendingAction,
    Purpose, SaveKind, SaveRequest, Sources, State, StoreRequest, Target, with_ending,
};

impl State {
    /// Replaces the document with an opened file or a recipe. Nothing of the old one is kept.
    pub fn replace(&mut self, project: Project, runs: Vec<Run>, file: Option<PathBuf>) {
        for run in self.unfinished() {
            self.abandon(run);
        }
        if self.showing.progress.is_some() {
            self.send(Request::CancelShow);
        }
        self.end_rate_search();
        self.notices.leave_document();
        // Everything not listed here is reset.
        *self = State {
            document: self.document + 1,
            shown_run: runs.iter().rfind(|run| !run.caption.is_hidden).map(|run| run.id),
            used: runs.iter().map(|run| run.id).collect(),
            runs,
            file,
            orphans: take(&mut self.orphans),
            next_job: self.next_job,
            data: take(&mut self.data),
            view: take(&mut self.view),
            selection: take(&mut self.selection).emptied(),
            dialog: self.dialog.take().filter(|dialog| !dialog.is_of_document()),
            notices: take(&mut self.notices),
            effects: take(&mut self.effects),
            recent: take(&mut self.recent),
            threads: self.threads,
            store: self.store.take(),
            busy: self.busy.take(),
            found: take(&mut self.found),
            has_opened: self.has_opened,
            ..State::new(project)
        };
        self.view.runs_table.page = None;
        self.offer_rules();
        self.refresh(false);
    }

    /// Saves the project to its file, or asks for one.
    pub fn save(&mut self) {
        match self.own_file() {
            Some(path) => self.write(self.save_request(path, SaveKind::Project, None)),
            None => self.ask_where(SaveKind::Project),
        }
    }

    /// Performs `then`, after asking if something would be lost.
    pub fn ask(&mut self, then: PendingAction) {
        if self.is_modified() { self.dialog = Some(Dialog::Unsaved(then)) } else { self.proceed(then) }
    }

    /// Performs `then`; everything has been saved or discarded.
    pub fn proceed(&mut self, then: PendingAction) {
        self.dialog = match then {
            PendingAction::New => Some(Dialog::New),
            PendingAction::Open => {
                let folder =
                    self.recent.first().and_then(|path| path.parent()).map_or_else(home, Path::to_owned);
                let text = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
                Some(Dialog::Path(PathDialog::new(Purpose::Open, text)))
            }
            PendingAction::OpenPath(path) => {
                let path = std::path::absolute(&path).unwrap_or(path);
                self.busy = Some(format!("Opening {}…", visible_path(&path)));
                self.effects.push(Effect::Open(path));
                None
            }
            PendingAction::Recipe(recipe) => {
                self.replace(recipe.project(), Vec::new(), None);
                self.renew_store();
                None
            }
            PendingAction::Quit => {
                self.effects.push(Effect::Quit);
                None
            }
        };
    }

    /// Starts a project with the user's own data, and asks for their path.
    pub fn start_on(&mut self, own: OwnData) {
        let (recipe, name) = match own {
            OwnData::Pictures => (Recipe::Undercomplete, "my pictures"),
            OwnData::Table => (Recipe::Tabular, "my table"),
        };
        let is_own = |source: &Source| match own {
            OwnData::Pictures => matches!(source, Source::ImageFolder { .. }),
            OwnData::Table => matches!(source, Source::Csv { .. }),
        };
        let mut project = Project { name: name.to_owned(), ..recipe.project() };
        if let Some(source) = Sources::default().0.into_iter().find(is_own) {
            project.data.source = source;
        }
        self.replace(project, Vec::new(), None);
        self.renew_store();
        self.go_to(Place::Data);
        self.browse_source(PathField::Main);
    }

    /// Offers work left by a crash, unless a file is being opened or a dialog is open. An
    /// explicitly opened file takes precedence; work on another file is then offered in a
    /// notification.
    pub(super) fn offer_found(&mut self) {
        if self.busy.is_some() || self.dialog.is_some() || self.found.is_empty() {
            return;
        }
        let found = take(&mut self.found);
        let is_of_file = |recovery: &Recovery| self.file.is_some() && recovery.origin == self.file;
        if !self.has_opened || found.iter().any(is_of_file) {
            self.dialog = Some(Dialog::Recover(found));
            return;
        }
        let names: Vec<_> =
            found.iter().take(3).map(|recovery| format!("“{}”", visible(&recovery.name))).collect();
        let more = if found.len() > names.len() { ", …" } else { "" };
        let text = format!("The program ended before other work was saved: {}{more}.", names.join(", "));
        self.notices.offer(Severity::Warning, text, Offer::Recover(found));
    }

    /// Recovers work left by a crash, unless it would replace unsaved work.
    pub fn recover(&mut self, recovery: Recovery) {
        if self.is_modified() {
            let why = "The project on screen has changes that are not saved, and recovered work would take its place. \
                       Save it first: the work is offered again at the next start.";
            self.notices.say(Severity::Warning, why.to_owned());
        } else {
            self.effects.push(Effect::Recover(recovery));
        }
    }

    /// Handles the user's answer on whether to save first.
    pub fn answer_unsaved(&mut self, then: PendingAction, save: bool) {
        self.dialog = None;
        if !save {
            self.proceed(then);
            return;
        }
        if let Some(path) = self.own_file() {
            let request = self.save_request(path, SaveKind::Project, Some(then));
            self.write(request);
        } else {
            let mut dialog = self.save_dialog(SaveKind::Project);
            dialog.purpose = Purpose::Save(SaveKind::Project, Some(then));
            self.dialog = Some(Dialog::Path(dialog));
        }
    }

    /// Requests the desktop's dialog for one of the data source's paths.
    pub fn browse_source(&mut self, field: PathField) {
        let near = field.get(&self.project.data.source).unwrap_or_default();
        let browse = Browse {
            kind: BrowseKind::of(field, &self.project.data.source),
            target: Target::Source(field),
            near,
        };
        self.effects.push(Effect::Browse(browse));
    }

    /// Asks where to save.
    pub fn ask_where(&mut self, kind: SaveKind) {
        self.dialog = Some(Dialog::Path(self.save_dialog(kind)));
    }

    /// The dialog that asks where to save.
    fn save_dialog(&self, kind: SaveKind) -> PathDialog {
        let folder = self.save_folder();
        let stem = self.project.name.replace(|c| matches!(c, '/' | '\\') || is_hidden(c), "-");
        let name = match kind {
            SaveKind::Project | SaveKind::Design => PathBuf::from(stem),
            SaveKind::Table | SaveKind::Pictures | SaveKind::Results(_) => {
                PathBuf::from(format!("{stem}-selection"))
            }
            SaveKind::Restored => PathBuf::from(format!("{stem}-reconstructions")),
            SaveKind::Figure(form) => self.figure_name(form),
        };
        let name = with_ending(name, kind);
        let path = match kind {
            SaveKind::Project if self.damaged => self.file.as_deref().map(sibling_path),
            SaveKind::Project => self.file.clone(),
            SaveKind::Design
            | SaveKind::Table
            | SaveKind::Pictures
            | SaveKind::Restored
            | SaveKind::Results(_)
            | SaveKind::Figure(_) => None,
        };
        let text = path.unwrap_or_else(|| folder.join(name)).display().to_string();
        PathDialog::new(Purpose::Save(kind, None), text)
    }

    /// The suggested folder for saving: the last chosen one, else that of the project.
    pub(super) fn save_folder(&self) -> PathBuf {
        let of_project = || self.file.as_ref()?.parent().map(Path::to_owned);
        self.saved_in.clone().or_else(of_project).unwrap_or_else(home)
    }

    /// Records where something is saved, to suggest the same folder next time.
    pub(super) fn remember_folder(&mut self, file: &Path) {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        self.saved_in = folder.map(Path::to_owned);
    }

    /// Handles the answer of the open path dialog.
    pub fn accept_path(&mut self, path: PathBuf) {
        let dialog = match self.dialog.take() {
            Some(Dialog::Path(dialog)) => dialog,
            Some(Dialog::Export(dialog)) => return self.accept_export(dialog, path),
            Some(
                Dialog::New
                | Dialog::Dropped(_)
                | Dialog::Unsaved(_)
                | Dialog::TrainMore { .. }
                | Dialog::Threads { .. }
                | Dialog::FindRate
                | Dialog::Recover(_)
                | Dialog::Guide
                | Dialog::Shortcuts
                | Dialog::About,
            )
            | None => return,
        };
        match dialog.purpose {
            Purpose::Open => self.proceed(PendingAction::OpenPath(path)),
            Purpose::Show(run) => {
                self.show_to(run, vec![path], dialog.mask.mask(), dialog.size.size());
            }
            Purpose::Save(kind, then) => {
                let full = with_ending(path.clone(), kind);
                if full == path {
                    self.remember_folder(&full);
                    let request = self.save_request(full, kind, then);
                    self.write(request);
                } else {
                    // Any confirmation to replace a file was for the name without the extension.
                    let text = full.display().to_string();
                    let mut dialog = PathDialog::new(Purpose::Save(kind, then), text);
                    (dialog.exact, dialog.is_accepted) = (Some(full), true);
                    self.dialog = Some(Dialog::Path(dialog));
                }
            }
        }
    }

    /// Handles the check of a path; an accepted path is used.
    pub fn path_found(&mut self, found: PathFound) {
        if let Some(path) = self.path_dialog().and_then(|dialog| dialog.handle_found(found)) {
            self.accept_path(path);
        }
    }

    /// The open path dialog, if any.
    pub(super) fn path_dialog(&mut self) -> Option<&mut PathDialog> {
        match &mut self.dialog {
            Some(Dialog::Path(dialog)) => Some(dialog),
            Some(Dialog::Export(dialog)) => Some(&mut dialog.path),
            Some(
                Dialog::New
                | Dialog::Dropped(_)
                | Dialog::Unsaved(_)
                | Dialog::TrainMore { .. }
                | Dialog::Threads { .. }
                | Dialog::FindRate
                | Dialog::Recover(_)
                | Dialog::Guide
                | Dialog::Shortcuts
                | Dialog::About,
            )
            | None => None,
        }
    }

    /// A request to save the current work.
    pub fn save_request(&self, path: PathBuf, kind: SaveKind, then: Option<PendingAction>) -> SaveRequest {
        let runs = match kind {
            SaveKind::Project => self.runs.clone(),
            SaveKind::Design
            | SaveKind::Table
            | SaveKind::Pictures
            | SaveKind::Restored
            | SaveKind::Results(_)
            | SaveKind::Figure(_) => Vec::new(),
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        // The user confirmed replacing a file at another path; it is read when it is replaced.
        let base = (self.file.as_ref() == Some(&path)).then(|| self.base.clone());
        let exported = match kind {
            SaveKind::Table | SaveKind::Pictures | SaveKind::Restored => self.export_request(),
            SaveKind::Project | SaveKind::Design | SaveKind::Results(_) | SaveKind::Figure(_) => None,
        };
        let figure = self.figures.request().filter(|_| matches!(kind, SaveKind::Figure(_)));
        let (project, document) = (self.project.clone(), self.document);
        SaveRequest { path, kind, then, project, runs, exported, results: None, figure, document, base }
    }

    /// Writes a file on another thread.
    pub fn write(&mut self, request: SaveRequest) {
        let name = request.path.file_name().unwrap_or(request.path.as_os_str());
        self.busy = Some(format!("Saving {}…", visible(&name.to_string_lossy())));
        self.effects.push(Effect::Save(Box::new(request)));
    }

    /// The file that is saved to without asking.
    pub fn own_file(&self) -> Option<PathBuf> {
        self.file.clone().filter(|_| !self.damaged)
    }

    /// Saves every completed change to the live store once a crash could lose something, and marks
    /// it as saved afterwards.
    pub(super) fn keep_if_changed(&mut self) {
        if self.store.is_some() && !self.is_modified() && self.kept.take().is_some() {
            self.effects.push(Effect::Store(StoreRequest::Settle));
        }
        if self.store.is_some() && self.is_modified() && self.kept.as_ref() != Some(&self.project) {
            self.kept = Some(self.project.clone());
            let design = StoreRequest::Design(Box::new(self.project.clone()), self.file.clone());
            self.effects.push(Effect::Store(design));
        }
    }

    /// Closes the workspace and starts another with the current runs.
    pub fn renew_store(&mut self) {
        self.store = None;
        self.effects.push(Effect::Store(StoreRequest::Renew(self.runs.clone())));
    }
}

/// An unused name next to a file.
fn sibling_path(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}-copy.{}", SaveKind::Project.extension()))
}

fn home() -> PathBuf {
    directories::UserDirs::new().map_or_else(PathBuf::new, |dirs| dirs.home_dir().to_owned())
}
