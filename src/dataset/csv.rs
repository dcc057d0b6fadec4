//! Tables of text, and spreadsheets.
//!
//! A table is read twice: first to determine the content of each column from all of its fields,
//! then for the values.
//!
//! - The file: `encoding` detects the encoding of its text, `delimiter` and `fixed` how lines split
//!   into fields, `start` where the table begins, `layout` and `header_rows` its header.
//! - Its rows: `first_pass` decides which are read; `statistics` finds rows that sum up others
//!   (`statistic_names` lists their names), `pairs` rows with a name and a value, `second_table` a
//!   table below the first.
//! - Its columns: `evidence` collects what the fields of a column prove, `century` finds the
//!   century of two-digit years, `units` the units of numbers, `ids` whether values only identify
//!   rows; `roles` decides the role of the column, and `doubts` lists possible mistakes.
//! - `matching` finds the columns of a trained run in another table.
//! - `values` reads the rows. `padding` restores leading zeros that a spreadsheet shows.

mod around;
mod body;
mod buffer;
mod century;
mod codes;
mod date;
mod dated;
mod decimal;
mod delimiter;
mod describe;
mod doubts;
mod encoding;
mod ends;
mod evidence;
mod first_pass;
mod first_row;
mod fixed;
mod footer;
mod form;
mod header;
mod header_rows;
mod ids;
mod label_names;
mod labels;
mod layout;
mod left_out;
mod lines;
mod made_up;
mod matching;
mod merged;
mod mismatches;
mod missing;
mod mixed;
mod months;
mod names;
mod number;
mod overview;
mod padding;
mod pairs;
mod parts;
mod places;
mod plain;
mod preamble;
mod records;
mod remarks;
mod roles;
mod second_header;
mod second_table;
mod sectors;
mod sheet;
mod side_by_side;
mod sniff;
mod spaces;
mod start;
mod statistic_names;
mod statistics;
mod suffixes;
mod text;
mod truth;
mod units;
mod values;
mod words;

pub(super) use label_names::is_label_name;
pub use sniff::{CsvPreview, sniff};
pub(super) use sniff::{is_table, sniff_as};
pub(super) use spaces::collapsed;

use std::io::Read as _;
use std::path::Path;

use self::body::Body;
use self::form::Form;
use self::layout::TableLayout;
use self::lines::NAMES_COPIES;
use self::matching::Matched;
use self::remarks::Remarks;
use self::roles::Roles;
use self::text::Text;
use self::values::Table;
use super::memory::Budget;
use super::raw::Raw;
use super::{Column, DataError, Known, Progress, memory};
use crate::project::{Delimiter, Header, Missing, RowSet, Rules, TableReading};

/// Requests for reading a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOptions<'a> {
    pub header: Header,
    pub delimiter: Delimiter,
    pub labels: &'a [String],
    pub missing: Missing,
    pub reading: &'a TableReading,
    pub rules: Rules,
}

impl<'a> ReadOptions<'a> {
    /// Only the choices of `reading`.
    fn of(reading: &'a TableReading) -> ReadOptions<'a> {
        let (header, delimiter, missing) = (Header::Auto, Delimiter::Auto, Missing::default());
        ReadOptions { header, delimiter, labels: &[], missing, reading, rules: Rules::Current }
    }
}

/// The fix if a table does not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller file, or close other programs";

/// The text of a table in UTF-8, unpacked; `charge` must allow each further block.
///
/// # Errors
/// [`DataError`] for a file that is not a table or cannot be read, and the errors of `charge`.
pub(super) fn letters(
    path: &Path,
    mut charge: impl FnMut(u64) -> Result<(), DataError>,
    progress: &Progress,
) -> Result<Vec<u8>, DataError> {
    const BLOCK: u64 = 1 << 20;
    let text = Text::find(path, &TableReading::default(), true, progress)?;
    let mut letters = Vec::new();
    let mut stream = text.open(Form::default(), false, progress)?;
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

/// [`load_known`] for only these columns.
#[cfg(test)]
fn load(
    path: &Path,
    options: ReadOptions<'_>,
    known: &[Column],
    progress: &Progress,
) -> Result<Raw, DataError> {
    load_known(path, options, Known { columns: known, ..Known::default() }, progress)
}

/// Reads a table: columns become features or labels as chosen, as in a trained run, or as detected.
/// Missing values stay NaN until the split is drawn.
pub(super) fn load_known(
    path: &Path,
    options: ReadOptions<'_>,
    known: Known<'_>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    progress.check()?;
    let text = Text::find(path, options.reading, true, progress)?;
    let raw = load_text(&text, &options, known, progress)?;
    text.release(progress);
    Ok(raw)
}

fn load_text(
    text: &Text<'_>,
    options: &ReadOptions<'_>,
    known: Known<'_>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let budget = progress.budget();
    let mut layout = TableLayout::find(text, options, known.columns, progress)?;
    // The first rows, and the lists used to make names unique, are freed.
    layout.sample = Vec::new();
    budget.give_back((NAMES_COPIES - 1) * layout.names_bytes);

    let gone = names::unused_choices(&layout.columns, options, known.columns);
    load_rows(text, options, known, layout, progress).map_err(|error| names::with_gone(error, &gone))
}

fn load_rows(
    text: &Text<'_>,
    options: &ReadOptions<'_>,
    known: Known<'_>,
    mut layout: TableLayout,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let budget = progress.budget();
    progress.restart(text.bytes);
    let mut remarks = Remarks::default();
    remarks.notes.append(&mut layout.notes);
    remarks.doubts.append(&mut layout.doubts);
    let (mut evidence, body) = first_pass::first_pass(text, &mut layout, options, progress, &mut remarks)?;
    text.guess.report(text.encoding, &mut remarks);
    match text.sheet() {
        Some(sheet) => sheet.report(&mut remarks),
        None if options.reading.sheet.is_some() => {
            remarks.notes.push("the file is not a spreadsheet: the chosen sheet is ignored".to_owned());
        }
        None => {}
    }
    let matched = match known.columns {
        [] => None,
        _ => Some(Matched::find(text, &mut layout, &evidence, options, known, &mut remarks, progress)?),
    };
    let roles = roles::decide(text, &layout, &evidence, options, matched.as_ref(), &mut remarks)?;
    if matched.is_none() {
        side_by_side::report(&layout, &evidence, &roles.by_column, &mut remarks);
    }
    let mut overview = overview::of(&layout, &evidence, &roles, progress)?;
    if let Some(matched) = &matched {
        let takes: Vec<_> = overview.iter().map(|column| column.take).collect();
        matched.report_extra(&layout, options, &takes, &mut remarks);
    }
    for evidence in &mut evidence {
        evidence.release(budget);
    }
    budget.release(evidence);

    let Read { table, source_rows, dropped } =
        Read::all(text, &layout, &roles, options, &body, &mut remarks, progress)?;
    overview::count(&mut overview, &roles, table.values(), progress)?;
    let mut raw = table.finish(dropped, &mut remarks)?;
    raw.source_rows = source_rows;
    raw.overview = overview;
    raw.what = describe::what(raw.rows.len() / roles.features.max(1), &roles.columns);
    raw.understood = describe::understood(text, &layout, &roles);
    budget.take(feature_names_bytes(&roles.columns))?;
    raw.feature_names = roles.columns.iter().flat_map(Column::feature_names).collect();
    raw.columns = roles.columns;
    let Remarks { notes, warnings, doubts } = remarks;
    (raw.notes, raw.warnings, raw.doubts) = (notes, warnings, doubts);
    Ok(raw)
}

/// Memory for the names of features of words.
fn feature_names_bytes(columns: &[Column]) -> u64 {
    let names = columns.iter().flat_map(|column| {
        let words = if let super::ColumnKind::Categories { words } = &column.kind { &words[..] } else { &[] };
        words.iter().map(|word| memory::text_bytes(column.name.len() + word.len() + 3))
    });
    names.sum()
}

/// The second pass over the file.
struct Read<'a> {
    table: Table<'a>,
    /// The number of each row, counted from 1 below the header; empty if no rows were skipped.
    source_rows: Vec<u32>,
    /// Rows that were dropped for missing values.
    dropped: usize,
}

impl<'a> Read<'a> {
    fn all(
        text: &'a Text<'a>,
        layout: &'a TableLayout,
        roles: &'a Roles,
        options: &'a ReadOptions<'a>,
        body: &Body,
        remarks: &mut Remarks,
        progress: &'a Progress,
    ) -> Result<Read<'a>, DataError> {
        let budget = progress.budget();
        progress.restart(text.bytes);
        let table = Table::new(text, layout, roles, options, progress)?;
        let mut read = Read { table, source_rows: Vec::new(), dropped: 0 };
        let (mut empty, mut empty_count) = (RowSet::default(), 0);
        body.each(text, layout, progress, |number, record| {
            let gaps = read.table.push(number, record).map_err(|error| extrapolated(error, progress))?;
            if gaps && options.missing != Missing::DropRow && read.table.is_last_empty() {
                empty_count += 1;
                if empty.ranges() <= around::MOST_RANGES {
                    empty.push(number);
                }
            }
            if gaps && options.missing == Missing::DropRow {
                read.table.drop_last();
                read.dropped += 1;
            } else if read.table.rows() as u64 != number {
                // Skipped rows keep their numbers.
                read.number(read.table.rows() - 1, budget)?;
                budget.reserve(&mut read.source_rows, 1)?;
                read.source_rows.push(number as u32);
            }
            Ok(())
        })?;
        if read.dropped > 0 {
            read.number(read.table.rows(), budget)?;
        }
        if empty_count > 0 && read.table.rows() > empty_count {
            let but_words = read.table.has_words_and_others();
            around::report_empty(&empty, empty_count, but_words, &body.skip, remarks);
        }
        budget.trim(&mut read.source_rows);
        Ok(read)
    }

    /// Adds the numbers of the first `rows` rows, if no row is numbered yet.
    fn number(&mut self, rows: usize, budget: &Budget) -> Result<(), DataError> {
        if self.source_rows.is_empty() && rows > 0 {
            budget.reserve(&mut self.source_rows, rows)?;
            self.source_rows.extend(1..=rows as u32);
        }
        Ok(())
    }
}

/// Adds the estimate for the whole file, extrapolated from the part read, to an error of memory.
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
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<String> =
        names.iter().take(20).map(|name| format!("\"{}\"", shortened(name.as_ref()))).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    shown.join(", ") + more
}

/// A field of any length, short enough for a message.
pub(super) fn shortened(field: &str) -> String {
    let mut text: String = field.chars().take(40).collect();
    if text.len() < field.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
