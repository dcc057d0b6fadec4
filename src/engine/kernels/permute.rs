//! Reordering the values of a sample. Pictures are converted between the engine's order (height ×
//! width × channels) and `PyTorch`'s (channels × height × width), which flattening and reshaping,
//! files and users use. The moments of a variational code of channels, which a convolution gives
//! pixel by pixel, are reordered to have all means first.

use std::rc::Rc;

use super::jacobian::{Chain, Indexed};
use super::operation::Operation;
use super::pass::Pass;
use super::threads::Threads;
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::engine::EngineError;

/// One change of order: in every row, the transpose of a matrix of pixels × channels, of channels ×
/// pixels, or of pixels × moments with blocks of channels as elements.
pub struct Permute {
    /// Input: rows × features.
    pub x: Node,
    /// Output: rows × features.
    pub y: Node,
    /// Height · width.
    pub pixels: usize,
    /// Number of channels.
    pub channels: usize,
    /// The direction of the reordering.
    pub order: Order,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

/// The direction of a reordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the engine's order of pictures to `PyTorch`'s.
    ChannelsFirst,
    /// From `PyTorch`'s order of pictures to the engine's.
    ChannelsLast,
    /// From the means and log variances of each pixel, half of its channels each, to all means,
    /// then all log variances.
    MomentsApart,
}

/// A sample as a matrix.
#[derive(Clone, Copy)]
struct Matrix {
    rows: usize,
    columns: usize,
    /// Values per element.
    block: usize,
}

impl Matrix {
    fn transposed(self) -> Matrix {
        Matrix { rows: self.columns, columns: self.rows, block: self.block }
    }

    fn len(self) -> usize {
        self.rows * self.columns * self.block
    }

    /// Calls `write` with each value of the transpose and the value of `from` it comes from.
    #[inline(always)]
    fn transpose(self, from: &[f32], to: &mut [f32], write: impl Fn(&mut f32, &f32)) {
        let Matrix { rows, columns, block } = self;
        for (column, to) in to.chunks_exact_mut(rows * block).enumerate() {
            let from = &from[column * block..];
            if block == 1 {
                to.iter_mut().zip(from.iter().step_by(columns)).for_each(|(to, from)| write(to, from));
                continue;
            }
            let blocks = from.chunks(block).step_by(columns);
            for (to, from) in to.chunks_exact_mut(block).zip(blocks) {
                to.iter_mut().zip(from).for_each(|(to, from)| write(to, from));
            }
        }
    }
}

impl Permute {
    /// A sample of `x` as a matrix.
    fn matrix(&self) -> Matrix {
        let (rows, columns, block) = match self.order {
            Order::ChannelsFirst => (self.pixels, self.channels, 1),
            Order::ChannelsLast => (self.channels, self.pixels, 1),
            Order::MomentsApart => (self.pixels, 2, self.channels / 2),
        };
        Matrix { rows, columns, block }
    }
}

impl Operation for Permute {
    fn compute(&self, pass: &Pass) {
        let len = pass.rows * self.pixels * self.channels;
        let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
        transpose(&pass.threads, &x.values()[..len], &mut y.values_mut()[..len], self.matrix(), false);
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let len = pass.rows * self.pixels * self.channels;
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        transpose(&pass.threads, &dy[..len], &mut dx[..len], self.matrix().transposed(), adds);
        Ok(())
    }

    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        // The elements of a sample are the rows of a matrix, then its columns.
        let matrix @ Matrix { rows, columns, block } = self.matrix();
        let source = |element: usize| element % rows * columns + element / rows;
        let index = |index: usize| source(index / block) * block + index % block;
        chain.push(Indexed::fixed(matrix.len(), matrix.len(), 1, index)?);
        Ok(())
    }
}

/// Writes the transposes of the matrices in `from` to `to`, or adds them.
fn transpose(threads: &Threads, from: &[f32], to: &mut [f32], matrix: Matrix, adds: bool) {
    let (size, len) = (matrix.len(), to.len());
    threads.for_each_piece(to, size, 16 * len, |start, to| {
        let from = &from[start..start + size];
        // A branch inside the loop would make it slower.
        if adds {
            matrix.transpose(from, to, |to, from| *to += from);
        } else {
            matrix.transpose(from, to, |to, from| *to = *from);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, check_gradients, check_threads, empty_node, node, pass, random_node, recorded,
    };
    use super::*;

    fn permute(x: &Node, pixels: usize, channels: usize, order: Order) -> Rc<Permute> {
        let rows = x.borrow().values().len() / x.borrow().columns();
        let y = empty_node(rows, pixels * channels);
        Rc::new(Permute { x: Rc::clone(x), y, pixels, channels, order, wants_input_gradient: true })
    }

    #[test]
    fn orders_are_those_of_pytorchs_files_and_undo_each_other() {
        // (sample, channel, row, column) as in a file from PyTorch.
        let stored = File::open("pool").tensor("average-2-3", "x");
        let [rows, channels, height, width] = stored.shape[..] else { panic!("pictures") };
        let pixels = height * width;
        let x = node(rows, channels * pixels, &stored.values);
        let inside = permute(&x, pixels, channels, Order::ChannelsLast);
        inside.compute(&pass(rows, 1));
        for (index, value) in inside.y.borrow().values().iter().enumerate() {
            let (channel, rest) = (index % channels, index / channels);
            let (pixel, sample) = (rest % pixels, rest / pixels);
            assert_eq!(*value, stored.values[(sample * channels + channel) * pixels + pixel]);
        }
        let back = permute(&inside.y, pixels, channels, Order::ChannelsFirst);
        back.compute(&pass(rows, 1));
        assert_eq!(back.y.borrow().values(), stored.values);
    }

    #[test]
    fn moments_come_apart() {
        // Two pixels with two means (1 to 4) and two log variances (5 to 8) each.
        let x = node(1, 8, &[1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0]);
        let apart = permute(&x, 2, 4, Order::MomentsApart);
        apart.compute(&pass(1, 1));
        assert_eq!(apart.y.borrow().values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for (order, channels) in
            [(Order::ChannelsFirst, 3), (Order::ChannelsLast, 3), (Order::MomentsApart, 4)]
        {
            let x = random_node(2, 6 * channels, 1);
            let permute = permute(&x, 6, channels, order);
            let forward = recorded(&permute, 2);
            check_gradients(&forward, &permute.y, &[&x], "permute");
        }
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(100, 32 * 32 * 12, 1);
        let permute = permute(&x, 1024, 12, Order::ChannelsFirst);
        let forward = recorded(&permute, 100);
        check_threads(&forward, &permute.y, &[&x]);
    }
}
