use super::{Column, ColumnOverview, Doubt, LabelColumn, Rows, Settled};
#[cfg(test)]
use super::{LabelValues, memory};
use crate::project::Shape;

/// Rows from a loader, before split and scaling.
#[derive(Debug)]
pub(super) struct Raw {
    pub name: String,
    pub shape: Shape,
    /// NaN marks a missing value, if `has_gaps`.
    pub rows: Rows,
    pub labels: Vec<LabelColumn>,
    pub row_names: Vec<String>,
    /// Number of each row in its source, counted from 1; empty if all are present.
    pub source_rows: Vec<u32>,
    pub feature_names: Vec<String>,
    /// The columns that became features; empty for data other than tables.
    pub columns: Vec<Column>,
    /// All columns of a table as detected.
    pub overview: Vec<ColumnOverview>,
    /// The channels displayed as red, green and blue, or as grey, counted from 1; empty for the
    /// first ones.
    pub shown_channels: Vec<usize>,
    /// Number of rows, before the source's test rows, that are its own validation rows.
    pub own_validation: usize,
    /// Number of rows at the end that are the source's own test rows.
    pub own_test: usize,
    /// The largest value of the pixel type, if all values are of one such type: [0, it] becomes [0,
    /// 1].
    pub type_max: Option<f32>,
    /// Whether the last channel is alpha, which has the range of its type and does not count for
    /// that of the colours.
    pub has_alpha: bool,
    /// Decisions based on all pictures together.
    pub settled: Settled,
    /// Width and height of the smallest and the largest picture in their files.
    pub source_sizes: Option<[(u32, u32); 2]>,
    pub has_gaps: bool,
    /// One bit per value that is missing and was filled by the loader, and their number; empty if
    /// none was filled.
    pub filled: (Vec<u64>, usize),
    /// Whether other rows of this kind may have missing values, so that the means of the columns
    /// are kept.
    pub is_table: bool,
    /// The number of rows and their kind, for the summary line; by default the number of rows and
    /// the shape.
    pub what: String,
    /// How the source was read, as short texts for the end of that line: `header: yes`.
    pub understood: Vec<String>,
    /// How particular parts were read, one sentence each.
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub doubts: Vec<Doubt>,
}

impl Raw {
    /// Rows without labels, names or warnings; loaders set further fields.
    pub(super) fn new(name: impl Into<String>, shape: Shape, rows: Rows) -> Raw {
        Raw {
            name: name.into(),
            shape,
            rows,
            labels: Vec::new(),
            row_names: Vec::new(),
            source_rows: Vec::new(),
            feature_names: Vec::new(),
            columns: Vec::new(),
            overview: Vec::new(),
            shown_channels: Vec::new(),
            own_validation: 0,
            own_test: 0,
            type_max: None,
            has_alpha: false,
            settled: Settled::default(),
            source_sizes: None,
            has_gaps: false,
            filled: (Vec::new(), 0),
            is_table: false,
            what: String::new(),
            understood: Vec::new(),
            notes: Vec::new(),
            warnings: Vec::new(),
            doubts: Vec::new(),
        }
    }
}

#[cfg(test)]
impl LabelColumn {
    /// Memory of its labels and class names, as charged to a budget.
    pub(super) fn bytes(&self) -> u64 {
        let texts = self.texts.bytes();
        texts
            + match &self.values {
                LabelValues::Classes { names, ids } => {
                    let names = names.iter().map(|name| memory::text_bytes(name.len()));
                    memory::bytes_of::<u32>(ids.capacity()) + names.sum::<u64>()
                }
                LabelValues::Numbers(values) => memory::bytes_of::<f32>(values.capacity()),
            }
    }
}

#[cfg(test)]
impl Raw {
    /// Memory of its values, its labels and the names of its rows, as charged to a budget.
    pub(super) fn bytes(&self) -> u64 {
        let values = match &self.rows {
            Rows::U8(values) => memory::bytes_of::<u8>(values.capacity()),
            Rows::U16(values) => memory::bytes_of::<u16>(values.capacity()),
            Rows::F32(values) => memory::bytes_of::<f32>(values.capacity()),
        };
        let labels = self.labels.iter().map(LabelColumn::bytes);
        let names = self.row_names.iter().map(|name| memory::text_bytes(name.len()));
        values + labels.chain(names).sum::<u64>()
    }

    /// Checks that all parts have the same number of rows.
    #[track_caller]
    pub(super) fn assert_valid(&self) {
        let features = self.shape.features();
        let count = self.rows.len() / features;
        assert_eq!(self.rows.len(), count * features);
        for column in &self.labels {
            let labels = match &column.values {
                LabelValues::Classes { ids, .. } => ids.len(),
                LabelValues::Numbers(values) => values.len(),
            };
            assert_eq!(labels, count, "{}", column.name);
        }
        assert!(self.row_names.is_empty() || self.row_names.len() == count);
        assert!(self.source_rows.is_empty() || self.source_rows.len() == count);
        assert!(self.feature_names.is_empty() || self.feature_names.len() == features);
        assert!(
            self.columns.is_empty() || self.columns.iter().map(Column::features).sum::<usize>() == features
        );
        assert!(self.own_validation + self.own_test <= count);
    }
}
