//! Terms that keep activations small or rare: L1, L2, and the distance of mean activations from a
//! target (Ng 2011, "Sparse autoencoder").

use std::cell::RefCell;
use std::rc::Rc;

use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::operation::LossTerm;
use super::pass::Pass;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Write, gradients};
use super::workspace::zeros;
use crate::engine::EngineError;
use crate::project::{Distance, Over, Penalty};

/// Rows per shard.
const ROWS: usize = 16;
/// Units of a shard where sums run over the rows.
const UNITS: usize = 256;
/// Partial sums per row, so that the loop vectorises.
const LANES: usize = 16;
/// Mean activations are clamped this far from 0 and 1, where the divergence is infinite.
const MARGIN: f64 = 1e-6;

/// The quantity that is penalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    /// `Σ |h|`
    L1,
    /// `Σ h²`
    L2,
    /// The distance of mean activations from a target.
    Target {
        /// The target ρ.
        target: f32,
        /// How the distance is measured.
        distance: Distance,
        /// The axis that activations are averaged over.
        over: Over,
    },
}

impl Term {
    /// The term of a penalty on activations; `None` for other penalties.
    pub fn of(penalty: Penalty) -> Option<Term> {
        match penalty {
            Penalty::L1 => Some(Term::L1),
            Penalty::L2 => Some(Term::L2),
            Penalty::Sparsity { target, distance, over } => Some(Term::Target { target, distance, over }),
            Penalty::Contractive { .. } => None,
        }
    }
}

/// One term on the activations `h`, rows × units; in a picture, pixels × channels.
pub struct Sparsity {
    h: Node,
    term: Term,
    state: RefCell<State>,
}

/// Results of the last forward pass for the backward pass.
struct State {
    /// One value per row, or the slope of its distance.
    rows: Vec<f32>,
    /// Sum over the rows of each unit, where the term needs it.
    sums: Vec<f64>,
    /// Slope of each unit's distance.
    slopes: Vec<f32>,
}

impl Sparsity {
    /// The term on `h`.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(h: Node, term: Term) -> Result<Rc<Sparsity>, EngineError> {
        let (len, units) = (h.borrow().values().len(), h.borrow().columns());
        let per_unit = matches!(term, Term::Target { over: Over::Samples, .. });
        let kept = if per_unit { units } else { 0 };
        let state = State { rows: zeros(len / units.max(1))?, sums: zeros(kept)?, slopes: zeros(kept)? };
        Ok(Rc::new(Sparsity { h, term, state: RefCell::new(state) }))
    }
}

impl LossTerm for Sparsity {
    fn compute(&self, pass: &Pass) -> f64 {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let h = self.h.borrow();
        let mut state = self.state.borrow_mut();
        let (units, state) = (h.columns(), &mut *state);
        let values = &h.values()[..rows * units];
        match self.term {
            Term::L1 => row_sums(threads, values, units, &mut state.rows[..rows], f32::abs),
            Term::L2 => row_sums(
                threads,
                values,
                units,
                &mut state.rows[..rows],
                #[inline(always)]
                |h| h * h,
            ),
            Term::Target { target, distance, over: Over::Units } => {
                let means = &mut state.rows[..rows];
                row_sums(
                    threads,
                    values,
                    units,
                    means,
                    #[inline(always)]
                    |h| h,
                );
                let mut sum = 0.0;
                for mean in means {
                    let (value, slope) = distance_to(target, distance, f64::from(*mean) / units as f64);
                    sum += value;
                    *mean = (slope / units as f64) as f32;
                }
                sum
            }
            Term::Target { target, distance, over: Over::Samples } => {
                unit_sums(threads, values, units, &mut state.sums);
                let mut sum = 0.0;
                for (unit, slope) in state.sums.iter().zip(&mut state.slopes) {
                    let (value, own) = distance_to(target, distance, unit / rows as f64);
                    sum += value;
                    *slope = own as f32;
                }
                sum * rows as f64
            }
        }
    }

    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        if weight == 0.0 || rows == 0 {
            return Ok(());
        }
        let (h, state) = (self.h.borrow(), self.state.borrow());
        let [dh] = gradients(grads, [&h])?;
        let adds = h.claim_gradient() == Write::Add;
        let (units, scale) = (h.columns(), weight / rows as f32);
        let (len, values, term) = (rows * units, h.values(), self.term);
        let (row_slopes, unit_slopes) = (&*state.rows, &*state.slopes);
        threads.for_each_piece(&mut dh[..len], ROWS * units, 8 * len, |start, dh| {
            let h = &values[start..start + dh.len()];
            vectorised(
                #[inline(always)]
                || match term {
                    Term::L1 => dh.iter_mut().zip(h).for_each(|(dh, h)| put(dh, scale * sign(*h), adds)),
                    Term::L2 => dh.iter_mut().zip(h).for_each(|(dh, h)| put(dh, scale * (2.0 * h), adds)),
                    Term::Target { over: Over::Units, .. } => {
                        for (dh, slope) in dh.chunks_exact_mut(units).zip(&row_slopes[start / units..]) {
                            dh.iter_mut().for_each(|dh| put(dh, scale * slope, adds));
                        }
                    }
                    Term::Target { over: Over::Samples, .. } => {
                        for dh in dh.chunks_exact_mut(units) {
                            dh.iter_mut()
                                .zip(unit_slopes)
                                .for_each(|(dh, slope)| put(dh, scale * slope, adds));
                        }
                    }
                },
            );
        });
        Ok(())
    }
}

#[inline(always)]
fn put(gradient: &mut f32, own: f32, adds: bool) {
    *gradient = flushed(own, LEAST_GRADIENT) + if adds { *gradient } else { 0.0 };
}

/// −1, 0 or 1; NaN stays NaN.
#[inline(always)]
fn sign(h: f32) -> f32 {
    if h == 0.0 { 0.0 } else { h.signum() }
}

/// The distance of a mean activation from the target, and its derivative.
fn distance_to(target: f32, distance: Distance, mean: f64) -> (f64, f64) {
    let target = f64::from(target);
    match distance {
        Distance::Kl => {
            // Clamped, with the slope at the clamped value: a dead unit is still pulled towards the
            // target.
            let mean = mean.clamp(MARGIN, 1.0 - MARGIN);
            let part = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
            let value = part(target, mean) + part(1.0 - target, 1.0 - mean);
            (value, (1.0 - target) / (1.0 - mean) - target / mean)
        }
        Distance::L1 => {
            let difference = mean - target;
            (difference.abs(), if difference == 0.0 { 0.0 } else { difference.signum() })
        }
        Distance::L2 => ((mean - target).powi(2), 2.0 * (mean - target)),
    }
}

/// Writes the sum of `term` over each row, and adds these sums up in the order of the rows.
fn row_sums(
    threads: &Threads,
    values: &[f32],
    units: usize,
    sums: &mut [f32],
    term: impl Fn(f32) -> f32 + Sync,
) -> f64 {
    threads.for_each_piece(sums, ROWS, 4 * values.len(), |start, sums| {
        vectorised(
            #[inline(always)]
            || {
                for (row, sum) in (start..).zip(sums) {
                    let mut lanes = [0.0_f32; LANES];
                    let chunks = values[row * units..(row + 1) * units].chunks_exact(LANES);
                    let tail: f32 = chunks.remainder().iter().map(|h| term(*h)).sum();
                    for chunk in chunks {
                        for (lane, h) in lanes.iter_mut().zip(chunk) {
                            *lane += term(*h);
                        }
                    }
                    *sum = lanes.iter().sum::<f32>() + tail;
                }
            },
        );
    });
    sums.iter().map(|sum| f64::from(*sum)).sum()
}

/// Writes the sum of each unit over the rows, in their order.
fn unit_sums(threads: &Threads, values: &[f32], units: usize, sums: &mut [f64]) {
    let sums = Parts::new(sums);
    threads.run(units.div_ceil(UNITS), 2 * values.len(), &|shard| {
        let own = shard_range(shard, UNITS, units);
        // SAFETY: each shard runs once and writes its own units.
        let sums = unsafe { sums.part(own.clone()) };
        sums.fill(0.0);
        vectorised(
            #[inline(always)]
            || {
                for row in values.chunks_exact(units) {
                    for (sum, h) in sums.iter_mut().zip(&row[own.clone()]) {
                        *sum += f64::from(*h);
                    }
                }
            },
        );
    });
}

#[cfg(test)]
mod tests;
