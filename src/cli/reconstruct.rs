use std::path::{Path, PathBuf};

use super::applied::Applied;
use super::args::Reconstruct;
use super::encode::order;
use super::failure::Failure;
use super::output::{Output, beside, check_files};
use super::sheet::Sheet;
use super::signal::{self, Stage};
use super::write::{line, note, refuse_to_mix};
use crate::io::{Files, Numbers, TableForm, save_array, save_pictures};
use crate::project::{Shape, visible_list, visible_path};
use crate::session::{Pixel, Scores, picture_name, written_channels};

/// Columns of an array that are named.
const NAMED: usize = 20;

/// `hourglass reconstruct`
pub(super) fn reconstruct(arguments: &Reconstruct) -> Result<(), Failure> {
    // Whatever is wrong with the place is said before the work.
    let (files, output) = (Files::default(), Output::of_reconstructions(&arguments.output)?);
    let wants_rows = arguments.beside.rows || arguments.beside.scores;
    let second = match &output {
        Output::Array(path) => {
            let second = wants_rows.then(|| beside(path, "-rows.csv"));
            let paths: Vec<&Path> =
                [Some(path), second.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
            check_files(&files, &paths, arguments.force)?;
            second
        }
        Output::Table(path, _) => {
            check_files(&files, &[path], arguments.force)?;
            None
        }
        Output::Folder(folder) => {
            refuse_to_mix(folder, arguments.force)?;
            None
        }
    };
    let applied = Applied::open(&arguments.trained, "reconstruct")?;
    let rows = applied.all_rows();
    let mut network = applied.network(arguments.trained.threads)?;
    let mut values = Vec::new();
    applied.each_chunk("reconstructing", &rows, |scaled| values.extend(network.reconstruct(scaled)));
    let scores = (arguments.beside.scores)
        .then(|| applied.scores(&mut network, &rows, arguments.beside.draws.draws))
        .transpose()?;
    let (scores, wants_rows) = (scores.as_ref(), arguments.beside.rows);
    let made = Made { applied: &applied, rows: &rows, values: &values, scores, wants_rows };
    signal::enter(Stage::Writing);
    match &output {
        Output::Array(path) => made.save_array(&files, path, second.as_deref()),
        Output::Table(path, form) => {
            made.save_table(Sheet::of(&applied, &rows), &files, path, *form)?;
            line(visible_path(path));
            Ok(())
        }
        Output::Folder(folder) => made.save_folder(&files, folder),
    }
}

/// What a network made of rows.
struct Made<'a> {
    applied: &'a Applied,
    rows: &'a [u32],
    /// Scaled, row by row.
    values: &'a [f32],
    scores: Option<&'a Scores>,
    /// Whether it is asked which row is which.
    wants_rows: bool,
}

impl Made<'_> {
    fn features(&self) -> usize {
        self.applied.data.shape.features().max(1)
    }

    /// In the units of the source, and in its shape.
    fn save_array(&self, files: &Files, path: &Path, second: Option<&Path>) -> Result<(), Failure> {
        let (data, features) = (&self.applied.data, self.features());
        let mut shape = vec![self.rows.len()];
        match data.shape {
            Shape::Vector(features) => shape.push(features),
            Shape::Image { height, width, channels: 1 } => shape.extend([height, width]),
            Shape::Image { height, width, channels } => shape.extend([height, width, channels]),
        }
        let unscaled = |(at, value): (usize, &f32)| data.scaler.unscale(at % features, *value);
        let values = self.values.iter().enumerate().map(unscaled);
        if let Some(bases) = data.bases() {
            let whole: Vec<f64> =
                values.zip(bases.iter().cycle()).map(|(value, base)| f64::from(value) + base).collect();
            save_array(files, path, &shape, Numbers::F64(&whole))?;
        } else {
            save_array(files, path, &shape, Numbers::F32(&values.collect::<Vec<f32>>()))?;
        }
        if let Some(second) = second {
            let mut sheet = Sheet::of(self.applied, self.rows);
            if let Some(scores) = self.scores {
                sheet.scores(scores);
            }
            sheet.save(files, second, TableForm::Csv)?;
        }
        note(format_args!("note: {}", order(data, self.rows.len(), second.is_some())));
        if !data.feature_names.is_empty() {
            let names: Vec<String> =
                (0..features.min(NAMED)).map(|feature| data.feature_name(feature)).collect();
            let more = if features > NAMED { ", …" } else { "" };
            note(format_args!("note: its columns are {}{more}", visible_list(&names)));
        }
        [Some(path), second].into_iter().flatten().for_each(|path| line(visible_path(path)));
        Ok(())
    }

    /// As columns after those of `sheet`.
    fn save_table<'a>(
        &'a self,
        mut sheet: Sheet<'a>,
        files: &Files,
        path: &Path,
        form: TableForm,
    ) -> Result<(), Failure> {
        let (data, features) = (&self.applied.data, self.features());
        sheet.source(data.written_names(), move |at, fields| {
            data.written(&self.values[at * features..(at + 1) * features], fields);
        });
        if let Some(scores) = self.scores {
            sheet.scores(scores);
        }
        sheet.save(files, path, form)
    }

    fn save_folder(&self, files: &Files, folder: &Path) -> Result<(), Failure> {
        let (data, features) = (&self.applied.data, self.features());
        let Shape::Image { height, width, channels } = data.shape else {
            files.create_dir(folder)?;
            let path = folder.join("reconstructions.csv");
            let sheet = if self.wants_rows {
                Sheet::of(self.applied, self.rows)
            } else {
                Sheet::brief(data, self.rows)
            };
            self.save_table(sheet, files, &path, TableForm::Csv)?;
            line(visible_path(&path));
            return Ok(());
        };
        let shown = written_channels(&self.applied.run.design.data.source, data.shape);
        if shown.len() < channels {
            let numbers: Vec<String> = shown.iter().map(|channel| (channel + 1).to_string()).collect();
            note(format_args!(
                "note: of {channels} channels the pictures show {}; -o NAME.npy keeps all of them",
                numbers.join(", ")
            ));
        }
        let pixels = Pixel::of(data);
        let pictures = self.values.chunks_exact(features).zip(self.rows).map(|(values, &row)| {
            let place = |pixel: usize| shown.iter().map(move |channel| pixel * channels + channel);
            let places = (0..height * width).flat_map(place);
            (picture_name(data, row), pixels.all(places.map(|at| data.scaler.unscale(at, values[at]))))
        });
        let count = save_pictures(files, folder, (height, width, shown.len()), pictures)?;
        if self.wants_rows {
            Sheet::of(self.applied, self.rows).save(files, &folder.join("rows.csv"), TableForm::Csv)?;
        }
        if let Some(scores) = self.scores {
            let mut sheet = Sheet::of(self.applied, self.rows);
            sheet.scores(scores);
            sheet.save(files, &folder.join("scores.csv"), TableForm::Csv)?;
        }
        line(format!("{count} pictures: {}", visible_path(folder)));
        Ok(())
    }
}
