//! How the table of runs stands: its columns, its order, and the run whose page is open.

use serde::{Deserialize, Serialize};

use crate::dataset::Subset;
use crate::run::{FindingKind, RunId};

/// A column of the table of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunColumn {
    /// Number, name and status; always the first.
    #[default]
    Run,
    /// What differs from the run before; always the second.
    Changes,
    /// Finished epochs.
    Epoch,
    /// Loss on the training split.
    Train,
    /// Loss on the validation split.
    Validation,
    /// Squared error per feature on the validation split.
    Mse,
    /// The same of PCA with the same code size.
    Pca,
    /// Time spent training.
    Time,
    /// When it was started.
    Started,
    /// Trainable parameters.
    Parameters,
    /// The first line of its note.
    Note,
    /// How many findings there are.
    Findings,
    /// A number that was measured on request.
    Found(FindingKind, Subset, String),
}

impl RunColumn {
    /// Those that can be chosen whatever was measured.
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

/// What is remembered of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunsTable {
    /// The columns that were chosen, from the left; `None`: as many as there is room for.
    pub columns: Option<Vec<RunColumn>>,
    /// The column it is sorted by.
    pub sort: RunColumn,
    /// Whether the largest comes first.
    pub is_descending: bool,
    /// Whether hidden runs are shown.
    pub shows_hidden: bool,
    /// The run whose page is open in place of the table.
    #[serde(skip)]
    pub page: Option<RunPage>,
}

impl Default for RunsTable {
    fn default() -> Self {
        RunsTable {
            columns: None,
            sort: RunColumn::Run,
            // The newest is what was just asked for.
            is_descending: true,
            shows_hidden: false,
            page: None,
        }
    }
}

impl RunsTable {
    /// Sorts by a column; the other way round where it is sorted by it.
    pub fn sort_by(&mut self, column: &RunColumn) {
        self.is_descending = self.sort == *column && !self.is_descending;
        self.sort = column.clone();
    }

    /// Shows a column or no longer, where `shown` are those on screen.
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
    /// The field that gets the keyboard at the next frame.
    pub focus: Option<RunField>,
}

/// What can be written on the page of a run.
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
    fn a_column_sorts_up_first_and_then_down() {
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
    fn choosing_starts_from_what_is_on_screen() {
        let mut table = RunsTable::default();
        table.choose(&RunColumn::Time, true, &[RunColumn::Epoch, RunColumn::Mse]);
        assert_eq!(table.columns, Some(vec![RunColumn::Epoch, RunColumn::Mse, RunColumn::Time]));
        table.choose(&RunColumn::Epoch, false, &[]);
        table.choose(&RunColumn::Time, true, &[]);
        assert_eq!(table.columns, Some(vec![RunColumn::Mse, RunColumn::Time]));
    }

    #[test]
    fn it_is_written_down_without_the_page() {
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
