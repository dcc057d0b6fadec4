use super::archive::Archive;
use super::header::{Header, Kind};
use super::places::Places;
use super::values::{Number, Sink, each_number};
use crate::dataset::{DataError, Progress};

/// If the range of a column is less than this part of its largest number, 32 bits distinguish fewer
/// than 65,536 values.
const NARROW: f64 = 1.0 / 256.0;

/// The [`Ranges::bases`] of an array. Reads it once, and only its beginning if that shows that all
/// columns are wide.
pub(super) fn bases(
    archive: &mut Archive<'_>,
    at: usize,
    columns: usize,
    progress: &Progress,
) -> Result<Vec<f64>, DataError> {
    if columns == 0 || !archive.arrays[at].header.as_ref().is_ok_and(|header| is_wide(header.kind)) {
        return Ok(Vec::new());
    }
    let mut ranges = Ranges::new(columns, progress)?;
    archive.entry(at, |mut entry| {
        if columns > 1 {
            ranges.places = Places::new(&entry.header, false);
        }
        let count = entry.count()?;
        entry.chunks(count, |header, bytes| Ok(ranges.push(header, bytes)))
    })?;
    ranges.bases(progress)
}

/// Whether numbers of this type have more digits than 32 bits can hold.
pub(in crate::dataset) fn is_wide(kind: Kind) -> bool {
    matches!(kind, Kind::U32 | Kind::I32 | Kind::U64 | Kind::I64 | Kind::F64)
}

/// The smallest and largest number of each column.
pub(in crate::dataset) struct Ranges {
    low: Vec<f64>,
    high: Vec<f64>,
    /// Whether any number changes in 32 bits.
    is_rounded: Vec<bool>,
    places: Option<Places>,
    next: usize,
}

impl Ranges {
    /// Empty ranges of this many columns.
    pub fn new(columns: usize, progress: &Progress) -> Result<Ranges, DataError> {
        Ok(Ranges {
            low: progress.filled(f64::INFINITY, columns)?,
            high: progress.filled(f64::NEG_INFINITY, columns)?,
            is_rounded: progress.filled(false, columns)?,
            places: None,
            next: 0,
        })
    }

    /// Adds numbers from the bytes of the file, a whole number of them. Returns whether further
    /// numbers may change the result.
    pub fn push(&mut self, header: &Header, bytes: &[u8]) -> bool {
        each_number(header, bytes, self);
        // Complete rows have been read, and ranges only grow; numbers that are rounded may still
        // follow.
        let all_came = self.places.is_none() && self.next >= self.low.len();
        !all_came || (0..self.low.len()).any(|column| self.is_narrow(column))
    }

    /// Returns the number to subtract from each column so that 32 bits distinguish its values, if
    /// the file stores more bits: the smallest number of the column, or 0. Empty if no column needs
    /// it.
    pub fn bases(self, progress: &Progress) -> Result<Vec<f64>, DataError> {
        let budget = progress.budget();
        let needs = |&column: &usize| {
            self.is_rounded[column] && self.is_narrow(column) && self.high[column] > self.low[column]
        };
        let mut bases = Vec::new();
        if (0..self.low.len()).any(|column| needs(&column)) {
            bases = progress.filled(0.0, self.low.len())?;
            for column in (0..self.low.len()).filter(needs) {
                bases[column] = self.low[column];
            }
        }
        budget.release(self.low);
        budget.release(self.high);
        budget.release(self.is_rounded);
        Ok(bases)
    }

    fn is_narrow(&self, column: usize) -> bool {
        let (low, high) = (self.low[column], self.high[column]);
        let range = high - low;
        range.is_finite() && range < low.abs().max(high.abs()) * NARROW
    }
}

impl Sink for Ranges {
    fn take<N: Number>(&mut self, numbers: impl Iterator<Item = N>) {
        for number in numbers {
            let place = self.places.as_mut().map_or(self.next, Places::next);
            let (column, value) = (place % self.low.len(), number.f64());
            self.next += 1;
            self.low[column] = self.low[column].min(value);
            self.high[column] = self.high[column].max(value);
            // Missing values have no digits to lose.
            self.is_rounded[column] |= number.f32() as f64 != value && !value.is_nan();
        }
    }
}
