//! The names of a table's columns.

use std::collections::{HashMap, HashSet};

use super::form::Form;
use super::lines::head_rows;
use super::{ReadOptions, listed};
use crate::dataset::{Column, DataError};
use crate::project::Rules;

/// The names of columns that are chosen, labels, or known to a run.
pub(super) fn chosen_names<'a>(options: &ReadOptions<'a>, known: &'a [Column]) -> HashSet<&'a str> {
    let choices = options.reading.columns.iter().map(|choice| &choice.name);
    let columns = known.iter().map(|column| &column.name);
    options.labels.iter().chain(choices).chain(columns).map(String::as_str).collect()
}

/// The chosen names that no column has; empty if a run knows the columns.
pub(super) fn unused_choices(columns: &[String], options: &ReadOptions<'_>, known: &[Column]) -> Vec<String> {
    if !known.is_empty() || options.reading.columns.is_empty() {
        return Vec::new();
    }
    let there: HashSet<&String> = columns.iter().collect();
    let chosen = options.reading.columns.iter().map(|choice| &choice.name);
    chosen.filter(|name| !there.contains(name)).cloned().collect()
}

/// Adds to an error about the contents of a table that columns chosen by these names do not exist,
/// as that may be the reason.
pub(super) fn with_gone(error: DataError, gone: &[String]) -> DataError {
    let more = |message: String| format!("{message}; the chosen column {} does not exist", listed(gone));
    match error {
        DataError::Content { path, place, message } if !gone.is_empty() => {
            DataError::Content { path, place, message: more(message) }
        }
        DataError::Word { path, line, column, message } if !gone.is_empty() => {
            DataError::Word { path, line, column, message: more(message) }
        }
        DataError::Content { .. }
        | DataError::Word { .. }
        | DataError::Cancelled
        | DataError::File { .. }
        | DataError::Memory { .. }
        | DataError::HeldOut(_)
        | DataError::Setting(_) => error,
    }
}

/// Whether a character breaks or indents a line. Other control characters are kept and displayed
/// escaped.
pub(super) fn is_break(letter: char) -> bool {
    letter.is_control() && letter.is_whitespace()
}

/// A name on one line: line breaks and tabs become spaces.
pub(super) fn in_one_line(name: &str) -> String {
    let words = name.split(|letter: char| is_break(letter) || letter == ' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The names in the first row. One is added at the beginning if R omitted that of the row names;
/// empty ones at the end are removed if only the header ends with delimiters.
pub(super) fn named(sample: &[Vec<String>], rules: Rules, notes: &mut Vec<String>) -> Vec<String> {
    let mut names = sample[0].clone();
    let fields = names.len();
    let below = &sample[1..];
    let is_empty = |row: &Vec<String>| row.last().is_none_or(|last| last.trim().is_empty());
    let Some(width) = below.first().map(Vec::len).filter(|width| below.iter().all(|row| row.len() == *width))
    else {
        return names;
    };
    if width == fields + 1 && !below.iter().all(is_empty) {
        names.insert(0, String::new());
    } else if rules == Rules::Current
        && width < fields
        && names[width..].iter().all(|name| name.trim().is_empty())
    {
        names.truncate(width);
        notes.push(
            "the header ends with a delimiter that no row has; it does not start another column".to_owned(),
        );
    }
    names
}

/// The names in a single comment, whose sign may belong to the first name: `# of rooms`, `#n`, or
/// `%a` if `%b` follows. If a column with the sign is requested, it is named so.
pub(super) fn with_sign(
    mut names: Vec<String>,
    signed: &str,
    is_auto: bool,
    wanted: &HashSet<&str>,
) -> Vec<String> {
    let is_asked = |name: &str| wanted.contains(name);
    let Some((first, others)) = names.split_first_mut() else { return names };
    let sign = signed.chars().next().unwrap_or('#');
    let is_letter = signed.chars().nth(1).is_some_and(|next| next != ' ')
        || signed.starts_with("# of ")
        || others.iter().any(|name| name.starts_with(sign));
    let blank = if signed.chars().nth(1) == Some(' ') { " " } else { "" };
    let whole = format!("{sign}{blank}{first}");
    let bare = if first.is_empty() { "column 1" } else { first.as_str() };
    if is_auto && (is_asked(&whole) || (is_letter && !is_asked(bare))) {
        *first = whole;
    }
    names
}

/// The comments above the first row.
#[derive(Default)]
pub(super) struct Comment {
    /// Number of its lines.
    pub lines: usize,
    /// The fields of the last line.
    pub names: Option<Vec<String>>,
    /// Its beginning.
    pub begin: String,
}

impl Comment {
    pub(super) fn find(head: &[u8], form: Form) -> Comment {
        let Some(sign) = form.comment else { return Comment::default() };
        let (mut lines, mut last) = (0, None);
        for line in head.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let line = line.trim_ascii_start();
            match line.first() {
                None => {}
                Some(first) if *first == sign => (lines, last) = (lines + 1, Some(line)),
                Some(_) => break,
            }
        }
        let names = last.and_then(|line| {
            let blanks = line[1..].iter().take_while(|byte| **byte == b' ').count();
            let line = &line[1 + blanks..];
            let rows = head_rows(line, false, Form { comment: None, ..form }, 1);
            let row = rows.first()?;
            Some(row.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect())
        });
        let begin =
            last.map_or_else(String::new, |line| String::from_utf8_lossy(&line[..line.len().min(8)]).into());
        Comment { lines, names, begin }
    }
}

/// Trimmed, never empty, unique: labels are selected by name.
pub(super) fn column_names(first: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    // The number of the next copy of a name, so that the search for equal names does not start from
    // 1.
    let mut copies: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(first.len());
    for (at, field) in first.iter().enumerate() {
        let field = field.trim();
        let base = if field.is_empty() { format!("column {}", at + 1) } else { field.to_string() };
        let mut name = base.clone();
        if !taken.insert(name.clone()) {
            let copy = copies.entry(base.clone()).or_insert(2);
            loop {
                name = format!("{base} ({copy})");
                *copy += 1;
                if taken.insert(name.clone()) {
                    break;
                }
            }
        }
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_distinguished_in_one_pass() {
        let names = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
            column_names(&fields)
        };
        assert_eq!(names(&["x", "x", "x (2)", "x"]), ["x", "x (2)", "x (2) (2)", "x (3)"]);
        assert_eq!(names(&["x (2)", "x", "x", "x"]), ["x (2)", "x", "x (3)", "x (4)"]);
        // Starting from 1 for every name, this would take minutes.
        let many = column_names(&vec!["x".to_owned(); 300_000]);
        assert_eq!(many.last().map(String::as_str), Some("x (300000)"));
    }
}
