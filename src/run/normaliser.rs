use serde::{Deserialize, Serialize};

use crate::dataset::{Column, Depth, OtherColumn, Settled};

/// What was done to every value before the network saw it: `(value − offset) · factor`, as fitted on the training split.
///
/// Kept with the run, because without it trained weights mean nothing to new data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normaliser {
    /// One offset for all features, or one a feature, or one a channel; cycled over the features of a row.
    pub offsets: Vec<f32>,
    /// As many factors, none of them zero.
    pub factors: Vec<f32>,
    /// The mean of each column of a table over the training split, unscaled: what stands in a gap of new rows. Empty for
    /// what is no table, and in files written before it was stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f32>,
    /// The names of the columns in their order, so that new rows in another order are noticed. Empty for what has none, and in files
    /// written before they were stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The columns of a table as they became features, so that other tables become the same ones. Empty for what is no table,
    /// and in files written before it was stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<Column>,
    /// The other columns of the table: labels, and those that were left out. Empty where there are none, for what is no table,
    /// and in files written before they were stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherColumn>,
    /// The depth of the values it was fitted on. `None` in files written before it was stored, and in earlier ones for what is
    /// no picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<Depth>,
    /// Decisions that were taken by all pictures together, so that others are read in the same way. Nothing for what is no
    /// folder of pictures, and in files written before it was stored.
    #[serde(default, skip_serializing_if = "Settled::is_empty")]
    pub settled: Settled,
}

impl Normaliser {
    /// Checks a scaling that was read, of samples with so many features.
    ///
    /// # Errors
    /// A message with what does not fit.
    pub fn validate(&self, features: usize) -> Result<(), String> {
        let table = self.table.iter().map(Column::features).fold(0, usize::saturating_add);
        let counts = [self.offsets.len(), self.factors.len(), self.means.len(), self.columns.len(), table];
        if let Some(count) = counts.into_iter().find(|count| *count > features) {
            return Err(format!("its scaling has {count} numbers for {features} features"));
        }
        Ok(())
    }
}
