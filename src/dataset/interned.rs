use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::memory::{self, Budget, Shortage};
use super::sort::sorted;
use super::{DataError, LabelColumn, Progress};

/// Texts, each kept once, numbered in the order they were met: some bytes a text more than its letters.
#[derive(Clone, Debug, Default)]
pub(super) struct Interned {
    /// All texts, one after the other.
    letters: Vec<u8>,
    /// Where each one ends.
    ends: Vec<usize>,
    /// Numbers of the texts, counted from 1, at places told by their hashes (open addressing); 0 is a free place.
    places: Vec<u32>,
    state: RandomState,
}

impl Interned {
    /// The number of a text, which is added where it is new.
    ///
    /// # Errors
    /// [`Shortage`].
    pub(super) fn number(&mut self, text: &str, budget: &Budget) -> Result<u32, Shortage> {
        // At most half the places are taken, so that searches stay short.
        if self.places.len() <= 2 * self.ends.len() {
            self.enlarge(budget)?;
        }
        let place = self.place(text.as_bytes());
        if let Some(number) = self.places[place].checked_sub(1) {
            return Ok(number);
        }
        budget.reserve(&mut self.letters, text.len())?;
        budget.reserve(&mut self.ends, 1)?;
        self.letters.extend_from_slice(text.as_bytes());
        self.ends.push(self.letters.len());
        self.places[place] = self.ends.len() as u32;
        Ok(self.ends.len() as u32 - 1)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number.
    pub(super) fn text(&self, number: u32) -> &str {
        // They were texts when they came in.
        std::str::from_utf8(self.letters(number as usize)).unwrap_or_default()
    }

    /// These texts in the order of the alphabet.
    ///
    /// # Errors
    /// As [`sorted`].
    pub(super) fn in_order(&self, numbers: Vec<u32>, progress: &Progress) -> Result<Vec<u32>, DataError> {
        sorted(numbers, progress, |a, b| self.letters(*a as usize).cmp(self.letters(*b as usize)))
    }

    /// A column of classes: the texts `order` in their order, and where there are rows with another number, `(none)` for them.
    ///
    /// # Errors
    /// [`DataError::Memory`].
    pub(super) fn classes(
        &self,
        name: impl Into<String>,
        mut ids: Vec<u32>,
        order: &[u32],
        progress: &Progress,
    ) -> Result<LabelColumn, DataError> {
        let none = order.len() as u32;
        let mut class = progress.filled(none, self.len())?;
        for (number, &text) in (0..).zip(order) {
            class[text as usize] = number;
        }
        let mut has_none = false;
        for id in &mut ids {
            *id = class.get(*id as usize).copied().unwrap_or(none);
            has_none |= *id == none;
        }
        let mut names = self.texts(order, progress.budget())?;
        if has_none {
            names.push("(none)".into());
        }
        Ok(LabelColumn::classes(name, names, ids))
    }

    /// The numbers of all texts in the order of the alphabet.
    ///
    /// # Errors
    /// As [`sorted`].
    pub(super) fn all_in_order(&self, progress: &Progress) -> Result<Vec<u32>, DataError> {
        let mut numbers = Vec::new();
        progress.budget().reserve_exact(&mut numbers, self.len())?;
        numbers.extend(0..self.len() as u32);
        self.in_order(numbers, progress)
    }

    /// These texts as a list of their own.
    ///
    /// # Errors
    /// [`Shortage`].
    fn texts(&self, numbers: &[u32], budget: &Budget) -> Result<Vec<String>, Shortage> {
        let length = |number: &u32| memory::text_bytes(self.letters(*number as usize).len());
        budget.take(numbers.iter().map(length).sum())?;
        let mut texts = Vec::new();
        texts
            .try_reserve_exact(numbers.len())
            .map_err(|_| budget.refused(memory::bytes_of::<String>(numbers.len())))?;
        texts.extend(numbers.iter().map(|number| self.text(*number).to_owned()));
        Ok(texts)
    }

    fn letters(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.letters[start..self.ends[number]]
    }

    /// Where the text is, or would be put.
    fn place(&self, text: &[u8]) -> usize {
        // There are a power of two of them.
        let mask = self.places.len() - 1;
        let mut place = self.state.hash_one(text) as usize & mask;
        while let Some(number) = self.places[place].checked_sub(1)
            && self.letters(number as usize) != text
        {
            place = (place + 1) & mask;
        }
        place
    }

    fn enlarge(&mut self, budget: &Budget) -> Result<(), Shortage> {
        let count = (2 * self.places.len()).max(16);
        let old = std::mem::replace(&mut self.places, budget.filled(0, count)?);
        budget.give_back(memory::bytes_of::<u32>(old.len()));
        drop(old);
        for number in 0..self.ends.len() {
            let place = self.place(self.letters(number));
            self.places[place] = number as u32 + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_once_and_told_by_their_numbers() {
        let (mut texts, budget) = (Interned::default(), Budget::of(1 << 30));
        let text = |at: u32| if at == 7 { String::new() } else { format!("ä{}", at % 5000) };
        let numbers: Vec<u32> = (0..20_000).map(|at| texts.number(&text(at), &budget).unwrap()).collect();
        assert_eq!(texts.len(), 5001);
        for (at, number) in (0..).zip(&numbers) {
            assert_eq!(texts.text(*number), text(at));
        }
        let order = texts.all_in_order(&Progress::default()).unwrap();
        let list = texts.texts(&order, &budget).unwrap();
        assert!(list.is_sorted() && list[0].is_empty());
    }

    #[test]
    fn ids_take_little_more_than_their_letters_and_are_refused_in_time() {
        let enough = |bytes: u64| {
            let (mut texts, budget) = (Interned::default(), Budget::of(bytes));
            (0..100_000).all(|at| texts.number(&format!("id {at:09}"), &budget).is_ok())
        };
        // 12 letters, an end and two places of an id, and lists that were doubled when they were full.
        assert!(enough(100_000 * 60) && !enough(100_000 * 20));
    }
}
