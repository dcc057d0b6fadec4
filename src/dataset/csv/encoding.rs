//! The encoding of a text file.

use std::io::{Error as IoError, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, ISO_8859_2, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252,
};

use super::remarks::Remarks;
use super::shortened;
use crate::project::Choice;

/// Number of first bytes examined for UTF-16.
const UTF16_BYTES: usize = 4096;
/// A text is UTF-8 if it has this many times as many multi-byte characters as invalid bytes.
const NEARLY_ALL: u64 = 4;
/// After this many invalid bytes the rest of the file does not change the result.
const ENOUGH: u64 = 4096;

/// How the encoding of a text was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// The encoding was chosen, or is proven by all bytes.
    Sure,
    /// By zero bytes.
    Zeros,
    /// By the characters that are not ASCII, the first of which are on this line.
    Letters(Line),
    /// Almost all is UTF-8; the first invalid bytes are on this line.
    Mixed(Line),
}

/// A line of the file and its bytes, or those around a position if it is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    number: u64,
    bytes: Vec<u8>,
}

/// The encoding of a text and how it was found: from its beginning, and from all of it if `rest`
/// opens it.
///
/// A byte order mark decides. Zero bytes at every other position mean UTF-16 without one. Text that
/// is valid UTF-8 to its end is UTF-8, even with a few other bytes; the rest is guessed as in
/// browsers (`chardetng`).
pub(super) fn of<E, R: Read>(
    head: &[u8],
    is_cut: bool,
    open: impl Fn() -> Result<Option<R>, E>,
    error: impl Fn(IoError) -> E,
) -> Result<(&'static Encoding, Guess), E> {
    let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding);
    if let Some(encoding) = marked.filter(|encoding| *encoding != UTF_8) {
        return Ok((encoding, Guess::Sure));
    }
    if let Some(encoding) = utf16_without_mark(&head[..head.len().min(UTF16_BYTES)]) {
        return Ok((encoding, Guess::Zeros));
    }
    // If the file ends with its beginning, that is all of it.
    let mut block = vec![0; 1 << 16];
    let mut each = |take: &mut dyn FnMut(&[u8]) -> bool| {
        let Some(mut reader) = open()? else {
            take(head);
            return Ok(false);
        };
        loop {
            let read = reader.read(&mut block).map_err(&error)?;
            if read == 0 || !take(&block[..read]) {
                return Ok(true);
            }
        }
    };
    let mut utf8 = Utf8::default();
    let is_whole = each(&mut |block| {
        utf8.add(block);
        !utf8.is_none()
    })?;
    let Some((offset, bytes)) = utf8.finish(!is_whole && is_cut) else { return Ok((UTF_8, Guess::Sure)) };
    let (mut number, mut left) = (1, offset);
    each(&mut |block| {
        let before = &block[..block.len().min(left)];
        number += line_ends(before);
        left -= before.len();
        left > 0
    })?;
    let line = Line { number, bytes };
    if utf8.is_nearly_all() || marked.is_some() {
        return Ok((UTF_8, Guess::Mixed(line)));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let (mut sample, mut is_first) = (Vec::new(), true);
    each(&mut |block| {
        detector.feed(block, false);
        if sample.is_empty() {
            sample = sample_of(block, is_first);
        }
        is_first = false;
        true
    })?;
    detector.feed(&[], true);
    let found = detector.guess(None, Utf8Detection::Deny);
    if [WINDOWS_1250, ISO_8859_2].contains(&found) && has_units(&sample) {
        return Ok((WINDOWS_1252, Guess::Letters(line)));
    }
    // In short texts it takes the bytes of other scripts for signs between letters.
    let is_odd = !is_plausible(found, &sample);
    let other = ASIAN.into_iter().find(|other| is_odd && is_plausible(other, &sample));
    Ok((other.unwrap_or(found), Guess::Letters(line)))
}

impl Guess {
    /// Reports the guess, with the line that shows it and the alternatives.
    pub(super) fn report(&self, encoding: &'static Encoding, remarks: &mut Remarks) {
        let shown = |encoding: &'static Encoding, line: &Line| {
            let (text, _) = encoding.decode_without_bom_handling(&line.bytes);
            shortened(text.trim())
        };
        let choice = |encoding: &'static Encoding| Choice::Encoding(Some(encoding.name().to_lowercase()));
        match self {
            Guess::Sure | Guess::Zeros => {}
            Guess::Mixed(line) => remarks.doubt(
                format!(
                    "the text is UTF-8, except for some bytes such as those of line {}, which are read as \
                     windows-1252 (\"{}\")",
                    line.number,
                    shown(WINDOWS_1252, line)
                ),
                vec![choice(WINDOWS_1252)],
            ),
            Guess::Letters(line) => {
                let (name, own) = (encoding.name().to_lowercase(), shown(encoding, line));
                let message =
                    format!("the encoding is a guess: as {name}, line {} reads \"{own}\"", line.number);
                if encoding == WINDOWS_1252 && is_plausible(encoding, &line.bytes) {
                    return remarks.notes.push(message);
                }
                let western = [WINDOWS_1252, WINDOWS_1250, WINDOWS_1251];
                let others: Vec<&'static Encoding> = if ASIAN.contains(&encoding) {
                    ASIAN.into_iter().chain(western).collect()
                } else {
                    western.into_iter().chain(ASIAN).collect()
                };
                let others = others.into_iter().filter(|other| {
                    *other != encoding && is_plausible(other, &line.bytes) && shown(other, line) != own
                });
                remarks.doubt(message, others.take(REMEDIES).map(choice).collect());
            }
        }
    }
}

/// Multi-byte encodings, in the order in which they are tried.
const ASIAN: [&Encoding; 5] = [EUC_JP, EUC_KR, GBK, SHIFT_JIS, BIG5];
/// Encodings that are offered instead of a guess.
const REMEDIES: usize = 3;

/// Lines of a block that are not ASCII, complete ones if there are some.
fn sample_of(block: &[u8], is_first: bool) -> Vec<u8> {
    const LINES: usize = 1000;
    let lines: Vec<&[u8]> = block.split(|byte| *byte == b'\n').collect();
    let whole = match &lines[..] {
        [_, whole @ .., _] if !is_first && !whole.is_empty() => whole,
        [whole @ .., _] if is_first && !whole.is_empty() => whole,
        all => all,
    };
    let lines: Vec<&[u8]> = whole.iter().copied().filter(|line| !line.is_ascii()).take(LINES).collect();
    lines.join(&b'\n')
}

/// Whether a text contains units with signs that Western encodings have where Central European ones
/// have letters, with which no word ends there: `m³`, `cm²`, `m/s²`, `10³`, `µg`.
fn has_units(bytes: &[u8]) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let is_power = |at: usize| {
        let (before, after) = (&bytes[..at], bytes.get(at + 1));
        let is_unit = match before {
            [.., b'0'..=b'9'] => true,
            [before @ .., b'c' | b'd' | b'h' | b'k' | b'm' | 0xB5, b'm'] if !is_letter(before.last()) => true,
            [before @ .., b'm' | b's'] => !is_letter(before.last()),
            _ => false,
        };
        is_unit && !is_letter(after) && !after.is_some_and(u8::is_ascii_digit)
    };
    let is_micro = |at: usize| {
        let is_unit =
            matches!(bytes.get(at + 1), Some(b'g' | b'm' | b's' | b'l' | b'L' | b'V' | b'A' | b'M'));
        is_unit && !is_letter(at.checked_sub(1).map(|at| &bytes[at])) && !is_letter(bytes.get(at + 2))
    };
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        0xB2 | 0xB3 => is_power(at),
        0xB5 => is_micro(at),
        _ => false,
    })
}

/// Whether the characters of a text in an encoding are mostly letters, and of one script for
/// multi-byte encodings.
fn is_plausible(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    let is_in = |letter: char, ranges: &[std::ops::RangeInclusive<char>]| {
        ranges.iter().any(|range| range.contains(&letter))
    };
    let kana = |letter| is_in(letter, &['\u{3040}'..='\u{30ff}']);
    let hangul = |letter| is_in(letter, &['\u{ac00}'..='\u{d7a3}']);
    let han =
        |letter| is_in(letter, &['\u{4e00}'..='\u{9fff}', '\u{3000}'..='\u{303f}', '\u{ff01}'..='\u{ff5e}']);
    let letters: Vec<char> = text.chars().filter(|letter| !letter.is_ascii()).collect();
    let are = |is: &dyn Fn(char) -> bool| letters.iter().all(|letter| is(*letter));
    let has = |is: &dyn Fn(char) -> bool| letters.iter().any(|letter| is(*letter));
    let high = bytes.iter().filter(|byte| **byte >= 0xA1).count();
    let are_high = || 5 * high >= 4 * bytes.iter().filter(|byte| **byte >= 0x80).count();
    if has_errors && ASIAN.contains(&encoding) {
        false
    } else if encoding == SHIFT_JIS {
        are(&|letter| kana(letter) || han(letter))
    } else if encoding == EUC_JP {
        has(&kana) && are(&|letter| kana(letter) || han(letter))
    } else if encoding == EUC_KR {
        // Lower bytes give rare characters, of these and of Chinese.
        are_high() && has(&hangul) && are(&|letter| hangul(letter) || han(letter))
    } else if encoding == GBK {
        are_high() && are(&han)
    } else if encoding == BIG5 {
        are(&han)
    } else {
        let usual =
            |letter: &&char| letter.is_alphabetic() || "€£°±²³µ·½«»“”„‘’–—…§©®×÷\u{a0}".contains(**letter);
        5 * letters.iter().filter(usual).count() >= 4 * letters.len()
    }
}

/// Whether an encoding contains zero bytes.
pub(super) fn is_utf16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Counts of valid and invalid UTF-8 in blocks of bytes.
#[derive(Default)]
struct Utf8 {
    /// Multi-byte characters.
    characters: u64,
    bad: u64,
    /// Number of bytes.
    bytes: usize,
    /// Position of the first invalid bytes, and their line.
    first: Option<(usize, Vec<u8>)>,
    /// The bytes of a character that the last block cut off.
    cut: Vec<u8>,
}

impl Utf8 {
    fn add(&mut self, block: &[u8]) {
        let joined;
        let start = self.bytes - self.cut.len();
        let bytes = if self.cut.is_empty() {
            block
        } else {
            self.cut.extend_from_slice(block);
            joined = std::mem::take(&mut self.cut);
            &joined
        };
        self.bytes += block.len();
        let mut at = 0;
        while at < bytes.len() {
            let (valid, bad) = match std::str::from_utf8(&bytes[at..]) {
                Ok(text) => (text.len(), 0),
                Err(error) => (error.valid_up_to(), error.error_len().unwrap_or(0)),
            };
            let text = &bytes[at..at + valid];
            if !text.is_ascii() {
                self.characters += text.iter().filter(|byte| **byte >= 0xC0).count() as u64;
            }
            at += valid;
            if bad == 0 {
                self.cut = bytes[at..].to_vec();
                return;
            }
            if self.first.is_none() {
                self.first = Some((start + at, around(bytes, at)));
            }
            self.bad += bad as u64;
            at += bad;
        }
    }

    /// Whether it is not UTF-8, whatever follows.
    fn is_none(&self) -> bool {
        self.bad > ENOUGH && !self.is_nearly_all()
    }

    fn is_nearly_all(&self) -> bool {
        self.characters >= NEARLY_ALL * self.bad
    }

    /// Position of the first invalid bytes, and their line. A character cut off at the end of a
    /// file is invalid.
    fn finish(&mut self, is_cut: bool) -> Option<(usize, Vec<u8>)> {
        if !is_cut && !self.cut.is_empty() {
            self.bad += 1;
            let cut = std::mem::take(&mut self.cut);
            self.first.get_or_insert((self.bytes - cut.len(), cut));
        }
        self.first.take()
    }
}

/// Line ends of any kind.
fn line_ends(bytes: &[u8]) -> u64 {
    let returns = bytes.windows(2).filter(|pair| pair[0] == b'\r' && pair[1] != b'\n');
    (bytes.split(|byte| *byte == b'\n').count() - 1 + returns.count()) as u64
}

/// The bytes of a line around a position.
fn around(bytes: &[u8], at: usize) -> Vec<u8> {
    /// Before and after the place.
    const SHOWN: usize = 60;
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let start = bytes[..at].iter().rposition(is_end).map_or(0, |end| end + 1).max(at.saturating_sub(SHOWN));
    let end = bytes[at..].iter().position(is_end).map_or(bytes.len(), |end| at + end).min(at + SHOWN);
    bytes[start..end].to_vec()
}

/// Text in western scripts has a zero in almost every second byte of UTF-16.
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
    fn units_are_distinguished_from_letters() {
        for text in ["m³", "(cm²)", "m/s²;", "10³ ", "µg/l", "(µm)", "µm²", "débit m³/h"] {
            let bytes: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
            assert!(has_units(&bytes), "{text}");
        }
        // Polish and Slovak words: ł is ³ there, and ľ is µ.
        for text in ["Chełm", "szedł", "mógł 5", "mława", "ľstivý", "soľ", "ľ", "5łuk", "a", ""] {
            let letter = |letter: char| match letter {
                'ł' => 0xB3,
                'ľ' => 0xB5,
                other => other as u8,
            };
            assert!(!has_units(&text.chars().map(letter).collect::<Vec<u8>>()), "{text}");
        }
    }

    #[test]
    fn encodings_are_detected() {
        let text = "größe;name\n1,5;Müller\n2,5;Jürgen\n";
        let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let latin1: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
        let with = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
        // Numbers, kinds, apples and mandarins.
        let japanese =
            b"\x94\xd4\x8d\x86,\x95i\n1,\x82\xe8\x82\xf1\x82\xb2\n2,\x82\xdd\x82\xa9\x82\xf1\n".to_vec();
        // Kanji alone.
        let kanji = b"\x94\xd4\x8d\x86,\x96\xbc\x91\x4f\n1,\x93\x8c\x8b\x9e\n2,\x91\xe5\x8d\xe3\n".to_vec();
        let mixed = ["Müller, Köln, Öhl\n".as_bytes(), b"M\xfcller\n", "Zürich\n".as_bytes()].concat();
        for (bytes, expected, guess) in [
            (text.as_bytes().to_vec(), "UTF-8", "sure"),
            (with(b"\xef\xbb\xbf", text.into()), "UTF-8", "sure"),
            (with(b"\xff\xfe", utf16(u16::to_le_bytes)), "UTF-16LE", "sure"),
            (with(b"\xfe\xff", utf16(u16::to_be_bytes)), "UTF-16BE", "sure"),
            (utf16(u16::to_le_bytes), "UTF-16LE", "zeros"),
            (utf16(u16::to_be_bytes), "UTF-16BE", "zeros"),
            (latin1, "windows-1252", "letters 1"),
            (b"price\n5 \x80\n".to_vec(), "windows-1252", "letters 2"),
            (japanese, "Shift_JIS", "letters 1"),
            (kanji, "Shift_JIS", "letters 1"),
            (mixed, "UTF-8", "mixed 2"),
            (with(b"\xef\xbb\xbf", b"a\nM\xfcller\n".to_vec()), "UTF-8", "mixed 2"),
            (b"conc. (\xb5g/m\xb3);temp;site\n1;2;a\n".to_vec(), "windows-1252", "letters 1"),
            (Vec::new(), "UTF-8", "sure"),
        ] {
            for head in [4, bytes.len()] {
                let head = &bytes[..bytes.len().min(head)];
                let found = of(head, head.len() < bytes.len(), || Ok(Some(&bytes[..])), |error| error);
                let (encoding, found) = found.unwrap();
                let found = match found {
                    Guess::Sure => "sure".to_owned(),
                    Guess::Zeros => "zeros".to_owned(),
                    Guess::Letters(line) => format!("letters {}", line.number),
                    Guess::Mixed(line) => format!("mixed {}", line.number),
                };
                assert_eq!(
                    (encoding.name(), &found[..]),
                    (expected, guess),
                    "{} of {}",
                    head.len(),
                    bytes.len()
                );
            }
        }
    }
}
