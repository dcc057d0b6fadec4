//! Recording operations on dfdx's tape, and running them backwards.

use dfdx::prelude::*;

use super::variable::{Grads, TapeError};
use crate::engine::EngineError;

/// dfdx's tape while a forward pass is recorded; without one the same operations only compute.
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
    /// Records nothing: for inference.
    pub fn idle() -> Recorder {
        Recorder { tape: None }
    }

    /// Records into a tape that accumulates in `grads`, the buffers of the step before.
    pub fn recording(root: &Root, grads: Grads) -> Recorder {
        let (_, tape) = root.tensor.trace(grads).split_tape();
        Recorder { tape: Some(tape) }
    }

    /// Adds the backward half of an operation. Operations run in the reverse of the order in which they were added.
    pub fn push(&mut self, backward: impl FnOnce(&mut Grads) -> Result<(), TapeError> + 'static) {
        if let Some(tape) = &mut self.tape {
            tape.add_backward_op(backward);
        }
    }

    /// Whether operations are recorded.
    pub fn is_recording(&self) -> bool {
        self.tape.is_some()
    }

    /// Runs the tape backwards and hands the gradients back; `None` where nothing was recorded.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`] the first time buffers are needed.
    pub fn backward(self, root: &Root) -> Result<Option<Grads>, EngineError> {
        self.tape
            .map(|tape| root.tensor.clone().put_tape(tape).try_backward().map_err(EngineError::from))
            .transpose()
    }
}
