//! Resizes pictures: rows and columns beyond the size are cropped at the bottom and right, missing
//! ones repeat the last one, as `PyTorch`'s `ReplicationPad2d`.

use std::rc::Rc;

use super::jacobian::{Chain, Indexed};
use super::operation::Operation;
use super::pass::Pass;
use super::threads::{Parts, shard_range};
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::engine::EngineError;

/// One crop-or-pad layer. Pictures are height × width × channels.
pub struct CropOrPad {
    /// Input: rows × (height · width · channels).
    pub x: Node,
    /// Output, with as many channels.
    pub y: Node,
    /// Height and width before.
    pub from: (usize, usize),
    /// Height and width after.
    pub to: (usize, usize),
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

/// The sizes the loops over one sample need.
#[derive(Clone, Copy)]
struct Sizes {
    channels: usize,
    from: (usize, usize),
    to: (usize, usize),
}

impl CropOrPad {
    fn sizes(&self) -> Sizes {
        let channels = self.x.borrow().columns() / (self.from.0 * self.from.1).max(1);
        Sizes { channels, from: self.from, to: self.to }
    }
}

impl Sizes {
    /// Where the values of an output pixel's source begin.
    fn source(self, pixel: usize) -> usize {
        let (row, column) = (pixel / self.to.1.max(1), pixel % self.to.1.max(1));
        let (last_row, last_column) = (self.from.0.saturating_sub(1), self.from.1.saturating_sub(1));
        (row.min(last_row) * self.from.1 + column.min(last_column)) * self.channels
    }
}

impl Operation for CropOrPad {
    fn compute(&self, pass: &Pass) {
        let (x, mut y, sizes) = (self.x.borrow(), self.y.borrow_mut(), self.sizes());
        let (inputs, outputs) = (x.columns(), y.columns());
        let (x, y) = (x.values(), &mut y.values_mut()[..pass.rows * outputs]);
        let flops = y.len();
        pass.threads.for_each_piece(y, outputs, flops, |start, y| {
            let x = &x[start / outputs * inputs..][..inputs];
            for (pixel, y) in y.chunks_exact_mut(sizes.channels).enumerate() {
                y.copy_from_slice(&x[sizes.source(pixel)..][..sizes.channels]);
            }
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, y, sizes) = (self.x.borrow(), self.y.borrow(), self.sizes());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (inputs, outputs) = (x.columns(), y.columns());
        let (dx, dy, rows) = (Parts::new(dx), &*dy, pass.rows);
        pass.threads.run(rows, rows * (inputs + outputs), &|row| {
            // SAFETY: each row runs once and touches its own values only.
            let dx = unsafe { dx.part(shard_range(row, inputs, rows * inputs)) };
            if !adds {
                dx.fill(0.0);
            }
            let dy = dy[row * outputs..(row + 1) * outputs].chunks_exact(sizes.channels);
            for (pixel, dy) in dy.enumerate() {
                let dx = &mut dx[sizes.source(pixel)..][..sizes.channels];
                dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy);
            }
        });
        Ok(())
    }

    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let (inputs, outputs) = (self.x.borrow().columns(), self.y.borrow().columns());
        let sizes = self.sizes();
        let source = |value: usize| sizes.source(value / sizes.channels) + value % sizes.channels;
        chain.push(Indexed::fixed(inputs, outputs, 1, source)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, random_node, recorded,
    };
    use super::*;

    fn layer(x: &Node, from: (usize, usize), to: (usize, usize)) -> Rc<CropOrPad> {
        let (len, columns) = (x.borrow().values().len(), x.borrow().columns());
        let y = empty_node(len / columns, columns / (from.0 * from.1) * to.0 * to.1);
        Rc::new(CropOrPad { x: Rc::clone(x), y, from, to, wants_input_gradient: true })
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("crop_or_pad");
        for case in file.cases() {
            let tensor = |name| file.tensor(&case, name);
            let x = tensor("x").node();
            let layer = layer(&x, tensor("x").sides(), tensor("y").sides());
            let dy = tensor("dy").channels_last();
            let gradients = gradients_of(&recorded(&layer, 2), &layer.y, &dy, &[&x], 2);
            assert_close(layer.y.borrow().values(), &tensor("y").channels_last(), 1e-6, &case);
            assert_close(&gradients[0], &tensor("dx").channels_last(), 1e-5, &case);
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for to in [(3, 4), (4, 3), (2, 6), (5, 5)] {
            let x = random_node(2, 3 * 4 * 2, 1);
            let layer = layer(&x, (3, 4), to);
            check_gradients(&recorded(&layer, 2), &layer.y, &[&x], &format!("{to:?}"));
        }
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(101, 20 * 20 * 3, 1);
        let layer = layer(&x, (20, 20), (21, 18));
        check_threads(&recorded(&layer, 101), &layer.y, &[&x]);
    }
}
