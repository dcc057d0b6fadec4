use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use part::is_part;

use super::{FileError, WriteProgress};
#[cfg(test)]
use fault::{DiskSpace, Injected};

mod aside;
#[cfg(test)]
pub mod fault;
mod folder;
mod part;
mod permissions;

/// The only way to write: to a new file in the same folder, which is then renamed over the old one.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Whether files and folders are readable by their owner only.
    private: bool,
    /// Observes an export's progress, and can cancel it.
    progress: Option<Arc<WriteProgress>>,
    #[cfg(test)]
    fault: Injected,
}

/// Whether a write must outlast a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It must: the bytes reach the disk before the rename.
    Synced,
    /// It may be lost; the previous file is still never torn.
    Fast,
}

/// Destination of the bytes of one write.
pub struct Sink<'a> {
    out: BufWriter<&'a File>,
    has_failed: bool,
    progress: Option<&'a WriteProgress>,
    #[cfg(test)]
    disk_space: DiskSpace,
}

impl Files {
    /// Returns a writer whose files and folders only the owner may read, including existing ones.
    #[must_use]
    pub fn private(&self) -> Files {
        let mut files = self.clone();
        files.private = true;
        files
    }

    /// Returns a writer for a cancellable export: once cancelled, it writes no more files.
    #[must_use]
    pub fn with_progress(&self, progress: Arc<WriteProgress>) -> Files {
        Files { progress: Some(progress), ..self.clone() }
    }

    /// Sets the amount of work: rows to compute, rows and pictures to write.
    pub fn expect(&self, units: usize) {
        if let Some(progress) = &self.progress {
            progress.expect(units as u64);
        }
    }

    /// Adds finished work.
    pub fn advance(&self, units: usize) {
        if let Some(progress) = &self.progress {
            progress.advance(units as u64);
        }
    }

    /// Whether the write has not been cancelled.
    pub fn is_wanted(&self) -> bool {
        self.progress.as_ref().is_none_or(|progress| !progress.is_cancelled())
    }

    /// Returns an error once an export is cancelled, to leave it with `?`.
    ///
    /// # Errors
    /// [`FileError::Cancelled`].
    pub fn check(&self, path: &Path) -> Result<(), FileError> {
        if self.is_wanted() { Ok(()) } else { Err(FileError::Cancelled { path: path.to_owned() }) }
    }

    /// Writes a whole file: to a temporary file in its folder, then renamed over the old one, with
    /// its permissions. Links are followed.
    ///
    /// # Errors
    /// [`FileError`]; the old file is then unchanged. [`FileError::Cancelled`] if it is watched.
    pub fn write(
        &self,
        path: &Path,
        durability: Durability,
        fill: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let _under_way = WriteProgress::begin(self.progress.as_deref());
        let written = self.attempt(path, || self.replace(path, durability, fill));
        // A failure after a cancellation is caused by it.
        written.or_else(|error| self.check(path).and(Err(error)))
    }

    /// [`Files::write`] of bytes in memory.
    ///
    /// # Errors
    /// [`FileError`]; the old file is then unchanged.
    pub fn write_bytes(&self, path: &Path, durability: Durability, bytes: &[u8]) -> Result<(), FileError> {
        self.write(path, durability, |sink| sink.write_all(bytes))
    }

    /// Checks that a file could be written there, before hours of work depend on it. Nothing is
    /// changed, except that leftovers of killed saves in the folder are removed.
    ///
    /// # Errors
    /// The [`FileError`] that writing would return.
    pub fn check_writable(&self, path: &Path) -> Result<(), FileError> {
        self.attempt(path, || {
            let (target, _) = target_of(path)?;
            let folder = folder_of(&target);
            let part = part::part_file(folder, &target, self.private, None)?;
            part::remove_abandoned(folder, &part.as_file().metadata()?);
            Ok(())
        })
    }

    /// Flushes the data appended to a file to the disk; a missing file is fine.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn sync(&self, path: &Path) -> Result<(), FileError> {
        self.attempt(path, || {
            #[cfg(test)]
            self.fault.check_sync()?;
            match File::open(path) {
                Ok(file) => file.sync_all()?,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            }
            sync_folder(folder_of(path));
            Ok(())
        })
    }

    /// Appends to a file, which need not exist. A crash may leave only the beginning of `bytes`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        self.attempt(path, || {
            let mut options = OpenOptions::new();
            permissions::set_mode(&mut options, self.private);
            let file = options.create(true).append(true).open(path)?;
            let mut sink = self.sink(&file);
            sink.write_all(bytes)?;
            sink.end()
        })
    }

    /// Creates a folder and its parents.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn create_dir(&self, path: &Path) -> Result<(), FileError> {
        self.attempt(path, || {
            let missing = path.ancestors().take_while(|folder| !folder.exists()).count();
            permissions::create_folders(path, self.private)?;
            // A folder is durable once its parent has been written.
            path.ancestors().skip(1).take(missing).for_each(sync_folder);
            Ok(())
        })
    }

    /// Removes the permissions of others for a folder and everything in it that `is_ours` accepts
    /// by its name, if the folder contains nothing else: one shared with other programs is
    /// unchanged.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn make_private(&self, folder: &Path, is_ours: impl Fn(&str) -> bool) -> Result<(), FileError> {
        self.attempt(folder, || permissions::make_private(folder, is_ours))
    }

    /// Creates a folder with an unused name and returns its path.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn create_unique_dir(&self, root: &Path, prefix: &str) -> Result<PathBuf, FileError> {
        self.attempt(root, || {
            let mut builder = tempfile::Builder::new();
            permissions::set_folder_mode(&mut builder, self.private);
            let dir = builder.prefix(prefix).tempdir_in(root)?.keep();
            sync_folder(root);
            Ok(dir)
        })
    }

    /// Creates a file without a name in a folder, for writing and reading. It is removed with the
    /// last handle.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn create_nameless(&self, folder: &Path) -> Result<File, FileError> {
        self.attempt(folder, || tempfile::tempfile_in(folder))
    }

    /// Renames a file or folder; the new name must be unused.
    ///
    /// # Errors
    /// [`FileError`]; it then keeps its name.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), FileError> {
        self.attempt(to, || fs::rename(from, to))
    }

    /// Copies a folder with everything in it. Files are hard-linked if possible, which takes no
    /// space: writes replace files, so the copy is unchanged. Files that are appended to are
    /// copied.
    ///
    /// # Errors
    /// [`FileError`]; the copy is then incomplete.
    pub fn copy_dir(&self, from: &Path, to: &Path) -> Result<(), FileError> {
        self.attempt(to, || copy_dir(from, to, self.private))
    }

    /// Removes a folder and everything in it; a missing one is not an error.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn remove_dir(&self, path: &Path) -> Result<(), FileError> {
        self.attempt(path, || ignore_missing(fs::remove_dir_all(path)))
    }

    /// Removes a file; a missing one is not an error.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn remove_file(&self, path: &Path) -> Result<(), FileError> {
        self.attempt(path, || ignore_missing(fs::remove_file(path)))
    }

    /// Every change to the disk passes through here, so that a test can make any of them fail.
    fn attempt<T>(&self, path: &Path, change: impl FnOnce() -> io::Result<T>) -> Result<T, FileError> {
        let change = || self.check_allowed().and_then(|()| change());
        change().map_err(|error| FileError::write(path, &error))
    }

    #[cfg(test)]
    fn check_allowed(&self) -> io::Result<()> {
        self.fault.check_allowed()
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "holds the fault that a test injects")]
    fn check_allowed(&self) -> io::Result<()> {
        Ok(())
    }

    fn replace(
        &self,
        path: &Path,
        durability: Durability,
        fill: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let (target, old) = target_of(path)?;
        let folder = folder_of(&target);
        let part = part::part_file(folder, &target, self.private, old.as_ref())?;
        if durability == Durability::Synced {
            // First, because they may fill the disk.
            part::remove_abandoned(folder, &part.as_file().metadata()?);
        }
        let mut sink = self.sink(part.as_file());
        fill(&mut sink)?;
        sink.check()?;
        sink.end()?;
        if let Some(old) = old.filter(|_| !self.private) {
            part.as_file().set_permissions(old.permissions())?;
        }
        if durability == Durability::Synced {
            part.as_file().sync_all()?;
        }
        #[cfg(test)]
        let part = self.fault.end(part)?;
        part.persist(&target).map_err(|error| error.error)?;
        if durability == Durability::Synced {
            sync_folder(folder);
        }
        Ok(())
    }

    fn sink<'a>(&'a self, file: &'a File) -> Sink<'a> {
        Sink {
            out: BufWriter::with_capacity(1 << 18, file),
            has_failed: false,
            progress: self.progress.as_deref(),
            #[cfg(test)]
            disk_space: self.fault.disk_space(),
        }
    }
}

impl Sink<'_> {
    /// The part of the file that was written and flushed so far.
    pub fn file(&self) -> &File {
        self.out.get_ref()
    }

    /// Whether the disk has refused data. It is reported once; from then on all data are accepted
    /// and discarded, so that the cleanup after the error does not fail again.
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Fails if the write was cancelled.
    fn check(&self) -> io::Result<()> {
        match self.progress {
            Some(progress) if progress.is_cancelled() => Err(io::Error::other("it was cancelled")),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks that all data were accepted.
    fn end(mut self) -> io::Result<()> {
        self.flush()?;
        if self.has_failed { Err(io::Error::other("not all data could be written")) } else { Ok(()) }
    }

    fn attempt<T>(&mut self, instead: T, change: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        if self.has_failed {
            return Ok(instead);
        }
        let result = change(self);
        // A write interrupted by a signal is tried again.
        self.has_failed = result.as_ref().is_err_and(|error| error.kind() != ErrorKind::Interrupted);
        result
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |sink| {
            sink.check()?;
            #[cfg(test)]
            let bytes = sink.disk_space.take(bytes)?;
            sink.out.write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), |sink| sink.out.flush())
    }
}

impl Seek for Sink<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.attempt(0, |sink| sink.out.seek(to))
    }
}

fn copy_dir(from: &Path, to: &Path, private: bool) -> io::Result<()> {
    permissions::create_folders(to, private)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_dir(&old, &new, private)?;
        } else if is_appended_to(&old) || fs::hard_link(&old, &new).is_err() {
            fs::copy(&old, &new)?;
        }
    }
    Ok(())
}

/// Whether a file of a workspace is appended to: a hard link to it would grow too.
fn is_appended_to(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "bin" || extension == "ronl")
}

/// The target of a path, and its metadata if it exists and may be replaced.
fn target_of(path: &Path) -> io::Result<(PathBuf, Option<fs::Metadata>)> {
    // A rename would replace a link itself.
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let old = fs::metadata(&target).ok();
    match &old {
        Some(old) if old.is_dir() => Err(ErrorKind::IsADirectory.into()),
        // A rename would replace the device with a file.
        Some(old) if !old.is_file() => Err(io::Error::other("it is a device or a pipe")),
        Some(old) if old.permissions().readonly() => Err(ErrorKind::PermissionDenied.into()),
        Some(_) | None => Ok((target, old)),
    }
}

/// The real folder of a path's file, which need not exist yet.
pub(super) fn real_folder(path: &Path) -> PathBuf {
    folder_of(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())).to_owned()
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Makes the rename itself durable, if the system can; otherwise only the newest save may be lost.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::fault::Fault;
    use super::*;

    const FAULTS: [Fault; 6] = [
        Fault::DiskFull { after_bytes: 0 },
        Fault::DiskFull { after_bytes: 3 },
        Fault::ReadOnly,
        Fault::Denied,
        Fault::NoRename,
        Fault::Crash,
    ];

    #[test]
    fn after_every_fault_the_old_file_is_whole_and_the_next_save_works() {
        for fault in FAULTS {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("a.txt");
            let files = Files::default();
            files.write_bytes(&path, Durability::Synced, b"old text").expect("saved");
            files.inject(Some(fault));
            let message =
                files.write_bytes(&path, Durability::Synced, b"new text").expect_err("must fail").to_string();
            assert!(message.contains("a.txt") && message.contains("unchanged"), "{message}");
            assert_eq!(fs::read(&path).expect("readable"), b"old text", "{fault:?}");
            files.inject(None);
            files.write_bytes(&path, Durability::Fast, b"new text").expect("saved");
            assert_eq!(fs::read(&path).expect("readable"), b"new text");
        }
    }

    #[test]
    fn no_part_is_left_behind_by_a_full_disk() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::default();
        files.inject(Some(Fault::DiskFull { after_bytes: 2 }));
        let error =
            files.write_bytes(&dir.path().join("a"), Durability::Fast, b"text").expect_err("must fail");
        assert!(error.to_string().contains("the disk is full"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn the_longest_name_a_file_can_have_is_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("ü".repeat(125) + ".npy");
        let files = Files::default();
        files.check_writable(&path).expect("writable");
        files.write_bytes(&path, Durability::Fast, b"text").expect("saved");
        assert_eq!(fs::read(&path).expect("readable"), b"text");
    }

    #[test]
    fn what_is_appended_later_is_not_seen_in_a_copy() {
        let dir = tempfile::tempdir().expect("a folder");
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        let files = Files::default();
        fs::create_dir(&from).expect("made");
        for name in ["history.bin", "layers.bin", "history.ronl"] {
            files.append(&from.join(name), b"old").expect("written");
        }
        files.copy_dir(&from, &to).expect("copied");
        for name in ["history.bin", "layers.bin", "history.ronl"] {
            files.append(&from.join(name), b"new").expect("written");
            assert_eq!(fs::read(to.join(name)).expect("there"), b"old", "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_device_is_replaced_by_a_file() {
        use std::os::unix::fs::FileTypeExt;
        let files = Files::default();
        let error = files.write_bytes(Path::new("/dev/null"), Durability::Fast, b"").expect_err("must fail");
        assert!(error.to_string().contains("a device or a pipe. Try again, or save elsewhere"), "{error}");
        assert!(fs::metadata("/dev/null").expect("there").file_type().is_char_device());
    }

    #[test]
    fn a_folder_in_the_way_and_a_missing_folder_are_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::default();
        let message =
            |path: &Path| files.write_bytes(path, Durability::Fast, b"").expect_err("must fail").to_string();
        assert!(message(dir.path()).contains("folder"));
        assert!(message(&dir.path().join("no/where")).contains("Create the folder first"));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_survive() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let (path, link) = (dir.path().join("a"), dir.path().join("link"));
        let files = Files::default();
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        files.write_bytes(&link, Durability::Fast, b"new").expect("saved");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&path).expect("readable"), b"new");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).expect("set");
        let error = files.write_bytes(&path, Durability::Fast, b"newer");
        assert!(error.is_err(), "a write-protected file is respected");
    }
}
