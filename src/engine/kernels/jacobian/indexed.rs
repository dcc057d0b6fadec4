//! Layers that move or average values, as linear maps: each output is one input, or the mean of
//! several.

use std::cell::RefCell;
use std::rc::Rc;

use super::block::{Block, for_each_rows};
use super::map::LinearMap;
use crate::engine::EngineError;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::workspace::zeros;

/// Output `o` is the mean of the inputs `map[o · fan .. (o + 1) · fan]`.
pub struct Indexed {
    inputs: usize,
    outputs: usize,
    fan: usize,
    map: Map,
}

enum Map {
    /// One map for all samples.
    Fixed(Vec<u32>),
    /// The choice of the last forward pass: samples × outputs.
    Chosen(Rc<RefCell<Vec<u32>>>),
}

impl Indexed {
    /// Each output is one of the `inputs` values, by the indices in the sample's row of `chosen`:
    /// samples × outputs, as the last forward pass left it.
    pub fn chosen(inputs: usize, outputs: usize, chosen: Rc<RefCell<Vec<u32>>>) -> Indexed {
        Indexed { inputs, outputs, fan: 1, map: Map::Chosen(chosen) }
    }

    /// Output `o` is the mean of the inputs `source(o · fan) .. source((o + 1) · fan)`, for every
    /// sample.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn fixed(
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

    /// Calls `work` with the map, and whether it differs between samples.
    fn with_map(&self, work: impl FnOnce(&[u32], bool)) {
        match &self.map {
            Map::Fixed(map) => work(map, false),
            Map::Chosen(chosen) => work(&chosen.borrow(), true),
        }
    }
}

impl LinearMap for Indexed {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn multiply_adds(&self) -> usize {
        self.outputs * self.fan
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
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

    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
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
}
