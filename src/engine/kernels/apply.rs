//! An activation alone: `y = f(x)`.

use std::rc::Rc;

use super::channels::{activate, through_activation};
use super::math::vectorised;
use super::tape::Recorder;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::project::Activation;

/// Values of a shard.
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

impl Apply {
    /// Computes the first `rows` rows of `y` and records the way back.
    pub fn forward(self: &Rc<Self>, rows: usize, threads: &Rc<Threads>, recorder: &mut Recorder) {
        let len = rows * self.x.borrow().columns();
        {
            let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
            let (x, activation) = (x.values(), self.activation);
            threads.for_each_piece(&mut y.values_mut()[..len], SHARD, 16 * len, |start, y| {
                y.copy_from_slice(&x[start..start + y.len()]);
                activate(activation, &[0.0; SHARD], y, None);
            });
        }
        if recorder.is_recording() && self.wants_input_gradient {
            let (apply, threads) = (Rc::clone(self), Rc::clone(threads));
            recorder.push(move |grads| apply.backward(len, &threads, grads));
        }
    }

    /// The gradient of `y` is multiplied in place, as in every layer with an activation at its end.
    fn backward(&self, len: usize, threads: &Threads, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (x, y, activation) = (x.values(), y.values(), self.activation);
        let (dx, dy) = (Parts::new(dx), Parts::new(dy));
        threads.run(len.div_ceil(SHARD), 16 * len, &|shard| {
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
}

#[cfg(test)]
mod tests {
    use super::super::reference::{check_gradients, check_threads, empty_node, node, random_node};
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
        // The last row is not asked for and stays as it is.
        apply.forward(2, &Rc::new(Threads::new(2)), &mut Recorder::idle());
        let (x, y) = (x.borrow(), apply.y.borrow());
        for (index, (x, y)) in x.values().iter().zip(y.values()).enumerate() {
            let expected = if index < 6000 { x.tanh() } else { 0.0 };
            assert!((y - expected).abs() < 1e-6, "{index}: {y} {expected}");
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for activation in Activation::ALL {
            // No value within a step of the kinks at 0.
            let x = node(3, 4, &[-2.5, -1.0, -0.4, -0.1, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0, -0.7, 0.05]);
            let apply = apply(&x, activation);
            let forward =
                |threads: &Rc<Threads>, recorder: &mut Recorder| apply.forward(3, threads, recorder);
            check_gradients(&forward, &apply.y, &[&x], &format!("{activation:?}"));
        }
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(101, 1111, 1);
        let apply = apply(&x, Activation::Gelu);
        let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| apply.forward(101, threads, recorder);
        check_threads(&forward, &apply.y, &[&x], "apply");
    }
}
