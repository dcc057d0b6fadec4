//! Tables of text.

mod sniff;

pub(super) use sniff::sniff_as;
pub use sniff::{CsvPreview, sniff};

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use ::csv::ByteRecord;

use self::sniff::Layout;
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, Rows, memory};
use crate::project::{Delimiter, Header, Missing, Shape};

/// How the text is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Format {
    pub header: Header,
    pub delimiter: Delimiter,
}

/// Numeric label columns with more distinct values than this are numbers, not classes.
const MAX_NUMERIC_CLASSES: usize = 20;
/// How many rows pass between two looks at the cancel switch.
const CHECK_EVERY: u64 = 1024;

/// Reads a table: every column but the labels is a feature. Gaps stay NaN until the split is drawn.
pub(super) fn load(
    path: &Path,
    format: Format,
    labels: &[String],
    missing: Missing,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let layout = Layout::find(path, format)?;
    let mut table = Table::new(path, &layout, labels)?;
    // A value takes at least two bytes of text, so the file's length bounds what it becomes.
    memory::check_fits(1, (layout.bytes / 2) as usize, 4, "choose a smaller file")?;
    progress.set_total(layout.bytes);

    let mut reader = layout.reader(path)?;
    let mut record = ByteRecord::new();
    let (mut reported, mut dropped) = (0, 0_usize);
    for number in 0_u64.. {
        if number % CHECK_EVERY == 0 {
            progress.check()?;
            let position = reader.position().byte();
            progress.advance(position.saturating_sub(reported));
            reported = position;
        }
        let more = reader.read_byte_record(&mut record).map_err(|error| read_error(path, error))?;
        if !more {
            break;
        }
        if number == 0 && layout.has_header {
            continue;
        }
        let gaps = table.push(&record)?;
        if gaps && missing == Missing::DropRow {
            table.drop_last();
            dropped += 1;
        }
    }
    table.finish(dropped)
}

/// Rows as they are read.
struct Table<'a> {
    path: &'a Path,
    columns: Vec<String>,
    /// For each column whether it is a label.
    is_label: Vec<bool>,
    features: usize,
    values: Vec<f32>,
    labels: Vec<Interned>,
    rows: usize,
    has_gaps: bool,
}

impl<'a> Table<'a> {
    fn new(path: &'a Path, layout: &Layout, labels: &[String]) -> Result<Table<'a>, DataError> {
        let columns = layout.columns.clone();
        if let Some(unknown) = labels.iter().find(|label| !columns.contains(label)) {
            return Err(DataError::content(
                path,
                "header",
                format!(
                    "there is no label column \"{unknown}\"; the columns are {}",
                    sniff::listed(&columns)
                ),
            ));
        }
        let is_label: Vec<bool> = columns.iter().map(|name| labels.contains(name)).collect();
        let features = is_label.iter().filter(|&&label| !label).count();
        if features == 0 {
            return Err(DataError::content(
                path,
                "header",
                "every column is a label; leave at least one as a feature",
            ));
        }
        Ok(Table {
            path,
            labels: vec![Interned::default(); columns.len() - features],
            columns,
            is_label,
            features,
            values: Vec::new(),
            rows: 0,
            has_gaps: false,
        })
    }

    /// Adds a row and says whether it has missing values.
    fn push(&mut self, record: &ByteRecord) -> Result<bool, DataError> {
        if record.len() != self.columns.len() {
            return Err(DataError::content(
                self.path,
                line_place(self.path, record),
                format!(
                    "the row has {} field{} where the first has {}; add or remove delimiters, or choose another delimiter",
                    record.len(),
                    if record.len() == 1 { "" } else { "s" },
                    self.columns.len()
                ),
            ));
        }
        let (mut label, mut gaps) = (0, false);
        for (column, bytes) in record.iter().enumerate() {
            let field = utf8(self.path, record, bytes)?.trim();
            if self.is_label[column] {
                self.labels[label].push(field);
                label += 1;
            } else if is_missing(field) {
                self.values.push(f32::NAN);
                gaps = true;
            } else {
                let value = self.number(field, record, column)?;
                self.values.push(value);
            }
        }
        self.rows += 1;
        self.has_gaps |= gaps;
        Ok(gaps)
    }

    fn drop_last(&mut self) {
        self.rows -= 1;
        self.values.truncate(self.rows * self.features);
        for label in &mut self.labels {
            label.ids.pop();
        }
    }

    fn number(&self, field: &str, record: &ByteRecord, column: usize) -> Result<f32, DataError> {
        let error = |message: String| {
            DataError::content(
                self.path,
                format!("{}, column \"{}\"", line_place(self.path, record), self.columns[column]),
                message,
            )
        };
        let Ok(value) = field.parse::<f64>() else {
            if field.replace(',', ".").parse::<f64>().is_ok() {
                return Err(error(format!("\"{field}\" has a decimal comma; write a decimal point")));
            }
            let field = sniff::shortened(field);
            return Err(DataError::Word {
                path: self.path.to_path_buf(),
                line: line_place(self.path, record),
                column: self.columns[column].clone(),
                message: format!("\"{field}\" is no number; name it as a label column or remove it"),
            });
        };
        let value = value as f32;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(error(format!(
                "\"{}\" is not finite, or too large for a 32-bit number; correct it, or leave the field empty so that it counts \
                 as missing",
                sniff::shortened(field)
            )))
        }
    }

    fn finish(self, dropped: usize) -> Result<Raw, DataError> {
        if self.rows == 0 {
            return Err(DataError::content(
                self.path,
                "end",
                if dropped > 0 {
                    format!(
                        "all {dropped} rows have missing values and were dropped; fill missing values with the column mean instead"
                    )
                } else {
                    "the table has no rows; choose a file with at least one row below its header".into()
                },
            ));
        }
        let name = self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut raw = Raw::new(name, Shape::Vector(self.features), Rows::F32(self.values));
        let mut labels = self.labels.into_iter();
        for (column, is_label) in self.columns.into_iter().zip(self.is_label) {
            match labels.next_if_label(is_label) {
                Some(values) => raw.labels.push(values.column(column)),
                None => raw.feature_names.push(column),
            }
        }
        raw.has_gaps = self.has_gaps && dropped == 0;
        raw.is_table = true;
        if dropped > 0 {
            raw.warnings.push(format!(
                "{dropped} row{} with missing values {} left out",
                if dropped == 1 { "" } else { "s" },
                if dropped == 1 { "was" } else { "were" },
            ));
        }
        Ok(raw)
    }
}

/// The next label column where the column at hand is one.
trait NextIfLabel: Iterator {
    fn next_if_label(&mut self, is_label: bool) -> Option<Self::Item> {
        if is_label { self.next() } else { None }
    }
}

impl<I: Iterator> NextIfLabel for I {}

/// A column of texts, each kept once.
#[derive(Clone, Default)]
struct Interned {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    ids: Vec<u32>,
}

impl Interned {
    fn push(&mut self, text: &str) {
        let id = if let Some(&id) = self.numbers.get(text) {
            id
        } else {
            let id = self.names.len() as u32;
            self.numbers.insert(text.to_string(), id);
            self.names.push(text.to_string());
            id
        };
        self.ids.push(id);
    }

    /// Numbers where all texts are numbers and many, or not whole; else classes, in numeric or alphabetic order. A
    /// missing label is NaN or the class `(none)`.
    fn column(self, name: String) -> LabelColumn {
        // Rows that were dropped may have left texts that no row has.
        let mut used = vec![false; self.names.len()];
        self.ids.iter().for_each(|&id| used[id as usize] = true);
        let parsed: Vec<Option<f64>> = self.names.iter().map(|text| finite(text)).collect();
        let present = || (0..self.names.len()).filter(|&at| used[at] && !is_missing(&self.names[at]));
        let numeric = present().all(|at| parsed[at].is_some());
        let whole = present().all(|at| parsed[at].is_some_and(|value| value.fract() == 0.0));
        if numeric && (!whole || present().count() > MAX_NUMERIC_CLASSES) {
            let value = |&id: &u32| parsed[id as usize].map_or(f32::NAN, |value| value as f32);
            return LabelColumn::numbers(name, self.ids.iter().map(value).collect());
        }
        let mut order: Vec<usize> = present().collect();
        order.sort_by(|&a, &b| match (numeric, parsed[a], parsed[b]) {
            (true, Some(left), Some(right)) => left.total_cmp(&right),
            _ => self.names[a].cmp(&self.names[b]),
        });
        let none = order.len() as u32;
        let mut class = vec![none; self.names.len()];
        for (number, &at) in order.iter().enumerate() {
            class[at] = number as u32;
        }
        let ids: Vec<u32> = self.ids.iter().map(|&id| class[id as usize]).collect();
        let mut names: Vec<String> = order.iter().map(|&at| self.names[at].clone()).collect();
        if ids.contains(&none) {
            names.push("(none)".into());
        }
        LabelColumn::classes(name, names, ids)
    }
}

fn is_missing(field: &str) -> bool {
    field.is_empty() || field == "?" || field.eq_ignore_ascii_case("na") || field.eq_ignore_ascii_case("nan")
}

fn finite(field: &str) -> Option<f64> {
    field.parse().ok().filter(|value: &f64| (*value as f32).is_finite())
}

/// Where a record begins: `line 3`, counted from 1.
///
/// Counted only once something is wrong: the parser's own count runs ahead neither over empty lines nor over the second half
/// of a CRLF.
fn line_place(path: &Path, record: &ByteRecord) -> String {
    let start = record.position().map_or(0, ::csv::Position::byte);
    File::open(path)
        .and_then(|file| line_at(BufReader::new(file), start))
        .map_or_else(|_| format!("byte {start}"), |line| format!("line {line}"))
}

/// The line of the first byte from `start` on that ends no line.
fn line_at(mut reader: impl BufRead, start: u64) -> std::io::Result<u64> {
    let (mut line, mut at, mut previous) = (1, 0_u64, 0);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(line);
        }
        for &byte in buffer {
            if at >= start && byte != b'\n' && byte != b'\r' {
                return Ok(line);
            }
            line += u64::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
            previous = byte;
            at += 1;
        }
        let length = buffer.len();
        reader.consume(length);
    }
}

fn utf8<'a>(path: &Path, record: &ByteRecord, bytes: &'a [u8]) -> Result<&'a str, DataError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        DataError::content(
            path,
            line_place(path, record),
            format!("byte 0x{byte:02X} is not UTF-8 (Latin-1, perhaps); save the file as UTF-8"),
        )
    })
}

fn read_error(path: &Path, error: ::csv::Error) -> DataError {
    let text = error.to_string();
    if let ::csv::ErrorKind::Io(error) = error.into_kind() {
        DataError::io(path, &error)
    } else {
        DataError::file(path, format!("cannot be read as a table ({text}); check the file"))
    }
}

#[cfg(test)]
mod tests;
