use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::memory::{self, Budget};
use super::progress::CancelTimer;
use super::sort::sorted;
use super::{DataError, LabelColumn, NO_LABEL, Progress};

/// Texts, each stored once, numbered in the order they were added: a few bytes per text besides its
/// characters.
#[derive(Clone, Debug, Default)]
pub(super) struct Interned {
    /// All texts, one after another.
    letters: Vec<u8>,
    /// Where each one ends.
    ends: Vec<usize>,
    /// Numbers of the texts, counted from 1, at positions given by their hashes (open addressing);
    /// 0 is free.
    places: Vec<u32>,
    state: RandomState,
}

/// The text of each row, each stored once; empty without texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    letters: Vec<u8>,
    ends: Vec<usize>,
    /// Number of each row's text.
    ids: Vec<u32>,
}

impl Texts {
    /// The text of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        let id = *self.ids.get(row)? as usize;
        let start = id.checked_sub(1).map_or(Some(&0), |before| self.ends.get(before))?;
        std::str::from_utf8(self.letters.get(*start..*self.ends.get(id)?)?).ok()
    }

    /// Memory in use.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        let lists =
            memory::bytes_of::<u32>(self.ids.capacity()) + memory::bytes_of::<usize>(self.ends.capacity());
        self.letters.capacity() as u64 + lists
    }
}

/// Units of work per text, for checks for cancellation.
const UNITS: usize = 64;

impl Interned {
    /// The number of a text, which is added if it is new.
    ///
    /// # Errors
    /// [`DataError::Memory`] or [`DataError::Cancelled`].
    pub(super) fn number(&mut self, text: &str, progress: &Progress) -> Result<u32, DataError> {
        // At most half the positions are in use, so that searches stay short.
        if self.places.len() <= 2 * self.ends.len() {
            self.enlarge(progress)?;
        }
        let budget = progress.budget();
        let place = self.place(&self.places, text.as_bytes());
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

    /// Converts to the texts of rows, given their numbers, which were charged; the search table is
    /// released.
    pub(super) fn into_texts(mut self, ids: Vec<u32>, budget: &Budget) -> Texts {
        budget.release(self.places);
        budget.trim(&mut self.letters);
        budget.trim(&mut self.ends);
        Texts { letters: self.letters, ends: self.ends, ids }
    }

    /// Frees the texts, and releases their memory.
    pub(super) fn release(self, budget: &Budget) {
        budget.release(self.letters);
        budget.release(self.ends);
        budget.release(self.places);
    }

    /// Number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with this number.
    pub(super) fn text(&self, number: u32) -> &str {
        // They were valid texts when added.
        std::str::from_utf8(self.letters(number as usize)).unwrap_or_default()
    }

    /// Sorts these texts alphabetically.
    ///
    /// # Errors
    /// As [`sorted`].
    pub(super) fn in_order(&self, numbers: Vec<u32>, progress: &Progress) -> Result<Vec<u32>, DataError> {
        sorted(numbers, progress, |a, b| self.letters(*a as usize).cmp(self.letters(*b as usize)))
    }

    /// A column of classes: the texts in `order`, and `(none)` for rows with any other number.
    /// Releases the memory that it does not use itself; both lists were charged.
    ///
    /// # Errors
    /// [`DataError::Memory`] or [`DataError::Cancelled`].
    pub(super) fn classes(
        self,
        name: impl Into<String>,
        mut ids: Vec<u32>,
        order: Vec<u32>,
        progress: &Progress,
    ) -> Result<LabelColumn, DataError> {
        let (budget, mut cancel_timer) = (progress.budget(), CancelTimer::new(progress));
        let none = order.len() as u32;
        let mut class = progress.filled(none, self.len())?;
        for (number, &text) in (0..).zip(&order) {
            cancel_timer.tick(1)?;
            class[text as usize] = number;
        }
        let mut has_none = false;
        for id in &mut ids {
            cancel_timer.tick(1)?;
            *id = class.get(*id as usize).copied().unwrap_or(none);
            has_none |= *id == none;
        }
        budget.release(class);
        let names = self.texts(&order, has_none.then_some(NO_LABEL), progress)?;
        budget.release(order);
        self.release(budget);
        budget.trim(&mut ids);
        Ok(LabelColumn::classes(name, names, ids))
    }

    /// The numbers of all texts in alphabetical order.
    ///
    /// # Errors
    /// As [`sorted`].
    pub(super) fn all_in_order(&self, progress: &Progress) -> Result<Vec<u32>, DataError> {
        let mut numbers = Vec::new();
        progress.budget().reserve_exact(&mut numbers, self.len())?;
        numbers.extend(0..self.len() as u32);
        self.in_order(numbers, progress)
    }

    /// These texts as a separate list, and one more at its end.
    ///
    /// # Errors
    /// [`DataError::Memory`] or [`DataError::Cancelled`].
    fn texts(
        &self,
        numbers: &[u32],
        last: Option<&str>,
        progress: &Progress,
    ) -> Result<Vec<String>, DataError> {
        let (budget, mut cancel_timer) = (progress.budget(), CancelTimer::new(progress));
        let lengths = numbers.iter().map(|number| self.letters(*number as usize).len());
        budget.take(lengths.chain(last.map(str::len)).map(memory::text_bytes).sum())?;
        let (mut texts, count) = (Vec::new(), numbers.len() + usize::from(last.is_some()));
        let refused = |_| budget.refused(memory::bytes_of::<String>(count));
        texts.try_reserve_exact(count).map_err(refused)?;
        for &number in numbers {
            cancel_timer.tick(UNITS)?;
            texts.push(self.text(number).to_owned());
        }
        texts.extend(last.map(str::to_owned));
        Ok(texts)
    }

    fn letters(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.letters[start..self.ends[number]]
    }

    /// Position of the text in `places`, or where it would be inserted.
    fn place(&self, places: &[u32], text: &[u8]) -> usize {
        // Their number is a power of two.
        let mask = places.len() - 1;
        let mut place = self.state.hash_one(text) as usize & mask;
        while let Some(number) = places[place].checked_sub(1)
            && self.letters(number as usize) != text
        {
            place = (place + 1) & mask;
        }
        place
    }

    fn enlarge(&mut self, progress: &Progress) -> Result<(), DataError> {
        let mut places = progress.filled(0, (2 * self.places.len()).max(16))?;
        let mut cancel_timer = CancelTimer::new(progress);
        for number in 0..self.ends.len() {
            cancel_timer.tick(UNITS)?;
            let place = self.place(&places, self.letters(number));
            places[place] = number as u32 + 1;
        }
        progress.budget().release(std::mem::replace(&mut self.places, places));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_once_and_identified_by_their_numbers() {
        let (mut texts, progress) = (Interned::default(), Progress::with_budget(1 << 30));
        let text = |at: u32| if at == 7 { String::new() } else { format!("ä{}", at % 5000) };
        let numbers: Vec<u32> = (0..20_000).map(|at| texts.number(&text(at), &progress).unwrap()).collect();
        assert_eq!(texts.len(), 5001);
        for (at, number) in (0..).zip(&numbers) {
            assert_eq!(texts.text(*number), text(at));
        }
        let order = texts.all_in_order(&progress).unwrap();
        let list = texts.texts(&order, None, &progress).unwrap();
        let rows = texts.clone().into_texts(numbers, progress.budget());
        assert_eq!((rows.get(7), rows.get(8), rows.get(20_000)), (Some(""), Some("ä8"), None));
        assert!(list.is_sorted() && list[0].is_empty());
    }

    #[test]
    fn the_cancel_switch_is_checked_while_texts_find_new_places() {
        let (mut texts, progress) = (Interned::default(), Progress::with_budget(1 << 30));
        for at in 0..300_000 {
            texts.number(&at.to_string(), &progress).unwrap();
        }
        // The positions are doubled sixteen times, each time for up to 262144 texts.
        assert!(progress.checks() >= 30, "{}", progress.checks());
        progress.cancel();
        let added = (300_000..800_000).find_map(|at| texts.number(&at.to_string(), &progress).err());
        assert_eq!(added, Some(DataError::Cancelled));
    }

    #[test]
    fn ids_take_little_more_than_their_letters_and_are_refused_in_time() {
        let enough = |bytes: u64| {
            let (mut texts, progress) = (Interned::default(), Progress::with_budget(bytes));
            (0..100_000).all(|at| texts.number(&format!("id {at:09}"), &progress).is_ok())
        };
        // 12 characters, an end and two positions of a number, and lists that were doubled when
        // full.
        assert!(enough(100_000 * 60) && !enough(100_000 * 20));
    }
}
