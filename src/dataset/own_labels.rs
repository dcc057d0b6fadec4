//! Label columns of a person's own: selections of rows that the design keeps beside the labels of its source.

use super::progress::Pulse;
use super::raw::Raw;
use super::{DataError, LabelColumn, Progress, rows};
use crate::project::OwnLabel;

/// Adds them after the labels of the source. One that was made of other data is left out, with a warning.
pub(super) fn add(raw: &mut Raw, own: &[OwnLabel], progress: &Progress) -> Result<(), DataError> {
    if own.is_empty() {
        return Ok(());
    }
    let count = raw.rows.len() / raw.shape.features().max(1);
    let fingerprint = rows::fingerprint(raw.shape, &raw.rows, &raw.columns, progress)?;
    let mut pulse = Pulse::new(progress);
    for label in own {
        // What fills gaps depends on the split, and the fingerprint on what fills them.
        let is_of_these = label.count == count && (raw.has_gaps || label.fingerprint == fingerprint);
        if !is_of_these {
            raw.warnings
                .push(format!("the label column “{}” was made of other data and is left out", label.name));
            continue;
        }
        let mut ids = progress.filled(0_u32, count)?;
        for row in label.rows.below(count) {
            pulse.beat(1)?;
            if let Some(id) = ids.get_mut(row as usize) {
                *id = 1;
            }
        }
        raw.labels.push(LabelColumn::classes(label.name.clone(), label.classes().into(), ids));
    }
    Ok(())
}
