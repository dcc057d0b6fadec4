use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::DataError;
use super::memory::Budget;

/// Shared between a load and its observer: progress, cancellation, and the memory it may use.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
    budget: Budget,
    /// Number of checks for cancellation.
    #[cfg(test)]
    checks: AtomicU64,
}

impl Progress {
    /// Sets the number of units of work; 0 while unknown.
    pub fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Adds finished units of work.
    pub fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    /// Starts again with other units of work, `total` in number.
    pub(super) fn restart(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.set_total(total);
    }

    /// Units of work done and their total (0 while unknown).
    pub fn state(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Cancels the load; the loader returns [`super::DataError::Cancelled`] soon.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        #[cfg(test)]
        self.checks.fetch_add(1, Ordering::Relaxed);
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Returns an error once the load is cancelled, to leave a loader with `?`.
    pub(super) fn check(&self) -> Result<(), DataError> {
        if self.is_cancelled() { Err(DataError::Cancelled) } else { Ok(()) }
    }

    /// The memory this load may use.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// `count` items of one value, charged before they are allocated; for lists of the size of the
    /// data, which take time to fill.
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

    /// A progress with a fixed memory limit.
    #[cfg(test)]
    pub(super) fn with_budget(bytes: u64) -> Progress {
        Progress { budget: Budget::of(bytes), ..Progress::default() }
    }

    /// Number of checks for cancellation.
    #[cfg(test)]
    pub(super) fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }
}

/// Checks for cancellation once per this many units of work, so that the check costs nothing.
pub(super) struct CancelTimer<'a> {
    progress: &'a Progress,
    left: usize,
}

/// Values that are processed within a few milliseconds.
const UNITS: usize = 1 << 20;

impl<'a> CancelTimer<'a> {
    pub(super) fn new(progress: &'a Progress) -> CancelTimer<'a> {
        CancelTimer { progress, left: UNITS }
    }

    /// Counts units of work that are about to be done.
    ///
    /// # Errors
    /// [`DataError::Cancelled`], some time after the load was cancelled.
    pub(super) fn tick(&mut self, units: usize) -> Result<(), DataError> {
        if let Some(left) = self.left.checked_sub(units) {
            self.left = left;
            return Ok(());
        }
        self.left = UNITS;
        self.progress.check()
    }
}
