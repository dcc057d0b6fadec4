//! What the parts of a packed spreadsheet take, before a reader that believes what they claim unpacks them.

use std::io::{BufRead, BufReader, Read, Seek};

use zip::ZipArchive;

use crate::dataset::memory::Held;
use crate::dataset::{DataError, Progress};

/// Rows and columns of the largest sheet, and cells that are read of one.
const MAX_ROWS: u64 = 1 << 20;
const MAX_COLUMNS: u64 = 1 << 14;
const MAX_CELLS: u64 = 100_000_000;
/// Memory for a cell of a sheet that is read as a whole: its value and its formula, in lists that grow.
const CELL_BYTES: u64 = 128;
/// Memory for a cell of the lists that such a sheet ends in: its value, its formula, and the copy that is handed out.
const DENSE_BYTES: u64 = 88;
/// The longest piece of a part that is looked at at once.
const PIECE: u64 = 1 << 20;

/// Memory that a part takes while it is read, in times its length; `None` for those that are read one at a time.
fn copies(name: &str) -> Option<u64> {
    let name = name.to_ascii_lowercase();
    let ends = |end: &str| name.ends_with(end);
    if ends("sharedstrings.xml") {
        // The shortest text is 13 bytes, and takes 24 in a list that doubles, and some more of its own.
        Some(6)
    } else if ends("styles.xml") {
        Some(32)
    } else if ends("workbook.xml") || ends(".rels") || ends("theme1.xml") {
        Some(8)
    } else if ends("content.xml") {
        Some(4)
    } else {
        None
    }
}

/// Charges what the parts will take while they are read. Each is unpacked once for that: what an archive says of their
/// lengths need not be true.
///
/// # Errors
/// [`DataError::Memory`] for more than there is, and what `damaged` makes of claims that cannot be true.
pub(super) fn hold<'a>(
    archive: &mut ZipArchive<impl Read + Seek>,
    progress: &'a Progress,
    damaged: &dyn Fn(String) -> DataError,
) -> Result<Held<'a>, DataError> {
    let mut held = progress.budget().hold(0)?;
    // The longest of those that are read one at a time.
    let mut longest = 0;
    for at in 0..archive.len() {
        progress.check()?;
        // What cannot be unpacked here cannot be later.
        let Ok(entry) = archive.by_index(at) else { continue };
        let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else { continue };
        let copies = copies(&name);
        let (mut bytes, mut claimed) = (0_u64, 0_u64);
        let mut cells = Cells::default();
        let is_sheets = name.to_ascii_lowercase().ends_with("content.xml");
        let mut reader = BufReader::with_capacity(1 << 16, entry);
        let (mut piece, mut pieces) = (Vec::new(), 0_u64);
        loop {
            piece.clear();
            let read = reader.by_ref().take(PIECE).read_until(b'>', &mut piece).unwrap_or(0) as u64;
            if read == 0 {
                break;
            }
            pieces += 1;
            if pieces.is_multiple_of(1024) {
                progress.check()?;
            }
            bytes += read;
            match copies {
                Some(copies) => held.take(copies * read)?,
                None if bytes > longest => {
                    held.take(2 * (bytes - longest))?;
                    longest = bytes;
                }
                None => {}
            }
            let start = piece.iter().rposition(|byte| *byte == b'<');
            if is_sheets {
                held.take(cells.copies(start.unwrap_or(piece.len())))?;
            }
            let Some(start) = start else { continue };
            let tag = &piece[start + 1..];
            if is_sheets {
                held.take(cells.count(tag))?;
            } else if copies.is_some() && local_name(tag) == b"sst" {
                claimed = claimed.max(number(tag, b"uniqueCount").unwrap_or(0));
            }
        }
        if claimed > bytes / 2 {
            return Err(damaged(format!("{name} claims {claimed} texts in {bytes} bytes")));
        }
    }
    Ok(held)
}

/// The cells of sheets that are read as a whole, with those that stand for many.
#[derive(Default)]
struct Cells {
    /// Repetitions of the row at hand, its cells, and the empty ones that count only where another follows.
    repeats: u64,
    row: u64,
    empty: u64,
    /// Repetitions of the cell at hand.
    cell: u64,
    /// Rows of the sheet at hand, the widest of them, and what the sheet was charged with.
    rows: u64,
    empty_rows: u64,
    widest: u64,
    charged: u64,
}

impl Cells {
    /// The memory that a tag adds.
    fn count(&mut self, tag: &[u8]) -> u64 {
        match tag.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')).next() {
            Some(b"table:table") => *self = Cells::default(),
            Some(b"table:table-row") => {
                self.end_row();
                self.repeats = number(tag, b"number-rows-repeated").unwrap_or(1).min(MAX_ROWS);
            }
            Some(b"table:table-cell" | b"table:covered-table-cell") => {
                let repeats = number(tag, b"number-columns-repeated").unwrap_or(1);
                self.cell = repeats.min(MAX_COLUMNS);
                let has = |part: &[u8]| tag.windows(part.len()).any(|window| window == part);
                if has(b"office:") || has(b"formula") {
                    let before = self.row;
                    self.row = (self.row + self.empty).saturating_add(repeats).min(MAX_COLUMNS);
                    self.empty = 0;
                    return (self.row - before) * CELL_BYTES + self.dense() + self.copies(tag.len());
                }
                self.empty = self.empty.saturating_add(repeats).min(MAX_COLUMNS);
            }
            _ => {}
        }
        0
    }

    /// The memory for so many letters of a cell that is repeated, which each repetition has twice.
    fn copies(&self, letters: usize) -> u64 {
        let cells = self.cell.saturating_mul(self.repeats).saturating_sub(1);
        (letters as u64).saturating_mul(cells).saturating_mul(2)
    }

    fn end_row(&mut self) {
        if self.row == 0 {
            self.empty_rows = (self.empty_rows + self.repeats).min(MAX_ROWS);
        } else {
            self.rows = (self.rows + self.empty_rows + self.repeats).min(MAX_ROWS);
            self.empty_rows = 0;
        }
        (self.repeats, self.row, self.empty, self.cell) = (0, 0, 0, 0);
    }

    /// What the list of all cells takes more by now.
    fn dense(&mut self) -> u64 {
        self.widest = self.widest.max(self.row);
        let rows = (self.rows + self.empty_rows + self.repeats).min(MAX_ROWS);
        let bytes = (rows * self.widest).min(MAX_CELLS) * DENSE_BYTES;
        let more = bytes.saturating_sub(self.charged);
        self.charged += more;
        more
    }
}

/// The name of a tag without its prefix.
fn local_name(tag: &[u8]) -> &[u8] {
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
    let name = &tag[..end.unwrap_or(tag.len())];
    name.rsplit(|byte| *byte == b':').next().unwrap_or(name)
}

/// The whole number in an attribute of a tag; the largest for one that is larger.
fn number(tag: &[u8], name: &[u8]) -> Option<u64> {
    let at = tag.windows(name.len()).position(|window| window == name)?;
    let rest = tag[at + name.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'"))?.trim_ascii_start();
    let rest = rest.strip_prefix(b"+").unwrap_or(rest);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    rest.first().filter(|byte| byte.is_ascii_digit())?;
    Some(digits.fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &str, text: &str, bytes: u64) -> Result<u64, DataError> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        let mut archive = ZipArchive::new(zip.finish().unwrap()).unwrap();
        let progress = Progress::with_budget(bytes);
        let held = hold(&mut archive, &progress, &DataError::Setting)?;
        let taken = bytes - progress.budget().free();
        drop(held);
        Ok(taken)
    }

    #[test]
    fn parts_are_charged_by_what_they_hold_and_claims_are_checked() {
        let sst =
            |count: &str| format!("<?xml?><sst count=\"1\" uniqueCount=\"{count}\"><si><t>a</t></si></sst>");
        assert_eq!(held("xl/sharedStrings.xml", &sst("1"), 10_000).unwrap(), 6 * sst("1").len() as u64);
        for count in ["4000000000", "99999999999999999999999"] {
            let error = held("xl/sharedStrings.xml", &sst(count), 10_000).unwrap_err().to_string();
            assert!(error.contains("claims") && error.contains("texts in"), "{error}");
        }
        let sheet = "x".repeat(1000);
        assert_eq!(held("xl/worksheets/sheet1.xml", &sheet, 10_000).unwrap(), 2000);
        assert!(held("xl/worksheets/sheet1.xml", &sheet, 1999).is_err());
        let row =
            |cells: &str| format!("<table:table><table:table-row>{cells}</table:table-row></table:table>");
        let many = "table:number-columns-repeated=\"16000\"";
        let word = format!(
            "<table:table-cell {many} office:value-type=\"string\"><text:p>a</text:p></table:table-cell>"
        );
        assert!(matches!(held("content.xml", &row(&word), 1_000_000), Err(DataError::Memory { .. })));
        // A long text that is repeated takes its length each time.
        let text = "x".repeat(1000);
        let long = format!(
            "<table:table-cell {{}} office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        );
        let (once, often) =
            (long.replace("{}", ""), long.replace("{}", "table:number-columns-repeated=\"900\""));
        assert!(held("content.xml", &row(&once), 1_000_000).is_ok());
        assert!(matches!(held("content.xml", &row(&often), 1_000_000), Err(DataError::Memory { .. })));
        // Empty cells up to the end of the row are none.
        let none = format!("<table:table-cell {many}/>");
        assert!(held("content.xml", &row(&none), 10_000).is_ok());
    }
}
