use std::borrow::Cow;
use std::io::{BufRead, BufReader, Error as IoError, ErrorKind, Read, Result as IoResult};

use ::csv::{ByteRecord, Reader, ReaderBuilder};

use super::fixed::Placed;
use super::form::{Form, byte_of};
use super::spaces::{Collapsed, Quotes, Unspaced};
use super::text::Text;
use crate::dataset::memory;
use crate::dataset::{DataError, Progress};
use crate::project::Delimiter;

/// Longest row and most columns: a file beyond these limits is not a table with one sample per row.
const ROW_BYTES: u64 = 64 << 20;
pub(super) const MAX_COLUMNS: usize = 1 << 20;
/// Most delimiters read in one row, including those in quoted texts.
const ROW_DELIMITERS: usize = 4 * MAX_COLUMNS;

/// Copies of the column names while a layout is determined: in the row, in the sample, and three
/// times in lists.
pub(super) const NAMES_COPIES: u64 = 5;
/// Memory of a row as a multiple of its length: a record doubles as it grows, and its text is
/// copied where it is kept.
const ROW_COPIES: u64 = 4;

/// The rows of a table one after another, with a limit on the memory of each.
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
            inner: text.open(form, true, progress)?,
            delimiter: byte_of(form.delimiter),
            comment: form.comment,
            row_bytes,
            bytes_left: row_bytes,
            delimiters_left: ROW_DELIMITERS,
            comments: 0,
            at_start: true,
            is_at_end: false,
        };
        Ok(Lines { text, form, reader: builder(form).from_reader(bounded), progress, row_bytes })
    }

    /// Reads the next row; `false` at the end.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, DataError> {
        let start = self.reader.position().byte();
        self.reader.get_mut().begin_row();
        self.reader.read_byte_record(record).map_err(|error| self.error(start, error))
    }

    /// Number of comment lines so far.
    pub(super) fn comments(&self) -> usize {
        self.reader.get_ref().comments
    }

    /// Refuses the last row if it ends within a quoted text that contains further lines: they are
    /// probably rows.
    pub(super) fn check_closed(&self, record: &ByteRecord) -> Result<(), DataError> {
        let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let holds_lines = |field: &[u8]| field.trim_ascii().iter().any(is_line_end);
        if !self.reader.get_ref().is_at_end || !record.iter().next_back().is_some_and(holds_lines) {
            return Ok(());
        }
        let start = record.position().map_or(0, ::csv::Position::byte);
        let stream = self.text.open(self.form, false, self.progress)?;
        let opened = open_quote(BufReader::new(stream), start, byte_of(self.form.delimiter));
        let Some(line) = opened.map_err(|error| self.text.io(&error))? else { return Ok(()) };
        let message = "a quote is opened here and never closed, so all that follows is read as one field; \
             close or remove it";
        let place = format!("{} {}", self.text.unit(), line + self.form.skip as u64);
        Err(DataError::content(self.text.path, place, message))
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
            // No problem with the row is known; it may be the rest of the file.
            let longest = self.text.bytes.saturating_sub(start).clamp(self.row_bytes + 1, ROW_BYTES);
            return self.text.short_of(ROW_COPIES * longest, self.progress);
        }
        let place = place_of(self.text, self.form, start, self.progress);
        let row = if start == 0 { "the first row" } else { "the row" };
        let message = format!(
            "{row} is longer than {} MB or has more than {ROW_DELIMITERS} delimiters; write one row per \
             sample, or close an open quote",
            ROW_BYTES >> 20
        );
        DataError::content(self.text.path, place, message)
    }
}

/// A file that passes on at most the longest row.
struct Bounded<'a> {
    inner: Box<dyn Read + 'a>,
    delimiter: u8,
    comment: Option<u8>,
    row_bytes: u64,
    bytes_left: u64,
    delimiters_left: usize,
    /// Lines that begin with the comment sign.
    comments: usize,
    at_start: bool,
    is_at_end: bool,
}

impl Bounded<'_> {
    fn begin_row(&mut self) {
        (self.bytes_left, self.delimiters_left) = (self.row_bytes, ROW_DELIMITERS);
    }

    fn count_comments(&mut self, bytes: &[u8]) {
        let Some(sign) = self.comment else { return };
        for &byte in bytes {
            self.comments += usize::from(self.at_start && byte == sign);
            self.at_start = matches!(byte, b'\n' | b'\r');
        }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.bytes_left == 0 || self.delimiters_left == 0 {
            return Err(IoError::from(ErrorKind::FileTooLarge));
        }
        let read = self.inner.read(buffer)?;
        self.is_at_end = read == 0;
        self.count_comments(&buffer[..read]);
        let is_delimiter = |byte: &u8| usize::from(*byte == self.delimiter);
        let found: usize = buffer[..read].iter().map(is_delimiter).sum();
        self.bytes_left = self.bytes_left.saturating_sub(read as u64);
        self.delimiters_left = self.delimiters_left.saturating_sub(found);
        Ok(read)
    }
}

/// The first rows; a row that the end of `head` cuts off is dropped.
pub(super) fn head_rows(head: &[u8], cut: bool, form: Form, most: usize) -> Vec<ByteRecord> {
    let head = letters(head, form);
    let mut reader = builder(form).from_reader(&head[..]);
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    while rows.len() <= most && reader.read_byte_record(&mut record).unwrap_or(false) {
        rows.push(record.clone());
    }
    if rows.len() > most || (cut && rows.len() > 1) {
        rows.pop();
    }
    rows
}

/// Number of lines of this text above one of its rows.
pub(super) fn lines_above(letters: &[u8], form: Form, row: &ByteRecord) -> usize {
    let start = row.position().map_or(0, ::csv::Position::byte);
    line_at(letters, start, form.comment).map_or(0, |line| line as usize - 1)
}

/// The first bytes in the form in which they are split.
pub(super) fn letters(head: &[u8], form: Form) -> Cow<'_, [u8]> {
    let mut letters = Vec::new();
    // Reading from memory cannot fail.
    let _ = if let Some(places) = form.places {
        Placed::new(head, places).read_to_end(&mut letters)
    } else if form.delimiter == Delimiter::Spaces {
        Collapsed::new(head, form.quotes).read_to_end(&mut letters)
    } else if form.quotes == Quotes::AfterSpaces {
        Unspaced::new(head, byte_of(form.delimiter)).read_to_end(&mut letters)
    } else {
        return Cow::Borrowed(head);
    };
    Cow::Owned(letters)
}

fn builder(form: Form) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    // Rows of another length get our own error, with a fix.
    builder.has_headers(false).flexible(true).delimiter(byte_of(form.delimiter)).comment(form.comment);
    builder.buffer_capacity(1 << 16);
    builder
}

/// Where a record begins: `line 3`, counted from 1.
///
/// Counted only for an error message: the parser's own count ignores empty lines and the second
/// half of a CRLF.
pub(super) fn place_of_record(
    text: &Text<'_>,
    form: Form,
    record: &ByteRecord,
    progress: &Progress,
) -> String {
    place_of(text, form, record.position().map_or(0, ::csv::Position::byte), progress)
}

fn place_of(text: &Text<'_>, form: Form, start: u64, progress: &Progress) -> String {
    let line = line_from(text, form, start, progress);
    line.map_or_else(|| format!("byte {start}"), |line| format!("{} {line}", text.unit()))
}

/// The line of a record, counted from 1.
pub(super) fn line_of_record(
    text: &Text<'_>,
    form: Form,
    record: &ByteRecord,
    progress: &Progress,
) -> Option<u64> {
    line_from(text, form, record.position().map_or(0, ::csv::Position::byte), progress)
}

fn line_from(text: &Text<'_>, form: Form, start: u64, progress: &Progress) -> Option<u64> {
    let stream = text.open(form, false, progress).ok()?;
    let line = line_at(BufReader::new(stream), start, form.comment).ok()?;
    Some(line + form.skip as u64)
}

/// The line of the first byte from `start` on that is not part of a line end or a comment.
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

/// The line of the quote that is still open at the end, if the row that begins at `start` has one.
fn open_quote(mut reader: impl BufRead, start: u64, delimiter: u8) -> IoResult<Option<u64>> {
    let (mut line, mut at, mut previous) = (1, 0_u64, b'\n');
    // The line of the last quote that opened a text, and whether that is still open.
    let (mut opened, mut is_open) = (0, false);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(is_open.then_some(opened));
        }
        for &byte in buffer {
            if at >= start && byte == b'"' {
                let begins = at == start || previous == delimiter || matches!(previous, b'\n' | b'\r');
                if is_open {
                    is_open = false;
                } else if begins {
                    (opened, is_open) = (line, true);
                } else {
                    // The first of two quotes in a text seemed to close it.
                    is_open = previous == b'"' && opened > 0;
                }
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
            format!(
                "byte 0x{byte:02X} is not UTF-8 (perhaps Latin-1); choose its encoding, or save the file \
                 as UTF-8"
            ),
        )
    })
}

/// Memory of one copy of the column names.
pub(super) fn names_bytes(row: &ByteRecord) -> u64 {
    let letters = row.as_slice().len() as u64;
    letters.saturating_add(memory::text_bytes(0).saturating_mul(row.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_quote_is_found_where_it_begins() {
        for (text, start, expected) in [
            ("1,\"x\ny", 0, Some(1)),
            ("1,2\n3,\"x\ny,z", 4, Some(2)),
            ("\"a \"\"b\"\" c\",\"d\n", 0, Some(1)),
            ("\"a \"\"b\nc", 0, Some(1)),
            ("\"a\nb\"", 0, None),
            ("5\" pipe,x\ny", 0, None),
            ("\"\",1", 0, None),
        ] {
            assert_eq!(open_quote(text.as_bytes(), start, b',').unwrap(), expected, "{text:?}");
        }
    }
}
