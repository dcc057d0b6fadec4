//! Saving content under an unused name, when its own name is needed for something else.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::part::{leads_to, part_file};
use super::{Files, Sink, folder_of, target_of};
use crate::io::FileError;

impl Files {
    /// Gives a file a second name in its folder, `NAME-LABEL-N.EXTENSION`, which it keeps when it
    /// is replaced.
    ///
    /// # Errors
    /// Those of the system; the file is then unchanged.
    pub fn set_aside(&self, path: &Path, label: &str) -> io::Result<PathBuf> {
        self.check_allowed()?;
        let (target, _) = target_of(path)?;
        let extension = target.extension().unwrap_or_default().to_string_lossy().into_owned();
        free_name(&target, label, &extension, |aside| match fs::hard_link(&target, aside) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                // Some file systems have no hard links.
                if aside.symlink_metadata().is_ok() {
                    return Err(ErrorKind::AlreadyExists.into());
                }
                fs::rename(&target, aside)
            }
            other => other,
        })
    }

    /// Undoes [`Files::set_aside`]: a second name is removed; if it is the only name, the file is
    /// renamed back. If another program's file has taken the name meanwhile, that file keeps it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn undo_set_aside(&self, path: &Path, aside: &Path) -> io::Result<()> {
        self.check_allowed()?;
        match (fs::metadata(path), fs::symlink_metadata(aside)) {
            (Ok(file), Ok(_)) if leads_to(aside, &file) => fs::remove_file(aside),
            (Err(error), Ok(_)) if error.kind() == ErrorKind::NotFound => fs::rename(aside, path),
            (_, Err(error)) => Err(error),
            (Ok(_) | Err(_), Ok(_)) => Ok(()),
        }
    }

    /// Writes a new file in the folder of another one, `NAME-LABEL-N.EXTENSION`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn write_aside(
        &self,
        path: &Path,
        label: &str,
        extension: &str,
        bytes: &[u8],
    ) -> io::Result<PathBuf> {
        self.check_allowed()?;
        let (target, _) = target_of(path)?;
        free_name(&target, label, extension, |aside| {
            let part = part_file(folder_of(&target), aside, self.private, None)?;
            let mut sink = self.sink(part.as_file());
            sink.write_all(bytes)?;
            sink.end()?;
            part.as_file().sync_all()?;
            part.persist_noclobber(aside).map(drop).map_err(|error| error.error)
        })
    }

    /// Creates a new file in the folder for temporary files: with an unguessable name, readable by
    /// its owner only.
    ///
    /// # Errors
    /// [`FileError`]; then no file is left.
    pub fn write_rescue(
        &self,
        name: &str,
        extension: &str,
        fill: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    ) -> Result<PathBuf, FileError> {
        let folder = std::env::temp_dir();
        self.attempt(&folder, || {
            let prefix: String = name.chars().take(40).chain(['-']).collect();
            // Created exclusively, so an existing file or link is never written to.
            let file = tempfile::Builder::new()
                .prefix(&prefix)
                .suffix(&format!(".{extension}"))
                .rand_bytes(16)
                .tempfile_in(&folder)?;
            let mut sink = self.sink(file.as_file());
            fill(&mut sink)?;
            sink.end()?;
            file.as_file().sync_all()?;
            file.keep().map(|(_, path)| path).map_err(|error| error.error)
        })
    }
}

/// Tries `NAME-LABEL-1.EXTENSION`, `NAME-LABEL-2.EXTENSION` and so on in the target's folder until
/// one is unused.
fn free_name(
    target: &Path,
    label: &str,
    extension: &str,
    make: impl Fn(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    // A long name with additions could exceed the limit on names.
    let stem: String = target.file_stem().unwrap_or_default().to_string_lossy().chars().take(40).collect();
    for number in 1..=u32::MAX {
        let path = folder_of(target).join(format!("{stem}-{label}-{number}")).with_added_extension(extension);
        match make(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}
