//! The likelihood of data under a variational network, by importance sampling.

use super::{Network, OnProgress, Samples};
use crate::dataset::Dataset;
use crate::dataset::random::Purpose;
use crate::engine::EngineError;
use crate::engine::kernels::draw::Draw;
use crate::engine::kernels::iwae::{ImportanceBound, LogMean};
use crate::engine::kernels::loss::{Importance, ReconstructionLoss};
use crate::engine::kernels::pass::{Mode, Pass};
use crate::engine::kernels::tape::Recorder;
use crate::engine::kernels::variable::Variable;

/// Step whose random numbers the estimate uses, counted down from here; no training gets this far.
const LAST_STEP: u64 = u64::MAX - 1;

/// `−log p(x)` of some samples, estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likelihood {
    /// Mean over the samples, in nats.
    pub nll: f64,
    /// Standard error of that mean, from the variance between samples.
    pub standard_error: f64,
    /// Number of samples.
    pub samples: usize,
    /// Codes drawn per sample.
    pub draws: usize,
}

impl Network {
    /// `−log 1/K Σ_k p(x|z_k) p(z_k) / q(z_k|x)` with K = `draws` codes from `q(z|x)` for each of
    /// the rows (Rezende et al. 2014, Burda et al. 2016): on average an upper bound of `−log p(x)`,
    /// tighter with more codes.
    ///
    /// # Errors
    /// [`EngineError::NoLikelihood`] if the code is not a distribution or the loss not a
    /// likelihood, [`EngineError::OutOfMemory`].
    pub fn likelihood(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        draws: usize,
    ) -> Result<Likelihood, EngineError> {
        self.likelihood_while(data, rows, draws, &mut |_| true)
    }

    /// [`Network::likelihood`] that can be cancelled by `on_progress`.
    ///
    /// # Errors
    /// Those of [`Network::likelihood`], and [`EngineError::Cancelled`].
    pub fn likelihood_while(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        draws: usize,
        on_progress: OnProgress<'_>,
    ) -> Result<Likelihood, EngineError> {
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut estimates = Vec::new();
        let mut done = 0;
        self.draw_codes(Samples::Rows(data, rows), draws, |drawn| {
            if drawn.is_first {
                estimates.clear();
                estimates.resize(drawn.pass.rows, LogMean::default());
            }
            drawn.bound.estimate(drawn.pass, &mut estimates);
            if drawn.is_last {
                for estimate in &estimates {
                    let nll = -estimate.log_mean();
                    sum += nll;
                    squares += nll * nll;
                }
                done += drawn.pass.rows;
            }
            on_progress(done)
        })?;
        let samples = rows.len();
        let nll = sum / samples.max(1) as f64;
        let variance = (squares / samples.max(1) as f64 - nll * nll).max(0.0);
        let standard_error = (variance / samples.saturating_sub(1).max(1) as f64).sqrt();
        Ok(Likelihood { nll, standard_error, samples, draws })
    }

    /// `−1/L Σ_l log p(x|z_l)` of each sample with L = `draws` codes from `q(z|x)`: the
    /// reconstruction probability of An & Cho (2015), negated, so that anomalies score high.
    ///
    /// # Errors
    /// Those of [`Network::likelihood`], and [`EngineError::Cancelled`] if `on_progress` returns
    /// false.
    pub fn anomaly_score(
        &mut self,
        samples: Samples<'_>,
        draws: usize,
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<f64>, EngineError> {
        let (mut scores, mut done): (Vec<f64>, usize) = (Vec::new(), 0);
        self.draw_codes(samples, draws, |drawn| {
            if drawn.is_first {
                scores.resize(scores.len() + drawn.pass.rows, 0.0);
            }
            let first = scores.len() - drawn.pass.rows;
            let values = drawn.loss.row_values();
            for (score, own) in scores[first..].iter_mut().zip(values.chunks_exact(2 * drawn.pass.samples)) {
                let sum: f64 = own.chunks_exact(2).map(|draw| f64::from(draw[0])).sum();
                *score += sum / draws.max(1) as f64;
            }
            if drawn.is_last {
                done = scores.len();
            }
            on_progress(done)
        })?;
        Ok(scores)
    }

    /// Decodes `draws` codes for each of the samples, in rounds, and passes each round to a
    /// callback that returns whether to continue.
    fn draw_codes(
        &mut self,
        samples: Samples<'_>,
        draws: usize,
        mut each: impl FnMut(&Drawn<'_>) -> bool,
    ) -> Result<(), EngineError> {
        let Some(sampler) = self.code_layer.sampler().cloned() else {
            return Err(EngineError::NoLikelihood("its code is not a distribution: use a variational code"));
        };
        if !self.plan.design().loss.is_likelihood() {
            return Err(EngineError::NoLikelihood(
                "its loss is not a likelihood: use cross-entropy on data of 0 and 1, or a Gaussian",
            ));
        }
        let at_once = self.plan.samples();
        if self.weights.features.is_some() {
            return Err(EngineError::NoLikelihood(
                "features have weights in its loss, so it is not a likelihood: train a run without weights",
            ));
        }
        let column = || Variable::zeros(self.capacity * at_once, 1);
        let importance = Importance { losses: column()?, weights: column()? };
        let loss = self.loss.with_importance(importance.clone());
        let bound = ImportanceBound::new(&sampler, importance);

        let seed = self.plan.design().training.seed;
        let recorder = &mut Recorder::idle();
        let features = self.plan.shape().features();
        for (number, block) in samples.blocks(features, self.capacity).enumerate() {
            let mut pass = Pass::new(self.show(block), Mode::Use, &self.threads);
            self.run(0..self.encoder_len, &pass, recorder);
            for first in (0..draws).step_by(at_once) {
                pass.samples = at_once.min(draws - first);
                let draw = Draw { seed, step: LAST_STEP - first as u64 };
                let stream = draw.stream(Purpose::Reparameterisation, number);
                sampler.forward(&pass, Some(stream), recorder);
                self.run(self.encoder_len..self.operations.len(), &pass.of_codes(), recorder);
                loss.forward(&pass, 1.0, recorder);
                let should_continue = each(&Drawn {
                    pass: &pass,
                    is_first: first == 0,
                    is_last: first + pass.samples == draws,
                    loss: &loss,
                    bound: &bound,
                });
                if !should_continue {
                    return Err(EngineError::Cancelled);
                }
            }
        }
        Ok(())
    }
}

/// One round of codes that were drawn and decoded.
struct Drawn<'a> {
    /// The pass: rows of the data, and codes for each.
    pass: &'a Pass,
    /// Whether the round is the first of these rows.
    is_first: bool,
    /// Whether it is their last.
    is_last: bool,
    loss: &'a ReconstructionLoss,
    bound: &'a ImportanceBound,
}
