use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::LOCK;
use crate::io::lock;

/// The longest a gate is waited for: a program that was halted while it held one must not halt all
/// others.
const GATE_PATIENCE: Duration = Duration::from_secs(10);

/// Held by the one program that makes, takes over, looks through or removes workspaces below a
/// root.
pub(super) struct Gate {
    /// `None` where the system has no locks or patience ran out: then it is as if there were no
    /// gate.
    _lock: Option<File>,
}

impl Gate {
    /// Waits until no other program is in.
    pub(super) fn enter(root: &Path) -> Gate {
        let wait = || -> std::io::Result<Option<File>> {
            let file = lock::open_lock_file(&root.join(LOCK))?;
            Ok(lock::wait_for(&file, GATE_PATIENCE)?.then_some(file))
        };
        let lock = wait().unwrap_or_else(|error| {
            log::warn!("workspaces are used without a lock: {error}");
            None
        });
        Gate { _lock: lock }
    }
}
