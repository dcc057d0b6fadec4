//! Sets of samples, by their names in the window.

use std::fmt::Write as _;

use super::applied::Applied;
use super::failure::Failure;
use crate::dataset::Subset;
use crate::project::{NamedSelection, visible};
use crate::session::number_of;

/// The name of the set of all rows.
pub(super) const ALL: &str = "all";

/// Rows of a set.
pub(super) struct Part {
    /// Its name.
    pub(super) name: String,
    /// Its split, for the data the run was trained on.
    pub(super) subset: Option<Subset>,
    /// The rows, ascending.
    pub(super) rows: Vec<u32>,
}

impl Part {
    /// Description of these rows in results: a split, all, or a selection.
    pub(super) fn description(&self) -> String {
        let kind = if self.subset.is_some() || self.name == ALL { "split" } else { "selection" };
        format!("{kind} {}", visible(&self.name))
    }
}

impl Applied {
    /// The set with this name: a split, all rows, or a selection stored in the project.
    ///
    /// # Errors
    /// [`Failure::Problem`] with the existing sets.
    pub(super) fn part(&self, name: &str) -> Result<Part, Failure> {
        let part = |subset, rows| Part { name: name.to_owned(), subset, rows };
        if name == ALL {
            return Ok(part(None, self.all_rows()));
        }
        let (data, id) = (&self.data, self.run.id);
        let subset = Subset::ALL.into_iter().find(|subset| subset.name() == name);
        let found = match subset {
            Some(_) if !self.own => {
                return Err(Failure::Problem(format!(
                    "{}: these are not the data run {id} was trained on, so they have no split; omit --set to \
                     use all rows{}",
                    visible(&data.name),
                    self.selections_there()
                )));
            }
            Some(subset) => Some(data.split.rows(subset).to_vec()),
            None => self.selections().find(|named| named.name == name).map(|named| self.rows_of(named)),
        };
        match found {
            Some(rows) if !rows.is_empty() => Ok(part(subset, rows)),
            Some(_) => Err(Failure::Problem(format!(
                "{}: the set {} of run {id} is empty; choose another with --set: {}",
                self.name,
                visible(name),
                self.known()
            ))),
            None => {
                let is_elsewhere = self.selections.iter().any(|named| named.name == name);
                let why = if is_elsewhere { "that selection belongs to other data" } else { "unknown set" };
                let message =
                    format!("{}: --set {}: {why}; choose one of: {}", self.name, visible(name), self.known());
                Err(Failure::Problem(message))
            }
        }
    }

    /// The row with this name, or this number in the source, counted from 1.
    ///
    /// # Errors
    /// [`Failure::Problem`] with the possible rows.
    pub(super) fn row(&self, text: &str) -> Result<u32, Failure> {
        let data = &self.data;
        let by_name = data.row_names.iter().position(|name| name == text);
        let number: Option<u64> = text.parse().ok();
        let of_number = |number: u64| self.all_rows().into_iter().find(|row| number_of(data, *row) == number);
        let found = by_name.map(|row| row as u32).or_else(|| number.and_then(of_number));
        found.ok_or_else(|| {
            let last = self.all_rows().last().map_or(0, |row| number_of(data, *row));
            let names = if data.row_names.is_empty() { "" } else { ", or by their names" };
            let gaps =
                if data.source_rows.is_empty() { "" } else { "; some rows of the source were skipped" };
            Failure::Problem(format!(
                "{}: there is no sample {}; samples are numbered by row, from 1 to {last}{names}{gaps} \
                 (hourglass encode lists them)",
                visible(&data.name),
                visible(text)
            ))
        })
    }

    /// Rows for fits to codes: the training split, or all rows of other data.
    pub(super) fn fitted_rows(&self) -> Vec<u32> {
        if self.own { self.data.split.train.clone() } else { self.all_rows() }
    }

    /// Selections of these data.
    fn selections(&self) -> impl Iterator<Item = &NamedSelection> {
        self.selections.iter().filter(|named| named.fingerprint == self.data.fingerprint)
    }

    fn rows_of(&self, named: &NamedSelection) -> Vec<u32> {
        named.rows.below(self.data.len()).collect()
    }

    /// All sets with rows, and their sizes.
    fn known(&self) -> String {
        let splits = Subset::ALL.map(|subset| (subset.name(), self.data.split.rows(subset).len()));
        let splits = splits.into_iter().filter(|_| self.own);
        let mut text = String::new();
        let selections = self.selections().map(|named| (&*named.name, self.rows_of(named).len()));
        for (name, count) in splits.chain([(ALL, self.data.len())]).chain(selections).filter(|set| set.1 > 0)
        {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{} ({})", visible(name), count);
        }
        text
    }

    /// Selections of other data, for a message.
    fn selections_there(&self) -> String {
        match self.selections().count() {
            0 => String::new(),
            _ => format!(", or choose one of: {}", self.known()),
        }
    }
}
