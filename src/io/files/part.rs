//! Part files: a write fills a hidden file in the target's folder and renames it. The writer locks
//! it until the process ends, so an unlocked part file was left by a killed process. A folder that
//! is being filled contains a locked file.

use std::fs::{self, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

pub(super) const SUFFIX: &str = ".hourglass.part";
/// The file that locks a folder while it is written.
pub(super) const LOCK: &str = ".lock";
/// Most attempts to create a part file: each time another program considered it abandoned.
const TRIES: usize = 100;

/// A new part file for the target, locked; removed unless it is renamed. A `private` one is
/// readable by its owner only; otherwise only by users who may read the `old` file it replaces.
pub(super) fn part_file(
    folder: &Path,
    target: &Path,
    private: bool,
    old: Option<&Metadata>,
) -> io::Result<NamedTempFile> {
    let prefix = prefix(target);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The mode of any new file; the umask removes bits from it.
        let mode = match old {
            _ if private => 0o600,
            Some(old) => old.permissions().mode() & 0o666 | 0o600,
            None => 0o666,
        };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = (private, old);
    for _ in 0..TRIES {
        let part = builder.tempfile_in(folder)?;
        match part.as_file().try_lock() {
            // Before it was locked it may have looked abandoned.
            Ok(()) if leads_to(part.path(), &part.as_file().metadata()?) => return Ok(part),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // Without locks nothing is considered abandoned.
            Err(TryLockError::Error(_)) => return Ok(part),
        }
    }
    Err(io::Error::other("another program deletes its new files immediately"))
}

/// Prefix of a part's name, which identifies its target. A long name with additions could exceed
/// the limit on names.
pub(super) fn prefix(target: &Path) -> String {
    let name: String = target.file_name().unwrap_or_default().to_string_lossy().chars().take(40).collect();
    format!(".{name}-")
}

/// Whether a file with this name is an unfinished part of another.
pub(in crate::io) fn is_part(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(SUFFIX)
}

/// Removes part files in a folder that were left by killed processes of the owner of `own`.
pub(super) fn remove_abandoned(folder: &Path, own: &Metadata) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_part)
            && let Err(error) = remove_if_abandoned(&entry.path(), own)
        {
            log::info!("{}: not removed: {error}", entry.path().display());
        }
    }
}

fn remove_if_abandoned(path: &Path, own: &Metadata) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_dir() && same_owner(&found, own) {
        return remove_folder_if_abandoned(path);
    }
    if !found.is_file() || !same_owner(&found, own) {
        return Ok(());
    }
    let file = OpenOptions::new().write(true).open(path)?;
    match file.try_lock() {
        Ok(()) if leads_to(path, &file.metadata()?) => fs::remove_file(path),
        // Removed and replaced in the meantime, or still being written.
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// In a folder being filled, one file is locked.
fn remove_folder_if_abandoned(folder: &Path) -> io::Result<()> {
    let path = folder.join(LOCK);
    let lock = match OpenOptions::new().write(true).open(&path) {
        Ok(lock) => lock,
        // Not one of ours, or just being created or moved.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) if leads_to(&path, &lock.metadata()?) => {
            drop(lock);
            fs::remove_dir_all(folder)
        }
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether a name still leads to this open file, and not through a link.
#[cfg(unix)]
pub(super) fn leads_to(path: &Path, file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).is_ok_and(|named| (named.dev(), named.ino()) == (file.dev(), file.ino()))
}

/// The names are random, and Windows does not remove files that are open elsewhere.
#[cfg(not(unix))]
pub(super) fn leads_to(path: &Path, _file: &Metadata) -> bool {
    fs::symlink_metadata(path).is_ok_and(|named| named.is_file())
}

#[cfg(unix)]
fn same_owner(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.uid() == other.uid()
}

#[cfg(not(unix))]
fn same_owner(_one: &Metadata, _other: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::super::{Durability, Files};
    use super::*;
    use std::path::PathBuf;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn made(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "part").expect("written");
        path
    }

    #[test]
    fn the_next_save_removes_what_killed_ones_left_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path();
        made(folder, ".a.hourglass-abc123.hourglass.part");
        made(folder, ".b.hourglass-abc123.hourglass.part");
        let others = ["a.hourglass.part", ".a.hourglass", ".a.part", ".a.hourglass-abc.swp"];
        others.iter().for_each(|name| drop(made(folder, name)));
        fs::create_dir(folder.join(".folder.hourglass.part")).expect("made");
        let alive = part_file(folder, Path::new("c"), false, None).expect("made");
        let kept = alive.path().file_name().expect("a name").to_string_lossy().into_owned();

        let files = Files::default();
        files.write_bytes(&folder.join("new"), Durability::Synced, b"text").expect("saved");
        let mut expected: Vec<String> = others.iter().map(ToString::to_string).collect();
        expected.extend([".folder.hourglass.part".to_owned(), "new".to_owned(), kept.clone()]);
        expected.sort();
        assert_eq!(names(folder), expected);

        // Its writer ended without removing it.
        let (file, path) = alive.keep().expect("kept");
        files.check_writable(&folder.join("new")).expect("writable");
        assert!(path.exists(), "its lock is held");
        drop(file);
        files.check_writable(&folder.join("new")).expect("writable");
        assert!(!path.exists(), "a start removes it too");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_what_they_lead_to_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let precious = made(dir.path(), "precious");
        let link = dir.path().join(".a-abc123.hourglass.part");
        std::os::unix::fs::symlink(&precious, &link).expect("linked");
        Files::default().check_writable(&dir.path().join("new")).expect("writable");
        assert!(precious.exists() && link.symlink_metadata().is_ok());
    }

    #[test]
    fn writers_and_those_who_clean_up_at_once_do_not_disturb_each_other() {
        let dir = tempfile::tempdir().expect("a folder");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let path = dir.path().join(thread.to_string());
                scope.spawn(move || {
                    let files = Files::default();
                    for count in 0..50 {
                        let text = format!("{count}");
                        files.write_bytes(&path, Durability::Synced, text.as_bytes()).expect("saved");
                        assert_eq!(fs::read_to_string(&path).expect("there"), text);
                    }
                });
            }
        });
        assert_eq!(names(dir.path()), ["0", "1", "2", "3"]);
    }
}
