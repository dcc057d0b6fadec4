//! Principal component analysis (Pearson 1901): the best linear code of a given size, and the
//! baseline of autoencoders.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};
use thiserror::Error;

/// A fitted PCA. Rows are samples, row-major; `d` features, `k` components.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Mean of each feature, `d` values.
    pub mean: Vec<f32>,
    /// Orthonormal components, `k × d`, by descending variance; in each the entry of largest
    /// magnitude is positive.
    pub components: Vec<f32>,
    /// Variance along each component, divided by n − 1.
    pub variances: Vec<f32>,
    /// Share of each component in the variance of all features; 0 without variance.
    pub ratios: Vec<f32>,
}

/// Why no PCA can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PcaError {
    /// No rows, no features, or a slice that is not a whole number of rows.
    #[error(
        "the number of values is not a multiple of the number of columns; PCA needs at least one whole \
         row"
    )]
    NotRows,
    /// NaN, infinity, or values too large to be squared.
    #[error("the values are not finite or too large; PCA needs finite numbers")]
    NotFinite,
    /// The eigenvalue iteration did not converge.
    #[error("the eigenvalues did not converge; scale the data first")]
    NoConvergence,
}

/// Up to this many features the covariance matrix is decomposed; above, the subspace is found by
/// random projection.
const EXACT_FEATURES: usize = 2000;
/// Rows centred and multiplied at a time.
const BLOCK: usize = 1024;
/// Random directions beyond the wanted components, and power iterations (Halko, Martinsson & Tropp
/// 2011, §4.5).
const OVERSAMPLING: usize = 10;
const POWER_ITERATIONS: usize = 5;

impl Pca {
    /// Fits `k` components (at most rows or features) to `rows`, rows × `features`.
    ///
    /// Exact up to 2,000 features; above, by a fixed random projection with power iterations.
    ///
    /// # Errors
    /// [`PcaError`].
    pub fn fit(rows: &[f32], features: usize, k: usize) -> Result<Pca, PcaError> {
        Fit::new(rows, features, k)
            .and_then(|fit| if features <= EXACT_FEATURES { fit.exact() } else { fit.randomised() })
    }

    /// Number of components.
    pub fn k(&self) -> usize {
        self.variances.len()
    }

    /// Codes of `rows` (rows × d): rows × k.
    pub fn project(&self, rows: &[f32]) -> Vec<f32> {
        let (d, k) = (self.mean.len(), self.k());
        let mut codes = vec![0.0; rows.len() / d * k];
        if k == 0 {
            return codes;
        }
        let components = MatRef::from_row_major_slice(&self.components, k, d);
        let mut centred = Vec::new();
        for (rows, codes) in rows.chunks(BLOCK * d).zip(codes.chunks_mut(BLOCK * k)) {
            let count = rows.len() / d;
            centre(&rows[..count * d], &self.mean, &mut centred);
            let rows = MatRef::from_column_major_slice(&centred, d, count);
            let codes = MatMut::from_column_major_slice_mut(codes, k, count);
            matmul(codes, Accum::Replace, components, rows, 1.0, Par::Seq);
        }
        codes
    }

    /// Rows of `codes` (rows × k): rows × d.
    pub fn reconstruct(&self, codes: &[f32]) -> Vec<f32> {
        let (d, k) = (self.mean.len(), self.k());
        let count = codes.len().checked_div(k).unwrap_or(0);
        let mut rows = self.mean.repeat(count);
        if count > 0 {
            let components = MatRef::from_row_major_slice(&self.components, k, d);
            let codes = MatRef::from_column_major_slice(&codes[..count * k], k, count);
            let rows = MatMut::from_column_major_slice_mut(&mut rows, d, count);
            matmul(rows, Accum::Add, components.transpose(), codes, 1.0, Par::Seq);
        }
        rows
    }

    /// Reconstructions of `rows` (rows × d).
    pub fn restored(&self, rows: &[f32]) -> Vec<f32> {
        if self.k() == 0 {
            self.mean.repeat(rows.len() / self.mean.len().max(1))
        } else {
            self.reconstruct(&self.project(rows))
        }
    }

    /// Mean squared error of the reconstruction of `rows` (rows × d), over all values; 0 for no
    /// rows.
    pub fn mse(&self, rows: &[f32]) -> f64 {
        let d = self.mean.len();
        let (mut sum, mut count) = (0.0, 0);
        for rows in rows.chunks(BLOCK * d) {
            let back = self.restored(rows);
            count += back.len();
            sum += rows.iter().zip(back).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>();
        }
        if count == 0 { 0.0 } else { sum / count as f64 }
    }
}

/// The centred data and their scale, before components are computed.
struct Fit<'a> {
    rows: &'a [f32],
    n: usize,
    d: usize,
    k: usize,
    mean: Vec<f32>,
    /// Sum of the variances of all features.
    total: f64,
}

impl<'a> Fit<'a> {
    fn new(rows: &'a [f32], d: usize, k: usize) -> Result<Fit<'a>, PcaError> {
        let n = rows.len().checked_div(d).unwrap_or(0);
        if n == 0 || n * d != rows.len() {
            return Err(PcaError::NotRows);
        }
        let mut sums = vec![0.0_f64; d];
        for row in rows.chunks_exact(d) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / n as f64) as f32).collect();
        let mut squares = 0.0;
        for row in rows.chunks_exact(d) {
            // In `f32` lanes within a row, where the sums are short.
            squares += f64::from(row.iter().zip(&mean).map(|(x, m)| (x - m) * (x - m)).sum::<f32>());
        }
        if !squares.is_finite() {
            return Err(PcaError::NotFinite);
        }
        Ok(Fit { rows, n, d, k: k.min(n).min(d), mean, total: squares / divisor(n) })
    }

    fn exact(&self) -> Result<Pca, PcaError> {
        let d = self.d;
        let mut covariance = Mat::<f64>::zeros(d, d);
        let mut product = Mat::<f32>::zeros(d, d);
        self.each_block(|_, block| {
            matmul(&mut product, Accum::Replace, block, block.transpose(), 1.0, Par::Seq);
            for column in 0..d {
                let sums = covariance.col_as_slice_mut(column).iter_mut();
                for (sum, &value) in sums.zip(product.col_as_slice(column)) {
                    *sum += f64::from(value) / divisor(self.n);
                }
            }
        });
        let eigen = covariance.self_adjoint_eigen(Side::Lower).map_err(|_| PcaError::NoConvergence)?;
        // In ascending order.
        let values: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        let vectors = eigen.U();
        Ok(self.finish((0..self.k).map(|at| {
            let column = d - 1 - at;
            let component = (0..d).map(|row| vectors[(row, column)] as f32).collect();
            (values[column], component)
        })))
    }

    fn randomised(&self) -> Result<Pca, PcaError> {
        let (n, d) = (self.n, self.d);
        let width = (self.k + OVERSAMPLING).min(n).min(d);
        let mut state = 0;
        let mut directions = Mat::from_fn(d, width, |_, _| sign(&mut state));
        for iteration in 0..=POWER_ITERATIONS {
            let images = orthonormal(&self.times(&directions));
            let back = self.transposed_times(&images);
            if iteration < POWER_ITERATIONS {
                directions = orthonormal(&back);
                continue;
            }
            let back = Mat::from_fn(d, width, |row, column| f64::from(back[(row, column)]));
            let svd = back.thin_svd().map_err(|_| PcaError::NoConvergence)?;
            let (vectors, singular) = (svd.U(), svd.S().column_vector());
            return Ok(self.finish((0..self.k).map(|at| {
                let component = (0..d).map(|row| vectors[(row, at)] as f32).collect();
                (singular[at].powi(2) / divisor(n), component)
            })));
        }
        Err(PcaError::NoConvergence)
    }

    fn finish(&self, pairs: impl Iterator<Item = (f64, Vec<f32>)>) -> Pca {
        let mut pca = Pca {
            mean: self.mean.clone(),
            components: Vec::with_capacity(self.k * self.d),
            variances: Vec::with_capacity(self.k),
            ratios: Vec::with_capacity(self.k),
        };
        for (variance, component) in pairs {
            let largest = component.iter().fold(0.0_f32, |top, &x| if x.abs() > top.abs() { x } else { top });
            let sign = 1.0_f32.copysign(largest);
            pca.components.extend(component.iter().map(|x| x * sign));
            // Rounding may make a zero variance slightly negative.
            let variance = variance.max(0.0);
            pca.variances.push(variance as f32);
            let ratio = if self.total > 0.0 { variance / self.total } else { 0.0 };
            pca.ratios.push(ratio as f32);
        }
        pca
    }

    /// Passes on centred rows as the columns of d × (up to 1,024) matrices, with the index of the
    /// first.
    fn each_block(&self, mut visit: impl FnMut(usize, MatRef<'_, f32>)) {
        let mut centred = Vec::new();
        for (block, rows) in self.rows.chunks(BLOCK * self.d).enumerate() {
            centre(rows, &self.mean, &mut centred);
            visit(block * BLOCK, MatRef::from_column_major_slice(&centred, self.d, rows.len() / self.d));
        }
    }

    /// Centred rows times a d × w matrix: n × w.
    fn times(&self, right: &Mat<f32>) -> Mat<f32> {
        let mut product = Mat::zeros(self.n, right.ncols());
        self.each_block(|first, block| {
            let part = product.as_mut().subrows_mut(first, block.ncols());
            matmul(part, Accum::Replace, block.transpose(), right, 1.0, Par::Seq);
        });
        product
    }

    /// Transposed centred rows times an n × w matrix: d × w.
    fn transposed_times(&self, right: &Mat<f32>) -> Mat<f32> {
        let mut product = Mat::zeros(self.d, right.ncols());
        self.each_block(|first, block| {
            let part = right.as_ref().subrows(first, block.ncols());
            matmul(&mut product, Accum::Add, block, part, 1.0, Par::Seq);
        });
        product
    }
}

fn divisor(n: usize) -> f64 {
    (n - 1).max(1) as f64
}

fn centre(rows: &[f32], mean: &[f32], out: &mut Vec<f32>) {
    out.clear();
    out.reserve(rows.len());
    for row in rows.chunks_exact(mean.len()) {
        out.extend(row.iter().zip(mean).map(|(x, m)| x - m));
    }
}

/// Orthonormal columns with the same span.
fn orthonormal(matrix: &Mat<f32>) -> Mat<f32> {
    matrix.qr().compute_thin_Q()
}

/// Plus or minus one: as good a random projection as normal numbers, and always the same.
fn sign(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    if (mixed ^ (mixed >> 31)) >> 63 == 0 { 1.0 } else { -1.0 }
}

#[cfg(test)]
mod tests;
