use std::io::{Read, Result as IoResult};

/// Text in which every run of spaces and tabs is one space, and none is left at the beginning and the end of a line; those in
/// quotes stay.
pub(super) struct Collapsed<R> {
    inner: R,
    block: Vec<u8>,
    at: usize,
    /// A space is due before the next letter.
    is_due: bool,
    at_start: bool,
    in_quotes: bool,
    /// The last letter that was handed on.
    previous: u8,
}

impl<R> Collapsed<R> {
    pub(super) fn new(inner: R) -> Collapsed<R> {
        let (block, at) = (Vec::new(), 0);
        Collapsed { inner, block, at, is_due: false, at_start: true, in_quotes: false, previous: b'\n' }
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
                // The letter itself is looked at again.
                buffer[written] = b' ';
                self.previous = b' ';
                written += 1;
                continue;
            }
            buffer[written] = byte;
            written += 1;
            self.at += 1;
            self.at_start = ends_line;
            // A quote within a word (5") is a letter. Of two in a text the first seemed to close it.
            let may_open = matches!(self.previous, b' ' | b'\n' | b'\r' | b'"');
            self.in_quotes = if byte == b'"' { !self.in_quotes && may_open } else { self.in_quotes };
            self.previous = byte;
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_spaces_are_one() {
        for (text, expected) in [
            ("  1   2 \n 3\t 4\r\n", "1 2\n3 4\r\n"),
            ("a \"b  c\"  d", "a \"b  c\" d"),
            ("a \"b \"\"x  y\"\"  c\"  d", "a \"b \"\"x  y\"\"  c\" d"),
            ("5\"  pipe\n6  7", "5\" pipe\n6 7"),
            ("\n\n  \n1", "\n\n\n1"),
            ("", ""),
        ] {
            for block in [1, 2, 64] {
                let mut reader = Collapsed::new(text.as_bytes());
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
