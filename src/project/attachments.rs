//! The content of a document besides its design: selections, label columns made from them, pins
//! with their notes, other data. Two copies of a document are merged item by item.

use super::{NamedSelection, OtherData, OwnLabel, Pin, Project};

/// An item of one of these lists.
trait Item: Clone + PartialEq {
    /// Its name, if names are unique within a scope.
    fn name(&mut self) -> Option<&mut String>;

    /// The scope of its name: the fingerprint of the data.
    fn scope(&self) -> u64;
}

impl Project {
    /// This document with the changes that another copy made besides the design, where both were
    /// `base`: all changes of both are kept. If both added an item with the same name, the other's
    /// gets a number.
    #[must_use]
    pub fn merged_attachments(&self, other: &Project, base: Option<&Project>) -> Project {
        let mut all = self.clone();
        let base = base.cloned().unwrap_or_else(|| Project {
            selections: Vec::new(),
            others: Vec::new(),
            pins: Vec::new(),
            ..Project::default()
        });
        all.selections = merged(&self.selections, &other.selections, &base.selections);
        all.others = merged(&self.others, &other.others, &base.others);
        all.pins = merged(&self.pins, &other.pins, &base.pins);
        let labels = (&self.data.own_labels, &other.data.own_labels, &base.data.own_labels);
        all.data.own_labels = merged(labels.0, labels.1, labels.2);
        all
    }
}

fn merged<T: Item>(ours: &[T], theirs: &[T], base: &[T]) -> Vec<T> {
    let stays = |item: &&T| theirs.contains(item) || !base.contains(item);
    let is_new = |item: &&T| !ours.contains(item) && !base.contains(item);
    let mut all: Vec<T> = ours.iter().filter(stays).cloned().collect();
    for item in theirs.iter().filter(is_new) {
        let item = with_free_name(item, &mut all);
        all.push(item);
    }
    all
}

/// The item under a name that none of these has.
fn with_free_name<T: Item>(item: &T, all: &mut [T]) -> T {
    let mut item = item.clone();
    let scope = item.scope();
    let Some(name) = item.name() else { return item };
    let is_taken = |name: &str, all: &mut [T]| {
        all.iter_mut().any(|other| other.scope() == scope && other.name().is_some_and(|own| own == name))
    };
    let (plain, mut number) = (name.clone(), 2_usize);
    while is_taken(name, all) {
        *name = format!("{plain} {number}");
        number += 1;
    }
    item
}

impl Item for NamedSelection {
    fn name(&mut self) -> Option<&mut String> {
        Some(&mut self.name)
    }

    fn scope(&self) -> u64 {
        self.fingerprint
    }
}

impl Item for OwnLabel {
    fn name(&mut self) -> Option<&mut String> {
        Some(&mut self.name)
    }

    fn scope(&self) -> u64 {
        self.fingerprint
    }
}

impl Item for OtherData {
    fn name(&mut self) -> Option<&mut String> {
        Some(&mut self.name)
    }

    /// The scope of all items.
    fn scope(&self) -> u64 {
        0
    }
}

impl Item for Pin {
    /// Pins may have equal names.
    fn name(&mut self) -> Option<&mut String> {
        None
    }

    fn scope(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::IndexSet;

    #[test]
    fn changes_of_two_copies_are_merged() {
        let pins = |rows: &[u32]| -> Vec<Pin> {
            rows.iter().map(|row| Pin::of_row(format!("row {row}"), 7, *row)).collect()
        };
        for (ours, theirs, base, expected) in [
            (&[1, 2][..], &[1, 3][..], &[1][..], &[1, 2, 3][..]),
            (&[1, 2], &[2], &[1, 2], &[2]),
            (&[2], &[1, 2], &[1, 2], &[2]),
            (&[], &[4], &[], &[4]),
            (&[5], &[5], &[], &[5]),
            (&[], &[], &[1], &[]),
        ] {
            let all = merged(&pins(ours), &pins(theirs), &pins(base));
            assert_eq!(all, pins(expected), "{ours:?} {theirs:?} {base:?}");
        }
    }

    #[test]
    fn two_selections_of_one_name_keep_their_rows() {
        let named = |(name, fingerprint, row): &(&str, u64, u32)| NamedSelection {
            name: (*name).to_owned(),
            fingerprint: *fingerprint,
            rows: IndexSet::of(&[*row]),
        };
        let all = |items: &[(&str, u64, u32)]| items.iter().map(named).collect::<Vec<_>>();
        let check = |ours: &[_], theirs: &[_], base: &[_], expected: &[_]| {
            assert_eq!(merged(&all(ours), &all(theirs), &all(base)), all(expected));
        };
        let (old, ours, theirs) = (("odd", 7, 1), ("odd", 7, 2), ("odd", 7, 3));
        check(&[ours], &[theirs], &[old], &[ours, ("odd 2", 7, 3)]);
        check(&[ours, ("odd 2", 7, 9)], &[theirs], &[], &[ours, ("odd 2", 7, 9), ("odd 3", 7, 3)]);
        // Only one of them changed or removed it.
        check(&[old], &[theirs], &[old], &[theirs]);
        check(&[ours], &[old], &[old], &[ours]);
        check(&[ours], &[], &[old], &[ours]);
        check(&[], &[old], &[old], &[]);
        // A name for other data is a different name.
        check(&[ours], &[("odd", 8, 3)], &[], &[ours, ("odd", 8, 3)]);
        // The renamed item's copy merges it.
        let both = [ours, ("odd 2", 7, 3)];
        check(&[theirs], &both, &[theirs], &both);
    }

    #[test]
    fn the_design_stays_as_it_is() {
        let other =
            OtherData { name: "photos".to_owned(), paths: vec!["/photos".into()], ..OtherData::default() };
        let label = OwnLabel { name: "odd".to_owned(), fingerprint: 7, count: 9, rows: IndexSet::of(&[1]) };
        let mut theirs = Project { name: "theirs".to_owned(), others: vec![other], ..Project::default() };
        theirs.data.own_labels = vec![label.clone()];
        let merged = Project::default().merged_attachments(&theirs, None);
        assert_eq!((merged.design(), &merged.others), (Project::default().design(), &theirs.others));
        assert_eq!(merged.data.own_labels, [label]);
        assert_eq!(theirs.merged_attachments(&Project::default(), Some(&theirs)).others, []);
    }
}
