//! JPEGs in TIFF files: their decoder allocates as many values as stated in their own headers, for
//! any size of the page.

use std::ops::Range;

use super::{PictureError, tiff_pages};
use crate::dataset::Progress;
use crate::dataset::memory::{self, Reservation};

/// Most strips and tiles of JPEG pages that can be distinguished from the bytes around them.
const MOST_PARTS: usize = 1 << 20;
/// Bytes between two checks for cancellation.
const STEP: usize = 1 << 20;
/// Bytes of the header of a frame up to the number of its components.
const FRAME: usize = 10;

/// Whether the first page contains JPEGs.
pub(super) fn is_first_page(bytes: &[u8]) -> bool {
    tiff_pages::first(bytes).is_some_and(|page| is_jpeg(bytes, page))
}

/// The number of values of the largest JPEG in the strips and tiles of some pages; of the first
/// page if none are given. Examines each byte once, however many pages share it.
///
/// # Errors
/// [`PictureError`] if it is cancelled, and if there is no memory for the positions of the strips.
pub(super) fn most_values(bytes: &[u8], pages: &[u64], progress: &Progress) -> Result<u64, PictureError> {
    let first = tiff_pages::first(bytes).filter(|_| pages.is_empty());
    let reservation = progress.budget().charge_scoped(0).map_err(PictureError::short(0))?;
    let mut parts = Parts { places: Vec::new(), left: MOST_PARTS, reservation };
    for page in pages.iter().copied().chain(first).filter(|page| is_jpeg(bytes, *page)) {
        check(progress)?;
        if !parts.add(bytes, page)? {
            return largest(bytes, 0..bytes.len(), progress);
        }
    }
    parts.places.sort_unstable_by_key(|part| part.start);
    let (mut most, mut end) = (0, 0_usize);
    for part in &parts.places {
        // A frame may begin at the end of the previous part.
        let start = part.start.max(end.saturating_sub(FRAME - 1));
        most = most.max(largest(bytes, start..part.end, progress)?);
        end = end.max(part.end);
    }
    Ok(most)
}

/// Strips, tiles and tables of JPEG pages.
struct Parts<'a> {
    places: Vec<Range<usize>>,
    /// Number of positions that may still be added.
    left: usize,
    reservation: Reservation<'a>,
}

impl Parts<'_> {
    /// Adds those of a page; `false` if there are too many positions.
    fn add(&mut self, bytes: &[u8], page: u64) -> Result<bool, PictureError> {
        // Tag: JPEGTables.
        for tables in tiff_pages::places(bytes, page, 347) {
            if !self.takes(1)? {
                return Ok(false);
            }
            self.places.push(tables.place);
        }
        // Tags: StripOffsets and StripByteCounts, TileOffsets and TileByteCounts.
        for (offsets, lengths) in [(273, 279), (324, 325)] {
            // Which length belongs to which offset does not matter, as a few more bytes may be
            // examined.
            let mut longest = None;
            for lengths in tiff_pages::places(bytes, page, lengths) {
                if !self.takes(lengths.count())? {
                    return Ok(false);
                }
                longest = longest.max(tiff_pages::numbers(bytes, lengths).max());
            }
            let to_index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let longest = longest.map_or(usize::MAX, to_index);
            for offsets in tiff_pages::places(bytes, page, offsets) {
                if !self.takes(offsets.count())? {
                    return Ok(false);
                }
                let part = |offset: u64| {
                    let start = to_index(offset).min(bytes.len());
                    start..start.saturating_add(longest).min(bytes.len())
                };
                self.places.extend(tiff_pages::numbers(bytes, offsets).map(part));
            }
        }
        Ok(true)
    }

    /// Charges this many more, twice for the growth of a list.
    fn takes(&mut self, more: usize) -> Result<bool, PictureError> {
        let Some(left) = self.left.checked_sub(more) else { return Ok(false) };
        self.left = left;
        let bytes = memory::bytes_of::<Range<usize>>(2 * more);
        self.reservation.take(bytes).map_err(PictureError::short(bytes))?;
        Ok(true)
    }
}

/// Whether the field Compression of a page is 7, JPEG.
fn is_jpeg(bytes: &[u8], page: u64) -> bool {
    tiff_pages::places(bytes, page, 259).any(|at| tiff_pages::numbers(bytes, at).next() == Some(7))
}

/// The most values that the header of a frame states within some bytes.
fn largest(bytes: &[u8], within: Range<usize>, progress: &Progress) -> Result<u64, PictureError> {
    let mut most = 0;
    for start in within.clone().step_by(STEP) {
        check(progress)?;
        let end = start.saturating_add(STEP + FRAME - 1).min(within.end);
        let bytes = bytes.get(start..end).unwrap_or_default();
        most = bytes.array_windows().map(frame_values).fold(most, u64::max);
    }
    Ok(most)
}

/// Values of a frame that begins with these bytes; 0 if none does.
fn frame_values(start: &[u8; FRAME]) -> u64 {
    match *start {
        // Markers of a frame, except those of tables and extensions (ITU T.81, B.1.1.3); in coded
        // data 0xFF is followed by 0.
        [0xFF, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, 0, length, _, rest @ ..] => {
            let [height_high, height_low, width_high, width_low, components] = rest;
            let is_frame = u16::from(length) == 8 + 3 * u16::from(components);
            let side = |high, low| u64::from(u16::from_be_bytes([high, low]));
            let values = side(height_high, height_low) * side(width_high, width_low) * u64::from(components);
            if is_frame { values } else { 0 }
        }
        _ => 0,
    }
}

fn check(progress: &Progress) -> Result<(), PictureError> {
    progress.check().map_err(|cancelled| PictureError::Bad(cancelled.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of 8192 × 4096 pixels.
    const CLAIM: &[u8] = b"\xff\xd8\xff\xc0\0\x11\x08\x20\0\x10\0\x03";
    const VALUES: u64 = 0x2000 * 0x1000 * 3;

    /// A page with one strip; the next page begins at `next`.
    fn page(compression: u32, strip: Range<u32>, next: u32) -> Vec<u8> {
        let mut bytes = 3_u16.to_le_bytes().to_vec();
        for (tag, value) in [(259_u16, compression), (273, strip.start), (279, strip.len() as u32)] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(4_u16.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(next.to_le_bytes());
        bytes
    }

    #[test]
    fn only_the_strips_of_jpeg_pages_claim_values() {
        // Two pages of 42 bytes at offsets 8 and 50, with the frame from 100 to 112.
        let file = |first: (u32, Range<u32>), second: (u32, Range<u32>)| {
            let mut bytes = b"II*\0\x08\0\0\0".to_vec();
            bytes.extend(page(first.0, first.1, 50));
            bytes.extend(page(second.0, second.1, 0));
            bytes.resize(100, 0);
            bytes.extend(CLAIM);
            bytes.extend([0; 8]);
            bytes
        };
        let progress = Progress::default();
        for (first, second, expected) in [
            ((7, 100..112), (1, 92..100), VALUES),
            ((1, 92..100), (7, 100..112), VALUES),
            ((7, 92..100), (7, 92..120), VALUES),
            // In a part that begins before the end of another one.
            ((7, 92..105), (7, 96..112), VALUES),
            // By chance in the pixels of another page.
            ((7, 92..100), (1, 100..112), 0),
            ((1, 100..112), (1, 100..112), 0),
            // Truncated, and beyond the end.
            ((7, 100..111), (7, 112..120), 0),
            ((7, 500..520), (7, u32::MAX - 1..u32::MAX), 0),
        ] {
            let bytes = file(first.clone(), second.clone());
            let pages = tiff_pages::offsets(std::io::Cursor::new(&bytes)).unwrap();
            assert_eq!(pages, [8, 50]);
            let found = most_values(&bytes, &pages, &progress).ok();
            assert_eq!(found, Some(expected), "{first:?} {second:?}");
            assert_eq!(is_first_page(&bytes), first.0 == 7);
        }
        let mut odd = file((7, 100..112), (1, 92..100));
        // Only on the first page; and with another length than its components need.
        assert_eq!(most_values(&odd, &[], &progress).ok(), Some(VALUES));
        odd[111] = 4;
        assert_eq!(most_values(&odd, &[], &progress).ok(), Some(0));
        assert_eq!(most_values(b"no picture", &[], &progress).ok(), Some(0));
        progress.cancel();
        assert!(most_values(&odd, &[8], &progress).is_err());
    }
}
