//! Recording operations on dfdx's tape, and running them backward.

use std::rc::Rc;

use dfdx::prelude::*;

use super::operation::{LossTerm, Operation};
use super::pass::Pass;
use super::variable::{Grads, TapeError};
use crate::engine::EngineError;

/// dfdx's tape while a forward pass is recorded; without a tape, operations only compute.
#[derive(Default)]
pub struct Recorder {
    tape: Option<OwnedTape<f32, Cpu>>,
}

/// The scalar at the end of the tape; its gradient is 1.
pub struct Root {
    tensor: Tensor<Rank0, f32, Cpu>,
}

impl Root {
    /// The end of all tapes of one network.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new() -> Result<Root, EngineError> {
        Ok(Root { tensor: Cpu::default().try_zeros()? })
    }
}

impl Recorder {
    /// Records nothing; for inference.
    pub fn idle() -> Recorder {
        Recorder { tape: None }
    }

    /// Records onto a tape that accumulates into `grads`, the buffers of the previous step.
    pub fn recording(root: &Root, grads: Grads) -> Recorder {
        let (_, tape) = root.tensor.trace(grads).split_tape();
        Recorder { tape: Some(tape) }
    }

    /// Computes an operation and records its backward pass, if it or anything before it learns.
    pub fn run<O: Operation + ?Sized + 'static>(&mut self, operation: &Rc<O>, pass: &Pass) {
        operation.compute(pass);
        if operation.learns() || operation.wants_input_gradient() {
            self.record(operation, pass, O::backward);
        }
    }

    /// Computes the term of a minibatch, summed over its rows and not weighted; records the
    /// backward pass for `weight` times its mean.
    pub fn add<T: LossTerm + ?Sized + 'static>(&mut self, term: &Rc<T>, pass: &Pass, weight: f32) -> f64 {
        self.record(term, pass, move |term, pass, grads| term.backward(pass, weight, grads));
        term.compute(pass)
    }

    /// Adds a backward pass on `of`. It runs before everything recorded earlier. Without a tape
    /// nothing is cloned or kept.
    pub fn record<T: ?Sized + 'static>(
        &mut self,
        of: &Rc<T>,
        pass: &Pass,
        backward: impl FnOnce(&T, &Pass, &mut Grads) -> Result<(), TapeError> + 'static,
    ) {
        if let Some(tape) = &mut self.tape {
            let (of, pass) = (Rc::clone(of), pass.clone());
            tape.add_backward_op(move |grads| backward(&of, &pass, grads));
        }
    }

    /// Adds a test's own backward pass.
    #[cfg(test)]
    pub fn push(&mut self, backward: impl FnOnce(&mut Grads) -> Result<(), TapeError> + 'static) {
        if let Some(tape) = &mut self.tape {
            tape.add_backward_op(backward);
        }
    }

    /// Runs the tape backward and returns the gradients; `None` if nothing was recorded.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`] the first time buffers are needed.
    pub fn backward(self, root: &Root) -> Result<Option<Grads>, EngineError> {
        self.tape
            .map(|tape| root.tensor.clone().put_tape(tape).try_backward().map_err(EngineError::from))
            .transpose()
    }
}
