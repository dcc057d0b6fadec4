//! Tables of text.

mod labels;
mod lines;
mod sniff;

pub(super) use sniff::sniff_as;
pub use sniff::{CsvPreview, sniff};

use std::collections::HashSet;
use std::path::Path;

use ::csv::ByteRecord;

use self::labels::Labels;
use self::lines::{Lines, NAMES_COPIES, place_of_record, utf8};
use self::sniff::Layout;
use super::raw::Raw;
use super::{Column, DataError, Progress, Rows, memory};
use crate::project::{Delimiter, Header, Missing, Rules, Shape, TableReading};

/// How the text is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Format {
    pub header: Header,
    pub delimiter: Delimiter,
}

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

/// Reads a table: every column but the labels is a feature. Gaps stay NaN until the split is drawn.
pub(super) fn load(
    path: &Path,
    asked: Asked<'_>,
    known: &[Column],
    progress: &Progress,
) -> Result<Raw, DataError> {
    progress.check()?;
    let Asked { header, delimiter, labels, missing, reading: _, rules: _ } = asked;
    let _ = known;
    let format = Format { header, delimiter };
    let layout = Layout::find(path, format, progress)?;
    let (mut lines, bytes) = Lines::open(path, layout.delimiter, progress)?;
    progress.restart(bytes);
    let mut skips_header = layout.has_header;
    let mut table = Table::new(path, layout, labels, progress)?;
    let mut record = ByteRecord::new();
    let mut dropped = 0_usize;
    while lines.next(&mut record)? {
        if std::mem::take(&mut skips_header) {
            continue;
        }
        let gaps = table.push(&record).map_err(|error| extrapolated(error, progress))?;
        if gaps && missing == Missing::DropRow {
            table.drop_last();
            dropped += 1;
        }
    }
    table.finish(dropped)
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

/// Rows as they are read.
struct Table<'a> {
    path: &'a Path,
    columns: Vec<String>,
    /// For each column whether it is a label.
    is_label: Vec<bool>,
    features: usize,
    values: Vec<f32>,
    labels: Vec<Labels>,
    rows: usize,
    has_gaps: bool,
    progress: &'a Progress,
}

impl<'a> Table<'a> {
    fn new(
        path: &'a Path,
        layout: Layout,
        labels: &[String],
        progress: &'a Progress,
    ) -> Result<Table<'a>, DataError> {
        let columns = layout.columns;
        let there: HashSet<&String> = columns.iter().collect();
        if let Some(unknown) = labels.iter().find(|label| !there.contains(label)) {
            return Err(DataError::content(
                path,
                "header",
                format!(
                    "there is no label column \"{unknown}\"; the columns are {}",
                    sniff::listed(&columns)
                ),
            ));
        }
        let labels: HashSet<&String> = labels.iter().collect();
        let is_label: Vec<bool> = columns.iter().map(|name| labels.contains(name)).collect();
        let features = is_label.iter().filter(|&&label| !label).count();
        if features == 0 {
            return Err(DataError::content(
                path,
                "header",
                "every column is a label; leave at least one as a feature",
            ));
        }
        // The first rows, and the lists in which names were told apart, are no longer there.
        progress.budget().give_back((NAMES_COPIES - 1) * layout.names_bytes);
        Ok(Table {
            path,
            labels: progress.budget().filled(Labels::default(), columns.len() - features)?,
            columns,
            is_label,
            features,
            values: Vec::new(),
            rows: 0,
            has_gaps: false,
            progress,
        })
    }

    /// Adds a row and says whether it has missing values.
    fn push(&mut self, record: &ByteRecord) -> Result<bool, DataError> {
        if record.len() != self.columns.len() {
            return Err(DataError::content(
                self.path,
                self.place(record),
                format!(
                    "the row has {} field{} where the first has {}; add or remove delimiters, or choose another delimiter",
                    record.len(),
                    if record.len() == 1 { "" } else { "s" },
                    self.columns.len()
                ),
            ));
        }
        memory::check_count(self.rows + 1, self.features, REMEDY)
            .map_err(|message| DataError::file(self.path, format!("holds too much: {message}")))?;
        self.progress.budget().reserve(&mut self.values, self.features)?;
        let (mut label, mut gaps) = (0, false);
        for (column, bytes) in record.iter().enumerate() {
            let field = utf8(self.path, record, bytes, self.progress)?.trim();
            if self.is_label[column] {
                self.labels[label].push(field, self.progress)?;
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
            label.pop();
        }
    }

    fn place(&self, record: &ByteRecord) -> String {
        place_of_record(self.path, record, self.progress)
    }

    fn number(&self, field: &str, record: &ByteRecord, column: usize) -> Result<f32, DataError> {
        let error = |message: String| {
            DataError::content(
                self.path,
                format!("{}, column \"{}\"", self.place(record), self.columns[column]),
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
                line: self.place(record),
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

    fn finish(mut self, dropped: usize) -> Result<Raw, DataError> {
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
        let budget = self.progress.budget();
        // First, as the columns of labels need room for a while.
        budget.trim(&mut self.values);
        let labels_bytes = memory::bytes_of::<Labels>(self.labels.capacity());
        let mut raw = Raw::new(name, Shape::Vector(self.features), Rows::F32(self.values));
        let mut labels = self.labels.into_iter();
        for (column, is_label) in self.columns.into_iter().zip(self.is_label) {
            match labels.next_if_label(is_label) {
                Some(values) => raw.labels.push(values.column(column, self.progress)?),
                None => raw.feature_names.push(column),
            }
        }
        drop(labels);
        budget.give_back(labels_bytes);
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

fn is_missing(field: &str) -> bool {
    field.is_empty() || field == "?" || field.eq_ignore_ascii_case("na") || field.eq_ignore_ascii_case("nan")
}

fn finite(field: &str) -> Option<f64> {
    field.parse().ok().filter(|value: &f64| (*value as f32).is_finite())
}

#[cfg(test)]
mod tests;
