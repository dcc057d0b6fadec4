//! Anomaly scores of single samples, and how well they separate anomalies from the others.

use crate::analysis::ranking::{average_precision, roc_auc};
use crate::engine::{EngineError, Network, Samples};

/// Scores of some samples, in the order of their rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Squared error of the reconstruction per feature, in units of the scaled data.
    pub errors: Vec<f64>,
    /// Mean of log p(x|z) over codes drawn from q(z|x), in nats: the reconstruction probability of
    /// An & Cho (2015). `None` if the network is not variational with a likelihood.
    pub log_probabilities: Option<Vec<f64>>,
}

/// How well a score separates anomalies from other samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranking {
    /// Area under the receiver operating characteristic, ties counting half; 0.5 is chance.
    pub auc: f64,
    /// Average precision; the share of anomalies is chance.
    pub average_precision: f64,
}

impl Scores {
    /// Computes the scores of samples. If there is a likelihood, `draws` codes are drawn per
    /// sample, using the seed of the design. `on_progress` is called with the amount done and the
    /// total, and returns whether to continue.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`], [`EngineError::Cancelled`].
    pub fn of(
        network: &mut Network,
        samples: Samples<'_>,
        draws: usize,
        on_progress: impl Fn(usize, usize) -> bool,
    ) -> Result<Scores, EngineError> {
        let parts = if network.plan().design().code.kind.is_gaussian() { 2 } else { 1 };
        let all = samples.len(network.plan().shape().features());
        let errors = network.errors(samples, &mut |done| on_progress(done, parts * all))?;
        let anomaly_score =
            network.anomaly_score(samples, draws, &mut |done| on_progress(all + done, parts * all));
        let log_probabilities = match anomaly_score {
            Ok(anomaly_score) => Some(anomaly_score.into_iter().map(|score| -score).collect()),
            Err(EngineError::NoLikelihood(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Scores { errors, log_probabilities })
    }

    /// Ranks by the error; samples whose status is unknown (`None`) are excluded.
    pub fn by_error(&self, is_anomalous: &[Option<bool>]) -> Option<Ranking> {
        ranking(self.errors.iter().copied(), is_anomalous)
    }

    /// Ranks by the reconstruction probability, which is low for anomalies.
    pub fn by_log_probability(&self, is_anomalous: &[Option<bool>]) -> Option<Ranking> {
        ranking(self.log_probabilities.as_ref()?.iter().map(|log_probability| -log_probability), is_anomalous)
    }
}

/// `None` if all or none are anomalies, or if a score is NaN.
fn ranking(scores: impl Iterator<Item = f64>, is_anomalous: &[Option<bool>]) -> Option<Ranking> {
    let (mut anomalies, mut others) = (Vec::new(), Vec::new());
    for (score, is_anomalous) in scores.zip(is_anomalous) {
        match is_anomalous {
            Some(true) => anomalies.push(score),
            Some(false) => others.push(score),
            None => {}
        }
    }
    Some(Ranking {
        auc: roc_auc(&anomalies, &others)?,
        average_precision: average_precision(&anomalies, &others)?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::check::plan;
    use crate::dataset::{Dataset, Progress, load};
    use crate::engine::Trainer;
    use crate::project::{
        Activation, Bottleneck, Code, Data, Loss, Output, Project, Recipe, Scaling, Source, Synthetic,
        Variance,
    };
    use crate::run::facts;

    /// A linear network from six numbers to two and back, trained for some epochs.
    fn linear(kind: Bottleneck, loss: Loss) -> (Trainer, Arc<Dataset>) {
        let source = Source::Synthetic(Synthetic::Blobs { count: 300, features: 6, clusters: 3, seed: 1 });
        let mut project = Project {
            data: Data { source, scaling: Scaling::Standardise, ..Data::default() },
            encoder: Vec::new(),
            code: Code { kind, ..Code::plain(2) },
            output: Output { activation: Activation::Linear },
            loss,
            ..Recipe::Undercomplete.project()
        };
        project.training.epochs = 5;
        let data = Arc::new(load(&project.data, &Progress::default()).expect("generated"));
        let plan = plan(&project, &facts(&data)).expect("valid");
        let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
        while !trainer.is_done() {
            trainer.step().expect("valid");
        }
        (trainer, data)
    }

    const VARIATIONAL: Bottleneck = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };

    #[test]
    fn the_reconstruction_probability_of_a_linear_network_has_a_closed_form() {
        let std = 0.7_f32;
        let gaussian = Loss::Gaussian { variance: Variance::Fixed { std } };
        let (mut trainer, data) = linear(VARIATIONAL, gaussian);
        let network = trainer.network();
        let rows: Vec<u32> = (0..40).collect();
        let draws = 4000;
        let scores = Scores::of(network, Samples::Rows(&data, &rows), draws, |_, _| true).expect("small");
        let found = scores.log_probabilities.expect("a likelihood");

        let mut x = vec![0.0; rows.len() * 6];
        data.gather(&rows, &mut x);
        let codes = network.codes(&x);
        assert_eq!((codes.values.clone(), codes.entries.len()), (network.encode(&x), 0));
        let decoded = network.decode(&codes.values);
        let zero = network.decode(&[0.0, 0.0]);
        // ‖W_j‖² for each unit of the code.
        let norms: Vec<f64> = [[1.0, 0.0], [0.0, 1.0]]
            .iter()
            .map(|unit| {
                let ends = network.decode(unit);
                ends.iter().zip(&zero).map(|(end, zero)| f64::from(end - zero).powi(2)).sum()
            })
            .collect();
        let variance = f64::from(std).powi(2);
        for (row, found) in found.iter().enumerate() {
            let pairs = x[row * 6..][..6].iter().zip(&decoded[row * 6..][..6]);
            let error: f64 = pairs.map(|(x, y)| f64::from(x - y).powi(2)).sum();
            assert!((scores.errors[row] - error / 6.0).abs() < 1e-5, "{} {error}", scores.errors[row]);
            let drawn = codes.variances[row * 2..][..2].iter().zip(&norms);
            let spread: f64 = drawn.map(|(variance, norm)| f64::from(*variance) * norm).sum();
            let expected =
                -3.0 * (std::f64::consts::TAU * variance).ln() - (error + spread) / (2.0 * variance);
            // Five standard errors, assuming the spread of one draw is as large as its mean.
            let tolerance = 5.0 * (error + spread) / variance / f64::from(draws as u32).sqrt();
            assert!((found - expected).abs() < tolerance, "{found} {expected} ± {tolerance}");
        }
    }

    #[test]
    fn without_a_likelihood_only_errors_are_computed() {
        for (kind, loss) in [
            (Bottleneck::Plain, Loss::Gaussian { variance: Variance::Learned }),
            (VARIATIONAL, Loss::SquaredError),
        ] {
            let (mut trainer, data) = linear(kind, loss);
            let samples = Samples::Rows(&data, &[7, 3]);
            let scores = Scores::of(trainer.network(), samples, 8, |_, _| true).expect("small");
            assert_eq!((scores.errors.len(), &scores.log_probabilities), (2, &None));
            assert_eq!(scores.by_log_probability(&[Some(true), Some(false)]), None);
        }
    }

    #[test]
    fn anomalies_are_ranked_with_ties() {
        let scores = Scores { errors: vec![0.1, 0.4, 0.35, 9.0, 0.8, 0.35], log_probabilities: None };
        // Values from roc_auc_score and average_precision_score of scikit-learn.
        let is_anomalous = [Some(false), Some(false), Some(true), None, Some(true), Some(false)];
        let ranking = scores.by_error(&is_anomalous).expect("both");
        assert!((ranking.auc - 0.75).abs() < 1e-12, "{ranking:?}");
        assert!((ranking.average_precision - 0.75).abs() < 1e-12, "{ranking:?}");
        for alike in [[Some(true); 6], [Some(false); 6], [None; 6]] {
            assert_eq!(scores.by_error(&alike), None);
        }
    }
}
