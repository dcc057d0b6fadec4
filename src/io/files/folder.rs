//! Folders of many files: filled under a hidden name next to their final path, and moved there as a
//! whole, so that an incomplete folder is never visible.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::{Files, folder_of, part, permissions, sync_folder};
use crate::io::{FileError, WriteProgress};

impl Files {
    /// Fills a folder that need not exist. `fill` gets a hidden folder to write into; its files are
    /// moved once it is complete, replacing files of the same names.
    ///
    /// # Errors
    /// Those of `fill`, with the final paths of the files; [`FileError`] if the folder cannot be
    /// created. Then nothing written remains.
    pub fn fill_folder<T>(
        &self,
        folder: &Path,
        fill: impl FnOnce(&Path) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        let _under_way = WriteProgress::begin(self.progress.as_deref());
        let staging = self.attempt(folder, || self.staging(folder))?;
        let filled = fill(staging.dir.path()).and_then(|filled| self.check(folder).map(|()| filled));
        let filled = filled.map_err(|error| error.moved(staging.dir.path(), folder))?;
        self.attempt(folder, || move_all(staging, folder))?;
        Ok(filled)
    }

    /// A hidden folder that is removed unless it is moved. It is in a place from which it can be
    /// renamed to `folder`: inside it if it exists, since that may be a separate disk.
    fn staging(&self, folder: &Path) -> io::Result<Staging> {
        let above = if folder.is_dir() {
            folder
        } else if folder.exists() {
            return Err(io::ErrorKind::NotADirectory.into());
        } else {
            let above = folder.ancestors().skip(1).find(|above| above.is_dir());
            above.filter(|above| !above.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
        };
        let prefix = part::prefix(folder);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(part::SUFFIX);
        permissions::set_new_folder_mode(&mut builder, self.private);
        let dir = builder.tempdir_in(above)?;
        let lock = File::create(dir.path().join(part::LOCK))?;
        // Without locks nothing is considered abandoned.
        let _ = lock.try_lock();
        Ok(Staging { lock, dir })
    }
}

/// A folder that is being filled, removed unless it is moved.
struct Staging {
    /// Held while the folder is filled.
    lock: File,
    dir: TempDir,
}

/// Moves the content of the staging folder to its final path.
fn move_all(Staging { lock, dir: staging }: Staging, folder: &Path) -> io::Result<()> {
    // From now on it does not count as abandoned.
    fs::remove_file(staging.path().join(part::LOCK))?;
    drop(lock);
    if folder.is_dir() {
        for entry in fs::read_dir(staging.path())? {
            let entry = entry?;
            fs::rename(entry.path(), folder.join(entry.file_name()))?;
        }
        sync_folder(folder);
        return Ok(());
    }
    let above = folder_of(folder);
    fs::create_dir_all(above)?;
    fs::rename(staging.path(), folder)?;
    // It has been renamed; there is nothing to remove.
    let _ = staging.keep();
    sync_folder(above);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fault::Fault;
    use super::super::{Durability, Files};
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn fill(files: &Files, folder: &Path, texts: &[(&str, &str)]) -> Result<(), FileError> {
        files.fill_folder(folder, |staging| {
            texts.iter().try_for_each(|(name, text)| {
                files.write_bytes(&staging.join(name), Durability::Fast, text.as_bytes())
            })
        })
    }

    #[test]
    fn a_folder_is_there_as_a_whole_and_what_was_in_it_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let (files, folder) = (Files::default(), dir.path().join("new/pictures"));
        fill(&files, &folder, &[("1", "a"), ("2", "b")]).expect("written");
        assert_eq!(names(&folder), ["1", "2"]);
        fill(&files, &folder, &[("2", "c"), ("3", "d")]).expect("written");
        assert_eq!(names(&folder), ["1", "2", "3"]);
        assert_eq!(fs::read_to_string(folder.join("2")).expect("there"), "c");
        assert_eq!(names(&dir.path().join("new")), ["pictures"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
            assert_eq!(mode(&folder), mode(&dir.path().join("new")), "as any new folder");
        }
    }

    #[test]
    fn nothing_is_left_of_a_folder_that_was_given_up() {
        let dir = tempfile::tempdir().expect("a folder");
        let (new, old) = (dir.path().join("new"), dir.path().join("old"));
        fill(&Files::default(), &old, &[("1", "a")]).expect("written");
        let with_progress = || {
            let progress = Arc::new(WriteProgress::default());
            (Files::default().with_progress(Arc::clone(&progress)), progress)
        };
        for folder in [&new, &old] {
            let (files, progress) = with_progress();
            let result = files.fill_folder(folder, |staging| {
                files.write_bytes(&staging.join("1"), Durability::Fast, b"b")?;
                progress.cancel();
                files.write_bytes(&staging.join("2"), Durability::Fast, b"c")
            });
            assert_eq!(result, Err(FileError::Cancelled { path: folder.join("2") }));
        }
        // Cancelled after everything was written.
        let (files, progress) = with_progress();
        progress.cancel();
        assert_eq!(files.fill_folder(&new, |_| Ok(())), Err(FileError::Cancelled { path: new.clone() }));
        assert_eq!((names(dir.path()), names(&old)), (vec!["old".to_owned()], vec!["1".to_owned()]));
        assert_eq!(fs::read_to_string(old.join("1")).expect("there"), "a");
    }

    #[test]
    fn the_next_save_removes_what_a_killed_process_was_filling_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::default();
        let saves = || {
            files.write_bytes(&dir.path().join("a"), Durability::Synced, b"").expect("saved");
            names(dir.path())
        };
        let staging = files.staging(&dir.path().join("made")).expect("made");
        let name = staging.dir.path().file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(saves(), [name, "a".to_owned()], "somebody fills it");
        // Its process ended without removing it.
        let _ = staging.dir.keep();
        drop(staging.lock);
        assert_eq!(saves(), ["a"]);
    }

    #[test]
    fn a_full_disk_is_reported_for_the_file_where_it_would_have_been() {
        let dir = tempfile::tempdir().expect("a folder");
        let (files, folder) = (Files::default(), dir.path().join("pictures"));
        files.inject(Some(Fault::DiskFull { after_bytes: 0 }));
        let error = fill(&files, &folder, &[("1", "a")]).expect_err("full").to_string();
        assert!(error.contains("pictures") && !error.contains(".part"), "{error}");
        assert_eq!(names(dir.path()), [""; 0]);
    }
}
