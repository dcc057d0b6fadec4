//! Files to be written.

use std::path::PathBuf;
use std::sync::Arc;

use super::figures::FigureRequest;
use super::then::Then;
use crate::dataset::Dataset;
use crate::figure::Form;
use crate::io::{FileError, Files, MergeBase, MergeNote, save_design};
use crate::project::{Project, Source};
use crate::run::Run;
use crate::session::{Exported, export_pictures, export_table};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveKind {
    /// The design with all runs, `.hourglass`.
    Project,
    /// The design alone, `.ron`.
    Design,
    /// The selection as a table, `.csv`.
    Table,
    /// The selection as a new folder of pictures.
    Pictures,
    /// A figure of a view; in this form unless its name says another one.
    Figure(Form),
}

impl SaveKind {
    /// The ending of its files; empty for a folder.
    pub fn extension(self) -> &'static str {
        match self {
            SaveKind::Project => "hourglass",
            SaveKind::Design => "ron",
            SaveKind::Table => "csv",
            SaveKind::Pictures => "",
            SaveKind::Figure(form) => form.ending(),
        }
    }

    /// Whether what is written can be opened again.
    pub fn is_document(self) -> bool {
        match self {
            SaveKind::Project | SaveKind::Design => true,
            SaveKind::Table | SaveKind::Pictures | SaveKind::Figure(_) => false,
        }
    }
}

/// Rows that are exported.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The data.
    pub data: Arc<Dataset>,
    /// Where they came from.
    pub source: Source,
    /// The rows.
    pub rows: Vec<u32>,
    /// Errors by row of the data, NaN where they are not known; empty where none are.
    pub errors: Vec<f32>,
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
    /// What is written of an export.
    pub(in crate::ui) exported: Option<ExportRequest>,
    /// The figure that is written.
    pub(in crate::ui) figure: Option<FigureRequest>,
    pub(in crate::ui) document: u64,
    /// The file as it was last seen; `None` at another place, where whatever is there may be
    /// replaced.
    pub(in crate::ui) base: Option<MergeBase>,
}

impl SaveRequest {
    /// Writes the file.
    ///
    /// # Errors
    /// The file that could not be read or written, and why.
    pub fn save(&mut self, files: &Files) -> Result<Vec<MergeNote>, FileError> {
        let rows = self.exported.as_ref().map(|request| {
            let ExportRequest { data, rows, errors, source } = request;
            (source, Exported { data, rows, errors })
        });
        match (self.kind, rows) {
            (SaveKind::Project, _) => return self.save_project(files),
            (SaveKind::Design, _) => save_design(files, &self.path, &self.project)?,
            (SaveKind::Table, Some((_, rows))) => export_table(files, &self.path, rows)?,
            (SaveKind::Pictures, Some((source, rows))) => {
                export_pictures(files, &self.path, source, rows)?;
            }
            (SaveKind::Figure(_), _) => {
                if let Some(figure) = &self.figure {
                    figure.save(files, &self.path)?;
                }
            }
            (SaveKind::Table | SaveKind::Pictures, None) => {}
        }
        Ok(Vec::new())
    }

    /// Writes the project with its runs.
    ///
    /// # Errors
    /// The file that could not be read or written, and why.
    pub fn save_project(&mut self, files: &Files) -> Result<Vec<MergeNote>, FileError> {
        let base = self.base.get_or_insert_with(|| MergeBase::replacing(&self.path));
        base.save(files, &self.path, &self.project, &self.runs)
    }
}
