//! Files to be written.

use std::path::PathBuf;

use super::then::Then;
use crate::io::{FileError, Files, MergeBase, MergeNote};
use crate::project::Project;
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
    pub(in crate::ui) project: Project,
    pub(in crate::ui) runs: Vec<Run>,
    pub(in crate::ui) document: u64,
    /// The file as it was last seen; `None` at another place, where whatever is there may be replaced.
    pub(in crate::ui) base: Option<MergeBase>,
}

impl SaveRequest {
    /// Writes the project with its runs.
    ///
    /// # Errors
    /// The file that could not be read or written, and why.
    pub fn save_project(&mut self, files: &Files) -> Result<Vec<MergeNote>, FileError> {
        let base = self.base.get_or_insert_with(|| MergeBase::replacing(&self.path));
        base.save(files, &self.path, &self.project, &self.runs)
    }
}
