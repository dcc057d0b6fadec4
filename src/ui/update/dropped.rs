//! Files and folders dropped on the window.

use std::path::PathBuf;

use crate::check::Severity;
use crate::project::Place;
use crate::ui::files::{DropKind, is_project};
use crate::ui::state::{DATA_VIEW, Effect, State, Then};

impl State {
    /// Takes a file or folder dropped on the window; data are looked at beside the window first.
    pub fn take_dropped(&mut self, path: PathBuf) {
        if is_project(&path) {
            self.ask(Then::OpenPath(path));
        } else {
            self.effects.push(Effect::LookAt(path));
        }
    }

    /// Uses what was dropped for what it was found to be.
    pub(super) fn take_found(&mut self, path: PathBuf, kind: DropKind) {
        match kind {
            DropKind::Project => self.ask(Then::OpenPath(path)),
            DropKind::Data(source) => {
                self.history.settle(&self.project);
                self.project.data.source = source;
                self.select(Place::Data);
                self.view.show = Some(DATA_VIEW);
                self.refresh(false);
            }
            DropKind::Unknown(why) => {
                self.notices.say(Severity::Warning, format!("{why}; projects end in .hourglass or .ron."));
            }
        }
    }
}
