use std::collections::HashSet;
use std::path::Path;

use super::{Scores, number_of};
use crate::dataset::{Dataset, Subset};
use crate::io::{FileError, Files, TableForm, save_table, table_text};

/// A table of results with one row per sample, whose columns are computed while it is written.
pub struct Sheet<'a> {
    columns: Vec<Columns<'a>>,
    rows: usize,
}

/// The name of a row in its source.
pub fn name_of(data: &Dataset, row: u32) -> String {
    data.row_names.get(row as usize).cloned().unwrap_or_default()
}

/// A function that appends the fields of a row, given its index in the table.
type Fields<'a> = Box<dyn Fn(usize, &mut Vec<String>) + 'a>;

/// Columns that are written together.
struct Columns<'a> {
    names: Vec<String>,
    /// Whether the names come from the source, which are never changed.
    is_source: bool,
    fields: Fields<'a>,
}

impl<'a> Sheet<'a> {
    /// Creates an empty table with this many rows.
    pub fn new(rows: usize) -> Sheet<'a> {
        Sheet { columns: Vec::new(), rows }
    }

    /// The columns that identify samples: name, or number in the source counted from 1; the split,
    /// if the data are a run's `own`; and all labels.
    pub fn of(data: &'a Dataset, own: bool, rows: &'a [u32]) -> Sheet<'a> {
        let mut sheet = Sheet::new(rows.len());
        sheet.samples(data, own, rows);
        sheet
    }

    /// Adds the columns that identify samples, as [`Sheet::of`].
    pub fn samples(&mut self, data: &'a Dataset, own: bool, rows: &'a [u32]) {
        if data.row_names.is_empty() {
            self.numbers("row", data, rows);
        } else {
            self.push("name", |at| name_of(data, rows[at]));
        }
        if own {
            let mut splits = vec![""; data.len()];
            for subset in Subset::ALL {
                let own = data.split.rows(subset);
                for row in own {
                    if let Some(split) = splits.get_mut(*row as usize) {
                        *split = subset.name();
                    }
                }
            }
            self.push("split", move |at| {
                splits.get(rows[at] as usize).map_or_else(String::new, |split| (*split).to_owned())
            });
        }
        self.labels(data, rows);
    }

    /// Only columns that the order of rows does not imply: names, row numbers if some rows were
    /// excluded, and labels.
    pub fn brief(data: &'a Dataset, rows: &'a [u32]) -> Sheet<'a> {
        let mut sheet = Sheet::new(rows.len());
        if !data.row_names.is_empty() {
            sheet.push("name", |at| name_of(data, rows[at]));
        } else if !data.source_rows.is_empty() {
            sheet.numbers("row", data, rows);
        }
        sheet.labels(data, rows);
        sheet
    }

    fn numbers(&mut self, name: &str, data: &'a Dataset, rows: &'a [u32]) {
        self.push(name, |at| number_of(data, rows[at]).to_string());
    }

    fn labels(&mut self, data: &'a Dataset, rows: &'a [u32]) {
        for label in &data.labels {
            self.source(vec![label.name.clone()], |at, fields| {
                fields.push(label.text(rows[at] as usize).into_owned());
            });
        }
    }

    /// Adds the scores of the rows.
    pub fn scores(&mut self, scores: &'a Scores) {
        self.push("error", |at| scores.errors[at].to_string());
        if let Some(log_probabilities) = &scores.log_probabilities {
            self.push("log probability", |at| log_probabilities[at].to_string());
        }
    }

    /// Adds a column.
    pub fn push(&mut self, name: impl Into<String>, field: impl Fn(usize) -> String + 'a) {
        self.columns.push(Columns {
            names: vec![name.into()],
            is_source: false,
            fields: Box::new(move |at, fields| fields.push(field(at))),
        });
    }

    /// Adds columns of the source under their own names.
    pub fn source(&mut self, names: Vec<String>, fields: impl Fn(usize, &mut Vec<String>) + 'a) {
        self.columns.push(Columns { names, is_source: true, fields: Box::new(fields) });
    }

    /// Adds one column for each of several numbers per row, named `name 1`, `name 2` …
    pub fn numbered<T: ToString>(&mut self, name: &str, values: &'a [T]) {
        let count = values.len() / self.rows.max(1);
        self.columns.push(Columns {
            names: (1..=count).map(|unit| format!("{name} {unit}")).collect(),
            is_source: false,
            fields: Box::new(move |at, fields| {
                fields.extend(values[at * count..(at + 1) * count].iter().map(ToString::to_string));
            }),
        });
    }

    /// Writes the table with a header. A single column of a `.tsv` has none, as the Embedding
    /// Projector requires. Returns the number of fields in which a tab or line break was replaced
    /// by a space.
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be written.
    pub fn save(&self, files: &Files, path: &Path, form: TableForm) -> Result<usize, FileError> {
        let names = self.names();
        let has_header = form == TableForm::Csv || names.len() > 1;
        save_table(files, path, form, has_header.then_some(&names[..]), self.rows, self.row())
    }

    /// Writes the table without a header, as [`Sheet::save`].
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be written.
    pub fn save_bare(&self, files: &Files, path: &Path, form: TableForm) -> Result<usize, FileError> {
        save_table(files, path, form, None, self.rows, self.row())
    }

    /// The table as the text of a `.csv` file.
    pub fn text(&self) -> String {
        table_text(&self.names(), self.rows, self.row())
    }

    fn row(&self) -> impl FnMut(usize, &mut Vec<String>) {
        |row, fields| self.columns.iter().for_each(|columns| (columns.fields)(row, fields))
    }

    /// The names of all columns, made unique: names of the source stay, others are numbered if they
    /// are taken.
    fn names(&self) -> Vec<String> {
        let source = self.columns.iter().filter(|columns| columns.is_source);
        let mut taken: HashSet<String> = source.flat_map(|columns| columns.names.iter().cloned()).collect();
        let mut names = Vec::new();
        for columns in &self.columns {
            for own in &columns.names {
                let (mut name, mut number) = (own.clone(), 1);
                while !columns.is_source && !taken.insert(name.clone()) {
                    number += 1;
                    name = format!("{own} ({number})");
                }
                names.push(name);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_are_unique_and_labels_keep_theirs() {
        let mut sheet = Sheet::new(1);
        sheet.push("row", |_| String::new());
        sheet.source(vec!["row".to_owned(), "a".to_owned()], |_, _| ());
        sheet.push("error", |_| String::new());
        sheet.push("error", |_| String::new());
        assert_eq!(sheet.names(), ["row (2)", "row", "a", "error", "error (2)"]);
    }

    #[test]
    fn several_numbers_per_row_become_columns() {
        let values = [1.5_f32, 2.0, 1e-30, f32::NAN];
        let mut sheet = Sheet::new(2);
        sheet.numbered("code", &values);
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("codes");
        let files = Files::default();
        sheet.save(&files, &path, TableForm::Csv).expect("saved");
        let least = 1e-30_f32.to_string();
        let read = || std::fs::read_to_string(&path).expect("there");
        assert_eq!(read(), format!("code 1,code 2\n1.5,2\n{least},NaN\n"));
        sheet.save_bare(&files, &path, TableForm::Tsv).expect("saved");
        assert_eq!(read(), format!("1.5\t2\n{least}\tNaN\n"));
        let mut single = Sheet::new(2);
        single.push("row", |at| (at + 1).to_string());
        single.save(&files, &path, TableForm::Tsv).expect("saved");
        assert_eq!(read(), "1\n2\n");
    }
}
