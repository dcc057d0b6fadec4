//! 3×3 convolutions with stride 2 by minimal filtering along rows: Winograd's algorithm (Lavin &
//! Gray 2016, "Fast algorithms for convolutional neural networks", §4.1) for the outer taps of the
//! kernel and for the middle one, each with stride 1 (Huang et al. 2020, "DWM: a decomposable
//! Winograd method for convolution acceleration", splits strides in this way).
//!
//! A *strip* of eight places in a row of the large picture belongs to four of the small one. After
//! a linear transform of both and of the rows of the kernel, nine multiplications remain instead of
//! twelve for each row of the kernel and pair of channels. Along columns the sums are direct: a
//! weight that is transformed along columns too does not stay in the cache, and reading it again
//! takes as long as the multiplications that it saves. Rounding errors are a few times those of a
//! direct sum.

mod maps;

use std::array::from_fn;

use maps::{
    BLOCK, Down, FEW, Kernel, Large, MIDDLE_SUMS, POINTS, READ, SIDE, SUMS, Small, TAPS, Up, WEIGHTS, WIDE,
};

use super::block::{PANEL, Places, Table};
use super::lines::{LINE, Map, along};
use crate::check::Window;
use crate::check::sizes::CACHE_LINE;
use crate::engine::EngineError;
use crate::engine::kernels::block::Walk;
use crate::engine::kernels::columns::Direction;
use crate::engine::kernels::threads::{Parts, Threads};
use crate::engine::kernels::workspace::zeros;

/// Order of work of a 3×3 convolution with stride 2 whose pictures consist of whole strips.
pub(super) struct Strips {
    window: Window,
    /// Channels of the large picture and of the small one.
    channels: (usize, usize),
    /// Sums for rows of the small picture.
    down: Tables,
    /// Sums for rows of the large picture that meet rows 0 and 2 of the kernel, and row 1.
    up: [Tables; 2],
    /// A pixel outside the picture.
    outside: Vec<f32>,
}

/// Places of strips: of their first point, and of the places of the middle tap.
#[derive(Default)]
struct Tables {
    points: Table,
    middle: Table,
}

impl Tables {
    fn reserve(&mut self, strips: usize) -> Result<(), EngineError> {
        let points = self.points.reserve(strips);
        points.and_then(|()| self.middle.reserve(BLOCK * strips)).map_err(|_| EngineError::OutOfMemory)
    }

    /// Adds a strip that is read at `from` and written at `to`, with the channels of each; `sums`
    /// are the places of its sums for the middle tap.
    fn push(&mut self, from: usize, to: usize, channels: (usize, usize), sums: [usize; BLOCK]) {
        self.points.push(from, to);
        for (index, sum) in sums.into_iter().enumerate() {
            self.middle.push(from + (POINTS + index) * channels.0, to + sum * channels.1);
        }
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.points.bytes() + self.middle.bytes()
    }
}

/// Memory for some samples.
struct Buffers<'a> {
    samples: usize,
    /// The transformed rows of the pictures, and values per sample.
    lines: (&'a mut [f32], usize),
    /// The sums of products with them, and values per sample.
    sums: (&'a mut [f32], usize),
}

impl Buffers<'_> {
    fn new(samples: usize, (lines, sums): (usize, usize), scratch: &mut [f32]) -> Buffers<'_> {
        let skipped = scratch.as_ptr().align_offset(4 * CACHE_LINE).min(CACHE_LINE);
        let (first, rest) = scratch[skipped..].split_at_mut(samples * lines);
        Buffers { samples, lines: (first, lines), sums: (&mut rest[..samples * sums], sums) }
    }

    /// The products of `panels` with lines from value `from` on, written or added from value `to`
    /// on.
    fn multiply(&mut self, table: &Table, (from, to): (usize, usize), walk: Walk, weights: Weights<'_>) {
        Places {
            table,
            samples: self.samples,
            from: &self.lines.0[from..],
            from_stride: self.lines.1,
            to: &mut self.sums.0[to..],
            to_stride: self.sums.1,
            walk,
            panels: weights.panels,
            outputs: weights.outputs,
            adds: weights.adds,
        }
        .compute();
    }
}

/// A matrix of inputs × outputs in panels.
#[derive(Clone, Copy)]
struct Weights<'a> {
    panels: &'a [f32],
    outputs: usize,
    adds: bool,
}

/// Rows of pictures.
#[derive(Clone, Copy)]
struct Rows<'a> {
    pictures: &'a [f32],
    sides: (usize, usize),
    channels: usize,
    /// Rows and columns that are read before the picture.
    before: (usize, usize),
    /// Columns from one strip to the next.
    step: usize,
}

impl Strips {
    /// The order of work for pictures with these channels (large, small).
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(super) fn new(window: Window, channels: (usize, usize)) -> Result<Strips, EngineError> {
        let outside = zeros(channels.0.max(channels.1))?;
        let (down, up) = (Tables::default(), <[Tables; 2]>::default());
        let mut strips = Strips { window, channels, down, up, outside };
        let across = strips.across();
        strips.down.reserve(window.small.0 * across)?;
        for index in 0..window.small.0 * across {
            let (row, strip) = (index / across, index % across);
            let from = (2 * row * across + strip) * SIDE * channels.0;
            strips.down.push(from, index * SUMS * channels.1, channels, MIDDLE_SUMS);
        }
        for phase in 0..2 {
            let rows = (0..window.large.0).filter(|row| (row + window.before.0) % 2 == phase);
            strips.up[phase].reserve(rows.clone().count() * across)?;
            for row in rows {
                for strip in 0..across {
                    // A row of zeros comes before those of the small picture.
                    let from = (row + window.before.0).div_ceil(2) * across + strip;
                    let (from, to) = (from * SIDE * channels.1, (row * across + strip) * SIDE * channels.0);
                    strips.up[phase].push(from, to, (channels.1, channels.0), from_fn(|i| POINTS + i));
                }
            }
        }
        Ok(strips)
    }

    /// Strips in a row.
    fn across(&self) -> usize {
        self.window.small.1 / BLOCK
    }

    /// Transforms the weight, channels of the small picture × (3 · 3 · channels of the large one),
    /// for a product in `direction`: for each place of the transformed kernel, a matrix of inputs ×
    /// outputs for each row of the kernel, in panels. To the large picture, rows 2 and 0 belong to
    /// one product, row 1 to another.
    pub(super) fn pack(&self, direction: Direction, weight: &[f32], panels: &mut [f32], threads: &Threads) {
        let large = self.channels.0;
        let (inputs, outputs) = direction.arrange(large, self.channels.1);
        let (matrix, panels) = (TAPS * inputs * outputs, Parts::new(panels));
        threads.run(outputs / PANEL, 16 * WEIGHTS * matrix, &|panel| {
            let (mut taps, mut places) = ([[0.0; PANEL]; TAPS], [0.0; WEIGHTS * PANEL]);
            for (row, input) in (0..TAPS).flat_map(|row| (0..inputs).map(move |input| (row, input))) {
                for (tap, values) in taps.iter_mut().enumerate() {
                    for (value, output) in values.iter_mut().zip(panel * PANEL..) {
                        let (small, tap, large_channel) = match direction {
                            Direction::Down => (output, tap, input),
                            // The transpose reads the kernel from its end.
                            Direction::Up => (input, TAPS - 1 - tap, output),
                        };
                        *value = weight[((small * TAPS + row) * TAPS + tap) * large + large_channel];
                    }
                }
                along::<Kernel, TAPS, WEIGHTS>(&from_fn(|tap| &taps[tap][..]), &mut places, PANEL, false);
                let at = match (direction, row) {
                    (Direction::Down, _) => (panel * TAPS + row) * inputs + input,
                    (Direction::Up, 1) => (2 * outputs / PANEL + panel) * inputs + input,
                    (Direction::Up, _) => (2 * panel + 1 - row / 2) * inputs + input,
                };
                for (place, values) in places.chunks_exact(PANEL).enumerate() {
                    let start = place * matrix + at * PANEL;
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
        to: (&mut [f32], bool),
    ) {
        match (direction, self.window.before.1) {
            (Direction::Down, _) => self.down(from, panels, scratch, to),
            (Direction::Up, 0) => self.up::<0>(from, panels, scratch, to),
            (Direction::Up, _) => self.up::<1>(from, panels, scratch, to),
        }
    }

    fn down(&self, from: &[f32], panels: &[f32], scratch: &mut [f32], (to, adds): (&mut [f32], bool)) {
        let Window { large, small, before, .. } = self.window;
        let ((inputs, outputs), across) = (self.channels, self.across());
        let line = across * SIDE * inputs;
        let sizes = ((2 * small.0 + 1) * line, small.0 * across * SUMS * outputs);
        let mut buffers = Buffers::new(from.len() / (large.0 * large.1 * inputs), sizes, scratch);
        let rows = Rows { pictures: from, sides: large, channels: inputs, before, step: WIDE };
        self.read::<Down, READ>(rows, line, &mut buffers);
        let walk = Walk { outers: 1, outer_stride: 0, runs: TAPS, run_stride: line, len: inputs, step: 1 };
        let matrices = panels.chunks_exact(TAPS * inputs * outputs).take(WEIGHTS).enumerate();
        // The middle tap first: the points add to some of its sums.
        for (place, panels) in matrices.rev() {
            let (table, from, to) = if place < POINTS {
                (&self.down.points, place * inputs, place * outputs)
            } else {
                (&self.down.middle, 0, 0)
            };
            let adds = place < POINTS && MIDDLE_SUMS.contains(&place);
            buffers.multiply(table, (from, to), walk, Weights { panels, outputs, adds });
        }
        for (to, sums) in
            to.chunks_exact_mut(BLOCK * outputs).zip(buffers.sums.0.chunks_exact(SUMS * outputs))
        {
            let sums = from_fn(|sum| &sums[sum * outputs..][..outputs]);
            along::<Small, SUMS, BLOCK>(&sums, to, outputs, adds);
        }
    }

    fn up<const BEFORE: usize>(
        &self,
        from: &[f32],
        panels: &[f32],
        scratch: &mut [f32],
        (to, adds): (&mut [f32], bool),
    ) {
        let Window { large, small, .. } = self.window;
        let ((outputs, inputs), across) = (self.channels, self.across());
        let line = across * SIDE * inputs;
        let sizes = ((small.0 + 2) * line, large.0 * across * SIDE * outputs);
        let mut buffers = Buffers::new(from.len() / (small.0 * small.1 * inputs), sizes, scratch);
        let before = (1, 1 - BEFORE);
        let rows = Rows { pictures: from, sides: small, channels: inputs, before, step: BLOCK };
        self.read::<Up<BEFORE>, FEW>(rows, line, &mut buffers);
        for (phase, tables) in self.up.iter().enumerate() {
            let runs = 2 - phase;
            let walk = Walk { outers: 1, outer_stride: 0, runs, run_stride: line, len: inputs, step: 1 };
            let matrices = panels.chunks_exact(TAPS * inputs * outputs).take(WEIGHTS);
            for (place, matrix) in matrices.enumerate() {
                let (table, offsets) = if place < POINTS {
                    (&tables.points, (place * inputs, place * outputs))
                } else {
                    (&tables.middle, (0, 0))
                };
                let panels = &matrix[2 * phase * inputs * outputs..];
                buffers.multiply(table, offsets, walk, Weights { panels, outputs, adds: false });
            }
        }
        for (to, sums) in to.chunks_exact_mut(WIDE * outputs).zip(buffers.sums.0.chunks_exact(SIDE * outputs))
        {
            let sums = from_fn(|place| &sums[place * outputs..][..outputs]);
            along::<Large<BEFORE>, SIDE, WIDE>(&sums, to, outputs, adds);
        }
    }

    /// Transforms the rows of pictures into lines of `line` values.
    fn read<M: Map<FROM, SIDE>, const FROM: usize>(
        &self,
        from: Rows<'_>,
        line: usize,
        buffers: &mut Buffers<'_>,
    ) {
        let Rows { pictures, sides: (rows, columns), channels, before, step } = from;
        let lines = buffers.lines.1 / line;
        for (index, line) in buffers.lines.0.chunks_exact_mut(line).enumerate() {
            let (sample, row) = (index / lines, index % lines);
            let Some(row) = row.checked_sub(before.0).filter(|row| *row < rows) else {
                line.fill(0.0);
                continue;
            };
            let row = &pictures[(sample * rows + row) * columns * channels..][..columns * channels];
            for (strip, to) in line.chunks_exact_mut(SIDE * channels).enumerate() {
                let pixel = |place: usize| match (strip * step + place).checked_sub(before.1) {
                    Some(column) if column < columns => &row[column * channels..][..channels],
                    _ => &self.outside[..channels],
                };
                along::<M, FROM, SIDE>(&from_fn(pixel), to, channels, false);
            }
        }
    }

    /// Memory it holds, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let up = self.up.iter().map(Tables::bytes).sum::<usize>();
        self.down.bytes() + up + 4 * self.outside.capacity()
    }
}

const _: () = assert!(PANEL.is_multiple_of(LINE));
