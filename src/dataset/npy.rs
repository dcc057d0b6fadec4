//! Arrays of `NumPy`: `.npy`, and `.npz`, which is a zip of them.
//!
//! `choice` selects arrays by their names, `layout` determines the meaning of axes (also for IDX),
//! `samples_last` finds arrays whose samples are last. `places` reorders values.

mod archive;
mod bases;
mod choice;
pub(super) mod directory;
mod entry;
mod header;
mod labels;
mod layout;
mod naming;
mod places;
mod roles;
mod samples_last;
mod values;

use std::path::Path;

pub(super) use self::archive::zip_names;
use self::archive::{Archive, Found};
pub(super) use self::bases::{Ranges, is_wide};
use self::entry::Entry;
pub(super) use self::header::{Header, Kind};
pub(super) use self::labels::Labels;
pub(super) use self::layout::ArrayLayout;
pub(super) use self::naming::{name_features, name_rows, precision, show_channels};
pub(super) use self::places::index;
use self::roles::{Role, Roles};
pub(super) use self::values::{Number, Sink, Storage, Target, each_number, with_capacity};
use super::raw::Raw;
use super::{Column, DataError, Doubt, LabelColumn, Progress, Rows, memory};
use crate::project::{ArrayReading, Choice, Parts, Rules, Shape};

/// The fix if an array does not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller array, or close other programs";
/// Most columns of an array of labels that is not one-hot.
const MOST_LABELS: usize = 64;
/// 16-bit pictures whose largest value is below this use at most 13 bits.
const FRACTION_OF_16_BITS: u16 = 1 << 13;

/// Requests for reading the arrays of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOptions<'a> {
    pub array: Option<&'a str>,
    pub labels: Option<&'a str>,
    pub reading: &'a ArrayReading,
    pub rules: Rules,
}

/// Reads rows (N×d) or pictures (N×H×W, N×H×W×C, N×C×H×W, also with N last) with their labels, and
/// the separate parts of an archive. `known` are the columns of a network trained on other data.
pub(super) fn load(
    path: &Path,
    options: ReadOptions<'_>,
    known: Option<&[Column]>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    progress.check()?;
    let mut archive = Archive::open(path, progress)?;
    let samples_last = samples_last::find_samples_last(&mut archive, options);
    let roles = Roles::find(&archive, options)?;
    let parts = [Some(roles.train), roles.validation, roles.test];
    let train = header(&archive, roles.train.rows)?;
    let layout = ArrayLayout::of(&train.shape, options.reading.axes, options.rules)
        .map_err(|message| error(&archive, roles.train.rows, message))?;
    let features = layout.shape.features();
    let counts = check_parts(&archive, parts, features)?;
    let total = counts.iter().fold(0, |total: usize, count| total.saturating_add(*count));
    memory::check_count(total, features, "choose a smaller array")
        .map_err(|message| error(&archive, roles.train.rows, message))?;
    let bytes = |at: usize| {
        let header = archive.arrays[at].header.as_ref().ok();
        header.map_or(0, |header| (header.count().unwrap_or(0) as u64).saturating_mul(header.item as u64))
    };
    if !archive.is_plain() {
        progress.set_total(roles.all().map(|role| bytes(role.rows)).fold(0, u64::saturating_add));
    }

    // Pixels share one scale, and so one range.
    let is_picture = matches!(layout.shape, Shape::Image { .. });
    let found = if is_picture || known.is_none() {
        let columns = if is_picture { 1 } else { features };
        bases::bases(&mut archive, roles.train.rows, columns, progress)?
    } else {
        Vec::new()
    };
    let known = known.filter(|columns| columns.len() == features).unwrap_or_default();
    let bases: Vec<f64> = match options.rules {
        Rules::Current if !found.is_empty() && !is_picture => found.clone(),
        Rules::Current if known.iter().any(|column| column.base() != 0.0) => {
            known.iter().map(Column::base).collect()
        }
        Rules::Current | Rules::Version1 => Vec::new(),
    };
    let kinds = kinds(&archive, parts);
    // After subtracting their bases, numbers have signs and fractions.
    let kept = if bases.is_empty() { storage(&kinds, options.rules) } else { Storage::F32 };
    let mut rows = with_capacity(kept, total.saturating_mul(features), progress)?;
    let (takes_nan, mut has_gaps) = (options.reading.missing.is_some(), false);
    for role in roles.all() {
        let add = |entry: Entry<'_>| entry.add_to(&mut rows, layout.channels_first, &bases, takes_nan);
        has_gaps |= archive.entry(role.rows, add)?;
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut raw = Raw::new(name, layout.shape, rows);
    raw.has_gaps = has_gaps;
    raw.type_max = type_max(&kinds, layout.shape, &raw.rows, options.rules);
    name_features(&mut raw, &bases, progress)?;
    let named = parts
        .iter()
        .zip(counts)
        .filter_map(|(role, count)| role.map(|role| (archive.arrays[role.rows].name.clone(), count)));
    name_rows(&mut raw, &named.collect::<Vec<_>>(), progress)?;
    raw.labels = read_labels(&mut archive, parts, counts, options.rules, &mut raw.notes, progress)?;
    if options.reading.parts == Parts::Kept {
        (raw.own_validation, raw.own_test) = (counts[1], counts[2]);
    }
    raw.notes.extend(samples_last.note.into_iter().chain(layout.note));
    raw.doubts.extend(roles.doubt.clone().into_iter().chain(samples_last.doubt).chain(layout.doubt));
    raw.doubts.extend(precision(layout.shape, &found, options.rules));
    report(&mut raw, &archive, &roles, counts, options);
    report_depth(&mut raw, &kinds, options.rules);
    if let Some(missing) = options.reading.missing {
        let none = if has_gaps { "" } else { ", of which there are none" };
        raw.understood.push(format!("NaN is a missing value: {}{none}", missing.name()));
    }
    Ok(raw)
}

/// Names of the arrays in an `.npz` file, in order; empty for a plain array.
///
/// # Errors
/// [`DataError`] if it cannot be opened or is damaged.
pub(super) fn array_names(path: &Path) -> Result<Vec<String>, DataError> {
    let progress = Progress::default();
    let archive =
        Archive::open(path, &progress).map_err(|error| error.about(&path.display().to_string(), REMEDY))?;
    if archive.is_plain() {
        return Ok(Vec::new());
    }
    Ok(archive.arrays.into_iter().map(|array| array.name).collect())
}

fn error(archive: &Archive<'_>, at: usize, message: impl Into<String>) -> DataError {
    let place = if archive.is_plain() {
        "header".to_owned()
    } else {
        format!("array \"{}\"", archive.arrays[at].name)
    };
    DataError::content(archive.path, place, message)
}

fn header<'a>(archive: &'a Archive<'_>, at: usize) -> Result<&'a Header, DataError> {
    archive.arrays[at].header.as_ref().map_err(|message| error(archive, at, message))
}

/// Number of rows of each part; checks that all contain numbers and have one shape.
fn check_parts(
    archive: &Archive<'_>,
    parts: [Option<Role>; 3],
    features: usize,
) -> Result<[usize; 3], DataError> {
    let mut counts = [0; 3];
    let mut first: Option<(&Found, &Header)> = None;
    for (part, count) in parts.into_iter().zip(&mut counts) {
        let Some(Role { rows, .. }) = part else { continue };
        let header = header(archive, rows)?;
        if header.count().is_none() {
            return Err(error(archive, rows, "its dimensions are too large; choose a smaller array"));
        }
        if header.is_text() {
            let message = "contains text; choose an array of numbers, or choose it as the labels";
            return Err(error(archive, rows, message));
        }
        *count = header.shape.first().copied().unwrap_or(0);
        match first {
            None if *count == 0 || features == 0 => {
                let text = header.shape_text();
                return Err(error(
                    archive,
                    rows,
                    format!("an array of {text} contains no values; choose one with rows"),
                ));
            }
            Some((found, known)) if known.shape.get(1..) != header.shape.get(1..) => {
                let (text, found) = (header.shape_text(), found.description());
                return Err(error(
                    archive,
                    rows,
                    format!("rows of {text} do not match those of {found}; choose another array"),
                ));
            }
            None | Some(_) => {}
        }
        first.get_or_insert((&archive.arrays[rows], header));
    }
    Ok(counts)
}

fn kinds(archive: &Archive<'_>, parts: [Option<Role>; 3]) -> Vec<Kind> {
    let headers = parts.into_iter().flatten().map(|role| archive.arrays[role.rows].header.as_ref());
    headers.flatten().map(|header| header.kind).collect()
}

/// The type of all parts, if they have the same.
fn storage(kinds: &[Kind], rules: Rules) -> Storage {
    let mut storages = kinds.iter().map(|kind| Storage::of(*kind));
    let first = storages.next().unwrap_or(Storage::F32);
    match first {
        Storage::U16 if rules == Rules::Version1 => Storage::F32,
        first if storages.all(|other| other == first) => first,
        Storage::U8 | Storage::U16 | Storage::F32 => Storage::F32,
    }
}

/// Bytes are scaled by the range of their type; those that are only 0 and 1 (masks, binary
/// features) are in [0, 1] already. By the rules of version 1, so are 16-bit pictures.
fn type_max(kinds: &[Kind], shape: Shape, rows: &Rows, rules: Rules) -> Option<f32> {
    match rows {
        Rows::U8(values) if values.iter().all(|&value| value <= 1) => Some(1.0),
        Rows::U8(_) => Some(255.0),
        Rows::F32(_) if rules == Rules::Version1 && kinds == [Kind::U16] => {
            matches!(shape, Shape::Image { .. }).then_some(65535.0)
        }
        Rows::U16(_) | Rows::F32(_) => None,
    }
}

/// One column of labels over all parts; several if the array of labels has several columns that are
/// not one-hot.
fn read_labels(
    archive: &mut Archive<'_>,
    parts: [Option<Role>; 3],
    counts: [usize; 3],
    rules: Rules,
    notes: &mut Vec<String>,
    progress: &Progress,
) -> Result<Vec<LabelColumn>, DataError> {
    let labelled = || parts.iter().flatten().filter_map(|role| role.labels);
    let Some(first) = labelled().next() else { return Ok(Vec::new()) };
    let name = archive.arrays[first].name.clone();
    let mut columns = None;
    for (role, count) in parts.iter().zip(counts) {
        let Some(at) = role.and_then(|role| role.labels) else { continue };
        let header = header(archive, at)?;
        let of_each = match header.shape[..] {
            [rows] if rows == count => Some(1),
            [rows, columns @ 1..=choice::MOST_LABEL_COLUMNS] if rows == count => Some(columns),
            _ => None,
        };
        let is_alike = columns.is_none_or(|columns| of_each == Some(columns));
        let Some(of_each) = of_each.filter(|&columns| is_alike && (columns == 1 || !header.is_text())) else {
            let text = header.shape_text();
            let message =
                format!("labels of {text} do not belong to {count} rows; choose an array of {count} values");
            return Err(error(archive, at, message));
        };
        columns = Some(of_each);
    }
    let columns = columns.unwrap_or(1);
    if columns > 1 {
        return many_labels(archive, parts, counts, (&name, columns), notes, progress);
    }
    let kinds: Vec<Kind> = labelled()
        .filter_map(|at| archive.arrays[at].header.as_ref().ok())
        .map(|header| header.kind)
        .collect();
    let is_float = |kind: &Kind| matches!(kind, Kind::F16 | Kind::F32 | Kind::F64);
    let is_whole = rules == Rules::Current && !kinds.iter().any(is_float);
    let mut labels = Labels::new(is_whole, rules == Rules::Current, progress);
    for (role, count) in parts.iter().zip(counts) {
        match role.and_then(|role| role.labels) {
            Some(at) => archive.entry(at, |entry| entry.labels(&mut labels))?,
            None => labels.skip(count)?,
        }
    }
    Ok(vec![labels.column(&name)?])
}

/// Labels in several columns: classes by index if each row has a single 1 among zeros, else one
/// column each.
fn many_labels(
    archive: &mut Archive<'_>,
    parts: [Option<Role>; 3],
    counts: [usize; 3],
    (name, columns): (&str, usize),
    notes: &mut Vec<String>,
    progress: &Progress,
) -> Result<Vec<LabelColumn>, DataError> {
    let total: usize = counts.iter().sum();
    let mut rows = with_capacity(Storage::F32, total.saturating_mul(columns), progress)?;
    let mut has_labels = Vec::new();
    for (role, count) in parts.iter().zip(counts) {
        let Some(at) = role.and_then(|role| role.labels) else { continue };
        archive.entry(at, |entry| entry.add_to(&mut rows, false, &[], false))?;
        has_labels.push((role.map(|role| role.rows), count));
    }
    let Rows::F32(values) = rows else { return Ok(Vec::new()) };
    let place = |row: &[f32]| {
        let place = row.iter().position(|value| *value == 1.0)?;
        row.iter().enumerate().all(|(at, value)| at == place || *value == 0.0).then_some(place)
    };
    let is_one_hot = values.chunks_exact(columns).all(|row| place(row).is_some());
    if !is_one_hot && columns > MOST_LABELS {
        notes.push(format!("array \"{name}\" was ignored: {columns} numbers per row are not a label"));
        progress.budget().release(values);
        return Ok(Vec::new());
    }
    let mut lists: Vec<Labels<'_>> =
        (0..if is_one_hot { 1 } else { columns }).map(|_| Labels::new(true, true, progress)).collect();
    let mut rows = values.chunks_exact(columns);
    for (role, count) in parts.iter().zip(counts) {
        let Some(at) = role.and_then(|role| role.labels) else {
            lists.iter_mut().try_for_each(|list| list.skip(count))?;
            continue;
        };
        if !is_one_hot {
            // Read again, because 32 bits do not represent all digits.
            archive.entry(at, |entry| entry.label_columns(&mut lists))?;
            continue;
        }
        for row in rows.by_ref().take(count) {
            let place = place(row).unwrap_or_default();
            lists.iter_mut().try_for_each(|list| list.push(&place.to_string()))?;
        }
    }
    progress.budget().release(values);
    if is_one_hot {
        notes.push(format!(
            "labels \"{name}\" are one-hot: the class is the position of the 1, counted from 0"
        ));
    }
    let called = |at: usize| if is_one_hot { name.to_owned() } else { format!("{name} {}", at + 1) };
    (0..).zip(lists).map(|(at, list)| list.column(&called(at))).collect()
}

/// The role of each array, and the ignored ones.
fn report(raw: &mut Raw, archive: &Archive<'_>, roles: &Roles, counts: [usize; 3], options: ReadOptions<'_>) {
    if !archive.is_plain() {
        let (name, all) = (&archive.arrays[roles.train.rows].name, archive.arrays.len());
        let arrays = if all == 1 { "array" } else { "arrays" };
        raw.what = format!("array \"{name}\", {} × {}, of {all} {arrays}", counts[0], raw.shape);
        for (role, called) in [(roles.validation, "validation"), (roles.test, "test")] {
            let found = role.map(|role| &archive.arrays[role.rows]);
            raw.understood.extend(found.map(|found| format!("{called}: {}", found.description())));
        }
        if options.reading.parts == Parts::Mixed && roles.all().count() > 1 {
            raw.understood.push("all parts mixed".to_owned());
        }
        let (left, notes) = roles.left(&archive.arrays);
        raw.understood.extend(left);
        raw.notes.extend(notes);
    }
    if archive.has_samples_last(roles.train.rows) {
        raw.understood.push("samples along the last axis".to_owned());
    }
    show_channels(raw, &options.reading.shown_channels);
}

/// Reports how many of 16 bits are used, and the range by which pictures are scaled.
fn report_depth(raw: &mut Raw, kinds: &[Kind], rules: Rules) {
    let is_picture = matches!(raw.shape, Shape::Image { .. });
    match &raw.rows {
        Rows::U16(values) if is_picture => {
            let around = |(low, high): (u16, u16), value: &u16| (low.min(*value), high.max(*value));
            let (low, high) = values.iter().fold((u16::MAX, 0), around);
            raw.understood.push(format!("16 bits, values {low}–{high}: scaled by the data's range"));
        }
        Rows::F32(values) if is_picture && rules == Rules::Version1 && kinds == [Kind::U16] => {
            let high = values.iter().fold(0.0_f32, |high, value| high.max(*value));
            if high < f32::from(FRACTION_OF_16_BITS) {
                raw.doubts.push(Doubt {
                    message: format!(
                        "the 16-bit values only go up to {high}; scaled by the range of the \
                         type, all pictures are dark"
                    ),
                    remedies: vec![Choice::Rules(Rules::Current)],
                });
            }
        }
        Rows::U8(_) | Rows::U16(_) | Rows::F32(_) => {}
    }
}

#[cfg(test)]
mod tests;
