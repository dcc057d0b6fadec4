//! Requests to write files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::export::ExportForm;
use super::figures::FigureRequest;
use super::pending_action::PendingAction;
use crate::dataset::Dataset;
use crate::figure::Form;
use crate::io::{FileError, Files, MergeBase, MergeNote, TableForm, save_design, save_weights};
use crate::project::{Project, Source};
use crate::run::{LazyWeights, Run};
use crate::session::{Exported, ResultsExport, ResultsForm, Trial, export_pictures, export_table};

/// The content to write.
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
    /// The reconstructions of the selection by the shown run's network, as a new folder of
    /// pictures.
    Restored,
    /// The content chosen in the export dialog.
    Results(ExportForm),
    /// A figure of a view, in this format unless its name has another extension.
    Figure(Form),
}

impl SaveKind {
    /// The extension of its files; empty for a folder.
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

    /// Whether the file can be opened again.
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

/// Rows to be exported.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The data.
    pub data: Arc<Dataset>,
    /// Their source.
    pub source: Source,
    /// The selected rows.
    pub rows: Vec<u32>,
    /// Errors by row of the data, NaN if unknown; empty if none are known.
    pub errors: Vec<f32>,
    /// The shown run's network and the uncorrupted data, if it has weights.
    pub trial: Option<Trial>,
}

/// The content of an export of a run and its data.
#[derive(Clone, Debug)]
pub enum ResultsRequest {
    /// Results of the network for samples.
    Results(ResultsExport, ResultsForm),
    /// Unchanged samples.
    Samples(Box<ExportRequest>, ExportForm),
    /// The weights of a run after an epoch.
    Weights(Box<Run>, u32, LazyWeights),
}

/// A file to write, with its complete content at the time of the request.
#[derive(Clone, Debug)]
pub struct SaveRequest {
    /// The destination.
    pub path: PathBuf,
    /// The content.
    pub kind: SaveKind,
    /// The action that follows once it is safely written.
    pub then: Option<PendingAction>,
    pub(in crate::ui) project: Project,
    pub(in crate::ui) runs: Vec<Run>,
    /// The rows to export.
    pub(in crate::ui) exported: Option<ExportRequest>,
    /// The content chosen in the export dialog.
    pub(in crate::ui) results: Option<ResultsRequest>,
    /// The figure to write.
    pub(in crate::ui) figure: Option<FigureRequest>,
    pub(in crate::ui) document: u64,
    /// The file as last read; `None` for another path, at which any file may be replaced.
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
    /// Returns the file that could not be read or written, and the cause.
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
    /// Returns the file that could not be read or written, and the cause.
    pub fn save_project(&mut self, files: &Files) -> Result<Vec<MergeNote>, FileError> {
        let base = self.base.get_or_insert_with(|| MergeBase::replacing(&self.path));
        base.save(files, &self.path, &self.project, &self.runs)
    }
}
