//! Messages about rows of a table that are skipped, or may have to be.

use ::csv::ByteRecord;

use super::ReadOptions;
use super::footer::{self, Tail};
use super::layout::TableLayout;
use super::left_out::{Counts, Numbered, Sums};
use super::pairs;
use super::places::{Places, with_more};
use super::remarks::Remarks;
use super::statistics;
use crate::project::{Choice, Comments, RowSet};

/// Most ranges of rows named in an option; more are hardly a mistake.
pub(super) const MOST_RANGES: usize = 100;

/// Reports the rows at the end that are below the table, and those that may be.
pub(super) fn report_end(places: &Places<'_>, tail: &Tail, kept: usize, sums: &Sums, remarks: &mut Remarks) {
    let is_filled = |(_, row): &&Numbered| !footer::is_empty(row.iter());
    let below: Vec<&Numbered> = tail.rows[kept..].iter().filter(is_filled).collect();
    if !below.is_empty() {
        let has_several =
            |row: &ByteRecord| row.iter().filter(|field| !field.trim_ascii().is_empty()).nth(1).is_some();
        let is_unknown = |at: &usize| {
            let is_proven = |number| sums.has(number);
            has_several(&tail.rows[*at].1) && footer::follows_statistic(&tail.rows, *at, &is_proven)
        };
        let has_unknown = sums.is_end_doubtful || (kept..tail.rows.len()).any(|at| is_unknown(&at));
        report_below(places, &below, sums, has_unknown, remarks);
    }
    let Some(last) = tail.rows.last().filter(|_| kept == tail.rows.len()) else { return };
    let own: Vec<&Numbered> = tail.rows.iter().filter(is_filled).collect();
    let block = called_alike(&own, sums);
    if let Some((first, _)) = block.first() {
        let rows: Vec<&ByteRecord> = block.iter().map(|(_, row)| row).collect();
        let what = if rows.len() == 1 {
            "the last row is read as data, but looks like the sum".to_owned()
        } else {
            format!("the last {} rows are read as data, but look like sums", rows.len())
        };
        remarks.doubt(
            format!("{what} of the others ({})", places.listed(&rows)),
            vec![Choice::SkipFooter(Some((last.0 - first + 1) as usize))],
        );
    } else if let Some((number, row)) = own.last().filter(|_| !tail.has_others && kept < 3)
        && pairs::may_be_remark(row)
        && statistics::called(row).is_none()
    {
        remarks.doubt(
            format!("the last row is read as data, but looks like a remark ({})", places.shown(row)),
            vec![Choice::SkipFooter(Some((last.0 - number + 1) as usize))],
        );
    }
}

/// The last rows with names of statistics, from the first that is certain or has the name of a
/// function; empty if none is certain.
fn called_alike<'a>(own: &'a [&'a Numbered], sums: &Sums) -> &'a [&'a Numbered] {
    let called = |row: &ByteRecord| {
        let (name, called) = footer::named_first(row)?;
        let name = name.to_ascii_lowercase();
        let is_one = called.is_whole && !sums.categories.contains(&name);
        is_one.then(|| (called.is_sure(), statistics::is_function(&name)))
    };
    let start = own.iter().rposition(|(_, row)| called(row).is_none()).map_or(0, |last| last + 1);
    let is_first =
        |(_, row): &&Numbered| called(row).is_some_and(|(is_sure, is_function)| is_sure || is_function);
    let first = own[start..].iter().position(is_first).map_or(own.len(), |at| start + at);
    let has_sure = own[first..].iter().any(|(_, row)| called(row).is_some_and(|(is_sure, _)| is_sure));
    if has_sure { &own[first..] } else { &[] }
}

/// Reports the rows below the table. `below` contains at least one; `has_unknown`: some are only
/// recognised by the rows above them.
fn report_below(
    places: &Places<'_>,
    below: &[&Numbered],
    sums: &Sums,
    has_unknown: bool,
    remarks: &mut Remarks,
) {
    let rows: Vec<&ByteRecord> = below.iter().map(|(_, row)| row).collect();
    let (count, listed) = (rows.len(), places.listed(&rows));
    let (s, are) = if count == 1 { ("", "is") } else { ("s", "are") };
    let text = format!("{count} row{s} below the table {are} skipped ({listed})");
    // Rows with another number of fields would be refused.
    let can_be_taken = rows.iter().all(|row| row.len() == places.layout.columns.len());
    let all = Some(Choice::SkipFooter(Some(0))).filter(|_| can_be_taken);
    let is_proven = || sums.end.is_some() || below.iter().any(|(number, _)| sums.has(*number));
    let is_refuted = || below.iter().any(|(number, _)| sums.is_refuted(*number));
    let doubt = if !is_proven() && rows.iter().any(|row| pairs::is_one(row)) {
        Some("names with one value each, as programs write them")
    } else if has_unknown || (is_refuted() && !is_proven()) {
        Some("statistics by name or position, not confirmed by the rows above")
    } else {
        None
    };
    match (doubt, all) {
        (Some(doubt), all) => remarks.doubt(format!("{text}: {doubt}"), all.into_iter().collect()),
        (None, Some(all)) => remarks.notes.push(format!("{text}; {} reads all rows", all.option())),
        (None, None) => remarks.notes.push(text),
    }
}

/// Reports rows that sum others.
pub(super) fn report_sums(
    places: &Places<'_>,
    sums: &Sums,
    options: &ReadOptions<'_>,
    remarks: &mut Remarks,
) {
    let rows = |all: &'_ [(u64, ByteRecord)]| -> String {
        places.listed(&all.iter().map(|(_, row)| row).collect::<Vec<_>>())
    };
    let is_mismatch = |number: u64| sums.mismatches.iter().any(|(other, _)| *other == number);
    let left_out: Vec<Numbered> =
        sums.left_out.iter().filter(|(number, _)| !is_mismatch(*number)).cloned().collect();
    if !left_out.is_empty() {
        let count = left_out.len();
        let what = if count == 1 {
            "1 summary row is skipped".to_owned()
        } else {
            format!("{count} summary rows are skipped")
        };
        // Rows that are already chosen stay chosen.
        let chosen = options.reading.skip_rows.clone().unwrap_or_default();
        let which = if chosen.is_empty() { "all rows" } else { "them" };
        let option = Choice::SkipRows(Some(chosen.only())).option();
        remarks.notes.push(format!("{what} ({}); {option} reads {which}", rows(&left_out)));
    }
    if !sums.mismatches.is_empty() {
        let (s, are) = if sums.mismatches.len() == 1 { ("", "is") } else { ("s", "are") };
        let skip =
            with_more(options.reading.skip_rows.as_ref(), sums.mismatches.iter().map(|(number, _)| *number));
        remarks.doubt(
            format!(
                "{} row{s} {are} skipped, with the name of a statistic where the column contains numbers ({})",
                sums.mismatches.len(),
                rows(&sums.mismatches)
            ),
            vec![Choice::SkipRows(Some(skip))],
        );
    }
    if !sums.doubtful.is_empty() {
        let count = sums.doubtful.len();
        let what = if count == 1 {
            "1 row is read as data, but looks like a sum".to_owned()
        } else {
            format!("{count} rows are read as data, but look like sums")
        };
        let numbers = sums.left_out.iter().chain(&sums.doubtful).map(|(number, _)| *number);
        let skip = with_more(options.reading.skip_rows.as_ref(), numbers);
        let remedy = (skip.ranges() <= MOST_RANGES).then_some(Choice::SkipRows(Some(skip)));
        remarks.doubt(format!("{what} of others ({})", rows(&sums.doubtful)), remedy.into_iter().collect());
    }
    if let Some(last) = &sums.last {
        remarks.doubt(
            format!("the numbers of the last row are the sums of all others ({})", places.shown(last)),
            vec![Choice::SkipFooter(Some(1))],
        );
    }
}

/// Reports a doubt about rows without a value in any feature, or in any except words if
/// `but_words`. `skip` are the skipped rows.
pub(super) fn report_empty(
    empty: &RowSet,
    count: usize,
    but_words: bool,
    skip: &RowSet,
    remarks: &mut Remarks,
) {
    let (what, filled) = if count == 1 { ("row has", "it is") } else { ("rows have", "they are") };
    let but = if but_words { " except words" } else { "" };
    let all = skip.and(empty);
    let is_short = all.ranges() <= MOST_RANGES;
    let which = if is_short { format!(" ({empty})") } else { String::new() };
    let remedy = is_short.then_some(Choice::SkipRows(Some(all)));
    remarks.doubt(
        format!("{count} {what} no value in any feature{but}{which}: {filled} filled with column means"),
        remedy.into_iter().collect(),
    );
}

/// Reports the skipped rows and fields.
pub(super) fn report_counts(counts: &Counts, remarks: &mut Remarks) {
    let counted = |count: usize| format!("{count} row{}", if count == 1 { "" } else { "s" });
    for (count, what) in [
        (counts.skipped, "listed in Skip rows"),
        (counts.empty, "without values"),
        (counts.headers, "with the names of the header"),
        (counts.comments, "with a comment (#)"),
    ] {
        if count > 0 {
            let are = if count == 1 { "is" } else { "are" };
            remarks.notes.push(format!("{} {what} {are} skipped", counted(count)));
        }
    }
    if counts.longer > 0 {
        let rows = counted(counts.longer);
        let end = if counts.longer == 1 { "ends" } else { "end" };
        remarks.notes.push(format!(
            "{rows} {end} with a delimiter that the header does not have; it does not start another column"
        ));
    }
}

/// Reports comments among the rows.
pub(super) fn report_comments(
    layout: &mut TableLayout,
    all: usize,
    options: &ReadOptions<'_>,
    remarks: &mut Remarks,
) {
    let above = layout.comments + usize::from(layout.has_commented_header);
    let Some(among) = all.checked_sub(above).filter(|among| *among > 0) else { return };
    layout.comments += among;
    if options.reading.comments == Comments::Auto {
        let (s, begin, are) = if among == 1 { ("", "begins", "is") } else { ("s", "begin", "are") };
        let sign = layout.form.comment.map_or('#', char::from);
        remarks.doubt(
            format!("{among} line{s} among the rows {begin} with {sign} and {are} skipped as comments"),
            vec![Choice::Comments(Comments::Off), Choice::Comments(Comments::From(sign))],
        );
    }
}

/// Warns about rows to skip that do not exist. `end` is the number of the last row.
pub(super) fn report_missing_rows(end: Option<u64>, options: &ReadOptions<'_>, remarks: &mut Remarks) {
    let Some((last, end)) = options.reading.skip_rows.as_ref().and_then(RowSet::last).zip(end) else {
        return;
    };
    if last > end {
        let s = if end == 1 { "" } else { "s" };
        remarks.warnings.push(format!(
            "row {last} should be skipped, but the table has only {end} row{s}: rows are counted from 1 below \
             the header"
        ));
    }
}
