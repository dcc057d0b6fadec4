use crate::analysis::pca::{Pca, PcaError};
use crate::dataset::{Dataset, Subset};

/// Maximum number of values PCA is fitted to (256 MB). Larger splits are subsampled evenly.
const BASELINE_VALUES: usize = 64 << 20;

/// Returns the reference error of a run: that of PCA with as many components as the code has units,
/// per feature, fitted on the training split and evaluated on the validation split (the training
/// split if there is none). Masked missing values are excluded, as they are for networks: the
/// result is the mean over samples of the mean over the other values.
///
/// # Errors
/// If PCA cannot be fitted to the data.
pub fn baseline(data: &Dataset, components: usize) -> Result<f64, PcaError> {
    let [train, validation] = [Subset::Train, Subset::Validation].map(|subset| data.split.rows(subset));
    let rows = gathered(data, train);
    let pca = Pca::fit(&rows, data.shape.features(), components)?;
    let judged = if validation.is_empty() { train } else { validation };
    let rows = if validation.is_empty() { rows } else { gathered(data, validation) };
    Ok(if data.gaps.masks_any() { masked_mse(&pca, data, judged, &rows) } else { pca.mse(&rows) })
}

/// Mean squared error over the values of `rows` (scaled) that were not missing. `numbers` are their
/// row numbers before subsampling.
fn masked_mse(pca: &Pca, data: &Dataset, numbers: &[u32], rows: &[f32]) -> f64 {
    let features = data.shape.features().max(1);
    let (mut weights, mut sum) = (vec![0.0; features], 0.0);
    let numbers = thinned(data, numbers);
    for (number, row) in numbers.iter().zip(rows.chunks_exact(features)) {
        data.gaps.fill_weights(&[*number], features, &mut weights);
        let errors = pca.restored(row).into_iter().zip(row).map(|(y, x)| f64::from(y - x).powi(2));
        let error: f64 = errors.zip(&weights).map(|(error, weight)| error * f64::from(*weight)).sum();
        let present: f64 = weights.iter().copied().map(f64::from).sum();
        sum += if present > 0.0 { error / present } else { 0.0 };
    }
    sum / numbers.len().max(1) as f64
}

/// Approximate number of multiply-adds of [`baseline`], used to decide whether to ask before
/// computing it.
pub fn baseline_macs(data: &Dataset, components: usize) -> f64 {
    let features = data.shape.features() as f64;
    let train = (data.split.train.len() as f64).min(BASELINE_VALUES as f64 / features.max(1.0));
    // The covariance matrix and its eigenvectors; both are upper bounds if PCA uses random
    // projection.
    (train + components as f64 + 10.0 * features) * features * features
}

/// Scaled values of rows, subsampled evenly if there are too many.
pub(super) fn gathered(data: &Dataset, rows: &[u32]) -> Vec<f32> {
    let rows = thinned(data, rows);
    let mut values = vec![0.0; rows.len() * data.shape.features()];
    data.gather(&rows, &mut values);
    values
}

fn thinned(data: &Dataset, rows: &[u32]) -> Vec<u32> {
    let stride = (rows.len() * data.shape.features()).div_ceil(BASELINE_VALUES).max(1);
    rows.iter().copied().step_by(stride).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::Data;

    /// Without a component the reconstruction is the mean of the training rows.
    #[test]
    fn masked_values_are_excluded_from_the_error() {
        let mut data = load(&Data::default(), &Progress::default()).expect("built in");
        let whole = baseline(&data, 0).expect("numbers");
        let features = data.shape.features();
        data.gaps.cells = vec![u64::MAX >> 20; data.rows.len().div_ceil(64)];
        (data.gaps.filled, data.gaps.are_masked) = (44 * data.len(), true);
        let gather = |rows: &[u32]| gathered(&data, rows);
        let train = gather(&data.split.train);
        let mean = |feature: usize| {
            let values = train.iter().skip(feature).step_by(features);
            values.map(|value| f64::from(*value)).sum::<f64>() / data.split.train.len() as f64
        };
        let means: Vec<f64> = (0..features).map(mean).collect();
        // Samples have 64 features; only the last 20 are present.
        let validation = gather(&data.split.validation);
        let errors = validation.chunks_exact(features).map(|row| {
            let there = (44..features).map(|feature| (f64::from(row[feature]) - means[feature]).powi(2));
            there.sum::<f64>() / 20.0
        });
        let expected = errors.sum::<f64>() / data.split.validation.len() as f64;
        let found = baseline(&data, 0).expect("numbers");
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        assert!((found - whole).abs() > 1e-3, "it matters");
    }
}
