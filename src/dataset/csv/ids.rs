//! Columns that tell rows apart and nothing about them.

use super::evidence::{Content, Evidence};
use super::layout::TableLayout;
use super::number::Notation;

/// Whether a column counts the rows or holds their ids.
pub(super) fn is_id(layout: &TableLayout, at: usize, evidence: &Evidence) -> bool {
    /// Rows that prove it where the name does not tell.
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
    // Seconds, milliseconds or nanoseconds since 1970, and dates as 20240131.
    let times = [1e9..2.2e9, 1e12..2.2e12, 1e18..2.2e18, 19e6..21.1e6];
    let is_time = times.iter().any(|range| range.contains(&low) && range.contains(&high));
    evidence.are_proven_different_whole() && low >= 1e7 && high < 10.0 * low && !is_time
}

const ID_NAMES: [&str; 14] =
    ["id", "ids", "index", "idx", "row", "rows", "nr", "no", "no.", "#", "uid", "uuid", "guid", "unnamed: 0"];
