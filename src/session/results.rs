//! Measurements of a network in the form that is saved with its run.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Anomalies, ClassShares, Comparison, Difference, Findings, Ranking, Restoration};
use crate::dataset::Subset;
use crate::engine::Likelihood;
use crate::run::{Checkpoint, Finding, FindingKind, Losses};

/// Name of the squared error per feature among the values of a finding.
const ERROR: &str = "squared error per feature";
const NLL: &str = "NLL, nats";
const STANDARD_ERROR: &str = "standard error, nats";
const CODES: &str = "codes per sample";
const AUC: &str = "ROC AUC";
const PRECISION: &str = "average precision";
/// Maximum length of a saved name, in characters.
const MOST_LETTERS: usize = 200;
/// Maximum number of numeric columns, of class columns, and of classes per column that are saved of
/// a comparison.
const MOST_COLUMNS: usize = 12;
const MOST_LABELS: usize = 3;
const MOST_CLASSES: usize = 10;
/// Maximum number of neighbour shares saved.
const MOST_SHARES: usize = 100;

/// The measured weights of a run, and the samples used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Their epoch.
    pub epoch: u32,
    /// Steps at the checkpoint that holds them.
    pub step: u64,
    /// Samples of the split; 0 if unknown.
    pub samples: u64,
}

impl Measured {
    /// The weights of a checkpoint that are used after training.
    pub fn of(checkpoint: &Checkpoint, samples: usize) -> Measured {
        let (epoch, step) = (checkpoint.inference_epoch(), checkpoint.progress.step);
        Measured { epoch, step, samples: samples as u64 }
    }

    /// An evaluation as findings: losses, squared error per feature, and the quality measures of
    /// the kind of network.
    pub fn evaluation(&self, split: Subset, losses: &Losses, mse: f64, found: &Findings) -> Vec<Finding> {
        let terms = losses.iter().map(|(term, loss)| (term.to_owned(), loss));
        let values = [(ERROR.to_owned(), mse)].into_iter().chain(terms).collect();
        let mut findings = vec![self.finding(FindingKind::Losses, split, values)];
        let Findings { anomalies, refit, restoration, precision } = found;
        if let Some(Anomalies { class, held_out, others, unlabelled, auc, average_precision }) = anomalies {
            let values = named([(AUC, *auc), (PRECISION, *average_precision)]);
            let all = held_out + others;
            let mut about = format!("class {}, {held_out} of {all} samples", cut(class));
            if *unlabelled > 0 {
                about.extend([", ", &unlabelled.to_string(), " without a label left out"]);
            }
            let finding = self.finding(FindingKind::Anomalies, split, values);
            findings.push(Finding { about, samples: all as u64, ..finding });
        }
        if let Some(refit) = refit {
            findings.push(self.finding(FindingKind::Refit, split, named([(ERROR, *refit)])));
        }
        if let Some(Restoration { psnr, ssim, samples }) = restoration {
            let ssim = ssim.map(|(from, to)| named([("SSIM", to), ("SSIM corrupted", from)]));
            let mut values = named([("PSNR, dB", psnr.1), ("PSNR corrupted, dB", psnr.0)]);
            values.extend(ssim.into_iter().flatten());
            let finding = self.finding(FindingKind::Restoration, split, values);
            findings.push(Finding { samples: *samples as u64, ..finding });
        }
        if let Some(precision) = precision {
            let values = named([("precision at 10", *precision)]);
            findings.push(self.finding(FindingKind::Retrieval, split, values));
        }
        findings
    }

    /// An estimate of the likelihood of a split.
    pub fn likelihood(&self, split: Subset, likelihood: &Likelihood) -> Finding {
        let Likelihood { nll, standard_error, samples, draws } = *likelihood;
        let values = named([(NLL, nll), (STANDARD_ERROR, standard_error), (CODES, draws as f64)]);
        Finding { samples: samples as u64, ..self.finding(FindingKind::Likelihood, split, values) }
    }

    /// How well user-defined anomalies are separated from the rest of this many samples: by the
    /// error, and by the log probability if there is one. `None` if neither is known.
    pub fn ranking(
        &self,
        split: Subset,
        (name, anomalous, samples): (&str, usize, usize),
        (by_error, by_log_probability): (Option<Ranking>, Option<Ranking>),
    ) -> Option<Finding> {
        let by = |ranking: Option<Ranking>, by: &str| {
            let numbers = ranking.map(|Ranking { auc, average_precision }| [auc, average_precision]);
            let named = numbers
                .map(|numbers| [AUC, PRECISION].map(|name| format!("{name}{by}")).into_iter().zip(numbers));
            named.into_iter().flatten()
        };
        let values: Vec<_> = by(by_error, "").chain(by(by_log_probability, " by log probability")).collect();
        let about = format!("anomalous {}, {anomalous} of {samples} samples", cut(name));
        let finding = self.finding(FindingKind::Anomalies, split, values);
        (!finding.values.is_empty()).then_some(Finding { about, samples: samples as u64, ..finding })
    }

    /// Shares of neighbours that have the class of a sample, by name; `about` describes the
    /// samples. Row and column names come from the file and may be of any number and length.
    pub fn neighbours(&self, split: Subset, about: &str, values: Vec<(String, f64)>) -> Finding {
        let values = values.into_iter().take(MOST_SHARES).map(|(name, share)| (cut(&name), share));
        Finding { about: cut(about), ..self.finding(FindingKind::Neighbours, split, values.collect()) }
    }

    /// How the selected samples (with this name) differ from the others: means on both sides of the
    /// error and of the columns that differ most, with the difference in standard deviations; then
    /// the class shares that differ most.
    pub fn selection(&self, name: &str, compared: &Comparison) -> Finding {
        let others = if compared.is_with_training { "training" } else { "others" };
        let columns = compared.errors.iter().chain(compared.columns.iter().take(MOST_COLUMNS));
        let mut values: Vec<(String, f64)> =
            columns.flat_map(|difference| sides(difference, others)).collect();
        for ClassShares { name: column, classes, .. } in compared.classes.iter().take(MOST_LABELS) {
            for (class, counts) in classes.iter().take(MOST_CLASSES) {
                let shares =
                    [("selected", compared.selected), (others, compared.others)].into_iter().zip(counts);
                values.extend(shares.map(|((side, all), count)| {
                    let name = format!("{} {}, {side}, %", cut(column), cut(class));
                    (name, 100.0 * *count as f64 / all.max(1) as f64)
                }));
            }
        }
        let about = format!("{}, {} selected, {} {others}", cut(name), compared.selected, compared.others);
        let finding = self.finding(FindingKind::Selection, Subset::Train, values);
        Finding { about, samples: compared.selected as u64, ..finding }
    }

    fn finding(&self, kind: FindingKind, split: Subset, values: Vec<(String, f64)>) -> Finding {
        let Measured { epoch, step, samples } = *self;
        let unix_secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Finding { kind, split, epoch, step, unix_secs, samples, about: String::new(), values }
    }
}

/// The estimate that [`Measured::likelihood`] turned into a finding; `None` for any other finding.
pub fn likelihood_of(finding: &Finding) -> Option<Likelihood> {
    Some(Likelihood {
        nll: finding.value(NLL)?,
        standard_error: finding.value(STANDARD_ERROR)?,
        samples: usize::try_from(finding.samples).ok()?,
        draws: finding.value(CODES)? as usize,
    })
}

/// A name, truncated.
fn cut(name: &str) -> String {
    let mut short: String = name.chars().take(MOST_LETTERS).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

/// The means of both sides, and their standardised difference where it is finite.
fn sides(difference: &Difference, others: &str) -> Vec<(String, f64)> {
    let name = cut(&difference.name);
    let mut values = vec![
        (format!("{name}, selected"), difference.selected.mean),
        (format!("{name}, {others}"), difference.others.mean),
    ];
    let far = Some(difference.standardised()).filter(|far| far.is_finite());
    values.extend(far.map(|far| (format!("{name}, difference in deviations"), far)));
    values
}

fn named<const N: usize>(values: [(&str, f64); N]) -> Vec<(String, f64)> {
    values.map(|(name, value)| (name.to_owned(), value)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Terms;

    const MEASURED: Measured = Measured { epoch: 4, step: 92, samples: 180 };

    #[test]
    fn an_evaluation_becomes_a_finding_of_each_kind() {
        let losses = Losses::new(&Terms::new(["KL".to_owned()]), &[3.0, 1.0]).expect("two terms");
        let found = Findings {
            anomalies: Some(Anomalies {
                class: "3".to_owned(),
                held_out: 12,
                others: 100,
                unlabelled: 2,
                auc: 0.9,
                average_precision: 0.7,
            }),
            refit: Some(0.01),
            restoration: Some(Restoration { psnr: (10.0, 20.0), ssim: Some((0.4, 0.8)), samples: 60 }),
            precision: Some(0.55),
        };
        let findings = MEASURED.evaluation(Subset::Test, &losses, 0.25, &found);
        let listed: Vec<String> = findings
            .iter()
            .map(|finding| {
                let values = finding.values.iter().map(|(name, value)| format!("{name} {value}"));
                let values = values.collect::<Vec<_>>().join("; ");
                format!("{:?} {} [{}]: {values}", finding.kind, finding.samples, finding.about)
            })
            .collect();
        assert_eq!(
            listed,
            [
                "Losses 180 []: squared error per feature 0.25; total 3; KL 1",
                "Anomalies 112 [class 3, 12 of 112 samples, 2 without a label left out]: ROC AUC 0.9; \
                 average precision 0.7",
                "Refit 180 []: squared error per feature 0.01",
                "Restoration 60 []: PSNR, dB 20; PSNR corrupted, dB 10; SSIM 0.8; SSIM corrupted 0.4",
                "Retrieval 180 []: precision at 10 0.55",
            ]
        );
        let weights = findings.iter().all(|finding| (finding.epoch, finding.step) == (4, 92));
        assert!(weights && findings.iter().all(|finding| finding.split == Subset::Test));
        let only = MEASURED.evaluation(Subset::Train, &losses, 0.25, &Findings::default());
        assert_eq!(only.len(), 1);
    }

    #[test]
    fn rankings_of_named_anomalies_become_a_finding() {
        let ranking = |auc| Some(Ranking { auc, average_precision: auc / 2.0 });
        let of = |name: &str, rankings| MEASURED.ranking(Subset::Test, (name, 12, 112), rankings);
        let found = of("3", (ranking(0.75), ranking(0.5))).expect("both");
        assert_eq!((found.kind, found.samples), (FindingKind::Anomalies, 112));
        assert_eq!(found.about, "anomalous 3, 12 of 112 samples");
        let values: Vec<(&str, f64)> =
            found.values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let expected = [
            ("ROC AUC", 0.75),
            ("average precision", 0.375),
            ("ROC AUC by log probability", 0.5),
            ("average precision by log probability", 0.25),
        ];
        assert_eq!(values, expected);
        assert_eq!(of("3", (None, None)), None);
        let long = of(&"ä".repeat(5000), (ranking(0.75), None)).expect("one");
        assert_eq!(long.about, format!("anomalous {}…, 12 of 112 samples", "ä".repeat(200)));
    }

    #[test]
    fn saved_neighbour_shares_are_limited_for_any_names() {
        let long = "ä".repeat(5000);
        let shares = (0..1000).map(|at| (format!("{at} {long}"), 0.5)).collect();
        let found = MEASURED.neighbours(Subset::Test, &long, shares);
        assert_eq!(found.about, format!("{}…", "ä".repeat(200)));
        let names: Vec<&str> = found.values.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names.len(), names[99]), (100, &*format!("99 {}…", "ä".repeat(197))));
    }

    #[test]
    fn a_likelihood_is_restored_from_its_finding() {
        let likelihood = Likelihood { nll: 90.5, standard_error: 0.75, samples: 179, draws: 200 };
        let finding = MEASURED.likelihood(Subset::Validation, &likelihood);
        assert_eq!((finding.split, finding.epoch, finding.step), (Subset::Validation, 4, 92));
        assert_eq!(likelihood_of(&finding), Some(likelihood));
        assert_eq!(likelihood_of(&Finding { values: Vec::new(), ..finding }), None);
    }
}
