use thiserror::Error;

use super::RunId;

/// The reason why a run cannot be resumed on some data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// The rows are not those of the run.
    #[error("these are not the data run {0} was trained on, so it cannot be resumed exactly")]
    OtherData(RunId),
    /// The rows are those of the run, but scaled differently.
    #[error(
        "these data are scaled differently than in the training of run {0} (the kind of scaling or the split differs), so it cannot be resumed exactly"
    )]
    OtherScaling(RunId),
    /// The rows are those of the run, but split differently.
    #[error(
        "these data are split differently than in the training of run {0} (the fractions or the seed of the split, or the labels it is stratified by, differ), so it cannot be resumed exactly: it would be trained on samples that were held out. Restore the split, or train a new run"
    )]
    OtherSplit(RunId),
    /// The probe of the run contains a row that its data do not have.
    #[error(
        "run {run} watches row {row}, but its data have {rows} rows, so its probe.ron is damaged: open a backup, or train a new run"
    )]
    NoSuchRow {
        /// The run.
        run: RunId,
        /// The row, counted from 0.
        row: u32,
        /// Rows of the data.
        rows: usize,
    },
}
