//! What the threads of files answer, taken into the [`State`].

use std::path::{Path, PathBuf};

use crate::check::Severity;
use crate::dataset::DataInstead;
use crate::io::{MergeNote, OpenedFile, RunStand, SetAside};
use crate::project::{visible, visible_path};
use crate::run::Run;
use crate::ui::files::FileEvent;
use crate::ui::state::{Effect, Offer, SaveKind, SaveRequest, State, Target};

impl State {
    /// Takes in what a thread of the [`FileRoom`](crate::ui::files::FileRoom) answered.
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
                self.proceed(then);
            }
            Some(then) => self.ask(then),
            None => {}
        }
    }

    fn take_path(&mut self, target: &Target, path: PathBuf) {
        match target {
            Target::Dialog => self.accept_path(path),
            Target::Source(field) => {
                self.edit(|project, _| field.set(&mut project.data.source, path));
                self.refresh(false);
            }
        }
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
