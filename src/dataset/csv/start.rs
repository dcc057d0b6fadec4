//! Where a table begins: below titles and comments.

use ::csv::ByteRecord;

use super::evidence::Content;
use super::first_row::is_header;
use super::fixed::Places;
use super::form::{Form, byte_of, leave_out};
use super::header_rows::are_groups;
use super::lines::{Lines, MAX_COLUMNS, NAMES_COPIES, head_rows, letters, lines_above, names_bytes, utf8};
use super::names::chosen_names;
use super::plain::plain_number;
use super::second_header::{self, follows, is_word, may_be_header};
use super::spaces::Quotes;
use super::text::Text;
use super::{ReadOptions, delimiter, evidence, footer, listed, preamble};
use crate::dataset::{Column, DataError, Doubt, Progress};
use crate::project::{Choice, Comments, Delimiter, Header, Rules, TableReading};

/// Number of rows that determine the content of columns before a table is loaded.
const HEAD_ROWS: usize = 1000;

/// Rows of numbers needed for a table of lines above another one.
const TABLE_ROWS: usize = 3;

/// Signs that begin the comments of a file that begins with one.
const SIGNS: [u8; 3] = [b'#', b'%', b'!'];

/// The beginning of a table, below the lines that are not part of it.
pub(super) struct Start {
    pub form: Form,
    /// Its characters.
    pub head: Vec<u8>,
    /// The first rows, including the header; at least one.
    pub sample: Vec<Vec<String>>,
    pub names_bytes: u64,
    pub notes: Vec<String>,
    pub doubts: Vec<Doubt>,
}

impl Start {
    pub(super) fn find(
        text: &Text<'_>,
        options: &ReadOptions<'_>,
        delimiter: Delimiter,
        known: &[Column],
        progress: &Progress,
    ) -> Result<Start, DataError> {
        let (mut head, mut cut) = text.head(0, progress)?;
        let is_current = options.rules == Rules::Current;
        let first = head.first().copied().map(char::from);
        let begins_comment = first.is_some_and(|sign| options.reading.comments == Comments::From(sign));
        let sep = delimiter::named(&head).filter(|_| is_current && text.sheet().is_none() && !begins_comment);
        let skip = options.reading.skip_lines.unwrap_or(0).max(usize::from(sep.is_some()));
        if skip > 0 {
            (head, cut) = text.head(skip, progress)?;
        }
        let comment = comment(&head, cut, options, text.sheet().is_some())?;
        let is_chosen = delimiter != Delimiter::Auto || sep.is_some();
        let delimiter = match (delimiter, sep) {
            _ if text.sheet().is_some() => Delimiter::Comma,
            (Delimiter::Auto, None) => delimiter::best(&head, cut, comment, options.rules),
            (Delimiter::Auto, Some(found)) | (found, _) => found,
        };
        let quotes = Quotes::find(&head, byte_of(delimiter), options.rules);
        let mut form = Form { delimiter, comment, skip, quotes, places: None };
        let mut rows = head_rows(&head, cut, form, HEAD_ROWS);
        let may_be_fixed = is_current && text.sheet().is_none() && comment.is_none();
        if may_be_fixed && may_lack_fields(&rows, is_chosen, delimiter) {
            form.places = Places::find(&head, cut);
        }
        if form.places.is_some() {
            form.delimiter = Delimiter::Spaces;
            rows = head_rows(&head, cut, form, HEAD_ROWS);
        }
        if cut && rows.len() <= 1 {
            // The first row is longer than the head; it must not lose its last columns.
            rows = first_row(text, form, progress)?;
        }
        let Some(first) = rows.first() else {
            let message = if skip > 0 {
                format!("nothing is left after the first {skip} lines; skip fewer (--skip-lines 0)")
            } else if let Some(sign) = comment {
                format!(
                    "there are no rows, only comments (lines that begin with {}); if they are rows, turn comments off \
                     (--comments off)",
                    char::from(sign)
                )
            } else {
                "the file is empty; choose a table with rows".to_owned()
            };
            return Err(DataError::content(text.path, "line 1", message));
        };
        if first.len() > MAX_COLUMNS {
            let message = format!(
                "the first row has {} fields, but the limit is {MAX_COLUMNS}; write one row per sample",
                first.len()
            );
            return Err(DataError::content(text.path, "line 1", message));
        }
        // A row needs little memory, unless it is the first one and longer than the head.
        let names = names_bytes(first);
        progress.budget().take(NAMES_COPIES.saturating_mul(names))?;
        let mut sample = Vec::with_capacity(rows.len());
        for row in &rows {
            let fields = row.iter().map(|field| Ok(utf8(text, form, row, field, progress)?.to_string()));
            sample.push(fields.collect::<Result<Vec<String>, DataError>>()?);
        }
        let mut start =
            Start { form, head, sample, names_bytes: names, notes: Vec::new(), doubts: Vec::new() };
        if is_current {
            if options.reading.skip_lines.is_none() {
                start.leave_out_above(&rows, options, known, progress)?;
            }
            start.leave_out_below(cut, options.reading, progress)?;
        }
        Ok(start)
    }

    /// Skips the lines above the table.
    fn leave_out_above(
        &mut self,
        rows: &[ByteRecord],
        options: &ReadOptions<'_>,
        known: &[Column],
        progress: &Progress,
    ) -> Result<(), DataError> {
        let surely =
            |at: usize| options.header != Header::No && is_header(&self.sample[at..], options, known);
        let letters = letters(&self.head, self.form);
        let lines = |at: usize| lines_above(&letters, self.form, &rows[at]);
        let own = |row: &ByteRecord| row.as_slice().split(|byte| *byte == b'\n').count();
        let follows_gap = |at: usize| lines(at) > lines(at - 1) + own(&rows[at - 1]);
        let above = preamble::rows_above(&self.sample, &surely, &follows_gap);
        // Names of groups of columns belong to the header if it needs them.
        let has_groups = above > 0 && rows[above - 1].len() == rows.get(above).map_or(0, ByteRecord::len);
        let has_groups =
            has_groups && are_groups(&self.sample[above - 1..], options, &chosen_names(options, known));
        let above = above - usize::from(has_groups);
        let Some(first) = rows.get(above).filter(|_| above > 0) else { return Ok(()) };
        let lines = lines(above);
        drop(letters);
        progress.budget().give_back(NAMES_COPIES.saturating_mul(self.names_bytes));
        self.names_bytes = names_bytes(first);
        progress.budget().take(NAMES_COPIES.saturating_mul(self.names_bytes))?;
        let texts = self.sample[..above].iter().flatten().map(|field| field.trim());
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).take(3).collect();
        let option = Choice::SkipLines(Some(self.form.skip)).option();
        let s = if lines == 1 { "" } else { "s" };
        let what = if texts.is_empty() { String::new() } else { format!(" ({} …)", listed(&texts)) };
        // Rows with another number of fields would be refused.
        let can_be_read = rows[..above].iter().all(|row| row.len() == first.len());
        let remedy = if can_be_read { format!("; {option} reads all lines") } else { String::new() };
        let skipped_text = format!("{lines} line{s} above the table skipped{what}");
        if self.sample[..above].iter().filter(|row| are_numbers(row)).count() >= TABLE_ROWS {
            let message =
                format!("{skipped_text}, although they contain rows of numbers: perhaps another table");
            let remedies = vec![Choice::SkipLines(Some(self.form.skip))];
            self.doubts.push(Doubt { message, remedies });
        } else {
            self.notes.push(skipped_text + &remedy);
        }
        self.sample.drain(..above);
        let mut rest = &self.head[..];
        // Reading from memory cannot fail.
        let _ = leave_out(&mut rest, lines);
        self.head = rest.to_vec();
        self.form.skip += lines;
        Ok(())
    }

    /// Drops rows from the first rows that are empty, below the table, or part of a second one, so
    /// that they do not affect the content of columns.
    fn leave_out_below(
        &mut self,
        cut: bool,
        reading: &TableReading,
        progress: &Progress,
    ) -> Result<(), DataError> {
        let columns = self.sample[0].len();
        let mut at = 0;
        self.sample.retain(|row| {
            at += 1;
            let is_comment = row.len() != columns && row.first().is_some_and(|field| field.starts_with('#'));
            at == 1 || columns < 2 || !(is_comment || footer::is_empty(row.iter().map(String::as_bytes)))
        });
        let may_end = |row: &Vec<String>| footer::may_be(row.iter().map(String::as_bytes), columns);
        let second = match reading.skip_footer {
            None => self.second_table(reading, &may_end, progress)?,
            Some(_) if cut => None,
            Some(rows) => Some(self.sample.len().saturating_sub(rows).max(1)),
        };
        self.sample.truncate(second.unwrap_or(self.sample.len()));
        while (!cut || second.is_some()) && self.sample.len() > 3 && self.sample.last().is_some_and(may_end) {
            self.sample.pop();
        }
        Ok(())
    }

    /// The index of the header of a second table.
    fn second_table(
        &self,
        reading: &TableReading,
        may_end: &dyn Fn(&Vec<String>) -> bool,
        progress: &Progress,
    ) -> Result<Option<usize>, DataError> {
        let budget = progress.budget();
        let record = |row: &Vec<String>| row.iter().collect::<ByteRecord>();
        let are_words = |row: &Vec<String>| row.iter().skip(1).all(|field| is_word(field.as_bytes()));
        let mut evidence = evidence::of_columns(&self.sample[0], reading, budget)?;
        let mut added = 1;
        let mut contents = |at: usize| -> Vec<Content> {
            for row in &self.sample[added..at] {
                for (evidence, field) in evidence.iter_mut().zip(row) {
                    evidence.add(field, reading, budget);
                }
            }
            added = at;
            evidence.iter().map(|evidence| evidence.judge(None)).collect()
        };
        let second = (second_header::ROWS as usize + 1..self.sample.len().saturating_sub(1)).find(|at| {
            let (header, above) = (&self.sample[*at], &self.sample[1..*at]);
            // Almost all rows end here.
            if !are_words(header) || *header == self.sample[0] {
                return false;
            }
            let Some(last) = above.iter().rev().find(|row| !may_end(row)) else { return false };
            let (header, mut contents) = (record(header), || contents(*at));
            may_be_header(&header, &record(last), &self.sample[0], &mut contents, reading)
                && follows(&header, &record(&self.sample[at + 1]), &contents())
        });
        for evidence in &mut evidence {
            evidence.release(budget);
        }
        budget.release(evidence);
        Ok(second)
    }
}

/// Whether rows belong to a table whose columns may have fixed positions: they are not split at
/// all, or spaces split them into different numbers of fields.
fn may_lack_fields(rows: &[ByteRecord], is_chosen: bool, delimiter: Delimiter) -> bool {
    let Some((first, rows)) = rows.split_first() else { return false };
    // Fewer fields at the end may not be a row.
    let body = &rows[..rows.len().saturating_sub(1)];
    match delimiter {
        Delimiter::Spaces => body.iter().any(|row| row.len() != first.len()),
        Delimiter::Auto | Delimiter::Comma | Delimiter::Semicolon | Delimiter::Tab | Delimiter::Pipe => {
            !is_chosen && first.len() == 1 && body.iter().all(|row| row.len() == 1)
        }
    }
}

/// Whether a row contains several fields, and most of them are numbers.
fn are_numbers(row: &[String]) -> bool {
    let numbers = row.iter().filter(|field| plain_number(field.trim()).is_some()).count();
    row.len() > 1 && 2 * numbers > row.len()
}

/// The sign that comments begin with.
fn comment(
    head: &[u8],
    cut: bool,
    options: &ReadOptions<'_>,
    is_sheet: bool,
) -> Result<Option<u8>, DataError> {
    match options.reading.comments {
        Comments::Off => Ok(None),
        Comments::From(sign) => match u8::try_from(sign) {
            Ok(byte) if byte.is_ascii_graphic() => Ok(Some(byte)),
            Ok(_) | Err(_) => {
                let sign = sign.escape_debug();
                Err(DataError::Setting(format!(
                    "comments cannot begin with \"{sign}\"; choose a character such as # or %"
                )))
            }
        },
        Comments::Auto if is_sheet || options.rules == Rules::Version1 => Ok(None),
        Comments::Auto => {
            let first = head.iter().copied().find(|byte| !byte.is_ascii_whitespace());
            let sign = first.filter(|byte| SIGNS.contains(byte));
            // If all lines begin like that, they are rows, possibly colours.
            let lines = head.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
            let is_row = |line: &[u8]| matches!(line, [own, next, ..] if Some(*own) == sign && next.is_ascii_alphanumeric());
            let are_rows = !cut && lines.clone().count() > 1 && lines.into_iter().all(is_row);
            Ok(sign.filter(|_| !are_rows))
        }
    }
}

fn first_row(text: &Text<'_>, form: Form, progress: &Progress) -> Result<Vec<ByteRecord>, DataError> {
    let mut lines = Lines::open(text, form, progress)?;
    let mut record = ByteRecord::new();
    let found = lines.next(&mut record)?;
    Ok(found.then_some(record).into_iter().collect())
}
