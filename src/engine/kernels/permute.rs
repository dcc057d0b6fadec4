//! Pictures between the order inside (height × width × channels) and `PyTorch`'s (channels × height × width), sample by
//! sample: what flattening and reshaping mean where files and users count in `PyTorch`'s order.

use std::rc::Rc;

use super::jacobian::{Chain, Indexed};
use super::operation::Operation;
use super::pass::Pass;
use super::threads::Threads;
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::engine::EngineError;

/// One change of order: the transpose of a matrix of pixels × channels, or of channels × pixels, in every row.
pub struct Permute {
    /// Input: rows × features.
    pub x: Node,
    /// Output: rows × features.
    pub y: Node,
    /// Height · width.
    pub pixels: usize,
    /// Number of channels.
    pub channels: usize,
    /// From which order to which.
    pub order: Order,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

/// From which order to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From pictures inside to `PyTorch`'s order.
    ChannelsFirst,
    /// From `PyTorch`'s order to pictures inside.
    ChannelsLast,
}

impl Permute {
    /// Rows and columns of the matrix that a sample of `x` is.
    fn sides(&self) -> (usize, usize) {
        match self.order {
            Order::ChannelsFirst => (self.pixels, self.channels),
            Order::ChannelsLast => (self.channels, self.pixels),
        }
    }
}

impl Operation for Permute {
    fn compute(&self, pass: &Pass) {
        let len = pass.rows * self.pixels * self.channels;
        let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
        transpose(&pass.threads, &x.values()[..len], &mut y.values_mut()[..len], self.sides(), false);
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let len = pass.rows * self.pixels * self.channels;
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (rows, columns) = self.sides();
        transpose(&pass.threads, &dy[..len], &mut dx[..len], (columns, rows), adds);
        Ok(())
    }

    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let len = self.pixels * self.channels;
        // The values of a sample are the rows of a matrix, afterwards its columns.
        let (rows, columns) = self.sides();
        chain.push(Indexed::fixed(len, len, 1, |index| index % rows * columns + index / rows)?);
        Ok(())
    }
}

/// Writes the transposes of the `rows × columns` matrices in `from` to `to`, or adds them.
fn transpose(threads: &Threads, from: &[f32], to: &mut [f32], (rows, columns): (usize, usize), adds: bool) {
    let size = rows * columns;
    let len = to.len();
    threads.for_each_piece(to, size, len, |start, to| {
        let from = &from[start..start + size];
        for (column, to) in to.chunks_exact_mut(rows).enumerate() {
            let from = from[column..].iter().step_by(columns);
            for (to, from) in to.iter_mut().zip(from) {
                *to = from + if adds { *to } else { 0.0 };
            }
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
        // (sample, channel, row, column) in a file of PyTorch's.
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
    fn gradients_equal_finite_differences() {
        for order in [Order::ChannelsFirst, Order::ChannelsLast] {
            let x = random_node(2, 6 * 3, 1);
            let permute = permute(&x, 6, 3, order);
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
