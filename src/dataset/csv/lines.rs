use std::fs::File;
use std::io::{BufRead, BufReader, Error as IoError, ErrorKind, Read, Result as IoResult};
use std::path::Path;

use ::csv::{ByteRecord, Reader, ReaderBuilder};

use super::REMEDY;
use crate::dataset::memory;
use crate::dataset::open_file::{Watched, open_file};
use crate::dataset::{DataError, Progress};
use crate::project::Delimiter;

/// The longest row and the most columns: beyond them something else is meant than a table with a sample a row.
const ROW_BYTES: u64 = 64 << 20;
pub(super) const MAX_COLUMNS: usize = 1 << 20;
/// Delimiters of one row that are read, those in quoted texts among them.
const ROW_DELIMITERS: usize = 4 * MAX_COLUMNS;

/// How often the names of columns are there while a layout is found: in the row, in the sample, and three times in lists.
pub(super) const NAMES_COPIES: u64 = 5;
/// How much memory a row takes, in times its length: a record doubles as it grows, and its text is copied where it is kept.
const ROW_COPIES: u64 = 4;

/// The rows of a table one after the other, none of which can fill the memory.
pub(super) struct Lines<'a> {
    path: &'a Path,
    reader: Reader<Bounded<'a>>,
    progress: &'a Progress,
    /// Length of the file.
    bytes: u64,
    /// The longest row.
    row_bytes: u64,
}

impl<'a> Lines<'a> {
    /// Opens a table; its length is the second value.
    pub(super) fn open(
        path: &'a Path,
        delimiter: Delimiter,
        progress: &'a Progress,
    ) -> Result<(Lines<'a>, u64), DataError> {
        let (file, bytes) = open_file(path, "a table")?;
        let row_bytes = ROW_BYTES.min(progress.budget().free() / ROW_COPIES);
        let bounded = Bounded {
            inner: Watched::new(file, bytes, progress),
            progress,
            delimiter: byte_of(delimiter),
            row_bytes,
            bytes_left: row_bytes,
            delimiters_left: ROW_DELIMITERS,
        };
        let reader = builder(delimiter).from_reader(bounded);
        Ok((Lines { path, reader, progress, bytes, row_bytes }, bytes))
    }

    /// Reads the next row; `false` at the end.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, DataError> {
        let start = self.reader.position().byte();
        self.reader.get_mut().begin_row();
        self.reader.read_byte_record(record).map_err(|error| self.error(start, error))
    }

    fn error(&self, start: u64, error: ::csv::Error) -> DataError {
        let text = error.to_string();
        let ::csv::ErrorKind::Io(error) = error.into_kind() else {
            let message = format!("cannot be read as a table ({text}); check the file");
            return DataError::file(self.path, message);
        };
        if error.kind() != ErrorKind::FileTooLarge {
            return DataError::io(self.path, &error);
        }
        if self.row_bytes < ROW_BYTES && self.reader.get_ref().delimiters_left > 0 {
            // Nothing is wrong with the row as far as it is known; it may take up the rest of the file.
            let longest = self.bytes.saturating_sub(start).clamp(self.row_bytes + 1, ROW_BYTES);
            let shortage = self.progress.budget().short_of(ROW_COPIES * longest);
            return DataError::from(shortage).about(&self.path.display().to_string(), REMEDY);
        }
        let place = place_of(self.path, start, self.progress);
        let row = if place == "line 1" { "the first row" } else { "the row" };
        let message = format!(
            "{row} goes on for more than {} MB or {ROW_DELIMITERS} delimiters; write a row for each sample, or close an opened \
             quote",
            ROW_BYTES >> 20
        );
        DataError::content(self.path, place, message)
    }
}

/// A file of which no more is handed on than one row may have.
struct Bounded<'a> {
    inner: Watched<'a, File>,
    progress: &'a Progress,
    delimiter: u8,
    row_bytes: u64,
    bytes_left: u64,
    delimiters_left: usize,
}

impl Bounded<'_> {
    fn begin_row(&mut self) {
        (self.bytes_left, self.delimiters_left) = (self.row_bytes, ROW_DELIMITERS);
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.bytes_left == 0 || self.delimiters_left == 0 {
            return Err(IoError::from(ErrorKind::FileTooLarge));
        }
        let read = self.inner.read(buffer)?;
        let is_delimiter = |byte: &u8| usize::from(*byte == self.delimiter);
        let found: usize = buffer[..read].iter().map(is_delimiter).sum();
        self.bytes_left = self.bytes_left.saturating_sub(read as u64);
        self.delimiters_left = self.delimiters_left.saturating_sub(found);
        self.progress.advance(read as u64);
        Ok(read)
    }
}

pub(super) fn builder(delimiter: Delimiter) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    // Rows of another length are our error to tell, with a remedy.
    builder.has_headers(false).flexible(true).delimiter(byte_of(delimiter)).buffer_capacity(1 << 16);
    builder
}

fn byte_of(delimiter: Delimiter) -> u8 {
    match delimiter {
        Delimiter::Comma | Delimiter::Auto => b',',
        Delimiter::Semicolon => b';',
        Delimiter::Tab => b'\t',
        Delimiter::Pipe => b'|',
        Delimiter::Spaces => b' ',
    }
}

/// Where a record begins: `line 3`, counted from 1.
///
/// Counted only once something is wrong: the parser's own count runs ahead neither over empty lines nor over the second half
/// of a CRLF.
pub(super) fn place_of_record(path: &Path, record: &ByteRecord, progress: &Progress) -> String {
    place_of(path, record.position().map_or(0, ::csv::Position::byte), progress)
}

fn place_of(path: &Path, start: u64, progress: &Progress) -> String {
    open_file(path, "a table")
        .ok()
        .and_then(|(file, bytes)| line_at(BufReader::new(Watched::new(file, bytes, progress)), start).ok())
        .map_or_else(|| format!("byte {start}"), |line| format!("line {line}"))
}

/// The line of the first byte from `start` on that ends no line.
fn line_at(mut reader: impl BufRead, start: u64) -> IoResult<u64> {
    let (mut line, mut at, mut previous) = (1, 0_u64, 0);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(line);
        }
        for &byte in buffer {
            if at >= start && byte != b'\n' && byte != b'\r' {
                return Ok(line);
            }
            line += u64::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
            previous = byte;
            at += 1;
        }
        let length = buffer.len();
        reader.consume(length);
    }
}

pub(super) fn utf8<'a>(
    path: &Path,
    record: &ByteRecord,
    bytes: &'a [u8],
    progress: &Progress,
) -> Result<&'a str, DataError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        DataError::content(
            path,
            place_of_record(path, record, progress),
            format!("byte 0x{byte:02X} is not UTF-8 (Latin-1, perhaps); save the file as UTF-8"),
        )
    })
}

/// Memory the names of columns take once.
pub(super) fn names_bytes(row: &ByteRecord) -> u64 {
    let letters = row.as_slice().len() as u64;
    letters.saturating_add(memory::text_bytes(0).saturating_mul(row.len() as u64))
}
