//! The rows of a table, from below its header to its last.

use ::csv::ByteRecord;

use super::ReadOptions;
use super::footer;
use super::layout::TableLayout;
use super::lines::{Lines, place_of_record};
use super::names::in_one_line;
use super::plain::plain_number;
use super::text::Text;
use crate::dataset::{DataError, Progress, foreign};
use crate::project::{Choice, Comments, Delimiter, RowSet, Rules};

/// The rows that belong to the table.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// The number of the last row, counted from 1 below the header; `None` for the last row of the
    /// file.
    pub last: Option<u64>,
    /// The first of the rows below the table that does not have the name of a statistic.
    pub below: Option<u64>,
    /// Single rows to skip.
    pub skip: RowSet,
    /// Whether a second table may begin below the first.
    pub finds_second: bool,
    /// The rules: those of version 1 do not skip empty rows.
    rules: Rules,
    /// Whether comments may occur among the rows even if the file does not begin with one.
    finds_comments: bool,
}

impl Body {
    /// The rows up to the last, except those chosen to be skipped.
    pub(super) fn new(last: Option<u64>, options: &ReadOptions<'_>) -> Body {
        Body {
            last,
            below: None,
            skip: options.reading.skip_rows.clone().unwrap_or_default(),
            finds_second: options.reading.skip_footer.is_none(),
            rules: options.rules,
            finds_comments: options.reading.comments == Comments::Auto,
        }
    }

    /// Whether a row is not below the table.
    pub(super) fn reaches(&self, number: u64) -> bool {
        self.last.is_none_or(|last| number <= last)
    }

    /// Passes on the rows with their numbers; all have a field for each column, and empty rows are
    /// skipped.
    pub(super) fn each(
        &self,
        text: &Text<'_>,
        layout: &TableLayout,
        progress: &Progress,
        mut take: impl FnMut(u64, &ByteRecord) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut rows = Rows::open(text, layout, progress)?;
        let mut record = ByteRecord::new();
        while self.reaches(rows.number + 1) && rows.next(&mut record)? {
            if self.left_out(layout, rows.number, &record).is_some() {
                continue;
            }
            self.check(&rows, rows.number, &record)?;
            take(rows.number, &record)?;
        }
        Ok(())
    }

    /// Why a row is skipped, if it is.
    pub(super) fn left_out(&self, layout: &TableLayout, number: u64, record: &ByteRecord) -> Option<Left> {
        if self.skip.contains(number) {
            return Some(Left::Skipped);
        }
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
        if self.finds_comments && is_comment(layout, record) {
            return Some(Left::Comment);
        }
        footer::is_empty(record).then_some(Left::Empty)
    }

    /// Refuses a row with another number of fields. Delimiters at its end are ignored.
    pub(super) fn check(&self, rows: &Rows<'_>, number: u64, record: &ByteRecord) -> Result<(), DataError> {
        let count = rows.layout.columns.len();
        let mut more = record.iter().skip(count);
        let has_end = record.len() > count
            && match self.rules {
                Rules::Current => more.all(|field| field.trim_ascii().is_empty()),
                Rules::Version1 => record.len() == count + 1 && more.all(<[u8]>::is_empty),
            };
        if record.len() == count || has_end {
            Ok(())
        } else {
            Err(rows.wrong_width(number, record, &self.skip))
        }
    }
}

/// Whether a row begins like a comment and does not have a field for each column.
fn is_comment(layout: &TableLayout, record: &ByteRecord) -> bool {
    let columns = layout.columns.len();
    columns > 1 && record.len() != columns && record.get(0).is_some_and(|field| field.starts_with(b"#"))
}

/// Whether a column can have this name: empty and duplicate names get numbers.
fn is_named(at: usize, name: &str, field: &[u8]) -> bool {
    let made_up;
    let base = if field.is_empty() {
        made_up = format!("column {}", at + 1);
        made_up.as_bytes()
    } else if field.contains(&b'\n') {
        made_up = in_one_line(&String::from_utf8_lossy(field));
        made_up.as_bytes()
    } else {
        field
    };
    let Some(copy) = name.as_bytes().strip_prefix(base) else { return false };
    let number = copy.strip_prefix(b" (").and_then(|rest| rest.strip_suffix(b")"));
    copy.is_empty() || number.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
}

/// Why a row is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It was chosen to be skipped, or sums up others.
    Skipped,
    /// It is empty.
    Empty,
    /// It repeats the header, as in concatenated files.
    Header,
    /// It begins with `#` and does not have a field for each column.
    Comment,
}

/// The rows of a file, one after another.
pub(super) struct Rows<'a> {
    text: &'a Text<'a>,
    pub layout: &'a TableLayout,
    pub lines: Lines<'a>,
    /// The number of the latest row, counted from 1 below the header.
    pub number: u64,
    progress: &'a Progress,
}

impl<'a> Rows<'a> {
    pub(super) fn open(
        text: &'a Text<'a>,
        layout: &'a TableLayout,
        progress: &'a Progress,
    ) -> Result<Rows<'a>, DataError> {
        let mut lines = Lines::open(text, layout.form, progress)?;
        let mut record = ByteRecord::new();
        for row in 0..layout.head_rows() {
            lines.next(&mut record)?;
            // Empty rows and comments within a header do not belong to it.
            while row > 0
                && (footer::is_empty(&record) || is_comment(layout, &record))
                && lines.next(&mut record)?
            {}
        }
        Ok(Rows { text, layout, lines, number: 0, progress })
    }

    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, DataError> {
        let found = self.lines.next(record)?;
        self.number += u64::from(found);
        Ok(found)
    }

    pub(super) fn place(&self, record: &ByteRecord) -> String {
        place_of_record(self.text, self.layout.form, record, self.progress)
    }

    fn wrong_width(&self, number: u64, record: &ByteRecord, skip: &RowSet) -> DataError {
        let (count, fields) = (self.layout.columns.len(), record.len());
        let lines = self.layout.form.skip + 1;
        let hint = if record.iter().any(|field| field.contains(&b'\n')) {
            ", or close a quote that is open in this row".to_owned()
        } else if number == 1 {
            let option = Choice::SkipLines(Some(lines)).option();
            format!(", or skip the lines above the header ({option})")
        } else if fields < count && self.layout.form.delimiter == Delimiter::Spaces {
            let command = foreign::fixed_widths(self.text.path, self.layout.has_names());
            format!(
                ", or, if columns have fixed positions and some fields are empty, convert the table \
                 ({command})"
            )
        } else if fields < count {
            let option = Choice::SkipFooter(Some(1)).option();
            format!(", or skip rows at the end that are not part of the table ({option} for one)")
        } else {
            String::new()
        };
        let s = if fields == 1 { "" } else { "s" };
        let option = Choice::SkipRows(Some(skip.and(&RowSet::from_iter([number])))).option();
        let message = format!(
            "the row has {fields} field{s}, but the first has {count}; add or remove delimiters, choose \
             another delimiter{hint}, or skip this row ({option})"
        );
        DataError::content(self.text.path, self.place(record), message)
    }
}
