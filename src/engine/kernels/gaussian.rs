//! The variational head (Kingma & Welling 2014): a Gaussian code with mean μ and diagonal variance
//! σ², its reparameterised samples and its divergence from the standard normal prior.
//!
//! The head is rows × 2p: μ in the first p columns, log σ² in the last p. log σ² is clamped to
//! [`LOG_VARIANCE`]; outside that range its gradient is 0.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use super::math::{LEAST_GRADIENT, exp, flushed, vectorised};
use super::noise::normal;
use super::operation::LossTerm;
use super::pass::Pass;
use super::tape::Recorder;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients, no_gradient};
use crate::check::sizes::DIVERGENCE_ROWS;
use crate::dataset::random::Stream;
use crate::engine::EngineError;

/// Smallest and largest log σ² of a code: beyond them, `f32` would lose precision when multiplied
/// by σ.
pub const LOG_VARIANCE: (f32, f32) = (-30.0, 20.0);
/// Values per shard.
const SHARD: usize = 4096;

/// log σ² clamped to its range.
#[inline(always)]
pub(super) fn clamped(log_variance: f32) -> f32 {
    log_variance.clamp(LOG_VARIANCE.0, LOG_VARIANCE.1)
}

/// 1 where the gradient of log σ² passes, else 0.
#[inline(always)]
pub(super) fn passes(log_variance: f32) -> f32 {
    if log_variance > LOG_VARIANCE.0 && log_variance < LOG_VARIANCE.1 { 1.0 } else { 0.0 }
}

/// Number of rows with about [`SHARD`] values.
pub(super) fn shard_rows(columns: usize) -> usize {
    (SHARD / columns.max(1)).max(1)
}

/// `z = μ + σ ε` with K samples per row: row `r · K + k` of `z` is sample `k` of row `r` of the
/// head.
pub struct Reparameterise {
    head: Node,
    noise: Node,
    z: Node,
}

impl Reparameterise {
    /// Samples from `head`, rows × 2p, into `z`, rows · K × p.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(head: Node, z: Node) -> Result<Rc<Reparameterise>, EngineError> {
        let (len, columns) = (z.borrow().values().len(), z.borrow().columns());
        let noise = Variable::zeros(len / columns.max(1), columns)?;
        Ok(Rc::new(Reparameterise { head, noise, z }))
    }

    /// μ and log σ², rows × 2p.
    pub fn head(&self) -> &Node {
        &self.head
    }

    /// The samples, rows · K × p.
    pub fn z(&self) -> &Node {
        &self.z
    }

    /// The ε of the latest forward pass, rows · K × p; used by [`super::iwae::ImportanceBound`].
    pub fn noise(&self) -> &Node {
        &self.noise
    }

    /// Appends the variances σ² of the first rows of the head.
    pub fn add_variances(&self, rows: usize, variances: &mut Vec<f32>) {
        let head = self.head.borrow();
        let units = self.z.borrow().columns();
        for row in head.values()[..rows * head.columns()].chunks_exact(head.columns()) {
            variances.extend(row[units..].iter().map(|log_variance| exp(clamped(*log_variance))));
        }
    }

    /// Computes `pass.samples` rows of `z` for each of the first rows of the head and records the
    /// backward pass: ε at position `row · p + unit` of `stream`, counted over the rows of `z`; or
    /// `z = μ` without a stream (evaluation).
    pub fn forward(self: &Rc<Self>, pass: &Pass, stream: Option<Stream>, recorder: &mut Recorder) {
        self.compute(pass, stream);
        recorder.record(self, pass, Reparameterise::backward);
    }

    fn compute(&self, pass: &Pass, stream: Option<Stream>) {
        let (rows, samples, threads) = (pass.rows, pass.samples, &*pass.threads);
        let head = self.head.borrow();
        let (mut z, mut noise) = (self.z.borrow_mut(), self.noise.borrow_mut());
        let (units, head, out_rows) = (z.columns(), head.values(), rows * samples);
        let size = shard_rows(units);
        let (z, noise) = (Parts::new(z.values_mut()), Parts::new(noise.values_mut()));
        threads.run(out_rows.div_ceil(size), 64 * out_rows * units, &|shard| {
            let range = shard_range(shard, size, out_rows);
            vectorised(
                #[inline(always)]
                || {
                    for row in range {
                        let at = row * units..(row + 1) * units;
                        let start = at.start as u64;
                        // SAFETY: `run` calls each shard once, and the rows of different shards do
                        // not overlap.
                        let (z, noise) = unsafe { (z.part(at.clone()), noise.part(at)) };
                        match stream {
                            Some(stream) => {
                                for (position, noise) in (start..).zip(noise.iter_mut()) {
                                    *noise = normal(stream, position);
                                }
                            }
                            None => noise.fill(0.0),
                        }
                        let (mean, log_variance) = halves(head, row / samples, units);
                        let moments = mean.iter().zip(log_variance);
                        for ((z, &noise), (&mean, &log_variance)) in z.iter_mut().zip(&*noise).zip(moments) {
                            *z = mean + exp(0.5 * clamped(log_variance)) * noise;
                        }
                    }
                },
            );
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, samples, threads) = (pass.rows, pass.samples, &*pass.threads);
        let (head, z, noise) = (self.head.borrow(), self.z.borrow(), self.noise.borrow());
        let [dhead, dz] = gradients(grads, [&head, &z])?;
        let adds = head.claim_gradient() == Write::Add;
        let (units, head, noise) = (z.columns(), head.values(), noise.values());
        let (size, flops) = (shard_rows(2 * units) * 2 * units, 16 * rows * samples * units);
        threads.for_each_piece(&mut dhead[..2 * rows * units], size, flops, |start, dhead| {
            vectorised(
                #[inline(always)]
                || {
                    let first = start / (2 * units);
                    for (row, dhead) in (first..).zip(dhead.chunks_exact_mut(2 * units)) {
                        if !adds {
                            dhead.fill(0.0);
                        }
                        let (dmean, dlog) = dhead.split_at_mut(units);
                        let (_, log_variance) = halves(head, row, units);
                        for sample in row * samples..(row + 1) * samples {
                            let at = sample * units..(sample + 1) * units;
                            let (dz, noise) = (&dz[at.clone()], &noise[at]);
                            for unit in 0..units {
                                let log_variance = log_variance[unit];
                                let sigma = exp(0.5 * clamped(log_variance));
                                let slope = 0.5 * sigma * noise[unit] * passes(log_variance);
                                dmean[unit] += dz[unit];
                                dlog[unit] += flushed(dz[unit] * slope, LEAST_GRADIENT);
                            }
                        }
                    }
                },
            );
        });
        Ok(())
    }
}

/// μ and log σ² of one row.
#[inline(always)]
pub(super) fn halves(head: &[f32], row: usize, units: usize) -> (&[f32], &[f32]) {
    head[2 * row * units..2 * (row + 1) * units].split_at(units)
}

/// `KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² − 1 − log σ²)` in nats, with free bits λ (Kingma et al.
/// 2016): `Σ_j max(λ, mean over the minibatch of KL_j)`, where units below λ have no gradient.
pub struct KlToPrior {
    head: Node,
    free_bits: f32,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    /// KL of each unit summed over the rows of each shard.
    partial: Vec<f32>,
    /// These sums, added up over the shards.
    per_unit: Vec<f64>,
    /// 1 for units at or above λ in the latest forward pass.
    is_open: Vec<f32>,
}

impl KlToPrior {
    /// The divergence of `head`, rows × 2p, with λ = `free_bits` nats per unit; 0 for none.
    pub fn new(head: Node, free_bits: f32) -> Rc<KlToPrior> {
        let (len, units) = (head.borrow().values().len(), head.borrow().columns() / 2);
        let shards = (len / (2 * units).max(1)).div_ceil(DIVERGENCE_ROWS);
        let (partial, per_unit) = (vec![0.0; shards * units], vec![0.0; units]);
        let scratch = Scratch { partial, per_unit, is_open: vec![0.0; units] };
        Rc::new(KlToPrior { head, free_bits, scratch: RefCell::new(scratch) })
    }

    /// The KL of each unit in the latest pass, in nats, summed over the rows and without λ.
    pub fn per_unit(&self) -> Ref<'_, [f64]> {
        Ref::map(self.scratch.borrow(), |scratch| scratch.per_unit.as_slice())
    }

    fn sum(&self, rows: usize, threads: &Threads) {
        let head = self.head.borrow();
        let (units, head) = (head.columns() / 2, head.values());
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { partial, per_unit, .. } = &mut *scratch;
        let partial = &mut partial[..rows.div_ceil(DIVERGENCE_ROWS) * units];
        threads.for_each_piece(partial, units, 32 * rows * units, |start, sums| {
            let rows = shard_range(start / units, DIVERGENCE_ROWS, rows);
            vectorised(
                #[inline(always)]
                || {
                    sums.fill(0.0);
                    for row in rows {
                        let (mean, log_variance) = halves(head, row, units);
                        for (sum, (&mean, &log_variance)) in
                            sums.iter_mut().zip(mean.iter().zip(log_variance))
                        {
                            let log_variance = clamped(log_variance);
                            *sum += 0.5 * (mean * mean + (exp(log_variance) - 1.0 - log_variance));
                        }
                    }
                },
            );
        });
        per_unit.fill(0.0);
        for sums in partial.chunks_exact(units.max(1)) {
            for (total, &sum) in per_unit.iter_mut().zip(sums) {
                *total += f64::from(sum);
            }
        }
    }
}

impl LossTerm for KlToPrior {
    /// `rows · Σ_j max(λ, KL_j)`
    fn compute(&self, pass: &Pass) -> f64 {
        self.sum(pass.rows, &pass.threads);
        let floor = f64::from(self.free_bits) * pass.rows as f64;
        let Scratch { per_unit, is_open, .. } = &mut *self.scratch.borrow_mut();
        for (is_open, &kl) in is_open.iter_mut().zip(&*per_unit) {
            // Without λ no gradient is blocked, not even of a unit whose sum rounds to less than 0.
            *is_open = if self.free_bits <= 0.0 || kl >= floor { 1.0 } else { 0.0 };
        }
        per_unit.iter().zip(is_open).map(|(&kl, is_open)| if *is_open > 0.0 { kl } else { floor }).sum()
    }

    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (head, scratch) = (self.head.borrow(), self.scratch.borrow());
        let (units, is_open) = (head.columns() / 2, &scratch.is_open);
        let len = 2 * rows * units;
        if weight == 0.0 {
            return no_gradient(&head, len, grads);
        }
        let [dhead] = gradients(grads, [&head])?;
        let adds = head.claim_gradient() == Write::Add;
        let (head, scale) = (head.values(), weight / rows as f32);
        threads.for_each_piece(
            &mut dhead[..len],
            shard_rows(2 * units) * 2 * units,
            16 * len,
            |start, dhead| {
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
                            for unit in 0..units {
                                let log_variance = log_variance[unit];
                                let scale = scale * is_open[unit];
                                let slope = 0.5 * (exp(clamped(log_variance)) - 1.0) * passes(log_variance);
                                dmean[unit] += flushed(scale * mean[unit], LEAST_GRADIENT);
                                dlog[unit] += flushed(scale * slope, LEAST_GRADIENT);
                            }
                        }
                    },
                );
            },
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
