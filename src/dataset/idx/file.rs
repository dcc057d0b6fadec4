//! A file of IDX, plain or gzipped, as bytes.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::dataset::npy::{Header, Kind};
use crate::dataset::open_file::{CancellableReader, open_file};
use crate::dataset::{DataError, Progress};

const IMAGES_MAGIC: u32 = 0x0803;
/// Data do not have more dimensions than pictures with channels; with more, it is another kind of
/// file with the same beginning.
const MOST_DIMENSIONS: u8 = 8;
/// Deflate compresses by at most 1032 to 1, so a header that states more than this is wrong.
const MAX_RATIO: u64 = 1100;
const CHUNK: u64 = 1 << 20;

/// The type of the values and the number of dimensions, from the first four bytes.
pub(super) fn kind_of(magic: [u8; 4]) -> Option<(Kind, usize)> {
    let [0, 0, kind, dimensions @ 1..=MOST_DIMENSIONS] = magic else { return None };
    let kind = match kind {
        0x08 => Kind::U8,
        0x09 => Kind::I8,
        0x0B => Kind::I16,
        0x0C => Kind::I32,
        0x0D => Kind::F32,
        0x0E => Kind::F64,
        _ => return None,
    };
    Some((kind, dimensions as usize))
}

/// A file after decompression.
pub(super) struct Opened<'a> {
    pub reader: Box<dyn Read + 'a>,
    gzipped: bool,
    file_bytes: u64,
}

pub(super) fn open<'a>(path: &Path, progress: &'a Progress) -> Result<Opened<'a>, DataError> {
    open_part(path, u64::MAX, progress)
}

/// [`open`] limited to the first `most` bytes.
pub(super) fn open_part<'a>(path: &Path, most: u64, progress: &'a Progress) -> Result<Opened<'a>, DataError> {
    let io = |error: std::io::Error| DataError::io(path, &error);
    let (mut file, file_bytes): (File, u64) = open_file(path, "a file of images")?;
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let gzipped = magic == [0x1F, 0x8B];
    let file = BufReader::new(CancellableReader::new(file, file_bytes.min(most), progress));
    let reader: Box<dyn Read + 'a> =
        if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(Opened { reader, gzipped, file_bytes })
}

impl Opened<'_> {
    /// Reads type and sizes; `what` is the expected content.
    pub(super) fn header(&mut self, path: &Path, what: &str) -> Result<Header, DataError> {
        let mut word = [0; 4];
        fill(&mut self.reader, &mut word, path)?;
        let Some((kind, dimensions)) = kind_of(word) else {
            return Err(DataError::content(
                path,
                "bytes 0 to 3",
                format!(
                    "IDX {what} begin with two zeros, their type and the number of dimensions \
                     (0x{IMAGES_MAGIC:08x} for grey pictures), but this file begins with 0x{:08x}; choose a \
                     file in the format of MNIST",
                    u32::from_be_bytes(word)
                ),
            ));
        };
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            fill(&mut self.reader, &mut word, path)?;
            shape.push(u32::from_be_bytes(word) as usize);
        }
        Ok(Header { kind, item: kind.bytes(), big_endian: true, fortran: false, shape, samples_last: false })
    }

    /// Most bytes that can follow the header.
    fn most(&self, header: u64) -> u64 {
        if self.gzipped {
            self.file_bytes.saturating_mul(MAX_RATIO)
        } else {
            self.file_bytes.saturating_sub(header)
        }
    }

    fn short(&self, path: &Path, found: u64, expected: u64, header: u64) -> DataError {
        let unpacked = if self.gzipped { " unpacked" } else { "" };
        DataError::content(
            path,
            format!("byte {}", header.saturating_add(found)),
            format!(
                "the file ends after {found} of the {expected} bytes{unpacked} that its header states; it is \
                 incomplete, download it again"
            ),
        )
    }

    /// Checks that the file can contain this many bytes.
    pub(super) fn check_length(&self, path: &Path, expected: u64, header: u64) -> Result<(), DataError> {
        let most = self.most(header);
        if expected > most { Err(self.short(path, most, expected, header)) } else { Ok(()) }
    }

    /// Passes on `expected` bytes in blocks of a multiple of `unit`, while `take` returns true;
    /// refuses a shorter file.
    pub(super) fn chunks(
        &mut self,
        path: &Path,
        expected: u64,
        header: u64,
        unit: u64,
        progress: &Progress,
        mut take: impl FnMut(&[u8]) -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        let (mut found, mut buffer) = (0, Vec::new());
        let chunk = (CHUNK / unit * unit).max(unit);
        while found < expected {
            progress.check()?;
            buffer.clear();
            let step = (expected - found).min(chunk);
            let result = self.reader.by_ref().take(step).read_to_end(&mut buffer);
            let read = result.map_err(|error| unpacking(path, header + found, &error))? as u64;
            found += read;
            if read < step {
                return Err(self.short(path, found, expected, header));
            }
            if !take(&buffer)? {
                break;
            }
        }
        Ok(())
    }

    /// [`Opened::chunks`] for a file that must end after them.
    pub(super) fn body(
        mut self,
        path: &Path,
        expected: u64,
        header: u64,
        unit: u64,
        progress: &Progress,
        take: impl FnMut(&[u8]) -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        self.chunks(path, expected, header, unit, progress, take)?;
        let mut more = [0];
        if self.reader.read(&mut more).unwrap_or(0) > 0 {
            return Err(DataError::content(
                path,
                format!("byte {}", header + expected),
                "the file continues after the last value that its header states; it is damaged, download it \
                 again",
            ));
        }
        progress.advance(self.file_bytes);
        Ok(())
    }
}

pub(super) fn fill(reader: &mut dyn Read, word: &mut [u8; 4], path: &Path) -> Result<(), DataError> {
    reader.read_exact(word).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            DataError::content(
                path,
                "header",
                "the file ends within its header; choose a complete file in the format of MNIST",
            )
        } else {
            unpacking(path, 0, &error)
        }
    })
}

fn unpacking(path: &Path, at: u64, error: &std::io::Error) -> DataError {
    DataError::content(
        path,
        format!("after byte {at}"),
        format!("the file cannot be read or unpacked ({error}); it is damaged, download it again"),
    )
}
