//! How the lines of a table are split.

use std::io::{BufRead, Result as IoResult};

use super::fixed::Places;
use super::spaces::Quotes;
use crate::project::Delimiter;

/// How lines are split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub delimiter: Delimiter,
    /// Lines that begin with this byte are skipped.
    pub comment: Option<u8>,
    /// Lines skipped at the beginning: titles, or one that names the delimiter.
    pub skip: usize,
    pub quotes: Quotes,
    /// Where columns begin, if they have fixed positions.
    pub places: Option<Places>,
}

/// The byte of a delimiter.
pub(super) fn byte_of(delimiter: Delimiter) -> u8 {
    match delimiter {
        Delimiter::Comma | Delimiter::Auto => b',',
        Delimiter::Semicolon => b';',
        Delimiter::Tab => b'\t',
        Delimiter::Pipe => b'|',
        Delimiter::Spaces => b' ',
    }
}

/// Skips the first lines.
pub(super) fn leave_out(reader: &mut impl BufRead, lines: usize) -> IoResult<()> {
    let (mut left, mut after_return) = (lines, false);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let (mut used, mut is_done) = (0, false);
        for &byte in buffer {
            // The second half of a CRLF.
            let ends_it = std::mem::take(&mut after_return) && byte == b'\n';
            if !ends_it && left == 0 {
                is_done = true;
                break;
            }
            used += 1;
            if !ends_it && matches!(byte, b'\n' | b'\r') {
                left -= 1;
                after_return = byte == b'\r';
            }
        }
        reader.consume(used);
        if is_done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    #[test]
    fn lines_are_left_out_whatever_ends_them() {
        for (text, lines, expected) in [
            ("a\nb\nc", 1, "b\nc"),
            ("a\r\n\r\nc", 2, "c"),
            ("a\r\rc", 2, "c"),
            ("a\n\nb", 1, "\nb"),
            ("a\nb", 0, "a\nb"),
            ("a\nb", 5, ""),
        ] {
            for capacity in [1, 64] {
                let mut reader = BufReader::with_capacity(capacity, text.as_bytes());
                leave_out(&mut reader, lines).unwrap();
                let mut rest = String::new();
                reader.read_to_string(&mut rest).unwrap();
                assert_eq!(rest, expected, "{lines} of {text:?}");
            }
        }
    }
}
