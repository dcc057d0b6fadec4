use std::path::Path;

use super::evidence::{self, Content, Evidence};
use super::ids::is_id;
use super::label_names::{CLASSES, are_class_words, are_few, has_classes, is_label_name};
use super::layout::TableLayout;
use super::text::Text;
use super::{REMEDY, ReadOptions};
use crate::dataset::{DataError, Progress};
use crate::project::{Delimiter, Header, Rules, TableReading};

/// A preview of a table before it is loaded, as the starting point of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvPreview {
    /// Names of all columns.
    pub columns: Vec<String>,
    /// Columns that are probably labels: by name (label, class, target, species), row numbers, ids,
    /// words that are too many for features, and the only column of words after numbers, or before
    /// them if there are no names.
    pub labels: Vec<String>,
    /// The delimiter between two fields; `Auto` only for a spreadsheet.
    pub delimiter: Delimiter,
    /// Whether the first row contains names; never `Auto`.
    pub header: Header,
}

/// Previews the first rows of a table.
///
/// # Errors
/// As for loading: the file is missing, empty, or not text.
pub fn sniff(path: &Path) -> Result<CsvPreview, DataError> {
    sniff_as(path, Header::Auto, Delimiter::Auto, &TableReading::default(), Rules::Current)
}

/// [`sniff`] with part of the layout given.
///
/// # Errors
/// As [`sniff`].
pub(in crate::dataset) fn sniff_as(
    path: &Path,
    header: Header,
    delimiter: Delimiter,
    reading: &TableReading,
    rules: Rules,
) -> Result<CsvPreview, DataError> {
    let options = ReadOptions { header, delimiter, rules, ..ReadOptions::of(reading) };
    preview(path, &options, &Progress::default())
        .map_err(|error| error.about(&path.display().to_string(), REMEDY))
}

/// Whether a file with any name is a table: text whose first rows have equal numbers of fields,
/// some of them numbers.
pub(in crate::dataset) fn is_table(path: &Path) -> bool {
    is_table_of_text(path).unwrap_or(false)
}

fn is_table_of_text(path: &Path) -> Result<bool, DataError> {
    let (progress, reading) = (Progress::default(), TableReading::default());
    let options = ReadOptions::of(&reading);
    let text = Text::find(path, &reading, false, &progress)?;
    let layout = TableLayout::find(&text, &options, &[], &progress)?;
    let rows = layout.first_rows();
    let count = layout.columns.len();
    let is_number = |field: &String| super::plain::plain_number(field.trim()).is_some();
    Ok(count > 1
        && rows.iter().all(|row| row.len() == count)
        && rows.iter().any(|row| row.iter().any(is_number)))
}

fn preview(path: &Path, options: &ReadOptions<'_>, progress: &Progress) -> Result<CsvPreview, DataError> {
    let text = Text::find(path, options.reading, false, progress)?;
    let layout = TableLayout::find(&text, options, &[], progress)?;
    let mut evidence = progress.budget().filled(Evidence::default(), layout.columns.len())?;
    evidence::mark_date_names(&mut evidence, &layout.columns, options.rules);
    for row in layout.first_rows() {
        for (evidence, field) in evidence.iter_mut().zip(row) {
            evidence.add(field, options.reading, progress.budget());
        }
    }
    evidence::combine(&mut evidence, options.reading, options.rules, text.written_in());
    Ok(CsvPreview {
        labels: labels(&layout, &evidence),
        // The cells of a sheet have no delimiter.
        delimiter: if text.sheet().is_some() { Delimiter::Auto } else { layout.form.delimiter },
        header: if layout.has_names() { Header::Yes } else { Header::No },
        columns: layout.columns,
    })
}

/// The columns that are probably labels.
fn labels(layout: &TableLayout, evidence: &[Evidence]) -> Vec<String> {
    let contents: Vec<Content> = evidence.iter().map(|evidence| evidence.judge(None)).collect();
    let words = contents.iter().filter(|content| **content == Content::Words).count();
    let last = contents.len().saturating_sub(1);
    let is_plane = layout.columns.iter().any(|name| matches!(name.trim(), "x" | "X"));
    let is_named = |at: usize| {
        let name = layout.columns[at].trim();
        let is_y = name.eq_ignore_ascii_case("y") && !is_plane && last >= 2 && (at == 0 || at == last);
        is_label_name(name) || (is_y && has_classes(&evidence[at]))
    };
    let is_likely = |at: usize| {
        let is_id = is_id(layout, evidence, at);
        let is_last_word =
            words == 1 && at == last && evidence[at].distinct().is_some_and(|words| words <= CLASSES);
        // Dates with a stray word among them are features once that word means missing.
        let is_word = contents[at] == Content::Words && evidence[at].unreadable_dates().is_none();
        is_id
            || are_class_words(layout, evidence, at)
            || (is_word && (is_last_word || !are_few(&evidence[at])))
    };
    let chosen = |wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
        (0..=last).filter(|at| wanted(*at)).map(|at| layout.columns[at].clone()).collect()
    };
    // At least one feature is needed.
    let wanted: [&dyn Fn(usize) -> bool; 2] = [&|at| is_named(at) || is_likely(at), &is_named];
    let mut some = wanted.into_iter().map(chosen).filter(|labels| labels.len() < layout.columns.len());
    some.next().unwrap_or_default()
}
