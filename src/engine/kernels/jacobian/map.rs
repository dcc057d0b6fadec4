//! One linear map of an encoder's Jacobian.

use super::block::Block;
use crate::engine::EngineError;
use crate::engine::kernels::pass::Pass;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::{Grads, Node, TapeError};

/// One linear map M, from a layer's side of the input to its side of the code.
///
/// [`push`](LinearMap::push) maps a tangent forward, `M t`; [`pull`](LinearMap::pull) maps a
/// cotangent back, `Mᵀ s`. Rows are those of a [`Block`].
pub trait LinearMap {
    /// Number of inputs.
    fn inputs(&self) -> usize;

    /// Number of outputs.
    fn outputs(&self) -> usize;

    /// Multiply-adds per row in one direction.
    fn multiply_adds(&self) -> usize;

    /// Whether it only multiplies each value by a factor.
    fn is_diagonal(&self) -> bool {
        false
    }

    /// Allocates memory for the rows of a block.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    fn reserve(&self, _rows: usize) -> Result<(), EngineError> {
        Ok(())
    }

    /// Reads what it needs from the last forward pass.
    fn prepare(&self, _pass: &Pass) {}

    /// `to = M from`
    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads);

    /// `to = Mᵀ from`
    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads);

    /// The learned arrays that M depends on.
    fn sources(&self) -> Vec<Node> {
        Vec::new()
    }

    /// Adds the derivative of `Σ sᵀ M t` over the block's rows to the gradients of the
    /// [`sources`](LinearMap::sources).
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
