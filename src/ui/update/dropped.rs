//! Files and folders dropped on the window.

use std::path::PathBuf;

use super::showing::is_alike;
use crate::check::Severity;
use crate::project::{Place, Source, visible_path};
use crate::ui::files::{DropKind, is_project};
use crate::ui::state::{DATA_VIEW, Dialog, Dropped, Effect, PendingAction, SizeField, State};

impl State {
    /// Handles files and folders dropped together on the window. Data are first checked on another
    /// thread.
    pub fn handle_dropped(&mut self, paths: Vec<PathBuf>) {
        let project = paths.iter().find(|path| is_project(path)).cloned();
        match project {
            Some(path) => self.ask(PendingAction::OpenPath(path)),
            None if paths.is_empty() => {}
            None => self.effects.push(Effect::IdentifyPaths(paths)),
        }
    }

    /// Uses these as the data of the document, as one undo step, and shows them.
    pub fn use_data(&mut self, source: Source) {
        self.edit(|project, _| project.data.source = source);
        self.select(Place::Data);
        self.view.show = Some(DATA_VIEW);
        self.refresh(false);
    }

    /// Uses dropped files according to their kind. Asks the user if the data could be shown to a
    /// trained run.
    pub(super) fn use_dropped(&mut self, found: Vec<(PathBuf, DropKind)>) {
        let (mut paths, mut sources) = (Vec::new(), Vec::new());
        for (path, kind) in found {
            match kind {
                DropKind::Project => return self.ask(PendingAction::OpenPath(path)),
                DropKind::Data(source) => {
                    paths.push(path);
                    sources.push(source);
                }
                DropKind::Unknown(why) => {
                    self.notices
                        .say(Severity::Warning, format!("{why}; projects end in .hourglass or .ron."));
                }
            }
        }
        let run = self.trained_run().map(|run| (run.id, sources.iter().all(|source| is_alike(run, source))));
        let Some(source) = sources.into_iter().next() else { return };
        match run {
            Some((run, is_alike)) if self.dialog.is_none() => {
                self.dialog = Some(Dialog::Dropped(Dropped {
                    paths,
                    source,
                    run,
                    is_alike,
                    size: SizeField::default(),
                }));
            }
            Some(_) => {
                let text = "Answer the open question first, then drop the files again.";
                self.notices.say(Severity::Warning, text);
            }
            None => self.use_first(&paths, source),
        }
    }

    /// Uses the first of some files as the data of the document.
    pub fn use_first(&mut self, paths: &[PathBuf], source: Source) {
        if let [first, _, ..] = paths {
            let text = format!(
                "Only {} is used: a design has one file or folder as data. Drop a folder to use all files in it.",
                visible_path(first)
            );
            self.notices.say(Severity::Warning, text);
        }
        self.use_data(source);
    }
}
