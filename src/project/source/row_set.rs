use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Rows of a table by their numbers, counted from 1: `7,12-14`, `only:7,12-14`, or `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowSet {
    /// Ascending, without overlapping or adjacent ranges. Row 0, which does not exist, marks
    /// `only`.
    ranges: Vec<RangeInclusive<u64>>,
}

/// Prefix for rows that are the only ones read.
const ONLY: &str = "only:";

impl RowSet {
    /// Whether a row is one of them.
    pub fn contains(&self, row: u64) -> bool {
        let after = self.ranges.partition_point(|range| *range.end() < row);
        self.ranges.get(after).is_some_and(|range| range.contains(&row))
    }

    /// Whether these are the only rows: none, or `only:` these.
    pub fn are_all(&self) -> bool {
        self.is_empty() || self.contains(0)
    }

    /// These rows, and no others.
    #[must_use]
    pub fn only(self) -> RowSet {
        if self.is_empty() { self } else { self.and(&RowSet::from_iter([0])) }
    }

    /// The largest row number.
    pub fn last(&self) -> Option<u64> {
        self.ranges.last().map(|range| *range.end())
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Adds a row after all others; ignored if it is not after the last.
    pub fn push(&mut self, row: u64) {
        match self.ranges.last_mut() {
            Some(last) if row == last.end().saturating_add(1) => *last = *last.start()..=row,
            Some(last) if row <= *last.end() => {}
            Some(_) | None => self.ranges.push(row..=row),
        }
    }

    /// The union of both.
    #[must_use]
    pub fn and(&self, other: &RowSet) -> RowSet {
        self.ranges.iter().chain(&other.ranges).cloned().collect()
    }

    /// Number of ranges in its text.
    pub fn ranges(&self) -> usize {
        self.ranges.len()
    }
}

impl FromIterator<RangeInclusive<u64>> for RowSet {
    fn from_iter<T: IntoIterator<Item = RangeInclusive<u64>>>(ranges: T) -> RowSet {
        let mut all: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        all.sort_unstable_by_key(|range| *range.start());
        let mut ranges: Vec<RangeInclusive<u64>> = Vec::new();
        for range in all {
            match ranges.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                Some(_) | None => ranges.push(range),
            }
        }
        RowSet { ranges }
    }
}

impl FromIterator<u64> for RowSet {
    fn from_iter<T: IntoIterator<Item = u64>>(rows: T) -> RowSet {
        rows.into_iter().map(|row| row..=row).collect()
    }
}

impl fmt::Display for RowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ranges.is_empty() {
            return f.write_str("none");
        }
        f.write_str(if self.contains(0) { ONLY } else { "" })?;
        let ranges = self.ranges.iter().filter(|range| *range.end() > 0);
        for (at, range) in ranges.enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let (first, last) = (range.start().max(&1), range.end());
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for RowSet {
    type Err = String;

    fn from_str(text: &str) -> Result<RowSet, String> {
        if text.trim() == "none" {
            return Ok(RowSet::default());
        }
        let (is_only, text) = text.trim().strip_prefix(ONLY).map_or((false, text), |rest| (true, rest));
        let row = |text: &str| text.trim().parse().ok().filter(|row| *row > 0);
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let range = row(first)?..=row(last)?;
            (!range.is_empty()).then_some(range)
        };
        let ranges: Option<Vec<RangeInclusive<u64>>> = text.split(',').map(range).collect();
        let ranges = ranges.ok_or("write rows counted from 1, as in 7,12-14, or only:7,12-14, or none")?;
        let rows: RowSet = ranges.into_iter().collect();
        Ok(if is_only { rows.only() } else { rows })
    }
}

impl TryFrom<String> for RowSet {
    type Error = String;

    fn try_from(text: String) -> Result<RowSet, String> {
        text.parse()
    }
}

impl From<RowSet> for String {
    fn from(rows: RowSet) -> String {
        rows.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_as_they_are_read() {
        let check = |text: &str, expected: &str, within: &[u64], outside: &[u64]| {
            let rows: RowSet = text.parse().unwrap();
            assert_eq!(rows.to_string(), expected, "{text:?}");
            assert!(within.iter().all(|row| rows.contains(*row)), "{text:?}");
            assert!(!outside.iter().any(|row| rows.contains(*row)), "{text:?}");
        };
        check("7,12-14", "7,12-14", &[7, 12, 13, 14], &[0, 6, 8, 11, 15]);
        check(" 14 , 12-13,7, 7", "7,12-14", &[7, 14], &[8]);
        check("2-9,3-4,5", "2-9", &[2, 4, 9], &[1, 10]);
        check("none", "none", &[], &[1]);
        check("only:7, 9", "only:7,9", &[7, 9], &[8]);
        check("only:1-3", "only:1-3", &[1, 3], &[4]);
        let all = ["7", "only:7", "none"].map(|text| text.parse::<RowSet>().unwrap());
        assert_eq!(all.each_ref().map(RowSet::are_all), [false, true, true]);
        assert_eq!(all.map(RowSet::only).map(|rows| rows.to_string()), ["only:7", "only:7", "none"]);
        check("1-18446744073709551615,7", "1-18446744073709551615", &[1, u64::MAX], &[0]);
        for wrong in ["only:", "", "0", "a", "3-", "-3", "5-4", "1,,2", "1 2"] {
            assert!(wrong.parse::<RowSet>().is_err(), "{wrong:?}");
        }
    }
}
