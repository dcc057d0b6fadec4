//! Spreadsheets, written out as the text of a table.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Ods, Range, Reader, Xls, Xlsx};
use zip::ZipArchive;

use super::{parts, records};
use crate::dataset::memory::Held;
use crate::dataset::open_file::{Watched, open_file};
use crate::dataset::{DataError, Progress};

/// The first sheet of a spreadsheet that is not empty.
pub(super) struct Sheet {
    pub name: String,
    /// How many sheets there are.
    pub count: usize,
    /// Its cells, a row a line, with commas between them; charged to the budget.
    pub text: Vec<u8>,
}

/// Memory that a spreadsheet that is not packed takes while it is read, in times its length.
const COPIES: u64 = 50;
/// Rows and columns of the largest sheet.
const MAX_ROW: u32 = 1 << 20;
const MAX_COLUMN: u32 = 1 << 14;

type Source<'a> = BufReader<Watched<'a, File>>;

/// Reads the first sheet that is not empty.
///
/// # Errors
/// [`DataError`] where the file is no spreadsheet, is damaged, or has no cells.
pub(super) fn read(path: &Path, progress: &Progress) -> Result<Sheet, DataError> {
    // Foreign bytes in a foreign reader: a panic costs this file alone.
    let read = catch_unwind(AssertUnwindSafe(|| first_sheet(path, progress)));
    progress.check()?;
    read.unwrap_or_else(|_| Err(damaged(path, &"its parts contradict each other")))
}

fn first_sheet(path: &Path, progress: &Progress) -> Result<Sheet, DataError> {
    let open = || {
        let (file, bytes) = open_file(path, "a table")?;
        Ok::<Source<'_>, DataError>(BufReader::new(Watched::new(file, bytes, progress)))
    };
    let (kind, _held) = kind(path, progress)?;
    match kind {
        Kind::Xlsx => {
            let mut book = Xlsx::new(open()?).map_err(|error| damaged(path, &error))?;
            let names = book.sheet_names();
            for name in &names {
                let mut out = Writer::new(path, progress);
                let mut cells = book.worksheet_cells_reader(name).map_err(|error| damaged(path, &error))?;
                while let Some(cell) = cells.next_cell().map_err(|error| damaged(path, &error))? {
                    let (row, column) = cell.get_position();
                    out.cell(row, column, &shown_ref(cell.get_value()))?;
                }
                if let Some(text) = out.finish()? {
                    return Ok(Sheet { name: name.clone(), count: names.len(), text });
                }
            }
            Err(empty(path))
        }
        Kind::Xls => {
            let mut book = Xls::new(open()?).map_err(|error| damaged(path, &error))?;
            let names = book.sheet_names();
            first_of(path, &names, progress, |name| {
                book.worksheet_range(name).map_err(|error| damaged(path, &error))
            })
        }
        Kind::Ods => {
            let mut book = Ods::new(open()?).map_err(|error| damaged(path, &error))?;
            let names = book.sheet_names();
            first_of(path, &names, progress, |name| {
                book.worksheet_range(name).map_err(|error| damaged(path, &error))
            })
        }
        Kind::Other => {
            let message = "is an archive, no spreadsheet; unpack it and choose the table in it";
            Err(DataError::file(path, message))
        }
    }
}

fn first_of(
    path: &Path,
    names: &[String],
    progress: &Progress,
    mut range: impl FnMut(&str) -> Result<Range<Data>, DataError>,
) -> Result<Sheet, DataError> {
    for name in names {
        let range = range(name)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut out = Writer::new(path, progress);
        for (row, column, value) in range.used_cells() {
            out.cell(top + row as u32, left + column as u32, &shown(value))?;
        }
        if let Some(text) = out.finish()? {
            return Ok(Sheet { name: name.clone(), count: names.len(), text });
        }
    }
    Err(empty(path))
}

/// A kind of spreadsheet.
enum Kind {
    Xlsx,
    Xls,
    Ods,
    Other,
}

/// Told by the names of the parts of an archive; and the memory that it takes while it is read.
fn kind<'a>(path: &Path, progress: &'a Progress) -> Result<(Kind, Held<'a>), DataError> {
    /// Memory for a part in the list of an archive's parts, which is read twice, and by which they are found.
    const ENTRY_BYTES: u64 = 3072;
    let (mut file, bytes) = open_file(path, "a table")?;
    let entries = crate::dataset::npy::directory::entries(&mut file, bytes)
        .map_err(|error| DataError::io(path, &error))?;
    let list_bytes = entries.saturating_mul(ENTRY_BYTES);
    let list = progress.budget().hold(list_bytes)?;
    let Ok(mut archive) = ZipArchive::new(BufReader::new(Watched::new(file, bytes, progress))) else {
        let mut held = progress.budget().hold(bytes.saturating_mul(COPIES))?;
        let mut content = Vec::new();
        let (file, bytes) = open_file(path, "a table")?;
        let read = Watched::new(file, bytes, progress).read_to_end(&mut content);
        read.map_err(|error| DataError::io(path, &error))?;
        let claimed = records::claimed(&content, &|| progress.check(), &|message| damaged(path, &message))?;
        held.take(claimed)?;
        return Ok((Kind::Xls, held));
    };
    let kind = if archive.index_for_name("xl/workbook.xml").is_some() {
        Kind::Xlsx
    } else if archive.index_for_name("content.xml").is_some() {
        Kind::Ods
    } else {
        return Ok((Kind::Other, progress.budget().hold(0)?));
    };
    let mut held = parts::hold(&mut archive, progress, &|message| damaged(path, &message))?;
    drop(list);
    held.take(list_bytes)?;
    Ok((kind, held))
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> DataError {
    DataError::file(path, format!("cannot be read as a spreadsheet ({error}); save it again, or as CSV"))
}

fn empty(path: &Path) -> DataError {
    DataError::file(path, "has no sheet with a cell; choose a table with rows")
}

/// Writes cells that come row by row.
struct Writer<'a> {
    path: &'a Path,
    progress: &'a Progress,
    /// The cells of the row at hand, by column.
    row: Vec<(u32, String)>,
    at: u32,
    /// First column with a cell, known from the first row on.
    rows: Vec<(u32, Vec<(u32, String)>)>,
    left: u32,
    right: u32,
    charged: u64,
}

impl<'a> Writer<'a> {
    fn new(path: &'a Path, progress: &'a Progress) -> Writer<'a> {
        Writer {
            path,
            progress,
            row: Vec::new(),
            at: 0,
            rows: Vec::new(),
            left: u32::MAX,
            right: 0,
            charged: 0,
        }
    }

    fn cell(&mut self, row: u32, column: u32, text: &str) -> Result<(), DataError> {
        if text.is_empty() {
            return Ok(());
        }
        if row < self.at || row >= MAX_ROW || column >= MAX_COLUMN {
            return Err(damaged(
                self.path,
                &format!("row {}, column {} is out of place", row + 1, column + 1),
            ));
        }
        if row > self.at {
            self.end_row()?;
            self.at = row;
        }
        let bytes = text.len() as u64 + 64;
        self.progress.budget().take(bytes)?;
        self.charged += bytes;
        (self.left, self.right) = (self.left.min(column), self.right.max(column));
        self.row.push((column, text.to_owned()));
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), DataError> {
        self.progress.check()?;
        if !self.row.is_empty() {
            self.rows.push((self.at, std::mem::take(&mut self.row)));
        }
        Ok(())
    }

    /// The text; `None` where there is no cell.
    fn finish(mut self) -> Result<Option<Vec<u8>>, DataError> {
        self.end_row()?;
        let budget = self.progress.budget();
        let mut text: Vec<u8> = Vec::new();
        let mut line = 0;
        for (number, mut cells) in std::mem::take(&mut self.rows) {
            self.progress.check()?;
            cells.sort_by_key(|(column, _)| *column);
            let letters: usize = cells.iter().map(|(_, text)| 2 * text.len() + 2).sum();
            let gap = (number - line) as usize;
            budget.reserve(&mut text, letters + (self.right - self.left) as usize + gap + 8)?;
            // Empty rows keep their place, so that a message names the row of the sheet.
            text.extend(std::iter::repeat_n(b'\n', gap));
            let mut cells = cells.into_iter().peekable();
            for column in self.left..=self.right {
                if column > self.left {
                    text.push(b',');
                }
                let mut field = None;
                while let Some((_, text)) = cells.next_if(|(at, _)| *at == column) {
                    field = Some(text);
                }
                if let Some(field) = field {
                    quote(&field, &mut text);
                }
            }
            text.push(b'\n');
            line = number + 1;
        }
        budget.give_back(self.charged);
        budget.trim(&mut text);
        Ok((!text.is_empty()).then_some(text))
    }
}

fn quote(field: &str, out: &mut Vec<u8>) {
    if !field.contains([',', '"', '\n', '\r']) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.push(b'"');
    for letter in field.bytes() {
        match letter {
            b'"' => out.extend_from_slice(b"\"\""),
            // A line is a row.
            b'\n' | b'\r' => out.push(b' '),
            other => out.push(other),
        }
    }
    out.push(b'"');
}

fn shown(value: &Data) -> String {
    match value {
        Data::Int(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(value) => truth(*value),
        Data::DateTime(moment) => date(moment),
        // The result of a formula that failed is missing.
        Data::Error(_) => "#N/A".to_owned(),
        Data::Empty => String::new(),
    }
}

fn shown_ref(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => value.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => truth(*value),
        DataRef::DateTime(moment) => date(moment),
        DataRef::Error(_) => "#N/A".to_owned(),
        DataRef::Empty => String::new(),
    }
}

fn truth(value: bool) -> String {
    if value { "True" } else { "False" }.to_owned()
}

/// A date as it is written in ISO 8601; a length of time in days.
fn date(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        return moment.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date} {hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}
