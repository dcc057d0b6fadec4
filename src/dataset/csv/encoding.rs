//! The encoding of a text file.

use std::io::{Error as IoError, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// How much of the beginning tells UTF-16.
const UTF16_BYTES: usize = 4096;

/// The encoding of a text, and whether it is a guess: by its beginning, and by all of it where `rest` opens it.
///
/// A byte order mark decides. Zero bytes at every other place are UTF-16 without one. What is valid UTF-8 to its end is
/// UTF-8; the rest is guessed as browsers do (`chardetng`).
pub(super) fn of<E, R: Read>(
    head: &[u8],
    is_cut: bool,
    open: impl Fn() -> Result<Option<R>, E>,
    error: impl Fn(IoError) -> E,
) -> Result<(&'static Encoding, bool), E> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok((encoding, false));
    }
    if let Some(encoding) = utf16_without_mark(&head[..head.len().min(UTF16_BYTES)]) {
        return Ok((encoding, true));
    }
    let mut utf8 = Utf8::default();
    utf8.add(head);
    let mut block = vec![0; 1 << 16];
    let mut blocks = |open: &dyn Fn() -> Result<Option<R>, E>, take: &mut dyn FnMut(&[u8]) -> bool| {
        let Some(mut reader) = open()? else { return Ok(false) };
        loop {
            let read = reader.read(&mut block).map_err(&error)?;
            if read == 0 || !take(&block[..read]) {
                return Ok(true);
            }
        }
    };
    if utf8.is_valid(is_cut) {
        let mut all = Utf8::default();
        let is_whole = blocks(&open, &mut |block| {
            all.add(block);
            all.is_valid(true)
        })?;
        if !is_whole || all.is_valid(false) {
            return Ok((UTF_8, false));
        }
    }
    let mut guess = EncodingDetector::new(Iso2022JpDetection::Deny);
    let is_whole = blocks(&open, &mut |block| {
        guess.feed(block, false);
        true
    })?;
    if !is_whole {
        guess.feed(head, false);
    }
    guess.feed(&[], true);
    Ok((guess.guess(None, Utf8Detection::Deny), true))
}

/// Whether an encoding has zero bytes in it.
pub(super) fn is_utf16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Whether blocks are UTF-8.
#[derive(Default)]
struct Utf8 {
    is_broken: bool,
    /// The bytes of a character that the last block cut off.
    cut: Vec<u8>,
}

impl Utf8 {
    fn add(&mut self, block: &[u8]) {
        let joined;
        let bytes = if self.cut.is_empty() {
            block
        } else {
            self.cut.extend_from_slice(block);
            joined = std::mem::take(&mut self.cut);
            &joined
        };
        match std::str::from_utf8(bytes) {
            Ok(_) => {}
            Err(error) if error.error_len().is_none() => self.cut = bytes[error.valid_up_to()..].to_vec(),
            Err(_) => self.is_broken = true,
        }
    }

    /// Whether all of it is, as far as it goes.
    fn is_valid(&self, is_cut: bool) -> bool {
        !self.is_broken && (is_cut || self.cut.is_empty())
    }
}

/// Text in western scripts has a zero in nearly every second byte of UTF-16.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.as_chunks::<2>().0;
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    let nearly_all = |count: usize| pairs.len() >= 2 && 10 * count >= 8 * pairs.len();
    if nearly_all(zeros(1)) && zeros(0) == 0 {
        Some(UTF_16LE)
    } else if nearly_all(zeros(0)) && zeros(1) == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told() {
        let text = "größe;name\n1,5;Müller\n2,5;Jürgen\n";
        let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let latin1: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
        let with = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
        for (bytes, expected, is_guess) in [
            (text.as_bytes().to_vec(), "UTF-8", false),
            (with(b"\xef\xbb\xbf", text.into()), "UTF-8", false),
            (with(b"\xff\xfe", utf16(u16::to_le_bytes)), "UTF-16LE", false),
            (with(b"\xfe\xff", utf16(u16::to_be_bytes)), "UTF-16BE", false),
            (utf16(u16::to_le_bytes), "UTF-16LE", true),
            (utf16(u16::to_be_bytes), "UTF-16BE", true),
            (latin1, "windows-1252", true),
            (b"price\n5 \x80\n".to_vec(), "windows-1252", true),
            (Vec::new(), "UTF-8", false),
        ] {
            for head in [4, bytes.len()] {
                let head = &bytes[..bytes.len().min(head)];
                let found = of(head, head.len() < bytes.len(), || Ok(Some(&bytes[..])), |error| error);
                let (encoding, guessed) = found.unwrap();
                assert_eq!(
                    (encoding.name(), guessed),
                    (expected, is_guess),
                    "{} of {}",
                    head.len(),
                    bytes.len()
                );
            }
        }
    }
}
