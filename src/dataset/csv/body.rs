//! The rows of a table, from below its header to the last that is none below it.

use ::csv::ByteRecord;

use super::evidence::{self, Evidence};
use super::footer::{self, Sums, Tail};
use super::layout::TableLayout;
use super::lines::{Lines, place_of_record, utf8};
use super::plain::plain_number;
use super::remarks::Remarks;
use super::text::Text;
use super::{Asked, listed};
use crate::dataset::progress::Pulse;
use crate::dataset::{DataError, Progress};
use crate::project::{Choice, Comments, Rules};

/// Which rows are those of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    /// The number of the last row, counted from 1 below the header; `None` for that of the file.
    last: Option<u64>,
    /// By which rules: those of version 1 leave no empty rows out.
    rules: Rules,
    /// Whether comments may stand among the rows though the file does not begin with one.
    finds_comments: bool,
}

impl Body {
    /// Hands over the rows with their numbers; all have a field for each column, and empty rows are left out.
    pub(super) fn each(
        self,
        text: &Text<'_>,
        layout: &TableLayout,
        progress: &Progress,
        mut take: impl FnMut(u64, &ByteRecord) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut rows = Rows::open(text, layout, progress)?;
        let mut record = ByteRecord::new();
        while self.last.is_none_or(|last| rows.number < last) && rows.next(&mut record)? {
            if self.left_out(layout, &record).is_some() {
                continue;
            }
            self.check(&rows, &record)?;
            take(rows.number, &record)?;
        }
        Ok(())
    }

    /// Why a row is left out, where it is.
    fn left_out(self, layout: &TableLayout, record: &ByteRecord) -> Option<Left> {
        if self.rules == Rules::Version1 || layout.columns.len() < 2 {
            return None;
        }
        let mut fields = (0..).zip(layout.columns.iter().zip(record));
        let repeats = layout.has_header
            && record.len() >= layout.columns.len()
            && fields.all(|(at, (name, field))| is_named(at, name, field.trim_ascii()));
        let is_name = |field: &[u8]| {
            let text = std::str::from_utf8(field).unwrap_or_default().trim();
            !text.is_empty() && plain_number(text).is_none()
        };
        if repeats && record.iter().any(is_name) {
            return Some(Left::Header);
        }
        let is_comment = self.finds_comments && record.len() != layout.columns.len();
        if is_comment && record.get(0).is_some_and(|field| field.starts_with(b"#")) {
            return Some(Left::Comment);
        }
        footer::is_empty(record).then_some(Left::Empty)
    }

    /// Refuses a row of another number of fields. Delimiters at its end are none.
    fn check(self, rows: &Rows<'_>, record: &ByteRecord) -> Result<(), DataError> {
        let count = rows.layout.columns.len();
        let mut more = record.iter().skip(count);
        let has_end = record.len() > count
            && match self.rules {
                Rules::Current => more.all(|field| field.trim_ascii().is_empty()),
                Rules::Version1 => record.len() == count + 1 && more.all(<[u8]>::is_empty),
            };
        if record.len() == count || has_end { Ok(()) } else { Err(rows.wrong_width(record)) }
    }
}

/// Whether a field of the header names a column so: empty ones and those of other columns are told apart by numbers.
fn is_named(at: usize, name: &str, field: &[u8]) -> bool {
    let made_up;
    let base = if field.is_empty() {
        made_up = format!("column {}", at + 1);
        made_up.as_bytes()
    } else {
        field
    };
    let Some(copy) = name.as_bytes().strip_prefix(base) else { return false };
    let number = copy.strip_prefix(b" (").and_then(|rest| rest.strip_suffix(b")"));
    copy.is_empty() || number.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
}

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// It is empty.
    Empty,
    /// It is the header once more, as where files were joined.
    Header,
    /// It begins with `#` and has no field for each column.
    Comment,
}

/// The rows of a file one after the other.
struct Rows<'a> {
    text: &'a Text<'a>,
    layout: &'a TableLayout,
    lines: Lines<'a>,
    /// The number of the last one, counted from 1 below the header.
    number: u64,
    progress: &'a Progress,
}

impl<'a> Rows<'a> {
    fn open(
        text: &'a Text<'a>,
        layout: &'a TableLayout,
        progress: &'a Progress,
    ) -> Result<Rows<'a>, DataError> {
        let mut lines = Lines::open(text, layout.form, progress)?;
        let mut record = ByteRecord::new();
        for _ in 0..layout.head_rows() {
            lines.next(&mut record)?;
        }
        Ok(Rows { text, layout, lines, number: 0, progress })
    }

    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, DataError> {
        let found = self.lines.next(record)?;
        self.number += u64::from(found);
        Ok(found)
    }

    fn place(&self, record: &ByteRecord) -> String {
        place_of_record(self.text, self.layout.form, record, self.progress)
    }

    fn wrong_width(&self, record: &ByteRecord) -> DataError {
        let (count, fields) = (self.layout.columns.len(), record.len());
        let lines = self.layout.form.skip + 1;
        let hint = if record.iter().any(|field| field.contains(&b'\n')) {
            ", or close a quote that is open in this row".to_owned()
        } else if self.number == 1 {
            let option = Choice::SkipLines(Some(lines)).option();
            format!(", or skip the lines above the header ({option})")
        } else if fields < count {
            let option = Choice::SkipFooter(Some(1)).option();
            format!(", or skip rows at the end that are not part of the table ({option} for one)")
        } else {
            String::new()
        };
        let s = if fields == 1 { "" } else { "s" };
        let message = format!(
            "the row has {fields} field{s} where the first has {count}; add or remove delimiters, or choose another delimiter{hint}"
        );
        DataError::content(self.text.path, self.place(record), message)
    }
}

/// What the first reading counts.
#[derive(Default)]
struct Counts {
    empty: usize,
    headers: usize,
    comments: usize,
    /// Rows with delimiters at their end that the header does not have.
    longer: usize,
}

/// The first reading: what all fields of each column tell, and which rows are those of the table.
pub(super) fn survey(
    text: &Text<'_>,
    layout: &mut TableLayout,
    asked: &Asked<'_>,
    progress: &Progress,
    remarks: &mut Remarks,
) -> Result<(Vec<Evidence>, Body), DataError> {
    let (reading, budget) = (asked.reading, progress.budget());
    let mut evidence = evidence::of_columns(&layout.columns, reading, budget)?;
    let last = last(text, layout, asked, progress)?;
    let finds_comments = asked.reading.comments == Comments::Auto;
    let mut body = Body { last, rules: asked.rules, finds_comments };
    let finds_end = asked.rules == Rules::Current && asked.reading.skip_footer.is_none();
    let (mut tail, mut counts, mut pulse) = (Tail::default(), Counts::default(), Pulse::new(progress));
    let mut rows = Rows::open(text, layout, progress)?;
    let mut add = |rows: &Rows<'_>,
                   number: u64,
                   record: &ByteRecord,
                   evidence: &mut [Evidence]|
     -> Result<(), DataError> {
        match body.left_out(rows.layout, record) {
            Some(Left::Empty) => counts.empty += 1,
            Some(Left::Header) => counts.headers += 1,
            Some(Left::Comment) => counts.comments += 1,
            None => {
                body.check(rows, record)?;
                counts.longer += usize::from(record.len() > rows.layout.columns.len());
                for (evidence, bytes) in evidence.iter_mut().zip(record) {
                    pulse.beat(1)?;
                    evidence.row = number;
                    if !evidence.add_plain(bytes, reading, budget) {
                        // It is tried as a date of every format.
                        pulse.beat(256)?;
                        let field = utf8(text, rows.layout.form, record, bytes, progress)?;
                        evidence.add(field, reading, budget);
                    }
                }
            }
        }
        Ok(())
    };
    let mut record = ByteRecord::new();
    while body.last.is_none_or(|last| rows.number < last) && rows.next(&mut record)? {
        if asked.rules == Rules::Current {
            rows.lines.check_closed(&record)?;
        }
        if finds_end && tail.takes(rows.number, &record, rows.layout.columns.len()) {
            continue;
        }
        for (number, row) in tail.within() {
            add(&rows, number, &row, &mut evidence)?;
        }
        add(&rows, rows.number, &record, &mut evidence)?;
    }
    let mut sums_up = |number: u64, row: &ByteRecord| {
        let (mut sums, above) = (Sums::of(row, &evidence), Body { last: Some(number - 1), ..body });
        above.each(text, rows.layout, progress, |_, row| {
            sums.add(row);
            Ok(())
        })?;
        Ok::<bool, DataError>(sums.are_met())
    };
    let kept = tail.of_table(&evidence, reading, &mut sums_up)?;
    for (number, row) in &tail.rows[..kept] {
        add(&rows, *number, row, &mut evidence)?;
    }
    if let Some((number, _)) = tail.rows.get(kept) {
        body.last = Some(number - 1);
    }
    tell_end(&rows, &tail, kept, remarks);
    let comments = rows.lines.comments();
    drop(rows);
    tell(&counts, remarks);
    tell_comments(layout, comments, asked, remarks);
    evidence::settle(&mut evidence, reading, asked.rules);
    Ok((evidence, body))
}

/// The number of the last row, where it is said how many at the end are left out.
fn last(
    text: &Text<'_>,
    layout: &TableLayout,
    asked: &Asked<'_>,
    progress: &Progress,
) -> Result<Option<u64>, DataError> {
    let Some(skipped) = asked.reading.skip_footer.filter(|skipped| *skipped > 0) else { return Ok(None) };
    let mut rows = Rows::open(text, layout, progress)?;
    let mut record = ByteRecord::new();
    while rows.next(&mut record)? {}
    Ok(Some(rows.number.saturating_sub(skipped as u64)))
}

/// Tells which rows at the end stand below the table, and which may.
fn tell_end(rows: &Rows<'_>, tail: &Tail, kept: usize, remarks: &mut Remarks) {
    let shown = |record: &ByteRecord| {
        let fields = record.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned());
        let fields: Vec<String> = fields.filter(|field| !field.is_empty()).take(4).collect();
        format!("{}: {}", rows.place(record), listed(&fields))
    };
    let below = tail.rows[kept..].iter().filter(|(_, row)| !footer::is_empty(row.iter()));
    let below: Vec<&ByteRecord> = below.map(|(_, row)| row).collect();
    if !below.is_empty() {
        let (s, are) = if below.len() == 1 { ("", "is") } else { ("s", "are") };
        // Rows of another number of fields would be refused.
        let can_be_taken = below.iter().all(|row| row.len() == rows.layout.columns.len());
        let option = Choice::SkipFooter(Some(0)).option();
        let remedy = if can_be_taken { format!("; {option} takes all rows") } else { String::new() };
        let told: Vec<String> = below.iter().map(|row| shown(row)).collect();
        remarks.notes.push(format!(
            "{} row{s} below the table {are} left out ({}){remedy}",
            below.len(),
            told.join("; ")
        ));
    }
    let last = tail.rows[..kept].iter().rev().find(|(_, row)| !footer::is_empty(row.iter()));
    if let Some((number, row)) = last.filter(|_| !tail.has_others && kept == tail.rows.len() && kept < 3) {
        let what = if footer::begins_as_sum(row) { "sums up the others" } else { "is a remark" };
        let skipped = (rows.number - number + 1) as usize;
        remarks.doubt(
            format!("the last row is taken as data, but looks as if it {what} ({})", shown(row)),
            vec![Choice::SkipFooter(Some(skipped))],
        );
    }
}

/// Tells which rows and fields were left out.
fn tell(counts: &Counts, remarks: &mut Remarks) {
    let counted = |count: usize| format!("{count} row{}", if count == 1 { "" } else { "s" });
    for (count, what) in [
        (counts.empty, "without values"),
        (counts.headers, "with the names of the header"),
        (counts.comments, "of comments (#)"),
    ] {
        if count > 0 {
            let are = if count == 1 { "is" } else { "are" };
            remarks.notes.push(format!("{} {what} {are} left out", counted(count)));
        }
    }
    if counts.longer > 0 {
        let rows = counted(counts.longer);
        let end = if counts.longer == 1 { "ends" } else { "end" };
        remarks.notes.push(format!(
            "{rows} {end} with a delimiter that the header does not have: there is no column after the last"
        ));
    }
}

/// Tells of comments among the rows.
fn tell_comments(layout: &mut TableLayout, all: usize, asked: &Asked<'_>, remarks: &mut Remarks) {
    let above = layout.comments + usize::from(layout.has_commented_header);
    let Some(among) = all.checked_sub(above).filter(|among| *among > 0) else { return };
    layout.comments += among;
    if asked.reading.comments == Comments::Auto {
        let (s, begin, are) = if among == 1 { ("", "begins", "is") } else { ("s", "begin", "are") };
        let sign = layout.form.comment.map_or('#', char::from);
        remarks.doubt(
            format!("{among} line{s} among the rows {begin} with {sign} and {are} left out as comments"),
            vec![Choice::Comments(Comments::Off), Choice::Comments(Comments::From(sign))],
        );
    }
}
