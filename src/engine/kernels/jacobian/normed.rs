//! Layer norm and group norm as a linear map, which differs between samples.
//!
//! With n features in a group (a layer norm is one group of all), `x̂ = (x − mean) i` and
//! `i = 1 / √(variance + eps)`: `M = diag(γ) i (I − 11ᵀ/n − x̂x̂ᵀ/n)`. For `g = γ s`, `α = x̂·g`,
//! `β = x̂·t`, `A = g·t − (Σg)(Σt)/n` and `w = β g + α t`,
//!
//! `sᵀMt = i (A − αβ/n)`, and its derivatives are `−(i²/n) [x̂ (A − 3αβ/n) + w − Σw/n]` with
//! respect to x and `s i (t − Σt/n − x̂ β/n)` with respect to γ.

use std::cell::RefCell;
use std::rc::Rc;

use super::block::{Block, for_each_rows};
use super::map::LinearMap;
use crate::engine::EngineError;
use crate::engine::kernels::math::vectorised;
use crate::engine::kernels::threads::{Parts, Threads, shard_range};
use crate::engine::kernels::variable::{Grads, Node, TapeError, gradients};
use crate::engine::kernels::workspace::zeros;

/// Columns of a shard where rows are summed.
const COLUMNS: usize = 256;
/// Partial sums per row, so that the loop vectorises.
const LANES: usize = 16;

/// `M` of a layer norm or a group norm.
pub struct Normed {
    x: Node,
    /// γ: 1 × channels.
    weight: Node,
    /// Groups of neighbouring channels.
    groups: usize,
    /// Mean and 1 / √(variance + eps) of each group of each row of the last forward pass,
    /// interleaved.
    statistics: Rc<RefCell<Vec<f32>>>,
    /// Whether anything before it learns.
    moves_input: bool,
    width: usize,
    /// Per row: the mean of the tangent, and of its product with x̂.
    means: RefCell<Vec<f32>>,
}

/// The normalisation of one group of one sample.
#[derive(Clone, Copy)]
struct Sample<'a> {
    /// The whole sample: pixels × channels.
    x: &'a [f32],
    channels: usize,
    /// First channel of the group, and the channel after its last.
    group: (usize, usize),
    mean: f32,
    inverse: f32,
}

/// Every group of every sample.
#[derive(Clone, Copy)]
struct Groups<'a> {
    x: &'a [f32],
    width: usize,
    channels: usize,
    /// Groups per sample.
    count: usize,
    statistics: &'a [f32],
}

impl<'a> Groups<'a> {
    #[inline(always)]
    fn of(self, sample: usize) -> impl Iterator<Item = Sample<'a>> {
        let len = self.channels / self.count.max(1);
        (0..self.count).map(move |group| {
            let at = 2 * (sample * self.count + group);
            Sample {
                x: &self.x[sample * self.width..(sample + 1) * self.width],
                channels: self.channels,
                group: (group * len, (group + 1) * len),
                mean: self.statistics[at],
                inverse: self.statistics[at + 1],
            }
        })
    }
}

impl Sample<'_> {
    #[inline(always)]
    fn normal(self, index: usize) -> f32 {
        (self.x[index] - self.mean) * self.inverse
    }

    /// Calls `f` with each index into the sample that belongs to the group, and with its channel.
    #[inline(always)]
    fn each(self, mut f: impl FnMut(usize, usize)) {
        for pixel in (0..self.x.len()).step_by(self.channels.max(1)) {
            for channel in self.group.0..self.group.1 {
                f(pixel + channel, channel);
            }
        }
    }

    /// The mean of `f(x̂, index, channel)` over the values of the group.
    #[inline(always)]
    fn mean_of(self, f: impl Fn(f32, usize, usize) -> f32) -> f32 {
        let mut lanes = [0.0_f64; LANES];
        for pixel in (0..self.x.len()).step_by(self.channels.max(1)) {
            for first in (self.group.0..self.group.1).step_by(LANES) {
                for (lane, channel) in lanes.iter_mut().zip(first..self.group.1) {
                    let index = pixel + channel;
                    *lane += f64::from(f(self.normal(index), index, channel));
                }
            }
        }
        let n = self.x.len() / self.channels.max(1) * (self.group.1 - self.group.0);
        (lanes.iter().sum::<f64>() / n as f64) as f32
    }
}

impl Normed {
    /// The map of a layer norm of `x`, with its γ and each row's mean and 1 / √(variance + eps) of
    /// the last forward pass; `moves_input` if anything before it learns.
    pub fn new(x: Node, weight: Node, statistics: Rc<RefCell<Vec<f32>>>, moves_input: bool) -> Normed {
        Normed::grouped(x, weight, 1, statistics, moves_input)
    }

    /// The map of a group norm: each row has the mean and 1 / √(variance + eps) of every group. A
    /// layer norm is one group in which each feature is a channel.
    pub fn grouped(
        x: Node,
        weight: Node,
        groups: usize,
        statistics: Rc<RefCell<Vec<f32>>>,
        moves_input: bool,
    ) -> Normed {
        let width = x.borrow().columns();
        Normed { x, weight, groups, statistics, moves_input, width, means: RefCell::new(Vec::new()) }
    }

    fn groups<'a>(&self, x: &'a [f32], channels: usize, statistics: &'a [f32]) -> Groups<'a> {
        Groups { x, width: self.width, channels, count: self.groups, statistics }
    }

    /// `to = γ N from`, or `N (γ from)` if `transposed`, with the symmetric
    /// `N = i (I − 11ᵀ/n − x̂x̂ᵀ/n)`.
    fn apply(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads, transposed: bool) {
        let (x, weight, statistics) = (self.x.borrow(), self.weight.borrow(), self.statistics.borrow());
        let (weight, width) = (weight.values(), self.width);
        let groups = self.groups(x.values(), weight.len(), &statistics);
        let len = block.rows() * width;
        for_each_rows(threads, &mut to[..len], width, 16 * len, |first, to| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, to) in (first..).zip(to.chunks_exact_mut(width)) {
                        let from = &from[row * width..(row + 1) * width];
                        for sample in groups.of(block.sample(row)) {
                            sample.each(|index, channel| {
                                to[index] =
                                    if transposed { from[index] * weight[channel] } else { from[index] };
                            });
                            let mean = sample.mean_of(
                                #[inline(always)]
                                |_, index, _| to[index],
                            );
                            let along = sample.mean_of(
                                #[inline(always)]
                                |normal, index, _| normal * to[index],
                            );
                            sample.each(|index, channel| {
                                let own = sample.inverse * (to[index] - mean - sample.normal(index) * along);
                                to[index] = if transposed { own } else { own * weight[channel] };
                            });
                        }
                    }
                },
            );
        });
    }

    fn to_weight(
        &self,
        block: Block,
        (s, t): (&[f32], &[f32]),
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let (x, statistics) = (self.x.borrow(), self.statistics.borrow());
        let (width, channels) = (self.width, self.weight.borrow().columns());
        let [dw] = gradients(grads, [&self.weight.borrow()])?;
        let groups = self.groups(x.values(), channels, &statistics);
        let mut means = self.means.borrow_mut();
        let (per_row, flops) = (2 * self.groups, 8 * block.rows() * width);
        threads.for_each_piece(&mut means[..per_row * block.rows()], 8 * per_row, flops, |start, means| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, means) in (start / per_row..).zip(means.chunks_exact_mut(per_row)) {
                        let t = &t[row * width..(row + 1) * width];
                        for (sample, means) in groups.of(block.sample(row)).zip(means.chunks_exact_mut(2)) {
                            means[0] = sample.mean_of(
                                #[inline(always)]
                                |_, index, _| t[index],
                            );
                            means[1] = sample.mean_of(
                                #[inline(always)]
                                |normal, index, _| normal * t[index],
                            );
                        }
                    }
                },
            );
        });
        let (means, dw) = (&**means, Parts::new(dw));
        threads.run(channels.div_ceil(COLUMNS), flops, &|shard| {
            let own = shard_range(shard, COLUMNS, channels);
            // SAFETY: each shard runs once and writes its own columns.
            let dw = unsafe { dw.part(own.clone()) };
            vectorised(
                #[inline(always)]
                || {
                    for (row, means) in means.chunks_exact(per_row).take(block.rows()).enumerate() {
                        let (s, t) = (&s[row * width..][..width], &t[row * width..][..width]);
                        for (sample, means) in groups.of(block.sample(row)).zip(means.chunks_exact(2)) {
                            let (first, end) = (sample.group.0.max(own.start), sample.group.1.min(own.end));
                            for pixel in (0..width).step_by(channels.max(1)) {
                                for channel in first..end {
                                    let index = pixel + channel;
                                    let normal = sample.normal(index);
                                    dw[channel - own.start] +=
                                        s[index] * sample.inverse * (t[index] - means[0] - normal * means[1]);
                                }
                            }
                        }
                    }
                },
            );
        });
        Ok(())
    }

    fn to_input(
        &self,
        block: Block,
        (s, t): (&[f32], &[f32]),
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let (x, weight, statistics) = (self.x.borrow(), self.weight.borrow(), self.statistics.borrow());
        let [dx] = gradients(grads, [&x])?;
        let (weight, width) = (weight.values(), self.width);
        let groups = self.groups(x.values(), weight.len(), &statistics);
        let dx = &mut dx[block.first * width..(block.first + block.samples) * width];
        for_each_rows(threads, dx, width, 16 * block.rows() * width, |first, dx| {
            vectorised(
                #[inline(always)]
                || {
                    for (index, dx) in (first..).zip(dx.chunks_exact_mut(width)) {
                        for row in index * block.probes..(index + 1) * block.probes {
                            let (s, t) = (&s[row * width..][..width], &t[row * width..][..width]);
                            for sample in groups.of(block.first + index) {
                                add_input_gradient(sample, weight, s, t, dx);
                            }
                        }
                    }
                },
            );
        });
        Ok(())
    }
}

impl LinearMap for Normed {
    fn inputs(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn multiply_adds(&self) -> usize {
        3 * self.width
    }

    fn reserve(&self, rows: usize) -> Result<(), EngineError> {
        *self.means.borrow_mut() = zeros(2 * rows * self.groups)?;
        Ok(())
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.apply(block, from, to, threads, false);
    }

    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.apply(block, from, to, threads, true);
    }

    /// γ, and x if anything before it learns.
    fn sources(&self) -> Vec<Node> {
        let x = self.moves_input.then(|| Node::clone(&self.x));
        std::iter::once(Node::clone(&self.weight)).chain(x).collect()
    }

    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        self.to_weight(block, (s, t), threads, grads)?;
        if self.moves_input { self.to_input(block, (s, t), threads, grads) } else { Ok(()) }
    }
}

/// Adds the derivative of `sᵀMt` with respect to `x` for one group of one row. α, β, A and w are
/// divided by n here.
#[inline(always)]
fn add_input_gradient(sample: Sample<'_>, weight: &[f32], s: &[f32], t: &[f32], dx: &mut [f32]) {
    let g_mean = sample.mean_of(
        #[inline(always)]
        |_, index, channel| weight[channel] * s[index],
    );
    let t_mean = sample.mean_of(
        #[inline(always)]
        |_, index, _| t[index],
    );
    let alpha = sample.mean_of(
        #[inline(always)]
        |normal, index, channel| normal * weight[channel] * s[index],
    );
    let beta = sample.mean_of(
        #[inline(always)]
        |normal, index, _| normal * t[index],
    );
    let product = sample.mean_of(
        #[inline(always)]
        |_, index, channel| weight[channel] * s[index] * t[index],
    );
    let along = product - g_mean * t_mean - 3.0 * alpha * beta;
    let w_mean = beta * g_mean + alpha * t_mean;
    let squared = sample.inverse * sample.inverse;
    sample.each(|index, channel| {
        let w = beta * weight[channel] * s[index] + alpha * t[index];
        dx[index] -= squared * (sample.normal(index) * along + w - w_mean);
    });
}
