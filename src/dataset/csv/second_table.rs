//! A second table that begins below the rows of the first.

use ::csv::ByteRecord;

use super::body::Rows;
use super::layout::TableLayout;
use super::places::{Places, with_more};
use super::remarks::Remarks;
use super::text::Text;
use crate::dataset::progress::Pulse;
use crate::dataset::{DataError, Progress};
use crate::project::{Choice, RowSet};

/// The header of a second table.
pub(super) struct Second {
    /// The number of its row.
    pub number: u64,
    header: ByteRecord,
    /// Rows of the whole file.
    rows: u64,
}

impl Second {
    pub(super) fn new((number, header): (u64, ByteRecord)) -> Second {
        Second { number, header, rows: 0 }
    }

    /// Counts the rows of the whole file.
    pub(super) fn count(
        &mut self,
        text: &Text<'_>,
        layout: &TableLayout,
        progress: &Progress,
    ) -> Result<(), DataError> {
        let mut rows = Rows::open(text, layout, progress)?;
        let (mut record, mut pulse) = (ByteRecord::new(), Pulse::new(progress));
        while rows.next(&mut record)? {
            pulse.beat(1)?;
        }
        self.rows = rows.number;
        Ok(())
    }

    /// Doubts that only the first table is meant, whose last row this is.
    pub(super) fn doubt(
        &self,
        places: &Places<'_>,
        last: Option<u64>,
        skip: Option<&RowSet>,
        remarks: &mut Remarks,
    ) {
        let last = last.unwrap_or(self.number - 1);
        let mut remedies = vec![Choice::SkipFooter(Some(self.rows.saturating_sub(last) as usize))];
        if let Some(line) = places.line(&self.header) {
            remedies.push(Choice::SkipLines(Some(line as usize - 1)));
        }
        // As one table, but for its header and what stands above that.
        if self.header.len() == places.layout.columns.len() {
            remedies.push(Choice::SkipRows(Some(with_more(skip, last + 1..=self.number))));
        }
        let message = format!(
            "a second table seems to begin at {}: only the rows above it are read",
            places.shown(&self.header)
        );
        remarks.doubt(message, remedies);
    }
}
