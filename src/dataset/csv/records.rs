//! Sizes stated by the sheets of an old spreadsheet (.xls), checked before a reader allocates
//! memory for them.

use super::sectors::{u16_at, u32_at, workbooks};
use crate::dataset::DataError;

/// First bytes of such a file.
const MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Most cells of a sheet.
const MAX_CELLS: u64 = 64 << 20;
/// Memory per cell: its value, its formula, and the returned copy.
const CELL_BYTES: u64 = 88;
/// The text of a formula consists of names, so it can be a multiple of the formula's length.
const FORMULA_COPIES: u64 = 200;
/// Most records that continue one; the reader moves all of them for each.
const MOST_CONTINUED: usize = 1 << 15;

/// The memory of all cells within the corners of the sheets, which are read as a whole, and of
/// their texts.
///
/// # Errors
/// Circular chains of sectors, which a reader would follow forever; the extent of a sheet that is
/// impossibly large; the errors of `check`.
pub(super) fn claimed(
    file: &[u8],
    check: &dyn Fn() -> Result<(), DataError>,
    damaged: &dyn Fn(String) -> DataError,
) -> Result<u64, DataError> {
    // The reader reports files of any other kind.
    if !file.starts_with(MAGIC) {
        return Ok(0);
    }
    let streams = workbooks(file).ok_or_else(|| damaged("its sectors contradict each other".into()))?;
    let mut bytes = 0_u64;
    for stream in streams {
        let texts = texts(&stream);
        let mut walked = 0;
        for (_, bound) in records(&stream).filter(|(kind, _)| *kind == 0x0085) {
            check()?;
            let sheet = u32_at(bound, 0).and_then(|start| stream.get(start as usize..)).unwrap_or_default();
            let sheet = Sheet::of(sheet, &texts);
            walked += sheet.walked;
            if sheet.cells > MAX_CELLS {
                return Err(damaged(format!("a sheet claims {} cells", sheet.cells)));
            }
            if walked > 4 * stream.len() {
                return Err(damaged("its sheets overlap".into()));
            }
            bytes = bytes.saturating_add(sheet.cells * CELL_BYTES).saturating_add(sheet.more);
        }
        if continued(&stream) > MOST_CONTINUED {
            return Err(damaged("its records have no end".into()));
        }
    }
    Ok(bytes)
}

/// Memory of a sheet.
#[derive(Default)]
struct Sheet {
    /// The cells within its corners, either stated or from the positions of cells, whichever is
    /// more.
    cells: u64,
    /// Memory of texts and formulas in addition to the cells.
    more: u64,
    /// Bytes up to its end.
    walked: usize,
}

impl Sheet {
    fn of(sheet: &[u8], texts: &[u32]) -> Sheet {
        let (mut is_begun, mut depth, mut last) = (false, 0_u32, (0, 0));
        let mut found = Sheet::default();
        let (mut rows, mut columns) = ((u16::MAX, 0), (u16::MAX, 0));
        let mut add = |row: u16, column: u16, last: u16| {
            rows = (rows.0.min(row), rows.1.max(row));
            columns = (columns.0.min(column), columns.1.max(column).max(last));
        };
        for (kind, data) in records(sheet) {
            found.walked += 4 + data.len();
            let length = |at: usize| 3 * u64::from(u16_at(data, at).unwrap_or(0));
            match kind {
                // Embedded charts are sheets themselves.
                0x0809 if is_begun => depth += 1,
                0x0809 => is_begun = true,
                0x000A if depth > 0 => depth -= 1,
                0x000A => break,
                _ if depth > 0 => {}
                0x0200 => found.cells = found.cells.max(extent(data).unwrap_or(0)),
                // The text of the formula before it.
                0x0207 => {
                    add(last.0, last.1, 0);
                    found.more += length(0);
                }
                0x0006 | 0x00BD | 0x00D6 | 0x00FD | 0x0203..=0x0205 | 0x027E => {
                    let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { continue };
                    let end = data.len().checked_sub(2).filter(|_| kind == 0x00BD);
                    add(row, column, end.and_then(|at| u16_at(data, at)).unwrap_or(0));
                    found.more += match kind {
                        0x0006 => {
                            last = (row, column);
                            FORMULA_COPIES * data.len() as u64
                        }
                        0x00D6 | 0x0204 => length(6),
                        // In the list of cells, and in its copy.
                        0x00FD => {
                            let text = u32_at(data, 6).and_then(|at| texts.get(at as usize));
                            2 * u64::from(text.copied().unwrap_or(0))
                        }
                        _ => 0,
                    };
                }
                _ => {}
            }
        }
        let length = |(first, last): (u16, u16)| (u64::from(last) + 1).saturating_sub(u64::from(first));
        found.cells = found.cells.max(length(rows) * length(columns));
        found
    }
}

/// Upper bounds for the bytes of the texts that the sheets share.
fn texts(stream: &[u8]) -> Vec<u32> {
    let mut texts = Vec::new();
    let mut records = records(stream).take_while(|(kind, _)| *kind != 0x000A).peekable();
    while let Some((kind, data)) = records.next() {
        if kind == 0x00FC {
            texts.clear();
            let more =
                std::iter::from_fn(|| records.next_if(|(kind, _)| *kind == 0x003C)).map(|(_, data)| data);
            let mut parts = Parts { data: data.get(8..).unwrap_or_default(), more };
            while let Some(length) = parts.text() {
                texts.push(length);
            }
        }
    }
    texts
}

/// A record with the records that continue it.
struct Parts<'a, I> {
    data: &'a [u8],
    more: I,
}

impl<'a, I: Iterator<Item = &'a [u8]>> Parts<'a, I> {
    /// Skips a text; returns an upper bound for its bytes. `None` at the end and for anything else.
    fn text(&mut self) -> Option<u32> {
        if self.data.is_empty() {
            self.data = self.more.next()?;
            if self.data.is_empty() {
                return Some(0);
            }
        }
        let (length, flags) = (u16_at(self.data, 0)?, *self.data.get(2)?);
        self.data = &self.data[3..];
        let mut after = 0;
        if flags & 8 != 0 {
            after += 4 * u64::from(u16_at(self.data, 0)?);
            self.data = &self.data[2..];
        }
        if flags & 4 != 0 {
            after += u64::from(u32_at(self.data, 0)?);
            self.data = &self.data[4..];
        }
        let (mut left, mut width) = (usize::from(length), 1 + usize::from(flags & 1));
        while left > 0 {
            let here = left.min(self.data.len() / width);
            self.data = &self.data[here * width..];
            left -= here;
            if left > 0 {
                // Each further record states the width of its characters.
                let (flags, data) = self.more.next()?.split_first()?;
                (self.data, width) = (data, 1 + usize::from(flags & 1));
            }
        }
        while after > 0 {
            if self.data.is_empty() {
                self.data = self.more.next()?;
            }
            let here = after.min(self.data.len() as u64);
            self.data = &self.data[here as usize..];
            after -= here;
        }
        Some(3 * u32::from(length))
    }
}

/// The most records that continue one.
fn continued(stream: &[u8]) -> usize {
    let (mut most, mut count) = (0, 0);
    for (kind, _) in records(stream) {
        count = if kind == 0x003C { count + 1 } else { 0 };
        most = most.max(count);
    }
    most
}

/// The number of cells within the stated corners of a sheet, counted like its reader, which reads a
/// last row before the first as a very large number.
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

/// The records of a stream: their kinds and contents.
fn records(mut stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, length) = (u16_at(stream, 0)?, usize::from(u16_at(stream, 2)?));
        let data = stream.get(4..4 + length)?;
        stream = &stream[4 + length..];
        Some((kind, data))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sectors::tests::file;
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }

    fn cell(kind: u16, [row, column]: [u16; 2], data: &[u8]) -> Vec<u8> {
        record(kind, &[&row.to_le_bytes()[..], &column.to_le_bytes(), data].concat())
    }

    /// Memory of a sheet with these records.
    fn taken(shared: &[u8], dimensions: &[u8], cells: &[u8]) -> Result<u64, DataError> {
        let sheet =
            [record(0x0809, &[0; 16]), record(0x0200, dimensions), cells.to_vec(), record(0x000A, &[])];
        let start = 12 + shared.len() as u32;
        let stream =
            [record(0x0085, &start.to_le_bytes()), shared.to_vec(), record(0x000A, &[]), sheet.concat()];
        claimed(&file(&stream.concat()), &|| Ok(()), &DataError::Setting)
    }

    fn dimensions(rows: u32, columns: u16) -> Vec<u8> {
        [&0_u32.to_le_bytes()[..], &rows.to_le_bytes(), &[0, 0], &columns.to_le_bytes(), &[0, 0]].concat()
    }

    #[test]
    fn extents_are_found_before_they_are_believed() {
        let claimed = |dimensions: &[u8], cells: &[[u16; 2]]| {
            let cells: Vec<u8> = cells.iter().flat_map(|place| cell(0x0203, *place, &[0; 10])).collect();
            taken(&[], dimensions, &cells)
        };
        assert_eq!(claimed(&dimensions(2, 3), &[[0, 0]]).unwrap(), 6 * CELL_BYTES);
        assert_eq!(claimed(&dimensions(1, 1), &[[2, 1], [5, 4]]).unwrap(), 16 * CELL_BYTES);
        for (dimensions, cells) in
            [(dimensions(u32::MAX, 200), &[][..]), (dimensions(1, 1), &[[0, 0], [65_535, 65_535]])]
        {
            assert!(claimed(&dimensions, cells).unwrap_err().to_string().contains("claims"));
        }
        assert_eq!(super::claimed(b"no such file", &|| Ok(()), &DataError::Setting).unwrap(), 0);
    }

    #[test]
    fn texts_count_as_often_as_they_are_used() {
        // 2 characters, 3 wide ones in two records, and 1 with a format and a tail.
        let shared = [
            record(0x00FC, &[&[0; 8][..], &[2, 0, 0], b"ab", &[3, 0, 1], b"c\0"].concat()),
            record(0x003C, &[&[1][..], b"d\0e\0", &[1, 0, 12, 1, 0, 2, 0, 0, 0], b"f", &[0; 6]].concat()),
        ];
        let shared = shared.concat();
        assert_eq!(texts(&shared), [6, 9, 3]);
        let use_of = |text: u8| cell(0x00FD, [0, 0], &[0, 0, text, 0, 0, 0]);
        assert_eq!(taken(&shared, &dimensions(1, 1), &use_of(1)).unwrap(), CELL_BYTES + 18);
        let cells = [use_of(0), use_of(2), use_of(9)].concat();
        assert_eq!(taken(&shared, &dimensions(1, 1), &cells).unwrap(), CELL_BYTES + 12 + 6);
        // A text that states more characters than it has.
        let label = cell(0x0204, [0, 0], &[0, 0, 0xFF, 0xFF, 0]);
        assert_eq!(taken(&[], &dimensions(1, 1), &label).unwrap(), CELL_BYTES + 3 * 65_535);
    }

    #[test]
    fn sheets_that_lie_one_over_the_other_are_refused() {
        let sheet = [record(0x0809, &[0; 16]), record(1, &[0; 3000])].concat();
        let bound = |count: u32| record(0x0085, &(8 * count).to_le_bytes()).repeat(count as usize);
        for (stream, is_refused) in [
            ([bound(1), sheet.clone()].concat(), false),
            ([bound(5), sheet].concat(), true),
            // Sheets after the end.
            (record(0x0085, &20_000_u32.to_le_bytes()).repeat(3), false),
        ] {
            let found = claimed(&file(&stream), &|| Ok(()), &DataError::Setting).err();
            let message = found.map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(message.contains("sheets overlap"), is_refused, "{message}");
        }
        assert_eq!(continued(&[record(1, &[]), record(0x003C, &[]).repeat(3), record(1, &[])].concat()), 3);
    }
}
