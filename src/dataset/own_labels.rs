//! User-defined label columns: selections of rows that the design stores in addition to the labels
//! of its source.

use super::progress::CancelTimer;
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, rows};
use crate::project::{Data, OwnLabel};

/// Adds these columns after the labels of the source. A column made for other data is ignored with
/// a warning.
///
/// # Errors
/// [`DataError::HeldOut`] if the class of such a column is held out; [`DataError::Memory`] or
/// [`DataError::Cancelled`].
pub(super) fn add(raw: &mut Raw, data: &Data, progress: &Progress) -> Result<(), DataError> {
    if data.own_labels.is_empty() {
        return Ok(());
    }
    let count = raw.rows.len() / raw.shape.features().max(1);
    let fingerprint = rows::fingerprint(raw.shape, &raw.rows, &raw.columns, progress)?;
    for label in &data.own_labels {
        // The values that fill missing ones depend on the split, and the fingerprint depends on
        // these values.
        if label.count == count && (raw.has_gaps || label.fingerprint == fingerprint) {
            let ids = ids(label, progress)?;
            raw.labels.push(LabelColumn::classes(label.name.clone(), label.classes().into(), ids));
            continue;
        }
        let held_out = data.held_out.as_ref().filter(|held| label.classes().contains(held));
        if let Some(held_out) =
            held_out.filter(|held| raw.labels.iter().all(|column| !column.has_class(held)))
        {
            return Err(DataError::HeldOut(format!(
                "“{held_out}” is a class of the label column “{}”, which was made for other data: hold \
                 nothing out, or load those data",
                label.name
            )));
        }
        raw.warnings
            .push(format!("the label column “{}” was made for other data and is ignored", label.name));
    }
    Ok(())
}

/// The class with this name among them, and the classes of all `count` rows.
///
/// # Errors
/// [`DataError::Memory`] or [`DataError::Cancelled`].
pub(super) fn class_of(
    own: &[OwnLabel],
    name: &str,
    count: usize,
    progress: &Progress,
) -> Result<Option<(u32, Vec<u32>)>, DataError> {
    for label in own.iter().filter(|label| label.count == count) {
        if let Some(class) = label.classes().iter().position(|class| class == name) {
            return Ok(Some((class as u32, ids(label, progress)?)));
        }
    }
    Ok(None)
}

/// The class of each row: 1 if it is in the column's own set.
fn ids(label: &OwnLabel, progress: &Progress) -> Result<Vec<u32>, DataError> {
    let mut ids = progress.filled(0_u32, label.count)?;
    let mut cancel_timer = CancelTimer::new(progress);
    for row in label.rows.below(label.count) {
        cancel_timer.tick(1)?;
        if let Some(id) = ids.get_mut(row as usize) {
            *id = 1;
        }
    }
    Ok(ids)
}
