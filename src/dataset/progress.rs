use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::DataError;

/// Shared between a loader and whoever watches it: how far it is, and whether it should give up.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
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
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Leaves a loader by `?` once it was asked to give up.
    pub(super) fn check(&self) -> Result<(), DataError> {
        if self.is_cancelled() { Err(DataError::Cancelled) } else { Ok(()) }
    }
}
