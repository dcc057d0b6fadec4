//! Initial weights, from our own random numbers.

use super::kernels::math::vectorised;
use crate::dataset::random::Stream;
use crate::project::Initialisation;

/// Partial sums a product is added into, so that the loop vectorises.
const LANES: usize = 16;

/// Inputs and outputs of a weight, as [`Initialisation`] counts them.
#[derive(Clone, Copy, Debug)]
pub struct Fans {
    /// Values that an output sums up.
    pub inputs: usize,
    /// Outputs that a value goes into.
    pub outputs: usize,
}

/// Fills a weight, taken as a matrix of so many rows: one for each output of a dense layer, or for each
/// channel along the first axis of a convolution's weight.
pub fn fill_weight(values: &mut [f32], rows: usize, fans: Fans, kind: Initialisation, stream: Stream) {
    let Fans { inputs, outputs } = fans;
    match kind {
        Initialisation::PyTorch => fill_uniform(values, inputs, stream),
        Initialisation::He => {
            let std = (2.0 / inputs.max(1) as f32).sqrt();
            fill_normal(values, std, stream);
        }
        Initialisation::Xavier => {
            let bound = (6.0 / (inputs + outputs).max(1) as f32).sqrt();
            fill_within(values, bound, stream);
        }
        Initialisation::Orthogonal => fill_orthogonal(values, rows, stream),
        Initialisation::Zero => values.fill(0.0),
    }
}

/// Uniform in ±1/√inputs (`torch.nn.Linear` and `torch.nn.Conv2d`: Kaiming-uniform with a = √5 comes to the same bound).
pub fn fill_uniform(values: &mut [f32], inputs: usize, stream: Stream) {
    fill_within(values, 1.0 / (inputs.max(1) as f32).sqrt(), stream);
}

fn fill_within(values: &mut [f32], bound: f32, stream: Stream) {
    for (position, value) in values.iter_mut().enumerate() {
        *value = bound * (2.0 * stream.uniform(position as u64) - 1.0);
    }
}

fn fill_normal(values: &mut [f32], std: f32, stream: Stream) {
    for (position, value) in values.iter_mut().enumerate() {
        *value = std * stream.normal(position as u64);
    }
}

/// A matrix drawn evenly from those whose rows are orthonormal, or whose columns are where there are more rows.
fn fill_orthogonal(values: &mut [f32], rows: usize, stream: Stream) {
    fill_normal(values, 1.0, stream);
    let columns = values.len() / rows.max(1);
    if rows <= columns {
        orthonormalise(values, columns);
        return;
    }
    let mut across = vec![0.0; values.len()];
    for (index, &value) in values.iter().enumerate() {
        across[index % columns * rows + index / columns] = value;
    }
    orthonormalise(&mut across, rows);
    for (index, value) in values.iter_mut().enumerate() {
        *value = across[index % columns * rows + index / columns];
    }
}

/// Makes rows of so many columns orthonormal, one after the other: Gram and Schmidt's way, twice because the first pass leaves
/// what rounding leaves (Giraud et al. 2005). Of normal numbers it gives every such matrix with the same density.
fn orthonormalise(values: &mut [f32], columns: usize) {
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
                // A weight of a single value may be drawn as 0.
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
        fill_weight(&mut values, rows, fans, kind, Stream::new(3, Purpose::Initialisation, 5, 0));
        values
    }

    /// Means of the values, of their squares and of their fourth powers, in units of a deviation.
    fn moments(values: &[f32], deviation: f64) -> [f64; 3] {
        let mean = |power: i32| {
            let sum: f64 = values.iter().map(|&value| (f64::from(value) / deviation).powi(power)).sum();
            sum / values.len() as f64
        };
        [mean(1), mean(2), mean(4)]
    }

    /// Standard errors of the three means over 200,000 values are at most √(1, 2, 96)/447: five of them.
    #[test]
    fn variances_are_those_of_the_papers() {
        let check = |kind, deviation: f64, fourth: f64| {
            let values = filled(kind, 500, 400);
            let [mean, square, found] = moments(&values, deviation);
            assert!(mean.abs() < 0.011 && (square - 1.0).abs() < 0.016, "{kind:?}: {mean} {square}");
            // 3 of a normal distribution, 9/5 of a uniform one.
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
        for (rows, columns) in [(1, 1), (1, 9), (9, 1), (40, 40), (30, 75), (75, 30)] {
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
}
