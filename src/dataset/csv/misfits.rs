//! In which notation most numbers of a column are written.

use super::number::{Notation, Notations};

/// How many numbers of a column do not fit each notation.
#[derive(Clone, Debug, Default)]
pub(super) struct Misfits {
    by_notation: [u32; Notation::ALL.len()],
    /// Plain numbers with a point that were not looked at closely: none with a decimal comma.
    pub points: u64,
    /// With a comma instead.
    pub commas: u64,
}

impl Misfits {
    /// Adds a number in these notations.
    pub(super) fn add(&mut self, notations: Notations) {
        if notations != Notations::ALL {
            for (misfits, notation) in self.by_notation.iter_mut().zip(Notation::ALL) {
                *misfits = misfits.saturating_add(u32::from(!notations.has(notation)));
            }
        }
    }

    /// The notation in which most of this many numbers are written, and how many are. Of several,
    /// the most likely, with a decimal comma or point where that is chosen.
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
