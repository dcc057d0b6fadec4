//! The concrete selector (Abid, Balin & Zou 2019): every unit learns to pick one feature of the
//! input.
//!
//! In training, unit i outputs `x · m`, `m = softmax((ℓ⁽ⁱ⁾ + g)/T)` with Gumbel noise g drawn for
//! each unit and sample. That takes rows · units · features exponentials per step, and twice as
//! many logarithms for the noise: the hot path of this kind of code. The exponentials are kept for
//! the backward pass if they fit; otherwise they are recomputed with identical bits, since the
//! noise is a pure function of its position.

mod choice;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

pub use self::choice::{Verdict, chosen, initial_logits, mean_max, verdict};
pub use super::gumbel::{Relaxation, temperature};
use super::gumbel::{exponentials, largest, noisy};
use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::pass::Pass;
use super::tape::Recorder;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use super::workspace::zeros;
use crate::check::sizes::KEPT_CHOICES;
use crate::engine::EngineError;

/// Features per shard of the backward pass, and length of the buffer for recomputed exponentials.
const BLOCK: usize = 512;
/// Approximate floating-point operations of one exponential with its noise.
const FLOPS: usize = 96;
/// Partial sums per row, so that loops vectorise.
const LANES: usize = 16;

/// One selector: input rows × features, logits units × features, output rows × units.
pub struct Selector {
    x: Node,
    logits: Node,
    y: Node,
    wants_input_gradient: bool,
    /// `e^(z − max)`: unit × row × feature if all are kept, else unit × feature, of the current
    /// row.
    kept: RefCell<Vec<f32>>,
    keeps_all: bool,
    /// Per unit and row: max z and 1/Σ e^(z − max).
    scales: RefCell<Vec<f32>>,
}

impl Selector {
    /// A selector of the features of `x` (rows × features, with as many rows as are ever used) by
    /// `logits` (units × features) into `y` (rows × units).
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(
        x: Node,
        logits: Node,
        y: Node,
        wants_input_gradient: bool,
    ) -> Result<Rc<Selector>, EngineError> {
        Selector::with_limit(x, logits, y, wants_input_gradient, KEPT_CHOICES)
    }

    fn with_limit(
        x: Node,
        logits: Node,
        y: Node,
        wants_input_gradient: bool,
        limit: usize,
    ) -> Result<Rc<Selector>, EngineError> {
        let (units, learned) = (y.borrow().columns(), logits.borrow().values().len());
        let rows = y.borrow().values().len() / units.max(1);
        let all = rows.saturating_mul(learned);
        let keeps_all = all <= limit;
        let kept = RefCell::new(zeros(if keeps_all { all } else { learned })?);
        let scales = RefCell::new(zeros(2 * rows * units)?);
        Ok(Rc::new(Selector { x, logits, y, wants_input_gradient, kept, keeps_all, scales }))
    }

    /// Computes the first `pass.rows` rows of `y` and records the backward pass: relaxed choices
    /// with the noise at position (row · units + unit) · features + feature of the stream, or,
    /// without a relaxation (evaluation), the feature with the largest logit.
    pub fn forward(self: &Rc<Self>, pass: &Pass, relaxation: Option<Relaxation>, recorder: &mut Recorder) {
        match relaxation {
            Some(relaxation) => self.relax(pass.rows, relaxation, &pass.threads),
            None => self.choose(pass.rows),
        }
        recorder.record(self, pass, move |selector, pass, grads| match relaxation {
            Some(relaxation) => selector.backward(pass.rows, relaxation, &pass.threads, grads),
            None => selector.backward_of_choice(pass.rows, grads),
        });
    }

    fn choose(&self, rows: usize) {
        let (x, logits, mut y) = (self.x.borrow(), self.logits.borrow(), self.y.borrow_mut());
        let (features, units) = (x.columns(), y.columns());
        let chosen = chosen(logits.values(), features);
        let samples = x.values().chunks_exact(features).take(rows);
        for (y, x) in y.values_mut().chunks_exact_mut(units).zip(samples) {
            for (y, &feature) in y.iter_mut().zip(&chosen) {
                *y = x[feature as usize];
            }
        }
    }

    /// One shard per unit: its exponentials are contiguous, and its logits stay in the cache from
    /// row to row.
    fn relax(&self, rows: usize, relaxation: Relaxation, threads: &Threads) {
        let (x, logits, mut y) = (self.x.borrow(), self.logits.borrow(), self.y.borrow_mut());
        let (features, units) = (x.columns(), y.columns());
        let (x, logits, scale) = (x.values(), logits.values(), 1.0 / relaxation.temperature);
        let (mut kept, mut scales) = (self.kept.borrow_mut(), self.scales.borrow_mut());
        let keeps_all = self.keeps_all;
        let of_unit = if keeps_all { rows * features } else { features };
        let (kept, scales, y) = (Parts::new(&mut kept), Parts::new(&mut scales), Parts::new(y.values_mut()));
        threads.run(units, FLOPS * rows * units * features, &|unit| {
            // SAFETY: each shard runs once and has the parts of its own unit.
            let (kept, scales) = unsafe {
                (
                    kept.part(unit * of_unit..(unit + 1) * of_unit),
                    scales.part(unit * 2 * rows..(unit + 1) * 2 * rows),
                )
            };
            let logits = &logits[unit * features..(unit + 1) * features];
            vectorised(
                #[inline(always)]
                || {
                    for (row, scales) in scales.chunks_exact_mut(2).enumerate() {
                        let at = if keeps_all { row * features } else { 0 };
                        let e = &mut kept[at..at + features];
                        noisy(logits, relaxation.stream, position(row, units, unit, features), scale, e);
                        let max = largest(e);
                        exponentials(e, max);
                        let (sum, product) = sums(e, &x[row * features..(row + 1) * features]);
                        (scales[0], scales[1]) = (max, 1.0 / sum);
                        let at = row * units + unit;
                        // SAFETY: as above; no other shard touches this unit's outputs.
                        let y = unsafe { y.part(at..at + 1) };
                        y[0] = product / sum;
                    }
                },
            );
        });
    }

    /// `∂y_i/∂ℓ_j = m_j (x_j − y_i)/T`. Each shard has a block of one unit's logits and sums over
    /// the rows in order.
    fn backward(
        &self,
        rows: usize,
        relaxation: Relaxation,
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let (x, logits, y) = (self.x.borrow(), self.logits.borrow(), self.y.borrow());
        let (features, units) = (x.columns(), y.columns());
        let [dlogits, dy] = gradients(grads, [&logits, &y])?;
        let (kept, scales) = (self.kept.borrow(), self.scales.borrow());
        let view = View {
            logits: logits.values(),
            kept: &kept,
            keeps_all: self.keeps_all,
            scales: &scales,
            relaxation,
            rows,
            features,
            units,
        };
        let adds = logits.claim_gradient() == Write::Add;
        let blocks = features.div_ceil(BLOCK);
        let flops = if self.keeps_all { 4 } else { FLOPS } * rows * units * features;
        let (dlogits, dy) = (Parts::new(dlogits), &*dy);
        let (x_values, y_values) = (x.values(), y.values());
        let scale = 1.0 / relaxation.temperature;
        threads.run(units * blocks, flops, &|shard| {
            let (unit, block) = (shard / blocks, shard % blocks);
            let columns = shard_range(block, BLOCK, features);
            let of_logits = unit * features + columns.start..unit * features + columns.end;
            // SAFETY: each shard runs once and has its own block of logits.
            let gradient = unsafe { dlogits.part(of_logits) };
            vectorised(
                #[inline(always)]
                || {
                    let mut buffer = [0.0; BLOCK];
                    if !adds {
                        gradient.fill(0.0);
                    }
                    for row in 0..rows {
                        let (e, share) = view.exponentials(unit, row, columns.clone(), &mut buffer);
                        let (dy, mean) = (dy[row * units + unit], y_values[row * units + unit]);
                        let dy = dy * share * scale;
                        let x = &x_values[row * features..][columns.clone()];
                        for (gradient, (e, x)) in gradient.iter_mut().zip(e.iter().zip(x)) {
                            *gradient += dy * e * (x - mean);
                        }
                    }
                    for gradient in gradient {
                        *gradient = flushed(*gradient, LEAST_GRADIENT);
                    }
                },
            );
        });
        if self.wants_input_gradient { view.backward_to_input(&x, &y, threads, grads) } else { Ok(()) }
    }

    /// A fixed choice passes the gradient to the chosen feature; the logits get none.
    fn backward_of_choice(&self, rows: usize, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, logits, y) = (self.x.borrow(), self.logits.borrow(), self.y.borrow());
        let (features, units) = (x.columns(), y.columns());
        let [dlogits] = gradients(grads, [&logits])?;
        if logits.claim_gradient() == Write::First {
            dlogits.fill(0.0);
        }
        if self.wants_input_gradient {
            let [dx, dy] = gradients(grads, [&x, &y])?;
            if x.claim_gradient() == Write::First {
                dx[..rows * features].fill(0.0);
            }
            let chosen = chosen(logits.values(), features);
            for (dx, dy) in dx.chunks_exact_mut(features).zip(dy.chunks_exact(units)).take(rows) {
                for (&feature, dy) in chosen.iter().zip(dy) {
                    dx[feature as usize] += dy;
                }
            }
        }
        Ok(())
    }
}

/// The values that the backward pass reads.
#[derive(Clone, Copy)]
struct View<'a> {
    logits: &'a [f32],
    kept: &'a [f32],
    keeps_all: bool,
    scales: &'a [f32],
    relaxation: Relaxation,
    rows: usize,
    features: usize,
    units: usize,
}

impl View<'_> {
    /// Some of the exponentials of one unit and row, and the factor that makes them shares of 1.
    #[inline(always)]
    fn exponentials<'b>(
        &'b self,
        unit: usize,
        row: usize,
        columns: Range<usize>,
        buffer: &'b mut [f32; BLOCK],
    ) -> (&'b [f32], f32) {
        let at = unit * self.rows + row;
        let (max, share) = (self.scales[2 * at], self.scales[2 * at + 1]);
        if self.keeps_all {
            let start = at * self.features;
            return (&self.kept[start + columns.start..start + columns.end], share);
        }
        let logits = &self.logits[unit * self.features..][columns.clone()];
        let e = &mut buffer[..columns.len()];
        let position = position(row, self.units, unit, self.features) + columns.start as u64;
        noisy(logits, self.relaxation.stream, position, 1.0 / self.relaxation.temperature, e);
        exponentials(e, max);
        (e, share)
    }

    /// `∂y_i/∂x_j = m_j`; one shard per row.
    fn backward_to_input(
        self,
        x: &Variable,
        y: &Variable,
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dx, dy] = gradients(grads, [x, y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (rows, features, units) = (self.rows, self.features, self.units);
        let flops = if self.keeps_all { 2 } else { FLOPS } * rows * units * features;
        let dy = &*dy;
        threads.for_each_piece(&mut dx[..rows * features], features, flops, |start, dx| {
            let row = start / features;
            vectorised(
                #[inline(always)]
                || {
                    let mut buffer = [0.0; BLOCK];
                    if !adds {
                        dx.fill(0.0);
                    }
                    for (block, dx) in dx.chunks_mut(BLOCK).enumerate() {
                        let columns = shard_range(block, BLOCK, features);
                        for unit in 0..units {
                            let (e, share) = self.exponentials(unit, row, columns.clone(), &mut buffer);
                            let dy = dy[row * units + unit] * share;
                            for (dx, e) in dx.iter_mut().zip(e) {
                                *dx += dy * e;
                            }
                        }
                        for dx in dx {
                            *dx = flushed(*dx, LEAST_GRADIENT);
                        }
                    }
                },
            );
        });
        Ok(())
    }
}

/// Where the noise of one unit and row begins.
#[inline(always)]
fn position(row: usize, units: usize, unit: usize, features: usize) -> u64 {
    ((row * units + unit) * features) as u64
}

/// `(Σ e, Σ e x)`
#[inline(always)]
fn sums(e: &[f32], x: &[f32]) -> (f32, f32) {
    let (mut sums, mut products) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    let (es, xs) = (e.chunks_exact(LANES), x.chunks_exact(LANES));
    let rest = es.remainder().iter().zip(xs.remainder());
    let (sum, product) = rest.fold((0.0, 0.0), |(sum, product), (e, x)| (sum + e, product + e * x));
    for (e, x) in es.zip(xs) {
        for lane in 0..LANES {
            sums[lane] += e[lane];
            products[lane] += e[lane] * x[lane];
        }
    }
    (sums.iter().sum::<f32>() + sum, products.iter().sum::<f32>() + product)
}

#[cfg(test)]
mod tests;
