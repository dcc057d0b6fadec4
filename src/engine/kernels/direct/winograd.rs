//! 3×3 convolutions with stride 1 by Winograd's minimal filtering, F(4×4, 3×3) of Lavin & Gray
//! (2016, "Fast algorithms for convolutional neural networks").
//!
//! A block of 4×4 outputs depends on 6×6 inputs. After a linear transform of inputs and kernel, one
//! multiplication per input remains: 36 instead of 144 for each pair of channels. The transformed
//! values lie in 36 *planes*, one for each place in a block. In each plane there is one product of
//! matrices over the channels. Rounding errors are about ten times those of a direct sum, some 10⁻⁵
//! of the largest values.

mod transform;

use std::array::from_fn;
use std::ops::Range;

use transform::{BLOCK, Input, Kernel, KernelGradient, Output, OutputGradient, SIDE, TAPS};

use super::block::{Outer, PANEL, Places, Table};
use super::lines::{LINE, Map, along_both};
use crate::check::sizes::{CACHE_LINE, WINOGRAD_PLANES, winograd_matrix, winograd_plane};
use crate::engine::EngineError;
use crate::engine::kernels::block::Walk;
use crate::engine::kernels::columns::Direction;
use crate::engine::kernels::threads::{Parts, Threads};
use crate::engine::kernels::workspace::zeros;

/// Order of work of a 3×3 convolution with stride 1 between pictures of equal sides.
pub(super) struct Winograd {
    /// Sides of the pictures.
    sides: (usize, usize),
    /// Padding above and to the left.
    before: (usize, usize),
    /// Channels of the large picture and of the small one; both pictures have the same sides.
    channels: (usize, usize),
    /// Blocks that are processed at a time.
    blocks: usize,
    /// A single place: the blocks of a plane are consecutive.
    block: Table,
    /// The channels of the large picture.
    rows: Table,
    /// A pixel outside the picture.
    outside: Vec<f32>,
}

impl Winograd {
    /// The order of work for `blocks` blocks at a time.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(super) fn new(
        sides: (usize, usize),
        before: (usize, usize),
        channels: (usize, usize),
        blocks: usize,
    ) -> Result<Winograd, EngineError> {
        let (mut block, mut rows) = (Table::default(), Table::default());
        for (table, places) in [(&mut block, 1), (&mut rows, channels.0)] {
            table.reserve(places).map_err(|_| EngineError::OutOfMemory)?;
        }
        block.push(0, 0);
        (0..channels.0).for_each(|channel| rows.push(channel, 0));
        let outside = zeros(channels.0.max(channels.1))?;
        Ok(Winograd { sides, before, channels, blocks, block, rows, outside })
    }

    /// Transforms the weight, channels of the small picture × (3 · 3 · channels of the large one),
    /// for a product in `direction`: a matrix of inputs × outputs for each plane, in panels.
    pub(super) fn pack(&self, direction: Direction, weight: &[f32], panels: &mut [f32], threads: &Threads) {
        let (large, small) = self.channels;
        let (inputs, outputs) = direction.arrange(large, small);
        let (patch, matrix) = (TAPS * TAPS * large, winograd_matrix(large, small));
        let panels = Parts::new(panels);
        threads.run(outputs / PANEL, 16 * WINOGRAD_PLANES * matrix, &|panel| {
            let (mut taps, mut planes) = ([[0.0; PANEL]; TAPS * TAPS], [0.0; WINOGRAD_PLANES * PANEL]);
            let first = panel * PANEL;
            for input in 0..inputs {
                for (tap, values) in taps.iter_mut().enumerate() {
                    match direction {
                        Direction::Down => {
                            for (value, row) in values.iter_mut().zip(weight[first * patch..].chunks(patch)) {
                                *value = row[tap * large + input];
                            }
                        }
                        // The transpose reads the kernel from its end.
                        Direction::Up => {
                            let tap = TAPS * TAPS - 1 - tap;
                            values.copy_from_slice(&weight[input * patch + tap * large + first..][..PANEL]);
                        }
                    }
                }
                let from = from_fn(|i| from_fn(|j| &taps[i * TAPS + j][..]));
                along_both::<Kernel, TAPS, SIDE>(&from, &mut planes, (0, (SIDE * PANEL, PANEL)), false);
                for (plane, values) in planes.chunks_exact(PANEL).enumerate() {
                    let start = plane * matrix + (panel * inputs + input) * PANEL;
                    // SAFETY: panels and their rows do not overlap, each is visited once, and
                    // `panels` is borrowed until all are done.
                    unsafe { panels.part(start..start + PANEL) }.copy_from_slice(values);
                }
            }
        });
    }

    /// The product of the weight with pictures in `direction`, written to `to` or added.
    pub(super) fn multiply(
        &self,
        direction: Direction,
        from: &[f32],
        panels: &[f32],
        scratch: &mut [f32],
        (to, adds): (&mut [f32], bool),
    ) {
        let (inputs, outputs) = direction.arrange(self.channels.0, self.channels.1);
        let before = match direction {
            Direction::Down => self.before,
            Direction::Up => (TAPS - 1 - self.before.0, TAPS - 1 - self.before.1),
        };
        let (read_len, written_len) =
            (winograd_plane(self.blocks, inputs), winograd_plane(self.blocks, outputs));
        let (read, scratch) = aligned(scratch).split_at_mut(WINOGRAD_PLANES * read_len);
        let written = &mut scratch[..WINOGRAD_PLANES * written_len];
        for blocks in self.runs(from.len() / inputs) {
            self.read_blocks::<Input, SIDE>(blocks.clone(), from, (inputs, before), (read, read_len));
            let planes = read.chunks_exact(read_len).zip(written.chunks_exact_mut(written_len));
            for ((from, to), panels) in planes.zip(panels.chunks_exact(winograd_matrix(inputs, outputs))) {
                Places {
                    table: &self.block,
                    samples: blocks.len(),
                    from,
                    from_stride: inputs,
                    to,
                    to_stride: outputs,
                    walk: straight(inputs, 1),
                    panels,
                    outputs,
                    adds: false,
                }
                .compute();
            }
            self.write_blocks(blocks, (written, written_len), outputs, (&mut *to, adds));
        }
    }

    /// Adds the gradient of the transformed weight to `sums`, channels of the large picture ×
    /// channels of the small one in each plane; overwrites it if `is_first`.
    pub(super) fn add_to_weight(
        &self,
        large: &[f32],
        small: &[f32],
        scratch: &mut [f32],
        (sums, is_first): (&mut [f32], bool),
    ) {
        let (inputs, outputs) = self.channels;
        let (left_len, right_len) =
            (winograd_plane(self.blocks, inputs), winograd_plane(self.blocks, outputs));
        let (left, scratch) = aligned(scratch).split_at_mut(WINOGRAD_PLANES * left_len);
        let right = &mut scratch[..WINOGRAD_PLANES * right_len];
        let mut adds = !is_first;
        for blocks in self.runs(large.len() / inputs) {
            let count = blocks.len();
            self.read_blocks::<Input, SIDE>(blocks.clone(), large, (inputs, self.before), (left, left_len));
            self.read_blocks::<OutputGradient, BLOCK>(blocks, small, (outputs, (0, 0)), (right, right_len));
            let planes = left.chunks_exact(left_len).zip(right.chunks_exact(right_len));
            for ((from, right), sums) in planes.zip(sums.chunks_exact_mut(winograd_matrix(inputs, outputs))) {
                Outer {
                    table: &self.rows,
                    from,
                    walk: straight(count, inputs),
                    right,
                    is_packed: false,
                    columns: outputs,
                    sums,
                    adds,
                }
                .compute();
            }
            adds = true;
        }
    }

    /// Turns the gradient of the transformed weight into that of the weight, patch × channels of
    /// the small picture.
    pub(super) fn weight_gradient(&self, sums: &[f32], dw: &mut [f32]) {
        let (inputs, outputs) = self.channels;
        let (matrix, step) = (inputs * outputs, winograd_matrix(inputs, outputs));
        let from = from_fn(|i| from_fn(|j| &sums[(i * SIDE + j) * step..][..matrix]));
        along_both::<KernelGradient, SIDE, TAPS>(&from, dw, (0, (TAPS * matrix, matrix)), false);
    }

    /// Values of the transformed weight.
    pub(super) fn weight_len(&self) -> usize {
        WINOGRAD_PLANES * winograd_matrix(self.channels.0, self.channels.1)
    }

    /// Rows and columns of blocks in a picture; the last ones may reach over its edges.
    fn grid(&self) -> (usize, usize) {
        (self.sides.0.div_ceil(BLOCK), self.sides.1.div_ceil(BLOCK))
    }

    /// The blocks of pictures with so many pixels in all, a few at a time.
    fn runs(&self, pixels: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (down, across) = self.grid();
        let (all, few) = (pixels / (self.sides.0 * self.sides.1) * down * across, self.blocks);
        (0..all).step_by(few.max(1)).map(move |first| first..(first + few).min(all))
    }

    /// Sample, first row and first column of a block.
    fn place(&self, block: usize) -> (usize, usize, usize) {
        let (down, across) = self.grid();
        let (row, column) = (block / across, block % across);
        (row / down, row % down * BLOCK, column * BLOCK)
    }

    /// Transforms blocks of pictures into planes `plane` values apart; the pixels that a block reads
    /// begin `before` rows and columns before its outputs.
    fn read_blocks<M: Map<FROM, SIDE>, const FROM: usize>(
        &self,
        blocks: Range<usize>,
        pictures: &[f32],
        (channels, before): (usize, (usize, usize)),
        (planes, plane): (&mut [f32], usize),
    ) {
        let (rows, columns) = self.sides;
        for (index, block) in blocks.enumerate() {
            let (sample, row, column) = self.place(block);
            let mut pixels = [[&self.outside[..channels]; FROM]; FROM];
            for (i, pixels) in pixels.iter_mut().enumerate() {
                let Some(row) = inside(row + i, before.0, rows) else { continue };
                for (j, pixel) in pixels.iter_mut().enumerate() {
                    let Some(column) = inside(column + j, before.1, columns) else { continue };
                    let start = ((sample * rows + row) * columns + column) * channels;
                    *pixel = &pictures[start..start + channels];
                }
            }
            along_both::<M, FROM, SIDE>(&pixels, planes, (index * channels, (SIDE * plane, plane)), false);
        }
    }

    /// Writes the outputs of blocks to pictures, or adds them.
    fn write_blocks(
        &self,
        blocks: Range<usize>,
        (planes, plane): (&[f32], usize),
        channels: usize,
        (pictures, adds): (&mut [f32], bool),
    ) {
        let (rows, columns) = self.sides;
        for (index, block) in blocks.enumerate() {
            let (sample, row, column) = self.place(block);
            let start = ((sample * rows + row) * columns + column) * channels;
            let from =
                from_fn(|i| from_fn(|j| &planes[(i * SIDE + j) * plane + index * channels..][..channels]));
            if row + BLOCK <= rows && column + BLOCK <= columns {
                let steps = (columns * channels, channels);
                along_both::<Output, SIDE, BLOCK>(&from, pictures, (start, steps), adds);
                continue;
            }
            // Only a part of the block lies inside the picture.
            let (inside_rows, inside_columns) = (BLOCK.min(rows - row), BLOCK.min(columns - column));
            for first in (0..channels).step_by(LINE) {
                let mut whole = [[0.0; BLOCK * LINE]; BLOCK];
                let from = from.map(|row| row.map(|line| &line[first..first + LINE]));
                let steps = (BLOCK * LINE, LINE);
                along_both::<Output, SIDE, BLOCK>(&from, whole.as_flattened_mut(), (0, steps), false);
                for (i, row) in whole.iter().enumerate().take(inside_rows) {
                    for (j, values) in row.chunks_exact(LINE).enumerate().take(inside_columns) {
                        let to = &mut pictures[start + (i * columns + j) * channels + first..][..LINE];
                        for (to, value) in to.iter_mut().zip(values) {
                            *to = value + if adds { *to } else { 0.0 };
                        }
                    }
                }
            }
        }
    }

    /// Memory it holds, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.block.bytes() + self.rows.bytes() + 4 * self.outside.capacity()
    }
}

/// The place `before` places earlier, unless that is outside a line of `len`.
#[inline(always)]
fn inside(at: usize, before: usize, len: usize) -> Option<usize> {
    at.checked_sub(before).filter(|at| *at < len)
}

/// `len` values `step` apart.
fn straight(len: usize, step: usize) -> Walk {
    Walk { outers: 1, outer_stride: 0, runs: 1, run_stride: 0, len, step }
}

/// Scratch from a cache line on.
fn aligned(scratch: &mut [f32]) -> &mut [f32] {
    let skipped = scratch.as_ptr().align_offset(4 * CACHE_LINE).min(CACHE_LINE);
    &mut scratch[skipped..]
}

const _: () = assert!(SIDE * SIDE == WINOGRAD_PLANES && PANEL.is_multiple_of(LINE));
