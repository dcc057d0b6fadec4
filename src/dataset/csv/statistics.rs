//! Rows that summarise the rows above them: their sum, mean, deviation, extremes or count.

use ::csv::ByteRecord;

use super::evidence::Content;
use super::number::Notation;
use super::plain::plain_number;
pub(super) use super::statistic_names::{Called, Kind, called, is_function, named};
use crate::dataset::memory::{self, Reservation};
use crate::dataset::{DataError, Progress};

/// Most columns whose numbers are compared.
const MOST_COLUMNS: usize = 4096;

/// Most numbers kept for medians and quartiles: in larger tables these are not compared.
const MOST_VALUES: usize = 1 << 15;
/// Memory for them, including growing and sorting.
const VALUES_BYTES: u64 = 1 << 21;

/// Fewest rows above an unnamed statistics row.
const FEWEST: f64 = 5.0;

/// Checks whether the numbers of rows are the sums, means and so on of the rows above them.
pub(super) struct StatisticCheck<'a> {
    columns: Vec<Column>,
    /// Whether the next row begins a group.
    is_after: bool,
    /// Whether all numbers are kept, and their number.
    keeps_values: bool,
    values: usize,
    _reservation: Reservation<'a>,
}

/// Result of the check of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// It has no number to compare, or a statistic that is not computed here.
    Unknown,
    /// Its numbers do not summarise the rows above.
    Nothing,
    /// It repeats the only row of its group.
    Copy,
    /// Its numbers follow from the rows above.
    Proven,
    /// All of its numbers do, in two or more columns.
    InAll,
}

struct Column {
    at: usize,
    notation: Notation,
    /// Most digits after the decimal mark.
    digits: i32,
    all: Summary,
    group: Summary,
    /// All numbers, if they are kept.
    values: Vec<f64>,
    /// The index of the first one of the group.
    group_start: usize,
}

impl Column {
    fn whole(&self) -> (Summary, &[f64]) {
        (self.all, &self.values)
    }

    fn last_group(&self) -> (Summary, &[f64]) {
        (self.group, self.values.get(self.group_start..).unwrap_or_default())
    }
}

/// Moments and extremes of numbers.
#[derive(Clone, Copy)]
struct Summary {
    count: f64,
    sum: f64,
    mean: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
    low: f64,
    high: f64,
}

impl Summary {
    const EMPTY: Summary = Summary {
        count: 0.0,
        sum: 0.0,
        mean: 0.0,
        squares: 0.0,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
        (self.low, self.high) = (self.low.min(value), self.high.max(value));
    }

    /// The population variance and the sample variance.
    fn variances(&self) -> impl Iterator<Item = f64> {
        let counts = [self.count, self.count - 1.0].into_iter().filter(|count| *count > 0.0);
        counts.map(|count| self.squares / count)
    }

    /// The probability that a number in their range is this statistic by chance, to its written
    /// precision.
    fn chance(&self, kind: Kind, written: WrittenNumber) -> f64 {
        if self.count < FEWEST {
            return 1.0;
        }
        let range = self.high - self.low;
        let among = if kind == Kind::Sum { range.max(written.value.abs()) } else { range };
        (10_f64.powi(-written.digits) / among).min(1.0)
    }

    /// Whether a number is this statistic, up to rounding to this many digits; the numbers
    /// themselves may be rounded, too.
    fn is(&self, kind: Kind, written: WrittenNumber, digits: i32) -> bool {
        let theirs = rounded_by(digits);
        let is_near = |value: f64, slack: f64| written.is_near(value, slack);
        match kind {
            Kind::Sum => is_near(self.sum, theirs * self.count.sqrt()),
            Kind::Mean => is_near(self.mean, theirs),
            Kind::Deviation => self.variances().any(|variance| is_near(variance.sqrt(), 2.0 * theirs)),
            Kind::Variance => {
                self.variances().any(|variance| is_near(variance, 4.0 * theirs * (variance.sqrt() + theirs)))
            }
            Kind::Variation => self.variances().any(|variance| {
                let ratio = variance.sqrt() / self.mean.abs();
                let slack = (2.0 + ratio) * theirs / self.mean.abs();
                ratio.is_finite() && [1.0, 100.0].into_iter().any(|unit| is_near(unit * ratio, unit * slack))
            }),
            Kind::Error => {
                self.variances().any(|variance| is_near((variance / self.count).sqrt(), 2.0 * theirs))
            }
            Kind::Range => is_near(self.high - self.low, 2.0 * theirs),
            Kind::Smallest => is_near(self.low, theirs),
            Kind::Largest => is_near(self.high, theirs),
            Kind::Count => written.value == self.count,
            Kind::Quantile(_) | Kind::Other => false,
        }
    }
}

/// A number and the number of digits after its decimal mark.
#[derive(Clone, Copy)]
struct WrittenNumber {
    value: f64,
    digits: i32,
}

impl WrittenNumber {
    fn of(field: &[u8], notation: Notation) -> Option<WrittenNumber> {
        let text = std::str::from_utf8(field).ok()?.trim();
        let plain = if notation.has_comma() { None } else { plain_number(text) };
        let value = plain.or_else(|| notation.parse(text)).filter(|value| value.is_finite())?;
        let mark = if notation.has_comma() { ',' } else { '.' };
        let after = text.rsplit_once(mark).map_or("", |(_, after)| after);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        Some(WrittenNumber { value, digits: digits.min(18) as i32 })
    }

    /// Whether it equals a value up to rounding and `slack`.
    fn is_near(self, value: f64, slack: f64) -> bool {
        (self.value - value).abs() <= 1.001 * half(self.digits) + slack + 1e-9 * value.abs()
    }

    /// Whether it is a quantile of values rounded to this many digits, by one of three definitions:
    /// with both ends, as in spreadsheets; without them; or by midpoints.
    fn is_quantile(self, values: &[f64], percent: u8, digits: i32) -> bool {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let (count, share) = (values.len() as f64, f64::from(percent) / 100.0);
        let at = |place: f64| values.get(place as usize).copied().unwrap_or_default();
        let places = [(count - 1.0) * share, (count + 1.0) * share - 1.0, count * share - 0.5];
        places.into_iter().map(|place| place.clamp(0.0, (count - 1.0).max(0.0))).any(|place| {
            let low = at(place.floor());
            let value = low + place.fract() * (at(place.ceil()) - low);
            self.is_near(value, rounded_by(digits))
        })
    }
}

fn half(digits: i32) -> f64 {
    0.5 * 10_f64.powi(-digits)
}

/// Rounding error of values with this many decimals; whole numbers are exact.
fn rounded_by(digits: i32) -> f64 {
    if digits > 0 { half(digits) } else { 0.0 }
}

impl<'a> StatisticCheck<'a> {
    /// For the columns of numbers; medians and quartiles are compared if `keeps_values`.
    ///
    /// # Errors
    /// [`DataError`] if there is not enough memory.
    pub(super) fn of(
        contents: &[Content],
        keeps_values: bool,
        progress: &'a Progress,
    ) -> Result<StatisticCheck<'a>, DataError> {
        let bytes = memory::bytes_of::<Column>(contents.len().min(MOST_COLUMNS));
        let reservation =
            progress.budget().charge_scoped(bytes + if keeps_values { VALUES_BYTES } else { 0 })?;
        let columns = contents.iter().enumerate().filter_map(|(at, content)| match content {
            Content::Numbers { notation, .. } => Some(Column {
                at,
                notation: *notation,
                digits: 0,
                all: Summary::EMPTY,
                group: Summary::EMPTY,
                values: Vec::new(),
                group_start: 0,
            }),
            Content::Nothing | Content::Truth { .. } | Content::Dates { .. } | Content::Words => None,
        });
        let columns = columns.take(MOST_COLUMNS).collect();
        Ok(StatisticCheck { columns, is_after: false, keeps_values, values: 0, _reservation: reservation })
    }

    /// Adds a row of data.
    pub(super) fn add(&mut self, row: &ByteRecord) {
        let begins_group = std::mem::take(&mut self.is_after);
        for column in &mut self.columns {
            if begins_group {
                column.group = Summary::EMPTY;
                column.group_start = column.values.len();
            }
            if let Some(written) =
                row.get(column.at).and_then(|field| WrittenNumber::of(field, column.notation))
            {
                column.digits = column.digits.max(written.digits);
                column.all.add(written.value);
                column.group.add(written.value);
                if self.keeps_values {
                    column.values.push(written.value);
                    self.values += 1;
                }
            }
        }
        if self.values > MOST_VALUES {
            (self.keeps_values, self.values) = (false, 0);
            self.columns.iter_mut().for_each(|column| column.values = Vec::new());
        }
    }

    /// Whether a row is this statistic of the rows so far: of all, or of those since the last such
    /// row.
    pub(super) fn judge(&self, row: &ByteRecord, kind: Kind) -> Found {
        self.check_against(row, kind, Column::whole).max(self.check_against(row, kind, Column::last_group))
    }

    /// The statistic of all rows so far that a row contains, as sums, means or deviations in two or
    /// more columns, if the probability of a coincidence is below `most`.
    pub(super) fn find_statistic(&self, row: &ByteRecord, most: f64) -> Option<Kind> {
        let chance = |kind: Kind| -> f64 {
            let numbers = self.columns.iter().filter_map(|column| {
                Some(column.all.chance(kind, WrittenNumber::of(row.get(column.at)?, column.notation)?))
            });
            numbers.product()
        };
        [Kind::Sum, Kind::Mean, Kind::Deviation].into_iter().find(|kind| {
            self.check_against(row, *kind, Column::whole) == Found::InAll && chance(*kind) < most
        })
    }

    /// Whether a row, itself one of those so far, contains the sums of all others in two or more
    /// columns, and the probability of a coincidence is below `most`.
    pub(super) fn sums_up_others(&self, row: &ByteRecord, most: f64) -> bool {
        let (mut written, mut chance) = (0, 1.0);
        for column in &self.columns {
            let Some(number) = row.get(column.at).and_then(|field| WrittenNumber::of(field, column.notation))
            else {
                continue;
            };
            let all = column.all;
            let others = Summary { count: all.count - 1.0, sum: all.sum - number.value, ..all };
            if !others.is(Kind::Sum, number, column.digits) {
                return false;
            }
            written += 1;
            chance *= others.chance(Kind::Sum, number);
        }
        written > 1 && chance < most
    }

    /// Whether a number of a row has more decimals than all above it.
    pub(super) fn is_finer(&self, row: &ByteRecord) -> bool {
        self.columns.iter().any(|column| {
            let written = row.get(column.at).and_then(|field| WrittenNumber::of(field, column.notation));
            written.is_some_and(|written| written.digits > column.digits)
        })
    }

    /// Ends the group: the next row is the first of another one.
    pub(super) fn end_group(&mut self) {
        self.is_after = true;
    }

    fn check_against(&self, row: &ByteRecord, kind: Kind, of: fn(&Column) -> (Summary, &[f64])) -> Found {
        let percent = if let Kind::Quantile(percent) = kind { Some(percent) } else { None };
        if kind == Kind::Other || (percent.is_some() && !self.keeps_values) {
            return Found::Unknown;
        }
        let (mut written, mut met, mut rows) = (0, 0, 0.0_f64);
        for column in &self.columns {
            let (summary, values) = of(column);
            let Some(number) = row.get(column.at).and_then(|field| WrittenNumber::of(field, column.notation))
            else {
                continue;
            };
            // Zeros prove nothing.
            if summary.count > 0.0 && (number.value != 0.0 || summary.low != 0.0 || summary.high != 0.0) {
                written += 1;
                met += usize::from(match percent {
                    Some(percent) => number.is_quantile(values, percent, column.digits),
                    None => summary.is(kind, number, column.digits),
                });
                rows = rows.max(summary.count);
            }
        }
        match (written, met) {
            (0, _) => Found::Unknown,
            // There are more definitions of quartiles than these.
            _ if 2 * met <= written && percent.is_some_and(|percent| percent != 50) => Found::Unknown,
            _ if 2 * met <= written => Found::Nothing,
            _ if rows < 2.0 => Found::Copy,
            (2.., _) if met == written => Found::InAll,
            (_, _) => Found::Proven,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::csv::number::Signs;

    #[test]
    fn numbers_are_proven_by_the_rows_above() {
        let numbers = |notation| Content::Numbers { notation, signs: Signs::default() };
        let contents = [Content::Words, numbers(Notation::Point), numbers(Notation::Comma)];
        let rows = [["a", "1", "4,5"], ["b", "2", "5"], ["c", "3", "6"]];
        let check = |row: [&str; 3], kind: Kind, expected: Found| {
            let progress = Progress::default();
            let mut proof = StatisticCheck::of(&contents, true, &progress).unwrap();
            for row in rows {
                proof.add(&ByteRecord::from(row.to_vec()));
            }
            let row = ByteRecord::from(row.to_vec());
            let found = proof.judge(&row, kind);
            assert_eq!(found, expected, "{row:?}");
        };
        check(["Total", "6", "15,5"], Kind::Sum, Found::InAll);
        check(["Mean:", "2", "5,167"], Kind::Mean, Found::InAll);
        check(["Total", "2", "5,167"], Kind::Sum, Found::Nothing);
        check(["Mean", "6", "15,5"], Kind::Mean, Found::Nothing);
        // The last digit of the rows is rounded: 5.1667 is between 5.11 and 5.21.
        check(["Mean", "2", "5,21"], Kind::Mean, Found::InAll);
        check(["Mean", "2.1", "5,25"], Kind::Mean, Found::Nothing);
        // The standard deviation of 1, 2, 3 is 1 (sample) or 0.816 (population); that of 4.5, 5, 6
        // is 0.764 (sample).
        check(["SD", "1.00", "0,76"], Kind::Deviation, Found::InAll);
        check(["SD", "0.816", "1,2"], Kind::Deviation, Found::Nothing);
        check(["SD", "0.816", ""], Kind::Deviation, Found::Proven);
        check(["Min", "1", "4,5"], Kind::Smallest, Found::InAll);
        check(["Max", "3", "6,04"], Kind::Largest, Found::InAll);
        check(["N", "3", "3"], Kind::Count, Found::InAll);
        check(["Total", "7", "9"], Kind::Sum, Found::Nothing);
        check(["Total", "", ""], Kind::Sum, Found::Unknown);
        check(["LOD", "1", "1,5"], Kind::Other, Found::Unknown);
        // The standard deviations are 1 and 0.764, the means 2 and 5.167: 50 % and 14.8 %.
        check(["CV", "50.0", "14,8"], Kind::Variation, Found::InAll);
        check(["CV", "0.50", "0,148"], Kind::Variation, Found::InAll);
        check(["CV", "60.0", "24,8"], Kind::Variation, Found::Nothing);
        check(["SEM", "0.577", "0,44"], Kind::Error, Found::InAll);
        check(["Var", "1.000", "0,583"], Kind::Variance, Found::InAll);
        check(["Range", "2", "1,5"], Kind::Range, Found::InAll);
        check(["Median", "2", "5,0"], Kind::Quantile(50), Found::InAll);
        check(["Median", "3", "6"], Kind::Quantile(50), Found::Nothing);
        // The first quartile is 1.5 and 4.75, or 1 and 4.5 without both ends.
        check(["Q1", "1.5", "4,75"], Kind::Quantile(25), Found::InAll);
        check(["Q1", "1.0", "4,50"], Kind::Quantile(25), Found::InAll);
        check(["Q1", "3", "6"], Kind::Quantile(25), Found::Unknown);
    }

    #[test]
    fn groups_are_summed_up_by_themselves() {
        let contents =
            [Content::Words, Content::Numbers { notation: Notation::Point, signs: Signs::default() }];
        let progress = Progress::default();
        let mut proof = StatisticCheck::of(&contents, false, &progress).unwrap();
        let mut found = Vec::new();
        for row in ["a,1", "a,2", "Total a,3", "b,4", "Total b,4", "c,0", "Total,7", "Total,8"] {
            let row = ByteRecord::from(row.split(',').collect::<Vec<_>>());
            if row[0].starts_with(b"Total") {
                found.push(proof.judge(&row, Kind::Sum));
                proof.end_group();
            } else {
                proof.add(&row);
            }
        }
        assert_eq!(found, [Found::Proven, Found::Copy, Found::Proven, Found::Nothing]);
    }
}
