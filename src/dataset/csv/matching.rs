//! A table that is shown to a trained run: its columns are those the run knows, by their names.

use std::collections::{HashMap, HashSet};

use super::layout::Layout;
use super::remarks::Remarks;
use super::text::Text;
use super::{Asked, listed};
use crate::dataset::{Column, ColumnKind, DataError};
use crate::project::Take;

/// Which column of a table is which of a run.
pub(super) struct Matched<'a> {
    known: &'a [Column],
    /// By column of the table, the number of the run's.
    by_column: Vec<Option<usize>>,
}

impl<'a> Matched<'a> {
    /// Finds the run's columns by name; by place where a table has no names.
    ///
    /// # Errors
    /// [`DataError::Content`] with the names of columns that are missing.
    pub(super) fn find(
        text: &Text<'_>,
        layout: &Layout,
        asked: &Asked<'_>,
        known: &'a [Column],
        remarks: &mut Remarks,
    ) -> Result<Matched<'a>, DataError> {
        let places: HashMap<&str, usize> =
            (0..).zip(known).map(|(at, column)| (column.name.as_str(), at)).collect();
        let by_name: Vec<Option<usize>> =
            layout.columns.iter().map(|name| places.get(name.as_str()).copied()).collect();
        let found = by_name.iter().flatten().count();
        let has_names = layout.has_header || layout.has_commented_header;
        let matched = if found == known.len() {
            Matched { known, by_column: by_name }
        } else if !has_names || made_up_places(known, usize::MAX).is_some() {
            Matched::by_place(text, layout, asked, known, remarks)?
        } else {
            let there: HashSet<&str> = layout.columns.iter().map(String::as_str).collect();
            let missing: Vec<&String> = known
                .iter()
                .map(|column| &column.name)
                .filter(|name| !there.contains(name.as_str()))
                .collect();
            let extra: Vec<&String> =
                layout.columns.iter().filter(|name| !places.contains_key(name.as_str())).collect();
            let more = if extra.is_empty() {
                String::new()
            } else {
                format!(" (columns it does not know: {})", listed(&extra))
            };
            let message = format!(
                "columns the run was trained on are missing: {}{more}; add them, or give them the names of the training data",
                listed(&missing)
            );
            return Err(DataError::content(text.path, "header", message));
        };
        Self::tell_labels(layout, asked, remarks);
        Ok(matched)
    }

    fn by_place(
        text: &Text<'_>,
        layout: &Layout,
        asked: &Asked<'_>,
        known: &'a [Column],
        remarks: &mut Remarks,
    ) -> Result<Matched<'a>, DataError> {
        let labels: HashSet<&String> = asked.labels.iter().collect();
        let count = layout.columns.len();
        let free: Vec<usize> = (0..count).filter(|at| !labels.contains(&layout.columns[*at])).collect();
        let places = if free.len() == known.len() {
            free
        } else if count == known.len() {
            (0..count).collect()
        } else if let Some(places) = made_up_places(known, count) {
            places
        } else {
            // Which of them would be features is not to be guessed: each would become another column.
            let names: Vec<&String> = known.iter().map(|column| &column.name).collect();
            let message = format!(
                "the table has no names the run knows, and {count} columns where it was trained on {}: {}; add a header with the names of its columns",
                known.len(),
                listed(&names)
            );
            return Err(DataError::content(text.path, "header", message));
        };
        let mut by_column = vec![None; count];
        for (at, column) in places.into_iter().enumerate() {
            by_column[column] = Some(at);
        }
        let has_names = layout.has_header || layout.has_commented_header;
        remarks.warnings.push(if has_names {
            "the run was trained on a table without a header: columns are matched by their place".to_owned()
        } else {
            "the table has no header: its columns are matched with those of the run by their place".to_owned()
        });
        Ok(Matched { known, by_column })
    }

    fn tell_labels(layout: &Layout, asked: &Asked<'_>, remarks: &mut Remarks) {
        let there: HashSet<&String> = layout.columns.iter().collect();
        let gone: Vec<&String> = asked.labels.iter().filter(|label| !there.contains(label)).collect();
        if !gone.is_empty() {
            remarks.notes.push(format!("label columns that are not in this table: {}", listed(&gone)));
        }
    }

    /// Tells what becomes of columns the run does not know.
    pub(super) fn tell_extra(
        &self,
        layout: &Layout,
        asked: &Asked<'_>,
        takes: &[Take],
        remarks: &mut Remarks,
    ) {
        let chosen: HashSet<&String> =
            asked.labels.iter().chain(asked.reading.columns.iter().map(|choice| &choice.name)).collect();
        for (take, what) in [
            (Take::LeftOut, "columns the run was not trained on are left out"),
            (Take::Label, "columns the run was not trained on are taken as labels"),
        ] {
            let names: Vec<&String> = (0..layout.columns.len())
                .filter(|at| self.by_column[*at].is_none() && takes[*at] == take)
                .map(|at| &layout.columns[at])
                .filter(|name| !chosen.contains(name))
                .collect();
            if !names.is_empty() {
                remarks.notes.push(format!("{what}: {}", listed(&names)));
            }
        }
    }

    /// What the run knows of a column of the table; `None` where it does not.
    pub(super) fn feature(&self, at: usize) -> Option<&'a ColumnKind> {
        self.by_column[at].map(|known| &self.known[known].kind)
    }

    /// The run's columns, and for each of the table where its features begin.
    pub(super) fn places(&self) -> (Vec<Column>, Vec<usize>) {
        let mut starts = Vec::with_capacity(self.known.len());
        let mut place = 0;
        for column in self.known {
            starts.push(place);
            place += column.features();
        }
        let places = self.by_column.iter().map(|known| known.map_or(0, |known| starts[known])).collect();
        (self.known.to_vec(), places)
    }
}

/// The places of a run's columns in a table of `count` of them, where their names were made up from these: it was trained
/// on a table without a header.
fn made_up_places(known: &[Column], count: usize) -> Option<Vec<usize>> {
    let place = |column: &Column| {
        let number: usize = column.name.strip_prefix("column ")?.parse().ok()?;
        number.checked_sub(1).filter(|place| *place < count)
    };
    known.iter().map(place).collect()
}
