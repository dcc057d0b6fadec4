//! Results of a network for samples, written to a file in the background in the format of the
//! command line.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use super::encoded::code_axes;
use super::{Decoded, Encoded, Scores, Sheet, memory_shortage};
use crate::dataset::Dataset;
use crate::engine::{Codes, Network, Samples, Trained, code_thresholds};
use crate::io::{FileError, Files, Numbers, TableForm, save_array};
use crate::project::{Bottleneck, Threshold};

/// The results to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleResults {
    /// Their codes, with everything the kind of code adds.
    Codes,
    /// Their reconstructions, in the units of the data.
    Reconstructions,
    /// Their errors, and log probabilities if available.
    Scores,
}

/// The file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultsForm {
    /// A table with one row per sample.
    Table(TableForm),
    /// An array of the codes or reconstructions.
    Array,
}

/// Everything needed to write results of samples.
#[derive(Clone, Debug)]
pub struct ResultsExport {
    /// The results to write.
    pub what: SampleResults,
    /// The network.
    pub trained: Trained,
    /// The data it is shown.
    pub data: Arc<Dataset>,
    /// Its training data, if they are loaded.
    pub own: Option<Arc<Dataset>>,
    /// The rows.
    pub rows: Vec<u32>,
}

/// Rows per forward pass.
const CHUNK: usize = 512;
/// Codes drawn per row for the reconstruction probability.
const DRAWS: usize = 32;

impl ResultsExport {
    /// Computes and writes them. Progress counts each row twice: once for each of these steps.
    ///
    /// # Errors
    /// [`FileError`] if the network cannot be built or the file not be written;
    /// [`FileError::Cancelled`].
    pub fn save(&self, files: &Files, path: &Path, form: ResultsForm) -> Result<(), FileError> {
        let failed = |error: String| FileError::content(path, "its results", error);
        files.check_writable(path)?;
        if self.what == SampleResults::Reconstructions
            && let Some(lack) = memory_shortage(&self.data, self.trained.plan().code_units(), self.rows.len())
        {
            return Err(failed(format!("{lack}; choose a smaller set")));
        }
        // Training uses the other threads.
        let mut network = self.trained.network(1).map_err(|error| failed(error.to_string()))?;
        files.expect(2 * self.rows.len());
        let shown = ShownRows { files, path, data: &self.data, rows: &self.rows };
        match (self.what, form) {
            (SampleResults::Codes, ResultsForm::Array) => {
                let codes = shown.codes(&mut network)?;
                let shape = code_axes(self.rows.len(), network.plan().code_shape());
                save_array(files, path, &shape, Numbers::F32(&codes.values))
            }
            (SampleResults::Codes, ResultsForm::Table(form)) => {
                let thresholds = self.thresholds(&mut network, files, path)?;
                let codes = shown.codes(&mut network)?;
                let encoded = Encoded::new(&network, codes, &thresholds);
                let mut sheet = self.sheet();
                encoded.add_known(&mut sheet, &self.data, &self.rows);
                encoded.add_values(&mut sheet);
                encoded.add_variances(&mut sheet);
                sheet.save(files, path, form).map(drop)
            }
            (SampleResults::Reconstructions, form) => {
                let mut values = Vec::new();
                shown.each_chunk(|scaled| values.extend(network.reconstruct(scaled)))?;
                let decoded = Decoded { data: &self.data, values: &values };
                match form {
                    ResultsForm::Array => decoded.save_array(files, path, &[self.rows.len()]),
                    ResultsForm::Table(form) => {
                        let mut sheet = self.sheet();
                        decoded.add_columns(&mut sheet);
                        sheet.save(files, path, form).map(drop)
                    }
                }
            }
            (SampleResults::Scores, form) => {
                let samples = Samples::Rows(&self.data, &self.rows);
                let counted = Cell::new(0);
                let on_progress = |done: usize, all: usize| {
                    let rows = done * self.rows.len() / all.max(1);
                    files.advance(rows.saturating_sub(counted.replace(rows)));
                    files.is_wanted()
                };
                let scores = Scores::of(&mut network, samples, DRAWS, on_progress);
                files.check(path)?;
                let scores = scores.map_err(|error| failed(error.to_string()))?;
                match form {
                    ResultsForm::Array => {
                        save_array(files, path, &[self.rows.len()], Numbers::F64(&scores.errors))
                    }
                    ResultsForm::Table(form) => {
                        let mut sheet = self.sheet();
                        sheet.scores(&scores);
                        sheet.save(files, path, form).map(drop)
                    }
                }
            }
        }
    }

    /// The columns that identify the rows.
    fn sheet(&self) -> Sheet<'_> {
        let is_own = self.own.as_ref().is_some_and(|own| Arc::ptr_eq(own, &self.data));
        Sheet::of(&self.data, is_own, &self.rows)
    }

    /// The thresholds between 0 and 1 for each unit of hashing codes, computed from the training
    /// data where the kind of threshold depends on data; empty for other kinds. They must not
    /// depend on the exported rows.
    fn thresholds(&self, network: &mut Network, files: &Files, path: &Path) -> Result<Vec<f32>, FileError> {
        let Bottleneck::Hashing { threshold, .. } = self.trained.plan().design().code.kind else {
            return Ok(Vec::new());
        };
        let known = match (threshold, &self.own) {
            (Threshold::Half | Threshold::Tenth, _) => Vec::new(),
            (Threshold::Median, Some(own)) => {
                files.expect(own.split.train.len());
                let rows = &own.split.train;
                ShownRows { files, path, data: own, rows }.codes(network)?.values
            }
            (Threshold::Median, None) => {
                let why = "the bits are thresholded at the medians of the codes of the training data, which \
                           are not loaded; load them, or save the codes as .npy";
                return Err(FileError::content(path, "its results", why));
            }
        };
        Ok(code_thresholds(&known, network.plan().code_units(), threshold))
    }
}

/// Rows shown to a network for a file.
struct ShownRows<'a> {
    files: &'a Files,
    path: &'a Path,
    data: &'a Dataset,
    rows: &'a [u32],
}

impl ShownRows<'_> {
    fn codes(&self, network: &mut Network) -> Result<Codes, FileError> {
        let mut codes = Codes::default();
        self.each_chunk(|scaled| codes.extend(network.codes(scaled)))?;
        Ok(codes)
    }

    fn each_chunk(&self, mut work: impl FnMut(&[f32])) -> Result<(), FileError> {
        let mut scaled = Vec::new();
        for rows in self.rows.chunks(CHUNK) {
            self.files.check(self.path)?;
            scaled.resize(rows.len() * self.data.shape.features(), 0.0);
            self.data.gather(rows, &mut scaled);
            work(&scaled);
            self.files.advance(rows.len());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, load};
    use crate::engine::Trainer;
    use crate::io::WriteProgress;
    use crate::project::{Code, Data, Project, Recipe, Source, Synthetic};
    use crate::run::facts;

    #[test]
    fn results_are_exported_as_tables_and_arrays() {
        let source = Source::Synthetic(Synthetic::Blobs { count: 40, features: 3, clusters: 2, seed: 1 });
        let project = Project {
            data: Data { source, ..Data::default() },
            encoder: Vec::new(),
            code: Code::plain(2),
            ..Recipe::Undercomplete.project()
        };
        let data = Arc::new(load(&project.data, &Progress::default()).expect("generated"));
        let plan = plan(&project, &facts(&data)).expect("valid");
        let trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        let weights = Arc::clone(trainer.snapshot().inference_weights());
        let trained = Trained::new(Arc::new(plan), weights, None);
        let folder = tempfile::tempdir().expect("a folder");
        let export = |what| ResultsExport {
            what,
            trained: trained.clone(),
            data: Arc::clone(&data),
            own: Some(Arc::clone(&data)),
            rows: vec![3, 17],
        };
        let table = |what| {
            let path = folder.path().join("table.csv");
            let form = ResultsForm::Table(TableForm::Csv);
            export(what).save(&Files::default(), &path, form).expect("written");
            std::fs::read_to_string(&path).expect("there")
        };
        let label = &data.labels[0].name;
        for (what, columns) in [
            (SampleResults::Codes, "code 1,code 2".to_owned()),
            (SampleResults::Reconstructions, data.written_names().join(",")),
            (SampleResults::Scores, "error".to_owned()),
        ] {
            let text = table(what);
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!((lines.len(), lines[0]), (3, &*format!("row,split,{label},{columns}")));
            assert!(lines[1].starts_with("4,") && lines[2].starts_with("18,"), "{text}");
        }
        // A header of 128 bytes, then the numbers.
        for (what, length) in [
            (SampleResults::Codes, 128 + 2 * 2 * 4),
            (SampleResults::Reconstructions, 128 + 2 * 3 * 4),
            (SampleResults::Scores, 128 + 2 * 8),
        ] {
            let path = folder.path().join("array.npy");
            export(what).save(&Files::default(), &path, ResultsForm::Array).expect("written");
            assert_eq!(std::fs::metadata(&path).expect("there").len(), length, "{what:?}");
        }
    }

    #[test]
    fn a_cancelled_export_stops_and_leaves_no_file() {
        let source = Source::Synthetic(Synthetic::Blobs { count: 1300, features: 3, clusters: 2, seed: 1 });
        let project = Project {
            data: Data { source, ..Data::default() },
            encoder: Vec::new(),
            code: Code::plain(2),
            ..Recipe::Undercomplete.project()
        };
        let data = Arc::new(load(&project.data, &Progress::default()).expect("generated"));
        let plan = plan(&project, &facts(&data)).expect("valid");
        let trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        let weights = Arc::clone(trainer.snapshot().inference_weights());
        let (trained, rows) = (Trained::new(Arc::new(plan), weights, None), (0..1300).collect());
        let own = Some(Arc::clone(&data));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.csv");
        let mut export = ResultsExport { what: SampleResults::Codes, trained, data, own, rows };
        for what in [SampleResults::Codes, SampleResults::Reconstructions, SampleResults::Scores] {
            export.what = what;
            for form in [ResultsForm::Array, ResultsForm::Table(TableForm::Csv)] {
                let on_progress = Arc::new(WriteProgress::default());
                on_progress.cancel();
                let files = Files::default().with_progress(Arc::clone(&on_progress));
                let error = FileError::Cancelled { path: path.clone() };
                assert_eq!(export.save(&files, &path, form), Err(error), "{what:?} {form:?}");
                assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
                assert!(on_progress.state().0 <= 1300, "nothing is written: {:?}", on_progress.state());
            }
            let on_progress = Arc::new(WriteProgress::default());
            let files = Files::default().with_progress(Arc::clone(&on_progress));
            export.save(&files, &path, ResultsForm::Array).expect("written");
            // Counted when computed and when written.
            assert_eq!(on_progress.state(), (2600, 2600), "{what:?}");
            std::fs::remove_file(&path).expect("removed");
        }
    }

    #[test]
    fn thresholds_do_not_depend_on_the_exported_rows() {
        let source = Source::Synthetic(Synthetic::Blobs { count: 40, features: 3, clusters: 2, seed: 1 });
        for (threshold, is_cut_by_training) in
            [(Threshold::Half, false), (Threshold::Tenth, false), (Threshold::Median, true)]
        {
            let project = Project {
                data: Data { source: source.clone(), ..Data::default() },
                encoder: Vec::new(),
                code: Code { kind: Bottleneck::Hashing { std: 1.0, threshold }, ..Code::plain(2) },
                ..Recipe::Undercomplete.project()
            };
            let data = Arc::new(load(&project.data, &Progress::default()).expect("generated"));
            let plan = plan(&project, &facts(&data)).expect("valid");
            let trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
            let weights = Arc::clone(trainer.snapshot().inference_weights());
            let trained = Trained::new(Arc::new(plan), weights, None);
            let mut export =
                ResultsExport { what: SampleResults::Codes, trained, data, own: None, rows: vec![3, 17] };
            let folder = tempfile::tempdir().expect("a folder");
            let save = |export: &ResultsExport| {
                let form = ResultsForm::Table(TableForm::Csv);
                export.save(&Files::default(), &folder.path().join("codes.csv"), form)
            };
            assert_eq!(save(&export).is_err(), is_cut_by_training, "{threshold:?}");
            export.own = Some(Arc::clone(&export.data));
            assert_eq!(save(&export), Ok(()), "{threshold:?}");
        }
    }
}
