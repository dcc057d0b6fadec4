//! The state of the table of runs: its columns, its order, and the run whose page is open.

use serde::{Deserialize, Serialize};

use crate::dataset::Subset;
use crate::run::{FindingKind, RunId};

/// A column of the table of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunColumn {
    /// Number, name and status; always first.
    #[default]
    Run,
    /// Differences from the previous run; always second.
    Changes,
    /// Finished epochs.
    Epoch,
    /// Loss on the training split.
    Train,
    /// Loss on the validation split.
    Validation,
    /// Squared error per feature on the validation split.
    Mse,
    /// Squared error per feature of PCA with the same code size.
    Pca,
    /// Time spent training.
    Time,
    /// Start time.
    Started,
    /// Trainable parameters.
    Parameters,
    /// The first line of its note.
    Note,
    /// Number of findings.
    Findings,
    /// A value that was measured on request.
    Found(FindingKind, Subset, String),
}

impl RunColumn {
    /// Columns that are always available.
    pub const ALWAYS: [RunColumn; 10] = [
        RunColumn::Epoch,
        RunColumn::Train,
        RunColumn::Validation,
        RunColumn::Mse,
        RunColumn::Pca,
        RunColumn::Time,
        RunColumn::Started,
        RunColumn::Parameters,
        RunColumn::Note,
        RunColumn::Findings,
    ];
}

/// The saved state of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunsTable {
    /// The chosen columns, from left to right; `None` means as many as fit.
    pub columns: Option<Vec<RunColumn>>,
    /// The sort column.
    pub sort: RunColumn,
    /// Whether the sort order is descending.
    pub is_descending: bool,
    /// Whether hidden runs are shown.
    pub shows_hidden: bool,
    /// The run whose page is open instead of the table.
    #[serde(skip)]
    pub page: Option<RunPage>,
}

impl Default for RunsTable {
    fn default() -> Self {
        RunsTable {
            columns: None,
            sort: RunColumn::Run,
            // The newest run is the one that was just started.
            is_descending: true,
            shows_hidden: false,
            page: None,
        }
    }
}

impl RunsTable {
    /// Sorts by a column, or reverses the order if it is already the sort column.
    pub fn sort_by(&mut self, column: &RunColumn) {
        self.is_descending = self.sort == *column && !self.is_descending;
        self.sort = column.clone();
    }

    /// Shows or hides a column; `shown` are the currently shown ones.
    pub fn choose(&mut self, column: &RunColumn, on: bool, shown: &[RunColumn]) {
        let columns = self.columns.get_or_insert_with(|| shown.to_vec());
        columns.retain(|known| known != column);
        if on {
            columns.push(column.clone());
        }
    }
}

/// The page of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunPage {
    /// The run.
    pub run: RunId,
    /// The field to focus in the next frame.
    pub focus: Option<RunField>,
}

/// A text field on the page of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunField {
    /// Its name.
    Name,
    /// Its note.
    Note,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_sorts_ascending_then_descending() {
        let mut table = RunsTable::default();
        let mut sorted = |column| {
            table.sort_by(&column);
            (table.sort.clone(), table.is_descending)
        };
        assert_eq!(sorted(RunColumn::Mse), (RunColumn::Mse, false));
        assert_eq!(sorted(RunColumn::Mse), (RunColumn::Mse, true));
        assert_eq!(sorted(RunColumn::Mse), (RunColumn::Mse, false));
        assert_eq!(sorted(RunColumn::Run), (RunColumn::Run, false));
    }

    #[test]
    fn choosing_columns_starts_from_the_visible_ones() {
        let mut table = RunsTable::default();
        table.choose(&RunColumn::Time, true, &[RunColumn::Epoch, RunColumn::Mse]);
        assert_eq!(table.columns, Some(vec![RunColumn::Epoch, RunColumn::Mse, RunColumn::Time]));
        table.choose(&RunColumn::Epoch, false, &[]);
        table.choose(&RunColumn::Time, true, &[]);
        assert_eq!(table.columns, Some(vec![RunColumn::Mse, RunColumn::Time]));
    }

    #[test]
    fn the_table_is_saved_without_the_open_page() {
        let auc = RunColumn::Found(FindingKind::Anomalies, Subset::Test, "ROC AUC".to_owned());
        let table = RunsTable {
            columns: Some(vec![RunColumn::Note, auc.clone()]),
            sort: auc,
            page: Some(RunPage { run: RunId(1), focus: None }),
            ..RunsTable::default()
        };
        let text = ron::to_string(&table).expect("text");
        assert_eq!(ron::from_str(&text), Ok(RunsTable { page: None, ..table }), "{text}");
        assert_eq!(ron::from_str("()"), Ok(RunsTable::default()));
    }
}
