//! The end of a residual block: `y = f(x + z)`, where z is the shortcut (He, Zhang, Ren & Sun
//! 2016).

use std::rc::Rc;

use super::channels::{activate, through_activation};
use super::jacobian::Chain;
use super::math::vectorised;
use super::operation::Operation;
use super::pass::Pass;
use super::threads::{Parts, shard_range};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use crate::engine::EngineError;
use crate::project::Activation;

/// Values per shard.
const SHARD: usize = 4096;

/// One sum; `x`, `other` and `y` have the same size.
pub struct Add {
    parts: AddParts,
    /// The sums before the activation, kept where the derivative needs them.
    sums: Option<Node>,
}

/// The parts of a sum.
pub struct AddParts {
    /// Output of the main path, which has parameters.
    pub x: Node,
    /// The shortcut's output.
    pub other: Node,
    /// Output.
    pub y: Node,
    /// Operations of the main path.
    pub main: usize,
    /// Operations of the shortcut, which come after the main path's; 0 for the identity.
    pub shortcut: usize,
    /// The function applied to the sum.
    pub activation: Activation,
    /// Whether the gradient of `other` is needed.
    pub other_wants_gradient: bool,
}

impl Add {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: AddParts) -> Result<Rc<Add>, EngineError> {
        let sums = if parts.activation.needs_sums() { Some(Variable::zeros_like(&parts.y)?) } else { None };
        Ok(Rc::new(Add { parts, sums }))
    }
}

impl Operation for Add {
    fn compute(&self, pass: &Pass) {
        let (x, other) = (self.parts.x.borrow(), self.parts.other.borrow());
        let mut y = self.parts.y.borrow_mut();
        let mut sums = self.sums.as_ref().map(|sums| sums.borrow_mut());
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        let len = pass.rows * x.columns();
        let (x, other, activation) = (x.values(), other.values(), self.parts.activation);
        pass.threads.for_each_piece(&mut y.values_mut()[..len], SHARD, 16 * len, |start, y| {
            let own = start..start + y.len();
            vectorised(
                #[inline(always)]
                || {
                    for ((y, x), other) in y.iter_mut().zip(&x[own.clone()]).zip(&other[own.clone()]) {
                        *y = x + other;
                    }
                },
            );
            // SAFETY: pieces do not overlap, and `sums` is borrowed until all are done.
            let sums = sums.map(|sums| unsafe { sums.part(own) });
            activate(activation, &[0.0; SHARD], y, sums);
        });
    }

    /// Multiplies the gradient of `y` in place, as every layer with an activation at its end does.
    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let parts = &self.parts;
        let (x, other, y) = (parts.x.borrow(), parts.other.borrow(), parts.y.borrow());
        let [dx, dother, dy] = if parts.other_wants_gradient {
            gradients(grads, [&x, &other, &y])?
        } else {
            let [dx, dy] = gradients(grads, [&x, &y])?;
            [dx, &mut [], dy]
        };
        let x_adds = x.claim_gradient() == Write::Add;
        let other_adds = parts.other_wants_gradient && other.claim_gradient() == Write::Add;
        let sums = self.sums.as_ref().map(|sums| sums.borrow());
        let (pre, len) = (sums.as_ref().map(|sums| sums.values()), pass.rows * x.columns());
        let (y, activation, wants_other) = (y.values(), parts.activation, parts.other_wants_gradient);
        let (dx, dother, dy) = (Parts::new(dx), Parts::new(dother), Parts::new(dy));
        pass.threads.run(len.div_ceil(SHARD), 16 * len, &|shard| {
            let range = shard_range(shard, SHARD, len);
            // SAFETY: each shard runs once and touches its own values only.
            let (dx, dy) = unsafe { (dx.part(range.clone()), dy.part(range.clone())) };
            through_activation(activation, y, pre, range.clone(), dy);
            pass_on(dy, dx, x_adds);
            if wants_other {
                // SAFETY: as above.
                pass_on(dy, unsafe { dother.part(range) }, other_adds);
            }
        });
        Ok(())
    }

    fn wants_input_gradient(&self) -> bool {
        true
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        chain.add_paths(self.parts.main, self.parts.shortcut);
        chain.push_slope(self.parts.activation, &self.parts.y, self.sums.as_ref())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.sums.as_ref().map_or(0, |sums| 4 * sums.borrow().values().len())
    }
}

/// `to = from`, or `to += from` if `adds`.
fn pass_on(from: &[f32], to: &mut [f32], adds: bool) {
    if adds {
        to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
    } else {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests;
