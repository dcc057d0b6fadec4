//! The memory of a convolution, its order of computation and its products, in both directions.
//!
//! Samples are split into runs ([`Shards`]). A shard processes its samples in *tiles* whose patches
//! fit into the processor's cache: a few whole pictures, or a band of one. Patches are in scratch
//! that is still in the thread's cache; each shard sums over its own samples, and these sums are
//! added up in the order of the shards.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::columns::{Columns, Direction};
use super::math::vectorised;
use super::matmul::{Matrix, multiply_here};
use super::shards::Shards;
use super::threads::Threads;
use super::variable::TapeError;
use crate::check::sizes::{PATCH_VALUES, patch_values};
use crate::engine::EngineError;

/// Values of weight gradients that are added up at a time.
const PIECE: usize = 4096;

/// A part of the minibatch whose patches are in scratch at the same time: some rows of the small
/// picture; all rows, if of several samples.
pub(super) struct Tile {
    samples: Range<usize>,
    rows: Range<usize>,
    /// Whether it is the first of its shard.
    is_first: bool,
    /// Whether its pictures start with it.
    pub(super) starts_pictures: bool,
    /// Whether its pictures end with it.
    pub(super) ends_pictures: bool,
}

/// The memory of a convolution besides its nodes.
pub(super) struct Workspace {
    columns: Columns,
    /// Channels of the small picture.
    channels: usize,
    /// The shards; their scratch is for patches.
    shards: Shards,
}

impl Workspace {
    /// Memory for patches `columns` of a weight with `channels` rows, and for a bias of `outputs`
    /// channels.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(super) fn new(columns: Columns, channels: usize, outputs: usize) -> Result<Workspace, EngineError> {
        let weight_len = channels.saturating_mul(columns.patch());
        let patches = patch_values(columns.window().small.1 * columns.patch());
        let shards = Shards::new(weight_len, weight_len, patches, outputs)?;
        Ok(Workspace { columns, channels, shards })
    }

    /// Values per sample that a map in `direction` reads and writes.
    pub(super) fn sizes(&self, direction: Direction) -> (usize, usize) {
        direction.arrange(self.columns.picture(), self.columns.positions() * self.channels)
    }

    /// Multiply-adds of one sample's product with the weight.
    pub(super) fn multiply_adds(&self) -> usize {
        self.columns.positions() * self.weight_len()
    }

    /// The weight as a matrix: channels of the small picture × patch.
    pub(super) fn matrix<'w>(&self, weight: &'w [f32]) -> Matrix<'w> {
        Matrix::new(weight, self.channels, self.columns.patch())
    }

    /// The shards and their memory.
    pub(super) fn shards(&self) -> &Shards {
        &self.shards
    }

    /// Calls `work` once for each tile of the first `rows` samples, with scratch for its patches,
    /// which is not cleared. Tiles of the same samples run one after another on one thread.
    /// `products` is the number of products with the weight per tile.
    pub(super) fn for_each_tile(
        &self,
        threads: &Threads,
        rows: usize,
        products: usize,
        work: impl Fn(&Tile, &mut [f32]) + Sync,
    ) {
        let flops = products * 2 * rows * self.multiply_adds();
        self.shards.run(threads, rows, flops, |_, samples, scratch| {
            self.tiles(samples).for_each(|tile| work(&tile, scratch));
        });
    }

    /// [`for_each_tile`](Workspace::for_each_tile) for the gradients of weight and bias: `work`
    /// gets its shard's own sums of both, to which [`add_to_weight`](Workspace::add_to_weight) and
    /// [`add_pixels`](super::channels::add_pixels) add. At the end they are written to `dw` and `db`, or added according to
    /// `adds` (weight, bias).
    ///
    /// # Errors
    /// Out of memory, the first time.
    pub(super) fn sum_over_tiles(
        &self,
        threads: &Threads,
        (rows, products): (usize, usize),
        (dw, db): (&mut [f32], &mut [f32]),
        adds: (bool, bool),
        work: impl Fn(&Tile, &mut [f32], &mut [f32], &mut [f64]) + Sync,
    ) -> Result<(), TapeError> {
        let (weight_len, flops) = (self.weight_len(), products * 2 * rows * self.multiply_adds());
        let db = (db, adds.1);
        let mut sums = self.shards.sum(threads, (rows, flops), db, |samples, scratch, sums| {
            self.tiles(samples).for_each(|tile| work(&tile, scratch, sums.weight, sums.bias));
        })?;
        let weight = &*sums.values();
        threads.for_each_piece(dw, PIECE, 8 * weight.len(), |start, dw| {
            vectorised(
                #[inline(always)]
                || {
                    if !adds.0 {
                        dw.fill(0.0);
                    }
                    for sums in weight.chunks_exact(weight_len.max(1)) {
                        for (dw, sum) in dw.iter_mut().zip(&sums[start..]) {
                            *dw += sum;
                        }
                    }
                },
            );
        });
        Ok(())
    }

    /// Ranges of a tile's values that a map in `direction` reads and writes: only its own pixels of
    /// small pictures, but all of its large pictures.
    pub(super) fn ranges(&self, direction: Direction, tile: &Tile) -> (Range<usize>, Range<usize>) {
        let (positions, width) = (self.columns.positions(), self.columns.window().small.1);
        let start = tile.samples.start * positions + tile.rows.start * width;
        let end = start + self.pixels(tile);
        let small = start * self.channels..end * self.channels;
        let picture = self.columns.picture();
        let large = tile.samples.start * picture..tile.samples.end * picture;
        direction.arrange(large, small)
    }

    /// The patches of a tile's large `pictures`, one per row of the result.
    pub(super) fn gather<'s>(&self, tile: &Tile, pictures: &[f32], scratch: &'s mut [f32]) -> Matrix<'s> {
        let (picture, band) = (self.columns.picture(), self.band(tile));
        for index in 0..tile.samples.len() {
            let from = &pictures[index * picture..][..picture];
            self.columns.gather(from, tile.rows.clone(), &mut scratch[index * band..][..band]);
        }
        Matrix::new(scratch, self.pixels(tile), self.columns.patch())
    }

    /// `large += small W`, scattered over the tile's large pictures.
    pub(super) fn scatter_product(
        &self,
        tile: &Tile,
        small: &[f32],
        weight: Matrix<'_>,
        scratch: &mut [f32],
        large: &mut [f32],
    ) {
        multiply_here(scratch, false, self.pixel_rows(tile, small), weight);
        let (picture, band) = (self.columns.picture(), self.band(tile));
        for index in 0..tile.samples.len() {
            let to = &mut large[index * picture..][..picture];
            self.columns.scatter(&scratch[index * band..][..band], tile.rows.clone(), to);
        }
    }

    /// Adds a tile's part of the weight's gradient, `smallᵀ patches`, to its shard's sums.
    pub(super) fn add_to_weight(&self, tile: &Tile, small: &[f32], patches: Matrix<'_>, sums: &mut [f32]) {
        // The first tile overwrites the values of earlier steps.
        let small = self.pixel_rows(tile, small).transposed();
        multiply_here(sums, !tile.is_first, small, patches);
    }

    /// Memory it holds or has reserved, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.shards.bytes()
    }

    fn weight_len(&self) -> usize {
        self.channels * self.columns.patch()
    }

    /// The tiles of a shard's samples, in order.
    fn tiles(&self, samples: Range<usize>) -> impl Iterator<Item = Tile> + use<> {
        let small = self.columns.window().small;
        let patch_row = (small.1 * self.columns.patch()).max(1);
        let pictures = (PATCH_VALUES / (small.0 * patch_row).max(1)).max(1);
        let band = (PATCH_VALUES / patch_row).clamp(1, small.0.max(1));
        let Range { start, end } = samples;
        samples.step_by(pictures).flat_map(move |first| {
            (0..small.0).step_by(band).map(move |row| Tile {
                samples: first..(first + pictures).min(end),
                rows: row..(row + band).min(small.0),
                is_first: first == start && row == 0,
                starts_pictures: row == 0,
                ends_pictures: row + band >= small.0,
            })
        })
    }

    /// Pixels of the tile's small pictures.
    fn pixels(&self, tile: &Tile) -> usize {
        tile.samples.len() * tile.rows.len() * self.columns.window().small.1
    }

    /// Values of one sample's patches in the tile.
    fn band(&self, tile: &Tile) -> usize {
        tile.rows.len() * self.columns.window().small.1 * self.columns.patch()
    }

    /// The tile's pixels of small pictures, one per row.
    fn pixel_rows<'v>(&self, tile: &Tile, small: &'v [f32]) -> Matrix<'v> {
        Matrix::new(small, self.pixels(tile), self.channels)
    }
}

pub(super) fn lock<T>(values: &Mutex<T>) -> MutexGuard<'_, T> {
    // After a panic the contents are overwritten like any others.
    values.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Resizes `values` if its length differs.
pub(super) fn lengthen<T: Clone + Default>(values: &mut Vec<T>, len: usize) -> Result<(), TapeError> {
    let missing = len.saturating_sub(values.len());
    values.try_reserve_exact(missing).map_err(|_| TapeError::OutOfMemory)?;
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
            let space = Workspace::new(columns, 8, 8).expect("small");
            let mut next = 3 * columns.positions() * 8;
            for tile in space.tiles(3..24) {
                let (pictures, pixels) = space.ranges(Direction::Down, &tile);
                assert_eq!(pixels.start, next);
                assert_eq!(tile.is_first, next == 3 * columns.positions() * 8);
                assert_eq!(tile.starts_pictures, next.is_multiple_of(columns.positions() * 8));
                next = pixels.end;
                assert_eq!(tile.ends_pictures, next.is_multiple_of(columns.positions() * 8));
                assert!(pictures.start * columns.positions() * 8 <= pixels.start * columns.picture());
                assert!(pictures.end * columns.positions() * 8 >= pixels.end * columns.picture());
                let scratch = patch_values(columns.window().small.1 * columns.patch());
                assert!(pixels.len() / 8 * columns.patch() <= scratch);
            }
            assert_eq!(next, 24 * columns.positions() * 8, "{side} {channels}");
        }
    }
}
