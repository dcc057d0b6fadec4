//! **Data as rows**, kept in their own type and scaled when a minibatch is gathered; labels, names and the split; the
//! loaders, one file each, cancellable and with progress.

pub mod csv;
mod digits;
mod error;
mod fit;
pub mod idx;
mod image_folder;
mod load;
pub mod memory;
mod mend;
mod npy;
mod picture;
mod progress;
pub mod random;
mod rows;
mod scaler;
mod source_for;
mod split;
mod summary;
mod synthetic;

pub use error::DataError;
pub use load::load;
pub use mend::mended;
pub use progress::Progress;
pub use rows::Rows;
pub use scaler::Scaler;
pub use source_for::source_for;
pub use split::{SplitRows, Subset};
pub use summary::{LabelSummary, Summary, estimate_bytes, source_shape};

use crate::project::Shape;

/// A loaded data set: rows in memory, scaled and split as the project asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What it calls itself: `digits`, or the folder's or file's name.
    pub name: String,
    /// Shape of one row.
    pub shape: Shape,
    /// The values as they came, one row a sample.
    pub rows: Rows,
    /// Labels, by column; empty where there are none. The first colours the scatter by default.
    pub labels: Vec<LabelColumn>,
    /// Name of each row (the picture's path below its folder); empty where rows have none.
    pub row_names: Vec<String>,
    /// Name of each feature; empty for pictures.
    pub feature_names: Vec<String>,
    /// Which rows train, validate, test.
    pub split: SplitRows,
    /// What is done to a value when it is gathered; fitted on the training split.
    pub scaler: Scaler,
    /// Identifies rows and their order; a run is resumed exactly only on equal data.
    pub fingerprint: u64,
    /// What a person should know: skipped files, filled values.
    pub warnings: Vec<String>,
}

/// One label a row.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelColumn {
    /// Its name: `label`, `class`, or the table's column.
    pub name: String,
    /// The values.
    pub values: LabelValues,
}

/// The values of a label column, one a row.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelValues {
    /// One of a few names.
    Classes {
        /// Class names, in order of their numbers.
        names: Vec<String>,
        /// Class of each row, an index into `names`.
        ids: Vec<u32>,
    },
    /// A number, for a colour scale; NaN where a row has none.
    Numbers(Vec<f32>),
}

impl Dataset {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len() / self.shape.features().max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Scales the given rows into `out`, row by row; `out` holds `rows.len() × features` values.
    pub fn gather(&self, rows: &[u32], out: &mut [f32]) {
        let features = self.shape.features();
        for (row, out) in rows.iter().zip(out.chunks_exact_mut(features)) {
            let start = *row as usize * features;
            match &self.rows {
                Rows::U8(values) => self.scaler.scale_u8(&values[start..start + features], out),
                Rows::F32(values) => self.scaler.scale_f32(&values[start..start + features], out),
            }
        }
    }
}
