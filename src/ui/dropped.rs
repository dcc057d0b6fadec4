//! Files and folders dropped on the window.

use std::path::{Path, PathBuf};

use super::dialogs::Then;
use super::state::{Effect, State};
use crate::check::Severity;
use crate::dataset::source_for;
use crate::project::{Channels, Source};

/// Width and height pictures from the desktop are brought to at first.
pub const FIRST_SIDE_PX: usize = 32;

impl State {
    /// Takes a file or folder dropped on the window; data are looked at beside the window first.
    pub fn take_dropped(&mut self, path: PathBuf) {
        if is_project(&path) {
            self.ask(Then::OpenPath(path));
        } else {
            self.effects.push(Effect::LookAt(path));
        }
    }

    /// Makes these the data of the document, as one step that can be undone, and shows them.
    pub(super) fn use_data(&mut self, source: Source) {
        self.history.settle(&self.project);
        self.project.data.source = source;
        self.select(crate::project::Place::Data);
        self.view.show = Some(super::panels::views::Pane::Data);
        self.refresh(false);
    }

    /// Uses what was dropped for what it was found to be.
    pub(super) fn take_found(&mut self, path: PathBuf, kind: DropKind) {
        match kind {
            DropKind::Project => self.ask(Then::OpenPath(path)),
            DropKind::Data(source) => self.use_data(source),
            DropKind::Unknown(why) => {
                self.notices.say(Severity::Warning, format!("{why}; projects end in .hourglass or .ron."));
            }
        }
    }
}

/// What a file or folder from the desktop is taken for.
#[derive(Clone, Debug, PartialEq)]
pub enum DropKind {
    /// A project or a design, to be opened.
    Project,
    /// Data for the project on screen.
    Data(Source),
    /// Neither, and why.
    Unknown(String),
}

/// What will happen with a file or folder when it is let go, as far as its name tells.
pub fn promise(path: &Path) -> &'static str {
    if is_project(path) { "Open this project" } else { "Use as data" }
}

fn is_project(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("hourglass" | "ron"))
}

/// What a path is taken for; reads the beginning of the file, so it is nothing for the window's own thread.
pub fn drop_kind(path: &Path) -> DropKind {
    if is_project(path) {
        return DropKind::Project;
    }
    match source_for(path, FIRST_SIDE_PX, FIRST_SIDE_PX, Channels::Grey) {
        Ok(source) => DropKind::Data(source),
        Err(error) => DropKind::Unknown(error.to_string()),
    }
}
