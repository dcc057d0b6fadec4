use crate::analysis::pca::{Pca, PcaError};
use crate::dataset::{Dataset, Subset};

/// Most values PCA is fitted to: 256 MB. Larger splits are thinned out evenly.
const BASELINE_VALUES: usize = 64 << 20;

/// What a run is measured by: the error of PCA with as many components as its code has units, per feature, fitted on the
/// training split and judged on the validation split (the training split where there is none).
///
/// # Errors
/// Where PCA cannot be fitted to the data.
pub fn baseline(data: &Dataset, components: usize) -> Result<f64, PcaError> {
    let train = gathered(data, data.split.rows(Subset::Train));
    let pca = Pca::fit(&train, data.shape.features(), components)?;
    let validation = data.split.rows(Subset::Validation);
    Ok(if validation.is_empty() { pca.mse(&train) } else { pca.mse(&gathered(data, validation)) })
}

/// Multiply-adds [`baseline`] takes, about: what someone who has to wait for it asks first.
pub fn baseline_macs(data: &Dataset, components: usize) -> f64 {
    let features = data.shape.features() as f64;
    let train = (data.split.train.len() as f64).min(BASELINE_VALUES as f64 / features.max(1.0));
    // The covariance matrix and its eigenvectors; both are upper bounds where PCA goes by random projection instead.
    (train + components as f64 + 10.0 * features) * features * features
}

/// Scaled values of rows, thinned out evenly where they are too many.
pub(super) fn gathered(data: &Dataset, rows: &[u32]) -> Vec<f32> {
    let features = data.shape.features().max(1);
    let stride = (rows.len() * features).div_ceil(BASELINE_VALUES).max(1);
    let rows: Vec<u32> = rows.iter().copied().step_by(stride).collect();
    let mut values = vec![0.0; rows.len() * features];
    data.gather(&rows, &mut values);
    values
}
