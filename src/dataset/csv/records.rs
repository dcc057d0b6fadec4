//! What the sheets of an old spreadsheet (.xls) claim, before a reader makes room for it.

use crate::dataset::DataError;

/// Cells of the largest sheet.
const MAX_CELLS: u64 = 64 << 20;
/// Memory for a cell: its value, its formula, and the copy of it that is handed out.
const CELL_BYTES: u64 = 88;
/// From here on, numbers of sectors mean something else.
const RESERVED: u32 = 0xFFFF_FFFA;

/// The memory of all cells within the corners of the sheets, which are read as a whole.
///
/// # Errors
/// The extent of a sheet that is larger than any; what `check` returns.
pub(super) fn claimed(
    file: &[u8],
    check: &dyn Fn() -> Result<(), DataError>,
    damaged: &dyn Fn(String) -> DataError,
) -> Result<u64, DataError> {
    // What is no such file is told by its reader.
    let Some(stream) = workbook(file) else { return Ok(0) };
    let sheets = records(&stream).filter(|(kind, _)| *kind == 0x0085);
    let mut bytes = 0_u64;
    for (_, bound) in sheets {
        check()?;
        let sheet = u32_at(bound, 0).and_then(|start| stream.get(start as usize..)).unwrap_or_default();
        let cells = cells(sheet);
        if cells > MAX_CELLS {
            return Err(damaged(format!("a sheet claims {cells} cells")));
        }
        bytes += cells * CELL_BYTES;
    }
    Ok(bytes)
}

/// The cells within the corners of a sheet, as it says or as its cells lie, whichever is more.
fn cells(sheet: &[u8]) -> u64 {
    let (mut told, mut is_begun, mut depth) = (0, false, 0_u32);
    let (mut rows, mut columns) = ((u16::MAX, 0), (u16::MAX, 0));
    for (kind, data) in records(sheet) {
        match kind {
            // Charts within are sheets of their own.
            0x0809 if is_begun => depth += 1,
            0x0809 => is_begun = true,
            0x000A if depth > 0 => depth -= 1,
            0x000A => break,
            _ if depth > 0 => {}
            0x0200 => told = told.max(extent(data).unwrap_or(0)),
            0x0006 | 0x00BD | 0x00D6 | 0x00FD | 0x0203..=0x0205 | 0x027E => {
                let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { continue };
                let last =
                    data.len().checked_sub(2).filter(|_| kind == 0x00BD).and_then(|at| u16_at(data, at));
                rows = (rows.0.min(row), rows.1.max(row));
                columns = (columns.0.min(column), columns.1.max(column).max(last.unwrap_or(0)));
            }
            _ => {}
        }
    }
    let length = |(first, last): (u16, u16)| (u64::from(last) + 1).saturating_sub(u64::from(first));
    told.max(length(rows) * length(columns))
}

/// The cells within the corners that a sheet tells; counted as its reader counts them, which takes a last row before the
/// first for a very large number.
fn extent(data: &[u8]) -> Option<u64> {
    let (rows, at) = if data.len() == 10 {
        ((u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?)), 4)
    } else {
        ((u32_at(data, 0)?, u32_at(data, 4)?), 8)
    };
    let (first, last) = (u32::from(u16_at(data, at)?), u32::from(u16_at(data, at + 2)?));
    if rows.1 == 0 || last == 0 {
        return Some(1);
    }
    let first = if first > 0xFF || last < first { 0 } else { first };
    let length = |first: u32, last: u32| u64::from(last.wrapping_sub(first));
    Some(length(rows.0, rows.1).saturating_mul(length(first, last)))
}

/// The records of a stream: their kinds and what they hold.
fn records(mut stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, length) = (u16_at(stream, 0)?, usize::from(u16_at(stream, 2)?));
        let data = stream.get(4..4 + length)?;
        stream = &stream[4 + length..];
        Some((kind, data))
    })
}

/// The stream of all sheets, put together from the sectors of the file.
fn workbook(file: &[u8]) -> Option<Vec<u8>> {
    let size = 1_usize << u16_at(file, 30).filter(|shift| matches!(shift, 9 | 12))?;
    // The header is as long as a sector.
    let sectors = file.get(size..)?;
    let most = sectors.len() / size + 1;
    let mut lists: Vec<u32> = numbers(file.get(76..512)?).collect();
    let mut next = u32_at(file, 68)?;
    for _ in 0..most {
        let Some(sector) = sector(sectors, size, next) else { break };
        lists.extend(numbers(sector));
        next = lists.pop()?;
    }
    let lists = lists.into_iter().filter(|at| *at < RESERVED).take(most);
    let follows: Vec<u32> =
        lists.filter_map(|at| sector(sectors, size, at)).flat_map(numbers).take(most).collect();
    let folder = chain(sectors, size, &follows, u32_at(file, 48)?);
    let entries = || folder.chunks_exact(128);
    let entry = entries().find(|entry| is_called(entry, "workbook"));
    let entry = entry.or_else(|| entries().find(|entry| is_called(entry, "book")))?;
    let (start, length) = (u32_at(entry, 116)?, u32_at(entry, 120)? as usize);
    let mut stream = if length < 4096 {
        let small = chain(sectors, size, &follows, u32_at(entries().next()?, 116)?);
        let follows: Vec<u32> = numbers(&chain(sectors, size, &follows, u32_at(file, 60)?)).collect();
        chain(&small, 64, &follows, start)
    } else {
        chain(sectors, size, &follows, start)
    };
    stream.truncate(length);
    Some(stream)
}

fn is_called(entry: &[u8], name: &str) -> bool {
    let letters = entry[..64].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let letters: Vec<u16> = letters.take_while(|letter| *letter != 0).collect();
    String::from_utf16_lossy(&letters).eq_ignore_ascii_case(name)
}

/// The sectors that follow each other from one on; no more than there are.
fn chain(sectors: &[u8], size: usize, follows: &[u32], start: u32) -> Vec<u8> {
    let (mut bytes, mut at) = (Vec::new(), start);
    for _ in 0..=sectors.len() / size {
        let Some(sector) = sector(sectors, size, at) else { break };
        bytes.extend_from_slice(sector);
        let Some(next) = follows.get(at as usize) else { break };
        at = *next;
    }
    bytes
}

/// A sector; the last may be cut short.
fn sector(sectors: &[u8], size: usize, at: u32) -> Option<&[u8]> {
    let start = (at as usize).checked_mul(size).filter(|start| at < RESERVED && *start < sectors.len())?;
    sectors.get(start..sectors.len().min(start + size))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    numbers(bytes.get(at..at.checked_add(4)?)?).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }

    /// A file of one stream, in sectors one after the other.
    fn file(stream: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 3 * 512];
        bytes[30] = 9;
        bytes[48..52].copy_from_slice(&1_u32.to_le_bytes());
        bytes[68..72].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes[76..512].fill(0xFF);
        bytes[76..80].fill(0);
        // Sector 0 tells which follows which: 1 is the folder, 2 to 9 the stream.
        bytes[512..1024].fill(0xFF);
        for at in 2..9_usize {
            bytes[512 + 4 * at..516 + 4 * at].copy_from_slice(&(at as u32 + 1).to_le_bytes());
        }
        for (at, letter) in "Workbook".bytes().enumerate() {
            bytes[1024 + 2 * at] = letter;
        }
        bytes[1024 + 116] = 2;
        bytes[1024 + 120..1024 + 124].copy_from_slice(&4096_u32.to_le_bytes());
        bytes.extend_from_slice(stream);
        bytes.resize(512 * 11, 0);
        bytes
    }

    #[test]
    fn extents_are_found_before_they_are_believed() {
        let claimed = |told: &[u8], cells: &[[u16; 2]]| {
            let cells = cells.iter().flat_map(|[row, column]| {
                let place = [row.to_le_bytes(), column.to_le_bytes()].concat();
                record(0x0203, &[&place[..], &[0; 10]].concat())
            });
            let sheet =
                [record(0x0809, &[0; 16]), record(0x0200, told), cells.collect(), record(0x000A, &[])];
            let stream =
                [record(0x0085, &12_u32.to_le_bytes()), record(0x000A, &[]), sheet.concat()].concat();
            super::claimed(&file(&stream), &|| Ok(()), &DataError::Setting)
        };
        let told = |rows: u32, columns: u16| {
            [&0_u32.to_le_bytes()[..], &rows.to_le_bytes(), &[0, 0], &columns.to_le_bytes(), &[0, 0]].concat()
        };
        assert_eq!(claimed(&told(2, 3), &[[0, 0]]).unwrap(), 6 * CELL_BYTES);
        assert_eq!(claimed(&told(1, 1), &[[2, 1], [5, 4]]).unwrap(), 16 * CELL_BYTES);
        for (told, cells) in [(told(u32::MAX, 200), &[][..]), (told(1, 1), &[[0, 0], [65_535, 65_535]])] {
            assert!(claimed(&told, cells).unwrap_err().to_string().contains("claims"));
        }
        assert_eq!(super::claimed(b"no such file", &|| Ok(()), &DataError::Setting).unwrap(), 0);
    }
}
