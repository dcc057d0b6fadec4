use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A named selection of rows of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedSelection {
    /// The name.
    pub name: String,
    /// Fingerprint of the data; the rows have no meaning for others.
    pub fingerprint: u64,
    /// The rows.
    pub rows: IndexSet,
}

/// A user-defined label column: its rows have the class with its name, all others another class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnLabel {
    /// The name of the column.
    pub name: String,
    /// Fingerprint of the data.
    pub fingerprint: u64,
    /// Number of rows in the data.
    pub count: usize,
    /// The rows.
    pub rows: IndexSet,
}

impl OwnLabel {
    /// Its classes: that of all other rows, and its own.
    pub fn classes(&self) -> [String; 2] {
        [format!("not {}", self.name), self.name.clone()]
    }
}

/// Row numbers, counted from 0, without duplicates. Clones share them.
///
/// As text they are ranges: `3,7-12,40`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexSet(Arc<[(u32, u32)]>);

impl IndexSet {
    /// The set of these rows, which must be ascending.
    pub fn of(rows: &[u32]) -> IndexSet {
        let ranges = rows.chunk_by(|a, b| a.checked_add(1) == Some(*b));
        IndexSet(ranges.filter_map(|range| Some((*range.first()?, *range.last()?))).collect())
    }

    /// The rows below `count`, ascending: never more than the data have, for any file.
    pub fn below(&self, count: usize) -> impl Iterator<Item = u32> {
        let last = u32::try_from(count).unwrap_or(u32::MAX).checked_sub(1);
        let ranges = self.0.iter().filter_map(move |(from, to)| Some(*from..=(*to).min(last?)));
        ranges.flatten()
    }

    /// An identifier shared by a set and its clones; unique while one of them exists.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>().addr()
    }

    /// Number of rows.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(from, to)| u64::from(to - from) + 1).sum()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Display for IndexSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, (from, to)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            if from == to { write!(f, "{comma}{from}")? } else { write!(f, "{comma}{from}-{to}")? }
        }
        Ok(())
    }
}

impl FromStr for IndexSet {
    type Err = String;

    fn from_str(text: &str) -> Result<IndexSet, String> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = || format!("“{part}” is not a range of rows; write 3 or 7-12, in ascending order");
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
            let (from, to) = (number(from)?, number(to)?);
            if from > to || ranges.last().is_some_and(|(_, last)| *last >= from) {
                return Err(wrong());
            }
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(from) => *last = to,
                Some(_) | None => ranges.push((from, to)),
            }
        }
        Ok(IndexSet(ranges.into()))
    }
}

impl Serialize for IndexSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IndexSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IndexSet, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_as_ranges_and_read_back() {
        for (rows, text) in [
            (&[][..], ""),
            (&[3], "3"),
            (&[0, 1, 2, 7, 9, 10], "0-2,7,9-10"),
            (&[u32::MAX - 1, u32::MAX], "4294967294-4294967295"),
        ] {
            let set = IndexSet::of(rows);
            assert_eq!((set.to_string(), set.len()), (text.to_owned(), rows.len() as u64));
            assert_eq!(text.parse(), Ok(set.clone()));
            let below: Vec<u32> = set.below(9).collect();
            assert_eq!(below, rows.iter().copied().filter(|row| *row < 9).collect::<Vec<_>>());
        }
        assert_eq!(" 1 - 2 , 3,".parse(), Ok(IndexSet::of(&[1, 2, 3])), "by hand");
        assert_eq!(IndexSet::of(&[5]).below(0).count(), 0);
    }

    #[test]
    fn what_is_no_set_of_rows_is_refused() {
        for text in ["x", "3-1", "1,1", "5,4", "1-3,2", "-", "4294967296", "1-2-3"] {
            let error = text.parse::<IndexSet>().expect_err(text);
            assert!(error.contains("write 3 or 7-12"), "{error}");
        }
    }
}
