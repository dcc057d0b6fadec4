//! Columns that are called, or look, as labels do.

use super::evidence::Evidence;

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
