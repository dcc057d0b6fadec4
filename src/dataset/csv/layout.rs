use std::collections::{HashMap, HashSet};
use std::io::Read;

use ::csv::ByteRecord;

use super::Asked;
use super::header::{self, Field};
use super::lines::{Form, Lines, MAX_COLUMNS, NAMES_COPIES, builder, byte_of, names_bytes, utf8};
use super::missing::is_missing;
use super::number::Notations;
use super::plain::plain_number;
use super::spaces::Collapsed;
use super::text::Text;
use crate::dataset::{Column, DataError, Doubt, Progress};
use crate::project::{Choice, Comments, Delimiter, Header, Rules};

/// Rows that tell what the columns hold before a table is loaded.
const HEAD_ROWS: usize = 1000;
/// Rows that tell the header.
const TELLING_ROWS: usize = 100;
/// Rows that tell the delimiter.
const DIVIDED_ROWS: usize = 50;
const CANDIDATES: [Delimiter; 4] = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe];

/// How a table is laid out, as told or found.
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct Layout {
    pub form: Form,
    /// Whether the first row holds names.
    pub has_header: bool,
    /// Whether names stand in a comment before the first row.
    pub has_commented_header: bool,
    /// Lines of comments before the first row.
    pub comments: usize,
    /// Names of all columns, made up where there are none.
    pub columns: Vec<String>,
    /// Whether the first column has no name though others have.
    pub is_first_nameless: bool,
    /// Whether the last column has no name of its own.
    pub is_last_nameless: bool,
    /// Memory that the names are charged with, [`NAMES_COPIES`] times.
    pub names_bytes: u64,
    /// The first rows, the header among them.
    pub sample: Vec<Vec<String>>,
    pub doubts: Vec<Doubt>,
}

impl Layout {
    pub(super) fn find(
        text: &Text<'_>,
        asked: &Asked<'_>,
        known: &[Column],
        progress: &Progress,
    ) -> Result<Layout, DataError> {
        let told = Layout::as_told(text, asked, asked.delimiter, known, progress)?;
        if known.is_empty() || asked.delimiter == Delimiter::Auto || told.knows(known) {
            return Ok(told);
        }
        // The delimiter was that of another file of the same columns.
        progress.budget().give_back(NAMES_COPIES.saturating_mul(told.names_bytes));
        let found = Layout::as_told(text, asked, Delimiter::Auto, known, progress)?;
        if found.knows(known) || found.columns.len() == known.len() {
            return Ok(found);
        }
        progress.budget().give_back(NAMES_COPIES.saturating_mul(found.names_bytes));
        Layout::as_told(text, asked, asked.delimiter, known, progress)
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
    ) -> Result<Layout, DataError> {
        let (head, cut) = text.head(progress)?;
        let comment = comment(&head, cut, asked, text.sheet().is_some())?;
        let sep = sep(&head)
            .filter(|_| text.sheet().is_none() && asked.rules == Rules::Current)
            .filter(|_| comment != head.first().copied());
        let delimiter = match (delimiter, sep) {
            _ if text.sheet().is_some() => Delimiter::Comma,
            (Delimiter::Auto, None) => best_delimiter(&head, cut, comment, asked.rules),
            (Delimiter::Auto, Some(told)) | (told, _) => told,
        };
        let form = Form { delimiter, comment, has_sep: sep.is_some() };
        let mut rows = head_rows(&head, cut, form, HEAD_ROWS);
        if cut && rows.len() <= 1 {
            // A first row longer than the head: it must not lose its last columns.
            rows = first_row(text, form, progress)?;
        }
        if let Some(fields) = rows.first().map(ByteRecord::len).filter(|&fields| fields > MAX_COLUMNS) {
            let message = format!(
                "the first row has {fields} fields where {MAX_COLUMNS} are the limit; write a row for each sample"
            );
            return Err(DataError::content(text.path, "line 1", message));
        }
        // What one row takes is small unless that row is the first one, longer than the head.
        let names_bytes = rows.first().map_or(0, names_bytes);
        progress.budget().take(NAMES_COPIES.saturating_mul(names_bytes))?;
        let mut sample = Vec::with_capacity(rows.len());
        for row in &rows {
            let fields = row.iter().map(|field| Ok(utf8(text, form, row, field, progress)?.to_string()));
            sample.push(fields.collect::<Result<Vec<String>, DataError>>()?);
        }
        let Some(first) = sample.first() else {
            return Err(DataError::content(
                text.path,
                "line 1",
                "the file is empty; choose a table with rows",
            ));
        };
        let (comments, commented) = comment_lines(&head, form);
        let is_number = |field: &String| plain_number(field.trim()).is_some();
        let mut doubts = Vec::new();
        let like_rows = |names: &Vec<String>| {
            names.len() == first.len() && names.len() > 1 && names[1..].iter().any(is_number)
        };
        if asked.reading.comments == Comments::Auto && commented.as_ref().is_some_and(like_rows) {
            let message = "lines that begin with # are left out as comments, but look like rows".to_owned();
            doubts.push(Doubt { message, remedies: vec![Choice::Comments(Comments::Off)] });
        }
        let (has_header, doubt) = has_header(&sample, asked, asked.header, known);
        // Names in the first row count for more; numbers in it may be a header only where none is in a comment.
        let is_doubtful = first.iter().all(is_number) || (first.iter().any(is_number) && doubt.is_some());
        let may_be_commented = !has_header || (asked.header == Header::Auto && is_doubtful);
        let commented = commented
            .filter(|names| asked.header != Header::No && names.len() == first.len())
            .filter(|names| may_be_commented && !names.iter().all(is_number));
        let has_header = has_header && commented.is_none();
        doubts.extend(doubt.filter(|_| commented.is_none()));
        // R leaves out the name of the row names.
        let is_short = has_header
            && sample.len() > 1
            && sample[1..].iter().all(|row| row.len() == first.len() + 1)
            && sample[1..].iter().any(|row| row.last().is_some_and(|last| !last.trim().is_empty()));
        let mut names = match &commented {
            Some(names) => names.clone(),
            None if has_header => first.clone(),
            None => vec![String::new(); first.len()],
        };
        if is_short {
            names.insert(0, String::new());
        }
        let has_names = has_header || commented.is_some();
        Ok(Layout {
            form,
            has_header,
            has_commented_header: commented.is_some(),
            comments: comments - usize::from(commented.is_some()),
            is_first_nameless: has_names && names.first().is_some_and(|name| name.trim().is_empty()),
            is_last_nameless: names.last().is_none_or(|name| name.trim().is_empty()),
            columns: column_names(&names),
            names_bytes,
            sample,
            doubts,
        })
    }
}

/// Whether the first row holds names, and a doubt about it.
fn has_header(
    sample: &[Vec<String>],
    asked: &Asked<'_>,
    told: Header,
    known: &[Column],
) -> (bool, Option<Doubt>) {
    let first = &sample[0];
    if told == Header::No {
        return (false, None);
    }
    if !known.is_empty() {
        let names: HashSet<&str> = known.iter().map(|column| column.name.as_str()).collect();
        if first.iter().any(|field| names.contains(field.trim())) {
            return (true, None);
        }
        let has_word = first.iter().any(|field| plain_number(field.trim()).is_none());
        // The choice was made for another file: this one may have no header. Numbers are none where the run knows none of
        // them.
        if told == Header::Yes || !has_word {
            return (has_word, None);
        }
    }
    match (told, asked.rules) {
        (Header::Yes, _) => (true, None),
        (Header::No, _) => (false, None),
        (Header::Auto, Rules::Version1) => {
            (first.iter().all(|field| field.trim().parse::<f64>().is_err()), None)
        }
        (Header::Auto, Rules::Current) => {
            let below: Vec<Vec<Field<'_>>> =
                sample[1..].iter().take(TELLING_ROWS).map(|row| fields(row, asked)).collect();
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
        Some(secs) => Field::Value(secs),
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
            let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
            // Where all lines begin so, they are the rows: colours, perhaps.
            let lines = head.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
            let is_row = |line: &[u8]| matches!(line, [b'#', next, ..] if next.is_ascii_alphanumeric());
            let are_rows = !cut && lines.clone().count() > 1 && lines.into_iter().all(is_row);
            Ok(first.copied().filter(|byte| *byte == b'#' && !are_rows))
        }
    }
}

/// How many lines of comments there are before the first row, and the fields of the last of them.
fn comment_lines(head: &[u8], form: Form) -> (usize, Option<Vec<String>>) {
    let Some(sign) = form.comment else { return (0, None) };
    let (mut count, mut last) = (0, None);
    let mut skips = form.has_sep;
    for line in head.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let line = line.trim_ascii_start();
        match line.first() {
            None => {}
            Some(first) if *first == sign => (count, last) = (count + 1, Some(line)),
            Some(_) if std::mem::take(&mut skips) => {}
            Some(_) => break,
        }
    }
    let fields = last.and_then(|line| {
        let mut line = line[1..].to_vec();
        while line.first() == Some(&b' ') {
            line.remove(0);
        }
        let rows = head_rows(&line, false, Form { comment: None, has_sep: false, ..form }, 1);
        let row = rows.first()?;
        Some(row.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect())
    });
    (count, fields)
}

/// The delimiter that the first line names: `sep=;`, as Excel has it.
fn sep(head: &[u8]) -> Option<Delimiter> {
    let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let line = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(line);
    if line.len() != 5 || !line[..4].eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    let all = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe, Delimiter::Spaces];
    all.into_iter().find(|delimiter| byte_of(*delimiter) == line[4])
}

/// The first rows; a row that the end of `head` cuts off is left out.
fn head_rows(head: &[u8], cut: bool, form: Form, most: usize) -> Vec<ByteRecord> {
    let mut collapsed = Vec::new();
    let head = if form.delimiter == Delimiter::Spaces {
        // Memory that is read fails at nothing.
        let _ = Collapsed::new(head).read_to_end(&mut collapsed);
        &collapsed
    } else {
        head
    };
    let mut reader = builder(form).from_reader(head);
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    let mut skips = form.has_sep;
    while rows.len() <= most && reader.read_byte_record(&mut record).unwrap_or(false) {
        if !std::mem::take(&mut skips) {
            rows.push(record.clone());
        }
    }
    if rows.len() > most || (cut && rows.len() > 1) {
        rows.pop();
    }
    rows
}

fn first_row(text: &Text<'_>, form: Form, progress: &Progress) -> Result<Vec<ByteRecord>, DataError> {
    let mut lines = Lines::open(text, form, progress)?;
    let mut record = ByteRecord::new();
    let found = lines.next(&mut record)?;
    Ok(found.then_some(record).into_iter().collect())
}

/// The candidate that splits most rows into the same number of fields, more than one; then the one whose fields make more
/// sense; then the one with more fields. Runs of spaces, where no other sign divides.
fn best_delimiter(head: &[u8], cut: bool, comment: Option<u8>, rules: Rules) -> Delimiter {
    let score = |delimiter: Delimiter| {
        let rows = head_rows(head, cut, Form { delimiter, comment, has_sep: false }, DIVIDED_ROWS);
        let mut fields = rows.first().map_or(0, ByteRecord::len);
        let mut same = rows.iter().filter(|row| row.len() == fields).count();
        // A header without a name for the row names, or lines that end with a delimiter.
        let may_be_short = rules == Rules::Current || delimiter == Delimiter::Spaces;
        if may_be_short
            && fields > 1
            && same == 1
            && rows.len() > 1
            && rows.iter().skip(1).all(|row| row.len() == fields + 1)
        {
            (fields, same) = (fields + 1, rows.len());
        }
        let sense = match rules {
            Rules::Current => sense(&rows),
            Rules::Version1 => 0,
        };
        if fields < 2 { (0, 0, 0) } else { (same * 1000 / rows.len(), sense, fields) }
    };
    // The first of equals, so that a table of one column counts as one of commas.
    let mut best = (Delimiter::Comma, score(Delimiter::Comma));
    for delimiter in CANDIDATES {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    let is_poor = best.1.2 < 2 || (rules == Rules::Current && (best.1.0 < 900 || best.1.1 < 900));
    if is_poor {
        let spaces = score(Delimiter::Spaces);
        if spaces > best.1 && spaces.0 >= 900 && (rules == Rules::Version1 || spaces.1 >= 900) {
            return Delimiter::Spaces;
        }
    }
    best.0
}

/// How many fields of a thousand are no numbers that were cut apart or run together by the wrong delimiter.
fn sense(rows: &[ByteRecord]) -> usize {
    let fields = || rows.iter().flat_map(ByteRecord::iter);
    let is_run_together = |field: &[u8]| {
        let of_digits = field.windows(3).any(|three| {
            three[0].is_ascii_digit()
                && matches!(three[1], b';' | b',' | b'\t' | b'|' | b' ')
                && (three[2].is_ascii_digit() || matches!(three[2], b'-' | b' ' | b'.'))
        });
        let is_sound = |text: &str| !Notations::of(text).0.is_empty();
        of_digits
            && !field.iter().any(u8::is_ascii_alphabetic)
            && !std::str::from_utf8(field).is_ok_and(|text| text.len() <= 64 && is_sound(text))
    };
    let together = fields().filter(|field| is_run_together(field)).count();
    let count = fields().count().max(1);
    (count - together) * 1000 / count
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

    #[test]
    fn delimiters_are_told_by_the_first_rows() {
        let check = |text: &str, rules: Rules, expected: Delimiter| {
            assert_eq!(best_delimiter(text.as_bytes(), false, None, rules), expected, "{text:?}");
        };
        for rules in Rules::ALL {
            check("a,b\n1,2\n", rules, Delimiter::Comma);
            check("a;b\n1,5;2,5\n", rules, Delimiter::Semicolon);
            check("a\tb\nred wine\t3\n", rules, Delimiter::Tab);
            check("a|b,c\n1|2\n", rules, Delimiter::Pipe);
            check("1.5 2.5\n3.5  4.5\n", rules, Delimiter::Spaces);
            check("\"x\" \"y\"\n\"1\" 0.5 2\n\"2\" 1 3\n", rules, Delimiter::Spaces);
            check("some name\n1\n2\n", rules, Delimiter::Comma);
            check("5\n6\n", rules, Delimiter::Comma);
        }
        // Commas cut these into more fields of equal number.
        check("1,5;2,5;3,5\n1,25;2,5;7,5\n", Rules::Current, Delimiter::Semicolon);
        check("  1,5   2,5\n 3,25  4,5\n", Rules::Current, Delimiter::Spaces);
    }
}
