use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::applied::Applied;
use super::args::{Sample, SampledFrom};
use super::failure::Failure;
use super::output::{
    Output, check_files, print_sheet, save_folder, save_in_folder, save_sheet, sibling_path,
};
use super::progress::Bar;
use super::reconstruct::{note_channels, note_columns};
use super::signal::{self, Stage};
use super::traverse::save_page;
use super::write::{line, note, refuse_to_mix};
use crate::engine::Network;
use crate::io::{Files, TableForm};
use crate::project::visible_path;
use crate::run::Kept;
use crate::session::{
    Decoded, Distribution, Draws, Found, NearestTraining, Painter, Sheet, has_prior, is_normal, name_of,
    number_of,
};

/// The table of samples in a folder.
const TABLE: &str = "samples.csv";
/// Samples whose nearest rows are searched at a time.
const BLOCK: usize = 64;

/// `hourglass sample`
pub(super) fn sample(arguments: &Sample) -> Result<(), Failure> {
    // Checks the destination before the work.
    let (files, output) = (signal::files(), Output::of_samples(&arguments.output)?);
    let wants_table = arguments.codes || arguments.nearest;
    let second = match &output {
        Output::Array(path) | Output::Picture(path) => wants_table.then(|| sibling_path(path, "-rows.csv")),
        Output::Table(..) | Output::Folder(_) | Output::Weights(_) | Output::Stdout => None,
    };
    match &output {
        Output::Array(path) | Output::Picture(path) | Output::Table(path, _) | Output::Weights(path) => {
            let paths: Vec<&Path> =
                [Some(path), second.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
            check_files(&files, &paths, arguments.force)?;
        }
        Output::Folder(folder) => refuse_to_mix(folder, arguments.force)?,
        Output::Stdout => {}
    }
    let applied = Applied::open(&arguments.trained, "sample")?;
    applied.check_memory(arguments.count, "use fewer with --count")?;
    let painter = Painter::of(&applied.run.design.data.source, &applied.data);
    if let Output::Picture(path) = &output {
        check_pictures(&applied, painter.as_ref(), path)?;
    }
    let mut network = applied.network(arguments.trained.threads)?;
    let mut codes = drawn(&applied, &mut network, arguments)?;
    let values = applied.decoded(&mut network, &mut codes);
    let nearest = arguments.nearest.then(|| nearest(&applied, &values)).transpose()?;
    let made = Made {
        count: arguments.count,
        codes: arguments.codes.then_some(&codes[..]),
        decoded: Decoded { data: &applied.data, values: &values },
        nearest: nearest.as_deref(),
    };
    signal::enter(Stage::Writing);
    made.save(&files, &output, second.as_deref(), painter.as_ref())
}

/// Refuses to write samples that are not pictures as a picture.
pub(super) fn check_pictures(
    applied: &Applied,
    painter: Option<&Painter<'_>>,
    path: &Path,
) -> Result<(), Failure> {
    let message = || {
        format!(
            "{}: the samples of run {} are not pictures; use the extension .csv, .tsv or .npy",
            visible_path(path),
            applied.run.id
        )
    };
    painter.map(|_| ()).ok_or_else(|| Failure::Problem(message()))
}

/// Codes from the requested distribution, or the default one for the kind of code.
fn drawn(applied: &Applied, network: &mut Network, arguments: &Sample) -> Result<Vec<f32>, Failure> {
    let kind = applied.run.design.code.kind;
    let from = match arguments.from {
        Some(SampledFrom::Prior) => Distribution::Prior,
        Some(SampledFrom::Gaussian) => Distribution::Gaussian,
        Some(SampledFrom::Mixture) => Distribution::Mixture(arguments.components),
        None if has_prior(&kind) => Distribution::Prior,
        None => {
            note(
                "note: this kind of code has no prior; a Gaussian is fitted to the codes of the training data",
            );
            Distribution::Gaussian
        }
    };
    let is_stretched = from != Distribution::Prior || is_normal(&kind);
    let temperature = arguments.temperature.unwrap_or(1.0);
    if arguments.temperature.is_some() && !is_stretched {
        note("note: the prior of this kind of code is discrete, so the temperature has no effect");
    }
    let codes = match from {
        Distribution::Prior => Vec::new(),
        Distribution::Gaussian | Distribution::Mixture(_) => {
            applied.codes(network, &applied.fitted_rows()).values
        }
    };
    let draws = Draws {
        from,
        codes: Arc::new(Kept { code_units: applied.code_units(), codes, ..Kept::default() }),
        count: arguments.count,
        temperature,
        seed: arguments.seed,
        shares: applied.shares().to_vec(),
    };
    let codes = draws.codes(network, || true);
    codes.map_err(|error| Failure::Problem(format!("{}: run {}: {error}", applied.name, applied.run.id)))
}

/// The training row nearest to each sample; `None` if none is at a finite distance.
fn nearest(applied: &Applied, values: &[f32]) -> Result<Vec<Option<Found>>, Failure> {
    let features = applied.data.shape.features().max(1);
    let bar = Bar::new("searching for the nearest samples", (values.len() / features) as u64);
    let mut found = Vec::new();
    for pictures in values.chunks(BLOCK * features) {
        let search = NearestTraining {
            data: Arc::clone(&applied.data),
            samples: Arc::new(pictures.to_vec()),
            count: 1,
        };
        let near = search.find(|| true).map_err(Failure::Problem)?;
        found.extend(near.iter().map(|near| near.first().copied()));
        bar.set(found.len() as u64, bar.total());
    }
    bar.finish();
    Ok(found)
}

/// Samples that a network generated.
struct Made<'a> {
    count: usize,
    /// The drawn codes, if requested.
    codes: Option<&'a [f32]>,
    decoded: Decoded<'a>,
    /// The nearest training row of each, if requested.
    nearest: Option<&'a [Option<Found>]>,
}

impl<'a> Made<'a> {
    fn save(
        &self,
        files: &Files,
        output: &Output,
        second: Option<&Path>,
        painter: Option<&Painter<'_>>,
    ) -> Result<(), Failure> {
        if let Some(second) = second {
            save_sheet(&self.table(false), files, second, TableForm::Csv)?;
        }
        match output {
            Output::Array(path) => {
                self.decoded.save_array(files, path, &[self.count])?;
                note_columns(self.decoded.data);
            }
            Output::Table(path, form) => save_sheet(&self.table(true), files, path, *form)?,
            Output::Stdout => print_sheet(&self.table(true)),
            Output::Picture(path) => {
                if let Some(painter) = painter {
                    self.save_page(files, path, painter)?;
                }
            }
            Output::Folder(folder) => return self.save_folder(files, folder, painter),
            // `of_samples` does not return this.
            Output::Weights(_) => {}
        }
        if let Output::Array(path) | Output::Table(path, _) | Output::Picture(path) = output {
            [Some(&**path), second].into_iter().flatten().for_each(|path| line(visible_path(path)));
        }
        Ok(())
    }

    /// One row per sample, with its values if `has_values`.
    fn table(&self, has_values: bool) -> Sheet<'a> {
        let (data, mut sheet) = (self.decoded.data, Sheet::new(self.count));
        sheet.push("sample", |at| (at + 1).to_string());
        if has_values {
            self.decoded.add_columns(&mut sheet);
        }
        if let Some(nearest) = self.nearest {
            let called = move |near: &Found| {
                if data.row_names.is_empty() {
                    number_of(data, near.row).to_string()
                } else {
                    name_of(data, near.row)
                }
            };
            sheet.push("nearest", move |at| nearest[at].as_ref().map_or_else(String::new, called));
            sheet.push("distance", |at| {
                nearest[at].map_or_else(String::new, |near| near.distance.to_string())
            });
        }
        sheet.numbered("code", self.codes.unwrap_or_default());
        sheet
    }

    /// All samples, each above its nearest training sample if these are requested.
    fn save_page(&self, files: &Files, path: &Path, painter: &Painter<'_>) -> Result<(), Failure> {
        let data = self.decoded.data;
        let features = data.shape.features().max(1);
        let samples: Vec<&[f32]> = self.decoded.values.chunks_exact(features).collect();
        let columns = (samples.len() as f64).sqrt().ceil() as usize;
        let mut nearest = vec![0.0; self.nearest.map_or(0, <[_]>::len) * features];
        for (found, row) in self.nearest.unwrap_or_default().iter().zip(nearest.chunks_exact_mut(features)) {
            if let Some(near) = found {
                data.gather(&[near.row], row);
            }
        }
        let nearest: Vec<&[f32]> = nearest.chunks_exact(features).collect();
        let found = self.nearest.unwrap_or_default();
        let mut tiles = Vec::new();
        for (number, line) in samples.chunks(columns.max(1)).enumerate() {
            let gap = columns - line.len();
            tiles.extend(line.iter().map(|sample| Some(*sample)));
            tiles.extend(std::iter::repeat_n(None, gap));
            if self.nearest.is_some() {
                let own = number * columns..number * columns + line.len();
                tiles.extend(own.map(|at| found[at].map(|_| nearest[at])));
                tiles.extend(std::iter::repeat_n(None, gap));
            }
        }
        note_channels(painter);
        save_page(files, path, painter, columns, &tiles, "use fewer with --count, or give a folder")
    }

    fn save_folder(
        &self,
        files: &Files,
        folder: &Path,
        painter: Option<&Painter<'_>>,
    ) -> Result<(), Failure> {
        let Some(painter) = painter else {
            save_in_folder(files, folder, TABLE, &self.table(true))?;
            line(visible_path(&folder.join(TABLE)));
            return Ok(());
        };
        note_channels(painter);
        let samples = self.decoded.values.chunks_exact(self.decoded.data.shape.features().max(1));
        let pictures =
            samples.enumerate().map(|(at, values)| (format!("{:06}", at + 1), painter.pixels(values)));
        let wants_table = self.codes.is_some() || self.nearest.is_some();
        let tables: Vec<_> = wants_table.then(|| (TABLE, self.table(false))).into_iter().collect();
        let count = save_folder(files, folder, painter.shape(), pictures, &tables)?;
        line(format!("{count} pictures: {}", visible_path(folder)));
        Ok(())
    }
}
