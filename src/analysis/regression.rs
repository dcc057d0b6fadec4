//! Linear least squares, to measure how well some features predict all of them.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

/// Added to the diagonal of the normal equations, as a share of its mean: without it, features that
/// repeat others would leave no unique solution.
const RIDGE: f64 = 1e-9;

/// A linear map with an intercept, fitted by least squares: `y ≈ W x + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// `W`, targets × features.
    pub weights: Vec<f64>,
    /// `b`, one per target.
    pub intercepts: Vec<f64>,
}

impl Regression {
    /// Fits `targets` (rows × `outputs`) by `features` (rows × `inputs`); `None` if there are no
    /// rows, a slice is not a whole number of rows, or a value is not finite.
    pub fn fit(features: &[f32], inputs: usize, targets: &[f32], outputs: usize) -> Option<Regression> {
        let rows = features.len().checked_div(inputs)?;
        let fits = rows > 0 && rows * inputs == features.len() && rows * outputs == targets.len();
        if !fits || !features.iter().chain(targets).all(|value| value.is_finite()) {
            return None;
        }
        let (x_mean, y_mean) = (means(features, inputs), means(targets, outputs));
        let mut covariance = Mat::<f64>::zeros(inputs, inputs);
        let mut cross = Mat::<f64>::zeros(inputs, outputs);
        let (mut x, mut y) = (vec![0.0; inputs], vec![0.0; outputs]);
        for (feature_row, target_row) in features.chunks_exact(inputs).zip(targets.chunks_exact(outputs)) {
            centre(feature_row, &x_mean, &mut x);
            centre(target_row, &y_mean, &mut y);
            for (at, &own) in x.iter().enumerate() {
                covariance
                    .col_as_slice_mut(at)
                    .iter_mut()
                    .zip(&x)
                    .for_each(|(sum, other)| *sum += own * other);
            }
            for (at, &own) in y.iter().enumerate() {
                cross.col_as_slice_mut(at).iter_mut().zip(&x).for_each(|(sum, other)| *sum += own * other);
            }
        }
        let trace: f64 = (0..inputs).map(|at| covariance[(at, at)]).sum();
        let ridge = RIDGE * trace / inputs as f64 + f64::MIN_POSITIVE;
        (0..inputs).for_each(|at| covariance[(at, at)] += ridge);
        let solution = covariance.llt(Side::Lower).ok()?.solve(&cross);
        let weights: Vec<f64> =
            (0..outputs).flat_map(|target| solution.col_as_slice(target).to_vec()).collect();
        let intercepts = weights
            .chunks_exact(inputs)
            .zip(&y_mean)
            .map(|(weights, mean)| mean - dot(weights, &x_mean))
            .collect();
        Some(Regression { weights, intercepts })
    }

    /// Mean squared error per target on rows × `inputs` and their targets.
    pub fn mse(&self, features: &[f32], targets: &[f32]) -> f64 {
        let outputs = self.intercepts.len().max(1);
        let inputs = (self.weights.len() / outputs).max(1);
        let mut sum = 0.0;
        let mut x = vec![0.0; inputs];
        for (feature_row, target_row) in features.chunks_exact(inputs).zip(targets.chunks_exact(outputs)) {
            x.iter_mut().zip(feature_row).for_each(|(x, value)| *x = f64::from(*value));
            let maps = self.weights.chunks_exact(inputs).zip(&self.intercepts);
            for ((weights, intercept), target) in maps.zip(target_row) {
                sum += (dot(weights, &x) + intercept - f64::from(*target)).powi(2);
            }
        }
        sum / targets.len().max(1) as f64
    }
}

fn means(rows: &[f32], columns: usize) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    for row in rows.chunks_exact(columns.max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let count = (rows.len() / columns.max(1)).max(1) as f64;
    sums.iter().map(|sum| sum / count).collect()
}

fn centre(row: &[f32], mean: &[f64], out: &mut [f64]) {
    for (out, (value, mean)) in out.iter_mut().zip(row.iter().zip(mean)) {
        *out = f64::from(*value) - mean;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in [−1, 1) without much pattern.
    fn noise(index: usize) -> f32 {
        (((index * 7919 + 104_729) % 1009) as f32 / 1009.0) * 2.0 - 1.0
    }

    #[test]
    fn an_exact_linear_map_is_found() {
        let x: Vec<f32> = (0..3 * 40).map(noise).collect();
        let y: Vec<f32> = x.chunks_exact(3).flat_map(|x| [2.0 * x[0] - x[1] + 0.5, x[2] - 3.0]).collect();
        let found = Regression::fit(&x, 3, &y, 2).unwrap();
        for (found, expected) in found.weights.iter().zip([2.0, -1.0, 0.0, 0.0, 0.0, 1.0]) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        assert!((found.intercepts[0] - 0.5).abs() < 1e-5 && (found.intercepts[1] + 3.0).abs() < 1e-5);
        assert!(found.mse(&x, &y) < 1e-9);
    }

    #[test]
    fn one_feature_gives_the_textbook_slope() {
        // Slope Σ(x−x̄)(y−ȳ)/Σ(x−x̄)² = 8/10, intercept 2 − 0.8 · 2; residuals −0.4, 0.8, 0.0,
        // −0.8, 0.4 squared: 1.6 / 5.
        let (x, y) = ([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 2.0, 2.0, 2.0, 4.0]);
        let found = Regression::fit(&x, 1, &y, 1).unwrap();
        assert!((found.weights[0] - 0.8).abs() < 1e-6 && (found.intercepts[0] - 0.4).abs() < 1e-6);
        assert!((found.mse(&x, &y) - 0.32).abs() < 1e-6);
    }

    #[test]
    fn features_that_repeat_and_constant_ones_cause_no_error() {
        let x: Vec<f32> = (0..30).flat_map(|row| [noise(row), noise(row), 1.0]).collect();
        let y: Vec<f32> = (0..30).map(|row| 3.0 * noise(row)).collect();
        let found = Regression::fit(&x, 3, &y, 1).unwrap();
        assert!(found.mse(&x, &y) < 1e-9, "{found:?}");
        assert_eq!(Regression::fit(&[], 3, &[], 1), None);
        assert_eq!(Regression::fit(&[1.0, f32::NAN], 1, &[1.0, 2.0], 1), None);
    }
}
