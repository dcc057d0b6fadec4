//! Which columns have decimal commas.

use super::evidence::Evidence;
use super::layout::TableLayout;
use super::matching::Matched;
use super::number::Notation;
use super::remarks::Remarks;
use super::{ReadOptions, listed};
use crate::dataset::ColumnKind;
use crate::project::{Choice, Decimal, Delimiter, Rules};

/// Whether the decimal mark of each column is a comma: as chosen, as in the run, as proven by a
/// column of numbers among the features, or by the delimiter.
pub(super) fn marks(
    layout: &TableLayout,
    evidence: &[Evidence],
    options: &ReadOptions<'_>,
    matched: Option<&Matched<'_>>,
    numbers: &[usize],
    remarks: &mut Remarks,
) -> Vec<bool> {
    let all = |comma: bool| vec![comma; layout.columns.len()];
    match options.reading.decimal {
        Decimal::Point => return all(false),
        Decimal::Comma => return all(true),
        Decimal::Auto => {}
    }
    // As before this choice existed: plain numbers are read as written.
    let are_plain = numbers.iter().all(|at| evidence[*at].notation(Some(false)) == Notation::Point);
    if options.rules == Rules::Version1 && are_plain {
        return all(false);
    }
    if let Some(matched) = matched {
        return known_marks(layout, evidence, matched, numbers, remarks);
    }
    let proven = |comma: bool| numbers.iter().any(|at| evidence[*at].proves_comma() == Some(comma));
    let (commas, points) = (proven(true), proven(false));
    if commas != points {
        return all(commas);
    }
    let comma = layout.form.delimiter == Delimiter::Semicolon;
    let ambiguous = ambiguous(layout, evidence, numbers, &|_| true);
    if !ambiguous.is_empty() && layout.form.delimiter != Delimiter::Comma {
        let (taken, other) =
            if comma { ("decimal commas", Decimal::Point) } else { ("decimal points", Decimal::Comma) };
        let message =
            format!("the numbers of {} are read with {taken}, but could be either", listed(&ambiguous));
        remarks.doubt(message, vec![Choice::Decimal(other)]);
    }
    all(comma)
}

/// The names of columns whose numbers fit both decimal commas and points.
fn ambiguous<'a>(
    layout: &'a TableLayout,
    evidence: &[Evidence],
    numbers: &[usize],
    is_meant: &dyn Fn(usize) -> bool,
) -> Vec<&'a String> {
    let found = numbers.iter().filter(|at| evidence[**at].is_ambiguous() && is_meant(**at));
    found.map(|at| &layout.columns[*at]).collect()
}

/// Each column of numbers has the decimal mark it proves, else that of the run. If all columns that
/// prove one prove another than the run's, the table is written differently, which also applies to
/// columns that fit both.
fn known_marks(
    layout: &TableLayout,
    evidence: &[Evidence],
    matched: &Matched<'_>,
    numbers: &[usize],
    remarks: &mut Remarks,
) -> Vec<bool> {
    let was_comma = |at: usize| matches!(matched.feature(at), Some(ColumnKind::CommaNumbers { .. }));
    let proven: Vec<(usize, bool)> =
        numbers.iter().filter_map(|at| Some((*at, evidence[*at].proves_comma()?))).collect();
    let changed = proven
        .first()
        .map(|(_, comma)| *comma)
        .filter(|first| proven.iter().all(|(at, comma)| comma == first && *comma != was_comma(*at)));
    let mark = |at: usize| {
        let evidence = &evidence[at];
        evidence.proves_comma().or(changed).unwrap_or_else(|| was_comma(at))
    };
    let mut commas = vec![numbers.iter().any(|at| mark(*at)); layout.columns.len()];
    for &at in numbers {
        commas[at] = mark(at);
    }
    let why = if changed.is_some() { "the other columns" } else { "those the run was trained on" };
    for (comma, marks) in [(true, "commas"), (false, "points")] {
        let names = ambiguous(layout, evidence, numbers, &|at| commas[at] == comma);
        if !names.is_empty() {
            remarks.notes.push(format!(
                "the numbers of {} could have decimal commas or points: they are read with {marks}, like \
                 {why}",
                listed(&names)
            ));
        }
    }
    commas
}
