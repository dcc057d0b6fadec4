//! Initial weights, from our own random numbers.

use super::kernels::math::vectorised;
use super::kernels::matmul::{Matrix, multiply};
use super::kernels::threads::Threads;
use crate::dataset::random::Stream;
use crate::project::Initialisation;

/// Partial sums of a product, so that the loop vectorises.
const LANES: usize = 16;
/// Values per shard.
const SHARD: usize = 4096;
/// Approximate number of operations for one normal random number.
const NORMAL: usize = 64;
/// Rows per block. Blocks are made orthogonal to earlier rows by two products; within a block,
/// products are not worth it.
const BLOCK: usize = 128;
const SMALL_BLOCK: usize = 16;

/// Inputs and outputs of a weight, as [`Initialisation`] counts them.
#[derive(Clone, Copy, Debug)]
pub struct Fans {
    /// Values that are summed for one output.
    pub inputs: usize,
    /// Outputs that use one value.
    pub outputs: usize,
}

/// Fills a weight, seen as a matrix with `rows` rows: one for each output of a dense layer, or for
/// each channel along the first axis of a convolution's weight.
pub fn fill_weight(
    values: &mut [f32],
    rows: usize,
    fans: Fans,
    kind: Initialisation,
    stream: Stream,
    threads: &Threads,
) {
    let Fans { inputs, outputs } = fans;
    match kind {
        Initialisation::PyTorch => fill_uniform(values, inputs, stream),
        Initialisation::He => {
            let std = (2.0 / inputs.max(1) as f32).sqrt();
            fill_normal(values, std, stream, threads);
        }
        Initialisation::Xavier => {
            let bound = (6.0 / (inputs + outputs).max(1) as f32).sqrt();
            fill_within(values, bound, stream);
        }
        Initialisation::Orthogonal => fill_orthogonal(values, rows, stream, threads),
        Initialisation::Zero => values.fill(0.0),
    }
}

/// Uniform in ±1/√inputs (`torch.nn.Linear` and `torch.nn.Conv2d`: Kaiming-uniform with a = √5 has
/// the same bound).
pub fn fill_uniform(values: &mut [f32], inputs: usize, stream: Stream) {
    fill_within(values, 1.0 / (inputs.max(1) as f32).sqrt(), stream);
}

fn fill_within(values: &mut [f32], bound: f32, stream: Stream) {
    for (position, value) in values.iter_mut().enumerate() {
        *value = bound * (2.0 * stream.uniform(position as u64) - 1.0);
    }
}

fn fill_normal(values: &mut [f32], std: f32, stream: Stream, threads: &Threads) {
    let len = values.len();
    threads.for_each_piece(values, SHARD, NORMAL * len, |start, values| {
        for (position, value) in (start as u64..).zip(values) {
            *value = std * stream.normal(position);
        }
    });
}

/// Draws a matrix uniformly from those with orthonormal rows (or columns, if there are more rows
/// than columns).
fn fill_orthogonal(values: &mut [f32], rows: usize, stream: Stream, threads: &Threads) {
    fill_normal(values, 1.0, stream, threads);
    let columns = values.len() / rows.max(1);
    if rows <= columns {
        orthonormalise(values, columns, BLOCK, threads);
        return;
    }
    let mut across = vec![0.0; values.len()];
    for (index, &value) in values.iter().enumerate() {
        across[index % columns * rows + index / columns] = value;
    }
    orthonormalise(&mut across, rows, BLOCK, threads);
    for (index, value) in values.iter_mut().enumerate() {
        *value = across[index % columns * rows + index / columns];
    }
}

/// Makes rows of `columns` values orthonormal, block by block: each block is made orthogonal to all
/// rows before it and then within itself, twice, because rounding leaves errors after the first
/// pass (block Gram-Schmidt with reorthogonalisation, Barlow & Smoktunowicz 2013). For normal
/// random numbers every such matrix has the same density.
fn orthonormalise(values: &mut [f32], columns: usize, block: usize, threads: &Threads) {
    let size = block.saturating_mul(columns).max(1);
    let mut shares = Vec::new();
    for start in (0..values.len()).step_by(size) {
        let (before, rest) = values.split_at_mut(start);
        let own_len = size.min(rest.len());
        let own = &mut rest[..own_len];
        // The first rows have no rows before them.
        let passes = if before.is_empty() { 1 } else { 2 };
        for _ in 0..passes {
            if !before.is_empty() {
                leave_out_shares(own, before, columns, &mut shares, threads);
            }
            if block > SMALL_BLOCK {
                orthonormalise(own, columns, SMALL_BLOCK, threads);
            } else {
                orthonormalise_few(own, columns);
            }
        }
    }
}

/// `X ← X − (X Qᵀ) Q` for rows `own` and orthonormal rows `before`.
fn leave_out_shares(
    own: &mut [f32],
    before: &[f32],
    columns: usize,
    shares: &mut Vec<f32>,
    threads: &Threads,
) {
    let (rows, earlier) = (own.len() / columns, before.len() / columns);
    shares.resize(rows * earlier, 0.0);
    let before = Matrix::new(before, earlier, columns);
    multiply(threads, shares, false, Matrix::new(own, rows, columns), before.transposed());
    shares.iter_mut().for_each(|share| *share = -*share);
    multiply(threads, own, true, Matrix::new(shares, rows, earlier), before);
}

/// [`orthonormalise`] for a few rows, one at a time (Giraud et al. 2005).
fn orthonormalise_few(values: &mut [f32], columns: usize) {
    for start in (0..values.len()).step_by(columns.max(1)) {
        let (before, rest) = values.split_at_mut(start);
        let own = &mut rest[..columns];
        vectorised(
            #[inline(always)]
            || {
                for earlier in before.chunks_exact(columns).chain(before.chunks_exact(columns)) {
                    let share = dot(own, earlier);
                    own.iter_mut().zip(earlier).for_each(|(own, earlier)| *own -= share * earlier);
                }
                // A weight with a single value may be drawn as 0.
                let scale = 1.0 / dot(own, own).sqrt().max(f32::MIN_POSITIVE);
                own.iter_mut().for_each(|value| *value *= scale);
            },
        );
    }
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::random::Purpose;

    fn filled(kind: Initialisation, rows: usize, columns: usize) -> Vec<f32> {
        let mut values = vec![9.0; rows * columns];
        let fans = Fans { inputs: columns, outputs: rows };
        let stream = Stream::new(3, Purpose::Initialisation, 5, 0);
        fill_weight(&mut values, rows, fans, kind, stream, &Threads::new(2));
        values
    }

    /// Means of the values, their squares and their fourth powers, in units of `deviation`.
    fn moments(values: &[f32], deviation: f64) -> [f64; 3] {
        let mean = |power: i32| {
            let sum: f64 = values.iter().map(|&value| (f64::from(value) / deviation).powi(power)).sum();
            sum / values.len() as f64
        };
        [mean(1), mean(2), mean(4)]
    }

    /// Standard errors of the three means over 200,000 values are at most √(1, 2, 96)/447; the
    /// tolerance is five of them.
    #[test]
    fn variances_are_those_of_the_papers() {
        let check = |kind, deviation: f64, fourth: f64| {
            let values = filled(kind, 500, 400);
            let [mean, square, found] = moments(&values, deviation);
            assert!(mean.abs() < 0.011 && (square - 1.0).abs() < 0.016, "{kind:?}: {mean} {square}");
            // 3 for a normal distribution, 9/5 for a uniform one.
            assert!((found - fourth).abs() < 0.11, "{kind:?}: {found}");
        };
        check(Initialisation::PyTorch, (1.0 / (3.0 * 400.0_f64)).sqrt(), 1.8);
        check(Initialisation::He, (2.0 / 400.0_f64).sqrt(), 3.0);
        check(Initialisation::Xavier, (2.0 / 900.0_f64).sqrt(), 1.8);
        // Each row of 400 is evenly distributed on the columns' unit spheres of 500.
        check(Initialisation::Orthogonal, (1.0 / 500.0_f64).sqrt(), 3.0);
        assert!(filled(Initialisation::Zero, 5, 7).iter().all(|&value| value == 0.0));
    }

    #[test]
    fn orthogonal_weights_have_orthonormal_rows_or_columns() {
        // Includes sizes that are not a multiple of a block.
        let sizes = [(1, 1), (1, 9), (9, 1), (40, 40), (30, 75), (75, 30), (150, 150), (290, 301)];
        for (rows, columns) in sizes {
            let values = filled(Initialisation::Orthogonal, rows, columns);
            let at = |row: usize, column: usize| f64::from(values[row * columns + column]);
            let (count, len) = (rows.min(columns), rows.max(columns));
            let vector = |i: usize, j: usize| if rows <= columns { at(i, j) } else { at(j, i) };
            for a in 0..count {
                for b in 0..=a {
                    let product: f64 = (0..len).map(|j| vector(a, j) * vector(b, j)).sum();
                    let expected = if a == b { 1.0 } else { 0.0 };
                    assert!((product - expected).abs() < 2e-6, "{rows}×{columns}, {a}·{b}: {product}");
                }
            }
        }
        assert!(filled(Initialisation::Orthogonal, 0, 3).is_empty());
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        let filled = |kind, threads| {
            let mut values = vec![0.0; 300 * 400];
            let (fans, stream) =
                (Fans { inputs: 400, outputs: 300 }, Stream::new(3, Purpose::Initialisation, 5, 0));
            fill_weight(&mut values, 300, fans, kind, stream, &Threads::new(threads));
            values
        };
        for kind in Initialisation::ALL {
            let one = filled(kind, 1);
            assert!([2, 3].into_iter().all(|threads| filled(kind, threads) == one), "{kind:?}");
        }
    }
}
