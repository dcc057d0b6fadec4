//! Convolutions without columns: every product reads the values of its patches where they lie in the
//! picture, so that nothing is copied but a frame of zeros, and only where the window reaches over the edge.
//!
//! A pixel of the small picture sums over `kernel` rows of the large one, each a run of `kernel · channels`
//! values that lie side by side. A pixel of the large picture sums over the pixels of the small one whose
//! windows lie on it; which of the kernel's weights these are depends on its row and column modulo the
//! stride, its *phase*, so there is one product for each phase. The gradient of a weight sums over the
//! pixels of the small picture. The weights are put in the order of the product once a pass.

mod block;
mod frame;
mod pack;

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, TryLockError};

use block::{Outer, PANEL, Places, Table, Walk};
use frame::Frame;
pub(super) use frame::Framed;

use super::channels::{fold, repeat, tile_len};
use super::columns::Direction;
use super::math::vectorised;
use super::threads::{Parts, Threads, shard_range};
use super::variable::TapeError;
use super::workspace::{lengthen, lock, zeros};
use crate::check::Window;
use crate::check::sizes::{CONVOLUTION_SHARDS, DIRECT_COLUMNS, DirectSizes, convolution_shards};
use crate::engine::EngineError;

/// Weight gradients are added up in so many rows at a time.
const SUM_ROWS: usize = 64;
/// Values that the gradient of a weight reads at a time, about, unless that were fewer than
/// [`LEAST_OUTER`] pixels.
const OUTER_VALUES: usize = 1 << 13;
/// Pixels that the gradient of a weight sums over at a time, at least, where there are so many.
const LEAST_OUTER: usize = 64;

/// Samples whose pictures are worked on at one time, so that they stay in the cache.
pub(super) struct Tile {
    samples: Range<usize>,
    shard: usize,
    /// Whether it is the first of its shard.
    is_first: bool,
}

/// Pixels of the large picture that the same part of the kernel lies on.
struct Phase {
    table: Table,
    walk: Walk,
    /// First row and column of the kernel.
    first: (usize, usize),
    /// Rows and columns of the kernel, `stride` apart.
    taps: (usize, usize),
    /// Where its weights begin among the panels.
    start: usize,
}

/// A convolution's memory and order of work.
pub(super) struct Direct {
    window: Window,
    /// Channels of the large picture and of the small one.
    channels: (usize, usize),
    large: Frame,
    small: Frame,
    /// From the frame of the large picture to pixels of the small one.
    down: Table,
    /// From the frame of the small picture to pixels of the large one.
    up: Vec<Phase>,
    /// Where the values of a patch lie in the frame of the large picture.
    patch: Table,
    sizes: DirectSizes,
    shards: usize,
    /// Weights in the order of the product under way.
    panels: Mutex<Vec<f32>>,
    /// Scratch for frames; each thread takes the first that is free. Contents never outlive a tile.
    scratch: Vec<Mutex<Vec<f32>>>,
    /// Each shard's gradient of the weight, patch × channels; empty until there is one.
    weight_sums: Mutex<Vec<f32>>,
    /// Each shard's gradient of the bias, a tile of channels; empty until there is one.
    bias_sums: Mutex<Vec<f64>>,
    /// The bias, repeated over a tile of channels.
    bias: Mutex<Vec<f32>>,
}

impl Direct {
    /// Room for a kernel between pictures of so many channels, the large one's and the small one's, with
    /// a bias of `outputs` channels; `None` where a sample would take too much scratch.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(super) fn new(
        window: Window,
        channels: (usize, usize),
        outputs: usize,
    ) -> Result<Option<Direct>, EngineError> {
        let Some(sizes) = DirectSizes::of(window, channels.0, channels.1) else { return Ok(None) };
        let Window { large, small, kernel, stride, before, dilation: _ } = window;
        let frame = |(rows, columns), channels, (before, left), (height, width)| Frame {
            rows,
            columns,
            channels,
            before,
            left,
            height,
            width,
        };
        let large = frame(large, channels.0, before, sizes.large);
        let small = frame(small, channels.1, (sizes.zeros, sizes.zeros), sizes.small);
        let scratch = (0..CONVOLUTION_SHARDS)
            .map(|_| {
                // Reserved now, touched by the threads that use it.
                let mut values = Vec::new();
                values.try_reserve_exact(sizes.scratch).map_err(|_| EngineError::OutOfMemory)?;
                Ok(Mutex::new(values))
            })
            .collect::<Result<Vec<_>, EngineError>>()?;
        let mut direct = Direct {
            window,
            channels,
            large,
            small,
            down: Table::default(),
            up: Vec::new(),
            patch: Table::default(),
            shards: convolution_shards(kernel * kernel * channels.0 * channels.1),
            panels: Mutex::new(zeros(sizes.panels)?),
            scratch,
            weight_sums: Mutex::default(),
            bias_sums: Mutex::default(),
            bias: Mutex::new(zeros(tile_len(outputs))?),
            sizes,
        };
        let row = large.width * large.channels;
        direct.down.reserve(small.rows * small.columns).map_err(|_| EngineError::OutOfMemory)?;
        for r in 0..small.rows {
            for c in 0..small.columns {
                let to = (r * small.columns + c) * small.channels;
                direct.down.push(r * stride * row + c * stride * large.channels, to);
            }
        }
        direct.patch.reserve(kernel * kernel * large.channels).map_err(|_| EngineError::OutOfMemory)?;
        for i in 0..kernel {
            for value in 0..kernel * large.channels {
                direct.patch.push(i * row + value, 0);
            }
        }
        if let Some(blocks) = sizes.blocks {
            let phase = direct.blocks(blocks)?;
            direct.up.push(phase);
            return Ok(Some(direct));
        }
        let mut start = 0;
        for phase in 0..stride * stride {
            let phase = direct.phase((phase / stride, phase % stride), start)?;
            start += large.channels.next_multiple_of(PANEL) * phase.walk.steps();
            direct.up.push(phase);
        }
        Ok(Some(direct))
    }

    fn phase(&self, first: (usize, usize), start: usize) -> Result<Phase, EngineError> {
        let (Window { kernel, stride, before, .. }, Frame { rows, columns, channels, .. }) =
            (self.window, self.large);
        let taps = |first: usize| kernel.saturating_sub(first).div_ceil(stride);
        let taps = (taps(first.0), taps(first.1));
        let row = self.small.width * self.small.channels;
        let mut table = Table::default();
        table
            .reserve(rows.div_ceil(stride) * columns.div_ceil(stride))
            .map_err(|_| EngineError::OutOfMemory)?;
        // The first row of the small picture whose window lies on a row of the large one: the last, less
        // the taps before it.
        let start_of = |at: usize, before: usize, taps: usize| {
            (at + before) / stride + 1 + self.sizes.zeros - taps.max(1)
        };
        for y in (0..rows).filter(|y| (y + before.0) % stride == first.0) {
            for x in (0..columns).filter(|x| (x + before.1) % stride == first.1) {
                let from =
                    start_of(y, before.0, taps.0) * row + start_of(x, before.1, taps.1) * self.small.channels;
                table.push(from, (y * columns + x) * channels);
            }
        }
        let len = taps.1 * self.small.channels;
        let walk = Walk { outers: 1, outer_stride: 0, runs: taps.0, run_stride: row, len, step: 1 };
        Ok(Phase { table, walk, first, taps, start })
    }

    /// All phases at once: places are blocks of `stride` × `stride` pixels of the large picture.
    fn blocks(&self, (rows, columns): (usize, usize)) -> Result<Phase, EngineError> {
        let Window { stride, before, .. } = self.window;
        let (row, channels) = (self.small.width * self.small.channels, self.small.channels);
        let mut table = Table::default();
        table.reserve(rows * columns).map_err(|_| EngineError::OutOfMemory)?;
        for r in 0..rows {
            for c in 0..columns {
                let from = (r + before.0 / stride) * row + (c + before.1 / stride) * channels;
                table.push(from, (r * columns + c) * self.block_len());
            }
        }
        let taps = self.sizes.zeros + 1;
        let walk =
            Walk { outers: 1, outer_stride: 0, runs: taps, run_stride: row, len: taps * channels, step: 1 };
        Ok(Phase { table, walk, first: (0, 0), taps: (taps, taps), start: 0 })
    }

    /// Values of a block of pixels of the large picture.
    fn block_len(&self) -> usize {
        self.window.stride * self.window.stride * self.channels.0
    }

    /// Puts computed blocks where they belong in one large picture.
    fn place(&self, (rows, columns): (usize, usize), blocks: &[f32], adds: bool, large: &mut [f32]) {
        let Window { stride, before, .. } = self.window;
        let (channels, width) = (self.channels.0, self.large.columns * self.channels.0);
        let run = stride * channels;
        for r in 0..rows {
            for i in 0..stride {
                let y = (r + before.0 / stride) * stride + i;
                let Some(y) = y.checked_sub(before.0).filter(|y| *y < self.large.rows) else { continue };
                let to = &mut large[y * width..(y + 1) * width];
                // The blocks of a row lie side by side; the first and the last may reach over the edges.
                let cut = before.1 % stride * channels;
                for c in 0..columns {
                    let from = &blocks[(r * columns + c) * self.block_len() + i * run..][..run];
                    let (start, skipped) = if c == 0 { (0, cut) } else { (c * run - cut, 0) };
                    let end = (start + run - skipped).min(width);
                    if start >= end {
                        continue;
                    }
                    let from = &from[skipped..skipped + end - start];
                    if adds {
                        to[start..end].iter_mut().zip(from).for_each(|(to, from)| *to += from);
                    } else {
                        to[start..end].copy_from_slice(from);
                    }
                }
            }
        }
    }

    /// Values of one sample that a map in `direction` reads, and that it writes.
    pub(super) fn sizes(&self, direction: Direction) -> (usize, usize) {
        let values = |frame: Frame| frame.rows * frame.columns * frame.channels;
        direction.arrange(values(self.large), values(self.small))
    }

    /// Multiply-adds of one sample's product with the weight.
    pub(super) fn multiply_adds(&self) -> usize {
        self.small.rows * self.small.columns * self.weight_len()
    }

    /// The bias, repeated over a tile of channels.
    pub(super) fn repeated_bias(&self, bias: &[f32]) -> MutexGuard<'_, Vec<f32>> {
        let mut tile = lock(&self.bias);
        repeat(bias, &mut tile);
        tile
    }

    /// Calls `work` once for each tile of the first `rows` samples, with scratch for its frames.
    /// `products` says how many products with the weight a tile takes.
    pub(super) fn for_each_tile(
        &self,
        threads: &Threads,
        rows: usize,
        products: usize,
        work: impl Fn(&Tile, &mut [f32]) + Sync,
    ) {
        let (size, shards) = self.plan(rows);
        threads.run(shards, products * 2 * rows * self.multiply_adds(), &|shard| {
            let Range { start, end } = shard_range(shard, size, rows);
            self.with_scratch(|scratch| {
                for first in (start..end).step_by(self.sizes.pictures) {
                    let samples = first..(first + self.sizes.pictures).min(end);
                    work(&Tile { samples, shard, is_first: first == start }, scratch);
                }
            });
        });
    }

    /// As [`for_each_tile`](Direct::for_each_tile), for the gradients of weight and bias: `work` gets its
    /// shard's own sums of both. In the end they are written to `dw` and `db`, or added where `adds` (for
    /// the weight, for the bias) says so.
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
        let (mut weight, mut bias) = (lock(&self.weight_sums), lock(&self.bias_sums));
        let (sums_len, bias_len) = (self.sizes.sums, tile_len(db.len()));
        lengthen(&mut weight, sums_len.saturating_mul(self.shards))?;
        lengthen(&mut bias, bias_len * self.shards)?;
        bias.fill(0.0);
        let (dws, dbs) = (Parts::new(&mut weight[..]), Parts::new(&mut bias[..]));
        self.for_each_tile(threads, rows, products, |tile, scratch| {
            let own = |len: usize| tile.shard * len..(tile.shard + 1) * len;
            // SAFETY: a shard runs once, its tiles one after another, and these are its own sums.
            let (dw, db) = unsafe { (dws.part(own(sums_len)), dbs.part(own(bias_len))) };
            work(tile, scratch, dw, db);
        });
        let (_, shards) = self.plan(rows);
        self.add_up(threads, &mut weight[..shards * sums_len], dw, adds.0);
        let channels = db.len();
        for (channel, db) in db.iter_mut().enumerate() {
            let tiles = bias.chunks_exact(bias_len).take(shards);
            let sum = tiles.map(|tile| fold(tile, channels, channel)).sum::<f64>() as f32;
            *db = sum + if adds.1 { *db } else { 0.0 };
        }
        Ok(())
    }

    /// Adds the shards' sums in their order, into those of the first, and writes them in the order of
    /// the weight.
    fn add_up(&self, threads: &Threads, sums: &mut [f32], dw: &mut [f32], adds: bool) {
        let (patch, columns) = (self.patch_len(), self.sizes.columns);
        let Some((total, others)) = sums.split_at_mut_checked(self.sizes.sums) else { return };
        let flops = others.len();
        let (others, piece) = (&*others, SUM_ROWS * columns);
        threads.for_each_piece(total, piece, flops, |start, total| {
            vectorised(
                #[inline(always)]
                || {
                    for sums in others.chunks_exact(self.sizes.sums) {
                        for (total, sum) in total.iter_mut().zip(&sums[start..]) {
                            *total += sum;
                        }
                    }
                },
            );
        });
        let total = &*total;
        threads.for_each_piece(dw, DIRECT_COLUMNS * patch, 8 * total.len(), |start, dw| {
            let first = start / patch;
            for (at, sums) in total.chunks_exact(columns).enumerate() {
                for (dw, sum) in dw[at..].iter_mut().step_by(patch).zip(&sums[first..]) {
                    *dw = sum + if adds { *dw } else { 0.0 };
                }
            }
        });
    }

    /// Where the values of a tile lie that a map in `direction` reads, and those that it writes.
    pub(super) fn ranges(&self, direction: Direction, tile: &Tile) -> (Range<usize>, Range<usize>) {
        let (before, after) = self.sizes(direction);
        let range = |len: usize| tile.samples.start * len..tile.samples.end * len;
        (range(before), range(after))
    }

    /// A tile's large pictures as products read them; the rest of the scratch stays free.
    pub(super) fn frame_large<'a>(
        &self,
        tile: &Tile,
        large: &'a [f32],
        scratch: &'a mut [f32],
    ) -> (Framed<'a>, &'a mut [f32]) {
        self.large.around(tile.samples.len(), large, scratch)
    }

    /// A tile's small pictures as products read them.
    pub(super) fn frame_small<'a>(
        &self,
        tile: &Tile,
        small: &'a [f32],
        scratch: &'a mut [f32],
    ) -> (Framed<'a>, &'a mut [f32]) {
        self.small.around(tile.samples.len(), small, scratch)
    }

    /// `small = patches Wᵀ`, or `+=`: a tile's way down.
    pub(super) fn down(&self, tile: &Tile, large: Framed<'_>, panels: &[f32], adds: bool, small: &mut [f32]) {
        let frame = self.large;
        let Window { kernel, .. } = self.window;
        let walk = Walk {
            outers: 1,
            outer_stride: 0,
            runs: kernel,
            run_stride: frame.width * frame.channels,
            len: kernel * frame.channels,
            step: 1,
        };
        Places {
            table: &self.down,
            samples: tile.samples.len(),
            from: large.values,
            from_stride: large.stride,
            to: small,
            to_stride: self.sizes(Direction::Down).1,
            walk,
            panels,
            outputs: self.channels.1,
            adds,
        }
        .compute();
    }

    /// The transpose of [`down`](Direct::down): a tile's way up, phase by phase.
    pub(super) fn up(
        &self,
        tile: &Tile,
        (small, scratch): (Framed<'_>, &mut [f32]),
        panels: &[f32],
        adds: bool,
        large: &mut [f32],
    ) {
        let picture = self.sizes(Direction::Down).0;
        if let Some((rows, columns)) = self.sizes.blocks {
            let stride = rows * columns * self.block_len();
            let blocks = &mut scratch[..tile.samples.len() * stride];
            Direct::phase_up(tile, &self.up[0], small, panels, (false, self.block_len()), (blocks, stride));
            for (blocks, large) in blocks.chunks_exact(stride).zip(large.chunks_exact_mut(picture)) {
                vectorised(
                    #[inline(always)]
                    || self.place((rows, columns), blocks, adds, large),
                );
            }
            return;
        }
        for phase in &self.up {
            let outputs = self.channels.0;
            Direct::phase_up(tile, phase, small, panels, (adds, outputs), (large, picture));
        }
    }

    /// One phase of the way up.
    fn phase_up(
        tile: &Tile,
        phase: &Phase,
        small: Framed<'_>,
        panels: &[f32],
        (adds, outputs): (bool, usize),
        (to, to_stride): (&mut [f32], usize),
    ) {
        Places {
            table: &phase.table,
            samples: tile.samples.len(),
            from: small.values,
            from_stride: small.stride,
            to,
            to_stride,
            walk: phase.walk,
            panels: &panels[phase.start..],
            outputs,
            adds,
        }
        .compute();
    }

    /// Adds a tile's share of the weight's gradient to its shard's sums.
    pub(super) fn add_to_weight(
        &self,
        tile: &Tile,
        large: Framed<'_>,
        small: &[f32],
        scratch: &mut [f32],
        sums: &mut [f32],
    ) {
        let (samples, frame, stride) = (tile.samples.len(), self.large, self.window.stride);
        let (channels, columns) = (self.channels.1, self.sizes.columns);
        let right = if channels == columns {
            small
        } else {
            // Rows of whole vectors; what is beyond the channels stays 0.
            let pixels = samples * self.small.rows * self.small.columns;
            let padded = &mut scratch[..pixels * columns];
            for (to, from) in padded.chunks_exact_mut(columns).zip(small.chunks_exact(channels)) {
                to[..channels].copy_from_slice(from);
                to[channels..].fill(0.0);
            }
            padded
        };
        let (rows, width) = (self.small.rows, self.small.columns);
        let row = stride * frame.width * frame.channels;
        // What is read stays in the nearest cache, but is enough to be worth loading and storing the sums.
        let band = (OUTER_VALUES / (row + width * columns)).max(LEAST_OUTER.div_ceil(width)).clamp(1, rows);
        let group = if band < rows { 1 } else { (OUTER_VALUES / (rows * (row + width * columns))).max(1) };
        // The first tile overwrites what an earlier step left.
        let mut adds = !tile.is_first;
        for first in (0..samples).step_by(group) {
            for start in (0..rows).step_by(band) {
                let walk = Walk {
                    outers: group.min(samples - first),
                    outer_stride: large.stride,
                    runs: band.min(rows - start),
                    run_stride: row,
                    len: width,
                    step: stride * frame.channels,
                };
                let from = &large.values[first * large.stride + start * row..];
                let right = &right[(first * rows + start) * width * columns..];
                Outer { table: &self.patch, from, walk, right, columns, sums, adds }.compute();
                adds = true;
            }
        }
    }

    /// Memory it holds or has reserved, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let floats = self.scratch.iter().chain([&self.weight_sums, &self.bias, &self.panels]);
        let floats: usize = floats.map(|values| lock(values).capacity()).sum();
        let tables = [&self.down, &self.patch].into_iter().chain(self.up.iter().map(|phase| &phase.table));
        4 * floats + 8 * lock(&self.bias_sums).capacity() + tables.map(Table::bytes).sum::<usize>()
    }

    fn patch_len(&self) -> usize {
        self.window.kernel * self.window.kernel * self.channels.0
    }

    fn weight_len(&self) -> usize {
        self.channels.1 * self.patch_len()
    }

    /// How many samples a shard takes, and how many shards there are.
    fn plan(&self, rows: usize) -> (usize, usize) {
        let size = rows.div_ceil(self.shards).max(1);
        (size, rows.div_ceil(size))
    }

    /// Runs `work` with scratch; what is in it is left over from elsewhere.
    fn with_scratch(&self, work: impl FnOnce(&mut [f32])) {
        let free = self.scratch.iter().find_map(|scratch| match scratch.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        if let Some(mut scratch) = free.or_else(|| self.scratch.first().map(lock)) {
            scratch.resize(self.sizes.scratch, 0.0);
            work(&mut scratch);
        }
    }
}

const _: () = assert!(DIRECT_COLUMNS == 16 && PANEL.is_multiple_of(DIRECT_COLUMNS));
