//! Applies the answers of the file threads to the [`State`].

use std::path::{Path, PathBuf};

use crate::check::Severity;
use crate::dataset::DataInstead;
use crate::io::{FileError, MergeNote, Opened, OpenedFile, Recovery, RunVersion, SetAside, Store};
use crate::project::{Place, visible, visible_path};
use crate::run::Run;
use crate::ui::files::FileEvent;
use crate::ui::state::{
    Chooser, Dialog, Effect, Offer, PathDialog, Purpose, SaveKind, SaveRequest, State, StoreRequest, Target,
};

/// Beginning of notifications about a file that could not be opened or saved.
const NOT_OPENED: &str = "Could not open";
const NOT_SAVED: &str = "Could not save";

impl State {
    /// Handles an answer of a thread of the [`FileThreads`](crate::ui::files::FileThreads).
    pub fn handle_file_event(&mut self, event: FileEvent) {
        match event {
            FileEvent::Opened(path, result) => self.opened(path, result),
            FileEvent::IsData(path, data) => self.offer_data(&path, data),
            FileEvent::Saved(request, result) => self.saved(*request, result),
            FileEvent::Copied(title, result) => self.copied(&title, result),
            FileEvent::Browsed(browse, path) => {
                if let Some(path) = path {
                    self.handle_path(&browse.target, path);
                }
            }
            FileEvent::NoDialog(browse) => self.offer_typing(&browse.target),
            FileEvent::PathsIdentified(found) => self.use_dropped(found),
            FileEvent::PathChecked(found) => self.path_found(found),
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
            FileEvent::Recovered(recovery, result) => self.recovered(recovery, result),
            FileEvent::Store(Ok(store)) => {
                self.store = Some(store);
                self.refresh(false);
            }
            FileEvent::Store(Err(message)) => self.notices.say(
                Severity::Warning,
                format!(
                    "Unsaved work cannot be backed up against a crash: {message}. Save the project often."
                ),
            ),
            FileEvent::Quiet(message) => self.notices.log(Severity::Warning, message),
        }
    }

    fn opened(&mut self, path: PathBuf, result: Result<OpenedFile, String>) {
        self.busy = None;
        match result {
            Ok(file) => {
                self.has_opened = true;
                self.notices.remove_outdated(NOT_OPENED);
                match file {
                    OpenedFile::Project(opened) => self.handle_opened(opened, Some(path.clone())),
                    // A design is only a starting point; the project created from it gets its own
                    // file.
                    OpenedFile::Design(project) => self.replace(project, Vec::new(), None),
                }
                self.renew_store();
                self.note_seen();
                self.remember(&path);
                self.notices.log(Severity::Info, format!("Opened {}.", visible_path(&path)));
            }
            Err(message) => self.notices.say(Severity::Error, format!("{NOT_OPENED}: {message}")),
        }
    }

    fn recovered(&mut self, recovery: Recovery, result: Result<(Store, Opened), String>) {
        let name = visible(&recovery.name);
        match result {
            Ok((store, opened)) => {
                self.handle_opened(opened, recovery.origin);
                self.runs_unsaved = true;
                self.effects.push(Effect::Store(StoreRequest::Adopt(store.clone())));
                self.store = Some(store);
                self.notices.say(Severity::Info, format!("Recovered “{name}”. Save it to keep it."));
            }
            Err(message) => {
                self.notices.say(Severity::Error, format!("Could not recover “{name}”: {message}"));
            }
        }
    }

    /// Opens a project that was read, with information about its file.
    fn handle_opened(&mut self, opened: Opened, file: Option<PathBuf>) {
        for warning in &opened.warnings {
            self.notices.say(Severity::Warning, warning.clone());
        }
        self.replace(opened.project, opened.runs, file);
        self.damaged = !opened.warnings.is_empty();
        self.base = opened.base;
    }

    fn offer_data(&mut self, path: &Path, data: DataInstead) {
        self.busy = None;
        self.has_opened = true;
        let text = format!(
            "{} is {}, not a project or a design. It can be the data of the project on screen.",
            visible_path(path),
            data.what
        );
        self.notices.offer(Severity::Warning, text, Offer::Data(Box::new(data.source)));
    }

    fn saved(&mut self, request: SaveRequest, result: Result<Vec<MergeNote>, FileError>) {
        self.busy = None;
        let notes = match result {
            Ok(notes) => notes,
            Err(FileError::Cancelled { .. }) => {
                let path = visible_path(&request.path);
                let text = format!("Cancelled the export to {path}. Nothing was written.");
                self.notices.say(Severity::Info, text);
                return;
            }
            Err(message) => {
                self.notices.say(
                    Severity::Error,
                    format!("{NOT_SAVED}: {message}. The previous file is intact; save to another place."),
                );
                return;
            }
        };
        self.notices.remove_outdated(NOT_SAVED);
        if request.kind.is_document() {
            self.remember(&request.path);
        }
        self.notices.say(Severity::Info, format!("Saved {}.", visible_path(&request.path)));
        let name = request.path.file_name().unwrap_or_default().to_string_lossy();
        for note in &notes {
            let more = if note.is_only_in_file() { " Open the file again to see it." } else { "" };
            self.notices.say(Severity::Warning, format!("{}: {note}.{more}", visible(&name)));
        }
        let is_same = request.document == self.document;
        if request.kind == SaveKind::Project && is_same {
            let version = |run: &Run| (run.id, RunVersion::of(run));
            let changed = self.runs.iter().map(version).ne(request.runs.iter().map(version));
            self.runs_unsaved = changed || self.active_run().is_some();
            self.saved = request.project;
            self.used.extend(notes.iter().filter_map(MergeNote::highest_run));
            self.file = Some(request.path);
            self.base = request.base.unwrap_or_default();
            self.damaged = false;
            self.note_seen();
        }
        // Changes made while the file was being written are not in it.
        match request.then {
            // The user knows that a run in progress is discarded, but not that it has just ended.
            Some(then)
                if is_same
                    && self.project == self.saved
                    && (!self.runs_unsaved || self.active_run().is_some()) =>
            {
                self.proceed(then);
            }
            Some(then) => self.ask(then),
            None => {}
        }
    }

    /// Says where to type a path, because the desktop has no dialog.
    fn offer_typing(&mut self, target: &Target) {
        match target {
            Target::Dialog | Target::Mask => {
                if let Some(dialog) = self.path_dialog() {
                    dialog.chooser = Chooser::Typing;
                }
            }
            Target::Source(_) => {
                self.go_to(Place::Data);
                let text = "This desktop has no file dialog to show: type or paste the path into its field on the card \
                            Input, or drop the file on the window.";
                self.notices.say(Severity::Warning, text.to_owned());
            }
        }
    }

    fn handle_path(&mut self, target: &Target, path: PathBuf) {
        match target {
            // A mask may still be chosen.
            Target::Dialog if self.can_have_mask() => {
                if let Some(dialog) = self.path_dialog() {
                    dialog.take(path);
                }
            }
            Target::Dialog => self.accept_path(path),
            Target::Mask => {
                if let Some(dialog) = self.path_dialog() {
                    dialog.mask.text = path.display().to_string();
                }
            }
            Target::Source(field) => {
                let before = self.project.data.source.clone();
                self.edit(|project, _| field.set(&mut project.data.source, path));
                self.note_entered(&before);
                self.refresh(false);
            }
        }
    }

    /// Whether the open dialog shows files to a network that fills holes in pictures.
    pub fn can_have_mask(&self) -> bool {
        let Some(Dialog::Path(PathDialog { purpose: Purpose::Show(run), .. })) = &self.dialog else {
            return false;
        };
        self.find_run(*run).is_some_and(Run::fills_holes)
    }

    /// Records the document contained in the file, so that saving after a crash detects changes by
    /// other programs.
    fn note_seen(&mut self) {
        if let (Some(file), Some(document)) = (&self.file, self.base.document()) {
            self.effects.push(Effect::Store(StoreRequest::Seen(file.clone(), document)));
        }
    }

    fn remember(&mut self, path: &Path) {
        crate::io::remember(&mut self.recent, path);
    }
}
