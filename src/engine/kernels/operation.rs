//! The traits of operations and loss terms on the tape: a forward and a backward pass.

use std::rc::Rc;

use super::jacobian::Chain;
use super::pass::Pass;
use super::variable::{Grads, TapeError};
use crate::engine::EngineError;

/// One layer of a network, from the node of its input to the node of its output.
///
/// [`Recorder::run`](super::tape::Recorder::run) computes it and records the backward pass.
pub trait Operation {
    /// Computes the first `pass.rows` rows of the output.
    fn compute(&self, pass: &Pass);

    /// Adds the gradients of its input and parameters, given that of its output. The nodes are
    /// unchanged since [`compute`].
    ///
    /// # Errors
    /// Out of memory, the first time a gradient is needed.
    ///
    /// [`compute`]: Operation::compute
    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError>;

    /// Whether it has parameters that gradients move.
    fn learns(&self) -> bool {
        false
    }

    /// Whether anything before it learns, so that the gradient of its input is needed.
    fn wants_input_gradient(&self) -> bool;

    /// Appends its linear maps, at the point of its last [`compute`](Operation::compute), for the
    /// contractive penalty.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError>;

    /// Memory besides parameters and output, in bytes.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        0
    }
}

/// One term of the loss: a number for a minibatch.
///
/// [`Recorder::add`](super::tape::Recorder::add) computes it and records the backward pass.
pub trait LossTerm {
    /// The term of the first `pass.rows` rows, summed over them and not weighted; a term of the
    /// minibatch as a whole counts once for every row.
    fn compute(&self, pass: &Pass) -> f64;

    /// Adds the gradients of `weight` times the mean over the rows. A weight of 0 adds no gradient.
    ///
    /// # Errors
    /// Out of memory, the first time a gradient is needed.
    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError>;
}
