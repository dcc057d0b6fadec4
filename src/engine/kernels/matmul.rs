//! Matrix products, split into blocks that depend on sizes only.

use std::ops::Range;

use super::threads::{Parts, Threads, shard_range};

/// Floating-point operations of one shard, about 160 µs of one core.
const SHARD_FLOPS: usize = 16 << 20;
/// Columns of a shard are a multiple of this, so that no vector crosses a boundary.
const COLUMN_STEP: usize = 32;
/// Smallest number of columns per shard, if there are as many: the values on the left are read once
/// for all of them.
const LEAST_COLUMNS: usize = 64;
/// Enough shards for any useful number of threads: rows are split only if columns give fewer.
const ENOUGH_SHARDS: usize = 8;
/// Rows of a shard are a multiple of this, and at least eight times this: columns are packed for
/// each of them.
const ROW_STEP: usize = 12;

/// A read-only matrix in row-major memory, possibly seen transposed.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `rows × columns`, row by row.
    ///
    /// # Panics
    /// If there are fewer values.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Matrix<'a> {
        assert!(rows.checked_mul(columns).is_some_and(|len| len <= values.len()), "too few values");
        Matrix { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The transpose, in the same memory.
    #[must_use]
    pub fn transposed(self) -> Matrix<'a> {
        Matrix {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// How a product is split into blocks of its result.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    rows: usize,
    columns: usize,
    /// Height and width of a block.
    height: usize,
    width: usize,
}

impl Cut {
    /// A product of `rows × inner` by `inner × columns`.
    pub fn new(rows: usize, columns: usize, inner: usize) -> Cut {
        let wanted = (2 * rows * columns * inner).div_ceil(SHARD_FLOPS).max(1);
        let width =
            columns.div_ceil(wanted).next_multiple_of(COLUMN_STEP).max(LEAST_COLUMNS).min(columns.max(1));
        let below = wanted.min(ENOUGH_SHARDS).div_ceil(columns.div_ceil(width).max(1));
        let height =
            rows.div_ceil(below.max(1)).next_multiple_of(ROW_STEP).max(8 * ROW_STEP).min(rows.max(1));
        Cut { rows, columns, height, width }
    }

    /// [`new`](Cut::new) for a product whose left matrix is transposed in memory. Both sides of a
    /// block are packed, so blocks are large and nearly square: the fewest values are packed.
    pub fn packed(rows: usize, columns: usize, inner: usize) -> Cut {
        let wanted = (2 * rows * columns * inner).div_ceil(SHARD_FLOPS).clamp(1, ENOUGH_SHARDS);
        let packed = |across: usize| rows * across + columns * wanted.div_ceil(across);
        let across = (1..=wanted).min_by_key(|across| packed(*across)).unwrap_or(1);
        let width = columns.div_ceil(across).next_multiple_of(COLUMN_STEP).min(columns.max(1));
        let below = wanted.div_ceil(columns.div_ceil(width).max(1));
        let height = rows.div_ceil(below).next_multiple_of(ROW_STEP).min(rows.max(1));
        Cut { rows, columns, height, width }
    }

    /// The whole product as one block.
    fn whole(rows: usize, columns: usize) -> Cut {
        Cut { rows, columns, height: rows.max(1), width: columns.max(1) }
    }

    /// Number of blocks.
    pub fn shards(self) -> usize {
        self.rows.div_ceil(self.height) * self.columns.div_ceil(self.width)
    }

    /// Rows and columns of a block. Blocks with the same columns are consecutive.
    pub fn block(self, shard: usize) -> (Range<usize>, Range<usize>) {
        let below = self.rows.div_ceil(self.height).max(1);
        let rows = shard_range(shard % below, self.height, self.rows);
        (rows, shard_range(shard / below, self.width, self.columns))
    }
}

/// `out = a · b`, or `out += a · b`, for shard `shard` of a [`Cut`]; writes that block only.
///
/// # Panics
/// If `out` is too short or the matrices do not fit each other or the cut.
///
/// # Safety
/// During the call nobody else may use the block of `out` that belongs to `shard`: no other call
/// with the same `shard`, and no [`Parts::part`] that overlaps it.
pub(super) unsafe fn multiply_shard(
    out: &Parts<'_>,
    accumulate: bool,
    a: Matrix<'_>,
    b: Matrix<'_>,
    cut: Cut,
    shard: usize,
) {
    assert!((a.rows, b.columns) == (cut.rows, cut.columns), "another product was cut");
    assert_eq!(a.columns, b.rows, "the matrices do not fit each other");
    let needed = cut.rows.checked_mul(cut.columns);
    assert!(needed.is_some_and(|len| len <= out.len()), "the product does not fit");
    let (rows, columns) = cut.block(shard);
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    let (inner, stride) = (a.columns, cut.columns);
    // gemm reads `rows.len() × inner` values of `a` and `inner × columns.len()` of `b`, and writes
    // (if `accumulate`, also reads) the block of `out`, each at row · row stride + column · column
    // stride from its start.
    // - `a` and `b`: `Matrix::new` has checked that all their values are there, borrowed for
    //   reading; transposing exchanges lengths and strides together, so the last offset stays that
    //   of the last value. The block ends at their rows and columns at most, so that starts shifted
    //   by its first row and column leave room for it. Where `inner` is 0 nothing is read;
    //   `wrapping_add` forms the pointer.
    // - `out`: the last offset is `(rows.end − 1) · stride + columns.end − 1 < cut.rows · stride`,
    //   inside by the assertion. `Parts` holds the only `&mut` to it. Other shards write other
    //   blocks, by raw pointers alone, and the caller promises that nobody else uses this one.
    // SAFETY: so everything is read and written inside its slice, and written by this call alone.
    unsafe {
        gemm::gemm(
            rows.len(),
            columns.len(),
            inner,
            out.start().wrapping_add(rows.start * stride + columns.start),
            1,
            stride as isize,
            accumulate,
            a.values.as_ptr().wrapping_add(rows.start * a.row_stride),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr().wrapping_add(columns.start * b.column_stride),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// `out = a · b`, or `out += a · b` if `accumulate`, for a row-major `out`, on this thread only.
///
/// # Panics
/// If `out` is too short or the matrices do not fit each other.
pub fn multiply_here(out: &mut [f32], accumulate: bool, a: Matrix<'_>, b: Matrix<'_>) {
    // SAFETY: `out` is borrowed for this one call, which computes all of it.
    unsafe { multiply_shard(&Parts::new(out), accumulate, a, b, Cut::whole(a.rows, b.columns), 0) };
}

/// [`multiply_here`] on all threads.
pub fn multiply(threads: &Threads, out: &mut [f32], accumulate: bool, a: Matrix<'_>, b: Matrix<'_>) {
    let cut = Cut::new(a.rows, b.columns, a.columns);
    let out = Parts::new(out);
    threads.run(cut.shards(), 2 * a.rows * b.columns * a.columns, &|shard| {
        // SAFETY: `run` calls each shard once, and `out` is used by nobody else until it returns.
        unsafe { multiply_shard(&out, accumulate, a, b, cut, shard) };
    });
}

#[cfg(test)]
mod tests {
    use super::super::threads::FORK_FLOPS;
    use super::*;

    #[test]
    #[should_panic(expected = "does not fit")]
    fn a_product_is_not_written_past_the_end() {
        let mut out = vec![0.0; 11];
        multiply(
            &Threads::new(1),
            &mut out,
            false,
            Matrix::new(&[0.0; 6], 3, 2),
            Matrix::new(&[0.0; 8], 2, 4),
        );
    }

    #[test]
    fn products_equal_the_definition_for_all_layouts() {
        let threads = Threads::new(2);
        assert!(
            Cut::new(300, 700, 128).shards() > 1 && 2 * 300 * 700 * 128 > FORK_FLOPS,
            "the largest forks"
        );
        // Single rows and columns, sizes above those of a block, and empty products.
        for (m, n, k) in [
            (1, 1, 1),
            (3, 5, 7),
            (1, 300, 37),
            (300, 1, 9),
            (2, 200, 33),
            (13, 25, 3),
            (64, 300, 128),
            (300, 700, 128),
            (25, 601, 20),
            (260, 40, 600),
            (0, 3, 2),
            (4, 4, 0),
        ] {
            let a: Vec<f32> = (0..m * k).map(|i| ((i * 7) % 11) as f32 - 5.0).collect();
            let b: Vec<f32> = (0..k * n).map(|i| ((i * 5) % 13) as f32 - 6.0).collect();
            let mut expected = vec![1.0; m * n];
            for row in 0..m {
                for column in 0..n {
                    expected[row * n + column] +=
                        (0..k).map(|i| a[row * k + i] * b[i * n + column]).sum::<f32>();
                }
            }
            let mut out = vec![1.0; m * n];
            multiply(&threads, &mut out, true, Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            assert_eq!(out, expected, "{m} {n} {k}");
            // Transposed inputs; small integers are exact.
            let at: Vec<f32> = (0..m * k).map(|i| a[(i % m.max(1)) * k + i / m.max(1)]).collect();
            let bt: Vec<f32> = (0..k * n).map(|i| b[(i % k.max(1)) * n + i / k.max(1)]).collect();
            let mut out = vec![1.0; m * n];
            let (at, bt) = (Matrix::new(&at, k, m).transposed(), Matrix::new(&bt, n, k).transposed());
            multiply(&threads, &mut out, true, at, bt);
            assert_eq!(out, expected, "{m} {n} {k} transposed");
        }
    }
}
