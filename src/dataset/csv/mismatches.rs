//! The notation of most numbers of a column.

use super::number::{Notation, Notations};

/// For each notation, the number of a column's numbers that do not fit it.
#[derive(Clone, Debug, Default)]
pub(super) struct Mismatches {
    by_notation: [u32; Notation::ALL.len()],
    /// Plain numbers with a point that were not examined closely: none fits a decimal comma.
    pub points: u64,
    /// Likewise with a comma.
    pub commas: u64,
}

impl Mismatches {
    /// Adds a number in these notations.
    pub(super) fn add(&mut self, notations: Notations) {
        if notations != Notations::ALL {
            for (mismatches, notation) in self.by_notation.iter_mut().zip(Notation::ALL) {
                *mismatches = mismatches.saturating_add(u32::from(!notations.has(notation)));
            }
        }
    }

    /// The notation of most of this many numbers, and how many have it. Of several, the most
    /// likely, with a decimal comma or point if that is chosen.
    pub(super) fn most(&self, numbers: u64, has_comma: Option<bool>) -> (Notation, u64) {
        let count = |notation: Notation| {
            let plain = if notation.has_comma() { self.points } else { self.commas };
            numbers.saturating_sub(u64::from(self.by_notation[notation as usize]) + plain)
        };
        let most = Notation::ALL.into_iter().map(count).max().unwrap_or_default();
        let are_most = || Notation::ALL.into_iter().filter(|notation| count(*notation) == most);
        let wanted = are_most().find(|notation| has_comma.is_none_or(|comma| notation.has_comma() == comma));
        (wanted.or_else(|| are_most().next()).unwrap_or(Notation::Point), most)
    }
}
