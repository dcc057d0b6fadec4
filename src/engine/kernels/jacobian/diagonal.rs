//! Maps that only multiply each value by a factor: slopes, masks, scales.

use std::cell::RefCell;

use super::block::{Block, for_each_rows};
use super::map::LinearMap;
use crate::engine::EngineError;
use crate::engine::kernels::math::{LEAST_GRADIENT, flushed, vectorised};
use crate::engine::kernels::pass::Pass;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::{Grads, Node, TapeError};
use crate::engine::kernels::workspace::zeros;

/// The factors of a [`Diagonal`], and the arrays that their gradients go to.
pub trait Factors {
    /// Writes the factors of a pass: `pass.rows` rows, or one row for all samples.
    fn fill(&self, pass: &Pass, factors: &mut [f32]);

    /// The learned arrays that the factors depend on.
    fn sources(&self) -> Vec<Node> {
        Vec::new()
    }

    /// As [`LinearMap::accumulate`].
    ///
    /// # Errors
    /// Out of memory, the first time a gradient is needed.
    fn accumulate(
        &self,
        _block: Block,
        _s: &[f32],
        _t: &[f32],
        _threads: &Threads,
        _grads: &mut Grads,
    ) -> Result<(), TapeError> {
        Ok(())
    }
}

/// Factors that do not depend on learned arrays.
pub struct Mask<F>(pub F);

impl<F: Fn(&Pass, &mut [f32])> Factors for Mask<F> {
    fn fill(&self, pass: &Pass, factors: &mut [f32]) {
        (self.0)(pass, factors);
    }
}

/// `M` = one diagonal matrix per sample, or one for all.
pub struct Diagonal<F> {
    source: F,
    width: usize,
    is_shared: bool,
    /// Samples × width, or one row for all.
    factors: RefCell<Vec<f32>>,
}

impl<F: Factors> Diagonal<F> {
    /// A diagonal of `width` values for each of at most `samples` samples.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn per_sample(source: F, samples: usize, width: usize) -> Result<Diagonal<F>, EngineError> {
        let factors = RefCell::new(zeros(samples.saturating_mul(width))?);
        Ok(Diagonal { source, width, is_shared: false, factors })
    }

    /// One diagonal of `width` values for all samples.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn shared(source: F, width: usize) -> Result<Diagonal<F>, EngineError> {
        Ok(Diagonal { source, width, is_shared: true, factors: RefCell::new(zeros(width)?) })
    }
}

impl<F: Factors> LinearMap for Diagonal<F> {
    fn inputs(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn multiply_adds(&self) -> usize {
        self.width
    }

    fn is_diagonal(&self) -> bool {
        true
    }

    fn prepare(&self, pass: &Pass) {
        let len = if self.is_shared { self.width } else { pass.rows * self.width };
        self.source.fill(pass, &mut self.factors.borrow_mut()[..len]);
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        let (factors, width) = (self.factors.borrow(), self.width);
        let (factors, per_sample) = (&**factors, !self.is_shared);
        let len = block.rows() * width;
        for_each_rows(threads, &mut to[..len], width, 4 * len, |first, to| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, to) in (first..).zip(to.chunks_exact_mut(width)) {
                        let factors = &factors[if per_sample { block.sample(row) * width } else { 0 }..];
                        for ((to, from), factor) in to.iter_mut().zip(&from[row * width..]).zip(factors) {
                            *to = flushed(from * factor, LEAST_GRADIENT);
                        }
                    }
                },
            );
        });
    }

    /// A diagonal matrix equals its transpose.
    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.push(block, from, to, threads);
    }

    fn sources(&self) -> Vec<Node> {
        self.source.sources()
    }

    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        self.source.accumulate(block, s, t, threads, grads)
    }
}
