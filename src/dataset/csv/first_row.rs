//! Whether the first row of a table is its header: as chosen, as in the run, or by the rows below.

use std::collections::HashSet;

use super::ReadOptions;
use super::header::{self, Field};
use super::made_up::made_up_places;
use super::missing::{is_missing, means_missing};
use super::number::Notations;
use super::plain::plain_number;
use crate::dataset::{Column, Doubt};
use crate::project::{Choice, Header, Rules};

/// Number of rows that determine the header.
const SAMPLE_ROWS: usize = 100;

/// Whether the first of these rows is certainly a header: it contains known names, or names that
/// the rows below prove.
pub(super) fn is_header(rows: &[Vec<String>], options: &ReadOptions<'_>, known: &[Column]) -> bool {
    let Some((first, below)) = rows.split_first() else { return false };
    if known.iter().any(|column| first.iter().any(|field| field.trim() == column.name)) {
        return true;
    }
    let (first, below) = (fields(first, options), sample_rows(first, below, options));
    let has_word = first.iter().any(|field| matches!(field, Field::Word(_)));
    let verdict = header::judge(&first, &below);
    has_word && !below.is_empty() && verdict.has_header && verdict.doubt.is_none()
}

/// Whether the first row contains names, and a doubt about it; `more` rows below it belong to the
/// header.
pub(super) fn has_header(
    sample: &[Vec<String>],
    more: usize,
    options: &ReadOptions<'_>,
    known: &[Column],
) -> (bool, Option<Doubt>) {
    let (first, chosen_header) =
        (&sample[0], if options.header == Header::OneRow { Header::Yes } else { options.header });
    if chosen_header == Header::No {
        return (false, None);
    }
    if !known.is_empty() {
        let names: HashSet<&str> = known.iter().map(|column| column.name.as_str()).collect();
        if first.iter().any(|field| names.contains(field.trim())) {
            return (true, None);
        }
        // Numbers are not a header if the run knows none of them.
        if !first.iter().any(|field| plain_number(field.trim()).is_none()) {
            return (false, None);
        }
        // If the run has names, the choice was made for another file, and this one may have no
        // header.
        if chosen_header == Header::Yes && made_up_places(known, usize::MAX).is_none() {
            let found = ReadOptions { header: Header::Auto, ..*options };
            let (is_header, doubt) = has_header(sample, more, &found, &[]);
            return (is_header || doubt.is_some(), None);
        }
    }
    match (chosen_header, options.rules) {
        (Header::Yes | Header::OneRow, _) => (true, None),
        (Header::No, _) => (false, None),
        (Header::Auto, Rules::Version1) => {
            (first.iter().all(|field| field.trim().parse::<f64>().is_err()), None)
        }
        (Header::Auto, Rules::Current) => {
            let below = sample_rows(first, &sample[1 + more..], options);
            let verdict = header::judge(&fields(first, options), &below);
            let doubt = verdict.doubt.map(|why| {
                let (taken, other) = if verdict.has_header {
                    ("the names of the columns", Header::No)
                } else {
                    ("data, not as the header", Header::Yes)
                };
                let message = format!("the first row is read as {taken}, but {why}");
                Doubt { message, remedies: vec![Choice::Header(other)] }
            });
            (verdict.has_header, doubt)
        }
    }
}

/// The rows that determine whether `first` is a header, without repetitions of it that are followed
/// by numbers.
pub(super) fn sample_rows<'a>(
    first: &[String],
    below: &'a [Vec<String>],
    options: &ReadOptions<'_>,
) -> Vec<Vec<Field<'a>>> {
    let has_number = |row: &[String]| row.iter().any(|field| plain_number(field.trim()).is_some());
    let repeats = !has_number(first) && below.iter().take(SAMPLE_ROWS).any(|row| has_number(row));
    let below = below.iter().filter(|row| !repeats || row[..] != *first);
    // A result such as "not detected" among values counts as missing.
    let is_gap = |field: &Field<'_>| {
        options.rules == Rules::Current && matches!(field, Field::Word(word) if means_missing(word))
    };
    let without_gaps = |field| if is_gap(&field) { Field::Missing } else { field };
    below.take(SAMPLE_ROWS).map(|row| fields(row, options).into_iter().map(without_gaps).collect()).collect()
}

pub(super) fn fields<'a>(row: &'a [String], options: &ReadOptions<'_>) -> Vec<Field<'a>> {
    row.iter().map(|text| field(text, options)).collect()
}

/// Kind of a field, for classifying the first row.
fn field<'a>(text: &'a str, options: &ReadOptions<'_>) -> Field<'a> {
    let text = text.trim();
    if let Some(value) = plain_number(text) {
        return Field::Value(value);
    }
    if is_missing(text, options.reading) {
        return Field::Missing;
    }
    let number = if text.len() <= 64 { Notations::of(text).0.best(None) } else { None };
    if let Some(value) = number.and_then(|notation| notation.parse(text)) {
        return Field::Value(value);
    }
    let dates = if text.len() <= 64 {
        super::date::DateFormats::ALL.that_read(text).with_days()
    } else {
        super::date::DateFormats::NONE
    };
    match dates.best().and_then(|format| format.parse(text)) {
        Some(secs) => Field::Date(secs),
        None => Field::Word(text),
    }
}
