//! The output of a layer that ends with an activation, whose derivative the next layer may apply.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::variable::{Node, Variable};
use crate::engine::EngineError;
use crate::project::Activation;

/// The values of a layer after its activation.
///
/// In the backward pass, the layer turns the gradient of these values into that of the sums before
/// the activation. The next layer, which computes the gradient, can do so while it is in the cache.
pub struct Output {
    /// The values.
    pub y: Node,
    /// The sums before the activation, kept where the derivative needs them.
    pub sums: Option<Node>,
    /// The function applied.
    pub activation: Activation,
    /// Whether the gradient is already that of the sums.
    is_through: Cell<bool>,
}

impl Output {
    /// The output `y` with memory for the sums, if they are needed.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(y: Node, activation: Activation) -> Result<Rc<Output>, EngineError> {
        let sums = if activation.needs_sums() { Some(Variable::zeros_like(&y)?) } else { None };
        Ok(Rc::new(Output { y, sums, activation, is_through: Cell::new(false) }))
    }

    /// Values without an activation.
    pub fn linear(y: Node) -> Rc<Output> {
        Rc::new(Output { y, sums: None, activation: Activation::Linear, is_through: Cell::new(false) })
    }

    /// Stores this output in the field `before` of a layer that reads `x`, if `x` is this output.
    pub(super) fn hand_to(self: &Rc<Self>, x: &Node, before: &OnceCell<Rc<Output>>) {
        if Rc::ptr_eq(x, &self.y) {
            // A second call changes nothing.
            let _ = before.set(Rc::clone(self));
        }
    }

    /// The activation whose derivative the next layer applies in this step: it promises to do so,
    /// and that nothing is added to the gradient after that.
    pub(super) fn through(&self) -> Activation {
        self.is_through.set(true);
        self.activation
    }

    /// Whether the next layer has applied the derivative in this step; asks once.
    pub(super) fn take_through(&self) -> bool {
        self.is_through.take()
    }

    /// Memory besides the values, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.sums.as_ref().map_or(0, |sums| 4 * sums.borrow().values().len())
    }
}
