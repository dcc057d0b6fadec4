//! A limit on the memory of loading: one [`Budget`], charged before anything of the size of the
//! data is allocated. Data that do not fit are refused with a message instead of ending the
//! program.
//!
//! The limit is the smallest of the system's free memory, the control group's and the process's
//! own.

mod available;

use std::fmt::{Display, Formatter, Result as FmtResult};
use std::sync::atomic::{AtomicU64, Ordering};

pub use available::available_bytes;

use crate::project::format_bytes;

/// The memory that one load may take, shared by all its threads.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    taken: AtomicU64,
}

/// Why memory was refused, as far as the system reports it; its text follows "but".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The limit on bytes.
    Free(u64),
    /// The system refused this many bytes in one piece; it does not report how many it would have
    /// granted.
    Refused(u64),
}

impl Display for Limit {
    fn fmt(&self, out: &mut Formatter<'_>) -> FmtResult {
        match self {
            Limit::Free(bytes) => write!(out, "only {} is free", format_bytes(*bytes)),
            Limit::Refused(bytes) => write!(out, "the system refused {}", format_bytes(*bytes)),
        }
    }
}

/// Memory that was requested and is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shortage {
    /// Memory needed by the whole load, as far as known, in bytes.
    pub needed: u64,
    /// Why it was refused.
    pub limit: Limit,
}

/// A part of a budget that is released when this is dropped.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Default for Budget {
    /// All memory that is currently free.
    fn default() -> Budget {
        Budget::of(available_bytes())
    }
}

impl Budget {
    /// A fixed limit in bytes, for tests on any machine.
    pub(super) fn of(limit: u64) -> Budget {
        Budget { limit, taken: AtomicU64::new(0) }
    }

    /// Remaining bytes.
    pub(super) fn free(&self) -> u64 {
        self.limit.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    /// Charges memory that stays allocated with the data.
    ///
    /// # Errors
    /// [`Shortage`]; then nothing is charged.
    pub(super) fn take(&self, bytes: u64) -> Result<(), Shortage> {
        let after = |taken: u64| taken.checked_add(bytes).filter(|after| *after <= self.limit);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after);
        taken.map(|_| ()).map_err(|taken| self.shortage(taken, bytes))
    }

    /// The shortage for a request of more bytes than are free now.
    pub(super) fn short_of(&self, bytes: u64) -> Shortage {
        self.shortage(self.taken.load(Ordering::Relaxed), bytes)
    }

    fn shortage(&self, taken: u64, bytes: u64) -> Shortage {
        Shortage { needed: taken.saturating_add(bytes), limit: Limit::Free(self.limit) }
    }

    /// Releases a charge.
    pub(super) fn give_back(&self, bytes: u64) {
        let after = |taken: u64| Some(taken.saturating_sub(bytes));
        // The closure never refuses.
        let _ = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after);
    }

    /// Charges memory that is used temporarily.
    ///
    /// # Errors
    /// As [`Budget::take`].
    pub(super) fn charge_scoped(&self, bytes: u64) -> Result<Reservation<'_>, Shortage> {
        self.take(bytes)?;
        Ok(Reservation { budget: self, bytes })
    }

    /// Reserves memory for `more` items at the end of a list: twice its former size, an eighth more
    /// if that does not fit, or else just enough; charged before it is allocated.
    ///
    /// # Errors
    /// [`Shortage`], also if the system refuses memory within the budget.
    pub(super) fn reserve<T>(&self, items: &mut Vec<T>, more: usize) -> Result<(), Shortage> {
        let had = items.capacity();
        if had - items.len() >= more {
            return Ok(());
        }
        let exact = items.len().saturating_add(more);
        let doubled = exact.max(had.saturating_mul(2));
        // Without the intermediate step, each item would be a new allocation once the size cannot
        // be doubled.
        let enlarged = exact.max(had.saturating_add(had / 8));
        self.grow(items, had, doubled)
            .or_else(|_| self.grow(items, had, enlarged))
            .or_else(|_| self.grow(items, had, exact))
    }

    /// [`Budget::reserve`] with exactly the requested size.
    ///
    /// # Errors
    /// As [`Budget::reserve`].
    pub(super) fn reserve_exact<T>(&self, items: &mut Vec<T>, more: usize) -> Result<(), Shortage> {
        let (had, wanted) = (items.capacity(), items.len().saturating_add(more));
        if wanted > had { self.grow(items, had, wanted) } else { Ok(()) }
    }

    fn grow<T>(&self, items: &mut Vec<T>, had: usize, wanted: usize) -> Result<(), Shortage> {
        let bytes = bytes_of::<T>(wanted - had);
        self.take(bytes)?;
        items.try_reserve_exact(wanted - items.len()).map_err(|_| {
            self.give_back(bytes);
            self.refused(bytes)
        })
    }

    /// `count` items of one value, charged before they are allocated.
    ///
    /// # Errors
    /// As [`Budget::reserve`].
    pub(super) fn filled<T: Clone>(&self, value: T, count: usize) -> Result<Vec<T>, Shortage> {
        let mut items = Vec::new();
        self.grow(&mut items, 0, count)?;
        items.resize(count, value);
        Ok(items)
    }

    /// Frees the unused capacity of a list, and releases its charge.
    pub(super) fn trim<T>(&self, items: &mut Vec<T>) {
        let had = items.capacity();
        items.shrink_to_fit();
        self.give_back(bytes_of::<T>(had - items.capacity()));
    }

    /// Frees a list that was charged, and releases its charge.
    pub(super) fn release<T>(&self, items: Vec<T>) {
        let bytes = bytes_of::<T>(items.capacity());
        drop(items);
        self.give_back(bytes);
    }

    /// The system's refusal of memory within the budget.
    pub(super) fn refused(&self, bytes: u64) -> Shortage {
        Shortage { limit: Limit::Refused(bytes), ..self.short_of(bytes) }
    }
}

impl Reservation<'_> {
    /// Charges more.
    ///
    /// # Errors
    /// As [`Budget::take`].
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), Shortage> {
        self.budget.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Takes over the charge of a list, which was charged as it grew and will not grow further.
    pub(super) fn take_over<T>(&mut self, items: &Vec<T>) {
        self.bytes += bytes_of::<T>(items.capacity());
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

/// Bytes of `count` items.
pub(super) fn bytes_of<T>(count: usize) -> u64 {
    (count as u64).saturating_mul(size_of::<T>() as u64)
}

/// Bytes of a text of this length in a list, including the overhead of the allocator.
pub(super) fn text_bytes(length: usize) -> u64 {
    (length as u64).saturating_add(size_of::<String>() as u64 + 16)
}

/// Refuses more samples than can be numbered, and more values than can be counted.
///
/// # Errors
/// The problem and its fix, as text that follows the name of the data.
pub(super) fn check_count(samples: usize, features: usize, remedy: &str) -> Result<(), String> {
    if u32::try_from(samples).is_err() {
        return Err(format!("{samples} samples exceed the limit of {}; {remedy}", u32::MAX));
    }
    match samples.checked_mul(features).and_then(|values| values.checked_mul(size_of::<f32>())) {
        Some(bytes) if isize::try_from(bytes).is_ok() => Ok(()),
        Some(_) | None => {
            Err(format!("{samples} samples of {features} values do not fit into any memory; {remedy}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::DataError;

    #[test]
    fn too_much_is_refused_with_numbers_and_remedy() {
        let budget = Budget::of(1_100_000_000);
        budget.take(100_000_000).unwrap();
        let error = DataError::from(budget.take(2_300_000_000).unwrap_err());
        assert_eq!(
            error.about("table.csv", "choose a smaller file").to_string(),
            "table.csv needs about 2.4 GB of memory, but only 1.1 GB is free: choose a smaller file"
        );
        assert_eq!(budget.free(), 1_000_000_000, "what was refused is not charged");
        assert!(budget.take(u64::MAX).is_err());
    }

    #[test]
    fn what_is_held_is_released() {
        let budget = Budget::of(100);
        let mut reservation = budget.charge_scoped(80).unwrap();
        assert!(budget.charge_scoped(21).is_err());
        reservation.take(10).unwrap();
        assert!(reservation.take(11).is_err());
        let list = budget.filled(0_u8, 10).unwrap();
        reservation.take_over(&list);
        assert_eq!(budget.free(), 0);
        drop(reservation);
        assert_eq!(budget.free(), 100);
    }

    #[test]
    fn lists_are_charged_for_their_capacity() {
        let budget = Budget::of(1000);
        let mut items: Vec<u16> = Vec::new();
        for item in 0..65 {
            budget.reserve(&mut items, 1).unwrap();
            items.push(item);
        }
        assert_eq!((items.capacity(), budget.free()), (128, 1000 - 256));
        budget.trim(&mut items);
        assert_eq!((items.capacity(), budget.free()), (65, 1000 - 130));
        budget.release(items);
        assert_eq!(budget.free(), 1000);
    }

    #[test]
    fn a_refusal_by_the_system_states_only_what_is_known() {
        let budget = Budget::of(u64::MAX);
        budget.take(400_000_000).unwrap();
        let error =
            DataError::from(budget.refused(1_800_000_000)).about("table.csv", "choose a smaller file");
        assert_eq!(
            error.to_string(),
            "table.csv needs about 2.2 GB of memory, but the system refused 1.8 GB: choose a smaller file"
        );
        let refused = budget.filled(0_u64, usize::MAX / 16).unwrap_err();
        assert!(matches!(refused.limit, Limit::Refused(_)), "{refused:?}");
        assert_eq!(budget.free(), u64::MAX - 400_000_000, "what was refused is not charged");
    }

    #[test]
    fn lists_are_charged_as_they_grow_and_fill_the_budget_to_its_end() {
        let budget = Budget::of(4000);
        let mut items: Vec<u32> = Vec::new();
        let mut sizes = std::collections::BTreeSet::new();
        let refused = (0..2000).find(|&item| {
            let fits = budget.reserve(&mut items, 1).is_ok();
            sizes.insert(items.capacity());
            if fits {
                items.push(item);
            }
            !fits
        });
        assert_eq!((refused, items.len(), budget.free()), (Some(1000), 1000, 0));
        // Doubled ten times, then enlarged by an eighth; from the last eighth on, one by one.
        assert!(sizes.len() < 160, "{sizes:?}");
        assert!(budget.filled(0_u8, 1).is_err());
        // The system refuses sizes beyond the address space, for any budget.
        assert!(Budget::of(u64::MAX).filled(0_u64, usize::MAX / 16).is_err());
    }

    #[test]
    fn counts_beyond_all_bounds_are_refused() {
        assert!(check_count(60_000, 784, "").is_ok());
        assert!(
            check_count(1 << 32, 1, "choose fewer")
                .unwrap_err()
                .contains("limit of 4294967295; choose fewer")
        );
        assert!(
            check_count(2, usize::MAX, "choose fewer").unwrap_err().contains("do not fit into any memory")
        );
    }
}
