//! Rows of a table as shown in messages.

use ::csv::ByteRecord;

use super::layout::TableLayout;
use super::lines::{line_of_record, place_of_record};
use super::listed;
use super::text::Text;
use crate::dataset::Progress;
use crate::project::RowSet;

/// Most rows shown one by one.
const SHOWN: usize = 4;

/// The position of rows in their file.
pub(super) struct Places<'a> {
    pub text: &'a Text<'a>,
    pub layout: &'a TableLayout,
    pub progress: &'a Progress,
}

impl Places<'_> {
    /// The line of a row, counted from 1.
    pub(super) fn line(&self, row: &ByteRecord) -> Option<u64> {
        line_of_record(self.text, self.layout.form, row, self.progress)
    }

    /// A row by its line and its first fields: `line 6: "Total", "5"`.
    pub(super) fn shown(&self, row: &ByteRecord) -> String {
        let fields = row.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned());
        let fields: Vec<String> = fields.filter(|field| !field.is_empty()).take(4).collect();
        format!("{}: {}", place_of_record(self.text, self.layout.form, row, self.progress), listed(&fields))
    }

    /// The first of some rows.
    pub(super) fn listed(&self, rows: &[&ByteRecord]) -> String {
        let shown: Vec<String> = rows.iter().take(SHOWN).map(|row| self.shown(row)).collect();
        shown.join("; ") + if rows.len() > SHOWN { "; …" } else { "" }
    }
}

/// The rows chosen to be skipped, and these.
pub(super) fn with_more(skip: Option<&RowSet>, rows: impl IntoIterator<Item = u64>) -> RowSet {
    skip.cloned().unwrap_or_default().and(&rows.into_iter().collect())
}
