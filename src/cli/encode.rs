use std::path::{Path, PathBuf};

use super::applied::{Applied, each_chunk_of};
use super::args::Encode;
use super::data::{self, Shown};
use super::failure::Failure;
use super::output::{Output, beside, check_files};
use super::reading::Reading;
use super::sheet::Sheet;
use super::signal::{self, Stage};
use super::write::{line, note, refuse_to_overwrite, warn};
use crate::dataset::Dataset;
use crate::engine::{Codes, Network, code_thresholds};
use crate::io::{Files, Numbers, TableForm, save_array};
use crate::project::{Bottleneck, Threshold, visible_path};

/// `hourglass encode`
pub(super) fn encode(arguments: &Encode) -> Result<(), Failure> {
    // Whatever is wrong with the place is said before the work.
    let (files, output) = (Files::default(), Output::of_codes(&arguments.output)?);
    let wants_rows = arguments.beside.rows || arguments.beside.scores;
    let (path, second) = match &output {
        Output::Array(path) => (path.clone(), wants_rows.then(|| beside(path, "-rows.csv"))),
        Output::Table(path, TableForm::Tsv) => (path.clone(), Some(beside(path, "-metadata.tsv"))),
        Output::Table(path, TableForm::Csv) => (path.clone(), None),
        Output::Folder(folder) => (folder.join("codes.csv"), None),
    };
    let written: Vec<&Path> =
        [Some(&path), second.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    match &output {
        Output::Folder(_) => refuse_to_overwrite(&path, arguments.force)?,
        Output::Array(_) | Output::Table(..) => check_files(&files, &written, arguments.force)?,
    }

    let applied = Applied::open(&arguments.trained, "encode")?;
    let rows = applied.all_rows();
    let mut network = applied.network(arguments.trained.threads)?;
    let codes = codes(&applied, &mut network, &rows);
    let scores = (arguments.beside.scores)
        .then(|| applied.scores(&mut network, &rows, arguments.beside.draws.draws))
        .transpose()?;
    let chosen = network.chosen_features().unwrap_or_default();
    let bits = bits(&applied, &mut network, &codes)?;
    let choices = choices(applied.run.design.code.kind, &codes.values);

    let units = applied.code_units();
    let mut sheet = Sheet::of(&applied, &rows);
    if let Some(scores) = &scores {
        sheet.scores(scores);
    }
    let data = &applied.data;
    for feature in chosen {
        let feature = feature as usize;
        sheet.push(data.feature_name(feature), move |at| data.source_text(at, feature));
    }
    sheet.numbered("entry", &codes.entries);
    sheet.numbered("choice", &choices);
    if !bits.is_empty() {
        sheet.push("hash", |at| hexadecimal(&bits[at * units..(at + 1) * units]));
        sheet.numbered("bit", &bits);
    }
    let name = if codes.variances.is_empty() { "code" } else { "mean" };
    signal::enter(Stage::Writing);
    match (&output, &second) {
        (Output::Array(_), second) => {
            save_array(&files, &path, &[rows.len(), units], Numbers::F32(&codes.values))?;
            if let Some(second) = second {
                sheet.numbered("variance", &codes.variances);
                sheet.save(&files, second, TableForm::Csv)?;
            }
            note(format_args!("note: {}", order(&applied.data, rows.len(), second.is_some())));
        }
        (Output::Table(_, TableForm::Tsv), Some(second)) => {
            sheet.numbered("variance", &codes.variances);
            sheet.save(&files, second, TableForm::Tsv)?;
            let mut bare = Sheet::new(rows.len());
            bare.numbered(name, &codes.values);
            bare.save_bare(&files, &path, TableForm::Tsv)?;
        }
        (Output::Table(..) | Output::Folder(_), _) => {
            if let Output::Folder(folder) = &output {
                files.create_dir(folder)?;
            }
            sheet.numbered(name, &codes.values);
            sheet.numbered("variance", &codes.variances);
            sheet.save(&files, &path, TableForm::Csv)?;
        }
    }
    written.iter().for_each(|path| line(visible_path(path)));
    Ok(())
}

/// How the rows of an array belong to those of the data.
pub(super) fn order(data: &Dataset, rows: usize, has_rows: bool) -> String {
    let those = if data.source_rows.is_empty() {
        "all rows of the data, in their order"
    } else {
        "those that were not left out, in the order of the data"
    };
    let how = if has_rows { "" } else { "; --rows writes which is which" };
    format!("the {rows} rows of the array are {those}{how}")
}

fn codes(applied: &Applied, network: &mut Network, rows: &[u32]) -> Codes {
    let mut codes = Codes::default();
    applied.each_chunk("encoding", rows, |scaled| {
        codes.extend(network.codes(scaled));
    });
    codes
}

/// The bits of hashing codes, rows × units; empty for other kinds.
fn bits(applied: &Applied, network: &mut Network, codes: &Codes) -> Result<Vec<u8>, Failure> {
    let Bottleneck::Hashing { threshold, .. } = applied.run.design.code.kind else { return Ok(Vec::new()) };
    let units = applied.code_units();
    let of_training = |data: &Dataset, network: &mut Network| {
        let mut values = Vec::new();
        each_chunk_of(data, "finding thresholds", &data.split.train, |scaled| {
            values.extend(network.encode(scaled));
        });
        values
    };
    // The bits of a row must not depend on the rows that come along.
    let known = match (threshold, applied.own) {
        (Threshold::Half | Threshold::Tenth, _) => Vec::new(),
        (Threshold::Median, true) => of_training(&applied.data, network),
        (Threshold::Median, false) => match data::shown(&applied.run, None, &Reading::default()) {
            Ok(Shown { data, .. }) => of_training(&data, network),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(Failure::Problem(message) | Failure::Usage(message)) => {
                warn(format_args!(
                    "the bits are cut at the medians of these rows, for those of the training data cannot be found: {message}"
                ));
                codes.values.clone()
            }
        },
    };
    let thresholds = code_thresholds(&known, units, threshold);
    Ok(codes.bits(&thresholds))
}

/// Bits as one number in hexadecimal digits, the first bit the highest.
fn hexadecimal(bits: &[u8]) -> String {
    let digit = |four: &[u8]| four.iter().fold(0, |digit, bit| 2 * digit + u32::from(*bit));
    let (first, rest) = bits.split_at(bits.len() % 4);
    let first = (!first.is_empty()).then_some(first);
    let digits = first.into_iter().chain(rest.chunks(4)).map(digit);
    digits.filter_map(|digit| char::from_digit(digit, 16)).collect()
}

/// The likeliest unit of each quantiser of a description length, counted from 0; empty for other kinds.
fn choices(kind: Bottleneck, values: &[f32]) -> Vec<usize> {
    let Bottleneck::DescriptionLength { choices, .. } = kind else { return Vec::new() };
    let likeliest = |shares: &[f32]| {
        let most = shares.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        shares.iter().position(|share| *share == most).unwrap_or_default()
    };
    values.chunks_exact(choices.max(1)).map(likeliest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_one_number() {
        let check = |bits: &[u8], expected: &str| assert_eq!(hexadecimal(bits), expected);
        check(&[], "");
        check(&[1], "1");
        check(&[1, 0, 1, 0], "a");
        check(&[1, 1, 0, 0, 0, 1], "31");
        check(&[0, 0, 0, 0, 1, 1, 1, 1], "0f");
    }

    #[test]
    fn the_likeliest_choice_of_each_quantiser_is_named() {
        let kind = Bottleneck::DescriptionLength { choices: 3, width: 0.1, temperature: 0.5 };
        assert_eq!(choices(kind, &[0.2, 0.5, 0.3, 0.4, 0.4, 0.2]), [1, 0]);
        assert_eq!(choices(Bottleneck::Plain, &[0.2, 0.5]), [0; 0]);
    }
}
