//! A matrix product on one thread: the right matrix in panels of a few columns, the left one where it
//! lies.
//!
//! The loops are those of Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication",
//! but for the left matrix, which a block of rows reads where it lies: it is read one value at a time, and
//! packing it was slower for every layout and size that networks have.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over arrays in registers are unrolled whole, which iterators are not always"
)]

use std::cell::RefCell;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::Matrix;
use crate::check::sizes::CACHE_LINE;
use crate::engine::kernels::block::{Walk, block, store};

/// Steps of the inner dimension at a time: a panel of so many rows stays in the nearest cache.
const DEPTH: usize = 256;
/// Columns that are in panels at a time.
const WIDTH: usize = 512;
/// Rows of the left matrix that meet all panels before the next ones do, so that they stay in the second
/// cache: a multiple of the rows of every block.
const HEIGHT: usize = 240;
/// Rows up to which a right matrix whose columns lie side by side is read where it lies: there are too
/// few to be worth panels.
const FEW_ROWS: usize = 12;
/// Steps up to which the same holds.
const FEW_STEPS: usize = 4;

thread_local! {
    /// Panels of the product under way; allocated by a thread's first product.
    static PANELS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// `out = a · b`, or `out += a · b`, for some rows and columns of the result.
pub(super) struct Product<'a> {
    pub(super) a: Matrix<'a>,
    pub(super) b: Matrix<'a>,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    /// The first value of the whole result, of `stride` values a row.
    pub(super) out: *mut f32,
    pub(super) stride: usize,
    pub(super) adds: bool,
}

impl Product<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// If rows or columns are asked for that the matrices do not have.
    ///
    /// # Safety
    /// `out` must hold `stride` values for every row up to the last one asked for, and nobody else may use
    /// those that are asked for.
    pub(super) unsafe fn compute(self) {
        assert!(self.rows.end <= self.a.rows && self.columns.end <= self.b.columns, "no such values");
        assert!(self.a.columns == self.b.rows && self.columns.end <= self.stride, "they do not fit");
        if self.rows.is_empty() || self.columns.is_empty() {
            return;
        }
        PANELS.with_borrow_mut(|panels| {
            if panels.is_empty() {
                panels.resize(DEPTH * WIDTH + CACHE_LINE, 0.0);
            }
            // No vector of a panel lies in two lines of the cache.
            let skipped = panels.as_ptr().align_offset(4 * CACHE_LINE).min(CACHE_LINE);
            Arch::new().dispatch(Task { product: self, panels: &mut panels[skipped..] });
        });
    }
}

struct Task<'a> {
    product: Product<'a>,
    panels: &'a mut [f32],
}

/// Columns of a panel that are computed at a time.
#[derive(Clone, Copy)]
struct Panel {
    /// Its first value, and from a row to the next.
    right: *const f32,
    step: usize,
    /// Its first column, and how many it has.
    column: usize,
    width: usize,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many rows as leave registers for a row of the panel and one value.
        if S::REGISTER_COUNT >= 32 { self.all::<S, 12, 16>(simd) } else { self.all::<S, 6, 8>(simd) }
    }
}

impl Task<'_> {
    #[inline(always)]
    fn all<S: Simd, const ROWS: usize, const MORE: usize>(mut self, simd: S) {
        let Product { ref a, ref b, ref rows, ref columns, adds, .. } = self.product;
        let (rows, columns, inner) = (rows.clone(), columns.clone(), a.columns);
        if rows.len() == 1 && a.column_stride == 1 && b.row_stride == 1 && inner > 1 {
            return self.dots(simd);
        }
        if inner == 0 && !adds {
            for row in rows {
                for column in columns.clone() {
                    // SAFETY: `compute`'s caller promises that these values are there and ours.
                    unsafe { *self.product.out.add(row * self.product.stride + column) = 0.0 };
                }
            }
            return;
        }
        let whole = 2 * S::F32_LANES;
        let is_read_in_place = b.column_stride == 1 && (rows.len() <= FEW_ROWS || inner <= FEW_STEPS);
        for first in columns.clone().step_by(WIDTH) {
            let columns = first..(first + WIDTH).min(columns.end);
            for start in (0..inner).step_by(DEPTH) {
                let steps = start..(start + DEPTH).min(inner);
                let adds = adds || start > 0;
                // A panel that is not whole would be read beyond the end.
                let packed = if is_read_in_place {
                    columns.start + columns.len() / whole * whole..columns.end
                } else {
                    columns.clone()
                };
                self.pack(simd, steps.clone(), packed.clone());
                for top in rows.clone().step_by(HEIGHT) {
                    let rows = top..(top + HEIGHT).min(rows.end);
                    for column in columns.clone().step_by(whole) {
                        let width = whole.min(columns.end - column);
                        let (right, step) = if column < packed.start {
                            let b = &self.product.b;
                            let at = steps.start * b.row_stride + column;
                            (b.values.as_ptr().wrapping_add(at), b.row_stride)
                        } else {
                            let at = (column - packed.start) * steps.len();
                            (self.panels.as_ptr().wrapping_add(at), whole)
                        };
                        let panel = Panel { right, step, column, width };
                        if width > S::F32_LANES {
                            self.rows::<S, ROWS, 2>(simd, rows.clone(), steps.clone(), panel, adds);
                        } else {
                            // One vector of columns leaves registers for more rows.
                            self.rows::<S, MORE, 1>(simd, rows.clone(), steps.clone(), panel, adds);
                        }
                    }
                }
            }
        }
    }

    /// A panel's columns of some rows of the result, over some steps.
    #[inline(always)]
    fn rows<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        rows: Range<usize>,
        steps: Range<usize>,
        panel: Panel,
        adds: bool,
    ) {
        let Product { a, out, stride, .. } = &self.product;
        let left = a.values.as_ptr().wrapping_add(steps.start * a.column_stride);
        let walk = Walk {
            outers: 1,
            outer_stride: 0,
            runs: 1,
            run_stride: 0,
            len: steps.len(),
            step: a.column_stride,
        };
        for first in rows.clone().step_by(ROWS) {
            let count = ROWS.min(rows.end - first);
            let mut reads = [left; ROWS];
            for row in 0..ROWS {
                reads[row] = left.wrapping_add((first + row.min(count - 1)) * a.row_stride);
            }
            // SAFETY: these rows and steps are `a`'s: `compute` has checked their ends, and `Matrix::new`
            // that all values are there. The panel holds a row of `VECTORS` vectors for each step: either
            // `pack` has written it whole, or its columns are all `b`'s.
            let sums = unsafe {
                block::<S, ROWS, VECTORS>(simd, reads, walk, panel.right, (panel.step, S::F32_LANES))
            };
            for row in 0..ROWS {
                if row < count {
                    // SAFETY: `compute`'s caller promises that these values are there and ours.
                    unsafe {
                        let to = out.add((first + row) * stride + panel.column);
                        store::<S, VECTORS>(simd, sums[row], to, panel.width, adds);
                    }
                }
            }
        }
    }

    /// Puts `steps` of some columns of the right matrix into panels; what is beyond the last column is 0.
    #[inline(always)]
    fn pack<S: Simd>(&mut self, simd: S, steps: Range<usize>, columns: Range<usize>) {
        let (b, whole) = (self.product.b, 2 * S::F32_LANES);
        let panels = self.panels.chunks_exact_mut(whole * steps.len());
        for (column, panel) in columns.clone().step_by(whole).zip(panels) {
            let width = whole.min(columns.end - column);
            let from = &b.values[steps.start * b.row_stride + column * b.column_stride..];
            if width < whole {
                panel.fill(0.0);
            }
            if b.column_stride == 1 {
                for (row, to) in panel.chunks_exact_mut(whole).enumerate() {
                    to[..width].copy_from_slice(&from[row * b.row_stride..][..width]);
                }
                continue;
            }
            let mut done = 0;
            if b.row_stride == 1 {
                // Squares of 8 × 8 by shuffling registers, where there are such.
                for column in (0..width / 8 * 8).step_by(8) {
                    for row in (0..steps.len() / 8 * 8).step_by(8) {
                        let from = &from[column * b.column_stride + row..];
                        transpose(simd, from, b.column_stride, &mut panel[row * whole + column..], whole);
                    }
                    for row in steps.len() / 8 * 8..steps.len() {
                        for column in column..column + 8 {
                            panel[row * whole + column] = from[row + column * b.column_stride];
                        }
                    }
                }
                done = width / 8 * 8;
            }
            for column in done..width {
                for row in 0..steps.len() {
                    panel[row * whole + column] = from[row * b.row_stride + column * b.column_stride];
                }
            }
        }
    }

    /// A single row of the result where all lies side by side: one scalar product for each column.
    #[inline(always)]
    fn dots<S: Simd>(&self, simd: S) {
        const AT_ONCE: usize = 8;
        let Product { a, b, rows, columns, out, stride, adds } = &self.product;
        let left = &a.values[rows.start * a.row_stride..][..a.columns];
        let (vectors, rest) = S::as_simd_f32s(left);
        for first in columns.clone().step_by(AT_ONCE) {
            let count = AT_ONCE.min(columns.end - first);
            let mut sums = [simd.splat_f32s(0.0); AT_ONCE];
            let mut others = [(vectors, rest); AT_ONCE];
            for column in 0..AT_ONCE {
                let at = (first + column.min(count - 1)) * b.column_stride;
                others[column] = S::as_simd_f32s(&b.values[at..][..a.columns]);
            }
            for (index, vector) in vectors.iter().enumerate() {
                for column in 0..AT_ONCE {
                    sums[column] = if S::IS_SCALAR {
                        simd.add_f32s(simd.mul_f32s(*vector, others[column].0[index]), sums[column])
                    } else {
                        simd.mul_add_f32s(*vector, others[column].0[index], sums[column])
                    };
                }
            }
            for column in 0..count {
                let rest = rest.iter().zip(others[column].1).map(|(a, b)| a * b).sum::<f32>();
                let sum = simd.reduce_sum_f32s(sums[column]) + rest;
                // SAFETY: `compute`'s caller promises that this value is there and ours.
                let to = unsafe { &mut *out.add(rows.start * stride + first + column) };
                *to = sum + if *adds { *to } else { 0.0 };
            }
        }
    }
}

/// `to[i][j] = from[j][i]` for 8 × 8 values, with rows `from_stride` and `to_stride` apart.
#[inline(always)]
fn transpose<S: Simd>(_simd: S, from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
    assert!(7 * from_stride + 8 <= from.len() && 7 * to_stride + 8 <= to.len(), "too few values");
    #[cfg(target_arch = "x86_64")]
    if S::F32_LANES >= 8 {
        // SAFETY: the assertion holds all 64 values of both, and vectors of 8 values are there: AVX.
        unsafe { transpose_avx(from.as_ptr(), from_stride, to.as_mut_ptr(), to_stride) };
        return;
    }
    for row in 0..8 {
        for column in 0..8 {
            to[row * to_stride + column] = from[column * from_stride + row];
        }
    }
}

/// [`transpose`] in registers.
///
/// # Safety
/// All values must be there, and the processor must have AVX.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_avx(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
    use std::arch::x86_64::{
        _mm_loadu_ps, _mm256_castps128_ps256, _mm256_insertf128_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    // SAFETY: the caller's promises.
    unsafe {
        for half in 0..2 {
            // Four values of a row, and of that four rows further down.
            let pair = |row: usize| {
                let (low, high) = (from.add(row * from_stride + 4 * half), 4 * from_stride);
                let low_values = _mm256_castps128_ps256(_mm_loadu_ps(low));
                _mm256_insertf128_ps::<1>(low_values, _mm_loadu_ps(low.add(high)))
            };
            let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3));
            let (ab, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let rows = [
                _mm256_shuffle_ps::<0x44>(ab, cd),
                _mm256_shuffle_ps::<0xee>(ab, cd),
                _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
                _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
            ];
            for (row, values) in rows.into_iter().enumerate() {
                _mm256_storeu_ps(to.add((4 * half + row) * to_stride), values);
            }
        }
    }
}
