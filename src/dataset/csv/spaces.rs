use std::io::{Read, Result as IoResult};

use crate::project::Rules;

/// Which quotes enclose texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quotes {
    /// All quotes, as in version 1.
    All,
    /// Quotes at the beginning of a field.
    #[default]
    AtFields,
    /// Also quotes after spaces: `1, "a, b"`.
    AfterSpaces,
}

impl Quotes {
    /// The rule for a table, from its first characters.
    pub(super) fn find(letters: &[u8], delimiter: u8, rules: Rules) -> Quotes {
        let mut parts = letters.split(|byte| *byte == delimiter).skip(1);
        let is_after_spaces =
            |part: &[u8]| part.starts_with(b" ") && part.trim_ascii_start().starts_with(b"\"");
        match rules {
            Rules::Version1 => Quotes::All,
            Rules::Current if delimiter != b' ' && parts.any(is_after_spaces) => Quotes::AfterSpaces,
            Rules::Current => Quotes::AtFields,
        }
    }
}

/// Text with fields separated by runs of spaces and tabs, with each run replaced by one space.
pub(in crate::dataset) fn collapsed(text: &[u8]) -> impl Read {
    Collapsed::new(text, Quotes::AtFields)
}

/// Text with every run of spaces and tabs replaced by one space, and none at the beginning and the
/// end of a line; runs in quotes are kept.
#[expect(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Collapsed<R> {
    inner: R,
    block: Vec<u8>,
    at: usize,
    /// Whether a space must be written before the next character.
    is_due: bool,
    at_start: bool,
    in_quotes: bool,
    /// Whether the field began with a quote.
    is_quoted: bool,
    quotes: Quotes,
    /// The last character written.
    previous: u8,
}

impl<R> Collapsed<R> {
    pub(super) fn new(inner: R, quotes: Quotes) -> Collapsed<R> {
        let (block, at) = (Vec::new(), 0);
        let (at_start, in_quotes, is_quoted, previous) = (true, false, false, b'\n');
        Collapsed { inner, block, at, is_due: false, at_start, in_quotes, is_quoted, quotes, previous }
    }
}

impl<R: Read> Read for Collapsed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let mut written = 0;
        while written < buffer.len() {
            if self.at == self.block.len() {
                if written > 0 {
                    break;
                }
                self.block.resize(1 << 16, 0);
                let read = self.inner.read(&mut self.block)?;
                self.block.truncate(read);
                self.at = 0;
                if read == 0 {
                    break;
                }
            }
            let byte = self.block[self.at];
            if !self.in_quotes && matches!(byte, b' ' | b'\t') {
                self.is_due = !self.at_start;
                self.at += 1;
                continue;
            }
            let ends_line = !self.in_quotes && matches!(byte, b'\n' | b'\r');
            if std::mem::take(&mut self.is_due) && !ends_line {
                // The character itself is processed again.
                buffer[written] = b' ';
                self.previous = b' ';
                written += 1;
                continue;
            }
            buffer[written] = byte;
            written += 1;
            self.at += 1;
            self.at_start = ends_line;
            // A quote within a word (5") is a character. The first of two quotes in a text seemed
            // to close it.
            let begins = !self.in_quotes && matches!(self.previous, b' ' | b'\n' | b'\r');
            self.is_quoted = if begins { byte == b'"' } else { self.is_quoted };
            let may_open = self.quotes == Quotes::All || begins || (self.is_quoted && self.previous == b'"');
            self.in_quotes = if byte == b'"' { !self.in_quotes && may_open } else { self.in_quotes };
            self.previous = byte;
        }
        Ok(written)
    }
}

/// Text without the spaces between a delimiter and a quote, which would make the quote a character.
#[expect(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Unspaced<R> {
    inner: R,
    block: Vec<u8>,
    at: usize,
    delimiter: u8,
    /// Spaces at the beginning of a field that are not written yet.
    spaces: usize,
    /// Whether they must be written before the next character.
    are_due: bool,
    at_field: bool,
    in_quotes: bool,
    /// Whether the field began with a quote.
    is_quoted: bool,
    previous: u8,
}

impl<R> Unspaced<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Unspaced<R> {
        Unspaced {
            inner,
            block: Vec::new(),
            at: 0,
            delimiter,
            spaces: 0,
            are_due: false,
            at_field: true,
            in_quotes: false,
            is_quoted: false,
            previous: b'\n',
        }
    }
}

impl<R: Read> Read for Unspaced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let mut written = 0;
        while written < buffer.len() {
            if self.are_due && self.spaces > 0 {
                buffer[written] = b' ';
                (written, self.spaces) = (written + 1, self.spaces - 1);
                continue;
            }
            if self.at == self.block.len() {
                if written > 0 {
                    break;
                }
                self.block.resize(1 << 16, 0);
                let read = self.inner.read(&mut self.block)?;
                self.block.truncate(read);
                self.at = 0;
                if read == 0 {
                    self.are_due = true;
                    if self.spaces == 0 {
                        break;
                    }
                    continue;
                }
            }
            let byte = self.block[self.at];
            if self.at_field && byte == b' ' && !self.are_due {
                (self.at, self.spaces) = (self.at + 1, self.spaces + 1);
                continue;
            }
            if self.spaces > 0 && byte != b'"' {
                // The character itself is processed again.
                self.are_due = true;
                continue;
            }
            (self.spaces, self.are_due) = (0, false);
            self.is_quoted = if self.at_field { byte == b'"' } else { self.is_quoted };
            if byte == b'"' && (self.in_quotes || self.at_field || (self.is_quoted && self.previous == b'"'))
            {
                self.in_quotes = !self.in_quotes;
            }
            self.at_field = !self.in_quotes && (byte == self.delimiter || matches!(byte, b'\n' | b'\r'));
            self.previous = byte;
            buffer[written] = byte;
            (written, self.at) = (written + 1, self.at + 1);
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_before_quotes_are_none() {
        for (text, expected) in [
            ("a, \"b, c\"\n1,  \"d\"\n", "a,\"b, c\"\n1,\"d\"\n"),
            (" \"a\", b,  c\n", "\"a\", b,  c\n"),
            ("\"a, \"\"b\"\", \"\"c\"\"\", \"d\"", "\"a, \"\"b\"\", \"\"c\"\"\",\"d\""),
            ("a,  ", "a,  "),
            ("a,  \n b", "a,  \n b"),
            ("5 \"x\", y", "5 \"x\", y"),
            ("5\"\", \"a, b\"", "5\"\",\"a, b\""),
            ("", ""),
        ] {
            for block in [1, 3, 64] {
                let mut reader = Unspaced::new(text.as_bytes(), b',');
                let (mut out, mut buffer) = (Vec::new(), vec![0; block]);
                loop {
                    let read = reader.read(&mut buffer).unwrap();
                    if read == 0 {
                        break;
                    }
                    out.extend_from_slice(&buffer[..read]);
                }
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{text:?}");
            }
        }
        for (text, rules, expected) in [
            ("a, \"b\"", Rules::Current, Quotes::AfterSpaces),
            ("a, \"b\"", Rules::Version1, Quotes::All),
            ("a,\"b\"", Rules::Current, Quotes::AtFields),
            ("a, b \"c\"", Rules::Current, Quotes::AtFields),
            (" \"a\"", Rules::Current, Quotes::AtFields),
        ] {
            assert_eq!(Quotes::find(text.as_bytes(), b',', rules), expected, "{text:?}");
        }
    }

    #[test]
    fn runs_of_spaces_are_one() {
        for (text, expected) in [
            ("  1   2 \n 3\t 4\r\n", "1 2\n3 4\r\n"),
            ("a \"b  c\"  d", "a \"b  c\" d"),
            ("a \"b \"\"x  y\"\"  c\"  d", "a \"b \"\"x  y\"\"  c\" d"),
            ("5\"  pipe\n6  7", "5\" pipe\n6 7"),
            ("5\"\"  pipe\n6  7", "5\"\" pipe\n6 7"),
            ("\n\n  \n1", "\n\n\n1"),
            ("", ""),
        ] {
            for block in [1, 2, 64] {
                let mut reader = Collapsed::new(text.as_bytes(), Quotes::AtFields);
                let mut out = Vec::new();
                let mut buffer = vec![0; block];
                loop {
                    let read = reader.read(&mut buffer).unwrap();
                    if read == 0 {
                        break;
                    }
                    out.extend_from_slice(&buffer[..read]);
                }
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{text:?}");
            }
        }
    }
}
