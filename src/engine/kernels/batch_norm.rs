//! Batch normalisation (Ioffe & Szegedy 2015), `y = f(γ (x − mean) / √(variance + eps) + β)` for
//! each channel, over the rows of the minibatch and the pixels of pictures.
//!
//! In training, mean and variance are those of the minibatch, and the running statistics are
//! updated; evaluation uses the running statistics. The variance of the minibatch divides by n, the
//! running one by n − 1, as in `PyTorch`.

use std::cell::{Cell, Ref, RefCell};
use std::ops::Range;
use std::rc::Rc;

use super::activation::forward_row;
use super::channels::{
    FEW, Product, Square, add_each, add_pixels, fold, repeat, through_activation, tile_len,
};
use super::jacobian::{Chain, Scale};
use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::operation::Operation;
use super::output::Output;
use super::pass::{Mode, Pass};
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use super::workspace::zeros;
use crate::check::sizes::NORM_SHARDS;
use crate::engine::EngineError;
use crate::project::Activation;

/// Added to the variance.
pub const EPS: f64 = 1e-5;
/// Weight of the newest minibatch in the running statistics.
pub const MOMENTUM: f64 = 0.1;
/// Approximate minimum number of values per shard.
const SHARD: usize = 8192;

/// One batch normalisation. Rows hold whole pixels: height × width × channels, or features, each of
/// which is a channel.
pub struct BatchNorm {
    parts: BatchNormParts,
    output: Rc<Output>,
    /// Statistics used by the last forward pass: the channels' means, then their 1 / √(variance +
    /// eps).
    statistics: Rc<RefCell<Vec<f32>>>,
    /// Two sums per channel of a tile and shard.
    partial: RefCell<Vec<f64>>,
    /// Four values per channel, repeated over a tile.
    tiles: RefCell<Vec<f32>>,
    /// Whether the operation before it can end its backward pass.
    has_finisher: Cell<bool>,
    /// Whether it must do so in this step.
    is_unfinished: Cell<bool>,
}

/// The parts of a batch normalisation.
pub struct BatchNormParts {
    /// Input: rows × (pixels · channels).
    pub x: Node,
    /// Output, of the same size.
    pub y: Node,
    /// γ: 1 × channels.
    pub weight: Node,
    /// β: 1 × channels.
    pub bias: Node,
    /// Running mean: 1 × channels, 0 at the start.
    pub running_mean: Node,
    /// Running variance: 1 × channels, 1 at the start.
    pub running_var: Node,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

/// The last part of a backward pass, left to the operation before it.
pub(super) struct End<'a> {
    norm: &'a BatchNorm,
    x: Ref<'a, Variable>,
    tiles: Ref<'a, Vec<f32>>,
}

impl<'a> End<'a> {
    /// The output of the normalisation, whose gradient becomes that of the input.
    pub(super) fn y(&self) -> &'a Node {
        &self.norm.parts.y
    }

    /// The map from one gradient to the other.
    pub(super) fn map(&self) -> InputGradient<'_> {
        InputGradient { x: self.x.values(), constants: quarters(&self.tiles) }
    }
}

/// `dx = scale (dy − shift − (x − mean) slope)`, with constants that repeat after a tile.
#[derive(Clone, Copy)]
pub(super) struct InputGradient<'a> {
    x: &'a [f32],
    /// Mean, scale, shift and slope.
    constants: [&'a [f32]; 4],
}

impl InputGradient<'_> {
    /// Turns the gradient of the outputs into that of the inputs, in place, for `range` of all
    /// values, which begins with the first channel.
    pub(super) fn apply(self, range: Range<usize>, gradient: &mut [f32]) {
        let (x, [mean, scale, shift, slope]) = (&self.x[range], self.constants);
        vectorised(
            #[inline(always)]
            || {
                for (dy, x) in gradient.chunks_mut(mean.len()).zip(x.chunks(mean.len())) {
                    let constants = mean.iter().zip(scale).zip(shift.iter().zip(slope));
                    for ((dy, x), ((mean, scale), (shift, slope))) in dy.iter_mut().zip(x).zip(constants) {
                        *dy = flushed(scale * (*dy - shift - (x - mean) * slope), LEAST_GRADIENT);
                    }
                }
            },
        );
    }
}

/// Sizes of one pass over the values.
#[derive(Clone, Copy)]
struct Sizes {
    channels: usize,
    /// Values of the minibatch.
    len: usize,
    /// Values per shard.
    size: usize,
    shards: usize,
    tile: usize,
}

impl Sizes {
    fn new(len: usize, channels: usize) -> Sizes {
        let channels = channels.max(1);
        let size = (len / channels).div_ceil(NORM_SHARDS).max(SHARD / channels).max(1) * channels;
        Sizes { channels, len, size, shards: len.div_ceil(size), tile: tile_len(channels) }
    }

    /// Pixels of the minibatch.
    fn pixels(self) -> f64 {
        (self.len / self.channels) as f64
    }

    fn flops(self) -> usize {
        16 * self.len
    }
}

impl BatchNorm {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: BatchNormParts) -> Result<Rc<BatchNorm>, EngineError> {
        let output = Output::new(Rc::clone(&parts.y), parts.activation)?;
        let channels = parts.bias.borrow().columns();
        let sizes = Sizes::new(parts.x.borrow().values().len(), channels);
        // Fewer rows can give more shards, up to one per pixel.
        let shards = NORM_SHARDS.min(sizes.len / sizes.channels);
        Ok(Rc::new(BatchNorm {
            parts,
            output,
            statistics: Rc::new(RefCell::new(zeros(2 * channels)?)),
            partial: RefCell::new(zeros(2 * sizes.tile * shards)?),
            tiles: RefCell::new(zeros(4 * sizes.tile)?),
            has_finisher: Cell::new(false),
            is_unfinished: Cell::new(false),
        }))
    }

    /// Its input.
    pub(super) fn input(&self) -> &Node {
        &self.parts.x
    }

    /// Its output.
    pub fn output(&self) -> &Rc<Output> {
        &self.output
    }

    /// Leaves the end of its backward passes to the operation that computes its input: the gradient
    /// is then written and read once less.
    pub(super) fn leave_end(&self) {
        self.has_finisher.set(true);
    }

    /// What is left of the backward pass that has just been run, if anything.
    pub(super) fn take_end(&self) -> Option<End<'_>> {
        self.is_unfinished.take().then(|| End {
            norm: self,
            x: self.parts.x.borrow(),
            tiles: self.tiles.borrow(),
        })
    }

    fn sizes(&self, rows: usize) -> Sizes {
        Sizes::new(rows * self.parts.x.borrow().columns(), self.parts.bias.borrow().columns())
    }

    /// The channels' means that the last forward pass subtracted.
    fn mean(&self) -> Ref<'_, [f32]> {
        Ref::map(self.statistics.borrow(), |both| &both[..both.len() / 2])
    }

    /// The channels' 1 / √(variance + eps) that the last forward pass multiplied by.
    fn inverse_deviation(&self) -> Ref<'_, [f32]> {
        Ref::map(self.statistics.borrow(), |both| &both[both.len() / 2..])
    }

    /// Computes the statistics of the minibatch and updates the running ones.
    fn measure(&self, sizes: Sizes, threads: &Threads) {
        let (x, mut partial) = (self.parts.x.borrow(), self.partial.borrow_mut());
        let x = &x.values()[..sizes.len];
        {
            let partial = Parts::new(&mut partial);
            threads.run(sizes.shards, sizes.flops(), &|shard| {
                // SAFETY: each shard runs once and touches its own sums only.
                let own = unsafe { partial.part(2 * sizes.tile * shard..2 * sizes.tile * (shard + 1)) };
                let (mean, squares) = own.split_at_mut(sizes.tile);
                moments(&x[shard_range(shard, sizes.size, sizes.len)], sizes.channels, mean, squares);
            });
        }
        let mut statistics = self.statistics.borrow_mut();
        let (means, inverses) = statistics.split_at_mut(sizes.channels);
        let (mut running_mean, mut running_var) =
            (self.parts.running_mean.borrow_mut(), self.parts.running_var.borrow_mut());
        for channel in 0..sizes.channels {
            // Chan, Golub & LeVeque 1979: moments of a union of two sets, in the order of the
            // shards.
            let (mut count, mut mean, mut squares) = (0.0_f64, 0.0_f64, 0.0_f64);
            for (shard, own) in partial.chunks_exact(2 * sizes.tile).take(sizes.shards).enumerate() {
                let (own_mean, own_squares) = own.split_at(sizes.tile);
                let pixels = shard_range(shard, sizes.size, sizes.len).len() / sizes.channels;
                let (pixels, difference) = (pixels as f64, own_mean[channel] - mean);
                let all = count + pixels;
                mean += difference * pixels / all;
                squares += fold(own_squares, sizes.channels, channel)
                    + difference * difference * count * pixels / all;
                count = all;
            }
            means[channel] = mean as f32;
            inverses[channel] = (1.0 / (squares / count + EPS).sqrt()) as f32;
            let follow = |running: &mut f32, new: f64| {
                *running = ((1.0 - MOMENTUM) * f64::from(*running) + MOMENTUM * new) as f32;
            };
            follow(&mut running_mean.values_mut()[channel], mean);
            follow(&mut running_var.values_mut()[channel], squares / (count - 1.0).max(1.0));
        }
    }

    /// Uses the running statistics.
    fn recall(&self) {
        let mut statistics = self.statistics.borrow_mut();
        let half = statistics.len() / 2;
        let (means, inverses) = statistics.split_at_mut(half);
        means.copy_from_slice(self.parts.running_mean.borrow().values());
        for (inverse, variance) in inverses.iter_mut().zip(self.parts.running_var.borrow().values()) {
            *inverse = (1.0 / (f64::from(*variance) + EPS).sqrt()) as f32;
        }
    }

    fn normalise(&self, sizes: Sizes, threads: &Threads) {
        let (x, mut y) = (self.parts.x.borrow(), self.parts.y.borrow_mut());
        let mut sums = self.output.sums.as_ref().map(|sums| sums.borrow_mut());
        let mut tiles = self.tiles.borrow_mut();
        let (means, inverses, weight) = (self.mean(), self.inverse_deviation(), self.parts.weight.borrow());
        let [mean, scale, bias, _] = four(&mut tiles, sizes.tile);
        repeat(&means, mean);
        for (scale, channel) in scale.iter_mut().zip((0..sizes.channels).cycle()) {
            *scale = inverses[channel] * weight.values()[channel];
        }
        repeat(self.parts.bias.borrow().values(), bias);
        let (mean, scale, bias) = (&*mean, &*scale, &*bias);
        let (x, activation) = (x.values(), self.parts.activation);
        let y = Parts::new(y.values_mut());
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        threads.run(sizes.shards, sizes.flops(), &|shard| {
            let range = shard_range(shard, sizes.size, sizes.len);
            // SAFETY: each shard runs once and touches its own values only.
            let (y, pre) = unsafe { (y.part(range.clone()), sums.map(|sums| sums.part(range.clone()))) };
            let mut pre = pre.map(|pre| pre.chunks_mut(sizes.tile));
            vectorised(
                #[inline(always)]
                || {
                    for (y, x) in y.chunks_mut(sizes.tile).zip(x[range].chunks(sizes.tile)) {
                        for ((y, x), (mean, scale)) in y.iter_mut().zip(x).zip(mean.iter().zip(scale)) {
                            *y = (x - mean) * scale;
                        }
                        forward_row(activation, bias, y, pre.as_mut().and_then(Iterator::next));
                    }
                },
            );
        });
    }

    /// Takes `dy` through the activation, in place, unless that is done, and sums `dy` and
    /// `dy (x − mean)`, shard by shard.
    fn sum_gradients(
        &self,
        sizes: Sizes,
        threads: &Threads,
        (x, y, mean): (&[f32], &[f32], &[f32]),
        dy: &mut [f32],
    ) {
        let sums = self.output.sums.as_ref().map(|sums| sums.borrow());
        let (pre, is_through) = (sums.as_ref().map(|sums| sums.values()), self.output.take_through());
        let mut partial = self.partial.borrow_mut();
        let (dy, partial, activation) = (Parts::new(dy), Parts::new(&mut partial), self.parts.activation);
        threads.run(sizes.shards, sizes.flops(), &|shard| {
            let range = shard_range(shard, sizes.size, sizes.len);
            let own = 2 * sizes.tile * shard..2 * sizes.tile * (shard + 1);
            // SAFETY: each shard runs once and touches its own values and sums only.
            let (dy, own) = unsafe { (dy.part(range.clone()), partial.part(own)) };
            own.fill(0.0);
            let (plain, weighted) = own.split_at_mut(sizes.tile);
            // In small blocks, so that the values are still in the L1 cache when they are summed.
            let block = FEW * sizes.tile;
            for (index, dy) in dy.chunks_mut(block).enumerate() {
                let start = range.start + index * block;
                let values = start..start + dy.len();
                if !is_through {
                    through_activation(activation, y, pre, values.clone(), dy);
                }
                add_pixels(dy, plain);
                add_each::<Product>((dy, &x[values]), weighted, |place| mean[place]);
            }
        });
    }
}

impl Operation for BatchNorm {
    /// In training, uses the statistics of these rows and updates the running ones; otherwise uses
    /// the running ones.
    fn compute(&self, pass: &Pass) {
        let (sizes, threads) = (self.sizes(pass.rows), &*pass.threads);
        if is_training(pass) {
            self.measure(sizes, threads);
        } else {
            self.recall();
        }
        self.normalise(sizes, threads);
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (sizes, threads) = (self.sizes(pass.rows), &*pass.threads);
        let parts = &self.parts;
        let (x, y, weight, bias) =
            (parts.x.borrow(), parts.y.borrow(), parts.weight.borrow(), parts.bias.borrow());
        // Another gradient of the input would have to be added.
        let is_left = self.has_finisher.get() && !x.has_gradient();
        self.is_unfinished.set(is_left);
        let ends_here = parts.wants_input_gradient && !is_left;
        let [dx, dw, db, dy] = if ends_here {
            gradients(grads, [&x, &weight, &bias, &y])?
        } else {
            let [dw, db, dy] = gradients(grads, [&weight, &bias, &y])?;
            [&mut [], dw, db, dy]
        };
        let mut tiles = self.tiles.borrow_mut();
        let (means, inverses) = (self.mean(), self.inverse_deviation());
        let [mean, scale, shift, slope] = four(&mut tiles, sizes.tile);
        repeat(&means, mean);
        self.sum_gradients(sizes, threads, (x.values(), y.values(), mean), dy);

        // With a = x − mean and i the inverse deviation: dβ = Σ dy, dγ = i Σ a dy and dx = γ i (dy
        // − Σ dy / n − a i² Σ a dy / n); without the two means if the statistics are constants.
        let partial = self.partial.borrow();
        let dw_adds = weight.claim_gradient() == Write::Add;
        let db_adds = bias.claim_gradient() == Write::Add;
        let share = if is_training(pass) { 1.0 / sizes.pixels() } else { 0.0 };
        for channel in 0..sizes.channels {
            let total = |half: usize| -> f64 {
                let halves = partial.chunks_exact(sizes.tile).skip(half).step_by(2).take(sizes.shards);
                halves.map(|own| fold(own, sizes.channels, channel)).sum()
            };
            let (plain, weighted, inverse) = (total(0), total(1), f64::from(inverses[channel]));
            db[channel] = plain as f32 + if db_adds { db[channel] } else { 0.0 };
            dw[channel] = (weighted * inverse) as f32 + if dw_adds { dw[channel] } else { 0.0 };
            scale[channel] = weight.values()[channel] * inverses[channel];
            shift[channel] = (plain * share) as f32;
            slope[channel] = (weighted * inverse * inverse * share) as f32;
        }
        for tile in [&mut *scale, shift, slope] {
            for index in sizes.channels..sizes.tile {
                tile[index] = tile[index - sizes.channels];
            }
        }
        if !ends_here {
            return Ok(());
        }
        let constants = [&*mean, scale, shift, slope];
        let (x, dy, dx_adds) = (x.values(), &*dy, x.claim_gradient() == Write::Add);
        threads.for_each_piece(&mut dx[..sizes.len], sizes.size, sizes.flops(), |start, dx| {
            let range = start..start + dx.len();
            let (x, dy) = (&x[range.clone()], &dy[range]);
            vectorised(
                #[inline(always)]
                || {
                    // A branch inside the loop would make it slower.
                    if dx_adds {
                        input_gradient(x, dy, constants, true, dx);
                    } else {
                        input_gradient(x, dy, constants, false, dx);
                    }
                },
            );
        });
        Ok(())
    }

    fn learns(&self) -> bool {
        true
    }

    fn wants_input_gradient(&self) -> bool {
        self.parts.wants_input_gradient
    }

    /// The statistics of the last forward pass are treated as constants.
    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let BatchNormParts { x, y, weight, activation, .. } = &self.parts;
        let (statistics, width) = (Rc::clone(&self.statistics), x.borrow().columns());
        chain.push(Scale::diagonal(Rc::clone(weight), statistics, width)?);
        chain.push_slope(*activation, y, self.output.sums.as_ref())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let floats = self.statistics.borrow().len() + self.tiles.borrow().len();
        4 * floats + 8 * self.partial.borrow().len() + self.output.bytes()
    }
}

fn is_training(pass: &Pass) -> bool {
    matches!(pass.mode, Mode::Train(_))
}

/// Mean of each channel, repeated over `mean`, and the sums of squared distances from it, over the
/// tile `squares`.
fn moments(x: &[f32], channels: usize, mean: &mut [f64], squares: &mut [f64]) {
    mean.fill(0.0);
    squares.fill(0.0);
    add_pixels(x, mean);
    let share = channels as f64 / x.len() as f64;
    for channel in 0..channels {
        mean[channel] = fold(mean, channels, channel) * share;
    }
    for index in channels..mean.len() {
        mean[index] = mean[index - channels];
    }
    let mean = &*mean;
    add_each::<Square>((x, x), squares, |place| mean[place] as f32);
}

/// [`four`], to read.
fn quarters(tiles: &[f32]) -> [&[f32]; 4] {
    let (first, second) = tiles.split_at(tiles.len() / 2);
    let (first, second) = (first.split_at(first.len() / 2), second.split_at(second.len() / 2));
    [first.0, first.1, second.0, second.1]
}

/// The four tiles in `tiles`.
fn four(tiles: &mut [f32], size: usize) -> [&mut [f32]; 4] {
    let (first, rest) = tiles.split_at_mut(size);
    let (second, rest) = rest.split_at_mut(size);
    let (third, fourth) = rest.split_at_mut(size);
    [first, second, third, fourth]
}

/// `dx = scale (dy − shift − (x − mean) slope)`, or `dx +=`, with constants that repeat after a
/// tile.
#[inline(always)]
fn input_gradient(x: &[f32], dy: &[f32], constants: [&[f32]; 4], adds: bool, dx: &mut [f32]) {
    let [mean, scale, shift, slope] = constants;
    let tile = mean.len();
    for (dx, (x, dy)) in dx.chunks_mut(tile).zip(x.chunks(tile).zip(dy.chunks(tile))) {
        let constants = mean.iter().zip(scale).zip(shift.iter().zip(slope));
        for ((dx, (x, dy)), ((mean, scale), (shift, slope))) in
            dx.iter_mut().zip(x.iter().zip(dy)).zip(constants)
        {
            let own = scale * (dy - shift - (x - mean) * slope);
            *dx = flushed(own, LEAST_GRADIENT) + if adds { *dx } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests;
