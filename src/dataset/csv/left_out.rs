//! Rows that are left out of a table, as the first reading finds them.

use ::csv::ByteRecord;

/// A row with its number.
pub(super) type Numbered = (u64, ByteRecord);

/// What the first reading counts.
#[derive(Default)]
pub(super) struct Counts {
    /// Rows of data.
    pub rows: u64,
    pub skipped: usize,
    pub empty: usize,
    pub headers: usize,
    pub comments: usize,
    /// Rows with delimiters at their end that the header does not have.
    pub longer: usize,
}

/// Rows of which names or numbers say that they sum up others.
#[derive(Default)]
pub(super) struct Sums {
    /// The numbers of those whose numbers prove it, in order.
    pub proven: Vec<u64>,
    /// Those of them among other rows, which are left out.
    pub left_out: Vec<Numbered>,
    /// Those among other rows that are taken as data.
    pub doubtful: Vec<Numbered>,
    /// The last row, where its numbers alone say that it sums up the others.
    pub last: Option<ByteRecord>,
}

impl Sums {
    /// Whether a row is one whose numbers prove it.
    pub(super) fn has(&self, number: u64) -> bool {
        self.proven.binary_search(&number).is_ok()
    }
}
