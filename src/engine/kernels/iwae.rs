//! The importance-weighted bound (Burda, Grosse & Salakhutdinov 2016) and the likelihood it
//! estimates.

use std::cell::RefCell;
use std::rc::Rc;

use super::gaussian::{Reparameterise, clamped, halves, passes, shard_rows};
use super::loss::Importance;
use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::operation::LossTerm;
use super::pass::Pass;
use super::variable::{Grads, Node, TapeError, Write, gradients, no_gradient};

/// `−log 1/K Σ_k w_k` with `w_k = p(x|z_k) p(z_k) / q(z_k|x)`, K samples per row, prior N(0, I).
///
/// Order on the tape: [`Reparameterise`], decoder, [`super::loss::ReconstructionLoss`] with the
/// same [`Importance`], then this term. In the backward pass the likelihood's gradient of each row
/// of z is multiplied by the normalised weight `w̃_k`, and this adds the gradient of
/// `log p(z) − log q(z|x)` along `z = μ + σε`: `w̃_k z_k` to μ and `½ w̃_k (z_k σ ε_k − 1)` to log
/// σ².
pub struct ImportanceBound {
    head: Node,
    noise: Node,
    z: Node,
    importance: Importance,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    /// `log p(z) − log q(z|x)` of each row of z.
    ratios: Vec<f32>,
    /// log w of each row of z.
    log_weights: Vec<f64>,
}

impl ImportanceBound {
    /// The bound of the code sampled by `code`, with the likelihood that fills `importance`:
    /// `rows · K × 1`.
    pub fn new(code: &Reparameterise, importance: Importance) -> Rc<ImportanceBound> {
        let z_rows = importance.weights.borrow().values().len();
        let scratch = RefCell::new(Scratch { ratios: vec![0.0; z_rows], log_weights: vec![0.0; z_rows] });
        let (head, noise, z) = (Rc::clone(code.head()), Rc::clone(code.noise()), Rc::clone(code.z()));
        Rc::new(ImportanceBound { head, noise, z, importance, scratch })
    }

    /// Adds the latest samples of the first `rows` rows to the estimates of their log p(x), one
    /// [`LogMean`] per row: the likelihood by importance sampling, with any number of samples, in
    /// blocks that fit the nodes.
    pub fn estimate(&self, pass: &Pass, estimates: &mut [LogMean]) {
        self.log_weights_of(pass);
        let (rows, samples) = (pass.rows, pass.samples);
        let scratch = self.scratch.borrow();
        let logs = scratch.log_weights[..rows * samples].chunks_exact(samples.max(1));
        for (estimate, logs) in estimates.iter_mut().zip(logs) {
            logs.iter().for_each(|&log| estimate.add(log));
        }
    }

    /// Computes log w for every row of z.
    fn log_weights_of(&self, pass: &Pass) {
        let (rows, samples, threads) = (pass.rows, pass.samples, &*pass.threads);
        let (head, noise, z) = (self.head.borrow(), self.noise.borrow(), self.z.borrow());
        let (units, head, noise, z) = (z.columns(), head.values(), noise.values(), z.values());
        let z_rows = rows * samples;
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { ratios, log_weights } = &mut *scratch;
        threads.for_each_piece(
            &mut ratios[..z_rows],
            shard_rows(units),
            8 * z_rows * units,
            |start, ratios| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (row, ratio) in (start..).zip(ratios) {
                            let (z, noise) = (&z[row * units..][..units], &noise[row * units..][..units]);
                            let (_, log_variance) = halves(head, row / samples, units);
                            let terms = z.iter().zip(noise).zip(log_variance);
                            *ratio = terms
                                .map(|((z, noise), log)| 0.5 * (noise * noise - z * z + clamped(*log)))
                                .sum();
                        }
                    },
                );
            },
        );
        let losses = self.importance.losses.borrow();
        for ((log, &ratio), &loss) in log_weights.iter_mut().zip(&ratios[..z_rows]).zip(losses.values()) {
            *log = f64::from(ratio) - f64::from(loss);
        }
    }
}

impl LossTerm for ImportanceBound {
    /// The bound; call after the likelihood's forward pass on the same rows.
    fn compute(&self, pass: &Pass) -> f64 {
        self.log_weights_of(pass);
        let (rows, samples) = (pass.rows, pass.samples);
        let scratch = self.scratch.borrow();
        let mut weights = self.importance.weights.borrow_mut();
        let logs = scratch.log_weights[..rows * samples].chunks_exact(samples.max(1));
        let normalised = weights.values_mut().chunks_exact_mut(samples.max(1));
        let rows = logs.zip(normalised).map(|(logs, normalised)| {
            let mut sum = LogMean::default();
            logs.iter().for_each(|&log| sum.add(log));
            for (weight, log) in normalised.iter_mut().zip(logs) {
                *weight = (log - sum.log_sum()).exp() as f32;
            }
            -sum.log_mean()
        });
        rows.sum()
    }

    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, samples, threads) = (pass.rows, pass.samples, &*pass.threads);
        let (head, z) = (self.head.borrow(), self.z.borrow());
        let units = z.columns();
        let len = 2 * rows * units;
        if weight == 0.0 {
            return no_gradient(&head, len, grads);
        }
        let weights = self.importance.weights.borrow();
        let [dhead] = gradients(grads, [&head])?;
        let adds = head.claim_gradient() == Write::Add;
        let (head, z, weights, scale) = (head.values(), z.values(), weights.values(), weight / rows as f32);
        let (size, flops) = (shard_rows(2 * units) * 2 * units, 16 * rows * samples * units);
        threads.for_each_piece(&mut dhead[..len], size, flops, |start, dhead| {
            vectorised(
                #[inline(always)]
                || {
                    let first = start / (2 * units);
                    for (row, dhead) in (first..).zip(dhead.chunks_exact_mut(2 * units)) {
                        if !adds {
                            dhead.fill(0.0);
                        }
                        let (dmean, dlog) = dhead.split_at_mut(units);
                        let (mean, log_variance) = halves(head, row, units);
                        for sample in row * samples..(row + 1) * samples {
                            let scale = scale * weights[sample];
                            let z = &z[sample * units..(sample + 1) * units];
                            for unit in 0..units {
                                // z σ ε
                                let along = z[unit] * (z[unit] - mean[unit]);
                                let slope = 0.5 * (along - 1.0) * passes(log_variance[unit]);
                                dmean[unit] += flushed(scale * z[unit], LEAST_GRADIENT);
                                dlog[unit] += flushed(scale * slope, LEAST_GRADIENT);
                            }
                        }
                    }
                },
            );
        });
        Ok(())
    }
}

/// `log 1/K Σ_k exp(a_k)` of any number of terms, added one by one without overflow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogMean {
    /// The largest term so far.
    largest: f64,
    /// `Σ exp(a_k − largest)`.
    sum: f64,
    count: u64,
}

impl Default for LogMean {
    fn default() -> LogMean {
        LogMean { largest: f64::NEG_INFINITY, sum: 0.0, count: 0 }
    }
}

impl LogMean {
    /// Adds a term.
    pub fn add(&mut self, log: f64) {
        self.count += 1;
        if log > self.largest {
            self.sum = self.sum * (self.largest - log).exp() + 1.0;
            self.largest = log;
        } else if log != f64::NEG_INFINITY {
            self.sum += (log - self.largest).exp();
        }
    }

    /// `log Σ_k exp(a_k)`; `−∞` without terms.
    pub fn log_sum(&self) -> f64 {
        self.largest + self.sum.ln()
    }

    /// `log 1/K Σ_k exp(a_k)`.
    pub fn log_mean(&self) -> f64 {
        self.log_sum() - (self.count as f64).ln()
    }
}

#[cfg(test)]
mod tests;
