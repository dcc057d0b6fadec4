use std::collections::BTreeSet;

use ::csv::ByteRecord;

use super::codes::unmarked;
use super::labels::Labels;
use super::layout::TableLayout;
use super::lines::{place_of_record, utf8};
use super::matching::first_row_is;
use super::missing::{self, is_chosen, is_missing};
use super::number::Notation;
use super::plain::{Plain, plain_number};
use super::remarks::Remarks;
use super::roles::{Role, Roles};
use super::suffixes::Suffix;
use super::text::Text;
use super::{REMEDY, ReadOptions, shortened};
use crate::dataset::error::column_place;
use crate::dataset::raw::Raw;
use crate::dataset::{Column, ColumnKind, DataError, Progress, Rows, memory};
use crate::project::{Choice, Header, RowSet, Rules, Shape, Take};

/// Most unknown words, over all columns, that are named.
const LISTED: usize = 20;

/// Rows as they are read.
pub(super) struct Table<'a> {
    text: &'a Text<'a>,
    layout: &'a TableLayout,
    roles: &'a Roles,
    options: &'a ReadOptions<'a>,
    values: Vec<f32>,
    labels: Vec<Labels>,
    rows: usize,
    /// The number of the current row, counted from 1 below the header.
    number: u64,
    has_gaps: bool,
    /// Words outside the categories, with their columns.
    unknown: BTreeSet<(usize, String)>,
    progress: &'a Progress,
}

/// The number in a field, multiplied by the factor of its tail.
fn number(field: &str, notation: Notation, suffix: &Suffix) -> Option<f64> {
    // With an exponent, or more digits than a plain number.
    let plain = || if notation.has_comma() { None } else { plain_number(field) };
    match suffix {
        Suffix::None => plain().or_else(|| notation.parse(field)),
        Suffix::Factors | Suffix::Unit(_) => {
            let (digits, factor) = suffix.strip(field)?;
            notation.parse(digits).map(|value| value * factor)
        }
    }
}

impl<'a> Table<'a> {
    pub(super) fn new(
        text: &'a Text<'a>,
        layout: &'a TableLayout,
        roles: &'a Roles,
        options: &'a ReadOptions<'a>,
        progress: &'a Progress,
    ) -> Result<Table<'a>, DataError> {
        let labels = roles.by_column.iter().filter(|role| matches!(role, Role::Label(_))).count();
        Ok(Table {
            text,
            layout,
            roles,
            options,
            values: Vec::new(),
            labels: progress.budget().filled(Labels::default(), labels)?,
            rows: 0,
            number: 0,
            has_gaps: false,
            unknown: BTreeSet::new(),
            progress,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the last row has no value in any of several features, or only words if there are
    /// several other features.
    pub(super) fn is_last_empty(&self) -> bool {
        let features = self.roles.features;
        let last = &self.values[self.values.len().saturating_sub(features)..];
        if !self.has_words_and_others() {
            return self.roles.columns.len() > 1 && last.iter().all(|value| value.is_nan());
        }
        let mut start = 0;
        self.roles.columns.iter().all(|column| {
            let own = last.iter().skip(start).take(column.features());
            start += column.features();
            is_words(column) || own.into_iter().all(|value| value.is_nan())
        })
    }

    /// Whether there are features of words, and several others.
    pub(super) fn has_words_and_others(&self) -> bool {
        let columns = &self.roles.columns;
        columns.iter().any(is_words) && columns.iter().filter(|column| !is_words(column)).count() > 1
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Adds the row with this number and returns whether it has missing values.
    pub(super) fn push(&mut self, row: u64, record: &ByteRecord) -> Result<bool, DataError> {
        self.number = row;
        let features = self.roles.features;
        memory::check_count(self.rows + 1, features, REMEDY).map_err(|message| {
            DataError::file(self.text.path, format!("contains too much text: {message}"))
        })?;
        self.progress.budget().reserve(&mut self.values, features)?;
        let start = self.values.len();
        self.values.resize(start + features, 0.0);
        let (mut label, mut gaps) = (0, false);
        let reading = self.options.reading;
        for (column, bytes) in record.iter().take(self.roles.by_column.len()).enumerate() {
            let role = &self.roles.by_column[column];
            let at = start + self.roles.places[column];
            if let Role::Numbers { notation, base, suffix: Suffix::None | Suffix::Factors } = role
                && let Some(plain) = Plain::with_mark(bytes, if notation.has_comma() { b',' } else { b'.' })
                && !is_chosen(bytes, reading)
            {
                self.values[at] = (plain.value - base) as f32;
                continue;
            }
            let whole = utf8(self.text, self.layout.form, record, bytes, self.progress)?;
            let (field, is_marked) = unmarked(whole.trim());
            let value = match role {
                Role::LeftOut => continue,
                Role::Label(_) => {
                    let text = if is_marked && self.options.rules == Rules::Current { field } else { whole };
                    self.labels[label].push(text, self.progress)?;
                    label += 1;
                    continue;
                }
                // Rows without a mark.
                Role::Truth { words: [no, _] } if no.is_empty() && field.is_empty() => 0.0,
                _ if is_missing(field, reading) => {
                    let width = if let Role::Categories { places } = role { places.len() } else { 1 };
                    self.values[at..at + width].fill(f32::NAN);
                    gaps = true;
                    continue;
                }
                Role::Numbers { notation, suffix, base } => match number(field, *notation, suffix) {
                    Some(value) => value - base,
                    None => return Err(self.no_number(field, record, column)),
                },
                Role::Truth { words } => match words.iter().position(|word| word.eq_ignore_ascii_case(field))
                {
                    Some(value) => value as f64,
                    None if matches!(field, "0" | "1") => f64::from(u8::from(field == "1")),
                    None => {
                        let [no, yes] = words;
                        let no = if no.is_empty() { "empty" } else { no };
                        let message = format!("\"{}\" is neither {no} nor {yes}", shortened(field));
                        return Err(self.word(message, field, record, column));
                    }
                },
                Role::Dates { format, unit_secs, base, first_year } => {
                    let Some(secs) = format.parse_since(field, *first_year) else {
                        let message = format!("\"{}\" is not a date as {}", shortened(field), format.name());
                        return Err(self.word(message, field, record, column));
                    };
                    secs / unit_secs - base
                }
                Role::Categories { places } => {
                    match places.get(field) {
                        Some(place) => self.values[at + place] = 1.0,
                        None if self.unknown.len() < LISTED => {
                            self.unknown.insert((column, shortened(field)));
                        }
                        None => {}
                    }
                    continue;
                }
            };
            let value = value as f32;
            if !value.is_finite() {
                return Err(self.too_large(field, record, column));
            }
            self.values[at] = value;
        }
        self.rows += 1;
        self.has_gaps |= gaps;
        Ok(gaps)
    }

    pub(super) fn drop_last(&mut self) {
        self.rows -= 1;
        self.values.truncate(self.rows * self.roles.features);
        for label in &mut self.labels {
            label.pop();
        }
    }

    fn place(&self, record: &ByteRecord) -> String {
        place_of_record(self.text, self.layout.form, record, self.progress)
    }

    fn no_number(&self, field: &str, record: &ByteRecord, column: usize) -> DataError {
        let shown = shortened(field);
        self.word(format!("\"{shown}\" is not a number"), field, record, column)
    }

    fn word(&self, message: String, field: &str, record: &ByteRecord, column: usize) -> DataError {
        let name = &self.layout.columns[column];
        // Only words that can be expressed literally; words chosen before are kept.
        let is_short = |text: &str| shortened(text) == *text;
        let column_option = Choice::Column(name.clone(), Some(Take::Categories));
        let column_option = is_short(name).then(|| format!(" ({})", column_option.option()));
        let words_option = self.missing_option(field);
        // The role of a column in a trained run cannot be changed.
        let remedies = if self.roles.are_known {
            format!("correct it, or read the word as missing{words_option}")
        } else {
            format!(
                "read it as a label column or remove it, read its words as categories{}, or the word as \
                 missing{words_option}",
                column_option.unwrap_or_default()
            )
        };
        let may_be_header = self.rows == 0 && !self.layout.has_names();
        let header = if may_be_header { first_row_is(Header::Yes) } else { String::new() };
        DataError::Word {
            path: self.text.path.to_path_buf(),
            line: self.place(record),
            column: name.clone(),
            message: format!("{message}; {remedies}, or skip this row{}{header}", self.skip_option()),
        }
    }

    /// The option that also skips the current row.
    fn skip_option(&self) -> String {
        let skip = self.options.reading.skip_rows.clone().unwrap_or_default();
        let option = Choice::SkipRows(Some(skip.and(&RowSet::from_iter([self.number])))).option();
        format!(" ({option})")
    }

    /// The option that also reads a field as missing; empty if the field cannot be expressed
    /// literally.
    fn missing_option(&self, field: &str) -> String {
        let words = missing::with_more(self.options.reading, std::iter::once(field));
        words.map(|words| format!(" ({})", words.option())).unwrap_or_default()
    }

    fn too_large(&self, field: &str, record: &ByteRecord, column: usize) -> DataError {
        DataError::content(
            self.text.path,
            format!("{}, {}", self.place(record), column_place(&self.layout.columns[column])),
            format!(
                "\"{}\" is not finite, or too large for a 32-bit number; correct it, read it as missing{}, or \
                 skip this row{}",
                shortened(field),
                self.missing_option(field),
                self.skip_option()
            ),
        )
    }

    /// The rows, without the remarks.
    pub(super) fn finish(mut self, dropped: usize, remarks: &mut Remarks) -> Result<Raw, DataError> {
        if self.rows == 0 {
            return Err(DataError::content(
                self.text.path,
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
        let path = self.text.path;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let budget = self.progress.budget();
        // First, as the label columns temporarily need memory.
        budget.trim(&mut self.values);
        let labels_bytes = memory::bytes_of::<Labels>(self.labels.capacity());
        let mut raw = Raw::new(name, Shape::Vector(self.roles.features), Rows::F32(self.values));
        let mut labels = self.labels.into_iter();
        for (name, role) in self.layout.columns.iter().zip(&self.roles.by_column) {
            if let Role::Label(notation) = role
                && let Some(values) = labels.next()
            {
                let more = self.options.reading;
                raw.labels.push(values.column(name.clone(), *notation, more, self.progress)?);
            }
        }
        drop(labels);
        budget.give_back(labels_bytes);
        raw.has_gaps = self.has_gaps && dropped == 0;
        raw.is_table = true;
        for column in self.unknown.iter().map(|(column, _)| *column).collect::<BTreeSet<usize>>() {
            let words: Vec<&String> =
                self.unknown.iter().filter(|(at, _)| *at == column).map(|(_, word)| word).collect();
            remarks.warnings.push(format!(
                "\"{}\" has words the run was not trained on; all its features are 0 there: {}",
                shortened(&self.layout.columns[column]),
                super::listed(&words)
            ));
        }
        if dropped > 0 {
            remarks.warnings.push(format!(
                "{dropped} row{} with missing values {} skipped",
                if dropped == 1 { "" } else { "s" },
                if dropped == 1 { "was" } else { "were" },
            ));
        }
        Ok(raw)
    }
}
fn is_words(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::Categories { .. })
}
