use std::io::{BufRead, BufReader, Error as IoError, ErrorKind, Read, Result as IoResult};

use ::csv::{ByteRecord, Reader, ReaderBuilder};

use super::text::Text;
use crate::dataset::memory;
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

/// How lines are taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub delimiter: Delimiter,
    /// Lines that begin with it are left out.
    pub comment: Option<u8>,
    /// Whether the first line says what the delimiter is.
    pub has_sep: bool,
}

/// The rows of a table one after the other, none of which can fill the memory.
pub(super) struct Lines<'a> {
    text: &'a Text<'a>,
    form: Form,
    reader: Reader<Bounded<'a>>,
    progress: &'a Progress,
    /// The longest row.
    row_bytes: u64,
}

impl<'a> Lines<'a> {
    /// Opens a table.
    pub(super) fn open(
        text: &'a Text<'a>,
        form: Form,
        progress: &'a Progress,
    ) -> Result<Lines<'a>, DataError> {
        let row_bytes = ROW_BYTES.min(progress.budget().free() / ROW_COPIES);
        let bounded = Bounded {
            inner: text.open(form.delimiter, true, progress)?,
            delimiter: byte_of(form.delimiter),
            row_bytes,
            bytes_left: row_bytes,
            delimiters_left: ROW_DELIMITERS,
        };
        let reader = builder(form).from_reader(bounded);
        let mut lines = Lines { text, form, reader, progress, row_bytes };
        if form.has_sep {
            lines.next(&mut ByteRecord::new())?;
        }
        Ok(lines)
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
            return DataError::file(self.text.path, message);
        };
        if error.kind() != ErrorKind::FileTooLarge {
            return self.text.io(&error);
        }
        if self.row_bytes < ROW_BYTES && self.reader.get_ref().delimiters_left > 0 {
            // Nothing is wrong with the row as far as it is known; it may take up the rest of the file.
            let longest = self.text.bytes.saturating_sub(start).clamp(self.row_bytes + 1, ROW_BYTES);
            return self.text.short_of(ROW_COPIES * longest, self.progress);
        }
        let place = place_of(self.text, self.form, start, self.progress);
        let row = if place == "line 1" { "the first row" } else { "the row" };
        let message = format!(
            "{row} is longer than {} MB or has more than {ROW_DELIMITERS} delimiters; write a row for each sample, or close an opened \
             quote",
            ROW_BYTES >> 20
        );
        DataError::content(self.text.path, place, message)
    }
}

/// A file of which no more is handed on than one row may have.
struct Bounded<'a> {
    inner: Box<dyn Read + 'a>,
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
        Ok(read)
    }
}

pub(super) fn builder(form: Form) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    // Rows of another length are our error to tell, with a remedy.
    builder.has_headers(false).flexible(true).delimiter(byte_of(form.delimiter)).comment(form.comment);
    builder.buffer_capacity(1 << 16);
    builder
}

pub(super) fn byte_of(delimiter: Delimiter) -> u8 {
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
pub(super) fn place_of_record(
    text: &Text<'_>,
    form: Form,
    record: &ByteRecord,
    progress: &Progress,
) -> String {
    place_of(text, form, record.position().map_or(0, ::csv::Position::byte), progress)
}

fn place_of(text: &Text<'_>, form: Form, start: u64, progress: &Progress) -> String {
    let stream = text.open(form.delimiter, false, progress);
    let line = stream.ok().and_then(|stream| line_at(BufReader::new(stream), start, form.comment).ok());
    line.map_or_else(|| format!("byte {start}"), |line| format!("{} {line}", text.unit()))
}

/// The line of the first byte from `start` on that ends no line and is in no comment.
fn line_at(mut reader: impl BufRead, start: u64, comment: Option<u8>) -> IoResult<u64> {
    let (mut line, mut at, mut previous) = (1, 0_u64, b'\n');
    let mut in_comment = false;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(line);
        }
        for &byte in buffer {
            let ends = byte == b'\n' || byte == b'\r';
            in_comment =
                !ends && (in_comment || (matches!(previous, b'\n' | b'\r') && Some(byte) == comment));
            if at >= start && !ends && !in_comment {
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
    text: &Text<'_>,
    form: Form,
    record: &ByteRecord,
    bytes: &'a [u8],
    progress: &Progress,
) -> Result<&'a str, DataError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        DataError::content(
            text.path,
            place_of_record(text, form, record, progress),
            format!("byte 0x{byte:02X} is not UTF-8 (Latin-1, perhaps); choose its encoding, or save the file as UTF-8"),
        )
    })
}

/// Memory the names of columns take once.
pub(super) fn names_bytes(row: &ByteRecord) -> u64 {
    let letters = row.as_slice().len() as u64;
    letters.saturating_add(memory::text_bytes(0).saturating_mul(row.len() as u64))
}
