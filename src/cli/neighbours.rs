use std::collections::HashSet;

use super::applied::Applied;
use super::args::{By, Neighbours as Arguments};
use super::failure::Failure;
use super::keep::keep;
use super::output::{Output, check_files, print_sheet, save_sheet};
use super::progress::Bar;
use super::sets::ALL;
use super::signal::{self, Stage};
use super::write::{line, warn};
use crate::dataset::memory::available_bytes;
use crate::dataset::{Dataset, LabelColumn, Subset};
use crate::engine::Network;
use crate::project::{Bottleneck, format_bytes, terminal_number, visible, visible_path};
use crate::session::{CodeDistance, Found, Measured, Neighbours, Sheet, Similarity, name_of, number_of};

/// `hourglass neighbours`
pub(super) fn neighbours(arguments: &Arguments) -> Result<(), Failure> {
    // Checks the destination before the work.
    let files = signal::files();
    let output = arguments.output.as_deref().map(|path| Output::of_table(path, "neighbours")).transpose()?;
    if let Some(Output::Table(path, _)) = &output {
        check_files(&files, &[path], arguments.force)?;
    }
    let applied = Applied::open(&arguments.trained, "neighbours")?;
    let usual = if applied.own { Subset::Train.name() } else { ALL };
    let among = applied.part(arguments.set.as_deref().unwrap_or(usual))?.rows;
    let of = arguments.of.as_deref().map(|set| applied.part(set)).transpose()?;
    let split = of.as_ref().and_then(|part| part.subset);
    if arguments.keep {
        check_kept(&applied, split)?;
    }
    let asked = match of {
        Some(part) => part.rows,
        None => arguments.sample.iter().map(|text| applied.row(text)).collect::<Result<_, _>>()?,
    };
    check_memory(&applied.data, [asked.len(), among.len()], arguments.k)?;
    let mut network = applied.network(arguments.trained.threads)?;
    let similarity = similarity(&applied, &mut network, &among, arguments.by)?;
    let bar = Bar::new("searching for neighbours", among.len() as u64);
    let mut search = Neighbours::new(&mut network, &applied.data, similarity);
    let found = search.find(&asked, &among, arguments.k, |done| bar.set(done as u64, bar.total()));
    bar.finish();
    if let Some(fewest) = found.iter().map(Vec::len).min().filter(|fewest| *fewest < arguments.k) {
        warn(format_args!("there are only {fewest} neighbours, not {}", arguments.k));
    }
    let near = table(&applied, &asked, &found);
    signal::enter(Stage::Writing);
    match &output {
        Some(Output::Table(path, form)) => {
            save_sheet(&near.build(&applied), &files, path, *form)?;
            line(visible_path(path));
        }
        Some(Output::Stdout) => print_sheet(&near.build(&applied)),
        // `of_table` does not return these; without a file, only the precision is requested.
        Some(Output::Array(_) | Output::Folder(_) | Output::Picture(_) | Output::Weights(_)) | None => {}
    }
    if arguments.precision {
        let precisions = print_precision(&applied.data, arguments.k, |column: &LabelColumn| {
            search.precision(column, &asked, &among, &found)
        })?;
        let measured = applied.run.checkpoint.as_ref().zip(split.filter(|_| arguments.keep));
        if let Some((checkpoint, split)) = measured {
            let samples = precisions.iter().map(|(_, _, samples)| *samples).max().unwrap_or(0);
            let (k, by) = (arguments.k, distance_name(&applied, arguments.by));
            let is_one = precisions.len() == 1;
            let values = precisions.into_iter().map(|(column, precision, _)| {
                let of = if is_one { String::new() } else { format!(" of {column}") };
                (format!("precision@{k}{of}, {by}"), precision)
            });
            let about =
                format!("the {k} nearest by {by}, among {}", arguments.set.as_deref().unwrap_or(usual));
            let finding = Measured::of(checkpoint, samples).neighbours(split, &about, values.collect());
            return keep(&arguments.trained.file, applied.run.id, vec![finding]);
        }
    }
    Ok(())
}

/// Refuses to run a command whose results cannot be stored.
fn check_kept(applied: &Applied, split: Option<Subset>) -> Result<(), Failure> {
    let id = applied.run.id;
    if split.is_none() {
        return Err(Failure::Usage(format!(
            "--keep: only the precision of a split of the data run {id} was trained on can be stored with it; \
             choose one with --of, or omit --keep"
        )));
    }
    if !applied.has_data_of_training() {
        return Err(Failure::Problem(format!(
            "--keep: the rows that run {id} was trained and evaluated on have changed; restore its data, or \
             omit --keep"
        )));
    }
    Ok(())
}

/// The name of the distance between two codes, as in the window.
fn distance_name(applied: &Applied, by: Option<By>) -> &'static str {
    let is_hashing = matches!(applied.run.design.code.kind, Bottleneck::Hashing { .. });
    match by.unwrap_or(if is_hashing { By::Hamming } else { By::L2 }) {
        By::L2 => "code",
        By::Cosine => "code by cosine",
        By::Hamming => "code by Hamming distance",
        By::Pixels => "values",
        By::Pca => "PCA",
    }
}

/// Ends a command if there is not enough memory for its neighbours.
fn check_memory(data: &Dataset, [asked, among]: [usize; 2], k: usize) -> Result<(), Failure> {
    // The compared values, and the table with its names.
    let compared = 4 * data.shape.features() as u64;
    let listed = (k.min(among) as u64).saturating_mul(100);
    let needed = (asked as u64).saturating_mul(compared.saturating_add(listed));
    let free = available_bytes();
    if needed <= free {
        return Ok(());
    }
    Err(Failure::Problem(format!(
        "the {k} neighbours of {asked} samples need about {}, but only {} is free; use fewer with --k, or a \
         smaller set",
        format_bytes(needed),
        format_bytes(free)
    )))
}

/// The measure of the distance to neighbours.
fn similarity(
    applied: &Applied,
    network: &mut Network,
    among: &[u32],
    by: Option<By>,
) -> Result<Similarity, Failure> {
    let is_hashing = matches!(applied.run.design.code.kind, Bottleneck::Hashing { .. });
    match by.unwrap_or(if is_hashing { By::Hamming } else { By::L2 }) {
        By::L2 => Ok(Similarity::Codes(CodeDistance::Euclidean)),
        By::Cosine => Ok(Similarity::Codes(CodeDistance::Cosine)),
        By::Pixels => Ok(Similarity::Values),
        By::Pca => {
            let units = applied.code_units();
            let fitted = Similarity::components(&applied.data, &applied.fitted_rows(), units);
            fitted.map_err(|error| Failure::Problem(format!("{}: {error}", visible(&applied.data.name))))
        }
        By::Hamming => {
            let codes =
                if is_hashing && !applied.own { applied.codes(network, among).values } else { Vec::new() };
            let thresholds = applied.thresholds(network, &codes)?;
            thresholds.map(|bits| Similarity::Codes(CodeDistance::Bits(bits))).ok_or_else(|| {
                Failure::Problem(format!(
                    "{}: the code of run {} has no bits, so there is no Hamming distance; choose --by l2 or cosine",
                    applied.name, applied.run.id
                ))
            })
        }
    }
}

/// Rows of the table of neighbours.
struct Near {
    /// The name of the sample of each neighbour.
    of: Vec<String>,
    rank: Vec<usize>,
    rows: Vec<u32>,
    distances: Vec<f32>,
}

impl Near {
    fn build<'a>(&'a self, applied: &'a Applied) -> Sheet<'a> {
        let mut sheet = Sheet::new(self.rows.len());
        sheet.push("sample", |at| self.of[at].clone());
        sheet.push("rank", |at| self.rank[at].to_string());
        sheet.samples(&applied.data, applied.own, &self.rows);
        sheet.push("distance", |at| self.distances[at].to_string());
        sheet
    }
}

fn table(applied: &Applied, asked: &[u32], found: &[Vec<Found>]) -> Near {
    let data = &applied.data;
    let called = |row: u32| {
        if data.row_names.is_empty() { number_of(data, row).to_string() } else { name_of(data, row) }
    };
    let mut near = Near { of: vec![], rank: vec![], rows: vec![], distances: vec![] };
    for (row, found) in asked.iter().zip(found) {
        for (rank, found) in (1..).zip(found) {
            near.of.push(called(*row));
            near.rank.push(rank);
            near.rows.push(found.row);
            near.distances.push(found.distance);
        }
    }
    near
}

/// Prints the precision for each column of classes; returns the name of each with its precision and
/// the number of samples counted.
fn print_precision(
    data: &Dataset,
    k: usize,
    mut precision: impl FnMut(&LabelColumn) -> Option<(f64, usize)>,
) -> Result<Vec<(String, f64, usize)>, Failure> {
    let mut precisions = Vec::new();
    for column in &data.labels {
        // If each row has its own class, no neighbour shares it.
        let Some(ids) = column.class_ids() else { continue };
        let classes: HashSet<&u32> = ids.iter().collect();
        if classes.len() == ids.len() {
            continue;
        }
        if let Some((precision, samples)) = precision(column) {
            let (name, number) = (visible(&column.name), terminal_number(precision));
            line(format!("precision@{k} of {name}: {number} ({samples} samples)"));
            precisions.push((name.into_owned(), precision, samples));
        }
    }
    if !precisions.is_empty() {
        return Ok(precisions);
    }
    Err(Failure::Problem(format!(
        "{}: none of the samples has a class, so there is no precision; omit --precision",
        visible(&data.name)
    )))
}
