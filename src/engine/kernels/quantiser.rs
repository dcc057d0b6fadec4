//! The factorial stochastic vector quantiser of Hinton & Zemel (1993), trained to the minimum
//! description length.
//!
//! A code of V quantisers with K units each is a matrix of rows × (V·K): every K consecutive
//! columns are one **group**, a distribution over its K units. [`GroupSoftmax`] computes the
//! distributions q and samples from them, [`CodeCost`] is the cost of encoding the drawn units,
//! [`VarianceTerm`] completes the expected squared error of a linear decoder, and
//! [`description_length`] adds everything up in bits.

mod cost;
mod length;
mod variance;

use std::rc::Rc;

pub use self::cost::CodeCost;
pub use self::length::description_length;
pub use self::variance::VarianceTerm;
pub use super::gumbel::Relaxation;
use super::gumbel::{argmax, exponentials, largest, noisy};
use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::pass::Pass;
use super::tape::Recorder;
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::dataset::random::Stream;

/// Rows per shard.
const ROWS: usize = 16;
/// Approximate floating-point operations of one exponential with its noise.
const FLOPS: usize = 96;

/// A softmax over every group of columns.
pub struct GroupSoftmax {
    /// Logits: rows × (groups · units).
    pub x: Node,
    /// Shares that add up to 1 in every group, of the same size.
    pub y: Node,
    /// Units per group; a divisor of the number of columns.
    pub group: usize,
}

/// Output of a softmax. The noise of a value is at position row · columns + column of its stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// The distribution itself: `q = softmax(a)`.
    Shares,
    /// A relaxed draw from it: `softmax((a + g)/T)`.
    Relaxed(Relaxation),
    /// A draw from it: 1 for one unit of each group, 0 for the others. It has no gradient: nothing
    /// is recorded.
    Hard(Stream),
}

impl GroupSoftmax {
    /// Computes the first `pass.rows` rows of `y` and records the backward pass.
    pub fn forward(self: &Rc<Self>, pass: &Pass, choice: Choice, recorder: &mut Recorder) {
        self.compute(pass, choice);
        let scale = match choice {
            Choice::Shares => 1.0,
            Choice::Relaxed(relaxation) => 1.0 / relaxation.temperature,
            Choice::Hard(_) => return,
        };
        recorder.record(self, pass, move |softmax, pass, grads| softmax.backward(pass, scale, grads));
    }

    /// Computes the first `pass.rows` rows of `y`.
    pub fn compute(&self, pass: &Pass, choice: Choice) {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
        let (columns, group) = (x.columns(), self.group);
        let (x, len) = (x.values(), rows * columns);
        threads.for_each_piece(&mut y.values_mut()[..len], ROWS * columns, FLOPS * len, |start, y| {
            vectorised(
                #[inline(always)]
                || {
                    for (index, y) in y.chunks_exact_mut(group).enumerate() {
                        let at = start + index * group;
                        choose(choice, &x[at..at + group], at as u64, y);
                    }
                },
            );
        });
    }

    /// `∂y_k/∂x_l = (y_k [k = l] − y_k y_l) · scale`
    fn backward(&self, pass: &Pass, scale: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (columns, group, dy, y) = (x.columns(), self.group, &*dy, y.values());
        let len = rows * columns;
        threads.for_each_piece(&mut dx[..len], ROWS * columns, 6 * len, |start, dx| {
            vectorised(
                #[inline(always)]
                || {
                    for (index, dx) in dx.chunks_exact_mut(group).enumerate() {
                        let at = start + index * group;
                        let (y, dy) = (&y[at..at + group], &dy[at..at + group]);
                        let mean: f32 = y.iter().zip(dy).map(|(y, dy)| y * dy).sum();
                        for (dx, (y, dy)) in dx.iter_mut().zip(y.iter().zip(dy)) {
                            let own = flushed(scale * y * (dy - mean), LEAST_GRADIENT);
                            *dx = own + if adds { *dx } else { 0.0 };
                        }
                    }
                },
            );
        });
        Ok(())
    }
}

/// Computes one group.
#[inline(always)]
fn choose(choice: Choice, logits: &[f32], position: u64, out: &mut [f32]) {
    match choice {
        Choice::Shares => out.copy_from_slice(logits),
        Choice::Relaxed(Relaxation { stream, temperature }) => {
            noisy(logits, stream, position, 1.0 / temperature, out);
        }
        Choice::Hard(stream) => {
            noisy(logits, stream, position, 1.0, out);
            let drawn = argmax(out.iter().copied());
            out.fill(0.0);
            out[drawn] = 1.0;
            return;
        }
    }
    let max = largest(out);
    exponentials(out, max);
    let share = 1.0 / out.iter().sum::<f32>();
    for out in out {
        *out *= share;
    }
}

#[cfg(test)]
mod tests;
