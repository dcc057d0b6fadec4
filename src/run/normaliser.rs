use serde::{Deserialize, Serialize};

use crate::dataset::{Column, Depth, OtherColumn, Settled};

/// The transformation of every value before the network: `(value − offset) · factor`, fitted on the
/// training split.
///
/// Stored with the run, because trained weights cannot be applied to new data without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normaliser {
    /// One offset for all features, one per feature, or one per channel; cycled over the features
    /// of a row.
    pub offsets: Vec<f32>,
    /// As many factors, all non-zero.
    pub factors: Vec<f32>,
    /// The mean of each column of a table over the training split, unscaled. It fills gaps in new
    /// rows. Empty if the data are not a table, and in files written before it was stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f32>,
    /// The names of the columns in order, to detect new rows with another column order. Empty if
    /// there are none, and in files written before they were stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The columns of a table as they were converted to features, so that other tables are
    /// converted identically. Empty if the data are not a table, and in files written before it was
    /// stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<Column>,
    /// The other columns of the table: labels and excluded columns. Empty if there are none, if the
    /// data are not a table, and in files written before they were stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherColumn>,
    /// The bit depth of the values it was fitted on. `None` in files written before it was stored,
    /// and in earlier ones if the data are not pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<Depth>,
    /// Decisions based on all pictures together, so that others are read in the same way. Empty if
    /// the data are not a folder of pictures, and in files written before it was stored.
    #[serde(default, skip_serializing_if = "Settled::is_empty")]
    pub settled: Settled,
}

impl Normaliser {
    /// Checks a scaling read from a file, of samples with this many features.
    ///
    /// # Errors
    /// A message describing the mismatch.
    pub fn validate(&self, features: usize) -> Result<(), String> {
        let table = self.table.iter().map(Column::features).fold(0, usize::saturating_add);
        let counts = [self.offsets.len(), self.factors.len(), self.means.len(), self.columns.len(), table];
        if let Some(count) = counts.into_iter().find(|count| *count > features) {
            return Err(format!("its scaling has {count} numbers for {features} features"));
        }
        Ok(())
    }
}
