//! The inner loops of a convolution: products of values in a picture with rows of a matrix.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over arrays in registers are unrolled whole, which iterators are not always"
)]

use pulp::{Arch, Simd, WithSimd};

use crate::check::sizes::DIRECT_COLUMNS;
use crate::engine::kernels::block::{Walk, block, store};

/// Columns of a panel: the matrix on the right is stored in panels of this width, row by row.
pub(super) const PANEL: usize = DIRECT_COLUMNS;
/// Steps of a walk processed at a time: that many rows of a panel stay in the L1 cache while all
/// places use them.
const DEPTH: usize = 320;

/// For each place of a result, its offset in the picture that is read and in the one that is
/// written.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    places: Vec<(u32, u32)>,
    /// The largest offset of each.
    most: (usize, usize),
}

impl Table {
    pub(super) fn push(&mut self, from: usize, to: usize) {
        self.places.push((from as u32, to as u32));
        self.most = (self.most.0.max(from), self.most.1.max(to));
    }

    pub(super) fn reserve(&mut self, places: usize) -> Result<(), std::collections::TryReserveError> {
        self.places.try_reserve_exact(places)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        8 * self.places.capacity()
    }
}

/// `to[place + n] = Σ_k from[place + walk(k)] · panels[k][n]` for every place of every sample, or
/// `+=`.
pub(super) struct Places<'a> {
    pub(super) table: &'a Table,
    pub(super) samples: usize,
    pub(super) from: &'a [f32],
    /// Values from one sample to the next.
    pub(super) from_stride: usize,
    pub(super) to: &'a mut [f32],
    pub(super) to_stride: usize,
    pub(super) walk: Walk,
    /// `walk.steps()` rows of each panel.
    pub(super) panels: &'a [f32],
    /// Values of each place of the result.
    pub(super) outputs: usize,
    pub(super) adds: bool,
}

/// A part of a walk.
#[derive(Clone, Copy)]
struct Chunk {
    walk: Walk,
    /// Its offset from a place.
    offset: usize,
    /// Its first row in a panel.
    row: usize,
    adds: bool,
}

impl Places<'_> {
    /// Computes the sums.
    ///
    /// # Panics
    /// If a read or write would be out of bounds.
    pub(super) fn compute(self) {
        let Places { table, samples, walk, outputs, .. } = &self;
        if *samples == 0 || table.places.is_empty() || *outputs == 0 {
            return;
        }
        assert!(walk.outers == 1, "a walk within a picture");
        let (last, (most_from, most_to)) = (*samples - 1, table.most);
        assert!(last * self.from_stride + most_from + walk.reach() <= self.from.len(), "too few values");
        assert!(last * self.to_stride + most_to + outputs <= self.to.len(), "the result does not fit");
        assert!(outputs.next_multiple_of(PANEL) * walk.steps() <= self.panels.len(), "too few weights");
        Arch::new().dispatch(self);
    }

    #[inline(always)]
    fn all<S: Simd, const ROWS: usize, const MORE: usize>(mut self, simd: S) {
        let Walk { runs, len, run_stride, step, .. } = self.walk;
        // Parts of runs, or several runs at a time.
        let parts = len.div_ceil(DEPTH).max(1);
        let (part, together) = (len.div_ceil(parts).max(1), (DEPTH / len.max(1)).max(1));
        for first in (0..self.outputs).step_by(2 * S::F32_LANES) {
            let mut is_first = true;
            // Once even without steps: the sums are then 0.
            for run in (0..runs.max(1)).step_by(together) {
                for start in (0..len.max(1)).step_by(part) {
                    let walk =
                        Walk { runs: together.min(runs - run), len: part.min(len - start), ..self.walk };
                    let chunk = Chunk {
                        walk,
                        offset: run * run_stride + start * step,
                        row: run * len + start,
                        adds: self.adds || !is_first,
                    };
                    if self.outputs - first > S::F32_LANES {
                        self.columns::<S, ROWS, 2>(simd, first, chunk);
                    } else {
                        // A single vector of columns leaves registers for more rows.
                        self.columns::<S, MORE, 1>(simd, first, chunk);
                    }
                    is_first = false;
                }
            }
        }
    }

    /// Computes as many columns from `first` on as fit into registers, over a chunk of the walk.
    #[inline(always)]
    fn columns<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        first: usize,
        chunk: Chunk,
    ) {
        let Chunk { walk, offset, row, adds } = chunk;
        let rows = self.walk.steps();
        // Vectors are parts of a panel, or whole panels.
        let (panel, column) = (first / PANEL, first % PANEL);
        let start = (panel * rows + row) * PANEL + column;
        let vector_step = if S::F32_LANES < PANEL { S::F32_LANES } else { rows * PANEL };
        let (from, to) = (self.from.as_ptr().wrapping_add(offset), self.to.as_mut_ptr());
        let right = self.panels.as_ptr().wrapping_add(start);
        let places = &self.table.places;
        let (mut sample, mut index) = (0, 0);
        let mut left = self.samples * places.len();
        while left > 0 {
            let count = left.min(ROWS);
            let (mut reads, mut writes) = ([from; ROWS], [to; ROWS]);
            for row in 0..ROWS {
                if row < count {
                    let (read, write) = places[index];
                    // `compute` has checked both ends.
                    reads[row] = from.wrapping_add(sample * self.from_stride + read as usize);
                    writes[row] = to.wrapping_add(sample * self.to_stride + write as usize + first);
                    index += 1;
                    if index == places.len() {
                        (sample, index) = (sample + 1, 0);
                    }
                } else {
                    reads[row] = reads[0];
                }
            }
            // SAFETY: every place of every sample, with all values that the walk reads from it, is
            // inside `from`, and the rows of the panel inside `panels`: `compute` has checked the
            // last of them. An empty panel has no rows.
            let sums = unsafe { block::<S, ROWS, VECTORS>(simd, reads, walk, right, (PANEL, vector_step)) };
            let width = self.outputs - first;
            for row in 0..ROWS {
                if row < count {
                    // SAFETY: as above; `width` values exist from the place on, and `self` borrows
                    // them.
                    unsafe { store::<S, VECTORS>(simd, sums[row], writes[row], width, adds) };
                }
            }
            left -= count;
        }
    }
}

impl WithSimd for Places<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many rows as leave registers for a row of the panel and one value.
        if S::REGISTER_COUNT >= 32 { self.all::<S, 12, 16>(simd) } else { self.all::<S, 6, 8>(simd) }
    }
}

/// `sums[m][n] = Σ_k from[table[m] + walk(k)] · right[k][n]`, or `+=`, for every place `m`.
pub(super) struct Outer<'a> {
    pub(super) table: &'a Table,
    pub(super) from: &'a [f32],
    pub(super) walk: Walk,
    /// `walk.steps()` rows of `columns` values, one after another, or panel by panel.
    pub(super) right: &'a [f32],
    pub(super) is_packed: bool,
    /// A multiple of a panel's.
    pub(super) columns: usize,
    /// One row of `columns` values for each place.
    pub(super) sums: &'a mut [f32],
    pub(super) adds: bool,
}

impl Outer<'_> {
    /// Computes the sums.
    ///
    /// # Panics
    /// If a read or write would be out of bounds.
    pub(super) fn compute(self) {
        let Outer { table, walk, columns, .. } = &self;
        if table.places.is_empty() || *columns == 0 {
            return;
        }
        assert!(table.most.0 + walk.reach() <= self.from.len(), "too few values");
        assert!(walk.steps() * columns <= self.right.len(), "too few rows");
        assert!(table.places.len() * columns <= self.sums.len(), "the result does not fit");
        assert!(columns.is_multiple_of(PANEL), "rows are padded");
        Arch::new().dispatch(self);
    }

    /// Whole columns of blocks one after another: the values on the left are still in the L1 cache
    /// when the next columns need them.
    #[inline(always)]
    fn all<S: Simd, const ROWS: usize>(mut self, simd: S) {
        for start in (0..self.table.places.len()).step_by(ROWS) {
            for first in (0..self.columns).step_by(2 * S::F32_LANES) {
                if self.columns - first > S::F32_LANES {
                    self.block::<S, ROWS, 2>(simd, start, first);
                } else {
                    self.block::<S, ROWS, 1>(simd, start, first);
                }
            }
        }
    }

    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        start: usize,
        first: usize,
    ) {
        let (from, to, rows) = (self.from.as_ptr(), self.sums.as_mut_ptr(), self.walk.steps());
        let (at, steps) = if self.is_packed {
            // Vectors are parts of a panel, or whole panels.
            let vector_step = if S::F32_LANES < PANEL { S::F32_LANES } else { rows * PANEL };
            (first / PANEL * PANEL * rows + first % PANEL, (PANEL, vector_step))
        } else {
            (first, (self.columns, S::F32_LANES))
        };
        let right = self.right.as_ptr().wrapping_add(at);
        let places = &self.table.places;
        let mut reads = [from; ROWS];
        for row in 0..ROWS {
            let place = (start + row).min(places.len() - 1);
            reads[row] = from.wrapping_add(places[place].0 as usize);
        }
        // SAFETY: `compute` has checked that all places, with all values read from them, are inside
        // `from`, and that there are as many rows of `right` as steps.
        let sums = unsafe { block::<S, ROWS, VECTORS>(simd, reads, self.walk, right, steps) };
        for row in 0..ROWS {
            if start + row < places.len() {
                let write = to.wrapping_add((start + row) * self.columns + first);
                // SAFETY: `compute` has checked that there is a row for each place; `self` borrows
                // it.
                unsafe { store::<S, VECTORS>(simd, sums[row], write, self.columns - first, self.adds) };
            }
        }
    }
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.all::<S, 12>(simd) } else { self.all::<S, 6>(simd) }
    }
}
