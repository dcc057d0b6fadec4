//! What ties a run to its data: the normaliser that is stored with it, and whether data are the run's own.

use super::EngineError;
use crate::dataset::{Binariser, Dataset, Scaler};
use crate::run::{Normaliser, Run};

/// What a new run on these data stores of their scaling.
pub fn normaliser(data: &Dataset) -> Normaliser {
    Normaliser {
        offsets: data.scaler.offsets.clone(),
        factors: data.scaler.factors.clone(),
        means: data.gaps.means.clone(),
        columns: data.feature_names.clone(),
    }
}

/// The scaling a run was trained with, to be applied to any data of its shape.
///
/// `None` where the run was written before normalisers were stored, or where the stored one is damaged.
pub fn stored_scaler(run: &Run) -> Option<Scaler> {
    let Normaliser { offsets, factors, .. } = run.normaliser.clone()?;
    let fits = !offsets.is_empty()
        && offsets.len() == factors.len()
        && run.shape.features().is_multiple_of(offsets.len())
        && offsets.iter().all(|offset| offset.is_finite())
        && factors.iter().all(|factor| factor.is_finite() && *factor != 0.0);
    fits.then_some(Scaler { offsets, factors })
}

/// Whether a run can go on exactly on these data: the same rows, scaled and divided in the same way. Takes a pass over
/// the row numbers.
///
/// # Errors
/// [`EngineError::OtherData`], [`EngineError::OtherScaling`] or [`EngineError::OtherSplit`].
pub fn check_same_data(run: &Run, data: &Dataset) -> Result<(), EngineError> {
    check_same_rows(run, data)?;
    match run.split {
        Some(split) if split != data.split.fingerprint() => Err(EngineError::OtherSplit(run.id)),
        Some(_) | None => Ok(()),
    }
}

/// What stands in the gaps of a table's columns when a run's network is shown other rows: their means over the training rows.
///
/// `None` where the run was written before they were stored, where it was trained on no table, or where they are damaged.
pub fn stored_means(run: &Run) -> Option<&[f32]> {
    let means = &run.normaliser.as_ref()?.means;
    let fits = means.len() == run.shape.features() && means.iter().all(|mean| mean.is_finite());
    fits.then_some(means)
}

/// Whether these are the rows a run knows, scaled as it knows them, however they are divided: enough to look at them.
///
/// # Errors
/// [`EngineError::OtherData`] or [`EngineError::OtherScaling`].
pub fn check_same_rows(run: &Run, data: &Dataset) -> Result<(), EngineError> {
    if data.fingerprint != run.fingerprint {
        return Err(EngineError::OtherData(run.id));
    }
    if data.binariser != Binariser::of(&run.design.data) {
        return Err(EngineError::OtherScaling(run.id));
    }
    // The fingerprint is of the raw values: another split or kind of scaling leaves it as it was.
    match stored_scaler(run) {
        Some(scaler) if scaler != data.scaler => Err(EngineError::OtherScaling(run.id)),
        Some(_) | None => Ok(()),
    }
}
