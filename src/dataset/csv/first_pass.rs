//! The first pass over a table: all fields of each column, and which rows belong to the table.

mod sums;

use std::collections::HashSet;

use ::csv::ByteRecord;

use super::ReadOptions;
use super::around;
use super::body::{Body, Left, Rows};
use super::evidence::{self, Content, Evidence};
use super::footer::{self, Above, Tail};
use super::layout::TableLayout;
use super::left_out::{Counts, Numbered, Sums};
use super::lines::utf8;
use super::pairs;
use super::places::Places;
use super::remarks::Remarks;
use super::second_header;
use super::second_table::Second;
use super::statistics::{self, Kind};
use super::text::Text;
use super::words::Words;
use crate::dataset::memory::Reservation;
use crate::dataset::progress::CancelTimer;
use crate::dataset::{DataError, Progress};
use crate::project::{RowSet, Rules};

/// Most rows within the table that are examined because they may sum up others: if there are more,
/// they are data.
const MOST_AMONG: usize = 1000;
/// Longest row kept for comparison with the next one, in bytes.
const LONGEST: usize = 1 << 20;

/// Evidence for all columns, and the rows of the table.
///
/// # Errors
/// [`DataError`] for rows that cannot be read, and if memory is short.
pub(super) fn first_pass(
    text: &Text<'_>,
    layout: &mut TableLayout,
    options: &ReadOptions<'_>,
    progress: &Progress,
    remarks: &mut Remarks,
) -> Result<(Vec<Evidence>, Body), DataError> {
    let mut body = Body::new(last(text, layout, options, progress)?, options);
    let mut first_pass = FirstPass::of(text, layout, options, progress)?;
    let mut second = first_pass.read(&body)?;
    around::report_missing_rows(first_pass.end, options, remarks);
    body.finds_second = false;
    if let Some(second) = &mut second {
        let found = (&first_pass.contents()[..], first_pass.has_gap());
        second.find_below(&Places { text, layout, progress }, &body, found, options.reading)?;
        if second.is_cut {
            body.last = Some(second.number - 1);
        } else {
            body.skip = body.skip.and(&RowSet::from_iter([second.number]));
        }
        first_pass = first_pass.again(&body)?;
    }
    let mut sums = first_pass.sums(&body)?;
    body.below = sums.end;
    if !sums.left_out.is_empty() || sums.end.is_some() {
        body.skip = body.skip.and(&sums.left_out.iter().map(|(number, _)| *number).collect());
        first_pass = first_pass.again(&body)?;
    }
    let kept = first_pass.find_end(&mut body, &mut sums)?;
    let (mut evidence, counts, comments, tail) = first_pass.finish();
    let places = Places { text, layout, progress };
    if let Some(second) = &second {
        second.doubt(&places, body.last, options.reading.skip_rows.as_ref(), remarks);
    }
    if options.reading.skip_footer.is_none() {
        around::report_end(&places, &tail, kept, &sums, remarks);
    }
    around::report_sums(&places, &sums, options, remarks);
    around::report_counts(&counts, remarks);
    around::report_comments(layout, comments, options, remarks);
    evidence::combine(&mut evidence, options.reading, options.rules, text.written_in());
    Ok((evidence, body))
}

/// The number of the last row, if the number of skipped rows at the end is given.
fn last(
    text: &Text<'_>,
    layout: &TableLayout,
    options: &ReadOptions<'_>,
    progress: &Progress,
) -> Result<Option<u64>, DataError> {
    let Some(skipped) = options.reading.skip_footer.filter(|skipped| *skipped > 0) else { return Ok(None) };
    let mut rows = Rows::open(text, layout, progress)?;
    let mut record = ByteRecord::new();
    while rows.next(&mut record)? {}
    Ok(Some(rows.number.saturating_sub(skipped as u64)))
}

/// The first pass.
struct FirstPass<'a> {
    text: &'a Text<'a>,
    layout: &'a TableLayout,
    options: &'a ReadOptions<'a>,
    progress: &'a Progress,
    cancel_timer: CancelTimer<'a>,
    evidence: Vec<Evidence>,
    counts: Counts,
    /// Number of comment lines.
    comments: usize,
    /// Rows at the end that may be below the table.
    tail: Tail,
    /// Rows within the table that may sum up those above them.
    among: Vec<Numbered>,
    /// Names of other statistics that rows within the table have.
    within: HashSet<Vec<u8>>,
    reservation: Reservation<'a>,
    /// The number of the last row of the file, once all of it has been read.
    end: Option<u64>,
    /// The last row added.
    previous: Numbered,
}

impl<'a> FirstPass<'a> {
    /// A survey before the first row.
    fn of(
        text: &'a Text<'a>,
        layout: &'a TableLayout,
        options: &'a ReadOptions<'a>,
        progress: &'a Progress,
    ) -> Result<FirstPass<'a>, DataError> {
        let mut evidence = evidence::of_columns(&layout.columns, options.reading, progress.budget())?;
        evidence::mark_date_names(&mut evidence, &layout.columns, options.rules);
        Ok(FirstPass {
            text,
            layout,
            options,
            progress,
            cancel_timer: CancelTimer::new(progress),
            evidence,
            counts: Counts::default(),
            comments: 0,
            tail: Tail::default(),
            among: Vec::new(),
            within: HashSet::new(),
            reservation: progress.budget().charge_scoped(0)?,
            end: None,
            previous: Numbered::default(),
        })
    }

    /// The results.
    fn finish(self) -> (Vec<Evidence>, Counts, usize, Tail) {
        (self.evidence, self.counts, self.comments, self.tail)
    }

    /// Reads again, with other rows.
    fn again(mut self, body: &Body) -> Result<FirstPass<'a>, DataError> {
        let budget = self.progress.budget();
        for evidence in &mut self.evidence {
            evidence.release(budget);
        }
        budget.release(self.evidence);
        let mut first_pass = FirstPass::of(self.text, self.layout, self.options, self.progress)?;
        first_pass.read(body)?;
        Ok(first_pass)
    }

    /// Reads the rows of a body, up to the header of a second table.
    fn read(&mut self, body: &Body) -> Result<Option<Second>, DataError> {
        let mut rows = Rows::open(self.text, self.layout, self.progress)?;
        let is_current = self.options.rules == Rules::Current;
        // A row that may be the header of a second table.
        let mut waiting: Option<Numbered> = None;
        let mut record = ByteRecord::new();
        while body.reaches(rows.number + 1) && rows.next(&mut record)? {
            let number = rows.number;
            if !is_current {
                self.add(&rows, body, number, &mut record)?;
                continue;
            }
            rows.lines.check_closed(&record)?;
            if body.skip.contains(number) {
                self.counts.skipped += usize::from(self.is_chosen(number));
                continue;
            }
            if let Some(mut header) = waiting.take() {
                if second_header::follows(&header.1, &record, &self.contents()) {
                    return Ok(Some(Second::new(header)));
                }
                self.take(&rows, body, header.0, &mut header.1)?;
            }
            let may_begin = body.finds_second && self.may_begin_table(&record);
            // A repetition of the header is skipped.
            if may_begin && body.left_out(self.layout, number, &record).is_none() {
                waiting = Some((number, record.clone()));
                continue;
            }
            if body.below.is_some_and(|below| number >= below) {
                self.tail.rows.push((number, record.clone()));
                continue;
            }
            self.take(&rows, body, number, &mut record)?;
        }
        if let Some(mut header) = waiting.take() {
            self.take(&rows, body, header.0, &mut header.1)?;
        }
        self.comments = rows.lines.comments();
        self.end = body.last.is_none().then_some(rows.number);
        Ok(None)
    }

    /// Adds a row: it may be below the table, unless others follow.
    fn take(
        &mut self,
        rows: &Rows<'_>,
        body: &Body,
        number: u64,
        record: &mut ByteRecord,
    ) -> Result<(), DataError> {
        if self.tail.takes(number, record, self.layout.columns.len(), &self.previous.1) {
            return Ok(());
        }
        self.take_within(rows, body)?;
        self.add(rows, body, number, record)
    }

    /// Whether a row may be the header of a second table.
    fn may_begin_table(&self, record: &ByteRecord) -> bool {
        let (names, mut contents) = (&self.layout.columns, || self.contents());
        self.counts.rows >= second_header::ROWS
            && second_header::may_be_header(
                record,
                &self.previous.1,
                names,
                &mut contents,
                self.options.reading,
            )
    }

    /// Whether a title, a sum or a remark is below the last row, and nowhere else in the table.
    fn has_gap(&self) -> bool {
        let rows = &self.tail.rows;
        let is_other = |(_, row): &Numbered| !footer::is_empty(row) && !pairs::is_one(row);
        let has_pairs = || pairs::start(rows, &self.contents(), self.options.reading).is_some();
        !self.tail.has_others && (rows.iter().any(is_other) || has_pairs())
    }

    /// Whether a row was chosen to be skipped.
    fn is_chosen(&self, number: u64) -> bool {
        self.options.reading.skip_rows.as_ref().is_some_and(|rows| rows.contains(number))
    }

    /// Adds rows that look as if they were below the table but are followed by others.
    fn take_within(&mut self, rows: &Rows<'_>, body: &Body) -> Result<(), DataError> {
        let within = self.tail.within();
        // `SD` counts if it is next to `Mean`.
        let is_sure = |(_, row): &Numbered| {
            statistics::called(row).is_some_and(|called| called.is_sure() && called.kind != Kind::Sum)
        };
        let has_sure = within.iter().any(is_sure);
        for (number, mut record) in within {
            if let Some((name, called)) = statistics::named(&record) {
                if (called.kind != Kind::Sum || !called.is_likely()) && self.within.len() < MOST_AMONG {
                    self.within.insert(name.to_ascii_lowercase());
                }
                let may_be = called.is_likely() || (has_sure && called.is_whole);
                if self.options.reading.finds_sums() && self.among.len() < MOST_AMONG && may_be {
                    self.reservation.take(2 * record.as_slice().len() as u64 + 256)?;
                    self.among.push((number, record.clone()));
                }
            }
            self.add(rows, body, number, &mut record)?;
        }
        Ok(())
    }

    /// Adds a row to the evidence of the columns.
    fn add(
        &mut self,
        rows: &Rows<'_>,
        body: &Body,
        number: u64,
        record: &mut ByteRecord,
    ) -> Result<(), DataError> {
        let (reading, budget) = (self.options.reading, self.progress.budget());
        match body.left_out(self.layout, number, record) {
            Some(Left::Skipped) => self.counts.skipped += usize::from(self.is_chosen(number)),
            Some(Left::Empty) => self.counts.empty += 1,
            Some(Left::Header) => self.counts.headers += 1,
            Some(Left::Comment) => self.counts.comments += 1,
            None => {
                body.check(rows, number, record)?;
                self.counts.rows += 1;
                self.counts.longer += usize::from(record.len() > self.layout.columns.len());
                for (evidence, bytes) in self.evidence.iter_mut().zip(&*record) {
                    self.cancel_timer.tick(1)?;
                    evidence.row = number;
                    if !evidence.add_plain(bytes, reading, budget) {
                        // It is tried as a date in every format.
                        self.cancel_timer.tick(256)?;
                        let field = utf8(self.text, self.layout.form, record, bytes, self.progress)?;
                        evidence.add(field, reading, budget);
                    }
                }
                self.previous.0 = number;
                self.previous.1.clear();
                // Longer ones need memory.
                if record.as_slice().len() <= LONGEST {
                    std::mem::swap(&mut self.previous.1, record);
                }
            }
        }
        Ok(())
    }

    /// Determines how many of the rows that may be below the table belong to it, and adds these.
    fn find_end(&mut self, body: &mut Body, sums: &mut Sums) -> Result<usize, DataError> {
        let reading = self.options.reading;
        let mut kept = self.tail.rows.len();
        if reading.skip_footer.is_none() {
            kept = self.tail.of_table(&Above {
                contents: &self.contents(),
                reading,
                rows: self.counts.rows,
                have_digits: &|at| self.evidence.get(at).is_some_and(have_digits),
                is_proven: &|number| sums.has(number),
                is_near: &|number| sums.near.contains(&number),
                is_refuted: &|number| sums.is_refuted(number),
                is_label: &|at| self.options.labels.contains(&self.layout.columns[at]),
                is_new: &|row| self.has_new_name(row, &self.contents(), 0),
                is_within: &|row| sums.is_within(row),
                has_doubtful: !sums.doubtful.is_empty(),
            });
            // Rows proven by their numbers, with any name.
            let is_below = |(number, _): &Numbered| body.below.is_some_and(|below| *number >= below);
            kept = kept.min(self.tail.rows.iter().position(is_below).unwrap_or(kept));
        }
        let own = self.tail.rows[..kept].to_vec();
        // The end of the file is examined only if no rows are to be skipped there.
        let is_data = |(_, row): &Numbered| !footer::is_empty(row) && statistics::called(row).is_none();
        let ends =
            if reading.skip_footer.is_none() { kept } else { own.iter().rposition(is_data).unwrap_or(0) };
        if !own.is_empty() {
            let is_sum =
                |row: &ByteRecord| statistics::called(row).is_some_and(|called| called.kind == Kind::Sum);
            let rows = Rows::open(self.text, self.layout, self.progress)?;
            for (at, (number, mut row)) in own.into_iter().enumerate() {
                let is_within = is_sum(&row) || sums.of_groups.contains(&number);
                if reading.finds_sums() && at < ends && sums.has(number) && is_within {
                    body.skip = body.skip.and(&RowSet::from_iter([number]));
                    sums.left_out.push((number, row));
                } else {
                    self.add(&rows, body, number, &mut row)?;
                }
            }
        }
        if let Some((number, _)) = self.tail.rows.get(kept) {
            body.last = Some(number - 1);
        }
        Ok(kept)
    }

    fn contents(&self) -> Vec<Content> {
        self.evidence.iter().map(|evidence| evidence.judge(None)).collect()
    }
}

/// Whether the words of a column all contain digits.
fn have_digits(evidence: &Evidence) -> bool {
    let has_digit = |(word, _): (String, u64)| word.bytes().any(|byte| byte.is_ascii_digit());
    evidence.words().is_some_and(|words: &Words| words.len() > 1 && words.iter().all(has_digit))
}
