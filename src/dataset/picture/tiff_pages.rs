use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

/// Most pages of a file that are examined.
const MOST_PAGES: usize = 1 << 20;
/// Most fields of a page.
const MOST_FIELDS: u64 = 1 << 12;
/// Most fields of all pages: overlapping pages can have more than the file.
const ALL_FIELDS: u64 = 1 << 24;

/// Byte order of numbers in a TIFF file.
#[derive(Clone, Copy)]
struct ByteLayout {
    is_big_endian: bool,
    /// Whether offsets have 64 bits.
    is_long: bool,
}

impl ByteLayout {
    /// For a file that begins with these bytes; `None` for other files.
    fn of(start: &[u8]) -> Option<ByteLayout> {
        match start {
            [b'I', b'I', 42, 0, ..] => Some(ByteLayout { is_big_endian: false, is_long: false }),
            [b'M', b'M', 0, 42, ..] => Some(ByteLayout { is_big_endian: true, is_long: false }),
            [b'I', b'I', 43, 0, ..] => Some(ByteLayout { is_big_endian: false, is_long: true }),
            [b'M', b'M', 0, 43, ..] => Some(ByteLayout { is_big_endian: true, is_long: true }),
            _ => None,
        }
    }

    fn number(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.is_big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// Bytes of an offset.
    fn offset_size(self) -> usize {
        if self.is_long { 8 } else { 4 }
    }

    /// Size of the number of fields, and of a field, in bytes.
    fn sizes(self) -> (usize, usize) {
        if self.is_long { (8, 20) } else { (2, 12) }
    }
}

/// Whether a file that begins with these bytes is a TIFF file.
pub(super) fn is_tiff(bytes: &[u8]) -> bool {
    ByteLayout::of(bytes).is_some()
}

/// The positions of the pages of a TIFF file. Pages that are a smaller version of another page, or
/// its mask, are skipped, unless there is no other. `None` for other files, and if the first page
/// cannot be found.
pub(super) fn offsets(mut reader: impl Read + Seek) -> Option<Vec<u64>> {
    let mut start = [0; 16];
    reader.read_exact(&mut start[..8]).ok()?;
    let layout = ByteLayout::of(&start)?;
    let mut next = if layout.is_long {
        reader.read_exact(&mut start[8..]).ok()?;
        layout.number(&start[8..])
    } else {
        layout.number(&start[4..8])
    };
    let (mut pages, mut others, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    let mut fields = ALL_FIELDS;
    while next != 0 && seen.len() < MOST_PAGES && seen.insert(next) {
        let Some((is_page, after)) = page(&mut reader, layout, next, &mut fields) else { break };
        if is_page { &mut pages } else { &mut others }.push(next);
        next = after;
    }
    let pages = if pages.is_empty() { others } else { pages };
    (!pages.is_empty()).then_some(pages)
}

/// Whether this is the start of a separate page, and where the next one begins.
fn page(
    reader: &mut (impl Read + Seek),
    layout: ByteLayout,
    offset: u64,
    fields_left: &mut u64,
) -> Option<(bool, u64)> {
    reader.seek(SeekFrom::Start(offset)).ok()?;
    let mut read = |length: usize| {
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).ok()?;
        Some(bytes)
    };
    let (count_size, field_size) = layout.sizes();
    let count = layout.number(&read(count_size)?);
    if !(1..=MOST_FIELDS).contains(&count) {
        return None;
    }
    *fields_left = fields_left.checked_sub(count)?;
    let fields = read(count as usize * field_size)?;
    // In the field NewSubfileType, bit 0 means a smaller copy, bit 2 a mask.
    let kind = fields.chunks_exact(field_size).find(|field| layout.number(&field[..2]) == 254);
    let flags = kind.map_or(0, |field| layout.number(&field[count_size.max(4) + 4..][..4]));
    let next = read(layout.offset_size()).map_or(0, |bytes| layout.number(&bytes));
    Some((flags & 5 == 0, next))
}

/// Most bytes in one row of a tile or strip of the first page: a decoder allocates memory for it,
/// however small the picture is.
pub(super) fn row_bytes(bytes: &[u8]) -> u64 {
    let widest = |tag: u64| fields(bytes, tag).max().unwrap_or(0);
    // Tags: ImageWidth and TileWidth, SamplesPerPixel; samples have at most 8 bytes.
    widest(256).max(widest(322)).saturating_mul(widest(277).max(1)).saturating_mul(8)
}

/// Offset of the first page.
pub(super) fn first(bytes: &[u8]) -> Option<u64> {
    let layout = ByteLayout::of(bytes)?;
    let size = layout.offset_size();
    bytes.get(size..2 * size).map(|bytes| layout.number(bytes))
}

/// The first number of each field with this tag on the first page.
fn fields(bytes: &[u8], tag: u64) -> impl Iterator<Item = u64> {
    let places = first(bytes).into_iter().flat_map(move |page| places(bytes, page, tag));
    places.filter_map(|place| numbers(bytes, place).next())
}

/// Position of a field's numbers in the file, as far as they exist.
pub(super) struct Numbers {
    pub place: Range<usize>,
    /// Bytes per number.
    size: usize,
    layout: ByteLayout,
}

impl Numbers {
    /// How many numbers there are.
    pub(super) fn count(&self) -> usize {
        self.place.len() / self.size
    }
}

/// The numbers of a field.
pub(super) fn numbers(bytes: &[u8], at: Numbers) -> impl Iterator<Item = u64> {
    let values = bytes.get(at.place).unwrap_or_default().chunks_exact(at.size);
    values.map(move |value| at.layout.number(value))
}

/// Position of the numbers of each field with this tag on the page at `page`.
pub(super) fn places(bytes: &[u8], page: u64, tag: u64) -> impl Iterator<Item = Numbers> {
    let found = move || {
        let layout = ByteLayout::of(bytes)?;
        let (count_size, field_size) = layout.sizes();
        let start = usize::try_from(page).ok()?;
        let first = start.checked_add(count_size)?;
        let count = layout.number(bytes.get(start..first)?);
        let fields = bytes.get(first..)?.chunks_exact(field_size).take(count as usize).enumerate();
        let numbers = move |(at, field): (usize, &[u8])| {
            let size = match layout.number(&field[2..4]) {
                1 | 7 => 1,
                3 => 2,
                16 | 18 => 8,
                _ => 4,
            };
            let value = field_size - layout.offset_size();
            let count = usize::try_from(layout.number(&field[4..value])).unwrap_or(usize::MAX);
            let length = count.max(1).saturating_mul(size);
            // Values that do not fit into the field are stored elsewhere.
            let start = if length <= layout.offset_size() {
                first + at * field_size + value
            } else {
                usize::try_from(layout.number(&field[value..])).ok()?
            };
            let end = start.saturating_add(length).min(bytes.len());
            (start < end).then_some(Numbers { place: start..end, size, layout })
        };
        Some(fields.filter(move |(_, field)| layout.number(&field[..2]) == tag).filter_map(numbers))
    };
    found().into_iter().flatten()
}

/// Makes the page that begins at `offset` the first of the file.
pub(super) fn put_first(bytes: &mut [u8], offset: u64) {
    let Some(layout) = ByteLayout::of(bytes) else { return };
    let size = layout.offset_size();
    let Some(place) = bytes.get_mut(size..2 * size) else { return };
    let all = offset.to_le_bytes();
    place.copy_from_slice(&all[..size]);
    if layout.is_big_endian {
        place.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_wide_as_any_field_says() {
        let file = |fields: &[[u32; 3]]| {
            let mut bytes = b"II*\0\x08\0\0\0".to_vec();
            bytes.extend((fields.len() as u16).to_le_bytes());
            for [tag, kind, value] in fields {
                bytes.extend((*tag as u16).to_le_bytes());
                bytes.extend((*kind as u16).to_le_bytes());
                bytes.extend(1_u32.to_le_bytes());
                bytes.extend(value.to_le_bytes());
            }
            bytes.extend(7_u64.to_le_bytes());
            bytes
        };
        for (fields, expected) in [
            (&[][..], 0),
            (&[[256, 3, 5]], 40),
            (&[[256, 4, 5], [322, 4, 0xFFFF_FFF0], [277, 3, 3]], 0xFFFF_FFF0 * 24),
            (&[[256, 4, 5], [277, 3, 0xFFFF], [277, 3, 1]], 5 * 8 * 0xFFFF),
            // An 8-byte number after the fields, and one that does not exist.
            (&[[322, 16, 22]], 56),
            (&[[256, 3, 2], [322, 16, 1000]], 16),
        ] {
            assert_eq!(row_bytes(&file(fields)), expected, "{fields:?}");
        }
        assert_eq!(row_bytes(b"II*\0\xff\xff\xff\xff"), 0);
        assert_eq!(row_bytes(b"no picture"), 0);
    }
}
