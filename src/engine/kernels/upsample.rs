//! Nearest-neighbour upsampling: every pixel becomes a square of `factor` × `factor`.

use std::rc::Rc;

use super::math::vectorised;
use super::tape::Recorder;
use super::threads::Threads;
use super::variable::{Grads, Node, TapeError, Write, gradients};

/// One upsampling layer. Pictures are height × width × channels.
pub struct Upsample {
    /// Input: rows × (height · width · channels).
    pub x: Node,
    /// Output: rows × (factor · height · factor · width · channels).
    pub y: Node,
    /// Height and width of the input.
    pub sides: (usize, usize),
    /// Side of the square that a pixel becomes, at least 1.
    pub factor: usize,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

/// The sizes the loops over one sample need.
#[derive(Clone, Copy)]
struct Shape {
    width: usize,
    channels: usize,
    factor: usize,
}

impl Upsample {
    /// Computes the first `rows` rows of `y` and records the way back.
    pub fn forward(self: &Rc<Self>, rows: usize, threads: &Rc<Threads>, recorder: &mut Recorder) {
        {
            let (x, mut y, shape) = (self.x.borrow(), self.y.borrow_mut(), self.shape());
            let (inputs, outputs) = (x.columns(), y.columns());
            let x = x.values();
            threads.for_each_piece(
                &mut y.values_mut()[..rows * outputs],
                outputs,
                rows * outputs,
                |start, y| {
                    let x = &x[start / outputs * inputs..][..inputs];
                    vectorised(
                        #[inline(always)]
                        || shape.repeat(x, y),
                    );
                },
            );
        }
        if recorder.is_recording() && self.wants_input_gradient {
            let (upsample, threads) = (Rc::clone(self), Rc::clone(threads));
            recorder.push(move |grads| upsample.backward(rows, &threads, grads));
        }
    }

    fn shape(&self) -> Shape {
        let channels = self.x.borrow().columns() / (self.sides.0 * self.sides.1).max(1);
        Shape { width: self.sides.1, channels, factor: self.factor }
    }

    fn backward(&self, rows: usize, threads: &Threads, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, y, shape) = (self.x.borrow(), self.y.borrow(), self.shape());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (inputs, outputs) = (x.columns(), y.columns());
        let dy = &*dy;
        threads.for_each_piece(&mut dx[..rows * inputs], inputs, rows * outputs, |start, dx| {
            let dy = &dy[start / inputs * outputs..][..outputs];
            if !adds {
                dx.fill(0.0);
            }
            vectorised(
                #[inline(always)]
                || shape.collect(dy, dx),
            );
        });
        Ok(())
    }
}

impl Shape {
    #[inline(always)]
    fn repeat(self, x: &[f32], y: &mut [f32]) {
        let Shape { width, channels, factor } = self;
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

    /// Adds the gradients of all copies of a pixel to the pixel's.
    #[inline(always)]
    fn collect(self, dy: &[f32], dx: &mut [f32]) {
        let Shape { width, channels, factor } = self;
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
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, random_node,
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
            let forward =
                |threads: &Rc<Threads>, recorder: &mut Recorder| upsample.forward(2, threads, recorder);
            let gradients = gradients_of(&forward, &upsample.y, &tensor("dy").channels_last(), &[&x], 2);
            assert_eq!(upsample.y.borrow().values(), tensor("y").channels_last(), "{case}");
            assert_close(&gradients[0], &tensor("dx").channels_last(), 1e-6, &case);
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let x = random_node(2, 3 * 2 * 2, 1);
        let upsample = upsample(&x, (3, 2), 2);
        let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| upsample.forward(2, threads, recorder);
        check_gradients(&forward, &upsample.y, &[&x], "upsample");
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(50, 16 * 12 * 16, 1);
        let upsample = upsample(&x, (16, 12), 3);
        let forward =
            |threads: &Rc<Threads>, recorder: &mut Recorder| upsample.forward(50, threads, recorder);
        check_threads(&forward, &upsample.y, &[&x], "upsample");
    }
}
