//! UTF-8 with some bytes of another encoding among them, as in concatenated files.

use std::io::{Read, Result as IoResult};

use encoding_rs::WINDOWS_1252;

/// Bytes requested at a time.
const BLOCK: usize = 1 << 16;

/// UTF-8 with invalid bytes read as Windows-1252.
pub(super) struct Mixed<R> {
    inner: R,
    block: Vec<u8>,
    /// Number of bytes at the beginning of the block that are an incomplete character.
    cut: usize,
    /// The text of the last block, and how much of it was passed on.
    text: Vec<u8>,
    at: usize,
}

impl<R: Read> Mixed<R> {
    pub(super) fn new(inner: R) -> Mixed<R> {
        Mixed { inner, block: vec![0; BLOCK], cut: 0, text: Vec::new(), at: 0 }
    }

    fn fill(&mut self) -> IoResult<()> {
        while self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
            let read = self.inner.read(&mut self.block[self.cut..])?;
            let (all, is_end) = (self.cut + read, read == 0);
            let mut rest = &self.block[..all];
            self.cut = 0;
            while !rest.is_empty() {
                let (valid, bad) = match std::str::from_utf8(rest) {
                    Ok(_) => (rest.len(), 0),
                    Err(error) => match error.error_len() {
                        // A character cut off by the end of the file is invalid.
                        None if !is_end => {
                            self.cut = rest.len() - error.valid_up_to();
                            (error.valid_up_to(), 0)
                        }
                        bad => (error.valid_up_to(), bad.unwrap_or(rest.len() - error.valid_up_to())),
                    },
                };
                self.text.extend_from_slice(&rest[..valid]);
                let (letters, _) = WINDOWS_1252.decode_without_bom_handling(&rest[valid..valid + bad]);
                self.text.extend_from_slice(letters.as_bytes());
                rest = if self.cut > 0 { &[] } else { &rest[valid + bad..] };
            }
            self.block.copy_within(all - self.cut..all, 0);
            if is_end {
                break;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Mixed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.fill()?;
        let count = buffer.len().min(self.text.len() - self.at);
        buffer[..count].copy_from_slice(&self.text[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns this many bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_letters() {
        let check = |bytes: &[u8], expected: &str| {
            for drop in [1, 2, 3, 100] {
                let mut text = String::new();
                Mixed::new(Drops(bytes, drop)).read_to_string(&mut text).unwrap();
                assert_eq!(text, expected, "{drop}");
            }
        };
        check("größe\n€ 5".as_bytes(), "größe\n€ 5");
        check(b"M\xFCller, K\xC3\xB6ln\n", "Müller, Köln\n");
        check(b"5 \x80\xFF", "5 €ÿ");
        check(b"K\xC3\xB6ln \xE2\x82", "Köln â‚");
        check(b"", "");
    }
}
