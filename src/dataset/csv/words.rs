//! The different words of a column.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::dataset::memory::{self, Budget};

/// Number of different words remembered per column; small enough even if all have the same hash.
pub(super) const WORDS: usize = 4096;

/// Below this number of rows, a list of all bytes per column would need more memory than its
/// values.
const ROWS: u64 = 512;

/// The different words of a column, and how often each occurs.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// Number of fields added.
    total: u64,
    /// How often each of the whole numbers 0 to 255 occurs, which are the fields of most tables of
    /// pixels; empty for the first rows.
    bytes: Vec<u64>,
    /// Number of different ones among them.
    different_bytes: usize,
    others: HashMap<String, u64, BuildHasherDefault<Quick>>,
    /// Memory charged for the words.
    charged: u64,
}

/// The result of adding a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It did not occur before.
    New,
    /// It occurred before.
    Again,
    /// There is no space for another word.
    Full,
}

impl Words {
    /// Adds a whole number from 0 to 255 in the usual form, if these are counted separately.
    pub(super) fn add_byte(&mut self, byte: u8) -> Option<Added> {
        let count = self.bytes.get_mut(usize::from(byte))?;
        *count += 1;
        let is_new = *count == 1;
        self.different_bytes += usize::from(is_new);
        Some(if is_new { Added::New } else { Added::Again })
    }

    /// Adds a word, or a number while these are not counted separately.
    pub(super) fn add(&mut self, word: &str, budget: &Budget) -> Added {
        let added = self.add_other(word, budget);
        self.total += 1;
        if self.total == ROWS {
            self.count_bytes(budget);
        }
        added
    }

    fn add_other(&mut self, word: &str, budget: &Budget) -> Added {
        if let Some(count) = self.others.get_mut(word) {
            *count += 1;
            return Added::Again;
        }
        // An entry in the table, doubled for its free entries.
        if !self.is_charged(memory::text_bytes(word.len()) + 48, budget) {
            return Added::Full;
        }
        self.others.insert(word.to_owned(), 1);
        Added::New
    }

    /// Starts counting bytes separately, if there is memory.
    fn count_bytes(&mut self, budget: &Budget) {
        if !self.is_charged(memory::bytes_of::<u64>(256), budget) {
            return;
        }
        self.bytes.resize(256, 0);
        for byte in 0_u8..=255 {
            if let Some(count) = self.others.remove(&byte.to_string()) {
                self.bytes[usize::from(byte)] = count;
                self.different_bytes += 1;
            }
        }
    }

    fn is_charged(&mut self, bytes: u64, budget: &Budget) -> bool {
        let is_charged = self.len() < WORDS && budget.free() / 8 > bytes && budget.take(bytes).is_ok();
        self.charged += if is_charged { bytes } else { 0 };
        is_charged
    }

    /// Releases the memory charged for them.
    pub(super) fn release(self, budget: &Budget) {
        budget.give_back(self.charged);
    }

    /// Number of different words.
    pub(super) fn len(&self) -> usize {
        self.different_bytes + self.others.len()
    }

    /// The words and how often each occurs, unordered.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        let bytes = (0..=u8::MAX).zip(&self.bytes).filter(|(_, count)| **count > 0);
        let bytes = bytes.map(|(byte, count)| (byte.to_string(), *count));
        bytes.chain(self.others.iter().map(|(word, count)| (word.clone(), *count)))
    }

    /// Whether a word occurs.
    pub(super) fn has(&self, word: &str) -> bool {
        let byte = word.parse().ok().filter(|byte: &u8| byte.to_string() == word);
        let count = byte.and_then(|byte| self.bytes.get(usize::from(byte)));
        self.others.contains_key(word) || count.is_some_and(|count| *count > 0)
    }

    /// The most frequent word, of several the first in alphabetical order.
    pub(super) fn most(&self) -> Option<String> {
        self.most_where(|_| true)
    }

    /// The most frequent spelling of a word, in upper or lower case.
    pub(super) fn most_of(&self, word: &str) -> Option<String> {
        self.most_where(|other| other.eq_ignore_ascii_case(word))
    }

    /// The most frequent word among those for which `is_meant` holds.
    pub(super) fn most_where(&self, is_meant: impl Fn(&str) -> bool) -> Option<String> {
        let meant = self.iter().filter(|(word, _)| is_meant(word));
        let most = meant.max_by(|(a, times), (b, others)| times.cmp(others).then_with(|| b.cmp(a)));
        most.map(|(word, _)| word)
    }

    /// How often each word occurs, unordered.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> {
        self.bytes.iter().copied().filter(|count| *count > 0).chain(self.others.values().copied())
    }
}

/// A fast hash for few and short words: multiplies eight bytes at a time.
#[derive(Clone, Copy, Debug, Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        }
    }

    fn finish(&self) -> u64 {
        (self.0 ^ self.0 >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_and_charged_until_there_are_too_many() {
        let budget = Budget::of(1 << 24);
        let mut words = Words::default();
        let mut add = |word: &str, byte: Option<u8>| {
            let added = byte.and_then(|byte| words.add_byte(byte));
            added.unwrap_or_else(|| words.add(word, &budget))
        };
        let all = [("5", Some(5)), ("red", None), ("05", None)];
        let added = [all[0], all[1], all[0], all[2]].map(|(word, byte)| add(word, byte));
        assert_eq!(added, [Added::New, Added::New, Added::Again, Added::New]);
        // After some number of rows, bytes are counted separately.
        for _ in 0..ROWS {
            assert_eq!(all.map(|(word, byte)| add(word, byte)), [Added::Again; 3]);
        }
        assert_eq!(add("7", Some(7)), Added::New);
        let mut listed: Vec<_> = words.iter().collect();
        listed.sort();
        let expected = [("05", ROWS + 1), ("5", ROWS + 2), ("7", 1), ("red", ROWS + 1)];
        assert_eq!(listed, expected.map(|(word, count)| (word.to_owned(), count)));
        assert_eq!((words.len(), words.counts().sum::<u64>()), (4, 3 * ROWS + 5));
        assert_eq!((words.most().as_deref(), words.most_of("RED").as_deref()), (Some("5"), Some("red")));
        assert_eq!(["7", "red", "8", "07"].map(|word| words.has(word)), [true, true, false, false]);
        let last = (0..WORDS).map(|at| words.add(&format!("word {at}"), &budget)).last();
        assert_eq!((last, words.len()), (Some(Added::Full), WORDS));
        words.release(&budget);
        assert_eq!(budget.free(), 1 << 24);
    }
}
