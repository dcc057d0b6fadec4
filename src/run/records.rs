use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Records per block.
const BLOCK: usize = 256;

/// A list that grows at its end and is cheap to clone: full blocks are shared, so a clone copies
/// one block at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<T>", from = "Vec<T>")]
#[serde(bound(serialize = "T: Clone + Serialize", deserialize = "T: Deserialize<'de>"))]
pub struct Records<T> {
    /// Full blocks of [`BLOCK`] records.
    blocks: Vec<Arc<[T]>>,
    /// Fewer than [`BLOCK`].
    tail: Vec<T>,
}

impl<T> Records<T> {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.blocks.len() * BLOCK + self.tail.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.tail.is_empty()
    }

    /// The record at an index, counted from 0.
    pub fn get(&self, place: usize) -> Option<&T> {
        match self.blocks.get(place / BLOCK) {
            Some(block) => block.get(place % BLOCK),
            None => self.tail.get(place - self.blocks.len() * BLOCK),
        }
    }

    /// The first record.
    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// The last record.
    pub fn last(&self) -> Option<&T> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All records in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.blocks.iter().flat_map(|block| block.iter()).chain(&self.tail)
    }

    /// The records from an index on.
    pub fn after(&self, place: usize) -> impl Iterator<Item = &T> {
        let blocks = self.blocks.get(place / BLOCK..).unwrap_or_default();
        let skipped = place - (place / BLOCK).min(self.blocks.len()) * BLOCK;
        blocks.iter().flat_map(|block| block.iter()).chain(&self.tail).skip(skipped)
    }

    /// The number of leading records for which `is_before` holds; it must not hold for any after
    /// them.
    pub fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> usize {
        let leads = |block: &Arc<[T]>| block.last().is_some_and(&is_before);
        let block = self.blocks.partition_point(leads);
        let rest = self.blocks.get(block).map_or(&self.tail[..], |block| block);
        block * BLOCK + rest.partition_point(&is_before)
    }

    /// Adds a record.
    pub fn push(&mut self, record: T) {
        self.tail.push(record);
        if self.tail.len() == BLOCK {
            self.blocks.push(std::mem::take(&mut self.tail).into());
        }
    }
}

impl<T: Clone> Records<T> {
    /// Drops all but the first `len` records.
    pub fn truncate(&mut self, len: usize) {
        if len / BLOCK < self.blocks.len() {
            let cut = self.blocks.swap_remove(len / BLOCK);
            self.blocks.truncate(len / BLOCK);
            self.tail = cut[..len % BLOCK].to_vec();
        } else {
            self.tail.truncate(len - self.blocks.len() * BLOCK);
        }
    }
}

impl<T> Default for Records<T> {
    fn default() -> Records<T> {
        Records { blocks: Vec::new(), tail: Vec::new() }
    }
}

impl<T> Extend<T> for Records<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.push(record));
    }
}

impl<T> FromIterator<T> for Records<T> {
    fn from_iter<I: IntoIterator<Item = T>>(records: I) -> Records<T> {
        let mut all = Records::default();
        all.extend(records);
        all
    }
}

impl<T> From<Vec<T>> for Records<T> {
    fn from(records: Vec<T>) -> Records<T> {
        records.into_iter().collect()
    }
}

impl<T: Clone> From<Records<T>> for Vec<T> {
    fn from(records: Records<T>) -> Vec<T> {
        records.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with a plain list.
    fn check(records: &Records<u32>, expected: &[u32]) {
        assert_eq!(records.iter().copied().collect::<Vec<_>>(), expected);
        assert_eq!(records.iter().rev().copied().collect::<Vec<_>>().len(), expected.len());
        assert_eq!((records.len(), records.is_empty()), (expected.len(), expected.is_empty()));
        assert_eq!((records.first(), records.last()), (expected.first(), expected.last()));
        for place in [0, 1, 255, 256, 257, 511, 512, 600, 2000] {
            assert_eq!(records.get(place), expected.get(place), "{place}");
            let after: Vec<u32> = records.after(place).copied().collect();
            assert_eq!(after, expected.get(place..).unwrap_or_default(), "{place}");
            let point = expected.partition_point(|&record| record < place as u32);
            assert_eq!(records.partition_point(|&record| record < place as u32), point, "{place}");
        }
    }

    #[test]
    fn records_behave_like_a_list() {
        for len in [0, 1, 255, 256, 257, 512, 700] {
            let plain: Vec<u32> = (0..len).collect();
            let records: Records<u32> = plain.iter().copied().collect();
            check(&records, &plain);
            for cut in [0, 1, 255, 256, 300, 512, 699, 1000] {
                let (mut records, mut plain) = (records.clone(), plain.clone());
                records.truncate(cut);
                plain.truncate(cut);
                check(&records, &plain);
                records.extend([7000, 7001]);
                plain.extend([7000, 7001]);
                check(&records, &plain);
            }
        }
    }

    #[test]
    fn cloning_many_records_copies_one_block_at_most() {
        let records: Records<String> = (0..100_000).map(|record| record.to_string()).collect();
        let clone = records.clone();
        let shared = records.blocks.iter().zip(&clone.blocks);
        assert!(shared.clone().all(|(own, other)| Arc::ptr_eq(own, other)));
        assert_eq!(shared.count() * BLOCK + clone.tail.len(), 100_000);
        assert!(clone.tail.len() < BLOCK);
    }
}
