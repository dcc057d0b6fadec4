//! Layers that move values or average them, as linear maps: each value after them is the mean of some before, or of one.

use std::ops::Range;
use std::rc::Rc;

use super::stage::{Block, for_each_rows};
use crate::engine::EngineError;
use crate::engine::kernels::permute::{Order, Permute};
use crate::engine::kernels::pool::{Pool, PoolKind};
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::upsample::Upsample;
use crate::engine::kernels::workspace::zeros;

/// Value `o` after it is the mean of the values `map[o · fan .. (o + 1) · fan]` before it.
pub(super) struct Indexed {
    inputs: usize,
    outputs: usize,
    fan: usize,
    map: Map,
}

enum Map {
    /// The same for all samples.
    Fixed(Vec<u32>),
    /// Whatever was the largest in the last forward pass.
    Largest(Rc<Pool>),
}

impl Indexed {
    /// Pooling; the largest values are those of the last forward pass.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn pool(pool: &Rc<Pool>) -> Result<Indexed, EngineError> {
        let (inputs, outputs) = (pool.input().borrow().columns(), pool.output().borrow().columns());
        if pool.kind() == PoolKind::Max {
            return Ok(Indexed { inputs, outputs, fan: 1, map: Map::Largest(Rc::clone(pool)) });
        }
        let window = pool.window();
        let channels = inputs / (window.large.0 * window.large.1).max(1);
        let (kernel, stride) = (window.kernel, window.stride);
        let fan = kernel * kernel;
        Indexed::fixed(inputs, outputs, fan, |index| {
            let (output, at) = (index / fan, index % fan);
            let (channel, position) = (output % channels, output / channels);
            let row = position / window.small.1 * stride + at / kernel;
            let column = position % window.small.1 * stride + at % kernel;
            (row * window.large.1 + column) * channels + channel
        })
    }

    /// Nearest-neighbour upsampling.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn upsample(upsample: &Upsample) -> Result<Indexed, EngineError> {
        let (inputs, outputs) = (upsample.x.borrow().columns(), upsample.y.borrow().columns());
        let (sides, factor) = (upsample.sides, upsample.factor);
        let channels = inputs / (sides.0 * sides.1).max(1);
        Indexed::fixed(inputs, outputs, 1, |index| {
            let (channel, position) = (index % channels, index / channels);
            let (row, column) = (position / (sides.1 * factor), position % (sides.1 * factor));
            (row / factor * sides.1 + column / factor) * channels + channel
        })
    }

    /// A change of order.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn permute(permute: &Permute) -> Result<Indexed, EngineError> {
        let (pixels, channels) = (permute.pixels, permute.channels);
        let len = pixels * channels;
        Indexed::fixed(len, len, 1, |index| match permute.order {
            Order::ChannelsFirst => index % pixels * channels + index / pixels,
            Order::ChannelsLast => index % channels * pixels + index / channels,
        })
    }

    /// A part of `inputs` values, the others without influence.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn part(inputs: usize, range: Range<usize>) -> Result<Indexed, EngineError> {
        Indexed::fixed(inputs, range.len(), 1, |index| range.start + index)
    }

    fn fixed(
        inputs: usize,
        outputs: usize,
        fan: usize,
        source: impl Fn(usize) -> usize,
    ) -> Result<Indexed, EngineError> {
        let mut map = zeros::<u32>(outputs.saturating_mul(fan))?;
        map.iter_mut().enumerate().for_each(|(index, value)| *value = source(index) as u32);
        debug_assert!(map.iter().all(|&index| (index as usize) < inputs));
        Ok(Indexed { inputs, outputs, fan, map: Map::Fixed(map) })
    }

    pub fn inputs(&self) -> usize {
        self.inputs
    }

    pub fn outputs(&self) -> usize {
        self.outputs
    }

    pub fn multiply_adds(&self) -> usize {
        self.outputs * self.fan
    }

    pub fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.with_map(|map, per_sample| {
            let (inputs, outputs, fan) = (self.inputs, self.outputs, self.fan);
            let (share, flops) = (1.0 / fan as f32, 8 * block.rows() * outputs * fan);
            for_each_rows(threads, to, outputs, flops, |first, to| {
                for (row, to) in (first..).zip(to.chunks_exact_mut(outputs)) {
                    let map = &map[if per_sample { block.sample(row) * outputs } else { 0 }..];
                    let from = &from[row * inputs..(row + 1) * inputs];
                    for (to, sources) in to.iter_mut().zip(map.chunks_exact(fan)) {
                        *to = share * sources.iter().map(|&index| from[index as usize]).sum::<f32>();
                    }
                }
            });
        });
    }

    pub fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.with_map(|map, per_sample| {
            let (inputs, outputs, fan) = (self.inputs, self.outputs, self.fan);
            let (share, flops) = (1.0 / fan as f32, 8 * block.rows() * outputs * fan);
            for_each_rows(threads, to, inputs, flops, |first, to| {
                to.fill(0.0);
                for (row, to) in (first..).zip(to.chunks_exact_mut(inputs)) {
                    let map = &map[if per_sample { block.sample(row) * outputs } else { 0 }..];
                    let from = &from[row * outputs..(row + 1) * outputs];
                    for (from, sources) in from.iter().zip(map.chunks_exact(fan)) {
                        for &index in sources {
                            to[index as usize] += share * from;
                        }
                    }
                }
            });
        });
    }

    /// Calls `work` with the map, and whether it differs from sample to sample.
    fn with_map(&self, work: impl FnOnce(&[u32], bool)) {
        match &self.map {
            Map::Fixed(map) => work(map, false),
            Map::Largest(pool) => work(&pool.chosen(), true),
        }
    }
}
