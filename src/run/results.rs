//! Measurements of a trained run made on request, in addition to the losses of its history. They
//! are stored with the run for later comparison.

use serde::{Deserialize, Serialize};

use crate::dataset::Subset;

/// Maximum size of a result that is read from a file.
const MOST_FINDINGS: usize = 1000;
const MOST_VALUES: usize = 300;
const MOST_TEXT_BYTES: usize = 2000;

/// The subject of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FindingKind {
    /// Squared error per feature, and every loss term.
    Losses,
    /// Negative log-likelihood, by importance sampling.
    Likelihood,
    /// Separation of a held-out class, or of user-defined anomalies, from the others.
    Anomalies,
    /// Linear regression from the features chosen by a selector to all features.
    Refit,
    /// Similarity of restored samples to the clean ones.
    Restoration,
    /// Retrieval of training samples of the same class by binary codes.
    Retrieval,
    /// Neighbours of the same class, by several distances.
    Neighbours,
    /// Differences between selected samples and the others.
    Selection,
}

impl FindingKind {
    /// All kinds, in display order.
    pub const ALL: [FindingKind; 8] = [
        FindingKind::Losses,
        FindingKind::Likelihood,
        FindingKind::Anomalies,
        FindingKind::Refit,
        FindingKind::Restoration,
        FindingKind::Retrieval,
        FindingKind::Neighbours,
        FindingKind::Selection,
    ];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Losses => "losses",
            FindingKind::Likelihood => "likelihood",
            FindingKind::Anomalies => "anomalies",
            FindingKind::Refit => "regression on the chosen features",
            FindingKind::Restoration => "restoration",
            FindingKind::Retrieval => "retrieval by binary codes",
            FindingKind::Neighbours => "nearest neighbours",
            FindingKind::Selection => "selection compared with others",
        }
    }

    /// Whether it is measured on a split; for other kinds, the split of a finding has no meaning.
    pub fn is_of_split(self) -> bool {
        self != FindingKind::Selection
    }
}

/// One measurement of a network on one split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its subject.
    pub kind: FindingKind,
    /// The split it was measured on.
    pub split: Subset,
    /// The epoch whose weights were used.
    pub epoch: u32,
    /// Steps of the run's checkpoint when it was measured.
    pub step: u64,
    /// When it was measured, in seconds since 1970.
    pub unix_secs: u64,
    /// Number of samples; 0 if unknown.
    #[serde(default)]
    pub samples: u64,
    /// Details, such as the held-out class.
    #[serde(default)]
    pub about: String,
    /// Numbers by name; names end with the unit (`NLL, nats`). The most informative comes first.
    pub values: Vec<(String, f64)>,
}

impl Finding {
    /// A number by its name.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// The key; only the newest finding per key is kept.
    fn key(&self) -> (FindingKind, Subset, u32, &str) {
        (self.kind, self.split, self.epoch, &self.about)
    }

    fn validate(&self) -> Result<(), String> {
        let texts = self.values.iter().map(|(name, _)| name).chain([&self.about]);
        let longest = texts.map(String::len).max().unwrap_or(0);
        if self.values.len() > MOST_VALUES || longest > MOST_TEXT_BYTES {
            let (values, epoch) = (self.values.len(), self.epoch);
            return Err(format!(
                "a result of epoch {epoch} has {values} values and texts of up to {longest} bytes"
            ));
        }
        Ok(())
    }
}

/// All measurements of a run in the order they were made: the newest for each kind, split, epoch
/// and subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Results(Vec<Finding>);

impl Results {
    /// Adds a measurement, replacing an earlier one with the same key. When there are too many, the
    /// oldest is removed.
    pub(super) fn add(&mut self, finding: Finding) {
        self.0.retain(|known| known.key() != finding.key());
        self.0.push(finding);
        if self.0.len() > MOST_FINDINGS {
            self.0.remove(0);
        }
    }

    /// Removes the measurement with the same key. Numbers are not compared, because NaN values are
    /// not equal to themselves.
    pub(super) fn drop(&mut self, finding: &Finding) {
        self.0.retain(|known| known.key() != finding.key());
    }

    /// The measurement that adding this one would replace.
    pub fn same(&self, finding: &Finding) -> Option<&Finding> {
        self.0.iter().find(|known| known.key() == finding.key())
    }

    /// All of them, most recent last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Finding> {
        self.0.iter()
    }

    /// Whether there are no measurements.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The newest of a kind on a split.
    pub fn newest(&self, kind: FindingKind, split: Subset) -> Option<&Finding> {
        self.0.iter().rev().find(|finding| (finding.kind, finding.split) == (kind, split))
    }

    /// The newest of a kind on a split that has this number.
    pub fn newest_with(&self, kind: FindingKind, split: Subset, name: &str) -> Option<&Finding> {
        let is_asked = |finding: &&Finding| (finding.kind, finding.split) == (kind, split);
        self.0.iter().rev().filter(is_asked).find(|finding| finding.value(name).is_some())
    }

    /// Whether it contains each of `earlier`, or a newer one that replaces it.
    pub fn includes(&self, earlier: &Results) -> bool {
        let is_held = |old: &Finding| {
            let own = self.0.iter().find(|own| own.key() == old.key());
            own.is_some_and(|own| own.unix_secs >= old.unix_secs)
        };
        earlier.0.iter().all(is_held)
    }

    /// Checks results read from a file.
    ///
    /// # Errors
    /// A message describing the problem.
    pub fn validate(&self) -> Result<(), String> {
        let count = self.0.len();
        if count > MOST_FINDINGS {
            return Err(format!("it has {count} results, more than {MOST_FINDINGS}"));
        }
        self.0.iter().try_for_each(Finding::validate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: FindingKind, split: Subset, epoch: u32, unix_secs: u64) -> Finding {
        let values = vec![("ROC AUC".to_owned(), unix_secs as f64)];
        let about = String::new();
        Finding { kind, split, epoch, step: 0, unix_secs, samples: 3, about, values }
    }

    #[test]
    fn only_the_newest_finding_per_kind_split_and_epoch_is_kept() {
        use FindingKind::{Likelihood, Losses};
        let mut results = Results::default();
        for (kind, split, epoch, time) in [
            (Losses, Subset::Test, 1, 10),
            (Losses, Subset::Test, 2, 11),
            (Losses, Subset::Train, 2, 12),
            (Likelihood, Subset::Test, 2, 13),
            (Losses, Subset::Test, 1, 14),
        ] {
            results.add(finding(kind, split, epoch, time));
        }
        let times: Vec<u64> = results.iter().map(|finding| finding.unix_secs).collect();
        assert_eq!(times, [11, 12, 13, 14]);
        let newest = results.newest(Losses, Subset::Test).map(|finding| (finding.epoch, finding.unix_secs));
        assert_eq!(newest, Some((1, 14)), "measured last");
        assert_eq!(results.newest(Likelihood, Subset::Train), None);
        let value = |name: &str| results.newest(Losses, Subset::Train).and_then(|found| found.value(name));
        assert_eq!((value("ROC AUC"), value("MSE")), (Some(12.0), None));
        // With other classes, it is another finding.
        let of_class = |class: &str, time| {
            let about = format!("class {class}");
            Finding { about, ..finding(FindingKind::Anomalies, Subset::Test, 2, time) }
        };
        for (class, time) in [("3", 15), ("4", 16), ("3", 17)] {
            results.add(of_class(class, time));
        }
        assert_eq!(
            results.iter().map(|finding| finding.unix_secs).collect::<Vec<_>>(),
            [11, 12, 13, 14, 16, 17]
        );
    }

    #[test]
    fn results_include_earlier_findings() {
        let of = |findings: &[(u32, u64)]| {
            let finding = |&(epoch, time)| finding(FindingKind::Losses, Subset::Test, epoch, time);
            Results(findings.iter().map(finding).collect())
        };
        for (later, earlier, expected) in [
            (&[][..], &[][..], true),
            (&[(1, 5)], &[], true),
            (&[], &[(1, 5)], false),
            (&[(1, 6), (2, 7)], &[(1, 5)], true),
            (&[(1, 4)], &[(1, 5)], false),
        ] {
            assert_eq!(of(later).includes(&of(earlier)), expected, "{later:?} {earlier:?}");
        }
    }

    #[test]
    fn results_have_a_maximum_size() {
        let mut results = Results::default();
        for epoch in 0..1010 {
            results.add(finding(FindingKind::Losses, Subset::Test, epoch, 0));
        }
        assert_eq!(results.iter().map(|finding| finding.epoch).next(), Some(10));
        assert_eq!(results.validate(), Ok(()));
        let mut many = results.clone();
        many.0.extend(results.iter().next().cloned());
        assert!(many.validate().is_err());
        let mut long = finding(FindingKind::Losses, Subset::Test, 1, 0);
        long.about = "a".repeat(MOST_TEXT_BYTES + 1);
        assert!(Results(vec![long]).validate().is_err());
    }
}
