//! How likely data are under a variational network, by importance sampling.

use std::rc::Rc;

use dfdx::tensor::Cpu;

use super::Network;
use crate::dataset::Dataset;
use crate::dataset::random::Purpose;
use crate::engine::EngineError;
use crate::engine::kernels::draw::Draw;
use crate::engine::kernels::iwae::{ImportanceBound, LogMean};
use crate::engine::kernels::loss::{Importance, ReconstructionLoss};
use crate::engine::kernels::tape::Recorder;
use crate::engine::kernels::variable::Variable;
use crate::engine::layers::Mode;
use crate::project::Loss;

/// Steps whose random numbers the estimate draws from, counted back from here: no training gets so far.
const LAST_STEP: u64 = u64::MAX - 1;

/// `−log p(x)` of some samples, estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likelihood {
    /// Mean over the samples, in nats.
    pub nll: f64,
    /// Standard error of that mean, from how much the samples differ.
    pub standard_error: f64,
    /// Samples looked at.
    pub samples: usize,
    /// Codes drawn for each.
    pub draws: usize,
}

impl Network {
    /// `−log 1/K Σ_k p(x|z_k) p(z_k) / q(z_k|x)` with K = `draws` codes from `q(z|x)` for each of the rows (Rezende et al. 2014,
    /// Burda et al. 2016): an upper bound of `−log p(x)` in the mean, the tighter the more codes.
    ///
    /// # Errors
    /// [`EngineError::NoLikelihood`] where the code is no distribution or the loss no likelihood, [`EngineError::OutOfMemory`].
    pub fn likelihood(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        draws: usize,
    ) -> Result<Likelihood, EngineError> {
        let Some(sampler) = self.waist.sampler().cloned() else {
            return Err(EngineError::NoLikelihood("its code is no distribution: make it variational"));
        };
        if self.plan.design().loss == Loss::SquaredError {
            return Err(EngineError::NoLikelihood(
                "squared error is none by itself: use cross-entropy on data of 0 and 1, or a Gaussian",
            ));
        }
        let device = Cpu::default();
        let at_once = self.plan.samples();
        let column = || Variable::zeros(&device, self.capacity * at_once, 1);
        let importance = Importance { losses: column()?, weights: column()? };
        let (output, target) = (Rc::clone(&self.output), Rc::clone(&self.target));
        let comparison = self.loss.comparison().clone();
        let loss = ReconstructionLoss::new(output, target, comparison, Some(importance.clone()));
        let bound = ImportanceBound::new(&sampler, importance);

        let (threads, seed) = (Rc::clone(&self.threads), self.plan.design().training.seed);
        let recorder = &mut Recorder::idle();
        let (mut sum, mut squares) = (0.0, 0.0);
        for (number, block) in rows.chunks(self.capacity).enumerate() {
            let count = block.len();
            self.gather(data, block, None);
            self.run(0..self.encoder_len, count, Mode::Use, recorder);
            let mut estimates = vec![LogMean::default(); count];
            for first in (0..draws).step_by(at_once) {
                let now = at_once.min(draws - first);
                let draw = Draw { seed, step: LAST_STEP - first as u64 };
                sampler.forward(
                    count,
                    now,
                    Some(draw.stream(Purpose::Reparameterisation, number)),
                    &threads,
                    recorder,
                );
                self.run(self.encoder_len..self.operations.len(), count * now, Mode::Use, recorder);
                loss.forward(count, now, 1.0, &threads, recorder);
                bound.estimate(count, now, &mut estimates, &threads);
            }
            for estimate in estimates {
                let nll = -estimate.log_mean();
                sum += nll;
                squares += nll * nll;
            }
        }
        let samples = rows.len();
        let nll = sum / samples.max(1) as f64;
        let variance = (squares / samples.max(1) as f64 - nll * nll).max(0.0);
        let standard_error = (variance / samples.saturating_sub(1).max(1) as f64).sqrt();
        Ok(Likelihood { nll, standard_error, samples, draws })
    }
}
