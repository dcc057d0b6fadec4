//! Memory and order of work of a convolution, the same in both directions.
//!
//! Samples are cut into at most [`SHARDS`] runs. A shard walks over its samples in *tiles* whose patches stay in the
//! processor's cache: a few whole pictures, or a band of one. Patches lie in scratch that the thread finds warm; sums over the
//! minibatch are taken by each shard for itself and added up in the order of the shards.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use dfdx::tensor::CpuError;

use super::channels::{add_pixels, fold, repeat, tile_len};
use super::columns::Columns;
use super::math::vectorised;
use super::matmul::{Matrix, multiply_shard};
use super::threads::{Parts, Threads};
use crate::engine::EngineError;

/// Most shards of a minibatch.
const SHARDS: usize = 16;
/// Fewest shards that a long minibatch is cut into, however large the weight.
const FEWEST_SHARDS: usize = 4;
/// Values of all shards' weight gradients together, where [`FEWEST_SHARDS`] allow it.
const PARTIAL_VALUES: usize = 1 << 20;
/// Values of a tile's patches: 256 kB.
const TILE_VALUES: usize = 1 << 16;
/// Weight gradients are added up in pieces of so many values.
const PIECE: usize = 4096;

/// A part of the minibatch whose patches are in scratch at one time: some rows of the small picture, of several samples
/// only where these are all rows.
pub(super) struct Tile {
    pub(super) samples: Range<usize>,
    pub(super) rows: Range<usize>,
}

/// What a convolution needs beside its nodes.
pub(super) struct Workspace {
    pub(super) columns: Columns,
    /// Scratch for patches; each thread takes the first that is free. Contents never outlive a tile.
    scratch: Vec<Mutex<Vec<f32>>>,
    /// Each shard's gradient of the weight; empty until there is one.
    weight_sums: Mutex<Vec<f32>>,
    /// Each shard's gradient of the bias, a tile of channels; empty until there is one.
    bias_sums: Mutex<Vec<f64>>,
    /// The bias, repeated over a tile of channels.
    bias: Mutex<Vec<f32>>,
    weight_len: usize,
    shards: usize,
}

/// Each shard's own sums.
#[derive(Clone, Copy)]
pub(super) struct Sums<'a> {
    weight: Parts<'a>,
    bias: Parts<'a, f64>,
    weight_len: usize,
    bias_len: usize,
}

impl<'a> Sums<'a> {
    /// The weight's and the bias's.
    ///
    /// # Safety
    /// One call for each shard while its result lives.
    pub(super) unsafe fn shard(&self, shard: usize) -> (&'a mut [f32], &'a mut [f64]) {
        let weight = shard * self.weight_len..(shard + 1) * self.weight_len;
        let bias = shard * self.bias_len..(shard + 1) * self.bias_len;
        // SAFETY: shards do not overlap; the caller's promise.
        unsafe { (self.weight.part(weight), self.bias.part(bias)) }
    }
}

impl Workspace {
    /// Room for patches `columns`, a weight of `weight_len` values and a bias of `outputs` channels.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(super) fn new(columns: Columns, weight_len: usize, outputs: usize) -> Result<Workspace, EngineError> {
        let shards = (PARTIAL_VALUES / weight_len.max(1)).clamp(FEWEST_SHARDS, SHARDS);
        let band = columns.window().small.1 * columns.patch();
        let patches = TILE_VALUES.max(band);
        let scratch = (0..SHARDS)
            .map(|_| {
                // Reserved now, touched by the threads that use it.
                let mut values = Vec::new();
                values.try_reserve_exact(patches).map_err(|_| EngineError::OutOfMemory)?;
                Ok(Mutex::new(values))
            })
            .collect::<Result<Vec<_>, EngineError>>()?;
        Ok(Workspace {
            columns,
            scratch,
            // A network that is only used has no gradients.
            weight_sums: Mutex::default(),
            bias_sums: Mutex::default(),
            bias: Mutex::new(zeros(tile_len(outputs))?),
            weight_len,
            shards,
        })
    }

    /// How many samples a shard takes, and how many shards there are.
    pub(super) fn plan(&self, rows: usize) -> (usize, usize) {
        let size = rows.div_ceil(self.shards).max(1);
        (size, rows.div_ceil(size))
    }

    /// The tiles of some samples, in order.
    pub(super) fn tiles(&self, samples: Range<usize>) -> impl Iterator<Item = Tile> + use<> {
        let small = self.columns.window().small;
        let patch_row = (small.1 * self.columns.patch()).max(1);
        let pictures = (TILE_VALUES / (small.0 * patch_row).max(1)).max(1);
        let band = (TILE_VALUES / patch_row).clamp(1, small.0.max(1));
        let end = samples.end;
        samples.step_by(pictures).flat_map(move |first| {
            (0..small.0).step_by(band).map(move |row| Tile {
                samples: first..(first + pictures).min(end),
                rows: row..(row + band).min(small.0),
            })
        })
    }

    /// Runs `work` with scratch as long as the longest tile; what is in it is left over from elsewhere.
    pub(super) fn with_scratch(&self, work: impl FnOnce(&mut [f32])) {
        let free = self.scratch.iter().find_map(|scratch| match scratch.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let free = free.or_else(|| {
            let first = self.scratch.first()?;
            Some(lock(first))
        });
        if let Some(mut scratch) = free {
            let len = scratch.capacity();
            scratch.resize(len, 0.0);
            work(&mut scratch);
        }
    }

    /// The bias, repeated over a tile of channels.
    pub(super) fn repeated_bias(&self, bias: &[f32]) -> MutexGuard<'_, Vec<f32>> {
        let mut tile = lock(&self.bias);
        repeat(bias, &mut tile);
        tile
    }

    /// Where the tile's pixels lie among all pixels of small pictures.
    pub(super) fn small_pixels(&self, tile: &Tile) -> Range<usize> {
        let (positions, width) = (self.columns.positions(), self.columns.window().small.1);
        let start = tile.samples.start * positions + tile.rows.start * width;
        start..start + tile.samples.len() * tile.rows.len() * width
    }

    /// The patches of a tile of `pictures`, which begin with sample `first`: one a row of the result.
    pub(super) fn gather<'s>(
        &self,
        pictures: &[f32],
        first: usize,
        tile: &Tile,
        scratch: &'s mut [f32],
    ) -> Matrix<'s> {
        let positions = tile.rows.len() * self.columns.window().small.1;
        let (picture, patch) = (self.columns.picture(), self.columns.patch());
        for (index, sample) in tile.samples.clone().enumerate() {
            let from = &pictures[(sample - first) * picture..][..picture];
            let to = &mut scratch[index * positions * patch..][..positions * patch];
            self.columns.gather(from, tile.rows.clone(), to);
        }
        Matrix::new(scratch, tile.samples.len() * positions, patch)
    }

    /// Adds patches to the tile's `pictures`, which begin with sample `first`.
    pub(super) fn scatter(&self, scratch: &[f32], first: usize, tile: &Tile, pictures: &mut [f32]) {
        let positions = tile.rows.len() * self.columns.window().small.1;
        let (picture, patch) = (self.columns.picture(), self.columns.patch());
        for (index, sample) in tile.samples.clone().enumerate() {
            let to = &mut pictures[(sample - first) * picture..][..picture];
            let from = &scratch[index * positions * patch..][..positions * patch];
            self.columns.scatter(from, tile.rows.clone(), to);
        }
    }

    /// Lends every shard its sums to `work` and adds them up: into `dw` and `db`, over what is there where `adds` (for the
    /// weight, for the bias) says so.
    ///
    /// # Errors
    /// Out of memory, the first time.
    pub(super) fn with_sums(
        &self,
        threads: &Threads,
        shards: usize,
        (dw, db): (&mut [f32], &mut [f32]),
        adds: (bool, bool),
        work: impl FnOnce(Sums<'_>),
    ) -> Result<(), CpuError> {
        let (mut weight, mut bias) = (lock(&self.weight_sums), lock(&self.bias_sums));
        let bias_len = tile_len(db.len());
        lengthen(&mut weight, self.weight_len.saturating_mul(self.shards))?;
        lengthen(&mut bias, bias_len * self.shards)?;
        bias.fill(0.0);
        work(Sums {
            weight: Parts::new(&mut weight),
            bias: Parts::new(&mut bias),
            weight_len: self.weight_len,
            bias_len,
        });
        let (weight, len) = (&weight[..shards * self.weight_len], self.weight_len.max(1));
        threads.for_each_piece(dw, PIECE, weight.len(), |start, dw| {
            vectorised(
                #[inline(always)]
                || {
                    if !adds.0 {
                        dw.fill(0.0);
                    }
                    for sums in weight.chunks_exact(len) {
                        for (dw, sum) in dw.iter_mut().zip(&sums[start..]) {
                            *dw += sum;
                        }
                    }
                },
            );
        });
        let channels = db.len();
        for (channel, db) in db.iter_mut().enumerate() {
            let tiles = bias.chunks_exact(bias_len).take(shards);
            let sum = tiles.map(|tile| fold(tile, channels, channel)).sum::<f64>() as f32;
            *db = sum + if adds.1 { *db } else { 0.0 };
        }
        Ok(())
    }

    /// Memory it holds or has reserved, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let floats = self.scratch.iter().chain([&self.weight_sums, &self.bias]);
        let floats: usize = floats.map(|values| lock(values).capacity()).sum();
        4 * floats + 8 * lock(&self.bias_sums).capacity()
    }
}

fn lock<T>(values: &Mutex<T>) -> MutexGuard<'_, T> {
    // After a panic the contents are overwritten like any others.
    values.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `out = a · b`, or `out += a · b`, row by row, on this thread alone.
pub(super) fn product(out: &mut [f32], accumulate: bool, a: Matrix<'_>, b: Matrix<'_>, columns: usize) {
    // SAFETY: `out` is borrowed for this one call.
    unsafe { multiply_shard(&Parts::new(out), accumulate, a, b, columns, 0) };
}

/// Adds pixels to a shard's bias sums.
pub(super) fn add_to_bias(gradient: &[f32], sums: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || add_pixels(gradient, sums),
    );
}

/// Brings values to a length; nothing happens where they have it.
fn lengthen<T: Clone + Default>(values: &mut Vec<T>, len: usize) -> Result<(), CpuError> {
    let missing = len.saturating_sub(values.len());
    values.try_reserve_exact(missing).map_err(|_| CpuError::OutOfMemory)?;
    values.resize(len, T::default());
    Ok(())
}

/// `len` zeros.
///
/// # Errors
/// [`EngineError::OutOfMemory`].
pub(super) fn zeros<T: Clone + Default>(len: usize) -> Result<Vec<T>, EngineError> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| EngineError::OutOfMemory)?;
    values.resize(len, T::default());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Window;
    use crate::project::Padding;

    #[test]
    fn tiles_cover_every_row_once_and_fit_the_scratch() {
        for (side, channels) in [(1, 1), (4, 3), (28, 16), (40, 200), (9, 5000)] {
            let window = Window::over((side, side + 2), 1 + side % 3, 1, Padding::Same).expect("fits");
            let columns = Columns::new(window, channels);
            let space = Workspace::new(columns, columns.patch() * 8, 8).expect("small");
            let mut next = 3 * columns.positions();
            for tile in space.tiles(3..24) {
                let pixels = space.small_pixels(&tile);
                assert_eq!(pixels.start, next);
                next = pixels.end;
                space.with_scratch(|scratch| assert!(pixels.len() * columns.patch() <= scratch.len()));
            }
            assert_eq!(next, 24 * columns.positions(), "{side} {channels}");
        }
    }
}
