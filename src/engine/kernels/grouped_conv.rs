//! Convolutions, and transposed ones, with groups of channels or a dilated kernel: `PyTorch`'s
//! `Conv2d` and `ConvTranspose2d` with `groups` or `dilation` above 1. Each group of input channels
//! affects only its own group of output channels; with as many groups as channels (a depthwise
//! convolution) each channel has its own kernel.
//!
//! Ordinary convolutions use [`Conv`](super::conv::Conv), which is faster.

mod geometry;

use std::cell::RefCell;
use std::rc::Rc;

pub use geometry::Geometry;

use super::channels::{activate, add_pixels, fold, repeat, through_activation, tile_len};
use super::columns::Direction;
use super::jacobian::{Block, Chain, LinearMap};
use super::operation::Operation;
use super::pass::Pass;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use super::workspace::zeros;
use crate::check::Window;
use crate::check::sizes::convolution_shards;
use crate::engine::EngineError;
use crate::project::Activation;

/// One such convolution. Pictures are height × width × channels.
pub struct GroupedConv {
    parts: GroupedConvParts,
    geometry: Geometry,
    /// The sums before the activation, kept where the derivative needs them.
    sums: Option<Node>,
    shards: usize,
    /// Memory of each shard for patches and a group's pixels.
    scratch: RefCell<Vec<f32>>,
    /// The weight in the layout of the loops.
    weights: RefCell<Vec<f32>>,
    /// The bias, repeated over a tile of channels.
    bias_tile: RefCell<Vec<f32>>,
    /// Each shard's gradient of the weight; empty until it is needed.
    weight_sums: RefCell<Vec<f32>>,
    /// Each shard's gradient of the bias, a tile of channels; empty until it is needed.
    bias_sums: RefCell<Vec<f64>>,
}

/// The parts of such a convolution: those of [`ConvParts`](super::conv::ConvParts) with another
/// shape of the weight.
pub struct GroupedConvParts {
    /// Input: rows × (height · width · input channels).
    pub x: Node,
    /// Weight: channels of the small picture × (kernel · kernel · channels of one group of the
    /// large picture), in (row, column, channel) order.
    pub weight: Node,
    /// Bias: 1 × output channels.
    pub bias: Node,
    /// Output: rows × (height · width · output channels).
    pub y: Node,
    /// Positions of the kernel on the picture.
    pub window: Window,
    /// Groups of channels.
    pub groups: usize,
    /// Whether it is a convolution or a transposed one.
    pub direction: Direction,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

impl GroupedConv {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: GroupedConvParts) -> Result<Rc<GroupedConv>, EngineError> {
        let sums = if parts.activation.needs_sums() { Some(Variable::zeros_like(&parts.y)?) } else { None };
        let (len, patch) = (parts.weight.borrow().values().len(), parts.weight.borrow().columns());
        let taps = parts.window.kernel * parts.window.kernel;
        let (small, large) = (len / patch.max(1), patch / taps.max(1) * parts.groups);
        let geometry = Geometry { window: parts.window, groups: parts.groups, large, small };
        let shards = convolution_shards(len);
        let bias_tile = RefCell::new(zeros(tile_len(parts.bias.borrow().columns()))?);
        Ok(Rc::new(GroupedConv {
            geometry,
            sums,
            shards,
            scratch: RefCell::new(zeros(shards.saturating_mul(geometry.scratch_len()))?),
            weights: RefCell::new(zeros(len)?),
            bias_tile,
            // A network used for inference only has no gradients.
            weight_sums: RefCell::default(),
            bias_sums: RefCell::default(),
            parts,
        }))
    }

    /// Samples per shard, and number of shards.
    fn plan(&self, rows: usize) -> (usize, usize) {
        let size = rows.div_ceil(self.shards).max(1);
        (size, rows.div_ceil(size))
    }

    /// Calls `work` once for each of the first `rows` samples, with the number of its shard and the
    /// shard's scratch; samples of a shard run one after another.
    fn for_each_sample(
        &self,
        threads: &Threads,
        (rows, products): (usize, usize),
        work: impl Fn(usize, usize, &mut [f32]) + Sync,
    ) {
        let (size, shards) = self.plan(rows);
        let len = self.geometry.scratch_len();
        let mut scratch = self.scratch.borrow_mut();
        let scratch = Parts::new(&mut scratch[..]);
        threads.run(shards, products * 2 * rows * self.geometry.multiply_adds(), &|shard| {
            // SAFETY: each shard runs once and has scratch of its own.
            let scratch = unsafe { scratch.part(shard * len..(shard + 1) * len) };
            for sample in shard_range(shard, size, rows) {
                work(sample, shard, scratch);
            }
        });
    }

    /// The product of the weight with the first `rows` rows of `from`, in either direction;
    /// `finish` gets the number of each sample and its values.
    fn multiply(
        &self,
        direction: Direction,
        rows: usize,
        (from, to): (&[f32], &mut [f32]),
        threads: &Threads,
        finish: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        let geometry = &self.geometry;
        let (inputs, outputs) = geometry.sizes(direction);
        geometry.lay_out(self.parts.weight.borrow().values(), &mut self.weights.borrow_mut());
        let (weights, to) = (self.weights.borrow(), Parts::new(to));
        let weights = &**weights;
        self.for_each_sample(threads, (rows, 1), |sample, _, scratch| {
            let from = &from[sample * inputs..(sample + 1) * inputs];
            // SAFETY: samples do not overlap, and `to` is borrowed until all are done.
            let to = unsafe { to.part(sample * outputs..(sample + 1) * outputs) };
            to.fill(0.0);
            match direction {
                Direction::Down => geometry.shrink(weights, from, to, scratch),
                Direction::Up => geometry.enlarge(weights, from, to, scratch),
            }
            finish(sample, to);
        });
    }

    /// Adds up each shard's gradient of the weight, in the order of the shards.
    fn collect_weight(&self, rows: usize, dw: &mut [f32], adds: bool) {
        let sums = self.weight_sums.borrow();
        if !adds {
            dw.fill(0.0);
        }
        let (_, shards) = self.plan(rows);
        for sums in sums.chunks_exact(dw.len().max(1)).take(shards) {
            self.geometry.add_laid_out(sums, dw);
        }
    }
}

impl Operation for GroupedConv {
    fn compute(&self, pass: &Pass) {
        let parts = &self.parts;
        let (x, mut y) = (parts.x.borrow(), parts.y.borrow_mut());
        let mut sums = self.sums.as_ref().map(|sums| sums.borrow_mut());
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        repeat(parts.bias.borrow().values(), &mut self.bias_tile.borrow_mut());
        let (bias, activation) = (self.bias_tile.borrow(), parts.activation);
        let bias = &**bias;
        let pictures = (x.values(), y.values_mut());
        self.multiply(parts.direction, pass.rows, pictures, &pass.threads, |sample, y| {
            let own = sample * y.len()..(sample + 1) * y.len();
            // SAFETY: samples do not overlap, and `sums` is borrowed until all are done.
            let sums = sums.map(|sums| unsafe { sums.part(own) });
            activate(activation, bias, y, sums);
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (parts, geometry) = (&self.parts, &self.geometry);
        let (x, weight, bias) = (parts.x.borrow(), parts.weight.borrow(), parts.bias.borrow());
        let (y, direction, wants_dx) = (parts.y.borrow(), parts.direction, parts.wants_input_gradient);
        let [dx, dw, db, dy] = if wants_dx {
            gradients(grads, [&x, &weight, &bias, &y])?
        } else {
            let [dw, db, dy] = gradients(grads, [&weight, &bias, &y])?;
            [&mut [], dw, db, dy]
        };
        let dx_adds = wants_dx && x.claim_gradient() == Write::Add;
        let (dw_adds, db_adds) = (weight.claim_gradient() == Write::Add, bias.claim_gradient() == Write::Add);
        let sums = self.sums.as_ref().map(|sums| sums.borrow());
        let (y, pre, x) = (y.values(), sums.as_ref().map(|sums| sums.values()), x.values());
        geometry.lay_out(weight.values(), &mut self.weights.borrow_mut());
        let (weights, tile) = (self.weights.borrow(), tile_len(db.len()));
        let (mut weight_sums, mut bias_sums) = (self.weight_sums.borrow_mut(), self.bias_sums.borrow_mut());
        let len = dw.len();
        cleared(&mut weight_sums, len.saturating_mul(self.shards))?;
        cleared(&mut bias_sums, tile.saturating_mul(self.shards))?;
        let ((inputs, outputs), activation) = (geometry.sizes(direction), parts.activation);
        {
            let (dws, dbs) = (Parts::new(&mut weight_sums[..]), Parts::new(&mut bias_sums[..]));
            let (dx, dy, weights) = (Parts::new(dx), Parts::new(dy), &**weights);
            self.for_each_sample(&pass.threads, (pass.rows, 2), |sample, shard, scratch| {
                let (before, after) =
                    (sample * inputs..(sample + 1) * inputs, sample * outputs..(sample + 1) * outputs);
                // SAFETY: samples do not overlap, and the gradient is borrowed until all are done.
                let dy = unsafe { dy.part(after.clone()) };
                // SAFETY: a shard runs once, its samples one after another, and these sums belong
                // to it.
                let dw = unsafe { dws.part(shard * len..(shard + 1) * len) };
                // SAFETY: as above.
                let db = unsafe { dbs.part(shard * tile..(shard + 1) * tile) };
                through_activation(activation, y, pre, after, dy);
                add_pixels(dy, db);
                let (large, small) = direction.arrange(&x[before.clone()], &*dy);
                geometry.add_to_weight(large, small, dw, scratch);
                if wants_dx {
                    // SAFETY: as above.
                    let dx = unsafe { dx.part(before) };
                    if !dx_adds {
                        dx.fill(0.0);
                    }
                    match direction {
                        Direction::Down => geometry.enlarge(weights, dy, dx, scratch),
                        Direction::Up => geometry.shrink(weights, dy, dx, scratch),
                    }
                }
            });
        }
        drop(weight_sums);
        self.collect_weight(pass.rows, dw, dw_adds);
        let (channels, (_, shards)) = (db.len(), self.plan(pass.rows));
        for (channel, db) in db.iter_mut().enumerate() {
            let tiles = bias_sums.chunks_exact(tile).take(shards);
            let sum = tiles.map(|tile| fold(tile, channels, channel)).sum::<f64>() as f32;
            *db = sum + if db_adds { *db } else { 0.0 };
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
        chain.push_shared(Rc::<GroupedConv>::clone(&self));
        chain.push_slope(self.parts.activation, &self.parts.y, self.sums.as_ref())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let floats = [&self.scratch, &self.weights, &self.bias_tile, &self.weight_sums];
        let floats: usize = floats.into_iter().map(|values| values.borrow().len()).sum();
        let sums = self.sums.as_ref().map_or(0, |sums| sums.borrow().values().len());
        4 * (floats + sums) + 8 * self.bias_sums.borrow().len()
    }
}

/// Its linear part without the bias, equal for all samples.
impl LinearMap for GroupedConv {
    fn inputs(&self) -> usize {
        self.geometry.sizes(self.parts.direction).0
    }

    fn outputs(&self) -> usize {
        self.geometry.sizes(self.parts.direction).1
    }

    fn multiply_adds(&self) -> usize {
        self.geometry.multiply_adds()
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.multiply(self.parts.direction, block.rows(), (from, to), threads, |_, _| {});
    }

    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.multiply(self.parts.direction.reversed(), block.rows(), (from, to), threads, |_, _| {});
    }

    fn sources(&self) -> Vec<Node> {
        vec![Rc::clone(&self.parts.weight)]
    }

    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dw] = gradients(grads, [&self.parts.weight.borrow()])?;
        let (geometry, direction, len) = (&self.geometry, self.parts.direction, dw.len());
        let (inputs, outputs) = geometry.sizes(direction);
        let mut sums = self.weight_sums.borrow_mut();
        cleared(&mut sums, len.saturating_mul(self.shards))?;
        {
            let sums = Parts::new(&mut sums[..]);
            self.for_each_sample(threads, (block.rows(), 1), |row, shard, scratch| {
                // SAFETY: a shard runs once, its rows one after another, and these sums belong to
                // it.
                let dw = unsafe { sums.part(shard * len..(shard + 1) * len) };
                let (t, s) = (&t[row * inputs..(row + 1) * inputs], &s[row * outputs..(row + 1) * outputs]);
                let (large, small) = direction.arrange(t, s);
                geometry.add_to_weight(large, small, dw, scratch);
            });
        }
        drop(sums);
        self.collect_weight(block.rows(), dw, true);
        Ok(())
    }
}

/// Resizes and zeroes `values`.
fn cleared<T: Clone + Default>(values: &mut Vec<T>, len: usize) -> Result<(), TapeError> {
    values.clear();
    values.try_reserve_exact(len).map_err(|_| TapeError::OutOfMemory)?;
    values.resize(len, T::default());
    Ok(())
}

#[cfg(test)]
mod tests;
