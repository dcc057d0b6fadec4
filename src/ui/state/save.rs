//! Files to be written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::export::ExportForm;
use super::figures::FigureRequest;
use super::then::Then;
use crate::dataset::Dataset;
use crate::figure::Form;
use crate::io::{FileError, Files, MergeBase, MergeNote, TableForm, save_design, save_weights};
use crate::project::{Project, Source};
use crate::run::{HeldWeights, Run};
use crate::session::{Exported, ResultsExport, ResultsForm, Trial, export_pictures, export_table};

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
    /// What the shown run's network makes of the selection, as a new folder of pictures.
    Restored,
    /// What was chosen in the dialog for exports.
    Results(ExportForm),
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
            SaveKind::Pictures | SaveKind::Restored => "",
            SaveKind::Results(form) => form.extension(),
            SaveKind::Figure(form) => form.ending(),
        }
    }

    /// Whether what is written can be opened again.
    pub fn is_document(self) -> bool {
        match self {
            SaveKind::Project | SaveKind::Design => true,
            SaveKind::Table
            | SaveKind::Pictures
            | SaveKind::Restored
            | SaveKind::Results(_)
            | SaveKind::Figure(_) => false,
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
    /// The shown run's network with the data as they are, where it has weights.
    pub trial: Option<Trial>,
}

/// What an export writes of a run and its data.
#[derive(Clone, Debug)]
pub enum ResultsRequest {
    /// What the network makes of samples.
    Results(ResultsExport, ResultsForm),
    /// Samples as they are.
    Samples(Box<ExportRequest>, ExportForm),
    /// The weights of a run after an epoch.
    Weights(Box<Run>, u32, HeldWeights),
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
    /// What is written of what was chosen in the dialog for exports.
    pub(in crate::ui) results: Option<ResultsRequest>,
    /// The figure that is written.
    pub(in crate::ui) figure: Option<FigureRequest>,
    pub(in crate::ui) document: u64,
    /// The file as it was last seen; `None` at another place, where whatever is there may be
    /// replaced.
    pub(in crate::ui) base: Option<MergeBase>,
}

impl ResultsRequest {
    fn save(&self, files: &Files, path: &Path) -> Result<(), FileError> {
        match self {
            ResultsRequest::Results(export, form) => export.save(files, path, *form),
            ResultsRequest::Samples(request, form) => {
                let ExportRequest { data, rows, errors, .. } = &**request;
                let form = match form {
                    ExportForm::Tsv => TableForm::Tsv,
                    ExportForm::Csv | ExportForm::Npy | ExportForm::Safetensors => TableForm::Csv,
                };
                export_table(files, path, form, Exported { data, rows, errors })
            }
            ResultsRequest::Weights(run, epoch, weights) => {
                let weights = weights.read();
                let weights = weights.map_err(|reason| FileError::content(path, "the weights", reason))?;
                save_weights(files, path, run, (*epoch, &weights))
            }
        }
    }
}

impl SaveRequest {
    /// Writes the file.
    ///
    /// # Errors
    /// The file that could not be read or written, and why.
    pub fn save(&mut self, files: &Files) -> Result<Vec<MergeNote>, FileError> {
        let rows = self.exported.as_ref().map(|request| {
            let ExportRequest { data, rows, errors, source, trial } = request;
            (source, Exported { data, rows, errors }, trial)
        });
        match (self.kind, rows) {
            (SaveKind::Project, _) => return self.save_project(files),
            (SaveKind::Design, _) => save_design(files, &self.path, &self.project)?,
            (SaveKind::Table, Some((_, rows, _))) => export_table(files, &self.path, TableForm::Csv, rows)?,
            (SaveKind::Pictures, Some((source, rows, _))) => {
                export_pictures(files, &self.path, source, rows)?;
            }
            (SaveKind::Restored, Some((source, Exported { rows, .. }, Some(trial)))) => {
                files.expect(rows.len());
                let restored = trial.reconstructed(rows, |done| {
                    files.advance(done);
                    files.is_wanted()
                });
                files.check(&self.path)?;
                let restored = restored.map_err(|reason| FileError::System {
                    path: self.path.clone(),
                    action: "saved",
                    reason,
                    remedy: "Select fewer samples, or close other programs.".to_owned(),
                })?;
                let all: Vec<u32> = (0..restored.len() as u32).collect();
                let rows = Exported { data: &restored, rows: &all, errors: &[] };
                export_pictures(files, &self.path, source, rows)?;
            }
            (SaveKind::Restored, Some((_, _, None)))
            | (SaveKind::Table | SaveKind::Pictures | SaveKind::Restored, None) => {}
            (SaveKind::Results(_), _) => {
                if let Some(results) = &self.results {
                    results.save(files, &self.path)?;
                }
            }
            (SaveKind::Figure(_), _) => {
                if let Some(figure) = &self.figure {
                    figure.save(files, &self.path)?;
                }
            }
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
