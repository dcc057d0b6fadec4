use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::{FileError, Opened, open_design, open_project};
use crate::project::Project;

/// A file of either kind that users open.
#[derive(Clone, Debug)]
pub enum OpenedFile {
    /// `NAME.hourglass`: the design and its runs.
    Project(Opened),
    /// `NAME.ron`: only the design.
    Design(Project),
}

/// Opens a project file or a bare design, depending on its content.
///
/// # Errors
/// [`FileError`], which names the kind of the file if it is neither.
pub fn open_any(path: &Path) -> Result<OpenedFile, FileError> {
    let start = first_bytes(path)?;
    if is_zip(&start) {
        return open_project(path).map(OpenedFile::Project);
    }
    if let Some(found) = known_kind(&start) {
        return Err(FileError::Foreign {
            path: path.to_owned(),
            found,
            wanted: "a project or a design",
            remedy: "Open a .hourglass or .ron file; data are chosen within a project.",
        });
    }
    open_design(path).map(OpenedFile::Design)
}

/// Refuses a file that is not a zip, naming its kind.
pub(super) fn check_zip(path: &Path) -> Result<(), FileError> {
    let start = first_bytes(path)?;
    if is_zip(&start) {
        return Ok(());
    }
    Err(FileError::Foreign {
        path: path.to_owned(),
        found: known_kind(&start).unwrap_or("another kind of file"),
        wanted: "a project file",
        remedy: "Open a .hourglass file, or a backup of this one.",
    })
}

/// Opens a chosen file. Folders are refused, and so is anything but a regular file: a device may be
/// endless, and opening a pipe waits for its other end.
pub(super) fn open_file(path: &Path) -> Result<File, FileError> {
    let open = || {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Err(std::io::Error::other("it is a device or a pipe"));
        }
        // Generated files have no length, and reading one may block forever.
        let is_in = |folder: &str| path.canonicalize().is_ok_and(|real| real.starts_with(folder));
        if metadata.len() == 0 && ["/proc", "/sys"].into_iter().any(is_in) {
            return Err(std::io::Error::other("the system generates its content"));
        }
        File::open(path)
    };
    open().map_err(|error| FileError::read(path, &error))
}

fn first_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut start = Vec::new();
    let read = open_file(path)?.take(64).read_to_end(&mut start);
    read.map_err(|error| FileError::read(path, &error))?;
    Ok(start)
}

fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

fn known_kind(start: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 8] = [
        (b"\x89PNG", "a PNG picture"),
        (b"\xFF\xD8\xFF", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"\x1F\x8B", "a gzip file"),
        (b"%PDF", "a PDF document"),
        (b"\x7FELF", "a program"),
        (&[0, 0, 8], "an IDX data file"),
    ];
    if start.is_empty() {
        return Some("an empty file");
    }
    let known = kinds.iter().find(|(magic, _)| start.starts_with(magic));
    known.map(|(_, name)| *name)
}
