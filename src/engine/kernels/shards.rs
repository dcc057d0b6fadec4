//! How the work of a convolution is split: runs of samples, scratch for each thread, and separate
//! sums for the gradients of each shard, which are added up in the order of the shards.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::channels::{fold, repeat, tile_len};
use super::threads::{Parts, Threads, current_thread, shard_range};
use super::variable::TapeError;
use super::workspace::{lengthen, lock, zeros};
use crate::check::sizes::{CONVOLUTION_SHARDS, convolution_shards};
use crate::engine::EngineError;

/// The shards of one convolution, with their memory.
pub(super) struct Shards {
    /// Maximum number of shards.
    count: usize,
    /// Values in a shard's gradient of the weight.
    sums_len: usize,
    scratch_len: usize,
    /// Each thread takes its own, or another that is free. Contents are left over from earlier use.
    scratch: Vec<Mutex<Vec<f32>>>,
    /// Each shard's gradient of the weight; empty until it is needed.
    weight_sums: Mutex<Vec<f32>>,
    /// Each shard's gradient of the bias, a tile of channels; empty until it is needed.
    bias_sums: Mutex<Vec<f64>>,
    /// The bias, repeated over a tile of channels.
    bias: Mutex<Vec<f32>>,
}

/// The sums that a shard adds to.
pub(super) struct Sums<'a> {
    /// The gradient of the weight.
    pub(super) weight: &'a mut [f32],
    /// The gradient of the bias, a tile of channels.
    pub(super) bias: &'a mut [f64],
}

impl Shards {
    /// Memory for a weight with this many values, of which a shard sums up `sums_len`, with scratch
    /// and a bias of `outputs` channels.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(super) fn new(
        weight_len: usize,
        sums_len: usize,
        scratch_len: usize,
        outputs: usize,
    ) -> Result<Shards, EngineError> {
        let scratch = (0..CONVOLUTION_SHARDS)
            .map(|_| {
                // Reserved now, first touched by the threads that use it.
                let mut values = Vec::new();
                values.try_reserve_exact(scratch_len).map_err(|_| EngineError::OutOfMemory)?;
                Ok(Mutex::new(values))
            })
            .collect::<Result<Vec<_>, EngineError>>()?;
        Ok(Shards {
            count: convolution_shards(weight_len),
            sums_len,
            scratch_len,
            scratch,
            // A network used for inference only has no gradients.
            weight_sums: Mutex::default(),
            bias_sums: Mutex::default(),
            bias: Mutex::new(zeros(tile_len(outputs))?),
        })
    }

    /// The bias, repeated over a tile of channels.
    pub(super) fn repeated_bias(&self, bias: &[f32]) -> MutexGuard<'_, Vec<f32>> {
        let mut tile = lock(&self.bias);
        repeat(bias, &mut tile);
        tile
    }

    /// Calls `work` once for each shard of `rows` samples, with its number, its samples and
    /// scratch.
    pub(super) fn run(
        &self,
        threads: &Threads,
        rows: usize,
        flops: usize,
        work: impl Fn(usize, Range<usize>, &mut [f32]) + Sync,
    ) {
        let (size, shards) = self.plan(rows);
        threads.run(shards, flops, &|shard| {
            self.with_scratch(|scratch| work(shard, shard_range(shard, size, rows), scratch));
        });
    }

    /// [`run`](Shards::run) for gradients: `work` gets its shard's own sums; those of the weight
    /// are not reset. At the end those of the bias are written to `db`, or added if `adds`; the
    /// result holds those of the weight, shard by shard.
    ///
    /// # Errors
    /// Out of memory, the first time.
    pub(super) fn sum(
        &self,
        threads: &Threads,
        (rows, flops): (usize, usize),
        (db, adds): (&mut [f32], bool),
        work: impl Fn(Range<usize>, &mut [f32], Sums<'_>) + Sync,
    ) -> Result<WeightSums<'_>, TapeError> {
        let (mut weight, mut bias) = (lock(&self.weight_sums), lock(&self.bias_sums));
        let (weight_len, bias_len) = (self.sums_len, tile_len(db.len()));
        lengthen(&mut weight, weight_len.saturating_mul(self.count))?;
        lengthen(&mut bias, bias_len * self.count)?;
        bias.fill(0.0);
        let (weights, biases) = (Parts::new(&mut weight[..]), Parts::new(&mut bias[..]));
        self.run(threads, rows, flops, |shard, samples, scratch| {
            let own = |len: usize| shard * len..(shard + 1) * len;
            // SAFETY: a shard runs once, and these sums belong to it.
            let (weight, bias) = unsafe { (weights.part(own(weight_len)), biases.part(own(bias_len))) };
            work(samples, scratch, Sums { weight, bias });
        });
        let (_, shards) = self.plan(rows);
        let channels = db.len();
        for (channel, db) in db.iter_mut().enumerate() {
            let tiles = bias.chunks_exact(bias_len).take(shards);
            let sum = tiles.map(|tile| fold(tile, channels, channel)).sum::<f64>() as f32;
            *db = sum + if adds { *db } else { 0.0 };
        }
        Ok(WeightSums { values: weight, len: shards * weight_len })
    }

    /// Memory it holds or has reserved, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let floats = self.scratch.iter().chain([&self.weight_sums, &self.bias]);
        let floats: usize = floats.map(|values| lock(values).capacity()).sum();
        4 * floats + 8 * lock(&self.bias_sums).capacity()
    }

    /// Samples per shard, and number of shards.
    fn plan(&self, rows: usize) -> (usize, usize) {
        let size = rows.div_ceil(self.count).max(1);
        (size, rows.div_ceil(size))
    }

    fn with_scratch(&self, work: impl FnOnce(&mut [f32])) {
        // Preferably what this thread used last: it may still be in its cache.
        let (others, from_own) = self.scratch.split_at(current_thread().min(self.scratch.len()));
        let free = from_own.iter().chain(others).find_map(|scratch| match scratch.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        if let Some(mut scratch) = free.or_else(|| self.scratch.first().map(lock)) {
            scratch.resize(self.scratch_len, 0.0);
            work(&mut scratch);
        }
    }
}

/// Each shard's gradient of the weight.
pub(super) struct WeightSums<'a> {
    values: MutexGuard<'a, Vec<f32>>,
    len: usize,
}

impl WeightSums<'_> {
    /// The sums of the shards in use, one after another.
    pub(super) fn values(&mut self) -> &mut [f32] {
        &mut self.values[..self.len]
    }
}
