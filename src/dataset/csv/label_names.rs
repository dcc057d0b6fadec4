//! Columns that look like labels, by name or content.

use super::evidence::{Content, Evidence};
use super::ids::is_id;
use super::layout::TableLayout;
use super::number::Notation;
use super::plain::plain_number;

const LABEL_NAMES: [&str; 7] = ["label", "labels", "class", "target", "species", "diagnosis", "y_true"];
/// Columns with more different fields are not classes.
pub(super) const CLASSES: usize = 20;
/// Most words that become features automatically, one each.
pub(super) const FEW_WORDS: usize = 64;

/// Whether a column has the name of a label.
pub(in crate::dataset) fn is_label_name(name: &str) -> bool {
    let name = name.trim().trim_start_matches('#');
    LABEL_NAMES.iter().any(|label| name.eq_ignore_ascii_case(label))
}

/// Whether the words of a column are few enough to become features.
pub(super) fn are_few(evidence: &Evidence) -> bool {
    evidence.distinct().is_some_and(|words| words <= FEW_WORDS && 2 * words as u64 <= evidence.present())
}

/// Whether a column has few different fields, several times each.
pub(super) fn has_classes(evidence: &Evidence) -> bool {
    let few = |words: usize| words <= CLASSES && 2 * words as u64 <= evidence.present();
    evidence.distinct().is_some_and(few)
}

/// Few words or whole numbers that may be classes without a name that shows it: in the first or
/// last column, apart from ids, of a table without names.
pub(super) fn may_be_classes(layout: &TableLayout, evidence: &[Evidence], at: usize) -> Option<&'static str> {
    if are_class_words(layout, evidence, at) {
        return Some("words");
    }
    (is_at_edge(layout, evidence, at) && are_class_numbers(evidence, at)).then_some("whole numbers")
}

/// Whether a column is the only one with few words, first or last apart from ids, in a table
/// without names.
pub(super) fn are_class_words(layout: &TableLayout, evidence: &[Evidence], at: usize) -> bool {
    let are_words = |other: &Evidence| match other.judge(None) {
        Content::Words => true,
        Content::Truth { words } => plain_number(&words[1]).is_none(),
        Content::Nothing | Content::Numbers { .. } | Content::Dates { .. } => false,
    };
    let is_other = |other: &usize| *other != at && !is_id(layout, evidence, *other);
    is_at_edge(layout, evidence, at)
        && are_words(&evidence[at])
        && are_few(&evidence[at])
        && evidence[at].distinct() != Some(1)
        && !(0..evidence.len()).filter(is_other).any(|other| are_words(&evidence[other]))
        && (0..evidence.len()).any(|other| is_other(&other))
}

/// Whether a column is the first, the first after ids, or the last in a table without names.
fn is_at_edge(layout: &TableLayout, evidence: &[Evidence], at: usize) -> bool {
    let is_edge = at == 0 || at == evidence.len() - 1 || (at == 1 && is_id(layout, evidence, 0));
    is_edge && !layout.has_names() && !is_id(layout, evidence, at)
}

/// Whether a column contains whole numbers with few values, next to columns that mostly have more.
fn are_class_numbers(evidence: &[Evidence], at: usize) -> bool {
    /// Numbers of rows and of columns of numbers that prove it.
    const ROWS: u64 = 20;
    const COLUMNS: usize = 3;
    let own = &evidence[at];
    let (low, high) = own.range(Notation::Point);
    let Some(values) = own.distinct().filter(|values| *values > 1 && has_classes(own)) else { return false };
    let is_number = |column: &Evidence| matches!(column.judge(None), Content::Numbers { .. });
    let are_close = high - low <= 2.0 * values as f64;
    if own.present() < ROWS || !is_number(own) || !own.are_whole() || !are_close {
        return false;
    }
    let others = || (0..evidence.len()).filter(|other| *other != at).map(|other| &evidence[other]);
    let numbers = || others().filter(|other| is_number(other) && other.distinct() != Some(1));
    let has_more = |other: &&Evidence| other.distinct().is_none_or(|others| 2 * others > 3 * values);
    let many = numbers().filter(has_more).count();
    many >= COLUMNS && 2 * many > numbers().count()
}
