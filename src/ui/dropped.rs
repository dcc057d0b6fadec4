//! Files and folders dropped on the window.

use std::path::{Path, PathBuf};

use super::dialogs::Then;
use super::state::State;
use crate::check::Severity;
use crate::dataset::source_for;
use crate::project::{Channels, Source};

/// Width and height pictures from the desktop are brought to at first.
const FIRST_SIDE_PX: usize = 32;

impl State {
    /// Takes a file or folder dropped on the window.
    pub fn take_dropped(&mut self, path: PathBuf) {
        match drop_kind(&path) {
            DropKind::Project => self.ask(Then::OpenPath(path)),
            DropKind::Data(source) => {
                self.history.settle(&self.project);
                self.project.data.source = source;
                self.select(crate::check::Place::Data);
                self.view.show = Some(super::panels::views::Pane::Data);
                self.refresh(false);
            }
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

impl DropKind {
    /// What will happen when it is let go.
    pub fn promise(&self) -> String {
        match self {
            DropKind::Project => "Open this project".to_owned(),
            DropKind::Data(source) => format!("Use as data: {}", source.name()),
            DropKind::Unknown(_) => "Neither a project nor data".to_owned(),
        }
    }
}

/// What a path is taken for; looks at a few bytes of it at most.
pub fn drop_kind(path: &Path) -> DropKind {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if matches!(ending.as_deref(), Some("hourglass" | "ron")) {
        return DropKind::Project;
    }
    match source_for(path, FIRST_SIDE_PX, FIRST_SIDE_PX, Channels::Grey) {
        Ok(source) => DropKind::Data(source),
        Err(error) => DropKind::Unknown(error.to_string()),
    }
}
