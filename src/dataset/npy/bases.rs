use super::archive::Archive;
use super::header::Kind;
use super::places::Places;
use super::values::{Number, Sink, each_number};
use crate::dataset::{DataError, Progress};

/// Where the range of a column is less than this part of its largest number, 32 bits tell fewer than 65,536 values apart.
const NARROW: f64 = 1.0 / 256.0;

/// What has to be taken off the numbers of each column so that 32 bits tell them apart, where they came in more bits: the
/// smallest number of the column, or 0. Empty where no column needs it. Reads the array once, and no more than its
/// beginning where that shows that all columns are wide.
pub(super) fn bases(
    archive: &mut Archive<'_>,
    at: usize,
    features: usize,
    progress: &Progress,
) -> Result<Vec<f64>, DataError> {
    let is_wide = |kind| matches!(kind, Kind::U32 | Kind::I32 | Kind::U64 | Kind::I64 | Kind::F64);
    if features == 0 || !archive.arrays[at].header.as_ref().is_ok_and(|header| is_wide(header.kind)) {
        return Ok(Vec::new());
    }
    let mut ranges = Ranges {
        low: progress.filled(f64::INFINITY, features)?,
        high: progress.filled(f64::NEG_INFINITY, features)?,
        is_rounded: progress.filled(false, features)?,
        places: None,
        next: 0,
    };
    archive.entry(at, |mut entry| {
        ranges.places = Places::new(&entry.header.shape, entry.header.fortran, false);
        let count = entry.count()?;
        entry.chunks(count, |header, bytes| {
            each_number(header, bytes, &mut ranges);
            // Whole rows came, and ranges only grow; numbers that are rounded may still come.
            let all_came = ranges.places.is_none() && ranges.next >= features;
            Ok(!all_came || (0..features).any(|column| ranges.is_narrow(column)))
        })
    })?;
    let budget = progress.budget();
    let needs = |&column: &usize| {
        ranges.is_rounded[column] && ranges.is_narrow(column) && ranges.high[column] > ranges.low[column]
    };
    let mut bases = Vec::new();
    if (0..features).any(|column| needs(&column)) {
        bases = progress.filled(0.0, features)?;
        for column in (0..features).filter(needs) {
            bases[column] = ranges.low[column];
        }
    }
    budget.release(ranges.low);
    budget.release(ranges.high);
    budget.release(ranges.is_rounded);
    Ok(bases)
}

/// The smallest and largest number of each column.
struct Ranges {
    low: Vec<f64>,
    high: Vec<f64>,
    /// Whether any number is another one in 32 bits.
    is_rounded: Vec<bool>,
    places: Option<Places>,
    next: usize,
}

impl Ranges {
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
            self.is_rounded[column] |= number.f32() as f64 != value;
        }
    }
}
