//! The sectors of an old spreadsheet (.xls), joined before they reach a reader that would follow
//! circular chains forever.

use encoding_rs::UTF_16LE;

/// From this number on, sector numbers have another meaning: the end of a chain, or unused.
const RESERVED: u32 = 0xFFFF_FFFA;
const END: u32 = 0xFFFF_FFFE;
/// Number of lists in the header.
const FIRST_LISTS: usize = 109;

/// The streams of sheets, joined from the sectors of the file; `None` if sectors form a circle or
/// are missing.
pub(super) fn workbooks(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let size = 1_usize << u16_at(file, 30).filter(|shift| matches!(shift, 9 | 12))?;
    // The header has the length of a sector.
    let sectors = file.get(size..)?;
    let most = sectors.len() / size + 1;
    let mut lists: Vec<u32> = numbers(file.get(76..512)?).collect();
    let mut next = u32_at(file, 68)?;
    for _ in 0..most {
        let Some(sector) = sector(sectors, size, next) else { break };
        lists.extend(numbers(sector));
        next = lists.pop()?;
    }
    lists.retain(|at| *at < RESERVED);
    // Some programs fill the rest of the first list with zeros.
    if lists.len() > most + FIRST_LISTS {
        return None;
    }
    let follows: Vec<u32> =
        lists.into_iter().filter_map(|at| sector(sectors, size, at)).flat_map(numbers).collect();
    let folder = chain(sectors, size, &follows, u32_at(file, 48)?, usize::MAX)?;
    let entries = || folder.chunks_exact(128);
    let length = |entry: &[u8]| {
        let high = if size == 4096 { u32_at(entry, 124)? } else { 0 };
        usize::try_from(u64::from(high) << 32 | u64::from(u32_at(entry, 120)?)).ok()
    };
    // Short streams have their own sectors, within a stream of the whole file.
    let lists_bytes = (u32_at(file, 64)? as usize).saturating_mul(size);
    let (small, small_follows) = if lists_bytes > 0 {
        let root = entries().next()?;
        let small = chain(sectors, size, &follows, u32_at(root, 116)?, length(root)?)?;
        let follows = chain(sectors, size, &follows, u32_at(file, 60)?, lists_bytes)?;
        (small, numbers(&follows).collect())
    } else {
        (Vec::new(), Vec::new())
    };
    let books = entries().filter(|entry| is_book(entry)).map(|entry| {
        let (start, length) = (u32_at(entry, 116)?, length(entry)?);
        if length < 4096 {
            chain(&small, 64, &small_follows, start, length)
        } else {
            chain(sectors, size, &follows, start, length)
        }
    });
    books.collect()
}

/// Whether an entry has the name that the reader searches for.
fn is_book(entry: &[u8]) -> bool {
    let name = UTF_16LE.decode(&entry[..64]).0;
    let name = name.split('\0').next().unwrap_or_default();
    ["workbook", "book"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The chain of sectors from one on, up to this many bytes; `None` if it leaves the file or is
/// circular.
fn chain(sectors: &[u8], size: usize, follows: &[u32], start: u32, length: usize) -> Option<Vec<u8>> {
    let (mut bytes, mut at) = (Vec::new(), start);
    for _ in 0..=sectors.len() / size + 1 {
        if at == END || bytes.len() >= length {
            bytes.truncate(length);
            return Some(bytes);
        }
        bytes.extend_from_slice(sector(sectors, size, at)?);
        if bytes.len() < length {
            at = *follows.get(at as usize)?;
        }
    }
    None
}

/// A sector; the last may be cut short.
fn sector(sectors: &[u8], size: usize, at: u32) -> Option<&[u8]> {
    let start = (at as usize).checked_mul(size).filter(|start| at < RESERVED && *start < sectors.len())?;
    sectors.get(start..sectors.len().min(start + size))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    numbers(bytes.get(at..at.checked_add(4)?)?).next()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn put(bytes: &mut [u8], at: usize, number: u32) {
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }

    /// A file with one stream, in consecutive sectors.
    pub(in crate::dataset::csv) fn file(stream: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 3 * 512];
        bytes[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
        bytes[30] = 9;
        put(&mut bytes, 48, 1);
        put(&mut bytes, 68, END);
        bytes[76..512].fill(0xFF);
        bytes[76..80].fill(0);
        // Sector 0 contains the chain: 1 is the directory, 2 to 9 the stream.
        bytes[512..1024].fill(0xFF);
        for at in 1..10 {
            put(&mut bytes, 512 + 4 * at, if matches!(at, 1 | 9) { END } else { at as u32 + 1 });
        }
        for (at, letter) in "Workbook".bytes().enumerate() {
            bytes[1024 + 2 * at] = letter;
        }
        put(&mut bytes, 1024 + 116, 2);
        put(&mut bytes, 1024 + 120, 4096);
        bytes.extend_from_slice(stream);
        bytes.resize(512 * 11, 0);
        bytes
    }

    #[test]
    fn chains_that_lead_nowhere_are_refused() {
        let check = |changes: &[(usize, u32)], is_valid: bool| {
            let mut file = file(b"abc");
            for &(at, number) in changes {
                put(&mut file, at, number);
            }
            let found = workbooks(&file);
            assert_eq!(found.as_ref().map(Vec::len), is_valid.then_some(1), "{changes:?}");
            assert!(found.is_none_or(|books| books[0].starts_with(b"abc")), "{changes:?}");
        };
        let (follows, length) = (|sector: usize| 512 + 4 * sector, 1024 + 120);
        check(&[], true);
        // The stated length, with any continuation; longer than the stream.
        check(&[(follows(5), 2)], true);
        check(&[(length, 100_000)], true);
        // In a circle, out of the file, and to nothing.
        check(&[(follows(1), 1)], false);
        check(&[(follows(9), 2), (length, 100_000)], false);
        check(&[(follows(5), 12_345)], false);
        check(&[(follows(5), 0xFFFF_FFFF)], false);
        // Short sectors: their list is missing, or circular.
        check(&[(64, 1), (60, 12_345)], false);
        check(&[(64, 1), (60, 1), (length, 100)], false);
        assert_eq!(workbooks(b"no such file"), None);
    }
}
