//! The selection: rows of one data set, shared by all views.

use crate::project::IndexSet;

/// How rows change the selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelectionMode {
    /// They replace the selection.
    #[default]
    Replace,
    /// They are added.
    Add,
    /// They are removed.
    Subtract,
}

impl SelectionMode {
    /// All three, in button order.
    pub const ALL: [SelectionMode; 3] = [SelectionMode::Replace, SelectionMode::Add, SelectionMode::Subtract];

    /// How a lasso or box changes the selection: Shift adds, Ctrl or Alt subtracts.
    pub fn of(modifiers: egui::Modifiers) -> SelectionMode {
        if modifiers.shift {
            SelectionMode::Add
        } else if modifiers.command || modifiers.alt {
            SelectionMode::Subtract
        } else {
            SelectionMode::Replace
        }
    }

    /// The verb on its button.
    pub fn verb(self) -> &'static str {
        match self {
            SelectionMode::Replace => "Select",
            SelectionMode::Add => "Add",
            SelectionMode::Subtract => "Subtract",
        }
    }
}

/// Selected rows of one data set, identified by its fingerprint, in ascending order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    of: Option<u64>,
    rows: Vec<u32>,
    /// Number of changes, so that drawings know when to update.
    changes: u64,
}

impl Selection {
    /// The selected rows of these data in ascending order; empty for other data.
    pub fn rows(&self, fingerprint: u64) -> &[u32] {
        if self.of == Some(fingerprint) { &self.rows } else { &[] }
    }

    /// Fingerprint of the data of the selection, if any.
    pub fn of(&self) -> Option<u64> {
        self.of
    }

    /// Whether a row of these data is selected.
    pub fn contains(&self, fingerprint: u64, row: u32) -> bool {
        self.rows(fingerprint).binary_search(&row).is_ok()
    }

    /// A number that changes with every change of the selection.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Changes the selection with rows of these data, in any order. Rows of other data are
    /// deselected.
    pub fn apply(&mut self, fingerprint: u64, mut rows: Vec<u32>, mode: SelectionMode) {
        rows.sort_unstable();
        rows.dedup();
        let before = self.rows(fingerprint);
        let after = match mode {
            SelectionMode::Replace => rows,
            SelectionMode::Add => {
                rows.extend_from_slice(before);
                rows.sort_unstable();
                rows.dedup();
                rows
            }
            SelectionMode::Subtract => {
                let mut gone = rows.iter().peekable();
                let stays = |row: &&u32| {
                    while gone.next_if(|other| *other < *row).is_some() {}
                    gone.peek() != Some(row)
                };
                before.iter().filter(stays).copied().collect()
            }
        };
        self.set(fingerprint, after);
    }

    /// Inverts the selection in these data, which have `count` rows.
    pub fn invert(&mut self, fingerprint: u64, count: usize) {
        let mut selected = self.rows(fingerprint).iter().peekable();
        let rows = (0..u32::try_from(count).unwrap_or(u32::MAX)).filter(|row| {
            while selected.next_if(|other| *other < row).is_some() {}
            selected.peek() != Some(&row)
        });
        let rows = rows.collect();
        self.set(fingerprint, rows);
    }

    /// Clears the selection.
    pub fn clear(&mut self) {
        (self.of, self.rows) = (None, Vec::new());
        self.changes += 1;
    }

    /// An empty selection with a new change number, so that old drawings are not reused.
    #[must_use]
    pub fn emptied(mut self) -> Selection {
        self.clear();
        self
    }

    /// The selection as a set that can be given a name.
    pub fn row_set(&self, fingerprint: u64) -> IndexSet {
        IndexSet::of(self.rows(fingerprint))
    }

    fn set(&mut self, fingerprint: u64, rows: Vec<u32>) {
        (self.of, self.rows) = (Some(fingerprint), rows);
        self.changes += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_selected_added_and_subtracted() {
        let mut selection = Selection::default();
        let mut check = |rows: &[u32], mode, expected: &[u32]| {
            let before = selection.changes();
            selection.apply(7, rows.to_vec(), mode);
            assert_eq!(selection.rows(7), expected, "{rows:?} {mode:?}");
            assert_ne!(selection.changes(), before);
        };
        check(&[4, 2, 4], SelectionMode::Replace, &[2, 4]);
        check(&[9, 3, 2], SelectionMode::Add, &[2, 3, 4, 9]);
        check(&[0, 3, 9, 11], SelectionMode::Subtract, &[2, 4]);
        check(&[], SelectionMode::Add, &[2, 4]);
        check(&[], SelectionMode::Subtract, &[2, 4]);
        check(&[5], SelectionMode::Replace, &[5]);
        assert!(selection.contains(7, 5) && !selection.contains(7, 2));
    }

    #[test]
    fn the_selection_is_inverted() {
        let mut selection = Selection::default();
        for (rows, count, expected) in [
            (&[1, 3][..], 5, &[0, 2, 4][..]),
            (&[], 2, &[0, 1]),
            (&[0, 1], 2, &[]),
            (&[8], 2, &[0, 1]),
            (&[], 0, &[]),
        ] {
            selection.apply(7, rows.to_vec(), SelectionMode::Replace);
            selection.invert(7, count);
            assert_eq!(selection.rows(7), expected, "{rows:?} of {count}");
        }
    }

    #[test]
    fn a_selection_belongs_to_one_data_set() {
        let mut selection = Selection::default();
        selection.apply(7, vec![1, 2], SelectionMode::Replace);
        assert_eq!((selection.rows(8), selection.contains(8, 1)), (&[][..], false));
        selection.apply(8, vec![3], SelectionMode::Add);
        assert_eq!((selection.rows(8), selection.rows(7)), (&[3][..], &[][..]));
        selection.clear();
        assert_eq!(selection.rows(8), [0; 0]);
    }

    #[test]
    fn modifier_keys_choose_the_effect_of_a_lasso() {
        use egui::Modifiers;
        for (modifiers, mode) in [
            (Modifiers::NONE, SelectionMode::Replace),
            (Modifiers::SHIFT, SelectionMode::Add),
            (Modifiers::COMMAND, SelectionMode::Subtract),
            (Modifiers::ALT, SelectionMode::Subtract),
        ] {
            assert_eq!(SelectionMode::of(modifiers), mode, "{modifiers:?}");
        }
    }
}
