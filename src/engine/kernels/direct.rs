//! Convolutions without columns: every product reads the values of its patches directly from the
//! picture. Only pictures whose window reaches over the edge are copied, into a frame of zeros.
//!
//! A pixel of the small picture sums over `kernel` rows of the large one, each a run of
//! `kernel · channels` consecutive values. A pixel of the large picture sums over the pixels of the
//! small one whose windows cover it. Which of the kernel's weights these are depends on the pixel's
//! row and column modulo the stride, its *phase*, so there is one product per phase. Where the
//! large picture has few channels, vectors would be mostly empty, so whole patches are computed
//! instead and added up. Where 3×3 kernels meet many channels, [`winograd`] saves most of the
//! products with stride 1, [`strips`] a quarter of those with stride 2. The gradient of a weight
//! sums over the pixels of the small picture. The weights are packed in the order of the product
//! once per pass.

mod block;
mod frame;
mod lines;
mod pack;
mod scatter;
mod strips;
mod winograd;

use std::ops::Range;
use std::sync::Mutex;

use block::{Outer, PANEL, Places, Table};
use frame::Frame;
pub(super) use frame::Framed;
use scatter::scatter;
use strips::Strips;
use winograd::Winograd;

use super::block::Walk;
use super::columns::Direction;
use super::math::vectorised;
use super::shards::Shards;
use super::threads::Threads;
use super::variable::TapeError;
use super::workspace::zeros;
use crate::check::Window;
use crate::check::sizes::{CACHE_LINE, DIRECT_COLUMNS, DirectSizes};
use crate::engine::EngineError;

/// Rows of weight gradients that are added up at a time.
const SUM_ROWS: usize = 64;
/// Values that the gradient of a weight reads at a time, about, unless that is fewer than
/// [`LEAST_OUTER`] pixels.
const OUTER_VALUES: usize = 1 << 13;
/// Smallest number of pixels that the gradient of a weight sums over at a time, where there are as
/// many.
const LEAST_OUTER: usize = 64;

/// Smallest patch, in values, for which pixels are packed into panels.
const LEAST_PACKED: usize = 64;

/// Samples whose pictures are processed together, so that they stay in the cache.
pub(super) struct Tile {
    samples: Range<usize>,
    /// Whether it is the first of its shard.
    is_first: bool,
    /// Whether it is the last of its shard.
    is_last: bool,
}

/// Pixels of the large picture that the same part of the kernel covers.
struct Phase {
    table: Table,
    walk: Walk,
    /// First row and column of the kernel.
    first: (usize, usize),
    /// Rows and columns of the kernel, `stride` apart.
    taps: (usize, usize),
    /// Where its weights begin in the panels.
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
    /// Offsets of a patch's values in the frame of the large picture.
    patch: Table,
    /// A single place: pixels are consecutive where patches are added to the large picture.
    pixel: Table,
    /// The order of work, if it is Winograd's.
    winograd: Option<Winograd>,
    /// The order of products with the weight, if they are computed in strips.
    strips: Option<Strips>,
    sizes: DirectSizes,
    /// Their sums of the weight's gradient are patch × channels; their scratch is for frames.
    shards: Shards,
    /// Weights in the order of the current product.
    panels: Mutex<Vec<f32>>,
}

impl Direct {
    /// Memory for a kernel between pictures with these channels (large, small) and a bias of
    /// `outputs` channels; `None` if a sample would take too much scratch.
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
        // Winograd's algorithm knows the edges.
        let before = if sizes.winograd.is_some() { (0, 0) } else { before };
        let large = frame(large, channels.0, before, sizes.large);
        let small = frame(small, channels.1, (sizes.zeros, sizes.zeros), sizes.small);
        let weight_len = kernel * kernel * channels.0 * channels.1;
        let mut direct = Direct {
            window,
            channels,
            large,
            small,
            down: Table::default(),
            up: Vec::new(),
            patch: Table::default(),
            pixel: Table::default(),
            winograd: None,
            strips: None,
            shards: Shards::new(weight_len, sizes.sums, sizes.scratch, outputs)?,
            panels: Mutex::new(zeros(sizes.panels)?),
            sizes,
        };
        if let Some(blocks) = sizes.winograd {
            direct.winograd = Some(Winograd::new(window.large, window.before, channels, blocks)?);
            return Ok(Some(direct));
        }
        let row = large.width * large.channels;
        direct.patch.reserve(kernel * kernel * large.channels).map_err(|_| EngineError::OutOfMemory)?;
        for i in 0..kernel {
            for value in 0..kernel * large.channels {
                direct.patch.push(i * row + value, 0);
            }
        }
        if sizes.in_strips {
            direct.strips = Some(Strips::new(window, channels)?);
            return Ok(Some(direct));
        }
        direct.down.reserve(small.rows * small.columns).map_err(|_| EngineError::OutOfMemory)?;
        for r in 0..small.rows {
            for c in 0..small.columns {
                let to = (r * small.columns + c) * small.channels;
                direct.down.push(r * stride * row + c * stride * large.channels, to);
            }
        }
        if sizes.patches.is_some() {
            direct.pixel.reserve(1).map_err(|_| EngineError::OutOfMemory)?;
            direct.pixel.push(0, 0);
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
        // The first row of the small picture whose window covers a row of the large one: the last
        // such row, less the taps before it.
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

    /// Values per sample that a map in `direction` reads and writes.
    pub(super) fn sizes(&self, direction: Direction) -> (usize, usize) {
        let values = |frame: Frame| frame.rows * frame.columns * frame.channels;
        direction.arrange(values(self.large), values(self.small))
    }

    /// Multiply-adds of one sample's product with the weight.
    pub(super) fn multiply_adds(&self) -> usize {
        self.small.rows * self.small.columns * self.weight_len()
    }

    /// The shards and their memory.
    pub(super) fn shards(&self) -> &Shards {
        &self.shards
    }

    /// Calls `work` once for each tile of the first `rows` samples, with scratch for its frames.
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

    /// The tiles of a shard's samples, in order.
    fn tiles(&self, samples: Range<usize>) -> impl Iterator<Item = Tile> + use<> {
        let (Range { start, end }, pictures) = (samples, self.sizes.pictures);
        (start..end).step_by(pictures).map(move |first| {
            let last = (first + pictures).min(end);
            Tile { samples: first..last, is_first: first == start, is_last: last == end }
        })
    }

    /// [`for_each_tile`](Direct::for_each_tile) for the gradients of weight and bias: `work` gets
    /// its shard's own sums of both. At the end they are written to `dw` and `db`, or added
    /// according to `adds` (weight, bias).
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
        let flops = products * 2 * rows * self.multiply_adds();
        let db = (db, adds.1);
        let mut sums = self.shards.sum(threads, (rows, flops), db, |samples, scratch, sums| {
            self.tiles(samples).for_each(|tile| work(&tile, scratch, sums.weight, sums.bias));
        })?;
        self.add_up(threads, sums.values(), dw, adds.0);
        Ok(())
    }

    /// Adds the shards' sums in order into those of the first, and writes them in the order of the
    /// weight.
    fn add_up(&self, threads: &Threads, sums: &mut [f32], dw: &mut [f32], adds: bool) {
        let (patch, columns) = (self.patch_len(), self.sizes.columns);
        let Some((total, others)) = sums.split_at_mut_checked(self.sizes.sums) else { return };
        let flops = 8 * others.len();
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

    /// Ranges of a tile's values that a map in `direction` reads and writes.
    pub(super) fn ranges(&self, direction: Direction, tile: &Tile) -> (Range<usize>, Range<usize>) {
        let (before, after) = self.sizes(direction);
        let range = |len: usize| tile.samples.start * len..tile.samples.end * len;
        (range(before), range(after))
    }

    /// A tile's large pictures for a product with the weight alone; also returns the unused
    /// scratch.
    pub(super) fn read_large<'a>(
        &self,
        tile: &Tile,
        large: &'a [f32],
        scratch: &'a mut [f32],
    ) -> (Framed<'a>, &'a mut [f32]) {
        // Strips know the edges.
        if self.strips.is_some() {
            return (self.large.without(large), scratch);
        }
        self.frame_large(tile, large, scratch)
    }

    /// A tile's large pictures for all products; also returns the unused scratch.
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

    /// `small = patches Wᵀ`, or `+=`: one tile, from large to small.
    pub(super) fn down(
        &self,
        tile: &Tile,
        (large, scratch): (Framed<'_>, &mut [f32]),
        panels: &[f32],
        adds: bool,
        small: &mut [f32],
    ) {
        if let Some(winograd) = &self.winograd {
            winograd.multiply(Direction::Down, large.values, panels, scratch, (small, adds));
            return;
        }
        if let Some(strips) = &self.strips {
            strips.multiply(Direction::Down, large.pictures, panels, scratch, (small, adds));
            return;
        }
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

    /// The transpose of [`down`](Direct::down): one tile, from small to large, phase by phase.
    pub(super) fn up(
        &self,
        tile: &Tile,
        (small, scratch): (Framed<'_>, &mut [f32]),
        panels: &[f32],
        adds: bool,
        large: &mut [f32],
    ) {
        if let Some(winograd) = &self.winograd {
            winograd.multiply(Direction::Up, small.values, panels, scratch, (large, adds));
            return;
        }
        if let Some(strips) = &self.strips {
            strips.multiply(Direction::Up, small.pictures, panels, scratch, (large, adds));
            return;
        }
        let picture = self.sizes(Direction::Down).0;
        if let Some((band, padded)) = self.sizes.patches {
            if !adds {
                large.fill(0.0);
            }
            let ((rows, width), channels) = ((self.small.rows, self.small.columns), self.channels.1);
            for (sample, large) in large.chunks_exact_mut(picture).enumerate() {
                for first in (0..rows).step_by(band) {
                    let rows = first..(first + band).min(rows);
                    let patches = &mut scratch[..rows.len() * width * padded];
                    Places {
                        table: &self.pixel,
                        samples: rows.len() * width,
                        from: &small.values[sample * small.stride + first * width * channels..],
                        from_stride: channels,
                        to: patches,
                        to_stride: padded,
                        walk: Walk {
                            outers: 1,
                            outer_stride: 0,
                            runs: 1,
                            run_stride: 0,
                            len: channels,
                            step: 1,
                        },
                        panels,
                        outputs: padded,
                        adds: false,
                    }
                    .compute();
                    vectorised(
                        #[inline(always)]
                        || scatter(self.window, self.channels.0, rows, (patches, padded), large),
                    );
                }
            }
            return;
        }
        for phase in &self.up {
            Places {
                table: &phase.table,
                samples: tile.samples.len(),
                from: small.values,
                from_stride: small.stride,
                to: large,
                to_stride: picture,
                walk: phase.walk,
                panels: &panels[phase.start..],
                outputs: self.channels.0,
                adds,
            }
            .compute();
        }
    }

    /// Adds a tile's part of the weight's gradient to its shard's sums.
    pub(super) fn add_to_weight(
        &self,
        tile: &Tile,
        large: Framed<'_>,
        small: &[f32],
        scratch: &mut [f32],
        sums: &mut [f32],
    ) {
        if let Some(winograd) = &self.winograd {
            // The other products of a tile leave the end of the scratch alone.
            let (scratch, sums_of_planes) = scratch.split_at_mut(scratch.len() - winograd.weight_len());
            winograd.add_to_weight(large.values, small, scratch, (sums_of_planes, tile.is_first));
            if tile.is_last {
                winograd.weight_gradient(sums_of_planes, sums);
            }
            return;
        }
        let (samples, frame, stride) = (tile.samples.len(), self.large, self.window.stride);
        let (channels, columns) = (self.channels.1, self.sizes.columns);
        let is_packed = channels != columns || self.patch_len() >= LEAST_PACKED;
        // Aligned so that no vector of a panel crosses a cache line.
        let skipped = scratch.as_ptr().align_offset(4 * CACHE_LINE).min(CACHE_LINE);
        let panels = &mut scratch[skipped..];
        let (rows, width) = (self.small.rows, self.small.columns);
        let row = stride * frame.width * frame.channels;
        // A band fits into the L1 cache, but is large enough to be worth loading and storing the
        // sums.
        let band = (OUTER_VALUES / (row + width * columns)).max(LEAST_OUTER.div_ceil(width)).clamp(1, rows);
        let group = if band < rows { 1 } else { (OUTER_VALUES / (rows * (row + width * columns))).max(1) };
        // The first tile overwrites the values of earlier steps.
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
                let pixels = walk.steps();
                let small = &small[(first * rows + start) * width * channels..];
                let right = if is_packed {
                    let right = &mut panels[..pixels * columns];
                    pack_pixels(small, (channels, rows * width * channels), walk, right);
                    right
                } else {
                    small
                };
                Outer { table: &self.patch, from, walk, right, is_packed, columns, sums, adds }.compute();
                adds = true;
            }
        }
    }

    /// Whether it is computed by Winograd's algorithm.
    #[cfg(test)]
    pub(super) fn is_winograd(&self) -> bool {
        self.winograd.is_some()
    }

    /// Whether products with the weight are computed in strips.
    #[cfg(test)]
    pub(super) fn is_in_strips(&self) -> bool {
        self.strips.is_some()
    }

    /// Memory it holds or has reserved, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let tables = [&self.down, &self.patch, &self.pixel]
            .into_iter()
            .chain(self.up.iter().map(|phase| &phase.table));
        4 * super::workspace::lock(&self.panels).capacity()
            + self.winograd.as_ref().map_or(0, Winograd::bytes)
            + self.strips.as_ref().map_or(0, Strips::bytes)
            + self.shards.bytes()
            + tables.map(Table::bytes).sum::<usize>()
    }

    fn patch_len(&self) -> usize {
        self.window.kernel * self.window.kernel * self.channels.0
    }

    fn weight_len(&self) -> usize {
        self.channels.1 * self.patch_len()
    }
}

/// Packs the pixels that a walk over the large picture meets into panels; `channels` values per
/// pixel, `sample` values from sample to sample, and 0 beyond the channels.
fn pack_pixels(small: &[f32], (channels, sample): (usize, usize), walk: Walk, panels: &mut [f32]) {
    let run = walk.runs * walk.len;
    vectorised(
        #[inline(always)]
        || {
            for (first, panel) in
                (0..channels).step_by(PANEL).zip(panels.chunks_exact_mut(walk.steps() * PANEL))
            {
                let width = PANEL.min(channels - first);
                for (index, rows) in panel.chunks_exact_mut(run * PANEL).enumerate() {
                    let pixels = small[index * sample..].chunks_exact(channels);
                    for (to, from) in rows.chunks_exact_mut(PANEL).zip(pixels) {
                        if width == PANEL {
                            to.copy_from_slice(&from[first..first + PANEL]);
                        } else {
                            to[..width].copy_from_slice(&from[first..first + width]);
                            to[width..].fill(0.0);
                        }
                    }
                }
            }
        },
    );
}

const _: () = assert!(DIRECT_COLUMNS == PANEL && PANEL == 16);
