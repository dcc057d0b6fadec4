use std::fs::File;
use std::path::Path;

use super::DataError;

/// Opens a data file and gives its length; `wanted` is what to choose instead of something else.
///
/// Only regular files are opened: a device may never end and would fill the memory, and a pipe can be read but once.
///
/// # Errors
/// [`DataError::File`] where it is missing, may not be read, or is none.
pub(super) fn open_file(path: &Path, wanted: &str) -> Result<(File, u64), DataError> {
    let io = |error: std::io::Error| DataError::io(path, &error);
    // Asked first: opening a pipe waits for its other end.
    let metadata = std::fs::metadata(path).map_err(io)?;
    if metadata.is_dir() {
        return Err(DataError::file(path, format!("is a folder; choose {wanted}")));
    }
    if !metadata.is_file() {
        let message = format!("is a device or a pipe; save what comes out of it and choose {wanted}");
        return Err(DataError::file(path, message));
    }
    Ok((File::open(path).map_err(io)?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let check = |path: &Path, expected: &str| {
            let message = open_file(path, "a table").err().map(|error| error.to_string());
            assert!(message.as_ref().is_some_and(|message| message.contains(expected)), "{message:?}");
        };
        check(dir.path(), "is a folder; choose a table");
        check(&dir.path().join("gone"), "does not exist");
        #[cfg(unix)]
        check(Path::new("/dev/zero"), "is a device or a pipe; save what comes out of it and choose a table");
        let path = dir.path().join("a");
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(open_file(&path, "a table").unwrap().1, 3);
    }
}
