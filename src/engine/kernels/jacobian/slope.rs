//! The slope of an activation as a linear map.

use std::cell::RefCell;

use super::block::{Block, for_each_rows};
use super::diagonal::{Diagonal, Factors};
use crate::engine::EngineError;
use crate::engine::kernels::activation::{backward_row, curvature_row};
use crate::engine::kernels::math::vectorised;
use crate::engine::kernels::pass::Pass;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::{Grads, Node, TapeError, gradients};
use crate::engine::kernels::workspace::zeros;
use crate::project::Activation;

/// `M = diag f′(a)` for each sample. Its gradient goes to the activation's *output*; the backward
/// pass takes it from there to the sums.
pub struct Slope {
    activation: Activation,
    y: Node,
    /// The activation's input, if its derivative needs that.
    sums: Option<Node>,
    /// `f″/f′`, which turns a gradient of the slope into one of the output: samples × width; empty
    /// if f″ is 0.
    curvature: RefCell<Vec<f32>>,
}

impl Slope {
    /// The slope of an activation with the output `y`, for as many samples as `y` holds.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn diagonal(
        activation: Activation,
        y: Node,
        sums: Option<Node>,
    ) -> Result<Diagonal<Slope>, EngineError> {
        let (len, width) = (y.borrow().values().len(), y.borrow().columns());
        let curvature = RefCell::new(zeros(if activation.is_curved() { len } else { 0 })?);
        Diagonal::per_sample(Slope { activation, y, sums, curvature }, len / width.max(1), width)
    }
}

impl Factors for Slope {
    fn fill(&self, pass: &Pass, factors: &mut [f32]) {
        let (y, sums) = (self.y.borrow(), self.sums.as_ref().map(|sums| sums.borrow()));
        let (activation, width, threads) = (self.activation, y.columns(), &pass.threads);
        let (y, pre) = (y.values(), sums.as_ref().map_or(y.values(), |sums| sums.values()));
        let len = factors.len();
        for_each_rows(threads, factors, width, 16 * len, |row, values| {
            let at = row * width..row * width + values.len();
            values.fill(1.0);
            vectorised(
                #[inline(always)]
                || backward_row(activation, &y[at.clone()], &pre[at], values),
            );
        });
        let mut curvature = self.curvature.borrow_mut();
        let len = len.min(curvature.len());
        for_each_rows(threads, &mut curvature[..len], width, 16 * len, |row, values| {
            let at = row * width..row * width + values.len();
            vectorised(
                #[inline(always)]
                || curvature_row(activation, &y[at.clone()], &pre[at], values),
            );
        });
    }

    /// The output of the activation, in place of its sums.
    fn sources(&self) -> Vec<Node> {
        if self.activation.is_curved() { vec![Node::clone(&self.y)] } else { Vec::new() }
    }

    /// Adds `s · t · f″/f′` to the gradient of the activation's output.
    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        if !self.activation.is_curved() {
            return Ok(());
        }
        let (y, curvature) = (self.y.borrow(), self.curvature.borrow());
        let [dy] = gradients(grads, [&y])?;
        let width = y.columns();
        let curvature = &curvature[block.first * width..];
        let dy = &mut dy[block.first * width..(block.first + block.samples) * width];
        for_each_rows(threads, dy, width, 4 * block.rows() * width, |first, dy| {
            vectorised(
                #[inline(always)]
                || {
                    for (sample, dy) in (first..).zip(dy.chunks_exact_mut(width)) {
                        let curvature = &curvature[sample * width..][..width];
                        for probe in 0..block.probes {
                            let at = (sample * block.probes + probe) * width;
                            let pairs = s[at..at + width].iter().zip(&t[at..at + width]);
                            for ((dy, curvature), (s, t)) in dy.iter_mut().zip(curvature).zip(pairs) {
                                *dy += s * t * curvature;
                            }
                        }
                    }
                },
            );
        });
        Ok(())
    }
}
