//! A second table to the right of the first.

use super::evidence::{Content, Evidence};
use super::layout::TableLayout;
use super::listed;
use super::remarks::Remarks;
use super::roles::Role;
use crate::project::{Choice, Take};

/// Columns that can be skipped with one click each.
const OFFERED: usize = 4;

/// Reports a doubt about columns separated from the others by an empty one without a name, if they
/// have fewer values than these, or the same names.
pub(super) fn report(layout: &TableLayout, evidence: &[Evidence], roles: &[Role], remarks: &mut Remarks) {
    let is_gap = |at: &usize| {
        layout.columns[*at] == format!("column {}", at + 1) && evidence[*at].judge(None) == Content::Nothing
    };
    let Some(gap) = (1..evidence.len()).find(is_gap).filter(|_| layout.has_names()) else { return };
    let longest = |columns: &[Evidence]| columns.iter().map(Evidence::present).max().unwrap_or(0);
    let (left, right) = (longest(&evidence[..gap]), longest(&evidence[gap + 1..]));
    let (shorter, values) = if right <= left { (gap + 1..evidence.len(), right) } else { (0..gap, left) };
    let rows = left.max(right);
    let (before, after) = (&layout.columns[..gap], &layout.columns[gap + 1..]);
    let is_again = |(name, again): (&String, &String)| *again == format!("{name} (2)");
    let are_again = before.len() == after.len() && before.iter().zip(after).all(is_again);
    // Some missing values are usual.
    if values == 0 || (10 * values > 9 * rows && !are_again) {
        return;
    }
    let is_used = |at: &usize| !matches!(roles[*at], Role::LeftOut) && !is_gap(at);
    let names: Vec<&String> = shorter.filter(is_used).map(|at| &layout.columns[at]).collect();
    if names.is_empty() {
        return;
    }
    let remedies =
        names.iter().take(OFFERED).map(|name| Choice::Column((*name).clone(), Some(Take::LeftOut)));
    let (s, are) = if names.len() == 1 { ("", "is") } else { ("s", "are") };
    let why = if are_again {
        "and repeat the names before it: perhaps more rows of the same table".to_owned()
    } else {
        format!("with at most {values} values in {rows} rows: perhaps another table")
    };
    let message =
        format!("the column{s} {} {are} separated from the others by an empty one, {why}", listed(&names));
    remarks.doubt(message, remedies.collect());
}
