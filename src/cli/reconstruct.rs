use std::path::{Path, PathBuf};

use super::applied::Applied;
use super::args::Reconstruct;
use super::encode::order;
use super::failure::Failure;
use super::output::{
    Output, check_files, print_sheet, save_folder, save_in_folder, save_sheet, sibling_path,
};
use super::sets::{ALL, Part};
use super::signal::{self, Stage};
use super::write::{line, note, refuse_to_mix};
use crate::dataset::Dataset;
use crate::io::{Files, TableForm};
use crate::project::{HoleShade, Mask, visible_list, visible_path};
use crate::session::{Decoded, Painter, Scores, Sheet, picture_name};

/// The table in a folder if reconstructions are not pictures.
const TABLE: &str = "reconstructions.csv";
/// Most columns of an array that are named.
const NAMED: usize = 20;

/// `hourglass reconstruct`
pub(super) fn reconstruct(arguments: &Reconstruct) -> Result<(), Failure> {
    // Checks the destination before the work.
    let (files, output) = (signal::files(), Output::of_reconstructions(&arguments.output)?);
    let wants_rows = arguments.extra.rows || arguments.extra.scores;
    let second = match &output {
        Output::Array(path) => {
            let second = wants_rows.then(|| sibling_path(path, "-rows.csv"));
            let paths: Vec<&Path> =
                [Some(path), second.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
            check_files(&files, &paths, arguments.force)?;
            second
        }
        Output::Table(path, _) | Output::Picture(path) | Output::Weights(path) => {
            check_files(&files, &[path], arguments.force)?;
            None
        }
        Output::Folder(folder) => {
            refuse_to_mix(folder, arguments.force)?;
            None
        }
        Output::Stdout => None,
    };
    let mask = arguments.mask.as_deref().map(|path| mask(path, arguments.holes)).transpose()?;
    let applied = Applied::open_any_size(&arguments.trained, mask.as_ref(), "reconstruct")?;
    let part = applied.part(arguments.set.as_deref().unwrap_or(ALL))?;
    applied.check_memory(part.rows.len(), "use fewer with --set")?;
    let mut network = applied.network(arguments.trained.threads)?;
    let mut values = Vec::with_capacity(part.rows.len() * applied.data.shape.features());
    applied.each_chunk("reconstructing", &part.rows, |scaled| values.extend(network.reconstruct(scaled)));
    let scores = (arguments.extra.scores)
        .then(|| applied.scores(&mut network, &part.rows, arguments.extra.draws.draws))
        .transpose()?;
    let decoded = Decoded { data: &applied.data, values: &values };
    let (scores, wants_rows) = (scores.as_ref(), arguments.extra.rows);
    let made = Made { applied: &applied, part: &part, decoded, scores, wants_rows };
    signal::enter(Stage::Writing);
    match &output {
        Output::Array(path) => made.save_array(&files, path, second.as_deref()),
        Output::Table(path, form) => {
            save_sheet(&made.table(made.sheet()), &files, path, *form)?;
            line(visible_path(path));
            Ok(())
        }
        Output::Stdout => {
            print_sheet(&made.table(made.sheet()));
            Ok(())
        }
        Output::Folder(folder) => made.save_folder(&files, folder),
        // `of_reconstructions` does not return these.
        Output::Picture(_) | Output::Weights(_) => Ok(()),
    }
}

/// The mask at a path from the command line.
fn mask(path: &Path, holes: HoleShade) -> Result<Mask, Failure> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if path.exists() {
        return Ok(Mask { path, holes });
    }
    Err(Failure::Problem(format!("--mask: there is no {}; check the path", visible_path(&path))))
}

/// Reconstructions of rows by a network.
struct Made<'a> {
    applied: &'a Applied,
    part: &'a Part,
    decoded: Decoded<'a>,
    scores: Option<&'a Scores>,
    /// Whether the rows have to be identified.
    wants_rows: bool,
}

impl<'a> Made<'a> {
    /// The columns that identify the rows.
    fn sheet(&self) -> Sheet<'a> {
        Sheet::of(&self.applied.data, self.applied.own, &self.part.rows)
    }

    /// Writes an array in the units and the shape of the source.
    fn save_array(&self, files: &Files, path: &Path, second: Option<&Path>) -> Result<(), Failure> {
        let data = &self.applied.data;
        self.decoded.save_array(files, path, &[self.part.rows.len()])?;
        if let Some(second) = second {
            let mut sheet = self.sheet();
            if let Some(scores) = self.scores {
                sheet.scores(scores);
            }
            save_sheet(&sheet, files, second, TableForm::Csv)?;
        }
        note(format_args!("note: {}", order(data, self.part, second.is_some())));
        note_columns(data);
        [Some(path), second].into_iter().flatten().for_each(|path| line(visible_path(path)));
        Ok(())
    }

    /// Adds them as columns after those of `sheet`.
    fn table(&self, mut sheet: Sheet<'a>) -> Sheet<'a> {
        self.decoded.add_columns(&mut sheet);
        if let Some(scores) = self.scores {
            sheet.scores(scores);
        }
        sheet
    }

    fn save_folder(&self, files: &Files, folder: &Path) -> Result<(), Failure> {
        let (data, rows) = (&self.applied.data, &self.part.rows);
        let Some(painter) = Painter::of(&self.applied.run.design.data.source, data) else {
            // The order of all rows identifies them.
            let is_brief = !self.wants_rows && self.part.name == ALL;
            let sheet = if is_brief { Sheet::brief(data, rows) } else { self.sheet() };
            save_in_folder(files, folder, TABLE, &self.table(sheet))?;
            line(visible_path(&folder.join(TABLE)));
            return Ok(());
        };
        note_channels(&painter);
        let samples = self.decoded.values.chunks_exact(data.shape.features().max(1));
        let pictures =
            samples.zip(rows).map(|(values, &row)| (picture_name(data, row), painter.pixels(values)));
        let rows = self.wants_rows.then(|| ("rows.csv", self.sheet()));
        let scores = self.scores.map(|scores| {
            let mut sheet = self.sheet();
            sheet.scores(scores);
            ("scores.csv", sheet)
        });
        let tables: Vec<_> = [rows, scores].into_iter().flatten().collect();
        let count = save_folder(files, folder, painter.shape(), pictures, &tables)?;
        line(format!("{count} pictures: {}", visible_path(folder)));
        Ok(())
    }
}

/// Reports the columns of an array.
pub(super) fn note_columns(data: &Dataset) {
    if data.feature_names.is_empty() {
        return;
    }
    let features = data.shape.features();
    let names: Vec<String> = (0..features.min(NAMED)).map(|feature| data.feature_name(feature)).collect();
    let more = if features > NAMED { ", …" } else { "" };
    note(format_args!("note: its columns are {}{more}", visible_list(&names)));
}

/// Reports which channels pictures show, if not all.
pub(super) fn note_channels(painter: &Painter<'_>) {
    if let Some(channels) = painter.left_out() {
        let numbers: Vec<String> = painter.shown.iter().map(|channel| (channel + 1).to_string()).collect();
        note(format_args!(
            "note: the pictures show {} of the channels 1 to {channels}; -o NAME.npy saves all of them",
            numbers.join(", ")
        ));
    }
}
