//! Matrix products, split into blocks that depend on sizes only.

use std::ops::Range;

use super::threads::{Parts, Threads, shard_range};

/// Floating-point operations of one shard of a large product, about 160 µs of one core.
const SHARD_FLOPS: usize = 16 << 20;
/// A small product has a shard for each of these operations, up to [`FEW_SHARDS`].
const SMALL_FLOPS: usize = 2 << 20;
const FEW_SHARDS: usize = 4;
/// Columns of a shard are a multiple of this, so that no vector crosses a boundary.
const COLUMN_STEP: usize = 16;
/// Smallest number of columns of a shard of a large product, if there are as many: the values on
/// the left are read once for all of them.
const LEAST_COLUMNS: usize = 64;
/// Enough shards for any useful number of threads: rows are split only if columns give fewer.
const ENOUGH_SHARDS: usize = 8;
/// Rows of a shard are a multiple of this.
const ROW_STEP: usize = 12;
/// Smallest number of rows of a shard, if there are as many.
const LEAST_ROWS: usize = 24;
/// A value on the right, which is packed, takes as long as so many multiplications.
const PACKED_COST: usize = 48;
/// A value on the left, which is read once for each block, takes as long as so many.
const READ_COST: usize = 7;
/// Packing a value of a transposed matrix on the left takes as long as so many on the right: few
/// of its neighbours in memory are packed with it.
const TURNED_COST: usize = 3;

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
    ///
    /// Each block packs its columns and reads its rows, so a small product is split in the way in
    /// which this takes the least time.
    pub fn new(rows: usize, columns: usize, inner: usize) -> Cut {
        let wanted = wanted_shards(rows, columns, inner);
        let is_large = wanted > ENOUGH_SHARDS;
        let most = (columns / if is_large { LEAST_COLUMNS } else { COLUMN_STEP }).clamp(1, wanted);
        let cuts = (if is_large { most } else { 1 }..=most).map(|across| {
            let below = wanted.min(ENOUGH_SHARDS).div_ceil(across).min(rows / LEAST_ROWS);
            Cut::of_blocks(rows, columns, below.max(1), across)
        });
        cuts.min_by_key(|cut| cut.cost()).unwrap_or(Cut::whole(rows, columns))
    }

    /// [`new`](Cut::new) for a product whose left matrix is transposed in memory. Both sides of a
    /// block are packed, so blocks are large, and as wide as takes the least time.
    pub fn packed(rows: usize, columns: usize, inner: usize) -> Cut {
        let wanted = wanted_shards(rows, columns, inner).min(ENOUGH_SHARDS);
        let packed = |across: usize| rows * across * TURNED_COST + columns * wanted.div_ceil(across);
        let across = (1..=wanted).min_by_key(|across| packed(*across)).unwrap_or(1);
        let width = Cut::of_blocks(rows, columns, 1, across).width;
        Cut::of_blocks(rows, columns, wanted.div_ceil(columns.div_ceil(width).max(1)), across)
    }

    /// Blocks of equal size, rounded up, in `below` rows and `across` columns of blocks.
    fn of_blocks(rows: usize, columns: usize, below: usize, across: usize) -> Cut {
        let height = rows.div_ceil(below).next_multiple_of(ROW_STEP).min(rows).max(1);
        let width = columns.div_ceil(across).next_multiple_of(COLUMN_STEP).min(columns).max(1);
        Cut { rows, columns, height, width }
    }

    /// How long the product takes, compared with other ways to cut it: on a few threads, its whole
    /// work counts; on many, the largest block.
    fn cost(self) -> usize {
        let Cut { rows, columns, height, width } = self;
        let all = rows * columns + PACKED_COST * columns * self.below() + READ_COST * rows * self.across();
        all / FEW_SHARDS + height * width + PACKED_COST * width + READ_COST * height
    }

    /// The whole product as one block.
    fn whole(rows: usize, columns: usize) -> Cut {
        Cut { rows, columns, height: rows.max(1), width: columns.max(1) }
    }

    /// Number of blocks.
    pub fn shards(self) -> usize {
        self.below() * self.across()
    }

    /// Rows and columns of a block. Blocks of the same rows are consecutive: the threads then keep
    /// their rows from one layer to the next.
    pub fn block(self, shard: usize) -> (Range<usize>, Range<usize>) {
        let across = self.across().max(1);
        let rows = shard_range(shard / across, self.height, self.rows);
        (rows, shard_range(shard % across, self.width, self.columns))
    }

    /// Number of rows of blocks.
    fn below(self) -> usize {
        self.rows.div_ceil(self.height)
    }

    /// Number of columns of blocks.
    fn across(self) -> usize {
        self.columns.div_ceil(self.width)
    }
}

/// How many shards a product should have.
fn wanted_shards(rows: usize, columns: usize, inner: usize) -> usize {
    let flops = 2 * rows * columns * inner;
    let few = flops.div_ceil(SMALL_FLOPS).next_power_of_two().min(FEW_SHARDS);
    flops.div_ceil(SHARD_FLOPS).max(few)
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
    fn blocks_cover_a_product_once() {
        let sizes = [0, 1, 7, 16, 30, 64, 100, 257, 784, 1000];
        for rows in sizes {
            for columns in sizes {
                for inner in [1, 64, 784] {
                    for cut in [Cut::new(rows, columns, inner), Cut::packed(rows, columns, inner)] {
                        let mut hits = vec![0_u8; rows * columns];
                        for shard in 0..cut.shards() {
                            let (rows, across) = cut.block(shard);
                            assert!(!rows.is_empty() && !across.is_empty(), "{cut:?}");
                            for row in rows {
                                let row = &mut hits[row * columns..][..columns];
                                row[across.clone()].iter_mut().for_each(|hit| *hit += 1);
                            }
                        }
                        assert!(hits.iter().all(|hit| *hit == 1), "{cut:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn products_keep_several_threads_busy() {
        // Layers at a code, and small minibatches.
        for (rows, columns, inner, threads) in [
            (128, 64, 256, 2),
            (512, 64, 256, 3),
            (128, 32, 1568, 3),
            (128, 1568, 16, 3),
            (16, 2000, 2000, 7),
            (25, 130, 4096, 2),
            (48, 1000, 784, 4),
        ] {
            for cut in [Cut::new(rows, columns, inner), Cut::packed(columns, inner, rows)] {
                assert!(cut.rows * cut.columns >= threads * cut.height * cut.width, "{cut:?}");
            }
        }
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
