//! One linear map of an encoder's Jacobian, at the point where the last forward pass left the encoder.

use super::factor::Factor;
use super::indexed::Indexed;
use super::kernel::Kernel;
use super::normed::Normed;
use super::weights::Weights;
use crate::engine::kernels::draw::Draw;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::{Grads, Node, TapeError, Write, gradients};

/// Values of a shard in elementwise passes.
pub(super) const SHARD: usize = 8192;

/// Which rows a sweep works on: some samples, and for each the same number of probes, sample by sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The first sample.
    pub first: usize,
    /// Samples.
    pub samples: usize,
    /// The first probe.
    pub probe: usize,
    /// Probes of each sample.
    pub probes: usize,
}

impl Block {
    pub fn rows(self) -> usize {
        self.samples * self.probes
    }

    /// The sample of a row.
    #[inline(always)]
    pub fn sample(self, row: usize) -> usize {
        self.first + row / self.probes
    }

    /// The samples, with one row each.
    pub fn plain(self) -> Block {
        Block { probe: 0, probes: 1, ..self }
    }
}

/// One linear map M, from a layer's side of the input to its side of the code.
///
/// A tangent is moved along by [`push`](Stage::push), `M t`; a cotangent is drawn back by [`pull`](Stage::pull), `Mᵀ s`.
/// Rows are those of a [`Block`].
pub(super) enum Stage {
    /// A dense weight.
    Weights(Weights),
    /// The kernel of a convolution, or of a transposed one.
    Kernel(Kernel),
    /// Values that are moved or averaged: pooling, upsampling, a change of order, a part.
    Indexed(Indexed),
    /// A factor for each value: the slope of an activation, a mask, the scale of a batch norm.
    Factor(Factor),
    /// Layer norm.
    Normed(Box<Normed>),
}

impl Stage {
    /// Values before it.
    pub fn inputs(&self) -> usize {
        match self {
            Stage::Weights(weights) => weights.inputs(),
            Stage::Kernel(kernel) => kernel.inputs(),
            Stage::Indexed(indexed) => indexed.inputs(),
            Stage::Factor(factor) => factor.width(),
            Stage::Normed(normed) => normed.width(),
        }
    }

    /// Values after it.
    pub fn outputs(&self) -> usize {
        match self {
            Stage::Weights(weights) => weights.outputs(),
            Stage::Kernel(kernel) => kernel.outputs(),
            Stage::Indexed(indexed) => indexed.outputs(),
            Stage::Factor(factor) => factor.width(),
            Stage::Normed(normed) => normed.width(),
        }
    }

    /// Multiply-adds that one row takes in one direction.
    pub fn multiply_adds(&self) -> usize {
        match self {
            Stage::Weights(weights) => weights.inputs() * weights.outputs(),
            Stage::Kernel(kernel) => kernel.multiply_adds(),
            Stage::Indexed(indexed) => indexed.multiply_adds(),
            Stage::Factor(factor) => factor.width(),
            Stage::Normed(normed) => 3 * normed.width(),
        }
    }

    /// Takes down what it needs of the last forward pass over `rows` samples.
    pub fn prepare(&self, rows: usize, draw: Option<Draw>, threads: &Threads) {
        match self {
            Stage::Factor(factor) => factor.prepare(rows, draw, threads),
            Stage::Weights(_) | Stage::Kernel(_) | Stage::Indexed(_) | Stage::Normed(_) => {}
        }
    }

    /// `to = M from`
    pub fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        match self {
            Stage::Weights(weights) => weights.push(block, from, to, threads),
            Stage::Kernel(kernel) => kernel.push(block, from, to, threads),
            Stage::Indexed(indexed) => indexed.push(block, from, to, threads),
            Stage::Factor(factor) => factor.multiply(block, from, to, threads),
            Stage::Normed(normed) => normed.push(block, from, to, threads),
        }
    }

    /// `to = Mᵀ from`
    pub fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        match self {
            Stage::Weights(weights) => weights.pull(block, from, to, threads),
            Stage::Kernel(kernel) => kernel.pull(block, from, to, threads),
            Stage::Indexed(indexed) => indexed.pull(block, from, to, threads),
            Stage::Factor(factor) => factor.multiply(block, from, to, threads),
            Stage::Normed(normed) => normed.pull(block, from, to, threads),
        }
    }

    /// The arrays that M depends on.
    pub fn sources(&self) -> Vec<Node> {
        match self {
            Stage::Weights(weights) => vec![weights.weight()],
            Stage::Kernel(kernel) => vec![kernel.weight()],
            Stage::Indexed(_) => Vec::new(),
            Stage::Factor(factor) => factor.source().into_iter().collect(),
            Stage::Normed(normed) => normed.sources(),
        }
    }

    /// Adds the derivative of `Σ sᵀ M t` over the block's rows to the gradients of the [`sources`](Stage::sources).
    pub fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        match self {
            Stage::Weights(weights) => weights.accumulate(block, s, t, threads, grads),
            Stage::Kernel(kernel) => kernel.accumulate(block, s, t, threads, grads),
            Stage::Indexed(_) => Ok(()),
            Stage::Factor(factor) => factor.accumulate(block, s, t, threads, grads),
            Stage::Normed(normed) => normed.accumulate(block, s, t, threads, grads),
        }
    }
}

/// Makes a gradient one that can be added to: zeros, where this step has not written it yet.
pub(super) fn begin(node: &Node, grads: &mut Grads) -> Result<(), TapeError> {
    let variable = node.borrow();
    if variable.claim_gradient() == Write::First {
        let [gradient] = gradients(grads, [&variable])?;
        gradient.fill(0.0);
    }
    Ok(())
}

/// Calls `work` for pieces of whole rows of `to`, with the first row of each.
pub(super) fn for_each_rows(
    threads: &Threads,
    to: &mut [f32],
    width: usize,
    flops: usize,
    work: impl Fn(usize, &mut [f32]) + Sync,
) {
    let width = width.max(1);
    let rows = (SHARD / width).max(1);
    threads.for_each_piece(to, rows * width, flops, |start, piece| work(start / width, piece));
}
