//! A second table that begins below the rows of the first.

use ::csv::ByteRecord;

use super::body::{Body, Rows};
use super::evidence::Content;
use super::footer;
use super::places::{Places, with_more};
use super::remarks::Remarks;
use crate::dataset::DataError;
use crate::dataset::progress::CancelTimer;
use crate::project::{Choice, RowSet, TableReading};

/// The header of a second table.
pub(super) struct Second {
    /// The number of its row.
    pub number: u64,
    /// Whether only the rows above it are read; otherwise only its header is skipped.
    pub is_cut: bool,
    header: ByteRecord,
    /// Number of rows of the whole file.
    rows: u64,
}

impl Second {
    pub(super) fn new((number, header): (u64, ByteRecord)) -> Second {
        Second { number, is_cut: true, header, rows: 0 }
    }

    /// Examines all rows of the file. Rows below the header are read as rows of the first table if
    /// most of them can be, and no title or sum separates the two (`has_gap`).
    pub(super) fn find_below(
        &mut self,
        places: &Places<'_>,
        body: &Body,
        (contents, has_gap): (&[Content], bool),
        reading: &TableReading,
    ) -> Result<(), DataError> {
        let columns = contents.len();
        let mut rows = Rows::open(places.text, places.layout, places.progress)?;
        let (mut record, mut cancel_timer) = (ByteRecord::new(), CancelTimer::new(places.progress));
        let (mut fitting, mut others) = (0_u64, 0_u64);
        while rows.next(&mut record)? {
            cancel_timer.tick(record.len())?;
            let is_row = rows.number > self.number
                && body.left_out(places.layout, rows.number, &record).is_none()
                && !footer::may_be(record.iter(), columns);
            if is_row {
                let mut fields = record.iter().zip(contents);
                let fits = fields.all(|(field, content)| footer::fits(field, content, reading));
                *if fits && record.len() == columns { &mut fitting } else { &mut others } += 1;
            }
        }
        self.rows = rows.number;
        let is_reordered = places.layout.has_names() && self.is_reordered(&places.layout.columns);
        self.is_cut = has_gap || is_reordered || self.header.len() != columns || others >= fitting;
        Ok(())
    }

    /// Whether a name in its header is that of another column of the first table.
    fn is_reordered(&self, names: &[String]) -> bool {
        let other = |(at, field): (usize, &[u8])| {
            let is_own = names.get(at).is_some_and(|name| name.as_bytes() == field.trim_ascii());
            !is_own && names.iter().any(|name| name.as_bytes() == field.trim_ascii())
        };
        self.header.iter().enumerate().any(other)
    }

    /// The doubt about how it is read. `last` is the last row of the first table if only that is
    /// read.
    pub(super) fn doubt(
        &self,
        places: &Places<'_>,
        last: Option<u64>,
        skip: Option<&RowSet>,
        remarks: &mut Remarks,
    ) {
        let last = last.filter(|_| self.is_cut).unwrap_or(self.number - 1);
        let mut remedies = vec![Choice::SkipFooter(Some(self.rows.saturating_sub(last) as usize))];
        if let Some(line) = places.line(&self.header) {
            remedies.push(Choice::SkipLines(Some(line as usize - 1)));
        }
        // As one table, without its header and the lines above it; or including it, as a row of
        // data.
        if self.header.len() == places.layout.columns.len() {
            remedies.push(Choice::SkipRows(Some(with_more(skip, last + 1..=self.number))));
            remedies.push(Choice::SkipFooter(Some(0)));
        }
        let how = if self.is_cut {
            "only the rows above it are read"
        } else {
            "this row is skipped, and those below it are read with those above it"
        };
        remarks.doubt(
            format!("a second table seems to begin at {}: {how}", places.shown(&self.header)),
            remedies,
        );
    }
}
