use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared between an export and its observer: progress and cancellation.
#[derive(Debug, Default)]
pub struct WriteProgress {
    done: AtomicU64,
    total: AtomicU64,
    is_cancelled: AtomicBool,
    /// Number of files and folders being written.
    writes: AtomicU64,
}

/// A write in progress until this is dropped.
pub(super) struct WriteGuard<'a>(Option<&'a WriteProgress>);

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        if let Some(progress) = self.0 {
            progress.writes.fetch_sub(1, Ordering::Release);
        }
    }
}

impl WriteProgress {
    /// Units of work done and their total (0 while unknown).
    pub fn state(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Cancels the export: it removes its unfinished files.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Whether a file or folder is being written, or removed after a cancellation.
    pub fn is_writing(&self) -> bool {
        self.writes.load(Ordering::Acquire) > 0
    }

    /// Counts a write that begins.
    pub(super) fn begin(progress: Option<&WriteProgress>) -> WriteGuard<'_> {
        if let Some(progress) = progress {
            progress.writes.fetch_add(1, Ordering::Acquire);
        }
        WriteGuard(progress)
    }

    pub(super) fn expect(&self, units: u64) {
        self.total.fetch_add(units, Ordering::Relaxed);
    }

    pub(super) fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }
}
