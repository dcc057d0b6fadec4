//! Pooling: the largest or the mean value under each position of a window, channel by channel.

use std::cell::RefCell;
use std::rc::Rc;

use super::jacobian::{Chain, Indexed};
use super::math::vectorised;
use super::operation::Operation;
use super::pass::Pass;
use super::threads::{Parts, Threads};
use super::variable::{Grads, Node, TapeError, Write, gradients};
use super::workspace::zeros;
use crate::check::Window;
use crate::engine::EngineError;

/// Channels that are compared at once.
const STRIP: usize = 16;

/// How the values in a window are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest; of equal values the first, row by row, as in `PyTorch`.
    Max,
    /// The mean.
    Average,
}

/// One pooling layer, from the window's large pictures to its small ones. Pictures are height ×
/// width × channels.
pub struct Pool {
    x: Node,
    y: Node,
    kind: PoolKind,
    sizes: Sizes,
    wants_input_gradient: bool,
    /// For each value of `y` the index of the chosen value in the sample's row of `x`; empty for
    /// averages.
    chosen: Rc<RefCell<Vec<u32>>>,
}

/// The parts of a pooling layer.
pub struct PoolParts {
    /// Input: rows × (large height · large width · channels).
    pub x: Node,
    /// Output: rows × (small height · small width · channels).
    pub y: Node,
    /// Largest or mean.
    pub kind: PoolKind,
    /// Positions, without padding: all are inside the picture.
    pub window: Window,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

impl Pool {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: PoolParts) -> Result<Rc<Pool>, EngineError> {
        let PoolParts { x, y, kind, window, wants_input_gradient } = parts;
        let channels = x.borrow().columns() / (window.large.0 * window.large.1).max(1);
        let len = if kind == PoolKind::Max { y.borrow().values().len() } else { 0 };
        let chosen = Rc::new(RefCell::new(zeros(len)?));
        Ok(Rc::new(Pool { x, y, kind, sizes: Sizes { window, channels }, wants_input_gradient, chosen }))
    }

    fn largest(&self, rows: usize, threads: &Threads) {
        let (x, mut y, mut chosen) = (self.x.borrow(), self.y.borrow_mut(), self.chosen.borrow_mut());
        let (inputs, outputs, sizes) = (x.columns(), y.columns(), self.sizes);
        let x = x.values();
        let (y, chosen) = (Parts::new(y.values_mut()), Parts::new(&mut chosen));
        threads.run(rows, 16 * rows * inputs, &|sample| {
            let (own, x) = (sample * outputs..(sample + 1) * outputs, &x[sample * inputs..][..inputs]);
            // SAFETY: each sample runs once and touches its own values only.
            let (y, chosen) = unsafe { (y.part(own.clone()), chosen.part(own)) };
            vectorised(
                #[inline(always)]
                || sizes.largest(x, y, chosen),
            );
        });
    }

    fn mean(&self, rows: usize, threads: &Threads) {
        let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
        let (inputs, outputs, sizes) = (x.columns(), y.columns(), self.sizes);
        let x = x.values();
        threads.for_each_piece(
            &mut y.values_mut()[..rows * outputs],
            outputs,
            16 * rows * inputs,
            |start, y| {
                let x = &x[start / outputs * inputs..][..inputs];
                vectorised(
                    #[inline(always)]
                    || sizes.mean(x, y),
                );
            },
        );
    }
}

impl Operation for Pool {
    fn compute(&self, pass: &Pass) {
        match self.kind {
            PoolKind::Max => self.largest(pass.rows, &pass.threads),
            PoolKind::Average => self.mean(pass.rows, &pass.threads),
        }
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, y, chosen) = (self.x.borrow(), self.y.borrow(), self.chosen.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (inputs, outputs, sizes, kind) = (x.columns(), y.columns(), self.sizes, self.kind);
        let (dy, chosen) = (&*dy, &**chosen);
        threads.for_each_piece(&mut dx[..rows * inputs], inputs, 16 * rows * inputs, |start, dx| {
            let own = start / inputs * outputs..(start / inputs + 1) * outputs;
            let dy = &dy[own.clone()];
            if kind == PoolKind::Max && sizes.tiles_picture() {
                vectorised(
                    #[inline(always)]
                    || sizes.pass_back(dy, &chosen[own], adds, dx),
                );
                return;
            }
            if !adds {
                dx.fill(0.0);
            }
            match kind {
                PoolKind::Max => {
                    for (dy, chosen) in dy.iter().zip(&chosen[own]) {
                        dx[*chosen as usize] += dy;
                    }
                }
                PoolKind::Average => vectorised(
                    #[inline(always)]
                    || sizes.spread(dy, dx),
                ),
            }
        });
        Ok(())
    }
    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let (inputs, outputs) = (self.x.borrow().columns(), self.y.borrow().columns());
        let Sizes { window, channels } = self.sizes;
        let (kernel, stride) = (window.kernel, window.stride);
        match self.kind {
            PoolKind::Max => chain.push(Indexed::chosen(inputs, outputs, Rc::clone(&self.chosen))),
            PoolKind::Average => {
                let fan = kernel * kernel;
                chain.push(Indexed::fixed(inputs, outputs, fan, |index| {
                    let (output, at) = (index / fan, index % fan);
                    let (channel, position) = (output % channels, output / channels);
                    let row = position / window.small.1 * stride + at / kernel;
                    let column = position % window.small.1 * stride + at % kernel;
                    (row * window.large.1 + column) * channels + channel
                })?);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        4 * self.chosen.borrow().len()
    }
}

/// The sizes the loops over one sample need.
#[derive(Clone, Copy)]
struct Sizes {
    window: Window,
    channels: usize,
}

impl Sizes {
    /// Calls `work` for each pixel of the large picture under each position, with where the
    /// position's values in the small picture begin, where that pixel's values begin, and `true`
    /// for the first pixel of a position.
    #[inline(always)]
    fn for_each_pixel(self, mut work: impl FnMut(usize, usize, bool)) {
        let Window { large, small, kernel, stride, .. } = self.window;
        for row in 0..small.0 {
            for column in 0..small.1 {
                let to = (row * small.1 + column) * self.channels;
                for i in 0..kernel {
                    let from = ((row * stride + i) * large.1 + column * stride) * self.channels;
                    for j in 0..kernel {
                        work(to, from + j * self.channels, i + j == 0);
                    }
                }
            }
        }
    }

    /// In strips of channels, whose largest values so far stay in registers.
    #[inline(always)]
    fn largest(self, x: &[f32], y: &mut [f32], chosen: &mut [u32]) {
        let Window { large, small, kernel, stride, .. } = self.window;
        let pixels = y.chunks_exact_mut(self.channels).zip(chosen.chunks_exact_mut(self.channels));
        for (position, (y, chosen)) in pixels.enumerate().take(small.0 * small.1) {
            let (row, column) = (position / small.1 * stride, position % small.1 * stride);
            let first = (row * large.1 + column) * self.channels;
            for (strip, (y, chosen)) in y.chunks_mut(STRIP).zip(chosen.chunks_mut(STRIP)).enumerate() {
                let first = first + strip * STRIP;
                let start = |i: usize, j: usize| first + (i * large.1 + j) * self.channels;
                // Strips of a fixed length are vectorised.
                match y.len() {
                    STRIP => largest_of::<STRIP>(x, kernel, start, y, chosen),
                    len => {
                        for channel in 0..len {
                            let start = |i, j| start(i, j) + channel;
                            let (y, chosen) = (&mut y[channel..=channel], &mut chosen[channel..=channel]);
                            largest_of::<1>(x, kernel, start, y, chosen);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn mean(self, x: &[f32], y: &mut [f32]) {
        let channels = self.channels;
        y.fill(0.0);
        self.for_each_pixel(
            #[inline(always)]
            |to, from, _| {
                for (y, x) in y[to..to + channels].iter_mut().zip(&x[from..from + channels]) {
                    *y += x;
                }
            },
        );
        let share = self.share();
        y.iter_mut().for_each(|y| *y *= share);
    }

    /// Whether every pixel of the large picture is under exactly one position.
    fn tiles_picture(self) -> bool {
        let Window { large, small, kernel, stride, .. } = self.window;
        kernel == stride && large == (small.0 * stride, small.1 * stride)
    }

    /// Writes, or adds, the gradient of every pixel in one pass, where positions tile the picture:
    /// that of its position if the pixel was chosen, otherwise 0.
    #[inline(always)]
    fn pass_back(self, dy: &[f32], chosen: &[u32], adds: bool, dx: &mut [f32]) {
        // A branch inside the loop would make it several times slower.
        if adds {
            self.each_gradient(
                dy,
                chosen,
                dx,
                #[inline(always)]
                |dx, own| *dx += own,
            );
        } else {
            self.each_gradient(
                dy,
                chosen,
                dx,
                #[inline(always)]
                |dx, own| *dx = own,
            );
        }
    }

    #[inline(always)]
    fn each_gradient(self, dy: &[f32], chosen: &[u32], dx: &mut [f32], write: impl Fn(&mut f32, f32)) {
        let channels = self.channels;
        self.for_each_pixel(
            #[inline(always)]
            |to, from, _| {
                let dx = &mut dx[from..from + channels];
                let position = dy[to..to + channels].iter().zip(&chosen[to..to + channels]);
                for (channel, (dx, (dy, chosen))) in dx.iter_mut().zip(position).enumerate() {
                    write(dx, if *chosen == (from + channel) as u32 { *dy } else { 0.0 });
                }
            },
        );
    }

    #[inline(always)]
    fn spread(self, dy: &[f32], dx: &mut [f32]) {
        let (channels, share) = (self.channels, self.share());
        self.for_each_pixel(
            #[inline(always)]
            |to, from, _| {
                for (dx, dy) in dx[from..from + channels].iter_mut().zip(&dy[to..to + channels]) {
                    *dx += share * dy;
                }
            },
        );
    }

    /// The weight of one pixel in a mean.
    #[inline(always)]
    fn share(self) -> f32 {
        1.0 / (self.window.kernel * self.window.kernel) as f32
    }
}

/// The largest of the pixels of a window and its index in `x`, for `LEN` channels; `start(i, j)` is
/// the index of the first one in row `i` and column `j`.
#[inline(always)]
fn largest_of<const LEN: usize>(
    x: &[f32],
    kernel: usize,
    start: impl Fn(usize, usize) -> usize,
    y: &mut [f32],
    chosen: &mut [u32],
) {
    let (mut best, mut at) = ([f32::NEG_INFINITY; LEN], [start(0, 0) as u32; LEN]);
    for (channel, at) in at.iter_mut().enumerate() {
        *at += channel as u32;
    }
    for i in 0..kernel {
        for j in 0..kernel {
            let from = start(i, j);
            for (channel, x) in x[from..from + LEN].iter().enumerate() {
                // NaN is the largest, as in PyTorch.
                let is_larger = *x > best[channel] || x.is_nan();
                best[channel] = if is_larger { *x } else { best[channel] };
                at[channel] = if is_larger { (from + channel) as u32 } else { at[channel] };
            }
        }
    }
    y.copy_from_slice(&best);
    chosen.copy_from_slice(&at);
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, node, pass,
        random_node, recorded,
    };
    use super::*;
    use crate::project::Padding;

    fn pool(x: &Node, kind: PoolKind, window: Window) -> Rc<Pool> {
        let (len, features) = (x.borrow().values().len(), x.borrow().columns());
        let channels = features / (window.large.0 * window.large.1);
        let y = empty_node(len / features, window.small.0 * window.small.1 * channels);
        Pool::new(PoolParts { x: Rc::clone(x), y, kind, window, wants_input_gradient: true }).expect("small")
    }

    fn window(sides: (usize, usize), size: usize) -> Window {
        Window::over(sides, size, size, Padding::Pixels(0)).expect("fits")
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("pool");
        let mut seen = 0;
        for case in file.cases() {
            let kind = match case.split('-').next() {
                Some("max") => PoolKind::Max,
                Some("average") => PoolKind::Average,
                _ => continue,
            };
            let tensor = |name| file.tensor(&case, name);
            let x = tensor("x").node();
            let pool = pool(&x, kind, window(tensor("x").sides(), file.config(&case)[0] as usize));
            let forward = recorded(&pool, 2);
            let gradients = gradients_of(&forward, &pool.y, &tensor("dy").channels_last(), &[&x], 2);
            assert_close(pool.y.borrow().values(), &tensor("y").channels_last(), 1e-6, &case);
            assert_close(&gradients[0], &tensor("dx").channels_last(), 1e-6, &case);
            seen += 1;
        }
        assert_eq!(seen, 18);
    }

    #[test]
    fn the_first_of_equals_is_chosen_and_not_a_number_wins() {
        let values = [1.0, 3.0, 2.0, 2.0, 3.0, 0.0, f32::NAN, 2.0];
        let x = node(1, 8, &values);
        let pool = pool(&x, PoolKind::Max, window((2, 4), 2));
        pool.compute(&pass(1, 1));
        assert_eq!(*pool.chosen.borrow(), [1, 6]);
        assert!(pool.y.borrow().values()[0] == 3.0 && pool.y.borrow().values()[1].is_nan());
    }

    #[test]
    fn the_largest_are_those_of_the_definition_for_any_number_of_channels() {
        for (channels, size) in [(1, 2), (5, 3), (STRIP, 2), (STRIP + 5, 2), (2 * STRIP, 3)] {
            let (rows, columns) = (2 * size, 3 * size);
            let mut values: Vec<f32> =
                (0..rows * columns * channels).map(|i| ((i * 7919) % 101) as f32 - 50.0).collect();
            values[3 * channels] = f32::NAN;
            let x = node(1, values.len(), &values);
            let pool = pool(&x, PoolKind::Max, window((rows, columns), size));
            pool.compute(&pass(1, 1));
            let (y, chosen) = (pool.y.borrow(), pool.chosen.borrow());
            for (at, (y, chosen)) in y.values().iter().zip(&*chosen).enumerate() {
                let (position, channel) = (at / channels, at % channels);
                let (row, column) = (position / 3 * size, position % 3 * size);
                let places = (0..size * size).map(|pixel| {
                    ((row + pixel / size) * columns + column + pixel % size) * channels + channel
                });
                let expected = places.reduce(|best, place| {
                    let is_larger = values[place] > values[best] || values[place].is_nan();
                    if is_larger { place } else { best }
                });
                assert_eq!(Some(*chosen as usize), expected, "{channels} {size} {at}");
                assert_eq!(y.to_bits(), values[*chosen as usize].to_bits(), "{channels} {size} {at}");
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for kind in [PoolKind::Max, PoolKind::Average] {
            // Values differ by at least 0.1, so no step of 0.01 changes which is the largest.
            let x = node(2, 2 * 5 * 4, &(0..80).map(|i| ((i * 37) % 80) as f32 * 0.1).collect::<Vec<_>>());
            let pool = pool(&x, kind, window((5, 4), 2));
            let forward = recorded(&pool, 2);
            check_gradients(&forward, &pool.y, &[&x], &format!("{kind:?}"));
        }
    }

    #[test]
    fn threads_change_nothing() {
        for kind in [PoolKind::Max, PoolKind::Average] {
            let x = random_node(50, 32 * 32 * 16, 1);
            let pool = pool(&x, kind, window((32, 32), 3));
            let forward = recorded(&pool, 50);
            check_threads(&forward, &pool.y, &[&x]);
        }
    }
}
