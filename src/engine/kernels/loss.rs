//! Reconstruction losses: summed over features, averaged over the minibatch.

use std::rc::Rc;

use dfdx::tensor::CpuError;

use super::math::{LEAST_GRADIENT, flushed, sigmoid, softplus, vectorised};
use super::tape::Recorder;
use super::threads::Threads;
use super::variable::{Grads, Node, Write, gradients};
use crate::project::Loss;

/// Rows of a shard.
const ROWS: usize = 16;
/// Partial sums a row is added into, so that the loop vectorises.
const LANES: usize = 16;

/// Compares the network's output with the clean input.
pub struct ReconstructionLoss {
    /// The reconstruction, or its logits for cross-entropy: rows × features.
    pub output: Node,
    /// The clean input: rows × features.
    pub target: Node,
    /// Which loss.
    pub kind: Loss,
}

/// Sums over the samples of a minibatch, of values summed over features.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// The loss.
    pub loss: f64,
    /// The squared error of the reconstruction, whatever the loss is.
    pub squared_error: f64,
}

impl ReconstructionLoss {
    /// The loss of the first `rows` rows, summed over them, and the way back for its mean.
    pub fn forward(
        self: &Rc<Self>,
        rows: usize,
        partial: &mut Vec<f32>,
        threads: &Rc<Threads>,
        recorder: &mut Recorder,
    ) -> Sums {
        if recorder.is_recording() {
            let (loss, threads) = (Rc::clone(self), Rc::clone(threads));
            recorder.push(move |grads| loss.backward(rows, &threads, grads));
        }
        let (output, target) = (self.output.borrow(), self.target.borrow());
        let (features, kind) = (target.columns(), self.kind);
        let (output, target) = (output.values(), target.values());
        // Two sums a row, added up in the order of the rows whoever computed them.
        partial.resize(2 * rows, 0.0);
        threads.for_each_piece(partial, 2 * ROWS, 16 * rows * features, |start, sums| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, sums) in (start / 2..).zip(sums.chunks_exact_mut(2)) {
                        let at = row * features..(row + 1) * features;
                        (sums[0], sums[1]) = row_sums(kind, &output[at.clone()], &target[at]);
                    }
                },
            );
        });
        partial.chunks_exact(2).fold(Sums::default(), |sums, row| Sums {
            loss: sums.loss + f64::from(row[0]),
            squared_error: sums.squared_error + f64::from(row[1]),
        })
    }

    fn backward(&self, rows: usize, threads: &Threads, grads: &mut Grads) -> Result<(), CpuError> {
        let (output, target) = (self.output.borrow(), self.target.borrow());
        let [gradient] = gradients(grads, [&output])?;
        let adds = output.claim_gradient() == Write::Add;
        let (features, kind) = (target.columns(), self.kind);
        let len = rows * features;
        let scale = 1.0 / rows as f32;
        let (output, target) = (output.values(), target.values());
        threads.for_each_piece(&mut gradient[..len], ROWS * features, 16 * len, |start, gradient| {
            vectorised(
                #[inline(always)]
                || {
                    let pairs = output[start..].iter().zip(&target[start..]);
                    for (gradient, (&y, &x)) in gradient.iter_mut().zip(pairs) {
                        let own = match kind {
                            Loss::SquaredError => 2.0 * (y - x) * scale,
                            Loss::BinaryCrossEntropy => (sigmoid(y) - x) * scale,
                        };
                        let own = flushed(own, LEAST_GRADIENT);
                        *gradient = own + if adds { *gradient } else { 0.0 };
                    }
                },
            );
        });
        Ok(())
    }
}

/// Loss and squared error of one sample.
#[inline(always)]
fn row_sums(kind: Loss, output: &[f32], target: &[f32]) -> (f32, f32) {
    match kind {
        Loss::SquaredError => {
            let sum = lane_sum(
                output,
                target,
                #[inline(always)]
                |y, x| (y - x) * (y - x),
            );
            (sum, sum)
        }
        Loss::BinaryCrossEntropy => (
            // −x log σ(a) − (1 − x) log(1 − σ(a)) = softplus(a) − x a
            lane_sum(
                output,
                target,
                #[inline(always)]
                |a, x| softplus(a) - x * a,
            ),
            lane_sum(
                output,
                target,
                #[inline(always)]
                |a, x| {
                    let difference = sigmoid(a) - x;
                    difference * difference
                },
            ),
        ),
    }
}

#[inline(always)]
fn lane_sum(output: &[f32], target: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (outputs, targets) = (output.chunks_exact(LANES), target.chunks_exact(LANES));
    let rest = outputs.remainder().iter().zip(targets.remainder());
    for (output, target) in outputs.zip(targets) {
        for lane in 0..LANES {
            lanes[lane] += term(output[lane], target[lane]);
        }
    }
    let tail: f32 = rest.map(|(&y, &x)| term(y, x)).sum();
    lanes.iter().sum::<f32>() + tail
}
