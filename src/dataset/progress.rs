use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::DataError;
use super::memory::Budget;

/// Shared between one load and its observer: how far it is, whether it should stop, and the memory
/// it may take.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
    budget: Budget,
    /// How often the cancel switch was looked at.
    #[cfg(test)]
    looks: AtomicU64,
}

impl Progress {
    /// Sets how many units of work there are; 0 while that is unknown.
    pub fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Adds finished units of work.
    pub fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    /// Begins with other units of work, of which there are `total`.
    pub(super) fn restart(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.set_total(total);
    }

    /// Units of work done and in all (0 while unknown).
    pub fn state(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Asks the loader to give up; it returns [`super::DataError::Cancelled`] soon.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    pub fn is_cancelled(&self) -> bool {
        #[cfg(test)]
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Leaves a loader by `?` once it was asked to give up.
    pub(super) fn check(&self) -> Result<(), DataError> {
        if self.is_cancelled() { Err(DataError::Cancelled) } else { Ok(()) }
    }

    /// The memory this load may take.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// `count` items of one value, charged before they are allocated; for lists of the size of the
    /// data, which take a while.
    ///
    /// # Errors
    /// [`DataError::Memory`] or [`DataError::Cancelled`].
    pub(super) fn filled<T: Clone>(&self, value: T, count: usize) -> Result<Vec<T>, DataError> {
        let mut items = Vec::new();
        self.budget.reserve_exact(&mut items, count)?;
        while items.len() < count {
            self.check()?;
            items.resize(count.min(items.len() + 16 * UNITS), value.clone());
        }
        Ok(items)
    }

    /// One with so much memory, whatever the machine has.
    #[cfg(test)]
    pub(super) fn with_budget(bytes: u64) -> Progress {
        Progress { budget: Budget::of(bytes), ..Progress::default() }
    }

    /// How often the cancel switch was looked at.
    #[cfg(test)]
    pub(super) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }
}

/// Checks the cancel switch once per this many units of work, so that the check costs nothing.
pub(super) struct Pulse<'a> {
    progress: &'a Progress,
    left: usize,
}

/// Values that are handled within a few milliseconds.
const UNITS: usize = 1 << 20;

impl<'a> Pulse<'a> {
    pub(super) fn new(progress: &'a Progress) -> Pulse<'a> {
        Pulse { progress, left: UNITS }
    }

    /// Counts units of work that are about to be done.
    ///
    /// # Errors
    /// [`DataError::Cancelled`], some time after the load was asked to give up.
    pub(super) fn beat(&mut self, units: usize) -> Result<(), DataError> {
        if let Some(left) = self.left.checked_sub(units) {
            self.left = left;
            return Ok(());
        }
        self.left = UNITS;
        self.progress.check()
    }
}
