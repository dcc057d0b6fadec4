//! Tables of text, and spreadsheets.
//!
//! A table is read twice: first to learn what its columns hold, by all of their fields, then for the values.

mod codes;
mod date;
mod dated;
mod doubts;
mod encoding;
mod ends;
mod evidence;
mod header;
mod labels;
mod layout;
mod lines;
mod matching;
mod missing;
mod number;
mod overview;
mod parts;
mod plain;
mod records;
mod remarks;
mod roles;
mod sheet;
mod sniff;
mod spaces;
mod text;
mod values;
mod words;

pub use sniff::{CsvPreview, sniff};
pub(super) use sniff::{is_table, sniff_as};

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use ::csv::ByteRecord;

use self::evidence::Evidence;
use self::layout::Layout;
use self::lines::{Lines, NAMES_COPIES, place_of_record, utf8};
use self::matching::Matched;
use self::remarks::Remarks;
use self::text::Text;
use self::values::Table;
use super::raw::Raw;
use super::{Column, DataError, Progress, memory};
use crate::project::{Delimiter, Header, Missing, Rules, TableReading};

/// How a table is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub header: Header,
    pub delimiter: Delimiter,
    pub labels: &'a [String],
    pub missing: Missing,
    pub reading: &'a TableReading,
    pub rules: Rules,
}

/// What to do where a table does not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller file, or close other programs";

/// The letters of a table in UTF-8, whatever it is packed into, as long as `charge` allows each further block.
///
/// # Errors
/// [`DataError`] for what is no table or cannot be read, and what `charge` says.
pub(super) fn letters(
    path: &Path,
    mut charge: impl FnMut(u64) -> Result<(), DataError>,
    progress: &Progress,
) -> Result<Vec<u8>, DataError> {
    const BLOCK: u64 = 1 << 20;
    let text = Text::find(path, &TableReading::default(), true, progress)?;
    let mut letters = Vec::new();
    let mut stream = text.open(Delimiter::Comma, false, progress)?;
    loop {
        progress.check()?;
        let read = stream.by_ref().take(BLOCK).read_to_end(&mut letters).map_err(|error| text.io(&error))?;
        if read == 0 {
            break;
        }
        charge(read as u64)?;
    }
    drop(stream);
    text.release(progress);
    Ok(letters)
}

/// Reads a table: columns become features or labels as they are chosen, as a trained run knows them, or as they look. Gaps
/// stay NaN until the split is drawn.
pub(super) fn load(
    path: &Path,
    asked: Asked<'_>,
    known: &[Column],
    progress: &Progress,
) -> Result<Raw, DataError> {
    progress.check()?;
    let text = Text::find(path, asked.reading, true, progress)?;
    let raw = load_text(&text, &asked, known, progress)?;
    text.release(progress);
    Ok(raw)
}

fn load_text(
    text: &Text<'_>,
    asked: &Asked<'_>,
    known: &[Column],
    progress: &Progress,
) -> Result<Raw, DataError> {
    let budget = progress.budget();
    let mut layout = Layout::find(text, asked, known, progress)?;
    // The first rows, and the lists in which names were told apart, are no longer there.
    layout.sample = Vec::new();
    budget.give_back((NAMES_COPIES - 1) * layout.names_bytes);

    progress.restart(text.bytes);
    let mut evidence = survey(text, &layout, asked, progress)?;
    let mut remarks = Remarks::default();
    remarks.doubts.append(&mut layout.doubts);
    let matched = match known {
        [] => None,
        known => Some(Matched::find(text, &layout, asked, known, &mut remarks)?),
    };
    let roles = roles::decide(text, &layout, &evidence, asked, matched.as_ref(), &mut remarks)?;
    let mut overview = overview::of(&layout, &evidence, &roles, progress)?;
    if let Some(matched) = &matched {
        let takes: Vec<_> = overview.iter().map(|column| column.take).collect();
        matched.tell_extra(&layout, asked, &takes, &mut remarks);
    } else {
        let choices = asked.reading.columns.iter().map(|choice| &choice.name);
        let chosen: HashSet<&String> = asked.labels.iter().chain(choices).collect();
        remarks.many_words(&layout, &roles.by_column, &|name| chosen.contains(name));
    }
    for evidence in &mut evidence {
        evidence.release(budget);
    }
    budget.release(evidence);

    progress.restart(text.bytes);
    let mut table = Table::new(text, &layout, &roles, asked, progress)?;
    let (mut source_rows, mut dropped) = (Vec::new(), 0_usize);
    each_row(text, &layout, progress, |record| {
        let gaps = table.push(record).map_err(|error| extrapolated(error, progress))?;
        let drops = gaps && asked.missing == Missing::DropRow;
        if drops {
            if dropped == 0 {
                budget.reserve(&mut source_rows, table.rows())?;
                source_rows.extend(1..table.rows() as u32);
            }
            table.drop_last();
            dropped += 1;
        } else if dropped > 0 {
            budget.reserve(&mut source_rows, 1)?;
            source_rows.push((table.rows() + dropped) as u32);
        }
        Ok(())
    })?;
    overview::count(&mut overview, &roles, table.values(), progress)?;
    let mut raw = table.finish(dropped, &mut remarks)?;
    budget.trim(&mut source_rows);
    raw.source_rows = source_rows;
    raw.overview = overview;
    raw.what = remarks::what(raw.rows.len() / roles.features.max(1), &roles.columns);
    raw.understood = remarks::understood(text, &layout, &roles);
    let names = roles.columns.iter().flat_map(|column| {
        let words = if let super::ColumnKind::Categories { words } = &column.kind { &words[..] } else { &[] };
        words.iter().map(|word| memory::text_bytes(column.name.len() + word.len() + 3))
    });
    budget.take(names.sum())?;
    raw.feature_names = roles.columns.iter().flat_map(Column::feature_names).collect();
    raw.columns = roles.columns;
    let Remarks { notes, warnings, doubts } = remarks;
    (raw.notes, raw.warnings, raw.doubts) = (notes, warnings, doubts);
    Ok(raw)
}

/// The first reading: what all fields of each column tell.
fn survey(
    text: &Text<'_>,
    layout: &Layout,
    asked: &Asked<'_>,
    progress: &Progress,
) -> Result<Vec<Evidence>, DataError> {
    let (reading, budget) = (asked.reading, progress.budget());
    let mut evidence = evidence::of_columns(&layout.columns, reading, budget)?;
    each_row(text, layout, progress, |record| {
        for (evidence, bytes) in evidence.iter_mut().zip(record) {
            if evidence.add_plain(bytes, reading, budget) {
                continue;
            }
            let field = utf8(text, layout.form, record, bytes, progress)?;
            evidence.add(field, reading, budget);
        }
        Ok(())
    })?;
    evidence::settle(&mut evidence, reading, asked.rules);
    Ok(evidence)
}

/// Hands over the rows below the header, which all have a field for each column.
fn each_row(
    text: &Text<'_>,
    layout: &Layout,
    progress: &Progress,
    mut take: impl FnMut(&ByteRecord) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut lines = Lines::open(text, layout.form, progress)?;
    let mut skips_header = layout.has_header;
    let mut record = ByteRecord::new();
    let count = layout.columns.len();
    while lines.next(&mut record)? {
        if std::mem::take(&mut skips_header) {
            continue;
        }
        // A delimiter at the end of the line is no field.
        let has_end = record.len() == count + 1 && record.get(count).is_some_and(<[u8]>::is_empty);
        if record.len() != count && !has_end {
            return Err(DataError::content(
                text.path,
                place_of_record(text, layout.form, &record, progress),
                format!(
                    "the row has {} field{} where the first has {count}; add or remove delimiters, or choose another delimiter",
                    record.len(),
                    if record.len() == 1 { "" } else { "s" },
                ),
            ));
        }
        take(&record)?;
    }
    Ok(())
}

/// Where memory is short, what the whole file would take, going by the part that was read.
fn extrapolated(error: DataError, progress: &Progress) -> DataError {
    if let DataError::Memory { name, needed, limit, remedy } = error {
        let (done, total) = progress.state();
        let whole = needed as f64 * (total as f64 / done.clamp(1, total.max(1)) as f64);
        DataError::Memory { name, needed: needed.max(whole as u64), limit, remedy }
    } else {
        error
    }
}

/// The first names of a list, for a message.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<String> =
        names.iter().take(20).map(|name| format!("\"{}\"", shortened(name.as_ref()))).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    shown.join(", ") + more
}

/// A field of any length, short enough for a message.
fn shortened(field: &str) -> String {
    let mut text: String = field.chars().take(40).collect();
    if text.len() < field.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
