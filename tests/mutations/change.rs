//! Structure-aware changes to a file: numbers become extreme, names and lines are swapped. Lengths
//! and checksums stay correct if a reader would otherwise stop at them.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::readers::{unzipped, zipped};
use crate::sheets::{XLS_STREAM, record};

/// Maximum size of a changed file: larger ones test size, not structure.
const MOST_BYTES: usize = 1 << 20;

/// Replacements for a number or a word of a text.
const EXTREMES: [&str; 34] = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "255",
    "256",
    "65535",
    "65536",
    "1000000",
    "100000000",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "0.5",
    "-0.0",
    "1e-45",
    "1e38",
    "-1e38",
    "1e39",
    "1e308",
    "1e400",
    "NaN",
    "inf",
    "-inf",
    "\"text\"",
    "[]",
    "()",
    "None",
    "true",
];
/// Characters inserted next to a word.
const INSERTS: [&str; 14] =
    ["(", ")", "[", "]", "{", "}", ",", ":", "\"", "'", "\n", "\u{0}", "\u{1B}[31m", "\u{202E}"];
/// Integers that overflow something.
const WHOLE: [u64; 12] =
    [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, u64::MAX];

/// One change: kind, position and content.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    deep: u8,
    what: u8,
    at: Index,
    to: Index,
    with: Index,
}

/// A few changes, applied in sequence.
pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    let one = any::<(u8, u8, Index, Index, Index)>();
    prop::collection::vec(
        one.prop_map(|(deep, what, at, to, with)| Change { deep, what, at, to, with }),
        1..5,
    )
}

/// The bytes after all changes. The first `skipped` bytes are not changed.
pub fn changed(bytes: &[u8], skipped: usize, changes: &[Change]) -> Vec<u8> {
    let (kept, content) = bytes.split_at(skipped);
    let mut content = content.to_vec();
    for change in changes {
        content = apply(&content, *change);
        content.truncate(MOST_BYTES);
    }
    [kept, &content].concat()
}

/// The bytes after one change, which is made in the innermost known structure in seven of eight
/// cases.
fn apply(bytes: &[u8], change: Change) -> Vec<u8> {
    let known = if change.deep.is_multiple_of(8) { None } else { apply_inside(bytes, change) };
    known.unwrap_or_else(|| match std::str::from_utf8(bytes) {
        Ok(text) if !change.deep.is_multiple_of(16) => change_text(text, change).into_bytes(),
        // Text in other encodings has no control characters either.
        Err(_) if !bytes.iter().any(|byte| *byte < 9) && !change.deep.is_multiple_of(4) => {
            let text = bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
            change_text(&text, change).chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect()
        }
        Ok(_) | Err(_) => change_bytes(bytes, change),
    })
}

fn apply_inside(bytes: &[u8], change: Change) -> Option<Vec<u8>> {
    match bytes {
        [b'P', b'K', ..] => change_zip(bytes, change),
        [0x1F, 0x8B, ..] => {
            let mut content = Vec::new();
            GzDecoder::new(bytes).take(MOST_BYTES as u64).read_to_end(&mut content).ok()?;
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(&apply(&content, change)).ok()?;
            gzip.finish().ok()
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, ..] => {
            let length = usize::from(u16::from_le_bytes([*bytes.get(8)?, *bytes.get(9)?]));
            let header = change_text(std::str::from_utf8(bytes.get(10..10 + length)?).ok()?, change);
            let length = u16::try_from(header.len()).ok()?.to_le_bytes();
            Some(
                [
                    &bytes[..8],
                    &length,
                    header.as_bytes(),
                    &bytes[10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))..],
                ]
                .concat(),
            )
        }
        [0x89, b'P', b'N', b'G', ..] => change_png(bytes, change),
        [b'I', b'I', 42, 0, ..] => change_tiff(bytes, change),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => change_workbook(bytes, change),
        [0xFF, 0xFE, ..] => change_utf16(bytes, change, u16::from_le_bytes, u16::to_le_bytes),
        [0xFE, 0xFF, ..] => change_utf16(bytes, change, u16::from_be_bytes, u16::to_be_bytes),
        [_, _, _, 0, 0, 0, 0, 0, b'{', ..] => {
            let length = usize::try_from(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?)).ok()?;
            let header = change_text(std::str::from_utf8(bytes.get(8..8 + length)?).ok()?, change);
            let new = (header.len() as u64).to_le_bytes();
            Some([&new, header.as_bytes(), &bytes[8 + length..]].concat())
        }
        _ => None,
    }
}

/// Drops, renames or swaps entries, or changes the content of one and its checksum.
fn change_zip(bytes: &[u8], change: Change) -> Option<Vec<u8>> {
    let mut entries = unzipped(bytes)?;
    if entries.is_empty() {
        return None;
    }
    let (at, to) = (change.at.index(entries.len()), change.to.index(entries.len()));
    match change.deep % 16 {
        1 => drop(entries.remove(at)),
        2 => {
            let content = entries[to].1.clone();
            entries[at].1 = content;
        }
        3 => entries[at].0 = change_text(&entries[at].0, change),
        4 => entries.swap(at, to),
        5 => {
            let content = entries[at].1.clone();
            entries.push((change_text(&entries[to].0, change), content));
        }
        _ => {
            let inner = Change {
                deep: change.what,
                what: change.deep,
                at: change.to,
                to: change.with,
                with: change.at,
            };
            entries[at].1 = apply(&entries[at].1, inner);
        }
    }
    Some(zipped(&entries))
}

/// Changes one chunk of a PNG and its checksum.
fn change_png(bytes: &[u8], change: Change) -> Option<Vec<u8>> {
    let mut chunks: Vec<(&[u8], Vec<u8>)> = Vec::new();
    let mut rest = bytes.get(8..)?;
    while rest.len() >= 12 {
        let length = usize::try_from(u32::from_be_bytes(rest[..4].try_into().ok()?)).ok()?;
        chunks.push((&rest[4..8], rest.get(8..8 + length)?.to_vec()));
        rest = rest.get(12 + length..)?;
    }
    if chunks.is_empty() {
        return None;
    }
    let at = change.at.index(chunks.len());
    match change.deep % 8 {
        1 => drop(chunks.remove(at)),
        2 => {
            let chunk = chunks[at].clone();
            chunks.insert(change.to.index(chunks.len()), chunk);
        }
        _ => chunks[at].1 = change_bytes(&chunks[at].1, Change { at: change.to, to: change.with, ..change }),
    }
    let mut png = bytes[..8].to_vec();
    for (name, content) in chunks {
        let mut checksum = flate2::Crc::new();
        checksum.update(name);
        checksum.update(&content);
        png.extend((content.len() as u32).to_be_bytes());
        png.extend(name);
        png.extend(content);
        png.extend(checksum.sum().to_be_bytes());
    }
    Some(png)
}

/// Changes the kind, the count or the value of one field of the first page of a TIFF file, or the
/// offset of the next page.
fn change_tiff(bytes: &[u8], change: Change) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let page = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
    let count = usize::from(u16::from_le_bytes(bytes.get(page..page + 2)?.try_into().ok()?));
    // The last field is followed by the offset of the next page.
    let field = page + 2 + 12 * change.at.index(count + 1);
    let place = field + [0, 2, 4, 8][change.to.index(4)];
    // Numbers that overflow something, and offsets in the file.
    let value = match change.with.index(WHOLE.len() + 4).checked_sub(WHOLE.len()) {
        Some(0) => page as u64,
        Some(1) => bytes.len() as u64,
        Some(_) => change.to.index(bytes.len().max(1)) as u64,
        None => WHOLE[change.with.index(WHOLE.len() + 4)],
    };
    let width = if place < field + 4 { 2 } else { 4 };
    overwrite(bytes.get_mut(place..)?, 0, &value.to_le_bytes()[..width]);
    Some(bytes)
}

/// Changes, drops or repeats one record of an old spreadsheet. Later records move, and the stream
/// keeps its length.
fn change_workbook(bytes: &[u8], change: Change) -> Option<Vec<u8>> {
    let stream = bytes.get(XLS_STREAM..)?;
    let mut records: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut rest = stream;
    while let [k0, k1, l0, l1, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*l0, *l1]));
        let kind = u16::from_le_bytes([*k0, *k1]);
        let data = after.get(..length).filter(|_| kind != 0)?;
        records.push((kind, data.to_vec()));
        rest = &after[length..];
        if rest.starts_with(&[0, 0]) {
            break;
        }
    }
    if records.is_empty() {
        return None;
    }
    let at = change.at.index(records.len());
    match change.deep % 8 {
        1 => drop(records.remove(at)),
        2 => {
            let again = records[at].clone();
            records.insert(change.to.index(records.len()), again);
        }
        3 => records[at].0 = records[change.to.index(records.len())].0,
        _ => {
            records[at].1 = change_bytes(&records[at].1, Change { at: change.to, to: change.with, ..change });
        }
    }
    let all = records.iter().flat_map(|(kind, data)| record(*kind, data));
    let mut changed: Vec<u8> = bytes[..XLS_STREAM].iter().copied().chain(all).collect();
    changed.resize(bytes.len(), 0);
    Some(changed)
}

/// Changes a text in UTF-16, keeping its byte order mark.
fn change_utf16(
    bytes: &[u8],
    change: Change,
    from: fn([u8; 2]) -> u16,
    to: fn(u16) -> [u8; 2],
) -> Option<Vec<u8>> {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| from(*pair)).collect();
    let text = change_text(&String::from_utf16(&units).ok()?, change);
    Some(text.encode_utf16().flat_map(to).collect())
}

/// Changes a word, a line or a character position of a text.
fn change_text(text: &str, change: Change) -> String {
    let words = words(text);
    let lines: Vec<&str> = text.lines().collect();
    if words.is_empty() {
        return String::from_utf8_lossy(&change_bytes(text.as_bytes(), change)).into_owned();
    }
    let (from, end) = words[change.at.index(words.len())];
    let other = words[change.to.index(words.len())];
    let replaced = |new: &str| format!("{}{new}{}", &text[..from], &text[end..]);
    match change.what % 16 {
        0..=5 => replaced(EXTREMES[change.with.index(EXTREMES.len())]),
        6 | 7 => replaced(&text[other.0..other.1]),
        8 => replaced(""),
        9 => replaced(&text[from..end].repeat(1 + change.with.index(1000))),
        10 => replaced(&format!("{}{}", &text[from..end], INSERTS[change.with.index(INSERTS.len())])),
        11 => replaced(&format!("{}{}", INSERTS[change.with.index(INSERTS.len())], &text[from..end])),
        12 => text[..end].to_owned(),
        13 => {
            // Repeats or nests the text between two words.
            let (first, last) = (from.min(other.0), end.max(other.1));
            format!("{}{}{}", &text[..last], &text[first..last], &text[last..])
        }
        14 => {
            let mut lines = lines;
            let (at, to) = (change.at.index(lines.len()), change.to.index(lines.len()));
            lines.swap(at, to);
            lines.join("\n")
        }
        _ => {
            let at = change.at.index(lines.len());
            let again = [lines[at]].repeat(1 + change.with.index(200));
            [&lines[..at], &again, &lines[at..]].concat().join("\n")
        }
    }
}

/// Numbers and names in a text, with their start and end.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_part = letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '+');
        match (start, is_part) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push((from, at));
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    words
}

/// Changes a number, a range or the length of bytes.
fn change_bytes(bytes: &[u8], change: Change) -> Vec<u8> {
    if bytes.is_empty() {
        return WHOLE[change.with.index(WHOLE.len())].to_le_bytes().to_vec();
    }
    let mut bytes = bytes.to_vec();
    let (at, to) = (change.at.index(bytes.len()), change.to.index(bytes.len()));
    let (first, last) = (at.min(to), at.max(to));
    let whole = WHOLE[change.with.index(WHOLE.len())];
    // Headers are at the start.
    let near = if change.deep.is_multiple_of(2) { at } else { at % bytes.len().min(64) };
    let width = 1 << (change.deep / 2 % 4);
    match change.what % 8 {
        0 | 1 => overwrite(&mut bytes, near, &whole.to_le_bytes()[..width]),
        2 | 3 => overwrite(&mut bytes, near, &whole.to_be_bytes()[8 - width..]),
        4 => bytes[near] ^= 1 << (change.with.index(8)),
        5 => bytes.truncate(at),
        6 => drop(bytes.drain(first..last)),
        _ => {
            let again = bytes[first..last].to_vec();
            bytes.splice(last..last, again);
        }
    }
    bytes
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    for (byte, new) in bytes[at..].iter_mut().zip(with) {
        *byte = *new;
    }
}
