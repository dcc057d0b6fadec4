//! The innermost loops of a convolution: products of values where they lie in a picture with rows of a
//! matrix, a block of the result in registers.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over arrays in registers are unrolled whole, which iterators are not always"
)]

use pulp::{Arch, Simd, WithSimd};

/// Columns of a panel: the matrix on the right is stored in panels of so many columns, row by row.
pub(super) const PANEL: usize = 32;

/// Offsets into a picture that is read and into one that is written, of each place of a result.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    places: Vec<(u32, u32)>,
    /// The largest of each.
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

/// What is read from a place: runs of `len` values `step` apart, `runs` of them `run_stride` apart, and
/// all that `outers` times, `outer_stride` apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) outers: usize,
    pub(super) outer_stride: usize,
    pub(super) runs: usize,
    pub(super) run_stride: usize,
    pub(super) len: usize,
    pub(super) step: usize,
}

impl Walk {
    /// Values that are read.
    pub(super) fn steps(self) -> usize {
        self.outers * self.runs * self.len
    }

    /// One more than the offset of the last value.
    fn reach(self) -> usize {
        if self.steps() == 0 {
            return 0;
        }
        (self.outers - 1) * self.outer_stride
            + (self.runs - 1) * self.run_stride
            + (self.len - 1) * self.step
            + 1
    }
}

/// `to[place + n] = Σ_k from[place + walk(k)] · panels[k][n]` for every place of every sample, or `+=`.
pub(super) struct Places<'a> {
    pub(super) table: &'a Table,
    pub(super) samples: usize,
    pub(super) from: &'a [f32],
    /// From a sample to the next.
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

impl Places<'_> {
    /// Computes them.
    ///
    /// # Panics
    /// If something would be read or written outside.
    pub(super) fn compute(self) {
        let Places { table, samples, walk, outputs, .. } = &self;
        if *samples == 0 || table.places.is_empty() || *outputs == 0 {
            return;
        }
        let (last, (most_from, most_to)) = (*samples - 1, table.most);
        assert!(last * self.from_stride + most_from + walk.reach() <= self.from.len(), "too few values");
        assert!(last * self.to_stride + most_to + outputs <= self.to.len(), "the result does not fit");
        assert!(outputs.next_multiple_of(PANEL) * walk.steps() <= self.panels.len(), "too few weights");
        Arch::new().dispatch(self);
    }

    #[inline(always)]
    fn all<S: Simd, const ROWS: usize, const MORE: usize>(mut self, simd: S) {
        let (rows, pair) = (self.walk.steps(), 2 * S::F32_LANES);
        for first in (0..self.outputs).step_by(pair.min(PANEL)) {
            let (panel, column) = (first / PANEL, first % PANEL);
            let start = panel * PANEL * rows + column;
            if self.outputs - first > S::F32_LANES {
                self.columns::<S, ROWS, 2>(simd, first, start);
            } else {
                // One vector of columns leaves registers for more rows.
                self.columns::<S, MORE, 1>(simd, first, start);
            }
        }
    }

    /// The columns of the result from `first` on, as many as fit into registers.
    #[inline(always)]
    fn columns<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        first: usize,
        start: usize,
    ) {
        let (from, to, panel) = (self.from.as_ptr(), self.to.as_mut_ptr(), self.panels.as_ptr());
        let places = &self.table.places;
        let (mut sample, mut index) = (0, 0);
        let mut left = self.samples * places.len();
        while left > 0 {
            let count = left.min(ROWS);
            let (mut reads, mut writes) = ([from; ROWS], [to; ROWS]);
            for row in 0..ROWS {
                if row < count {
                    let (read, write) = places[index];
                    // `compute` has checked the ends of both.
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
            // SAFETY: every place of every sample, with all that the walk reads from there, lies inside
            // `from`, and the rows of the panel inside `panels`: `compute` has checked the last of them.
            // An empty panel's rows are none.
            let sums = unsafe {
                block::<S, ROWS, VECTORS>(simd, reads, self.walk, panel.wrapping_add(start), PANEL)
            };
            let width = self.outputs - first;
            for row in 0..ROWS {
                if row < count {
                    // SAFETY: as above; `width` values are there from the place on, and `self` borrows them.
                    unsafe { store::<S, VECTORS>(simd, sums[row], writes[row], width, self.adds) };
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
        if S::REGISTER_COUNT >= 32 { self.all::<S, 12, 16>(simd) } else { self.all::<S, 6, 10>(simd) }
    }
}

/// `sums[m][n] = Σ_k from[table[m] + walk(k)] · right[k][n]`, or `+=`, for every place `m`.
pub(super) struct Outer<'a> {
    pub(super) table: &'a Table,
    pub(super) from: &'a [f32],
    pub(super) walk: Walk,
    /// `walk.steps()` rows of `columns` values.
    pub(super) right: &'a [f32],
    /// A multiple of 16.
    pub(super) columns: usize,
    /// One row of `columns` values for each place.
    pub(super) sums: &'a mut [f32],
    pub(super) adds: bool,
}

impl Outer<'_> {
    /// Computes them.
    ///
    /// # Panics
    /// If something would be read or written outside.
    pub(super) fn compute(self) {
        let Outer { table, walk, columns, .. } = &self;
        if table.places.is_empty() || *columns == 0 {
            return;
        }
        assert!(table.most.0 + walk.reach() <= self.from.len(), "too few values");
        assert!(walk.steps() * columns <= self.right.len(), "too few rows");
        assert!(table.places.len() * columns <= self.sums.len(), "the result does not fit");
        assert!(columns.is_multiple_of(16), "rows are padded");
        Arch::new().dispatch(self);
    }

    #[inline(always)]
    fn all<S: Simd, const ROWS: usize, const MORE: usize>(mut self, simd: S) {
        for first in (0..self.columns).step_by(2 * S::F32_LANES) {
            if self.columns - first > S::F32_LANES {
                self.block_column::<S, ROWS, 2>(simd, first);
            } else {
                self.block_column::<S, MORE, 1>(simd, first);
            }
        }
    }

    #[inline(always)]
    fn block_column<S: Simd, const ROWS: usize, const VECTORS: usize>(&mut self, simd: S, first: usize) {
        let (from, to, right) = (self.from.as_ptr(), self.sums.as_mut_ptr(), self.right.as_ptr());
        let places = &self.table.places;
        for start in (0..places.len()).step_by(ROWS) {
            let mut reads = [from; ROWS];
            for row in 0..ROWS {
                let place = (start + row).min(places.len() - 1);
                reads[row] = from.wrapping_add(places[place].0 as usize);
            }
            // SAFETY: `compute` has checked that all places with all they read lie inside `from`, and
            // that there are as many rows of `right` as steps.
            let sums = unsafe {
                block::<S, ROWS, VECTORS>(simd, reads, self.walk, right.wrapping_add(first), self.columns)
            };
            for row in 0..ROWS {
                if start + row < places.len() {
                    let write = to.wrapping_add((start + row) * self.columns + first);
                    // SAFETY: `compute` has checked that there is a row for each place; `self` borrows it.
                    unsafe { store::<S, VECTORS>(simd, sums[row], write, self.columns - first, self.adds) };
                }
            }
        }
    }
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.all::<S, 12, 16>(simd) } else { self.all::<S, 6, 10>(simd) }
    }
}

/// The sums over a walk: `ROWS` places by `VECTORS` vectors of columns.
///
/// # Safety
/// All that the walk reads from each of `reads` must be there, and for each of its steps `VECTORS`
/// vectors at `right`, `right_step` apart.
#[inline(always)]
unsafe fn block<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    reads: [*const f32; ROWS],
    walk: Walk,
    right: *const f32,
    right_step: usize,
) -> [[S::f32s; VECTORS]; ROWS] {
    let zero = simd.splat_f32s(0.0);
    let mut sums = [[zero; VECTORS]; ROWS];
    let mut right = right;
    for outer in 0..walk.outers {
        for run in 0..walk.runs {
            let mut at = outer * walk.outer_stride + run * walk.run_stride;
            for _ in 0..walk.len {
                let mut vectors = [zero; VECTORS];
                for vector in 0..VECTORS {
                    // SAFETY: the caller promises that these values are there.
                    vectors[vector] =
                        unsafe { right.add(vector * S::F32_LANES).cast::<S::f32s>().read_unaligned() };
                }
                for row in 0..ROWS {
                    // SAFETY: as above.
                    let value = simd.splat_f32s(unsafe { *reads[row].add(at) });
                    for vector in 0..VECTORS {
                        sums[row][vector] = if S::IS_SCALAR {
                            simd.add_f32s(simd.mul_f32s(value, vectors[vector]), sums[row][vector])
                        } else {
                            simd.mul_add_f32s(value, vectors[vector], sums[row][vector])
                        };
                    }
                }
                right = right.wrapping_add(right_step);
                at += walk.step;
            }
        }
    }
    sums
}

/// Writes or adds the first `width` values of some vectors.
///
/// # Safety
/// `width` values must be there at `to`, or as many as the vectors hold, used by nobody else.
#[inline(always)]
unsafe fn store<S: Simd, const VECTORS: usize>(
    simd: S,
    sums: [S::f32s; VECTORS],
    to: *mut f32,
    width: usize,
    adds: bool,
) {
    let lanes = S::F32_LANES;
    for vector in 0..VECTORS {
        let left = width.saturating_sub(vector * lanes);
        let to = to.wrapping_add(vector * lanes);
        if left >= lanes {
            let to = to.cast::<S::f32s>();
            // SAFETY: the caller promises that a whole vector is there.
            unsafe {
                let sum = sums[vector];
                to.write_unaligned(if adds { simd.add_f32s(to.read_unaligned(), sum) } else { sum });
            }
        } else if left > 0 {
            // SAFETY: as above, of the values that are left.
            let to = unsafe { std::slice::from_raw_parts_mut(to, left) };
            let sum =
                if adds { simd.add_f32s(simd.partial_load_f32s(to), sums[vector]) } else { sums[vector] };
            simd.partial_store_f32s(to, sum);
        }
    }
}
