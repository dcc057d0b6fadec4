//! What a person is told about rows that are left out of a table, or may have to be.

use ::csv::ByteRecord;

use super::Asked;
use super::footer::{self, Tail};
use super::layout::TableLayout;
use super::left_out::{Counts, Sums};
use super::places::{Places, with_more};
use super::remarks::Remarks;
use super::statistics::{self, Called};
use crate::project::{Choice, Comments, RowSet};

/// Ranges of rows that are named in an option, at most: more are no slip.
pub(super) const MOST_RANGES: usize = 100;

/// Tells which rows at the end stand below the table, and which may.
pub(super) fn tell_end(places: &Places<'_>, tail: &Tail, kept: usize, remarks: &mut Remarks) {
    let is_filled = |(_, row): &&(u64, ByteRecord)| !footer::is_empty(row.iter());
    let below: Vec<&ByteRecord> = tail.rows[kept..].iter().filter(is_filled).map(|(_, row)| row).collect();
    if !below.is_empty() {
        let (s, are) = if below.len() == 1 { ("", "is") } else { ("s", "are") };
        // Rows of another number of fields would be refused.
        let can_be_taken = below.iter().all(|row| row.len() == places.layout.columns.len());
        let option = Choice::SkipFooter(Some(0)).option();
        let remedy = if can_be_taken { format!("; {option} takes all rows") } else { String::new() };
        remarks.notes.push(format!(
            "{} row{s} below the table {are} left out ({}){remedy}",
            below.len(),
            places.listed(&below)
        ));
    }
    let Some(last) = tail.rows.last().filter(|_| kept == tail.rows.len()) else { return };
    let is_sum = |(_, row): &&(u64, ByteRecord)| footer::called_first(row).is_some_and(Called::is_sure);
    let own: Vec<&(u64, ByteRecord)> = tail.rows.iter().filter(is_filled).collect();
    if own.last().is_some_and(is_sum) {
        let sums: Vec<&ByteRecord> = own.iter().skip_while(|row| !is_sum(row)).map(|(_, row)| row).collect();
        let first = own.iter().find(|row| is_sum(row)).map_or(last.0, |(number, _)| *number);
        let what = if sums.len() == 1 {
            "the last row is taken as data, but looks as if it sums".to_owned()
        } else {
            format!("the last {} rows are taken as data, but look as if they sum", sums.len())
        };
        remarks.doubt(
            format!("{what} up the others ({})", places.listed(&sums)),
            vec![Choice::SkipFooter(Some((last.0 - first + 1) as usize))],
        );
    } else if let Some((number, row)) = own.last().filter(|_| !tail.has_others && kept < 3) {
        let is_called = statistics::called(row).is_some();
        if !is_called {
            remarks.doubt(
                format!(
                    "the last row is taken as data, but looks as if it is a remark ({})",
                    places.shown(row)
                ),
                vec![Choice::SkipFooter(Some((last.0 - number + 1) as usize))],
            );
        }
    }
}

/// Tells which rows sum up others.
pub(super) fn tell_sums(places: &Places<'_>, sums: &Sums, asked: &Asked<'_>, remarks: &mut Remarks) {
    let rows = |all: &'_ [(u64, ByteRecord)]| -> String {
        places.listed(&all.iter().map(|(_, row)| row).collect::<Vec<_>>())
    };
    if !sums.left_out.is_empty() {
        let count = sums.left_out.len();
        let what = if count == 1 {
            "1 row that sums up others is left out".to_owned()
        } else {
            format!("{count} rows that sum up others are left out")
        };
        // Those that were chosen stay chosen.
        let chosen = asked.reading.skip_rows.clone().unwrap_or_default();
        let which = if chosen.is_empty() { "all rows" } else { "them" };
        let option = Choice::SkipRows(Some(chosen.only())).option();
        remarks.notes.push(format!("{what} ({}); {option} takes {which}", rows(&sums.left_out)));
    }
    if !sums.doubtful.is_empty() {
        let count = sums.doubtful.len();
        let what = if count == 1 {
            "1 row is taken as data, but looks as if it sums".to_owned()
        } else {
            format!("{count} rows are taken as data, but look as if they sum")
        };
        let numbers = sums.left_out.iter().chain(&sums.doubtful).map(|(number, _)| *number);
        let skip = with_more(asked.reading.skip_rows.as_ref(), numbers);
        let remedy = (skip.ranges() <= MOST_RANGES).then_some(Choice::SkipRows(Some(skip)));
        remarks.doubt(format!("{what} up others ({})", rows(&sums.doubtful)), remedy.into_iter().collect());
    }
    if let Some(last) = &sums.last {
        remarks.doubt(
            format!("the numbers of the last row sum up all others ({})", places.shown(last)),
            vec![Choice::SkipFooter(Some(1))],
        );
    }
}

/// Doubts rows that have no value in any feature. `skip` are the rows that are left out.
pub(super) fn tell_empty(empty: &RowSet, count: usize, skip: &RowSet, remarks: &mut Remarks) {
    let (what, filled) = if count == 1 { ("row has", "it is") } else { ("rows have", "they are") };
    let all = skip.and(empty);
    let is_short = all.ranges() <= MOST_RANGES;
    let which = if is_short { format!(" ({empty})") } else { String::new() };
    let remedy = is_short.then_some(Choice::SkipRows(Some(all)));
    remarks.doubt(
        format!("{count} {what} no value in any feature{which}: {filled} filled with column means"),
        remedy.into_iter().collect(),
    );
}

/// Tells which rows and fields were left out.
pub(super) fn tell_counts(counts: &Counts, remarks: &mut Remarks) {
    let counted = |count: usize| format!("{count} row{}", if count == 1 { "" } else { "s" });
    for (count, what) in [
        (counts.skipped, "that should be skipped"),
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
pub(super) fn tell_comments(layout: &mut TableLayout, all: usize, asked: &Asked<'_>, remarks: &mut Remarks) {
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

/// Warns of rows that are to be left out, but are not there. `end` is the number of the last row.
pub(super) fn tell_missing_rows(end: Option<u64>, asked: &Asked<'_>, remarks: &mut Remarks) {
    let Some((last, end)) = asked.reading.skip_rows.as_ref().and_then(RowSet::last).zip(end) else { return };
    if last > end {
        let s = if end == 1 { "" } else { "s" };
        remarks.warnings.push(format!(
            "row {last} is to be left out, but the table has {end} row{s}: rows are counted from 1 below the header"
        ));
    }
}
