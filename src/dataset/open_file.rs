use std::fs::{File, Metadata};
use std::io::{Error as IoError, Read, Result as IoResult, Seek, SeekFrom};
use std::path::Path;

use super::{DataError, Progress};

/// Opens a data file and gives its length; `wanted` is what to choose instead of something else.
///
/// Only regular files of a disk are opened: a device may never end and would fill the memory, a pipe can be read but once,
/// and what the system makes up as it is read has no length and may wait for ever.
///
/// # Errors
/// [`DataError::File`] where it is missing, may not be read, or is none.
pub(super) fn open_file(path: &Path, wanted: &str) -> Result<(File, u64), DataError> {
    let io = |error: IoError| DataError::io(path, &error);
    // Asked first: opening a pipe waits for its other end.
    check_regular(path, &std::fs::metadata(path).map_err(io)?, wanted)?;
    let file = File::open(path).map_err(io)?;
    // Asked once more, as another file may have taken its place in between.
    let metadata = file.metadata().map_err(io)?;
    check_regular(path, &metadata, wanted)?;
    Ok((file, metadata.len()))
}

fn check_regular(path: &Path, metadata: &Metadata, wanted: &str) -> Result<(), DataError> {
    if metadata.is_dir() {
        return Err(DataError::file(path, format!("is a folder; choose {wanted}")));
    }
    match special(path, metadata) {
        Some(what) => {
            Err(DataError::file(path, format!("is {what}; save what comes out of it and choose {wanted}")))
        }
        None => Ok(()),
    }
}

/// What something is that is neither a folder nor a regular file of a disk; `None` for those.
pub(super) fn special(path: &Path, metadata: &Metadata) -> Option<&'static str> {
    if !metadata.is_dir() && !metadata.is_file() {
        return Some("a device or a pipe");
    }
    is_systems_own(path, metadata).then_some("made up by the system as it is read")
}

/// Folders whose files are made up by the system as they are read.
#[cfg(unix)]
fn is_systems_own(path: &Path, metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    use std::sync::LazyLock;

    const FOLDERS: [&str; 2] = ["/proc", "/sys"];
    static DEVICES: LazyLock<Vec<u64>> = LazyLock::new(|| {
        let device = |folder: &str| std::fs::metadata(folder).ok().map(|metadata| metadata.dev());
        let root = device("/");
        // Where nothing is mounted there, its device is that of the disk.
        FOLDERS.into_iter().filter_map(device).filter(|device| Some(*device) != root).collect()
    });
    // Some more are mounted within, on devices of their own: their files have no length, or a made-up one.
    DEVICES.contains(&metadata.dev())
        || (metadata.is_file()
            && metadata.len().is_multiple_of(4096)
            && path.canonicalize().is_ok_and(|real| FOLDERS.iter().any(|folder| real.starts_with(folder))))
}

/// Elsewhere there are none.
#[cfg(not(unix))]
fn is_systems_own(_path: &Path, _metadata: &Metadata) -> bool {
    false
}

/// A reader that fails once its load was asked to give up, and ends where the file ended when it was opened.
pub(super) struct Watched<'a, R> {
    inner: R,
    left: u64,
    length: u64,
    progress: &'a Progress,
}

impl<'a, R> Watched<'a, R> {
    pub(super) fn new(inner: R, length: u64, progress: &'a Progress) -> Watched<'a, R> {
        Watched { inner, left: length, length, progress }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.progress.is_cancelled() {
            return Err(IoError::other("loading was cancelled"));
        }
        let most = self.left.min(buffer.len() as u64) as usize;
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> IoResult<u64> {
        let position = match position {
            // Counted from the end that is known.
            SeekFrom::End(offset) => SeekFrom::Start(self.length.saturating_add_signed(offset)),
            SeekFrom::Start(_) | SeekFrom::Current(_) => position,
        };
        let at = self.inner.seek(position)?;
        self.left = self.length.saturating_sub(at);
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &Path, expected: &str) {
        let message = open_file(path, "a table").err().map(|error| error.to_string());
        assert!(message.as_ref().is_some_and(|message| message.contains(expected)), "{message:?}");
    }

    #[test]
    fn only_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        check(dir.path(), "is a folder; choose a table");
        check(&dir.path().join("gone"), "does not exist");
        let path = dir.path().join("a");
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(open_file(&path, "a table").unwrap().1, 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_system_makes_up_is_refused_without_waiting() {
        let device = "is a device or a pipe; save what comes out of it and choose a table";
        let made_up = "is made up by the system as it is read; save";
        for path in ["/dev/zero", "/dev/stdin", "/dev/tty"].map(Path::new) {
            if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
                check(path, device);
            }
        }
        for path in
            ["/proc/self/pagemap", "/proc/self/status", "/proc/kmsg", "/sys/kernel/notes"].map(Path::new)
        {
            if path.exists() {
                check(path, made_up);
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("a.csv");
        std::os::unix::fs::symlink("/proc/self/pagemap", &link).unwrap();
        check(&link, made_up);
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        check(&socket, device);
    }

    #[test]
    fn a_watched_reader_ends_where_the_file_ended_and_when_it_is_told_to() {
        let progress = Progress::default();
        let mut reader = Watched::new(std::io::Cursor::new(b"abcdef".to_vec()), 4, &progress);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcd");
        assert_eq!(reader.seek(SeekFrom::End(-1)).unwrap(), 3);
        text.clear();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "d");
        progress.cancel();
        reader.seek(SeekFrom::Start(0)).unwrap();
        assert!(reader.read_to_string(&mut text).is_err());
    }
}
