//! Nearest-neighbour upsampling: every pixel becomes a square of `factor` × `factor`.

use std::rc::Rc;

use super::jacobian::{Chain, Indexed};
use super::math::vectorised;
use super::operation::Operation;
use super::pass::Pass;
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::engine::EngineError;

/// One upsampling layer. Pictures are height × width × channels.
pub struct Upsample {
    /// Input: rows × (height · width · channels).
    pub x: Node,
    /// Output: rows × (factor · height · factor · width · channels).
    pub y: Node,
    /// Height and width of the input.
    pub sides: (usize, usize),
    /// Side of each pixel's square, at least 1.
    pub factor: usize,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

/// The sizes the loops over one sample need.
#[derive(Clone, Copy)]
struct Sizes {
    width: usize,
    channels: usize,
    factor: usize,
}

impl Upsample {
    fn sizes(&self) -> Sizes {
        let channels = self.x.borrow().columns() / (self.sides.0 * self.sides.1).max(1);
        Sizes { width: self.sides.1, channels, factor: self.factor }
    }
}

impl Operation for Upsample {
    fn compute(&self, pass: &Pass) {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, mut y, sizes) = (self.x.borrow(), self.y.borrow_mut(), self.sizes());
        let (inputs, outputs) = (x.columns(), y.columns());
        let (x, y) = (x.values(), &mut y.values_mut()[..rows * outputs]);
        threads.for_each_piece(y, outputs, 16 * rows * outputs, |start, y| {
            let x = &x[start / outputs * inputs..][..inputs];
            vectorised(
                #[inline(always)]
                || sizes.repeat(x, y),
            );
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, y, sizes) = (self.x.borrow(), self.y.borrow(), self.sizes());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (inputs, outputs) = (x.columns(), y.columns());
        let dy = &*dy;
        threads.for_each_piece(&mut dx[..rows * inputs], inputs, 16 * rows * outputs, |start, dx| {
            let dy = &dy[start / inputs * outputs..][..outputs];
            if !adds {
                dx.fill(0.0);
            }
            vectorised(
                #[inline(always)]
                || sizes.collect(dy, dx),
            );
        });
        Ok(())
    }
    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let (inputs, outputs) = (self.x.borrow().columns(), self.y.borrow().columns());
        let Sizes { width, channels, factor } = self.sizes();
        chain.push(Indexed::fixed(inputs, outputs, 1, |index| {
            let (channel, position) = (index % channels, index / channels);
            let (row, column) = (position / (width * factor), position % (width * factor));
            (row / factor * width + column / factor) * channels + channel
        })?);
        Ok(())
    }
}

impl Sizes {
    #[inline(always)]
    fn repeat(self, x: &[f32], y: &mut [f32]) {
        let Sizes { width, channels, factor } = self;
        let row = width * channels;
        for (x, y) in x.chunks_exact(row).zip(y.chunks_exact_mut(row * factor * factor)) {
            let (first, others) = y.split_at_mut(row * factor);
            for (pixel, copies) in x.chunks_exact(channels).zip(first.chunks_exact_mut(channels * factor)) {
                for copy in copies.chunks_exact_mut(channels) {
                    copy.copy_from_slice(pixel);
                }
            }
            for other in others.chunks_exact_mut(row * factor) {
                other.copy_from_slice(first);
            }
        }
    }

    /// Adds the gradients of all copies of a pixel to the gradient of that pixel.
    #[inline(always)]
    fn collect(self, dy: &[f32], dx: &mut [f32]) {
        let Sizes { width, channels, factor } = self;
        let row = width * channels;
        for (dx, dy) in dx.chunks_exact_mut(row).zip(dy.chunks_exact(row * factor * factor)) {
            for dy in dy.chunks_exact(row * factor) {
                for (pixel, copies) in dx.chunks_exact_mut(channels).zip(dy.chunks_exact(channels * factor)) {
                    for copy in copies.chunks_exact(channels) {
                        for (sum, value) in pixel.iter_mut().zip(copy) {
                            *sum += value;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, random_node, recorded,
    };
    use super::*;

    fn upsample(x: &Node, sides: (usize, usize), factor: usize) -> Rc<Upsample> {
        let (len, features) = (x.borrow().values().len(), x.borrow().columns());
        let y = empty_node(len / features, features * factor * factor);
        Rc::new(Upsample { x: Rc::clone(x), y, sides, factor, wants_input_gradient: true })
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("pool");
        let cases: Vec<String> =
            file.cases().into_iter().filter(|case| case.starts_with("upsample")).collect();
        assert_eq!(cases.len(), 9);
        for case in cases {
            let tensor = |name| file.tensor(&case, name);
            let x = tensor("x").node();
            let upsample = upsample(&x, tensor("x").sides(), file.config(&case)[0] as usize);
            let forward = recorded(&upsample, 2);
            let gradients = gradients_of(&forward, &upsample.y, &tensor("dy").channels_last(), &[&x], 2);
            assert_eq!(upsample.y.borrow().values(), tensor("y").channels_last(), "{case}");
            assert_close(&gradients[0], &tensor("dx").channels_last(), 1e-6, &case);
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let x = random_node(2, 3 * 2 * 2, 1);
        let upsample = upsample(&x, (3, 2), 2);
        let forward = recorded(&upsample, 2);
        check_gradients(&forward, &upsample.y, &[&x], "upsample");
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(50, 16 * 12 * 16, 1);
        let upsample = upsample(&x, (16, 12), 3);
        let forward = recorded(&upsample, 50);
        check_threads(&forward, &upsample.y, &[&x]);
    }
}
