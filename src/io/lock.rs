//! Locks between programs. They are released when the process that holds them ends in any way.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest wait for another program's save: one suspended program must not block all others.
const SAVE_LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Opens an empty lock file for exclusive locking, creating it if it is missing.
pub(super) fn open_lock_file(path: &Path) -> io::Result<File> {
    #[expect(clippy::disallowed_methods, reason = "a lock file holds nothing")]
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).truncate(false).write(true).open(path)
}

/// Waits for the lock of an open file up to a time limit; returns whether it was acquired.
pub(super) fn wait_for(file: &File, timeout: Duration) -> io::Result<bool> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if start.elapsed() < timeout => std::thread::sleep(POLL_INTERVAL),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Held by the program that reads, compares and replaces project files of a folder; one at a time.
///
/// The lock is on the folder itself. A lock on the project file would be lost with the old file
/// when that is replaced, and a separate lock file would remain when a program is killed.
pub(super) struct SaveLock {
    /// `None` if the file system has no locks or the time limit passed: then there is no lock.
    _lock_file: Option<File>,
}

impl SaveLock {
    /// Waits until no other program is saving into this folder. `is_halted` says whether the last
    /// wait timed out: then the lock seems to be held permanently, and a save does not wait for it
    /// again.
    pub(super) fn enter(folder: &Path, is_halted: &mut bool) -> SaveLock {
        let timeout = if *is_halted { Duration::ZERO } else { SAVE_LOCK_TIMEOUT };
        let lock_file = match lock_folder(folder, timeout) {
            Ok(lock_file) => {
                if lock_file.is_none() && !*is_halted {
                    log::warn!("{}: saved without a lock: another program holds it", folder.display());
                }
                *is_halted = lock_file.is_none();
                lock_file
            }
            Err(error) => {
                log::info!("{}: saved without a lock: {error}", folder.display());
                None
            }
        };
        SaveLock { _lock_file: lock_file }
    }
}

#[cfg(not(windows))]
fn lock_folder(folder: &Path, timeout: Duration) -> io::Result<Option<File>> {
    let folder = File::open(folder)?;
    Ok(wait_for(&folder, timeout)?.then_some(folder))
}

/// Windows cannot lock folders. A file that only one program can open, and that the system removes
/// with the last handle, has the same effect.
#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "a lock file holds nothing")]
fn lock_folder(folder: &Path, timeout: Duration) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    /// Errors of opening the file while another program holds it, or is about to release it.
    const BUSY: [i32; 2] = [5, 32];
    let start = Instant::now();
    loop {
        let mut options = File::options();
        options.create(true).truncate(false).write(true).share_mode(0).custom_flags(DELETE_ON_CLOSE);
        match options.open(folder.join(".hourglass.lock")) {
            Ok(file) => return Ok(Some(file)),
            Err(error) if !error.raw_os_error().is_some_and(|code| BUSY.contains(&code)) => {
                return Err(error);
            }
            Err(_) if start.elapsed() < timeout => std::thread::sleep(POLL_INTERVAL),
            Err(_) => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time_and_nothing_is_left_in_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let lock = SaveLock::enter(dir.path(), &mut false);
        assert!(lock_folder(dir.path(), Duration::ZERO).expect("locks").is_none());
        let (start, mut is_halted) = (Instant::now(), true);
        drop(SaveLock::enter(dir.path(), &mut is_halted));
        assert!(is_halted && start.elapsed() < SAVE_LOCK_TIMEOUT, "it is not waited for again");
        drop(lock);
        assert!(lock_folder(dir.path(), Duration::ZERO).expect("locks").is_some());
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn where_nothing_can_be_locked_nothing_is_waited_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let missing = dir.path().join("missing");
        assert!(lock_folder(&missing, SAVE_LOCK_TIMEOUT).is_err());
        drop(SaveLock::enter(&missing, &mut false));
    }
}
