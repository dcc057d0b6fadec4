//! Columns that only identify rows.

use super::evidence::{Content, Evidence};
use super::layout::TableLayout;
use super::number::Notation;

/// Whether a column counts the rows or contains their ids, or may do so in a table without names.
pub(super) fn is_id(layout: &TableLayout, all: &[Evidence], at: usize) -> bool {
    is_surely_id(layout, at, &all[at]) || (!layout.has_names() && may_be_id(all, at))
}

/// Whether a column counts the rows or contains their ids, by its name or its numbers.
pub(super) fn is_surely_id(layout: &TableLayout, at: usize, evidence: &Evidence) -> bool {
    /// Number of rows that prove it if the name does not.
    const ROWS: u64 = 10;
    let name = layout.columns[at].trim();
    let name = name.strip_prefix('#').filter(|rest| !rest.is_empty()).unwrap_or(name);
    let lower = name.to_lowercase();
    let is_called_so = (at == 0 && layout.is_first_nameless)
        || ID_NAMES.contains(&lower.as_str())
        || ["_id", " id", "-id", ".id"].iter().any(|end| lower.ends_with(end))
        || (name.ends_with("Id") || name.ends_with("ID")) && name.len() > 2;
    if is_called_so {
        return evidence.are_row_numbers()
            || evidence.are_different_whole()
            || (evidence.are_different() && evidence.judge(None) == Content::Words);
    }
    if evidence.present() < ROWS {
        return false;
    }
    if evidence.are_row_numbers() {
        return true;
    }
    let (low, high) = evidence.range(Notation::Point);
    evidence.are_proven_different_whole() && low >= 1e7 && high < 10.0 * low && !are_times(low, high)
}

/// Whether the first column of a table may contain ids, though only its numbers suggest it: large
/// whole numbers with hardly any duplicates, next to fractions, or next to numbers that are all far
/// smaller. Round numbers are prices and counts.
pub(super) fn may_be_id(all: &[Evidence], at: usize) -> bool {
    /// Numbers of rows and of other columns that prove it.
    const ROWS: u64 = 20;
    const OTHERS: usize = 2;
    /// Ids are this many times larger than all other numbers of their rows.
    const LARGER: f64 = 1e3;
    let own = &all[at];
    let (low, high) = own.range(Notation::Point);
    let rows = own.present() as f64;
    let is_large = low >= 0.0 && high >= 10.0 * rows.max(100.0) && !are_times(low, high);
    let are_years = low >= 1500.0 && high < 2200.0;
    let is_number = |other: &&Evidence| matches!(other.judge(None), Content::Numbers { .. });
    let is_complete = own.present() >= ROWS && own.missing() == 0 && is_number(&own) && own.are_whole();
    let are_steps = own.even_step().is_some();
    if at != 0 || !is_complete || !is_large || are_years || are_steps {
        return false;
    }
    // If there are too many to remember, those remembered had no duplicates.
    let are_unequal = own.words().map_or(own.are_different(), |words| words.len() as f64 >= 0.9 * rows);
    let are_round = own.words().is_some_and(|words| words.iter().all(|(word, _)| word.ends_with(['0', '5'])));
    if !are_unequal || are_round {
        return false;
    }
    let others: Vec<&Evidence> = all[1..].iter().filter(is_number).collect();
    let fractions = others.iter().filter(|other| !other.are_whole()).count();
    let highest = others.iter().map(|other| other.range(Notation::Point).1).fold(0.0, f64::max);
    others.len() >= OTHERS
        && (own.are_different() && 2 * fractions >= others.len() || high >= LARGER * highest)
}

/// Whether these are seconds, milliseconds or nanoseconds since 1970, or dates such as 20240131.
fn are_times(low: f64, high: f64) -> bool {
    let times = [1e9..2.2e9, 1e12..2.2e12, 1e18..2.2e18, 19e6..21.1e6];
    times.iter().any(|range| range.contains(&low) && range.contains(&high))
}

const ID_NAMES: [&str; 14] =
    ["id", "ids", "index", "idx", "row", "rows", "nr", "no", "no.", "#", "uid", "uuid", "guid", "unnamed: 0"];
