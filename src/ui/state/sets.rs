//! Sets of samples: rows and data that a view shows or evaluates.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::selection::Selection;
use crate::dataset::Dataset;
use crate::project::NamedSelection;
use crate::run::Run;

/// A choice of rows and data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Set {
    /// The few samples that a run watches and stores in every epoch.
    #[default]
    Watched,
    /// The training split.
    Train,
    /// The validation split.
    Validation,
    /// The test split.
    Test,
    /// All rows of the data.
    All,
    /// The selection.
    Selection,
    /// A selection saved under this name.
    Named(String),
    /// All rows of other data shown to the network, by name.
    Other(String),
}

/// The context for resolving sets, besides the data of a run.
#[derive(Clone, Copy, Debug)]
pub struct Sets<'a> {
    /// The selection.
    pub selection: &'a Selection,
    /// Named selections, of any data.
    pub named: &'a [NamedSelection],
    /// Other data, by name.
    pub others: &'a BTreeMap<String, Arc<Dataset>>,
}

/// Rows of a data set, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum SetRows<'a> {
    /// The first rows, up to this number.
    First(u32),
    /// The given rows.
    Listed(Cow<'a, [u32]>),
}

/// A set that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct SetChoice {
    /// The set.
    pub set: Set,
    /// Number of rows.
    pub count: usize,
}

impl Set {
    /// Its name on screen.
    pub fn name(&self) -> &str {
        match self {
            Set::Watched => "watched samples",
            Set::Train => "training",
            Set::Validation => "validation",
            Set::Test => "test",
            Set::All => "all",
            Set::Selection => "selection",
            Set::Named(name) | Set::Other(name) => name,
        }
    }
}

impl<'a> Sets<'a> {
    /// The rows of a set in the data returned by [`Sets::data`].
    pub fn rows(&self, set: &Set, run: Option<&'a Run>, data: &'a Dataset) -> SetRows<'a> {
        match set {
            Set::Watched => SetRows::of(run.map_or(&[][..], |run| &run.kept.probe.picture_rows)),
            Set::Train => SetRows::of(&data.split.train),
            Set::Validation => SetRows::of(&data.split.validation),
            Set::Test => SetRows::of(&data.split.test),
            Set::All | Set::Other(_) => SetRows::First(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Set::Selection => SetRows::of(self.selection.rows(data.fingerprint)),
            Set::Named(_) => {
                let found = self.find_named(set, data);
                let rows = found.map(|named| named.rows.below(data.len()).collect()).unwrap_or_default();
                SetRows::Listed(Cow::Owned(rows))
            }
        }
    }

    /// The selection of these data named by a set.
    pub fn find_named(&self, set: &Set, data: &Dataset) -> Option<&'a NamedSelection> {
        let Set::Named(name) = set else { return None };
        self.named.iter().find(|named| named.name == *name && named.fingerprint == data.fingerprint)
    }

    /// The data of a set: other data, or those of the run.
    pub fn data(&self, set: &Set, own: Option<&'a Arc<Dataset>>) -> Option<&'a Arc<Dataset>> {
        match set {
            Set::Other(name) => self.others.get(name),
            Set::Watched
            | Set::Train
            | Set::Validation
            | Set::Test
            | Set::All
            | Set::Selection
            | Set::Named(_) => own,
        }
    }

    /// All sets of a run with these data, except empty splits and an empty selection.
    pub fn choices(&self, run: Option<&'a Run>, data: &'a Dataset) -> Vec<SetChoice> {
        let fixed =
            [Set::Watched, Set::Train, Set::Validation, Set::Test, Set::All, Set::Selection].map(|set| {
                let count = self.rows(&set, run, data).len();
                SetChoice { set, count }
            });
        let named = self.named.iter().filter(|named| named.fingerprint == data.fingerprint);
        let named = named.map(|named| SetChoice {
            set: Set::Named(named.name.clone()),
            count: usize::try_from(named.rows.len()).unwrap_or(usize::MAX).min(data.len()),
        });
        fixed.into_iter().chain(named).chain(self.other_choices()).filter(|choice| choice.count > 0).collect()
    }

    /// The sets that do not need the data of the run.
    pub fn other_choices(&self) -> impl Iterator<Item = SetChoice> {
        let others = self.others.iter();
        others.map(|(name, other)| SetChoice { set: Set::Other(name.clone()), count: other.len() })
    }
}

impl<'a> SetRows<'a> {
    fn of(rows: &'a [u32]) -> SetRows<'a> {
        SetRows::Listed(Cow::Borrowed(rows))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            SetRows::First(count) => *count as usize,
            SetRows::Listed(rows) => rows.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Up to `count` rows, starting at an index.
    pub fn part(&self, from: usize, count: usize) -> Vec<u32> {
        let end = from.saturating_add(count).min(self.len());
        match self {
            SetRows::First(_) => (from.min(end) as u32..end as u32).collect(),
            SetRows::Listed(rows) => rows.get(from..end).unwrap_or_default().to_vec(),
        }
    }

    /// All rows.
    pub fn all(&self) -> Vec<u32> {
        self.part(0, self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::IndexSet;
    use crate::ui::state::SelectionMode;
    use crate::ui::views::samples;

    #[test]
    fn sets_have_the_rows_of_their_data() {
        let data = samples::table(20, 2);
        let mut run = samples::run(1, 3);
        samples::keep(&mut run, &data, &[1], 2, false);
        let mut selection = Selection::default();
        selection.apply(data.fingerprint, vec![4, 2], SelectionMode::Replace);
        let named = |name: &str, fingerprint, rows: &[u32]| NamedSelection {
            name: name.to_owned(),
            fingerprint,
            rows: IndexSet::of(rows),
        };
        let named =
            [named("odd", data.fingerprint, &[1, 3, 19, 20, 21]), named("odd", data.fingerprint + 1, &[0])];
        let others = BTreeMap::from([("photos".to_owned(), Arc::new(samples::table(3, 2)))]);
        let sets = Sets { selection: &selection, named: &named, others: &others };
        let check = |set: Set, expected: &[u32]| {
            assert_eq!(sets.rows(&set, Some(&run), &data).all(), expected, "{set:?}");
        };
        check(Set::Watched, &(0..10).collect::<Vec<_>>());
        check(Set::Train, &(0..16).collect::<Vec<_>>());
        check(Set::Validation, &[16, 17]);
        check(Set::Test, &[18, 19]);
        check(Set::All, &(0..20).collect::<Vec<_>>());
        check(Set::Selection, &[2, 4]);
        // Rows that do not exist in the data are ignored.
        check(Set::Named("odd".to_owned()), &[1, 3, 19]);
        check(Set::Named("gone".to_owned()), &[]);
        let own = Arc::new(data.clone());
        let of = |set: &Set| sets.data(set, Some(&own)).map(|data| data.len());
        assert_eq!(of(&Set::Other("photos".to_owned())), Some(3));
        assert_eq!((of(&Set::Other("gone".to_owned())), of(&Set::All)), (None, Some(20)));
        let choices = sets.choices(Some(&run), &data);
        let counts: Vec<_> = choices.iter().map(|choice| (choice.set.name(), choice.count)).collect();
        assert_eq!(
            counts,
            [
                ("watched samples", 10),
                ("training", 16),
                ("validation", 2),
                ("test", 2),
                ("all", 20),
                ("selection", 2),
                ("odd", 5),
                ("photos", 3)
            ]
        );
        let all = sets.rows(&Set::All, None, &data);
        assert_eq!((all.part(18, 9), all.part(30, 2)), (vec![18, 19], vec![]));
    }
}
