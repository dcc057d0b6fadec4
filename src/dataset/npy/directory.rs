use std::fs::File;
use std::io::{Read, Result as IoResult, Seek, SeekFrom};

/// The end record with the longest comment, and the locator of the 64-bit record before it.
const TAIL: u64 = 22 + 0xFFFF + 20;
const END: &[u8] = b"PK\x05\x06";
const LARGE_END: &[u8] = b"PK\x06\x06";
const LOCATOR: &[u8] = b"PK\x06\x07";

/// The number of entries that a zip states, at most, before its directory is read into memory; 0 if
/// it states none, which the reader then refuses. Leaves the file at its start.
pub(in crate::dataset) fn entries(file: &mut File, length: u64) -> IoResult<u64> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    let mut most = 0;
    // The reader takes the last plausible end record; the largest number is on the safe side.
    for at in 0..tail.len() {
        let record = &tail[at..];
        if record.starts_with(END) {
            most = most.max(number(record, 10, 2));
        } else if record.starts_with(LOCATOR) {
            let mut large = Vec::new();
            file.seek(SeekFrom::Start(number(record, 8, 8).min(length)))?;
            file.by_ref().take(40).read_to_end(&mut large)?;
            if large.starts_with(LARGE_END) {
                most = most.max(number(&large, 32, 8));
            }
        }
    }
    file.seek(SeekFrom::Start(0))?;
    // An entry of the directory takes at least 46 bytes of the file.
    Ok(most.min(length / 46))
}

/// A little-endian number of `size` bytes; 0 if fewer are left.
fn number(record: &[u8], at: usize, size: usize) -> u64 {
    let bytes = record.get(at..at + size).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn entries_are_counted_without_reading_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let count = |bytes: &[u8]| {
            let path = dir.path().join("a.zip");
            std::fs::write(&path, bytes).unwrap();
            entries(&mut File::open(&path).unwrap(), bytes.len() as u64).unwrap()
        };
        let packed = |number: usize| {
            let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            for at in 0..number {
                writer.start_file(at.to_string(), zip::write::SimpleFileOptions::default()).unwrap();
                writer.write_all(b"x").unwrap();
            }
            writer.finish().unwrap().into_inner()
        };
        for number in [0, 1, 300, 70_000] {
            assert_eq!(count(&packed(number)), number as u64);
        }
        assert_eq!(count(b""), 0);
        assert_eq!(count(b"PK\x05\x06\xFF\xFF"), 0);
    }
}
