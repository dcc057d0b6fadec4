//! Matrix products, cut into column blocks that depend on sizes alone.

use super::threads::{Parts, Threads, shard_range};

/// Floating-point operations of one shard, about 80 µs of one core.
const SHARD_FLOPS: usize = 16 << 20;
/// Columns of a shard are a multiple of this, so that no vector straddles two.
const COLUMN_STEP: usize = 16;

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

    /// The same memory with rows and columns exchanged.
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

/// Narrower shards leave the registers of the innermost loop half empty: 32 columns were ten times slower than 64.
const LEAST_COLUMNS: usize = 64;

/// How a product of `rows × inner` by `inner × columns` is cut: the width of each shard's columns, and their number.
pub fn column_shards(rows: usize, columns: usize, inner: usize) -> (usize, usize) {
    let wanted = (2 * rows * columns * inner).div_ceil(SHARD_FLOPS).max(1);
    let width = columns.div_ceil(wanted).next_multiple_of(COLUMN_STEP).max(LEAST_COLUMNS).min(columns.max(1));
    (width, columns.div_ceil(width))
}

/// `out = a · b`, or `out += a · b`: shard `shard` of [`column_shards`], which writes its columns only.
///
/// # Panics
/// If `out` is too short or the matrices do not fit each other.
///
/// # Safety
/// While this runs nobody else may use the columns of `out` that belong to `shard`: neither another call with the same
/// `shard`, nor a [`Parts::part`] that holds some of them.
pub(super) unsafe fn multiply_shard(
    out: &Parts<'_>,
    accumulate: bool,
    a: Matrix<'_>,
    b: Matrix<'_>,
    width: usize,
    shard: usize,
) {
    let (rows, columns, inner) = (a.rows, b.columns, a.columns);
    assert_eq!(inner, b.rows);
    let range = shard_range(shard, width, columns);
    if range.is_empty() || rows == 0 {
        return;
    }
    assert!(rows.checked_mul(columns).is_some_and(|len| len <= out.len()), "the product does not fit");
    // gemm reads `rows × inner` values of `a` and `inner × range.len()` of `b`, and writes (where `accumulate`, also
    // reads) `rows × range.len()` of `out`, each at row · row stride + column · column stride from its start.
    // - `a`: `Matrix::new` has checked that `rows · inner` values are there, borrowed for reading; transposing exchanges
    //   lengths and strides together, so the last offset stays that of the last value.
    // - `b`: the same, and `range` ends at its `columns` at most, so that a start shifted by `range.start` columns
    //   leaves room for `range.len()` of them. Where `inner` is 0 nothing is read; `wrapping_add` forms the pointer.
    // - `out`: the last offset is `(rows − 1) · columns + range.end − 1 < rows · columns`, inside by the assertion.
    //   `Parts` holds the only `&mut` to it. Other shards write other columns, by raw pointers alone, and the caller
    //   promises that nobody else uses these: no value is touched by two threads, and none is behind a reference.
    // SAFETY: so everything is read and written inside its slice, and written by this call alone.
    unsafe {
        gemm::gemm(
            rows,
            range.len(),
            inner,
            out.start().wrapping_add(range.start),
            1,
            columns as isize,
            accumulate,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr().wrapping_add(range.start * b.column_stride),
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

/// `out = a · b`, or `out += a · b` where `accumulate`, for a row-major `out`.
pub fn multiply(threads: &Threads, out: &mut [f32], accumulate: bool, a: Matrix<'_>, b: Matrix<'_>) {
    let (width, shards) = column_shards(a.rows, b.columns, a.columns);
    let out = Parts::new(out);
    threads.run(shards, 2 * a.rows * b.columns * a.columns, &|shard| {
        // SAFETY: `run` calls each shard once, and `out` is used by nobody else until it returns.
        unsafe { multiply_shard(&out, accumulate, a, b, width, shard) };
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
        assert!(column_shards(300, 700, 128).1 > 1 && 2 * 300 * 700 * 128 > FORK_FLOPS, "the largest forks");
        for (m, n, k) in
            [(1, 1, 1), (3, 5, 7), (2, 200, 33), (64, 300, 128), (300, 700, 128), (0, 3, 2), (4, 4, 0)]
        {
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
            // The same from transposed memory; small integers are exact.
            let at: Vec<f32> = (0..m * k).map(|i| a[(i % m.max(1)) * k + i / m.max(1)]).collect();
            let bt: Vec<f32> = (0..k * n).map(|i| b[(i % k.max(1)) * n + i / k.max(1)]).collect();
            let mut out = vec![1.0; m * n];
            let (at, bt) = (Matrix::new(&at, k, m).transposed(), Matrix::new(&bt, n, k).transposed());
            multiply(&threads, &mut out, true, at, bt);
            assert_eq!(out, expected, "{m} {n} {k} transposed");
        }
    }
}
