//! Layer norm as a linear map, another one for each sample.
//!
//! With n features, `x̂ = (x − mean) i` and `i = 1 / √(variance + eps)`: `M = diag(γ) i (I − 11ᵀ/n − x̂x̂ᵀ/n)`. For `g = γ s`,
//! `α = x̂·g`, `β = x̂·t`, `A = g·t − (Σg)(Σt)/n` and `w = β g + α t`,
//!
//! `sᵀMt = i (A − αβ/n)`, and its derivatives are `−(i²/n) [x̂ (A − 3αβ/n) + w − Σw/n]` by x and
//! `s i (t − Σt/n − x̂ β/n)` by γ.

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
/// Partial sums a row is added into, so that the loop vectorises.
const LANES: usize = 16;

/// `M` of a layer norm.
pub struct Normed {
    x: Node,
    /// γ: 1 × features.
    weight: Node,
    /// Mean and 1 / √(variance + eps) of each row of the last forward pass, one after the other.
    statistics: Rc<RefCell<Vec<f32>>>,
    /// Whether anything before it learns.
    moves_input: bool,
    width: usize,
    /// Means of each row's tangent, and of its product with x̂.
    means: RefCell<Vec<f32>>,
}

/// One sample's normalisation.
#[derive(Clone, Copy)]
struct Sample<'a> {
    x: &'a [f32],
    mean: f32,
    inverse: f32,
}

impl Sample<'_> {
    #[inline(always)]
    fn normal(self, index: usize) -> f32 {
        (self.x[index] - self.mean) * self.inverse
    }

    /// The mean of `f(x̂, index)` over the features.
    #[inline(always)]
    fn mean_of(self, f: impl Fn(f32, usize) -> f32) -> f32 {
        let mut lanes = [0.0_f64; LANES];
        for (chunk, first) in self.x.chunks(LANES).zip((0..).step_by(LANES)) {
            for (lane, index) in lanes.iter_mut().zip(first..first + chunk.len()) {
                *lane += f64::from(f(self.normal(index), index));
            }
        }
        (lanes.iter().sum::<f64>() / self.x.len() as f64) as f32
    }
}

impl Normed {
    /// The map of a layer norm of `x`, with its γ, and for each row the mean and 1 / √(variance +
    /// eps) of the last forward pass; `moves_input` where anything before it learns.
    pub fn new(x: Node, weight: Node, statistics: Rc<RefCell<Vec<f32>>>, moves_input: bool) -> Normed {
        let width = x.borrow().columns();
        Normed { x, weight, statistics, moves_input, width, means: RefCell::new(Vec::new()) }
    }

    /// `to = γ N from`, or `N (γ from)` where it is `transposed`, with the symmetric `N = i (I − 11ᵀ/n − x̂x̂ᵀ/n)`.
    fn apply(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads, transposed: bool) {
        let (x, weight, statistics) = (self.x.borrow(), self.weight.borrow(), self.statistics.borrow());
        let (x, weight, statistics, width) = (x.values(), weight.values(), &**statistics, self.width);
        let len = block.rows() * width;
        for_each_rows(threads, &mut to[..len], width, 16 * len, |first, to| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, to) in (first..).zip(to.chunks_exact_mut(width)) {
                        let sample = sample(x, statistics, width, block.sample(row));
                        let from = &from[row * width..(row + 1) * width];
                        for (index, (to, from)) in to.iter_mut().zip(from).enumerate() {
                            *to = if transposed { from * weight[index] } else { *from };
                        }
                        let mean = sample.mean_of(
                            #[inline(always)]
                            |_, index| to[index],
                        );
                        let along = sample.mean_of(
                            #[inline(always)]
                            |normal, index| normal * to[index],
                        );
                        for (index, to) in to.iter_mut().enumerate() {
                            let own = sample.inverse * (*to - mean - sample.normal(index) * along);
                            *to = if transposed { own } else { own * weight[index] };
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
        let [dw] = gradients(grads, [&self.weight.borrow()])?;
        let (x, statistics, width) = (x.values(), &**statistics, self.width);
        let mut means = self.means.borrow_mut();
        let flops = 8 * block.rows() * width;
        threads.for_each_piece(&mut means[..2 * block.rows()], 16, flops, |start, means| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, means) in (start / 2..).zip(means.chunks_exact_mut(2)) {
                        let sample = sample(x, statistics, width, block.sample(row));
                        let t = &t[row * width..(row + 1) * width];
                        means[0] = sample.mean_of(
                            #[inline(always)]
                            |_, index| t[index],
                        );
                        means[1] = sample.mean_of(
                            #[inline(always)]
                            |normal, index| normal * t[index],
                        );
                    }
                },
            );
        });
        let (means, dw) = (&**means, Parts::new(dw));
        threads.run(width.div_ceil(COLUMNS), flops, &|shard| {
            let own = shard_range(shard, COLUMNS, width);
            // SAFETY: each shard runs once and writes its own columns.
            let dw = unsafe { dw.part(own.clone()) };
            vectorised(
                #[inline(always)]
                || {
                    for (row, means) in means.chunks_exact(2).take(block.rows()).enumerate() {
                        let sample = sample(x, statistics, width, block.sample(row));
                        for (dw, index) in dw.iter_mut().zip(own.clone()) {
                            let (s, t) = (s[row * width + index], t[row * width + index]);
                            *dw += s * sample.inverse * (t - means[0] - sample.normal(index) * means[1]);
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
        let (x, weight, statistics, width) = (x.values(), weight.values(), &**statistics, self.width);
        let dx = &mut dx[block.first * width..(block.first + block.samples) * width];
        for_each_rows(threads, dx, width, 16 * block.rows() * width, |first, dx| {
            vectorised(
                #[inline(always)]
                || {
                    for (index, dx) in (first..).zip(dx.chunks_exact_mut(width)) {
                        let sample = sample(x, statistics, width, block.first + index);
                        for row in index * block.probes..(index + 1) * block.probes {
                            let (s, t) = (&s[row * width..][..width], &t[row * width..][..width]);
                            add_input_gradient(sample, weight, s, t, dx);
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
        *self.means.borrow_mut() = zeros(2 * rows)?;
        Ok(())
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.apply(block, from, to, threads, false);
    }

    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.apply(block, from, to, threads, true);
    }

    /// γ, and x where something before it learns.
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

/// Adds the derivative of `sᵀMt` by `x` for one row. α, β, A and w are divided by n here.
#[inline(always)]
fn add_input_gradient(sample: Sample<'_>, weight: &[f32], s: &[f32], t: &[f32], dx: &mut [f32]) {
    let g_mean = sample.mean_of(
        #[inline(always)]
        |_, index| weight[index] * s[index],
    );
    let t_mean = sample.mean_of(
        #[inline(always)]
        |_, index| t[index],
    );
    let alpha = sample.mean_of(
        #[inline(always)]
        |normal, index| normal * weight[index] * s[index],
    );
    let beta = sample.mean_of(
        #[inline(always)]
        |normal, index| normal * t[index],
    );
    let product = sample.mean_of(
        #[inline(always)]
        |_, index| weight[index] * s[index] * t[index],
    );
    let along = product - g_mean * t_mean - 3.0 * alpha * beta;
    let w_mean = beta * g_mean + alpha * t_mean;
    let squared = sample.inverse * sample.inverse;
    for (index, dx) in dx.iter_mut().enumerate() {
        let w = beta * weight[index] * s[index] + alpha * t[index];
        *dx -= squared * (sample.normal(index) * along + w - w_mean);
    }
}

#[inline(always)]
fn sample<'a>(x: &'a [f32], statistics: &[f32], width: usize, sample: usize) -> Sample<'a> {
    let (mean, inverse) = (statistics[2 * sample], statistics[2 * sample + 1]);
    Sample { x: &x[sample * width..(sample + 1) * width], mean, inverse }
}
