//! Columns that are called, or look, as labels do.

use super::evidence::{Content, Evidence};
use super::layout::TableLayout;
use super::number::Notation;

const LABEL_NAMES: [&str; 7] = ["label", "labels", "class", "target", "species", "diagnosis", "y_true"];
/// Columns of more different fields hold no classes.
pub(super) const CLASSES: usize = 20;

/// Whether a column is called as labels are.
pub(in crate::dataset) fn is_label_name(name: &str) -> bool {
    let name = name.trim().trim_start_matches('#');
    LABEL_NAMES.iter().any(|label| name.eq_ignore_ascii_case(label))
}

/// Whether a column has few different fields, several times each.
pub(super) fn has_classes(evidence: &Evidence) -> bool {
    let few = |words: usize| words <= CLASSES && 2 * words as u64 <= evidence.present();
    evidence.distinct().is_some_and(few)
}

/// Whether a column of numbers may hold classes where no name tells: first or last in a table
/// without names, whole numbers of few values, next to columns most of which hold many.
pub(super) fn may_be_classes(layout: &TableLayout, evidence: &[Evidence], at: usize) -> bool {
    /// Rows and columns of numbers that prove it.
    const ROWS: u64 = 20;
    const COLUMNS: usize = 3;
    let (own, last) = (&evidence[at], evidence.len().saturating_sub(1));
    let (low, high) = own.range(Notation::Point);
    let values = own.distinct().filter(|values| *values > 1 && has_classes(own));
    let are_close = values.is_some_and(|values| high - low <= 2.0 * values as f64);
    if layout.has_names() || (at != 0 && at != last) || own.present() < ROWS || !own.are_whole() || !are_close
    {
        return false;
    }
    let others = || (0..evidence.len()).filter(|other| *other != at).map(|other| &evidence[other]);
    let are_numbers = |other: &&Evidence| matches!(other.judge(None), Content::Numbers { .. });
    let numbers = || others().filter(are_numbers).filter(|other| other.distinct() != Some(1));
    let many = numbers().filter(|other| other.distinct().is_none_or(|values| values > CLASSES)).count();
    many >= COLUMNS && 2 * many > numbers().count()
}
