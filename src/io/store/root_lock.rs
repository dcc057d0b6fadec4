use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::LOCK;
use crate::io::lock;

/// Longest wait for a gate: a program suspended while it holds one must not block all others.
const ROOT_LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Held by the program that creates, takes over, searches or removes workspaces below a root; one
/// at a time.
pub(super) struct RootLock {
    /// `None` if the system has no locks or the time limit passed: then there is no gate.
    _lock: Option<File>,
}

impl RootLock {
    /// Waits until no other program holds the gate.
    pub(super) fn enter(root: &Path) -> RootLock {
        let wait = || -> std::io::Result<Option<File>> {
            let file = lock::open_lock_file(&root.join(LOCK))?;
            Ok(lock::wait_for(&file, ROOT_LOCK_TIMEOUT)?.then_some(file))
        };
        let lock = wait().unwrap_or_else(|error| {
            log::warn!("workspaces are used without a lock: {error}");
            None
        });
        RootLock { _lock: lock }
    }
}
