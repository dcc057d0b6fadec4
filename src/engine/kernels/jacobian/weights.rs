//! A dense weight as a linear map.

use super::block::{Block, for_each_rows};
use super::map::LinearMap;
use crate::engine::kernels::math::vectorised;
use crate::engine::kernels::matmul::{Matrix, multiply};
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::{Grads, Node, TapeError, gradients};

/// Partial sums per row, so that the loop vectorises.
const LANES: usize = 16;

/// `M = W`, equal for all samples.
pub struct Weights {
    weight: Node,
    inputs: usize,
    outputs: usize,
    /// Whether it is stored inputs × outputs.
    is_transposed: bool,
}

impl Weights {
    /// A weight of outputs × inputs, or inputs × outputs if it is `transposed`.
    pub fn new(weight: Node, is_transposed: bool) -> Weights {
        let (len, columns) = (weight.borrow().values().len(), weight.borrow().columns());
        let rows = len / columns.max(1);
        let (inputs, outputs) = if is_transposed { (rows, columns) } else { (columns, rows) };
        Weights { weight, inputs, outputs, is_transposed }
    }

    /// Whether the weights of one output are contiguous.
    pub fn has_rows(&self) -> bool {
        !self.is_transposed
    }

    fn matrix<'a>(&self, weight: &'a [f32]) -> Matrix<'a> {
        if self.is_transposed {
            Matrix::new(weight, self.inputs, self.outputs).transposed()
        } else {
            Matrix::new(weight, self.outputs, self.inputs)
        }
    }

    /// Pulls the rows of a diagonal matrix back: row (sample, probe) of `to` is the weights of that
    /// unit, times the sample's value of the unit in `diagonal`, samples × outputs.
    pub fn pull_diagonal(&self, block: Block, diagonal: &[f32], to: &mut [f32], threads: &Threads) {
        let weight = self.weight.borrow();
        let (inputs, outputs, w) = (self.inputs, self.outputs, weight.values());
        for_each_rows(threads, to, inputs, 2 * block.rows() * inputs, |first, to| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, to) in (first..).zip(to.chunks_exact_mut(inputs)) {
                        let unit = block.probe + row % block.probes;
                        let factor = diagonal[row / block.probes * outputs + unit];
                        for (to, w) in to.iter_mut().zip(&w[unit * inputs..]) {
                            *to = factor * w;
                        }
                    }
                },
            );
        });
    }

    /// Pushes tangents forward and keeps each row's own unit only: value (sample, unit) of
    /// `diagonal` is that unit's value of `W t` for the row (sample, probe); units that are not
    /// probed get 0.
    pub fn push_diagonal(&self, block: Block, from: &[f32], diagonal: &mut [f32], threads: &Threads) {
        let weight = self.weight.borrow();
        let (inputs, outputs, w) = (self.inputs, self.outputs, weight.values());
        for_each_rows(threads, diagonal, outputs, 2 * block.rows() * inputs, |first, diagonal| {
            vectorised(
                #[inline(always)]
                || {
                    diagonal.fill(0.0);
                    for (sample, values) in (first..).zip(diagonal.chunks_exact_mut(outputs)) {
                        for probe in 0..block.probes {
                            let (unit, row) = (block.probe + probe, sample * block.probes + probe);
                            let (w, t) = (&w[unit * inputs..], &from[row * inputs..]);
                            values[unit] = dot(&w[..inputs], &t[..inputs]);
                        }
                    }
                },
            );
        });
    }

    /// [`accumulate`](LinearMap::accumulate) where `s` is diagonal.
    pub fn accumulate_diagonal(
        &self,
        block: Block,
        diagonal: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dw] = gradients(grads, [&self.weight.borrow()])?;
        let (inputs, outputs) = (self.inputs, self.outputs);
        let probed = block.probe * inputs..(block.probe + block.probes) * inputs;
        for_each_rows(threads, &mut dw[probed], inputs, 2 * block.rows() * inputs, |first, dw| {
            vectorised(
                #[inline(always)]
                || {
                    for (probe, dw) in (first..).zip(dw.chunks_exact_mut(inputs)) {
                        for sample in 0..block.samples {
                            let factor = diagonal[sample * outputs + block.probe + probe];
                            let t = &t[(sample * block.probes + probe) * inputs..];
                            for (dw, t) in dw.iter_mut().zip(t) {
                                *dw += factor * t;
                            }
                        }
                    }
                },
            );
        });
        Ok(())
    }

    /// `to = W Wᵀ`, outputs × outputs.
    pub fn gram(&self, to: &mut [f32], threads: &Threads) {
        let weight = self.weight.borrow();
        let w = self.matrix(weight.values());
        multiply(threads, to, false, w, w.transposed());
    }

    /// Adds `S W` to the gradient, for a symmetric `S`, outputs × outputs.
    pub fn add_product(&self, s: &[f32], threads: &Threads, grads: &mut Grads) -> Result<(), TapeError> {
        let weight = self.weight.borrow();
        let [dw] = gradients(grads, [&weight])?;
        let s = Matrix::new(s, self.outputs, self.outputs);
        if self.is_transposed {
            multiply(threads, dw, true, Matrix::new(weight.values(), self.inputs, self.outputs), s);
        } else {
            multiply(threads, dw, true, s, Matrix::new(weight.values(), self.outputs, self.inputs));
        }
        Ok(())
    }

    /// `‖W_j‖²` of every output.
    pub fn norms(&self, to: &mut [f32]) {
        let weight = self.weight.borrow();
        vectorised(
            #[inline(always)]
            || {
                for (to, w) in to.iter_mut().zip(weight.values().chunks_exact(self.inputs.max(1))) {
                    *to = dot(w, w);
                }
            },
        );
    }

    /// Adds `factors[j]` times the weights of output j to their gradient.
    pub fn add_scaled(&self, factors: &[f32], grads: &mut Grads) -> Result<(), TapeError> {
        let weight = self.weight.borrow();
        let [dw] = gradients(grads, [&weight])?;
        let inputs = self.inputs.max(1);
        vectorised(
            #[inline(always)]
            || {
                let rows = dw.chunks_exact_mut(inputs).zip(weight.values().chunks_exact(inputs));
                for ((dw, w), factor) in rows.zip(factors) {
                    for (dw, w) in dw.iter_mut().zip(w) {
                        *dw += factor * w;
                    }
                }
            },
        );
        Ok(())
    }
}

impl LinearMap for Weights {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn multiply_adds(&self) -> usize {
        self.inputs * self.outputs
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        let weight = self.weight.borrow();
        let (from, w) = (Matrix::new(from, block.rows(), self.inputs), self.matrix(weight.values()));
        multiply(threads, to, false, from, w.transposed());
    }

    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        let weight = self.weight.borrow();
        let (from, w) = (Matrix::new(from, block.rows(), self.outputs), self.matrix(weight.values()));
        multiply(threads, to, false, from, w);
    }

    fn sources(&self) -> Vec<Node> {
        vec![Node::clone(&self.weight)]
    }

    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dw] = gradients(grads, [&self.weight.borrow()])?;
        let s = Matrix::new(s, block.rows(), self.outputs);
        let t = Matrix::new(t, block.rows(), self.inputs);
        let (left, right) = if self.is_transposed { (t, s) } else { (s, t) };
        multiply(threads, dw, true, left.transposed(), right);
        Ok(())
    }
}

/// `Σ a b`, in lanes so that the loop vectorises.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + tail
}
