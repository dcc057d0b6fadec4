use serde::{Deserialize, Serialize};

use crate::project::{DateUnit, Take};

/// A column of a table that became one or more features.
///
/// Kept with a run, so that other tables are converted to numbers like the one it was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its content.
    pub kind: ColumnKind,
    /// The unit of its numbers, if the table gives one; a name such as `Temp (°C)` contains it as
    /// well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// The content of a column of a table, and its conversion to features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ColumnKind {
    /// Numbers: one feature, the number less `base`.
    ///
    /// The base is nonzero if 32 bits could not distinguish the column's numbers: it is subtracted
    /// in 64 bits.
    Numbers {
        /// Number subtracted from its values.
        base: f64,
    },
    /// Numbers with decimal commas, otherwise as [`ColumnKind::Numbers`].
    ///
    /// A separate kind for tables whose numbers fit both marks, such as `1,234`.
    CommaNumbers {
        /// Number subtracted from its values.
        base: f64,
    },
    /// Two words: one feature, 0 or 1.
    Truth {
        /// The word for 0 and the word for 1.
        words: [String; 2],
    },
    /// Dates and times: one feature, the time since the beginning of 1970 (since midnight if there
    /// is no date) less `base`.
    Dates {
        /// Their format, in the notation of `strftime`.
        format: String,
        /// The unit, never `Auto`.
        unit: DateUnit,
        /// Number subtracted from its values, in the unit.
        base: f64,
        /// The first year of the century for two-digit years; `None` for 1969.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_year: Option<u16>,
    },
    /// Words: one feature per word, 1 if the row has it, else 0.
    Categories {
        /// The words, in alphabetical order.
        words: Vec<String>,
    },
}

/// A column of a table that did not become a feature.
///
/// Kept with a run, to recognise it in other tables, and the columns next to it if these have no
/// names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherColumn {
    /// Its name.
    pub name: String,
    /// Its position among all columns, counted from 0.
    pub place: usize,
    /// Whether it is a label; otherwise it was skipped.
    pub is_label: bool,
}

impl OtherColumn {
    /// The other columns of a table.
    pub fn all(overview: &[ColumnOverview]) -> Vec<OtherColumn> {
        let other = |(place, column): (usize, &ColumnOverview)| {
            let is_label = column.take == Take::Label;
            let is_other = is_label || column.take == Take::LeftOut;
            is_other.then(|| OtherColumn { name: column.name.clone(), place, is_label })
        };
        overview.iter().enumerate().filter_map(other).collect()
    }
}

impl Column {
    /// A column of plain numbers.
    pub fn numbers(name: impl Into<String>) -> Column {
        Column { name: name.into(), kind: ColumnKind::Numbers { base: 0.0 }, unit: None }
    }

    /// Its name, with its unit in brackets if the name does not contain it: `Temp (°C)`.
    pub fn name_with_unit(&self) -> String {
        match &self.unit {
            Some(unit) if !self.name.ends_with([')', ']']) => format!("{} ({unit})", self.name),
            Some(_) | None => self.name.clone(),
        }
    }

    /// Number of its features.
    pub fn features(&self) -> usize {
        match &self.kind {
            ColumnKind::Numbers { .. }
            | ColumnKind::CommaNumbers { .. }
            | ColumnKind::Truth { .. }
            | ColumnKind::Dates { .. } => 1,
            ColumnKind::Categories { words } => words.len(),
        }
    }

    /// Number subtracted from its numbers.
    pub fn base(&self) -> f64 {
        match &self.kind {
            ColumnKind::Numbers { base }
            | ColumnKind::CommaNumbers { base }
            | ColumnKind::Dates { base, .. } => *base,
            ColumnKind::Truth { .. } | ColumnKind::Categories { .. } => 0.0,
        }
    }

    /// The names of its features: its own name, or combined with each of its words (`city = Bonn`).
    pub fn feature_names(&self) -> Vec<String> {
        match &self.kind {
            ColumnKind::Numbers { .. }
            | ColumnKind::CommaNumbers { .. }
            | ColumnKind::Truth { .. }
            | ColumnKind::Dates { .. } => {
                vec![self.name.clone()]
            }
            ColumnKind::Categories { words } => {
                words.iter().map(|word| format!("{} = {word}", self.name)).collect()
            }
        }
    }
}

/// A column of a table as detected, for display.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnOverview {
    /// Its name.
    pub name: String,
    /// Its content as a short text: `numbers, decimal comma`, `12 words`, `dates, 2024-01-31`.
    pub content: String,
    /// The role it was read in.
    pub take: Take,
    /// Smallest and largest number, before any conversion.
    pub range: Option<(f64, f64)>,
    /// Number of rows without a value.
    pub missing: usize,
    /// Number of different fields; `None` for too many to count.
    pub distinct: Option<usize>,
    /// Number of rows in each of some equal bins of the range, or with each of the most frequent
    /// words.
    pub histogram: Vec<u32>,
}
