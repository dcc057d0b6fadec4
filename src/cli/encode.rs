use std::path::{Path, PathBuf};

use super::applied::Applied;
use super::args::Encode;
use super::failure::Failure;
use super::output::{
    Output, check_files, print_sheet, report_replaced, save_in_folder, save_sheet, sibling_path,
};
use super::sets::{ALL, Part};
use super::signal::{self, Stage};
use super::write::{line, note, refuse_to_overwrite};
use crate::dataset::Dataset;
use crate::io::{Numbers, TableForm, save_array};
use crate::project::{visible, visible_path};
use crate::session::Sheet;

/// The table of codes in a folder.
const CODES: &str = "codes.csv";

/// `hourglass encode`
pub(super) fn encode(arguments: &Encode) -> Result<(), Failure> {
    // Checks the destination before the work.
    let (files, output) = (signal::files(), Output::of_codes(&arguments.output)?);
    let wants_rows = arguments.extra.rows || arguments.extra.scores;
    let second = match &output {
        Output::Array(path) => wants_rows.then(|| sibling_path(path, "-rows.csv")),
        Output::Table(path, TableForm::Tsv) => Some(sibling_path(path, "-metadata.tsv")),
        Output::Table(_, TableForm::Csv)
        | Output::Folder(_)
        | Output::Picture(_)
        | Output::Weights(_)
        | Output::Stdout => None,
    };
    let first = match &output {
        Output::Array(path) | Output::Table(path, _) | Output::Picture(path) | Output::Weights(path) => {
            Some(path.clone())
        }
        Output::Folder(folder) => Some(folder.join(CODES)),
        Output::Stdout => None,
    };
    let written: Vec<&Path> = [&first, &second].into_iter().flatten().map(PathBuf::as_path).collect();
    match &output {
        Output::Folder(_) => {
            written.iter().try_for_each(|path| refuse_to_overwrite(path, arguments.force))?;
        }
        Output::Array(_) | Output::Table(..) | Output::Picture(_) | Output::Weights(_) | Output::Stdout => {
            check_files(&files, &written, arguments.force)?;
        }
    }

    let applied = Applied::open_any_size(&arguments.trained, None, "encode")?;
    let part = applied.part(arguments.set.as_deref().unwrap_or(ALL))?;
    let rows = &part.rows;
    let mut network = applied.network(arguments.trained.threads)?;
    let encoded = applied.encoded(&mut network, rows)?;
    let scores = (arguments.extra.scores)
        .then(|| applied.scores(&mut network, rows, arguments.extra.draws.draws))
        .transpose()?;

    let mut sheet = Sheet::of(&applied.data, applied.own, rows);
    if let Some(scores) = &scores {
        sheet.scores(scores);
    }
    encoded.add_known(&mut sheet, &applied.data, rows);
    signal::enter(Stage::Writing);
    match (&output, &second) {
        (Output::Array(path), second) => {
            save_array(&files, path, &encoded.axes(rows.len()), Numbers::F32(encoded.codes()))?;
            if let Some(second) = second {
                encoded.add_variances(&mut sheet);
                save_sheet(&sheet, &files, second, TableForm::Csv)?;
            }
            note(format_args!("note: {}", order(&applied.data, &part, second.is_some())));
        }
        (Output::Table(path, TableForm::Tsv), Some(second)) => {
            encoded.add_variances(&mut sheet);
            save_sheet(&sheet, &files, second, TableForm::Tsv)?;
            let mut bare = Sheet::new(rows.len());
            encoded.add_values(&mut bare);
            report_replaced(path, bare.save_bare(&files, path, TableForm::Tsv)?);
        }
        (
            Output::Table(..) | Output::Folder(_) | Output::Picture(_) | Output::Weights(_) | Output::Stdout,
            _,
        ) => {
            encoded.add_values(&mut sheet);
            encoded.add_variances(&mut sheet);
            match (&output, &first) {
                (Output::Folder(folder), Some(_)) => save_in_folder(&files, folder, CODES, &sheet)?,
                (_, Some(path)) => save_sheet(&sheet, &files, path, TableForm::Csv)?,
                (_, None) => print_sheet(&sheet),
            }
        }
    }
    written.iter().for_each(|path| line(visible_path(path)));
    Ok(())
}

/// Relation of the rows of an array to those of the data.
pub(super) fn order(data: &Dataset, part: &Part, has_rows: bool) -> String {
    let those = if part.name != ALL {
        format!("those of the set {}, in the order of the data", visible(&part.name))
    } else if data.source_rows.is_empty() {
        "all rows of the data, in their order".to_owned()
    } else {
        "those that were not skipped, in the order of the data".to_owned()
    };
    let how = if has_rows { "" } else { "; --rows writes which sample each one is" };
    format!("the {} rows of the array are {those}{how}", part.rows.len())
}
