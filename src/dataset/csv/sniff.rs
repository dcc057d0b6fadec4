use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use ::csv::ByteRecord;

use super::lines::{Lines, MAX_COLUMNS, NAMES_COPIES, builder, names_bytes, utf8};
use super::{Format, REMEDY, is_missing};
use crate::dataset::open_file::open_file;
use crate::dataset::{DataError, Progress};
use crate::project::{Delimiter, Header};

/// What a table looks like before it is loaded, for a dialog to start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvPreview {
    /// Names of all columns.
    pub columns: Vec<String>,
    /// Columns that are probably labels: named label, class, target or species, or mostly not numeric.
    pub labels: Vec<String>,
    /// Those of them that cannot be features: they are mostly not numeric.
    pub texts: Vec<String>,
    /// What stands between two fields; never `Auto`.
    pub delimiter: Delimiter,
    /// Whether the first row holds names; never `Auto`.
    pub header: Header,
}

/// Looks at the first rows of a table.
///
/// # Errors
/// As loading: the file is missing, empty, or no text.
pub fn sniff(path: &Path) -> Result<CsvPreview, DataError> {
    sniff_as(path, Format::default())
}

/// [`sniff`] where some of the layout is told.
///
/// # Errors
/// As [`sniff`].
pub(in crate::dataset) fn sniff_as(path: &Path, format: Format) -> Result<CsvPreview, DataError> {
    let layout = Layout::find(path, format, &Progress::default())
        .map_err(|error| error.about(&path.display().to_string(), REMEDY))?;
    let skipped = usize::from(layout.has_header);
    let is_text = |column: usize| {
        let fields = layout.sample.iter().skip(skipped).filter_map(|row| row.get(column));
        let present = fields.map(|field| field.trim()).filter(|field| !is_missing(field));
        // A stray word among numbers makes no label of a column: loading will name its place.
        let signs = present.map(|field| if field.parse::<f64>().is_err() { 1 } else { -1 });
        signs.sum::<i32>() > 0
    };
    let named = |name: &str| LABEL_NAMES.iter().any(|label| name.trim().eq_ignore_ascii_case(label));
    let chosen = |wanted: &dyn Fn(usize, &str) -> bool| {
        let columns = layout.columns.iter().enumerate().filter(|&(at, name)| wanted(at, name));
        columns.map(|(_, name)| name.clone()).collect()
    };
    Ok(CsvPreview {
        labels: chosen(&|at, name| named(name) || is_text(at)),
        texts: chosen(&|at, _| is_text(at)),
        delimiter: layout.delimiter,
        header: if layout.has_header { Header::Yes } else { Header::No },
        columns: layout.columns,
    })
}

const LABEL_NAMES: [&str; 4] = ["label", "class", "target", "species"];
/// How much of a file is looked at to tell its delimiter.
const HEAD_BYTES: u64 = 256 * 1024;
const HEAD_ROWS: usize = 50;
const CANDIDATES: [Delimiter; 4] = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe];

/// How a table is laid out, as told or found.
pub(super) struct Layout {
    pub delimiter: Delimiter,
    pub has_header: bool,
    pub columns: Vec<String>,
    /// Memory that the names are charged with, [`NAMES_COPIES`] times.
    pub names_bytes: u64,
    /// The first rows, the header among them.
    sample: Vec<Vec<String>>,
}

impl Layout {
    pub fn find(path: &Path, format: Format, progress: &Progress) -> Result<Layout, DataError> {
        let io = |error: std::io::Error| DataError::io(path, &error);
        let (file, bytes) = open_file(path, "a table")?;
        let mut head = Vec::new();
        file.take(HEAD_BYTES.min(bytes)).read_to_end(&mut head).map_err(io)?;
        let cut = head.len() as u64 == HEAD_BYTES;

        let delimiter = match format.delimiter {
            Delimiter::Auto => best_delimiter(&head, cut),
            Delimiter::Comma
            | Delimiter::Semicolon
            | Delimiter::Tab
            | Delimiter::Pipe
            | Delimiter::Spaces => format.delimiter,
        };
        let mut rows = head_rows(&head, cut, delimiter);
        if cut && rows.len() <= 1 {
            // A first row longer than the head: it must not lose its last columns.
            rows = first_row(path, delimiter, progress)?;
        }
        if let Some(fields) = rows.first().map(ByteRecord::len).filter(|&fields| fields > MAX_COLUMNS) {
            let message = format!(
                "the first row has {fields} fields where {MAX_COLUMNS} are the limit; write a row for each sample"
            );
            return Err(DataError::content(path, "line 1", message));
        }
        // What one row takes is small unless that row is the first one, longer than the head.
        let names_bytes = rows.first().map_or(0, names_bytes);
        progress.budget().take(NAMES_COPIES.saturating_mul(names_bytes))?;
        let mut sample = Vec::with_capacity(rows.len());
        for row in &rows {
            let fields = row.iter().map(|field| Ok(utf8(path, row, field, progress)?.to_string()));
            sample.push(fields.collect::<Result<Vec<String>, DataError>>()?);
        }
        let Some(first) = sample.first() else {
            return Err(DataError::content(path, "line 1", "the file is empty; choose a table with rows"));
        };
        let has_header = match format.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => first.iter().all(|field| field.trim().parse::<f64>().is_err()),
        };
        let columns = column_names(first, has_header);
        Ok(Layout { delimiter, has_header, columns, names_bytes, sample })
    }
}

/// The first names of a list, for a message.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(20).map(|name| format!("\"{}\"", shortened(name))).collect();
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

/// The first rows; a row that the end of `head` cuts off is left out.
fn head_rows(head: &[u8], cut: bool, delimiter: Delimiter) -> Vec<ByteRecord> {
    let mut reader = builder(delimiter).from_reader(head);
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    while rows.len() <= HEAD_ROWS && reader.read_byte_record(&mut record).unwrap_or(false) {
        rows.push(record.clone());
    }
    if rows.len() > HEAD_ROWS || (cut && rows.len() > 1) {
        rows.pop();
    }
    rows
}

fn first_row(path: &Path, delimiter: Delimiter, progress: &Progress) -> Result<Vec<ByteRecord>, DataError> {
    let (mut lines, _) = Lines::open(path, delimiter, progress)?;
    let mut record = ByteRecord::new();
    let found = lines.next(&mut record)?;
    Ok(found.then_some(record).into_iter().collect())
}

/// The candidate that splits most rows into the same number of fields, more than one; then the one with more fields.
fn best_delimiter(head: &[u8], cut: bool) -> Delimiter {
    let score = |delimiter: Delimiter| {
        let rows = head_rows(head, cut, delimiter);
        let fields = rows.first().map_or(0, ByteRecord::len);
        let same = rows.iter().filter(|row| row.len() == fields).count();
        if fields < 2 { (0, 0) } else { (same * 1000 / rows.len(), fields) }
    };
    // The first of equals, so that a table of one column counts as one of commas.
    let mut best = (Delimiter::Comma, score(Delimiter::Comma));
    for delimiter in CANDIDATES {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// Trimmed, never empty, never twice the same: labels are told by name.
fn column_names(first: &[String], has_header: bool) -> Vec<String> {
    let mut taken = HashSet::new();
    // The number of the next copy of a name, so that equal names do not search from the start.
    let mut copies: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(first.len());
    for (at, field) in first.iter().enumerate() {
        let field = field.trim();
        let base =
            if has_header && !field.is_empty() { field.to_string() } else { format!("column {}", at + 1) };
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
    fn equal_names_are_told_apart_in_one_pass() {
        let names = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
            column_names(&fields, true)
        };
        assert_eq!(names(&["x", "x", "x (2)", "x"]), ["x", "x (2)", "x (2) (2)", "x (3)"]);
        assert_eq!(names(&["x (2)", "x", "x", "x"]), ["x (2)", "x", "x (3)", "x (4)"]);
        // Counted up from the start for every name this would take minutes.
        let many = column_names(&vec!["x".to_owned(); 300_000], true);
        assert_eq!(many.last().map(String::as_str), Some("x (300000)"));
    }
}
