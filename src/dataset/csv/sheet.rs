//! Spreadsheets, converted to the text of a table.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, Ods, Range, Reader, Sheet as Entry, SheetType, SheetVisible,
    Xls, Xlsx,
};
use zip::ZipArchive;

use super::padding::{Padded, Paddings};
use super::parts::Parts;
use super::remarks::Remarks;
use super::{listed, merged, parts, records};
use crate::dataset::memory::Reservation;
use crate::dataset::open_file::{CancellableReader, open_file};
use crate::dataset::{DataError, Progress};
use crate::project::Choice;

/// A sheet of a spreadsheet: the chosen one, or the first that is not empty.
pub(super) struct Sheet {
    name: String,
    /// The names of all other sheets.
    others: Vec<String>,
    /// The names of sheets with a cell, if none was chosen.
    filled: Vec<String>,
    /// Rows below the first of a merged cell that get its text, too.
    merged: usize,
    /// Cells whose numbers were read as displayed.
    padded: Padded,
    /// Whether merged cells may have their text only in the first of their rows.
    has_unfilled: bool,
    /// Its cells, one row per line, separated by commas; charged to the budget.
    pub text: Vec<u8>,
}

impl Sheet {
    /// Which sheet was read, and which were not.
    pub(super) fn statement(&self) -> String {
        let count = self.others.len() + 1;
        if count == 1 {
            return format!("sheet \"{}\"", self.name);
        }
        format!("sheet \"{}\" of {count} (others: {})", self.name, listed(&self.others))
    }

    /// Another sheet with cells, if none was chosen.
    pub(super) fn other(&self) -> Option<Choice> {
        self.filled.first().map(|name| Choice::Sheet(Some(name.clone())))
    }

    /// Reports merged cells and leading zeros, and doubts the choice of the sheet if others have
    /// cells.
    pub(super) fn report(&self, remarks: &mut Remarks) {
        if self.merged > 0 {
            let s = if self.merged == 1 { "" } else { "s" };
            remarks.notes.push(format!(
                "merged cells repeat their text in all of their rows ({} cell{s} filled in)",
                self.merged
            ));
        }
        self.padded.report(remarks);
        if self.has_unfilled {
            let message = "merged cells of an .ods file contain their text only in the first of their rows; \
                 save it as .xlsx, which repeats it in all of them";
            remarks.doubt(message.to_owned(), Vec::new());
        }
        if !self.filled.is_empty() {
            let remedies = self.filled.iter().take(4).map(|name| Choice::Sheet(Some(name.clone())));
            let message = format!(
                "the sheet \"{}\" is read; other sheets with cells: {}",
                self.name,
                listed(&self.filled)
            );
            remarks.doubt(message, remedies.collect());
        }
    }
}

/// Memory of a spreadsheet that is not packed while it is read, as a multiple of its length.
const COPIES: u64 = 50;
/// Most other sheets that are examined.
const MOST_OTHERS: usize = 8;
/// Most rows and columns of a sheet.
const MAX_ROW: u32 = 1 << 20;
const MAX_COLUMN: u32 = 1 << 14;

type Source<'a> = BufReader<CancellableReader<'a, File>>;
/// Returns the text of the named sheet, in full or only up to its first cell; `None` if it has no
/// cell.
type ReadSheet<'a> = dyn FnMut(&str, bool) -> Result<Option<Written>, DataError> + 'a;

/// The text of a sheet.
#[derive(Default)]
struct Written {
    text: Vec<u8>,
    /// Cells that were filled because they are merged with one above.
    merged: usize,
    padded: Padded,
}

/// Reads the sheet of this name, or the first that is not empty.
///
/// # Errors
/// [`DataError`] if the file is not a spreadsheet, is damaged, has no such sheet, or no sheet with
/// a cell.
pub(super) fn read(path: &Path, wanted: Option<&str>, progress: &Progress) -> Result<Sheet, DataError> {
    // External data in an external reader: a panic must only affect this file.
    let read = catch_unwind(AssertUnwindSafe(|| sheet(path, wanted, progress)));
    progress.check()?;
    read.unwrap_or_else(|_| Err(damaged(path, &"its parts contradict each other")))
}

fn sheet(path: &Path, wanted: Option<&str>, progress: &Progress) -> Result<Sheet, DataError> {
    let open = || {
        let (file, bytes) = open_file(path, "a table")?;
        Ok::<Source<'_>, DataError>(BufReader::new(CancellableReader::new(file, bytes, progress)))
    };
    let (kind, _reservation) = kind(path, progress)?;
    match kind {
        Kind::Xlsx => {
            let mut book = Xlsx::new(open()?).map_err(|error| damaged(path, &error))?;
            let names = names(book.sheets_metadata());
            choose(path, &names, wanted, progress, &mut |name, whole| {
                let mut out = Writer::new(path, progress);
                let regions =
                    if whole { merged::of(|| book.merge_cells_by_sheet_name(name)) } else { Vec::new() };
                let mut cells = book.worksheet_cells_reader(name).map_err(|error| damaged(path, &error))?;
                let paddings = Paddings::of(cells.styles(), progress)?;
                let mut padded = Padded::default();
                while let Some((cell, style)) =
                    cells.next_cell_with_style_id().map_err(|error| damaged(path, &error))?
                {
                    let (row, column) = cell.get_position();
                    let text = shown_ref(cell.get_value(), |value| {
                        paddings.shown(style, value).inspect(|shown| padded.add(shown))
                    });
                    if out.cell(row, column, &text)? && !whole {
                        break;
                    }
                }
                let written = out.finish(regions)?;
                Ok(written.map(|written| Written { padded, ..written }))
            })
        }
        Kind::Xls => {
            let mut book = Xls::new(open()?).map_err(|error| damaged(path, &error))?;
            let names = names(book.sheets_metadata());
            choose(path, &names, wanted, progress, &mut |name, whole| {
                let range = book.worksheet_range(name).map_err(|error| damaged(path, &error))?;
                let regions =
                    if whole { merged::of(|| book.merge_cells_by_sheet_name(name)) } else { Vec::new() };
                written(path, &range, regions, whole, progress)
            })
        }
        Kind::Ods { has_merged } => {
            let mut book = Ods::new(open()?).map_err(|error| damaged(path, &error))?;
            let names = names(book.sheets_metadata());
            let sheet = choose(path, &names, wanted, progress, &mut |name, whole| {
                let range = book.worksheet_range(name).map_err(|error| damaged(path, &error))?;
                written(path, &range, Vec::new(), whole, progress)
            });
            sheet.map(|sheet| Sheet { has_unfilled: has_merged, ..sheet })
        }
        Kind::Other => {
            let message = "is an archive, not a spreadsheet; unpack it and choose the table in it";
            Err(DataError::file(path, message))
        }
    }
}

/// The names of the sheets that contain cells, hidden ones last.
fn names(sheets: &[Entry]) -> Vec<String> {
    let sheets = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let is_visible = |sheet: &&Entry| sheet.visible == SheetVisible::Visible;
    let hidden = sheets().filter(|sheet| !is_visible(sheet));
    sheets().filter(is_visible).chain(hidden).map(|sheet| sheet.name.clone()).collect()
}

/// Chooses a sheet.
fn choose(
    path: &Path,
    names: &[String],
    wanted: Option<&str>,
    progress: &Progress,
    read: &mut ReadSheet<'_>,
) -> Result<Sheet, DataError> {
    if let Some(wanted) = wanted.filter(|wanted| !names.iter().any(|name| name == wanted)) {
        let message = format!("has no sheet \"{wanted}\"; choose one of {}", listed(names));
        return Err(DataError::file(path, message));
    }
    let (mut chosen, mut written) = (None, Written::default());
    for name in names.iter().filter(|name| wanted.is_none_or(|wanted| wanted == *name)) {
        if let Some(found) = read(name, true)? {
            (chosen, written) = (Some(name.clone()), found);
            break;
        }
    }
    let Some(name) = chosen else {
        let message = match wanted {
            Some(wanted) => {
                format!("has no cells in its sheet \"{wanted}\"; choose one of {}", listed(names))
            }
            None => "has no sheet with cells; choose a table with rows".to_owned(),
        };
        return Err(DataError::file(path, message));
    };
    let others: Vec<String> = names.iter().filter(|other| **other != name).cloned().collect();
    let mut filled = Vec::new();
    if wanted.is_none() {
        for other in others.iter().take(MOST_OTHERS) {
            progress.check()?;
            // An unreadable one cannot be chosen.
            if let Ok(Some(written)) = read(other, false) {
                progress.budget().release(written.text);
                filled.push(other.clone());
            }
        }
    }
    let Written { text, merged, padded } = written;
    Ok(Sheet { name, others, filled, merged, padded, has_unfilled: false, text })
}

/// The text of a sheet, in full or up to its first cell.
fn written(
    path: &Path,
    range: &Range<Data>,
    regions: Vec<Dimensions>,
    whole: bool,
    progress: &Progress,
) -> Result<Option<Written>, DataError> {
    let (top, left) = range.start().unwrap_or_default();
    let mut out = Writer::new(path, progress);
    for (row, column, value) in range.used_cells() {
        if out.cell(top + row as u32, left + column as u32, &shown(value))? && !whole {
            break;
        }
    }
    out.finish(regions)
}

/// A kind of spreadsheet.
enum Kind {
    Xlsx,
    Xls,
    /// Its reader does not report which cells are merged, but whether some span several rows is
    /// known.
    Ods {
        has_merged: bool,
    },
    Other,
}

/// The kind, recognised by the names of the parts of an archive, and the memory it needs while it
/// is read.
fn kind<'a>(path: &Path, progress: &'a Progress) -> Result<(Kind, Reservation<'a>), DataError> {
    /// Memory per part in an archive's list of parts, which is read twice, and in the index of
    /// parts.
    const ENTRY_BYTES: u64 = 3072;
    let (mut file, bytes) = open_file(path, "a table")?;
    let entries = crate::dataset::npy::directory::entries(&mut file, bytes)
        .map_err(|error| DataError::io(path, &error))?;
    let list_bytes = entries.saturating_mul(ENTRY_BYTES);
    let list = progress.budget().charge_scoped(list_bytes)?;
    let Ok(mut archive) = ZipArchive::new(BufReader::new(CancellableReader::new(file, bytes, progress)))
    else {
        let mut reservation = progress.budget().charge_scoped(bytes.saturating_mul(COPIES))?;
        let mut content = Vec::new();
        let (file, bytes) = open_file(path, "a table")?;
        let read = CancellableReader::new(file, bytes, progress).read_to_end(&mut content);
        read.map_err(|error| DataError::io(path, &error))?;
        let claimed = records::claimed(&content, &|| progress.check(), &|message| damaged(path, &message))?;
        reservation.take(claimed)?;
        return Ok((Kind::Xls, reservation));
    };
    let is_xlsx = archive.index_for_name("xl/workbook.xml").is_some();
    if !is_xlsx && archive.index_for_name("content.xml").is_none() {
        return Ok((Kind::Other, progress.budget().charge_scoped(0)?));
    }
    let Parts { mut reservation, has_merged } =
        parts::charge_parts(&mut archive, progress, &|message| damaged(path, &message))?;
    let kind = if is_xlsx { Kind::Xlsx } else { Kind::Ods { has_merged } };
    drop(list);
    reservation.take(list_bytes)?;
    Ok((kind, reservation))
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> DataError {
    DataError::file(path, format!("cannot be read as a spreadsheet ({error}); save it again, or as CSV"))
}

/// Writes cells that arrive row by row.
struct Writer<'a> {
    path: &'a Path,
    progress: &'a Progress,
    /// The cells of the current row, by column.
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

    /// Adds a cell and returns whether it counts: empty texts do not.
    fn cell(&mut self, row: u32, column: u32, text: &str) -> Result<bool, DataError> {
        if text.is_empty() {
            return Ok(false);
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
        Ok(true)
    }

    fn end_row(&mut self) -> Result<(), DataError> {
        self.progress.check()?;
        if !self.row.is_empty() {
            self.rows.push((self.at, std::mem::take(&mut self.row)));
        }
        Ok(())
    }

    /// The text; `None` if there are no cells.
    fn finish(mut self, regions: Vec<Dimensions>) -> Result<Option<Written>, DataError> {
        self.end_row()?;
        let (merged, bytes) = merged::fill(&mut self.rows, regions, self.progress)?;
        self.charged += bytes;
        let budget = self.progress.budget();
        let mut text: Vec<u8> = Vec::new();
        let mut line = 0;
        for (number, mut cells) in std::mem::take(&mut self.rows) {
            self.progress.check()?;
            cells.sort_by_key(|(column, _)| *column);
            let letters: usize = cells.iter().map(|(_, text)| 2 * text.len() + 2).sum();
            let gap = (number - line) as usize;
            budget.reserve(&mut text, letters + (self.right - self.left) as usize + gap + 8)?;
            // Empty rows are kept, so that messages have the row numbers of the sheet.
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
        Ok((!text.is_empty()).then_some(Written { text, merged, padded: Padded::default() }))
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
            // One row per line.
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
        Data::String(text) | Data::DateTimeIso(text) => text.clone(),
        Data::DurationIso(text) => clock(text),
        Data::Bool(value) => truth(*value),
        Data::DateTime(moment) => date(moment),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

/// The text of a cell, with numbers padded by `pad`.
fn shown_ref(value: &DataRef<'_>, pad: impl FnOnce(f64) -> Option<String>) -> String {
    match value {
        DataRef::Int(value) => pad(*value as f64).unwrap_or_else(|| value.to_string()),
        DataRef::Float(value) => pad(*value).unwrap_or_else(|| value.to_string()),
        DataRef::String(text) | DataRef::DateTimeIso(text) => text.clone(),
        DataRef::DurationIso(text) => clock(text),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => truth(*value),
        DataRef::DateTime(moment) => date(moment),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

fn truth(value: bool) -> String {
    if value { "TRUE" } else { "FALSE" }.to_owned()
}

/// A date as in ISO 8601; a time of day without a date; a duration in days.
fn date(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        return moment.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    match (hour, minute, second, milli) {
        _ if (0.0..1.0).contains(&moment.as_f64()) => time,
        (0, 0, 0, 0) => date,
        _ => format!("{date} {time}"),
    }
}

/// A time of day (`PT09H30M00S`) as on a clock; any other text unchanged.
fn clock(text: &str) -> String {
    let parts = || {
        let (hours, rest) = text.strip_prefix("PT")?.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let (seconds, rest) = rest.split_once('S')?;
        let are_digits = [hours, minutes].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        (are_digits && rest.is_empty())
            .then(|| format!("{hours:0>2}:{minutes:0>2}:{}", seconds.replace(',', ".")))
    };
    parts().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    #[test]
    fn cells_are_written_as_in_a_table_of_text() {
        let check = |value: Data, expected: &str| assert_eq!(shown(&value), expected);
        let moment =
            |value: f64| Data::DateTime(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, false));
        check(Data::Int(-3), "-3");
        check(Data::Float(5.0), "5");
        check(Data::Float(0.1), "0.1");
        check(Data::Float(9_007_199_254_740_991.0), "9007199254740991");
        check(Data::String("00007".into()), "00007");
        check(Data::Bool(true), "TRUE");
        check(Data::Bool(false), "FALSE");
        check(Data::Error(CellErrorType::Div0), "#DIV/0!");
        check(Data::Error(CellErrorType::NA), "#N/A");
        check(Data::Empty, "");
        check(moment(45_943.0), "2025-10-13");
        check(moment(45_943.5), "2025-10-13 12:00:00");
        check(moment(0.25), "06:00:00");
        check(Data::DateTime(ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false)), "1.5");
        check(Data::DurationIso("PT09H30M00S".into()), "09:30:00");
        check(Data::DurationIso("P1D".into()), "P1D");
    }

    #[test]
    fn hidden_sheets_come_last_and_charts_not_at_all() {
        let sheet = |name: &str, typ, visible| Entry { name: name.to_owned(), typ, visible };
        let sheets = [
            sheet("hidden", SheetType::WorkSheet, SheetVisible::Hidden),
            sheet("chart", SheetType::ChartSheet, SheetVisible::Visible),
            sheet("data", SheetType::WorkSheet, SheetVisible::Visible),
        ];
        assert_eq!(names(&sheets), ["data", "hidden"]);
    }
}
