//! The kernel of a convolution, or of a transposed one, as a linear map.

use std::rc::Rc;

use super::stage::Block;
use crate::engine::kernels::conv::Conv;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::{Grads, Node, TapeError};

/// `M` = the linear part of a convolution, for all samples.
pub(super) struct Kernel(Rc<Conv>);

impl Kernel {
    pub fn new(conv: &Rc<Conv>) -> Kernel {
        Kernel(Rc::clone(conv))
    }

    pub fn inputs(&self) -> usize {
        self.0.sizes().0
    }

    pub fn outputs(&self) -> usize {
        self.0.sizes().1
    }

    pub fn multiply_adds(&self) -> usize {
        self.0.multiply_adds()
    }

    pub fn weight(&self) -> Node {
        Node::clone(self.0.weight())
    }

    pub fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.0.push(block.rows(), from, to, threads);
    }

    pub fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.0.pull(block.rows(), from, to, threads);
    }

    pub fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        self.0.accumulate(block.rows(), s, t, threads, grads)
    }
}
