//! The different words of a column.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::dataset::memory::{self, Budget};

/// How many different words of a column are remembered. So few may all have the same hash.
pub(super) const WORDS: usize = 4096;

/// The different words of a column, and how often each is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// How often each of the whole numbers 0 to 255 is there, the fields of most tables of pixels; empty where none is.
    bytes: Vec<u64>,
    /// How many of them are there at all.
    different_bytes: usize,
    others: HashMap<String, u64, BuildHasherDefault<Quick>>,
    /// Memory they are charged with.
    charged: u64,
}

/// What became of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It was not there before.
    New,
    /// It was.
    Again,
    /// There is no room for another one.
    Full,
}

impl Words {
    /// Adds a word; `byte` where it is a whole number from 0 to 255 in the usual form.
    pub(super) fn add(&mut self, word: &str, byte: Option<u8>, budget: &Budget) -> Added {
        if let Some(byte) = byte {
            return self.add_byte(byte, budget);
        }
        if let Some(count) = self.others.get_mut(word) {
            *count += 1;
            return Added::Again;
        }
        // A place in the list, at most twice for one that is free.
        if !self.has_room(memory::text_bytes(word.len()) + 48, budget) {
            return Added::Full;
        }
        self.others.insert(word.to_owned(), 1);
        Added::New
    }

    fn add_byte(&mut self, byte: u8, budget: &Budget) -> Added {
        if self.bytes.is_empty() {
            if !self.has_room(memory::bytes_of::<u64>(256), budget) {
                return Added::Full;
            }
            self.bytes.resize(256, 0);
        }
        let count = &mut self.bytes[usize::from(byte)];
        *count += 1;
        if *count > 1 {
            return Added::Again;
        }
        self.different_bytes += 1;
        if self.len() > WORDS { Added::Full } else { Added::New }
    }

    fn has_room(&mut self, bytes: u64, budget: &Budget) -> bool {
        let has_room = self.len() < WORDS && budget.free() / 8 > bytes && budget.take(bytes).is_ok();
        self.charged += if has_room { bytes } else { 0 };
        has_room
    }

    /// Gives back what they are charged with.
    pub(super) fn release(self, budget: &Budget) {
        budget.give_back(self.charged);
    }

    /// How many different words there are.
    pub(super) fn len(&self) -> usize {
        self.different_bytes + self.others.len()
    }

    /// The words and how often each is there, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        let bytes = (0_u8..).zip(&self.bytes).filter(|(_, count)| **count > 0);
        let bytes = bytes.map(|(byte, count)| (byte.to_string(), *count));
        bytes.chain(self.others.iter().map(|(word, count)| (word.clone(), *count)))
    }

    /// How often each is there, in no order.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> {
        self.bytes.iter().copied().filter(|count| *count > 0).chain(self.others.values().copied())
    }
}

/// A hash for few and short words: eight letters at a time are multiplied.
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
        let added = [("5", Some(5)), ("red", None), ("5", Some(5)), ("05", None), ("red", None)];
        let added = added.map(|(word, byte)| words.add(word, byte, &budget));
        assert_eq!(added, [Added::New, Added::New, Added::Again, Added::New, Added::Again]);
        let mut all: Vec<_> = words.iter().collect();
        all.sort();
        let expected = [("05", 1), ("5", 2), ("red", 2)].map(|(word, count)| (word.to_owned(), count));
        assert_eq!((all, words.len(), words.counts().sum::<u64>()), (expected.to_vec(), 3, 5));
        let last = (0..WORDS).map(|at| words.add(&format!("word {at}"), None, &budget)).last();
        assert_eq!((last, words.len()), (Some(Added::Full), WORDS));
        words.release(&budget);
        assert_eq!(budget.free(), 1 << 24);
    }
}
