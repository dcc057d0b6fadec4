//! A rectifier whose negative side has a learned slope (He, Zhang, Ren & Sun 2015): `y = x` where x
//! is positive, else `y = a x`, with a slope for each channel or one for all. `PyTorch`'s `PReLU`.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use super::channels::{fold, repeat, tile_len};
use super::jacobian::{Block, Chain, Diagonal, Factors};
use super::math::vectorised;
use super::operation::Operation;
use super::pass::Pass;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Write, gradients};
use super::workspace::zeros;
use crate::check::sizes::NORM_SHARDS;
use crate::engine::EngineError;

/// Initial slope, as in He et al. and `PyTorch`.
pub const INITIAL_SLOPE: f32 = 0.25;
/// Approximate minimum number of values per shard.
const SHARD: usize = 8192;
/// Columns of a shard where sums run over the rows.
const COLUMNS: usize = 256;

/// One layer of rectifiers. Rows hold whole pixels: height × width × channels, or features, each of
/// which is a channel.
pub struct Prelu {
    parts: PreluParts,
    /// The slopes, repeated over a tile.
    tile: RefCell<Vec<f32>>,
    /// One sum per slope of a tile and shard.
    sums: RefCell<Vec<f64>>,
}

/// The parts of such a layer.
pub struct PreluParts {
    /// Input: rows × (pixels · channels).
    pub x: Node,
    /// Output, of the same size.
    pub y: Node,
    /// The slopes: 1 × channels, or 1 × 1.
    pub slopes: Node,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

/// How values are split into shards of whole pixels.
#[derive(Clone, Copy)]
struct Sizes {
    len: usize,
    size: usize,
    shards: usize,
}

impl Sizes {
    fn new(len: usize, slopes: usize) -> Sizes {
        let slopes = slopes.max(1);
        let size = (len / slopes).div_ceil(NORM_SHARDS).max(SHARD / slopes).max(1) * slopes;
        Sizes { len, size, shards: len.div_ceil(size) }
    }
}

impl Prelu {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: PreluParts) -> Result<Rc<Prelu>, EngineError> {
        let slopes = parts.slopes.borrow().columns();
        let tile = tile_len(slopes);
        // Fewer rows can give more shards, up to one per pixel.
        let shards = NORM_SHARDS.min(parts.x.borrow().values().len() / slopes.max(1));
        Ok(Rc::new(Prelu {
            parts,
            tile: RefCell::new(zeros(tile)?),
            sums: RefCell::new(zeros(tile.saturating_mul(shards))?),
        }))
    }

    /// The split of the first `rows` rows.
    fn sizes(&self, rows: usize) -> Sizes {
        Sizes::new(rows * self.parts.x.borrow().columns(), self.parts.slopes.borrow().columns())
    }

    fn repeat_slopes(&self) {
        repeat(self.parts.slopes.borrow().values(), &mut self.tile.borrow_mut());
    }
}

impl Operation for Prelu {
    fn compute(&self, pass: &Pass) {
        self.repeat_slopes();
        let (x, mut y, tile) = (self.parts.x.borrow(), self.parts.y.borrow_mut(), self.tile.borrow());
        let (sizes, x, tile) = (self.sizes(pass.rows), x.values(), &**tile);
        let y = &mut y.values_mut()[..sizes.len];
        pass.threads.for_each_piece(y, sizes.size, 4 * sizes.len, |start, y| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, x) in y.chunks_mut(tile.len()).zip(x[start..].chunks(tile.len())) {
                        for ((y, x), slope) in y.iter_mut().zip(x).zip(tile) {
                            *y = if *x > 0.0 { *x } else { slope * x };
                        }
                    }
                },
            );
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let parts = &self.parts;
        let (x, y, slopes) = (parts.x.borrow(), parts.y.borrow(), parts.slopes.borrow());
        let wants_dx = parts.wants_input_gradient;
        let [dx, da, dy] = if wants_dx {
            gradients(grads, [&x, &slopes, &y])?
        } else {
            let [da, dy] = gradients(grads, [&slopes, &y])?;
            [&mut [], da, dy]
        };
        let dx_adds = wants_dx && x.claim_gradient() == Write::Add;
        let da_adds = slopes.claim_gradient() == Write::Add;
        let (tile, mut sums) = (self.tile.borrow(), self.sums.borrow_mut());
        let (sizes, x, dy, tile) = (self.sizes(pass.rows), x.values(), &*dy, &**tile);
        let sums = &mut sums[..sizes.shards * tile.len()];
        let (dx, all) = (Parts::new(dx), Parts::new(sums));
        pass.threads.run(sizes.shards, 8 * sizes.len, &|shard| {
            let range = shard_range(shard, sizes.size, sizes.len);
            // SAFETY: each shard runs once and touches its own sums only.
            let sums = unsafe { all.part(shard * tile.len()..(shard + 1) * tile.len()) };
            let (x, dy) = (&x[range.clone()], &dy[range.clone()]);
            vectorised(
                #[inline(always)]
                || add_shares(x, dy, sums),
            );
            if wants_dx {
                // SAFETY: each shard runs once and touches its own values only.
                let dx = unsafe { dx.part(range) };
                vectorised(
                    #[inline(always)]
                    || scale(x, dy, tile, dx, dx_adds),
                );
            }
        });
        let count = da.len();
        for (slope, da) in da.iter_mut().enumerate() {
            let sum = sums.chunks_exact(tile.len()).map(|own| fold(own, count, slope)).sum::<f64>() as f32;
            *da = sum + if da_adds { *da } else { 0.0 };
        }
        Ok(())
    }

    fn learns(&self) -> bool {
        true
    }

    fn wants_input_gradient(&self) -> bool {
        self.parts.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let (samples, width) = {
            let x = self.parts.x.borrow();
            (x.values().len() / x.columns().max(1), x.columns())
        };
        let sums = RefCell::new(zeros(width)?);
        chain.push(Diagonal::per_sample(Slopes { layer: self, sums }, samples, width)?);
        Ok(())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        4 * self.tile.borrow().len() + 8 * self.sums.borrow().len()
    }
}

/// `sums` = for each slope of a tile, the sum of `x dy` over the shard's values that are not
/// positive.
#[inline(always)]
fn add_shares(x: &[f32], dy: &[f32], sums: &mut [f64]) {
    sums.fill(0.0);
    for (x, dy) in x.chunks(sums.len()).zip(dy.chunks(sums.len())) {
        for (sum, (x, dy)) in sums.iter_mut().zip(x.iter().zip(dy)) {
            *sum += if *x > 0.0 { 0.0 } else { f64::from(*x) * f64::from(*dy) };
        }
    }
}

/// `dx` = `dy` times the slope; added if `adds`.
#[inline(always)]
fn scale(x: &[f32], dy: &[f32], tile: &[f32], dx: &mut [f32], adds: bool) {
    for (dx, (x, dy)) in dx.chunks_mut(tile.len()).zip(x.chunks(tile.len()).zip(dy.chunks(tile.len()))) {
        for ((dx, slope), (x, dy)) in dx.iter_mut().zip(tile).zip(x.iter().zip(dy)) {
            *dx = if *x > 0.0 { *dy } else { slope * dy } + if adds { *dx } else { 0.0 };
        }
    }
}

/// The slopes as a linear map: factors of 1 or a per value and sample.
struct Slopes {
    layer: Rc<Prelu>,
    /// Sums over rows, one per value.
    sums: RefCell<Vec<f64>>,
}

impl Factors for Slopes {
    fn fill(&self, _pass: &Pass, factors: &mut [f32]) {
        let (x, slopes) = (self.layer.parts.x.borrow(), self.layer.parts.slopes.borrow());
        let pairs = x.values().iter().zip(slopes.values().iter().cycle());
        factors.iter_mut().zip(pairs).for_each(|(factor, (x, slope))| {
            *factor = if *x > 0.0 { 1.0 } else { *slope };
        });
    }

    fn sources(&self) -> Vec<Node> {
        vec![Node::clone(&self.layer.parts.slopes)]
    }

    /// Adds `s · t` where x is not positive to the gradient of the slope.
    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let parts = &self.layer.parts;
        let [da] = gradients(grads, [&parts.slopes.borrow()])?;
        let (x, mut sums) = (parts.x.borrow(), self.sums.borrow_mut());
        let (width, x) = (sums.len(), x.values());
        let all = Parts::new(&mut sums[..]);
        threads.run(width.div_ceil(COLUMNS), 4 * block.rows() * width, &|shard| {
            let own: Range<usize> = shard_range(shard, COLUMNS, width);
            // SAFETY: each shard runs once and writes its own columns.
            let sums = unsafe { all.part(own.clone()) };
            sums.fill(0.0);
            for row in 0..block.rows() {
                let at = row * width + own.start..row * width + own.end;
                let x = &x[block.sample(row) * width + own.start..];
                for ((sum, x), (s, t)) in sums.iter_mut().zip(x).zip(s[at.clone()].iter().zip(&t[at])) {
                    *sum += if *x > 0.0 { 0.0 } else { f64::from(*s) * f64::from(*t) };
                }
            }
        });
        let count = da.len();
        for (slope, da) in da.iter_mut().enumerate() {
            *da += sums[slope..].iter().step_by(count).sum::<f64>() as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, node, random_node,
        recorded,
    };
    use super::*;

    fn prelu(x: &Node, slopes: &Node) -> Rc<Prelu> {
        let (len, columns) = (x.borrow().values().len(), x.borrow().columns());
        let (x, y, slopes) = (Rc::clone(x), empty_node(len / columns, columns), Rc::clone(slopes));
        Prelu::new(PreluParts { x, y, slopes, wants_input_gradient: true }).expect("small")
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("prelu");
        for case in file.cases() {
            let tensor = |name| file.tensor(&case, name);
            let (x, slopes) = (tensor("x").node(), tensor("weight").row());
            let prelu = prelu(&x, &slopes);
            let forward = recorded(&prelu, tensor("x").shape[0]);
            let dy = tensor("dy").channels_last();
            let gradients = gradients_of(&forward, &prelu.parts.y, &dy, &[&x, &slopes], 2);
            assert_close(prelu.parts.y.borrow().values(), &tensor("y").channels_last(), 1e-6, &case);
            for (name, gradient) in ["dx", "dweight"].into_iter().zip(&gradients) {
                assert_close(gradient, &tensor(name).channels_last(), 1e-5, &format!("{case} {name}"));
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        // No value is within a step of the kink at 0.
        let x = node(3, 4, &[-2.5, -1.0, -0.4, -0.1, 0.1, 0.3, 0.6, -1.0, 1.5, 2.0, -0.7, 0.05]);
        for slopes in [vec![0.3], vec![0.3, -0.2], vec![0.1, 0.2, 1.3, 0.0]] {
            let slopes = node(1, slopes.len(), &slopes);
            let prelu = prelu(&x, &slopes);
            check_gradients(&recorded(&prelu, 3), &prelu.parts.y, &[&x, &slopes], "prelu");
        }
    }

    #[test]
    fn threads_change_nothing() {
        for slopes in [1, 11, 1111] {
            let (x, slopes) = (random_node(101, 1111, 1), random_node(1, slopes, 2));
            let prelu = prelu(&x, &slopes);
            check_threads(&recorded(&prelu, 101), &prelu.parts.y, &[&x, &slopes]);
        }
    }
}
