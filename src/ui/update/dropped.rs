//! Files and folders dropped on the window.

use std::path::PathBuf;

use crate::check::Severity;
use crate::project::{Place, Source};
use crate::ui::files::{DropKind, is_project};
use crate::ui::state::{DATA_VIEW, Effect, State, Then};

impl State {
    /// Takes a file or folder dropped on the window; data are looked at on another thread first.
    pub fn take_dropped(&mut self, path: PathBuf) {
        if is_project(&path) {
            self.ask(Then::OpenPath(path));
        } else {
            self.effects.push(Effect::LookAt(path));
        }
    }

    /// Makes these the data of the document, as one step that can be undone, and shows them.
    pub fn use_data(&mut self, source: Source) {
        self.edit(|project, _| project.data.source = source);
        self.select(Place::Data);
        self.view.show = Some(DATA_VIEW);
        self.refresh(false);
    }

    /// Uses what was dropped for what it was found to be.
    pub(super) fn use_dropped(&mut self, path: PathBuf, kind: DropKind) {
        match kind {
            DropKind::Project => self.ask(Then::OpenPath(path)),
            DropKind::Data(source) => self.use_data(source),
            DropKind::Unknown(why) => {
                self.notices.say(Severity::Warning, format!("{why}; projects end in .hourglass or .ron."));
            }
        }
    }
}
