//! Memory for the parts of a packed spreadsheet, checked before a reader that trusts their sizes
//! unpacks them.

use std::io::{BufRead, BufReader, Read, Seek};

use zip::ZipArchive;

use crate::dataset::memory::Reservation;
use crate::dataset::{DataError, Progress};

/// Most rows and columns of a sheet, and most cells read from one.
const MAX_ROWS: u64 = 1 << 20;
const MAX_COLUMNS: u64 = 1 << 14;
const MAX_CELLS: u64 = 100_000_000;
/// Memory per cell of a sheet that is read as a whole: its value and its formula, in growing lists.
const CELL_BYTES: u64 = 128;
/// Memory per cell of the lists that such a sheet becomes: its value, its formula, and the returned
/// copy.
const DENSE_BYTES: u64 = 88;
/// Longest piece of a part that is examined at a time, and deepest nesting of tags.
const PIECE: u64 = 1 << 20;
const MOST_OPEN: usize = 100;

/// Memory of a part while it is read, as a multiple of its length; `None` for parts that are read
/// one at a time.
fn copies(name: &str) -> Option<u64> {
    let name = name.to_ascii_lowercase();
    let ends = |end: &str| name.ends_with(end);
    if ends("sharedstrings.xml") {
        // The shortest text is 13 bytes, and takes 24 in a list that doubles, plus some of its own.
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

/// Facts about the parts.
pub(super) struct Parts<'a> {
    /// The memory they need while they are read.
    pub reservation: Reservation<'a>,
    /// Whether a cell of a sheet that is read as a whole covers several rows.
    pub has_merged: bool,
}

/// Charges the memory of the parts while they are read. Each is unpacked once for that, as the
/// lengths stated by an archive may be wrong.
///
/// # Errors
/// [`DataError::Memory`] if memory is short, and the error that `damaged` creates for impossible
/// sizes.
pub(super) fn charge_parts<'a>(
    archive: &mut ZipArchive<impl Read + Seek>,
    progress: &'a Progress,
    damaged: &dyn Fn(String) -> DataError,
) -> Result<Parts<'a>, DataError> {
    let mut reservation = progress.budget().charge_scoped(0)?;
    let mut has_merged = false;
    // The longest of the parts that are read one at a time.
    let mut longest = 0;
    for at in 0..archive.len() {
        progress.check()?;
        // An entry that cannot be unpacked here cannot be unpacked later either.
        let Ok(entry) = archive.by_index(at) else { continue };
        let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else { continue };
        let copies = copies(&name);
        let lower = name.to_ascii_lowercase();
        let (is_texts, is_sheets) = (lower.ends_with("sharedstrings.xml"), lower.ends_with("content.xml"));
        let mut styles = lower.ends_with("styles.xml").then(Styles::default);
        let (mut bytes, mut claimed) = (0_u64, 0_u64);
        let mut cells = Cells::default();
        let mut tags = Tags::new(BufReader::with_capacity(1 << 16, entry));
        let mut checks = 0_u64;
        loop {
            let read = if is_texts || is_sheets || styles.is_some() { tags.advance() } else { tags.skip() };
            if read == 0 {
                break;
            }
            checks += 1;
            if checks.is_multiple_of(1024) {
                progress.check()?;
            }
            bytes += read;
            match copies {
                Some(copies) => reservation.take(copies * read)?,
                None if bytes > longest => {
                    reservation.take(2 * (bytes - longest))?;
                    longest = bytes;
                }
                None => {}
            }
            let Some(tag) = tags.tag() else {
                return Err(damaged(format!("{name} contains a tag of more than {PIECE} bytes")));
            };
            if let Some(styles) = &mut styles {
                reservation.take(styles.count(tag))?;
            } else if is_sheets {
                if !cells.nest(tag) {
                    return Err(damaged(format!("the tags of {name} do not match")));
                }
                reservation.take(cells.count(tag, read))?;
                has_merged |= self::name(tag) == b"table:table-cell"
                    && number(tag, b"number-rows-spanned").is_some_and(|rows| rows > 1);
            } else {
                claimed = claimed.max(number(tag, b"uniqueCount").unwrap_or(0));
            }
        }
        // The reader would wait for the end of a table forever.
        if !cells.open.is_empty() {
            return Err(damaged(format!("{name} ends too early")));
        }
        if claimed > bytes / 2 {
            return Err(damaged(format!("{name} claims {claimed} texts in {bytes} bytes")));
        }
    }
    Ok(Parts { reservation, has_merged })
}

/// The styles of cells, each of which contains a copy of its number format and its font.
#[derive(Default)]
struct Styles {
    count: u64,
    longest: u64,
}

impl Styles {
    /// The memory that a tag adds.
    fn count(&mut self, tag: &[u8]) -> u64 {
        /// The texts of a style, and the possible excess of a growing list.
        const TEXTS: u64 = 2;
        const GROWS: u64 = 2;
        let name = name(tag);
        match name.rsplit(|byte| *byte == b':').next().unwrap_or(name) {
            b"xf" => {
                self.count += 1;
                GROWS * size_of::<calamine::Style>() as u64 + TEXTS * self.longest
            }
            b"numFmt" | b"name" => {
                let more = (tag.len() as u64).saturating_sub(self.longest);
                self.longest += more;
                // Formats may follow the styles.
                TEXTS * more * self.count
            }
            _ => 0,
        }
    }
}

/// The tags of a part, one after another, split as by the reader.
struct Tags<R> {
    reader: R,
    /// The current tag, from its first character to its `>`; empty after a piece of text.
    tag: Vec<u8>,
    is_cut: bool,
}

impl<R: BufRead> Tags<R> {
    fn new(reader: R) -> Tags<R> {
        Tags { reader, tag: Vec::new(), is_cut: false }
    }

    /// Reads to the end of the next tag, or a piece of the text before it; returns the number of
    /// bytes, 0 at the end.
    fn advance(&mut self) -> u64 {
        self.tag.clear();
        let text = self.read_until(b'<');
        if self.tag.last() != Some(&b'<') {
            self.tag.clear();
            return text;
        }
        self.tag.clear();
        let (mut all, mut quote, mut scanned) = (text, None, 0);
        loop {
            let read = self.read_until(b'>');
            all += read;
            self.is_cut = self.tag.len() as u64 >= PIECE;
            if read == 0 || self.is_cut {
                return all;
            }
            let is_whole = match &self.tag[..] {
                [b'!', b'-', b'-', rest @ ..] => rest.ends_with(b"-->"),
                [b'!', b'[', rest @ ..] => rest.ends_with(b"]]>"),
                [b'?', rest @ ..] => rest.ends_with(b"?>"),
                [b'!' | b'/', ..] => true,
                tag => {
                    for byte in &tag[scanned..] {
                        match quote {
                            None if matches!(byte, b'"' | b'\'') => quote = Some(*byte),
                            Some(open) if open == *byte => quote = None,
                            None | Some(_) => {}
                        }
                    }
                    scanned = tag.len();
                    quote.is_none()
                }
            };
            if is_whole {
                return all;
            }
        }
    }

    /// Skips some bytes.
    fn skip(&mut self) -> u64 {
        let read = self.reader.fill_buf().map_or(0, <[u8]>::len);
        self.reader.consume(read);
        read as u64
    }

    /// The current tag; `None` if it is too long.
    fn tag(&self) -> Option<&[u8]> {
        (!self.is_cut).then_some(&self.tag[..])
    }

    fn read_until(&mut self, end: u8) -> u64 {
        self.reader.by_ref().take(PIECE).read_until(end, &mut self.tag).unwrap_or(0) as u64
    }
}

/// The cells of sheets that are read as a whole, including repeated ones.
#[derive(Default)]
struct Cells {
    /// Repetitions of the current row, its cells, and the empty cells that count only if another
    /// one follows.
    repeats: u64,
    row: u64,
    empty: u64,
    /// Rows of the current sheet, the widest of them, and the memory charged for the sheet.
    rows: u64,
    empty_rows: u64,
    widest: u64,
    charged: u64,
    /// How often the text of the current cell occurs; 0 between cells.
    weight: u64,
    /// The open tags.
    open: Vec<Vec<u8>>,
}

impl Cells {
    /// Begins or ends a tag; returns whether the nesting is valid, without tables or cells inside
    /// cells.
    fn nest(&mut self, tag: &[u8]) -> bool {
        let name = name(tag);
        let is_cell = |name: &[u8]| matches!(name, b"table:table-cell" | b"table:covered-table-cell");
        let has_place = is_cell(name) || matches!(name, b"table:table" | b"table:table-row");
        match tag {
            [] | [b'!' | b'?', ..] => true,
            [b'/', ..] => self.open.pop().is_some_and(|open| open == name[1..]),
            _ if has_place && self.open.iter().any(|open| is_cell(open)) => false,
            tag if tag.ends_with(b"/>") => true,
            _ => {
                self.open.push(name.to_vec());
                self.open.len() <= MOST_OPEN
            }
        }
    }

    /// The memory that a tag adds; `read` bytes were read with the text before it.
    fn count(&mut self, tag: &[u8], read: u64) -> u64 {
        let before = self.weight;
        let more = match name(tag) {
            b"table:table" => {
                *self = Cells { open: std::mem::take(&mut self.open), ..Cells::default() };
                0
            }
            b"table:table-row" => {
                self.end_row();
                self.repeats = number(tag, b"number-rows-repeated").unwrap_or(1).min(MAX_ROWS);
                0
            }
            b"table:table-cell" | b"table:covered-table-cell" => self.cell(tag),
            b"/table:table-cell" | b"/table:covered-table-cell" => {
                self.weight = 0;
                0
            }
            b"text:s" => number(tag, b"text:c").unwrap_or(1).saturating_mul(before),
            _ => 0,
        };
        let weight = before.max(self.weight);
        if tag.ends_with(b"/>") && self.weight > before {
            self.weight = before;
        }
        // A repeated cell repeats its text.
        more.saturating_add(read.saturating_mul(weight))
    }

    fn cell(&mut self, tag: &[u8]) -> u64 {
        let repeats = number(tag, b"number-columns-repeated").unwrap_or(1);
        let has = |part: &[u8]| tag.windows(part.len()).any(|window| window == part);
        if !has(b"office:") && !has(b"formula") {
            self.empty = self.empty.saturating_add(repeats).min(MAX_COLUMNS);
            return 0;
        }
        let before = self.row;
        self.row = (self.row + self.empty).saturating_add(repeats).min(MAX_COLUMNS);
        self.empty = 0;
        // Its columns once, and all its rows in the list and in its copy.
        let copies = repeats.min(MAX_COLUMNS) * (1 + 2 * self.repeats.max(1));
        self.weight = self.weight.max(copies);
        (self.row - before) * CELL_BYTES + self.dense()
    }

    fn end_row(&mut self) {
        if self.row == 0 {
            self.empty_rows = (self.empty_rows + self.repeats).min(MAX_ROWS);
        } else {
            self.rows = (self.rows + self.empty_rows + self.repeats).min(MAX_ROWS);
            self.empty_rows = 0;
        }
        (self.repeats, self.row, self.empty) = (0, 0, 0);
    }

    /// Increase of memory for the list of all cells.
    fn dense(&mut self) -> u64 {
        self.widest = self.widest.max(self.row);
        let rows = (self.rows + self.empty_rows + self.repeats).min(MAX_ROWS);
        let bytes = (rows * self.widest).min(MAX_CELLS) * DENSE_BYTES;
        let more = bytes.saturating_sub(self.charged);
        self.charged += more;
        more
    }
}

/// The name of a tag, including the `/` of a closing one.
fn name(tag: &[u8]) -> &[u8] {
    let is_end =
        |(at, byte): (usize, &u8)| byte.is_ascii_whitespace() || *byte == b'>' || (at > 0 && *byte == b'/');
    let end = tag.iter().enumerate().position(is_end);
    &tag[..end.unwrap_or(tag.len())]
}

/// The largest whole number among attributes whose names end so; among all attributes if the tag
/// contains character references, which could stand for anything.
fn number(tag: &[u8], name: &[u8]) -> Option<u64> {
    let of = |after: usize| {
        let rest = tag[after..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let (quote, rest) = rest.split_first().filter(|(quote, _)| matches!(**quote, b'"' | b'\''))?;
        let value = rest.split(|byte| byte == quote).next()?.trim_ascii();
        if value.contains(&b'&') {
            return Some(u64::MAX);
        }
        let value = value.strip_prefix(b"+").unwrap_or(value);
        value.first().filter(|byte| byte.is_ascii_digit())?;
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
        let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        Some(digits.fold(0, add))
    };
    let found = tag.windows(name.len()).enumerate().filter(|(_, window)| *window == name);
    found.filter_map(|(at, _)| of(at + name.len())).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reservation(name: &str, text: &str, bytes: u64) -> Result<u64, DataError> {
        scanned(name, text, bytes).map(|(reservation, _)| reservation)
    }

    fn scanned(name: &str, text: &str, bytes: u64) -> Result<(u64, bool), DataError> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        let mut archive = ZipArchive::new(zip.finish().unwrap()).unwrap();
        let progress = Progress::with_budget(bytes);
        let Parts { reservation, has_merged } = charge_parts(&mut archive, &progress, &DataError::Setting)?;
        let taken = bytes - progress.budget().free();
        drop(reservation);
        Ok((taken, has_merged))
    }

    #[test]
    fn cells_over_several_rows_are_noticed() {
        for (spans, expected) in [
            ("", false),
            ("table:number-rows-spanned=\"1\" table:number-columns-spanned=\"3\"", false),
            ("table:number-columns-spanned=\"1\" table:number-rows-spanned=\"2\"", true),
        ] {
            let cell = format!("<table:table-cell {spans}><text:p>a</text:p></table:table-cell>");
            let text = format!("<table:table><table:table-row>{cell}</table:table-row></table:table>");
            assert_eq!(scanned("content.xml", &text, 1_000_000).unwrap().1, expected, "{spans}");
        }
    }

    #[test]
    fn parts_are_charged_by_what_they_hold_and_claims_are_checked() {
        let sst =
            |count: &str| format!("<?xml?><sst count=\"1\" uniqueCount=\"{count}\"><si><t>a</t></si></sst>");
        assert_eq!(
            reservation("xl/sharedStrings.xml", &sst("1"), 10_000).unwrap(),
            6 * sst("1").len() as u64
        );
        for count in ["4000000000", "99999999999999999999999"] {
            let error = reservation("xl/sharedStrings.xml", &sst(count), 10_000).unwrap_err().to_string();
            assert!(error.contains("claims") && error.contains("texts in"), "{error}");
        }
        let sheet = "x".repeat(1000);
        assert_eq!(reservation("xl/worksheets/sheet1.xml", &sheet, 10_000).unwrap(), 2000);
        assert!(reservation("xl/worksheets/sheet1.xml", &sheet, 1999).is_err());
        // Each style has a copy of its format.
        let format = format!("<numFmt numFmtId=\"164\" formatCode=\"{}\"/>", "0".repeat(1000));
        let styles = |count: usize| format!("<styleSheet>{format}{}</styleSheet>", "<xf/>".repeat(count));
        assert!(reservation("xl/styles.xml", &styles(10), 200_000).is_ok());
        assert!(matches!(reservation("xl/styles.xml", &styles(200), 300_000), Err(DataError::Memory { .. })));
        let row =
            |cells: &str| format!("<table:table><table:table-row>{cells}</table:table-row></table:table>");
        let many = "table:number-columns-repeated=\"16000\"";
        let word = format!(
            "<table:table-cell {many} office:value-type=\"string\"><text:p>a</text:p></table:table-cell>"
        );
        assert!(matches!(reservation("content.xml", &row(&word), 1_000_000), Err(DataError::Memory { .. })));
        // Empty cells up to the end of the row are ignored.
        let none = format!("<table:table-cell {many}/>");
        assert!(reservation("content.xml", &row(&none), 10_000).is_ok());
    }

    #[test]
    fn what_expands_beyond_its_length_is_found_however_it_is_written() {
        let row =
            |cells: &str| format!("<table:table><table:table-row>{cells}</table:table-row></table:table>");
        let word = |attributes: &str, text: &str| {
            format!(
                "<table:table-cell {attributes} office:value-type='string'><text:p>{text}</text:p></table:table-cell>"
            )
        };
        let many = "table:number-columns-repeated";
        let long = "x".repeat(1000);
        for (cells, is_short) in [
            (word("", &long), false),
            (word("table:formula=\"a > b\"", "c<!-- ' --><![CDATA[<a>]]>"), false),
            // A text repeated with its cell; counted spaces; numbers with references.
            (word(&format!("{many}=\"16000\""), &long), true),
            (word("", "<text:s text:c=\"2000000000\"/>"), true),
            (word("", "<text:s text:c='&#50;000000000'/>"), true),
            (word(&format!("a=\">\" {many}=\"16000\""), &long), true),
            (word(&format!("{many}-not=\"1\" x-{many}=\"1\" {many} = ' 16000'"), &long), true),
        ] {
            let reservation = reservation("content.xml", &row(&cells), 1_000_000);
            assert_eq!(
                matches!(reservation, Err(DataError::Memory { .. })),
                is_short,
                "{cells:.80}: {reservation:?}"
            );
            assert_eq!(reservation.is_ok(), !is_short, "{cells:.80}: {reservation:?}");
        }
        for (text, expected) in [
            ("<table:table><table:table-row></table:table-row>", "ends too early"),
            ("<table:table></table:table-row></table:table>", "do not match"),
            (&row(&word("", "<table:table></table:table>")), "do not match"),
            (&"<a>".repeat(200), "do not match"),
            (&format!("<a {}>", " ".repeat(2 << 20)), "contains a tag of more than"),
        ] {
            let error = reservation("content.xml", text, 100_000_000).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:.80}: {error}");
        }
        for attributes in
            ["xuniqueCount=\"1\" uniqueCount=\"4000000000\"", "a=\">\" uniqueCount='4000000000'"]
        {
            let text = format!("<sst {attributes}><si><t>a</t></si></sst>");
            let error = reservation("xl/sharedStrings.xml", &text, 10_000).unwrap_err().to_string();
            assert!(error.contains("claims 4000000000 texts"), "{error}");
        }
    }
}
