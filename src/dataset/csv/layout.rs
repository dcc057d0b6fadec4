use std::collections::{HashMap, HashSet};

use ::csv::ByteRecord;

use super::header::{self, Field};
use super::lines::{
    Form, Lines, MAX_COLUMNS, NAMES_COPIES, byte_of, head_rows, leave_out, letters, lines_above, names_bytes,
    utf8,
};
use super::matching::made_up_places;
use super::missing::is_missing;
use super::number::Notations;
use super::plain::plain_number;
use super::spaces::Quotes;
use super::text::Text;
use super::{Asked, delimiter, footer, listed, preamble};
use crate::dataset::{Column, DataError, Doubt, Progress};
use crate::project::{Choice, Comments, Delimiter, Header, Rules};

/// Rows that tell what the columns hold before a table is loaded.
const HEAD_ROWS: usize = 1000;
/// Rows that tell the header.
const TELLING_ROWS: usize = 100;

/// Signs that begin the comments of a file that begins with one.
const SIGNS: [u8; 3] = [b'#', b'%', b'!'];

/// How a table is laid out, as told or found.
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct TableLayout {
    pub form: Form,
    /// Whether the first row holds names.
    pub has_header: bool,
    /// Whether the row below them holds units.
    pub has_units: bool,
    /// Whether names stand in a comment before the first row.
    pub has_commented_header: bool,
    /// Lines of comments before the first row; of all of the table once it was read.
    pub comments: usize,
    /// Names of all columns, made up where there are none.
    pub columns: Vec<String>,
    /// Whether the first column has no name though others have.
    pub is_first_nameless: bool,
    /// Memory that the names are charged with, [`NAMES_COPIES`] times.
    pub names_bytes: u64,
    /// The first rows, the header among them.
    pub sample: Vec<Vec<String>>,
    /// What was left out or named otherwise.
    pub notes: Vec<String>,
    pub doubts: Vec<Doubt>,
}

impl TableLayout {
    pub(super) fn find(
        text: &Text<'_>,
        asked: &Asked<'_>,
        known: &[Column],
        progress: &Progress,
    ) -> Result<TableLayout, DataError> {
        let told = TableLayout::as_told(text, asked, asked.delimiter, known, progress)?;
        if known.is_empty() || asked.delimiter == Delimiter::Auto || told.knows(known) {
            return Ok(told);
        }
        // The delimiter was that of another file of the same columns.
        progress.budget().give_back(NAMES_COPIES.saturating_mul(told.names_bytes));
        let found = TableLayout::as_told(text, asked, Delimiter::Auto, known, progress)?;
        if found.knows(known) || found.columns.len() == known.len() {
            return Ok(found);
        }
        progress.budget().give_back(NAMES_COPIES.saturating_mul(found.names_bytes));
        TableLayout::as_told(text, asked, asked.delimiter, known, progress)
    }

    /// Whether its columns have names of their own.
    pub(super) fn has_names(&self) -> bool {
        self.has_header || self.has_commented_header
    }

    /// Whether some of its columns are these.
    fn knows(&self, known: &[Column]) -> bool {
        self.columns.iter().any(|name| known.iter().any(|column| column.name == *name))
    }

    fn as_told(
        text: &Text<'_>,
        asked: &Asked<'_>,
        delimiter: Delimiter,
        known: &[Column],
        progress: &Progress,
    ) -> Result<TableLayout, DataError> {
        let Start { form, head, sample, names_bytes, mut notes } =
            Start::find(text, asked, delimiter, known, progress)?;
        let first = &sample[0];
        let (comments, commented, signed) = comment_lines(&head, form);
        let is_number = |field: &String| plain_number(field.trim()).is_some();
        let mut doubts = Vec::new();
        let like_rows = |names: &Vec<String>| {
            names.len() == first.len() && names.len() > 1 && names[1..].iter().any(is_number)
        };
        if asked.reading.comments == Comments::Auto && commented.as_ref().is_some_and(like_rows) {
            let sign = form.comment.map_or('#', char::from);
            let message =
                format!("lines that begin with {sign} are left out as comments, but look like rows");
            doubts.push(Doubt { message, remedies: vec![Choice::Comments(Comments::Off)] });
        }
        let has_units = asked.rules == Rules::Current && sample.len() > 1 && {
            header::are_units(&fields(&sample[1], asked), &telling(first, &sample[2..], asked))
        };
        let (has_header, doubt) = has_header(&sample, usize::from(has_units), asked, known);
        // Names in the first row count for more; numbers in it may be a header only where none is in a comment.
        let is_doubtful = first.iter().all(is_number) || (first.iter().any(is_number) && doubt.is_some());
        let may_be_commented = !has_header || (asked.header == Header::Auto && is_doubtful);
        let commented = commented
            .filter(|names| asked.header != Header::No && names.len() == first.len())
            .filter(|names| may_be_commented && !names.iter().all(is_number))
            .map(|names| if comments == 1 { with_sign(names, &signed, asked, known) } else { names });
        let has_header = has_header && commented.is_none();
        let has_units = has_units && has_header;
        doubts.extend(doubt.filter(|_| commented.is_none()));
        let names = match &commented {
            Some(names) => names.clone(),
            None if has_header => named(&sample, asked.rules, &mut notes),
            None => vec![String::new(); first.len()],
        };
        let has_names = has_header || commented.is_some();
        let columns = column_names(&names);
        let again = columns.iter().zip(&names).filter(|(column, name)| *column != name.trim());
        let again: Vec<&String> = again.filter(|(_, name)| !name.trim().is_empty()).map(|(c, _)| c).collect();
        if has_names && !again.is_empty() {
            notes.push(format!("columns that have the name of another are numbered: {}", listed(&again)));
        }
        if has_units {
            let units: Vec<&str> =
                sample[1].iter().map(|unit| unit.trim()).filter(|u| !u.is_empty()).collect();
            notes.push(format!("the row below the header holds units and is left out: {}", listed(&units)));
        }
        Ok(TableLayout {
            form,
            has_header,
            has_units,
            has_commented_header: commented.is_some(),
            comments: comments - usize::from(commented.is_some()),
            is_first_nameless: has_names && names.first().is_some_and(|name| name.trim().is_empty()),
            columns,
            names_bytes,
            sample,
            notes,
            doubts,
        })
    }

    /// Rows before the first that is data.
    pub(super) fn head_rows(&self) -> usize {
        usize::from(self.has_header) + usize::from(self.has_units)
    }

    /// The first rows of data.
    pub(super) fn first_rows(&self) -> &[Vec<String>] {
        &self.sample[self.head_rows().min(self.sample.len())..]
    }
}

/// The names in the first row. One is put before them where R left out that of the row names, empty ones at the end are
/// taken off where only the header ends with delimiters.
fn named(sample: &[Vec<String>], rules: Rules, notes: &mut Vec<String>) -> Vec<String> {
    let mut names = sample[0].clone();
    let fields = names.len();
    let below = &sample[1..];
    let is_empty = |row: &Vec<String>| row.last().is_none_or(|last| last.trim().is_empty());
    let Some(width) = below.first().map(Vec::len).filter(|width| below.iter().all(|row| row.len() == *width))
    else {
        return names;
    };
    if width == fields + 1 && !below.iter().all(is_empty) {
        names.insert(0, String::new());
    } else if rules == Rules::Current
        && width < fields
        && names[width..].iter().all(|name| name.trim().is_empty())
    {
        names.truncate(width);
        notes.push(
            "the header ends with a delimiter that no row has: there is no column after the last".to_owned(),
        );
    }
    names
}

/// The beginning of a table, below the lines that are no part of it.
struct Start {
    form: Form,
    /// Its letters.
    head: Vec<u8>,
    /// The first rows, the header among them; at least one.
    sample: Vec<Vec<String>>,
    names_bytes: u64,
    notes: Vec<String>,
}

impl Start {
    fn find(
        text: &Text<'_>,
        asked: &Asked<'_>,
        delimiter: Delimiter,
        known: &[Column],
        progress: &Progress,
    ) -> Result<Start, DataError> {
        let (mut head, mut cut) = text.head(0, progress)?;
        let is_current = asked.rules == Rules::Current;
        let first = head.first().copied().map(char::from);
        let begins_comment = first.is_some_and(|sign| asked.reading.comments == Comments::From(sign));
        let sep = delimiter::named(&head).filter(|_| is_current && text.sheet().is_none() && !begins_comment);
        let skip = asked.reading.skip_lines.unwrap_or(0).max(usize::from(sep.is_some()));
        if skip > 0 {
            (head, cut) = text.head(skip, progress)?;
        }
        let comment = comment(&head, cut, asked, text.sheet().is_some())?;
        let delimiter = match (delimiter, sep) {
            _ if text.sheet().is_some() => Delimiter::Comma,
            (Delimiter::Auto, None) => delimiter::best(&head, cut, comment, asked.rules),
            (Delimiter::Auto, Some(told)) | (told, _) => told,
        };
        let quotes = Quotes::find(&head, byte_of(delimiter), asked.rules);
        let form = Form { delimiter, comment, skip, quotes };
        let mut rows = head_rows(&head, cut, form, HEAD_ROWS);
        if cut && rows.len() <= 1 {
            // A first row longer than the head: it must not lose its last columns.
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
                "the first row has {} fields where {MAX_COLUMNS} are the limit; write a row for each sample",
                first.len()
            );
            return Err(DataError::content(text.path, "line 1", message));
        }
        // What one row takes is small unless that row is the first one, longer than the head.
        let names = names_bytes(first);
        progress.budget().take(NAMES_COPIES.saturating_mul(names))?;
        let mut sample = Vec::with_capacity(rows.len());
        for row in &rows {
            let fields = row.iter().map(|field| Ok(utf8(text, form, row, field, progress)?.to_string()));
            sample.push(fields.collect::<Result<Vec<String>, DataError>>()?);
        }
        let mut start = Start { form, head, sample, names_bytes: names, notes: Vec::new() };
        if is_current {
            if asked.reading.skip_lines.is_none() {
                start.leave_out_above(&rows, asked, known, progress)?;
            }
            start.leave_out_below(cut);
        }
        Ok(start)
    }

    /// Leaves out what stands above the table.
    fn leave_out_above(
        &mut self,
        rows: &[ByteRecord],
        asked: &Asked<'_>,
        known: &[Column],
        progress: &Progress,
    ) -> Result<(), DataError> {
        let surely = |at: usize| asked.header != Header::No && is_header(&self.sample[at..], asked, known);
        let letters = letters(&self.head, self.form);
        let lines = |at: usize| lines_above(&letters, self.form, &rows[at]);
        let own = |row: &ByteRecord| row.as_slice().split(|byte| *byte == b'\n').count();
        let follows_gap = |at: usize| lines(at) > lines(at - 1) + own(&rows[at - 1]);
        let above = preamble::rows_above(&self.sample, &surely, &follows_gap);
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
        // Rows of another number of fields would be refused.
        let can_be_read = rows[..above].iter().all(|row| row.len() == first.len());
        let remedy = if can_be_read { format!("; {option} reads all lines") } else { String::new() };
        self.notes.push(format!("{lines} line{s} above the table skipped{what}{remedy}"));
        self.sample.drain(..above);
        let mut rest = &self.head[..];
        // Memory that is read fails at nothing.
        let _ = leave_out(&mut rest, lines);
        self.head = rest.to_vec();
        self.form.skip += lines;
        Ok(())
    }

    /// Leaves out of the first rows what is empty or stands below the table, so that it does not tell what columns hold.
    fn leave_out_below(&mut self, cut: bool) {
        let columns = self.sample[0].len();
        let mut at = 0;
        self.sample.retain(|row| {
            at += 1;
            let is_comment = row.len() != columns && row.first().is_some_and(|field| field.starts_with('#'));
            at == 1 || columns < 2 || !(is_comment || footer::is_empty(row.iter().map(String::as_bytes)))
        });
        let may_end = |row: &Vec<String>| footer::may_be(row.iter().map(String::as_bytes), columns);
        while !cut && self.sample.len() > 3 && self.sample.last().is_some_and(may_end) {
            self.sample.pop();
        }
    }
}

/// Whether the first of these rows is surely a header: it holds names that are known, or that the rows below prove.
fn is_header(rows: &[Vec<String>], asked: &Asked<'_>, known: &[Column]) -> bool {
    let Some((first, below)) = rows.split_first() else { return false };
    if known.iter().any(|column| first.iter().any(|field| field.trim() == column.name)) {
        return true;
    }
    let (first, below) = (fields(first, asked), telling(first, below, asked));
    let has_word = first.iter().any(|field| matches!(field, Field::Word(_)));
    let verdict = header::judge(&first, &below);
    has_word && !below.is_empty() && verdict.has_header && verdict.doubt.is_none()
}

/// Whether the first row holds names, and a doubt about it; so many rows below it hold units.
fn has_header(
    sample: &[Vec<String>],
    units: usize,
    asked: &Asked<'_>,
    known: &[Column],
) -> (bool, Option<Doubt>) {
    let (first, told) = (&sample[0], asked.header);
    if told == Header::No {
        return (false, None);
    }
    if !known.is_empty() {
        let names: HashSet<&str> = known.iter().map(|column| column.name.as_str()).collect();
        if first.iter().any(|field| names.contains(field.trim())) {
            return (true, None);
        }
        // Numbers are no header where the run knows none of them.
        if !first.iter().any(|field| plain_number(field.trim()).is_none()) {
            return (false, None);
        }
        // The choice was made for another file, where the run has names: this one may have no header.
        if told == Header::Yes && made_up_places(known, usize::MAX).is_none() {
            let found = Asked { header: Header::Auto, ..*asked };
            let (is_header, doubt) = has_header(sample, units, &found, &[]);
            return (is_header || doubt.is_some(), None);
        }
    }
    match (told, asked.rules) {
        (Header::Yes, _) => (true, None),
        (Header::No, _) => (false, None),
        (Header::Auto, Rules::Version1) => {
            (first.iter().all(|field| field.trim().parse::<f64>().is_err()), None)
        }
        (Header::Auto, Rules::Current) => {
            let below = telling(first, &sample[1 + units..], asked);
            let verdict = header::judge(&fields(first, asked), &below);
            let doubt = verdict.doubt.map(|why| {
                let (taken, other) = if verdict.has_header {
                    ("the names of the columns", Header::No)
                } else {
                    ("data, not for the header", Header::Yes)
                };
                let message = format!("the first row is taken for {taken}, but {why}");
                Doubt { message, remedies: vec![Choice::Header(other)] }
            });
            (verdict.has_header, doubt)
        }
    }
}

/// The rows that tell whether `first` is a header; without those that repeat it, where it may be one of numbers.
fn telling<'a>(first: &[String], below: &'a [Vec<String>], asked: &Asked<'_>) -> Vec<Vec<Field<'a>>> {
    let has_number = |row: &[String]| row.iter().any(|field| plain_number(field.trim()).is_some());
    let repeats = !has_number(first) && below.iter().take(TELLING_ROWS).any(|row| has_number(row));
    let below = below.iter().filter(|row| !repeats || row[..] != *first);
    below.take(TELLING_ROWS).map(|row| fields(row, asked)).collect()
}

fn fields<'a>(row: &'a [String], asked: &Asked<'_>) -> Vec<Field<'a>> {
    row.iter().map(|text| field(text, asked)).collect()
}

/// What a field is, for the judgement of the first row.
fn field<'a>(text: &'a str, asked: &Asked<'_>) -> Field<'a> {
    let text = text.trim();
    if let Some(value) = plain_number(text) {
        return Field::Value(value);
    }
    if is_missing(text, asked.reading) {
        return Field::Missing;
    }
    let number = if text.len() <= 64 { Notations::of(text).0.best(None) } else { None };
    if let Some(value) = number.and_then(|notation| notation.parse(text)) {
        return Field::Value(value);
    }
    let dates = if text.len() <= 64 {
        super::date::DateFormats::ALL.that_read(text)
    } else {
        super::date::DateFormats::NONE
    };
    match dates.best().and_then(|format| format.parse(text)) {
        Some(secs) => Field::Date(secs),
        None => Field::Word(text),
    }
}

/// What comments begin with.
fn comment(head: &[u8], cut: bool, asked: &Asked<'_>, is_sheet: bool) -> Result<Option<u8>, DataError> {
    match asked.reading.comments {
        Comments::Off => Ok(None),
        Comments::From(sign) => match u8::try_from(sign) {
            Ok(byte) if byte.is_ascii_graphic() => Ok(Some(byte)),
            Ok(_) | Err(_) => {
                let sign = sign.escape_debug();
                Err(DataError::Setting(format!(
                    "comments cannot begin with \"{sign}\"; choose a sign such as # or %"
                )))
            }
        },
        Comments::Auto if is_sheet || asked.rules == Rules::Version1 => Ok(None),
        Comments::Auto => {
            let first = head.iter().copied().find(|byte| !byte.is_ascii_whitespace());
            let sign = first.filter(|byte| SIGNS.contains(byte));
            // Where all lines begin so, they are the rows: colours, perhaps.
            let lines = head.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
            let is_row = |line: &[u8]| matches!(line, [own, next, ..] if Some(*own) == sign && next.is_ascii_alphanumeric());
            let are_rows = !cut && lines.clone().count() > 1 && lines.into_iter().all(is_row);
            Ok(sign.filter(|_| !are_rows))
        }
    }
}

/// The names of a lone comment, whose sign may be a letter of the first: `# of rooms`, `#n`, or `%a` where `%b` follows. One
/// that is asked for is named so.
fn with_sign(mut names: Vec<String>, signed: &str, asked: &Asked<'_>, known: &[Column]) -> Vec<String> {
    let is_asked = |name: &str| {
        let choices = asked.reading.columns.iter().map(|choice| &choice.name);
        let columns = known.iter().map(|column| &column.name);
        asked.labels.iter().chain(choices).chain(columns).any(|own| own == name)
    };
    let Some((first, others)) = names.split_first_mut() else { return names };
    let sign = signed.chars().next().unwrap_or('#');
    let is_letter = signed.chars().nth(1).is_some_and(|next| next != ' ')
        || signed.starts_with("# of ")
        || others.iter().any(|name| name.starts_with(sign));
    let is_auto = asked.reading.comments == Comments::Auto;
    let blank = if signed.chars().nth(1) == Some(' ') { " " } else { "" };
    let whole = format!("{sign}{blank}{first}");
    let bare = if first.is_empty() { "column 1" } else { first.as_str() };
    if is_auto && (is_asked(&whole) || (is_letter && !is_asked(bare))) {
        *first = whole;
    }
    names
}

/// How many lines of comments there are before the first row, the fields of the last of them, and how it begins.
fn comment_lines(head: &[u8], form: Form) -> (usize, Option<Vec<String>>, String) {
    let Some(sign) = form.comment else { return (0, None, String::new()) };
    let (mut count, mut last) = (0, None);
    for line in head.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let line = line.trim_ascii_start();
        match line.first() {
            None => {}
            Some(first) if *first == sign => (count, last) = (count + 1, Some(line)),
            Some(_) => break,
        }
    }
    let fields = last.and_then(|line| {
        let mut line = line[1..].to_vec();
        while line.first() == Some(&b' ') {
            line.remove(0);
        }
        let rows = head_rows(&line, false, Form { comment: None, ..form }, 1);
        let row = rows.first()?;
        Some(row.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect())
    });
    let begin =
        last.map_or_else(String::new, |line| String::from_utf8_lossy(&line[..line.len().min(8)]).into());
    (count, fields, begin)
}

fn first_row(text: &Text<'_>, form: Form, progress: &Progress) -> Result<Vec<ByteRecord>, DataError> {
    let mut lines = Lines::open(text, form, progress)?;
    let mut record = ByteRecord::new();
    let found = lines.next(&mut record)?;
    Ok(found.then_some(record).into_iter().collect())
}

/// Trimmed, never empty, never twice the same: labels are told by name.
fn column_names(first: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    // The number of the next copy of a name, so that equal names do not search from the start.
    let mut copies: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(first.len());
    for (at, field) in first.iter().enumerate() {
        let field = field.trim();
        let base = if field.is_empty() { format!("column {}", at + 1) } else { field.to_string() };
        let mut name = base.clone();
        if !taken.insert(name.clone()) {
            let copy = copies.entry(base.clone()).or_insert(2);
            loop {
                name = format!("{base} ({copy})");
                *copy += 1;
                if taken.insert(name.clone()) {
                    break;
                }
            }
        }
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_told_apart_in_one_pass() {
        let names = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
            column_names(&fields)
        };
        assert_eq!(names(&["x", "x", "x (2)", "x"]), ["x", "x (2)", "x (2) (2)", "x (3)"]);
        assert_eq!(names(&["x (2)", "x", "x", "x"]), ["x (2)", "x", "x (3)", "x (4)"]);
        // Counted up from the start for every name this would take minutes.
        let many = column_names(&vec!["x".to_owned(); 300_000]);
        assert_eq!(many.last().map(String::as_str), Some("x (300000)"));
    }
}
