//! A separate activation layer: `y = f(x)`.

use std::rc::Rc;

use super::channels::{activate, through_activation};
use super::jacobian::Chain;
use super::math::vectorised;
use super::operation::Operation;
use super::pass::Pass;
use super::threads::{Parts, shard_range};
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::engine::EngineError;
use crate::project::Activation;

/// Values per shard.
const SHARD: usize = 4096;

/// One activation layer; `x` and `y` have the same size.
pub struct Apply {
    /// Input.
    pub x: Node,
    /// Output.
    pub y: Node,
    /// The function.
    pub activation: Activation,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

impl Operation for Apply {
    fn compute(&self, pass: &Pass) {
        let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
        let len = pass.rows * x.columns();
        let (x, activation) = (x.values(), self.activation);
        pass.threads.for_each_piece(&mut y.values_mut()[..len], SHARD, 16 * len, |start, y| {
            y.copy_from_slice(&x[start..start + y.len()]);
            activate(activation, &[0.0; SHARD], y, None);
        });
    }

    /// Multiplies the gradient of `y` in place, as every layer with an activation at its end does.
    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let len = pass.rows * x.columns();
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (x, y, activation) = (x.values(), y.values(), self.activation);
        let (dx, dy) = (Parts::new(dx), Parts::new(dy));
        pass.threads.run(len.div_ceil(SHARD), 16 * len, &|shard| {
            let range = shard_range(shard, SHARD, len);
            // SAFETY: each shard runs once and touches its own values only.
            let (dx, dy) = unsafe { (dx.part(range.clone()), dy.part(range.clone())) };
            through_activation(activation, y, Some(x), range, dy);
            vectorised(
                #[inline(always)]
                || {
                    for (dx, dy) in dx.iter_mut().zip(dy) {
                        *dx = *dy + if adds { *dx } else { 0.0 };
                    }
                },
            );
        });
        Ok(())
    }
    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        chain.push_slope(self.activation, &self.y, Some(&self.x))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        check_gradients, check_threads, empty_node, node, pass, random_node, recorded,
    };
    use super::*;

    fn apply(x: &Node, activation: Activation) -> Rc<Apply> {
        let (len, columns) = (x.borrow().values().len(), x.borrow().columns());
        let y = empty_node(len / columns, columns);
        Rc::new(Apply { x: Rc::clone(x), y, activation, wants_input_gradient: true })
    }

    #[test]
    fn values_are_those_of_the_function() {
        let x = random_node(3, 3000, 4);
        let apply = apply(&x, Activation::Tanh);
        // The last row is not computed and stays unchanged.
        apply.compute(&pass(2, 2));
        let (x, y) = (x.borrow(), apply.y.borrow());
        for (index, (x, y)) in x.values().iter().zip(y.values()).enumerate() {
            let expected = if index < 6000 { x.tanh() } else { 0.0 };
            assert!((y - expected).abs() < 1e-6, "{index}: {y} {expected}");
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for activation in Activation::ALL {
            // No value is within a step of the kinks at 0.
            let x = node(3, 4, &[-2.5, -1.0, -0.4, -0.1, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0, -0.7, 0.05]);
            let apply = apply(&x, activation);
            let forward = recorded(&apply, 3);
            check_gradients(&forward, &apply.y, &[&x], &format!("{activation:?}"));
        }
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(101, 1111, 1);
        let apply = apply(&x, Activation::Gelu);
        let forward = recorded(&apply, 101);
        check_threads(&forward, &apply.y, &[&x]);
    }
}
