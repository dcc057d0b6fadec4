//! A normal distribution with full covariance, fitted to points and sampled: a prior for codes
//! without one (ex-post density estimation; Ghosh et al. 2020).

use faer::{Mat, Side};
use thiserror::Error;

/// A normal distribution of `d` dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// The mean, `d` values.
    pub mean: Vec<f64>,
    /// Orthonormal axes, `d × d`, one per row.
    axes: Vec<f64>,
    /// Standard deviation along each axis.
    deviations: Vec<f64>,
}

/// Why no distribution can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FitError {
    /// No rows, no dimensions, or a slice that is not a whole number of rows.
    #[error("there are no whole rows to fit a distribution to")]
    NotRows,
    /// NaN, infinity, or values too large to be squared.
    #[error("the values are not finite or too large to fit a distribution to")]
    NotFinite,
    /// More components than rows.
    #[error("{components} components cannot be fitted to {rows} rows; use fewer")]
    TooManyComponents {
        /// Requested components.
        components: usize,
        /// Number of rows.
        rows: usize,
    },
}

/// Variances below this share of the largest are rounding errors.
const ROUNDING: f64 = 1e-14;

impl Gaussian {
    /// The distribution of maximum likelihood for `rows` (rows × `d`).
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit(rows: &[f32], d: usize) -> Result<Gaussian, FitError> {
        Gaussian::weighted(rows, d, |_| 1.0, 0.0)
    }

    /// Like [`Gaussian::fit`], with a weight per row and `floor` added to the variance along every
    /// axis.
    pub(super) fn weighted(
        rows: &[f32],
        d: usize,
        weight: impl Fn(usize) -> f64,
        floor: f64,
    ) -> Result<Gaussian, FitError> {
        if d == 0 || rows.is_empty() || !rows.len().is_multiple_of(d) {
            return Err(FitError::NotRows);
        }
        let (mut mean, mut total) = (vec![0.0; d], 0.0);
        for (at, row) in rows.chunks_exact(d).enumerate() {
            let weight = weight(at);
            total += weight;
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += weight * f64::from(*value);
            }
        }
        for sum in &mut mean {
            *sum /= total;
        }
        let mut covariance = Mat::<f64>::zeros(d, d);
        let mut centred = vec![0.0; d];
        for (at, row) in rows.chunks_exact(d).enumerate() {
            for ((centred, value), mean) in centred.iter_mut().zip(row).zip(&mean) {
                *centred = f64::from(*value) - mean;
            }
            let share = weight(at) / total;
            for (column, factor) in centred.iter().enumerate() {
                let sums = covariance.col_as_slice_mut(column).iter_mut();
                // Only the lower triangle is read.
                for (sum, value) in sums.zip(&centred).skip(column) {
                    *sum += share * factor * value;
                }
            }
        }
        let is_finite = (0..d).all(|column| covariance.col_as_slice(column).iter().all(|v| v.is_finite()));
        if !is_finite || !total.is_finite() {
            return Err(FitError::NotFinite);
        }
        let eigen = covariance.self_adjoint_eigen(Side::Lower).map_err(|_| FitError::NotFinite)?;
        let vectors = eigen.U();
        let axes = (0..d).flat_map(|axis| (0..d).map(move |row| vectors[(row, axis)])).collect();
        let variances: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        // Rounding may give a zero variance a slightly positive or negative value.
        let least = variances.iter().copied().fold(0.0, f64::max) * ROUNDING;
        let deviation = |variance: &f64| (if *variance > least { variance + floor } else { floor }).sqrt();
        let deviations = variances.iter().map(deviation).collect();
        Ok(Gaussian { mean, axes, deviations })
    }

    /// Number of dimensions.
    pub fn dimensions(&self) -> usize {
        self.mean.len()
    }

    /// A point from `d` standard normal numbers. `temperature` scales its distance from the mean: 0
    /// gives the mean, 1 a sample of the distribution.
    pub fn draw(&self, temperature: f64, mut normal: impl FnMut() -> f32) -> Vec<f32> {
        let mut point = self.mean.clone();
        for (axis, deviation) in self.axes.chunks_exact(self.dimensions()).zip(&self.deviations) {
            let along = temperature * deviation * f64::from(normal());
            for (value, part) in point.iter_mut().zip(axis) {
                *value += along * part;
            }
        }
        point.into_iter().map(|value| value as f32).collect()
    }

    /// Logarithm of the density at a point. Along an axis without variance it is minus infinity off
    /// the mean; on the mean the axis is ignored.
    pub fn log_density(&self, point: &[f32]) -> f64 {
        let mut sum = 0.0;
        for (axis, deviation) in self.axes.chunks_exact(self.dimensions()).zip(&self.deviations) {
            let centred = point.iter().zip(&self.mean).map(|(value, mean)| f64::from(*value) - mean);
            let along: f64 = centred.zip(axis).map(|(value, part)| value * part).sum();
            if *deviation > 0.0 {
                sum -= 0.5 * (along / deviation).powi(2) + (deviation * std::f64::consts::TAU.sqrt()).ln();
            } else if along.abs() > 1e-9 {
                return f64::NEG_INFINITY;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Their mean is (1, 2); they differ from it by ±(2, 1) and ±(0, 1), so their covariance is
    /// ((2, 1), (1, 1)).
    const ROWS: [[f32; 2]; 4] = [[3.0, 3.0], [-1.0, 1.0], [1.0, 3.0], [1.0, 1.0]];

    #[test]
    fn mean_and_covariance_are_those_of_the_rows() {
        let fitted = Gaussian::fit(ROWS.as_flattened(), 2).unwrap();
        assert_eq!(fitted.mean, [1.0, 2.0]);
        // The determinant of the covariance is 1, its inverse ((1, −1), (−1, 2)). Density at (2,
        // 2): exp(−½ · 1) / 2π.
        let expected = -0.5 - std::f64::consts::TAU.ln();
        assert!((fitted.log_density(&[2.0, 2.0]) - expected).abs() < 1e-12);
        // At (1, 3): exp(−½ · 2) / 2π.
        assert!((fitted.log_density(&[1.0, 3.0]) - expected + 0.5).abs() < 1e-12);
    }

    #[test]
    fn draws_follow_the_distribution() {
        let fitted = Gaussian::fit(ROWS.as_flattened(), 2).unwrap();
        assert_eq!(fitted.draw(0.0, || 9.0), [1.0, 2.0]);
        // Along unit normals of both axes the outer products of the draws add up to the covariance.
        let mut sums = [0.0_f32; 3];
        for axis in 0..2 {
            let mut turn = 0;
            let point = fitted.draw(1.0, || {
                turn += 1;
                f32::from(turn - 1 == axis)
            });
            let (x, y) = (point[0] - 1.0, point[1] - 2.0);
            sums = [sums[0] + x * x, sums[1] + x * y, sums[2] + y * y];
        }
        assert!(sums.iter().zip([2.0, 1.0, 1.0]).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-5), "{sums:?}");
    }

    #[test]
    fn what_does_not_vary_stays() {
        let fitted = Gaussian::fit(&[1.0, 5.0, 3.0, 5.0], 2).unwrap();
        assert!((fitted.draw(1.0, || 2.5)[1] - 5.0).abs() < 1e-6);
        assert_eq!(fitted.log_density(&[2.0, 6.0]), f64::NEG_INFINITY);
    }

    #[test]
    fn what_is_no_rows_or_not_finite_is_refused() {
        assert_eq!(Gaussian::fit(&[], 2), Err(FitError::NotRows));
        assert_eq!(Gaussian::fit(&[1.0; 3], 2), Err(FitError::NotRows));
        assert_eq!(Gaussian::fit(&[1.0, f32::NAN], 2), Err(FitError::NotFinite));
    }
}
