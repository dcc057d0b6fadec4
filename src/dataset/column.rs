use serde::{Deserialize, Serialize};

use crate::project::{DateUnit, Take};

/// A column of a table, as it became features.
///
/// Kept with a run, so that other tables are turned into numbers as the one it was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its content.
    pub kind: ColumnKind,
    /// The unit of its numbers, where the table names one; a name such as `Temp (°C)` contains it
    /// as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// The content of a column of a table, and how it is written as features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ColumnKind {
    /// Numbers: one feature, the number less `base`.
    ///
    /// The base is nonzero where 32 bits could not distinguish the column's numbers: it is
    /// subtracted in 64 bits.
    Numbers {
        /// Number subtracted from its values.
        base: f64,
    },
    /// Numbers with decimal commas, otherwise as [`ColumnKind::Numbers`].
    ///
    /// A separate kind for tables whose numbers fit both marks, as `1,234` does.
    CommaNumbers {
        /// Number subtracted from its values.
        base: f64,
    },
    /// Two words: one feature, 0 or 1.
    Truth {
        /// The word for 0 and the word for 1.
        words: [String; 2],
    },
    /// Dates and times: one feature, the time since the beginning of 1970 (since midnight where
    /// there is no date) less `base`.
    Dates {
        /// How they are written, in the terms of `strftime`.
        format: String,
        /// The unit, never `Auto`.
        unit: DateUnit,
        /// Number subtracted from its values, in the unit.
        base: f64,
        /// The first of the hundred years in which years of two digits are; `None` for 1969.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_year: Option<u16>,
    },
    /// Words: one feature a word, 1 where the row has it, else 0.
    Categories {
        /// The words, in alphabetic order.
        words: Vec<String>,
    },
}

/// A column of a table that became no feature.
///
/// Kept with a run, so that it is known again in other tables, and so are the columns next to it
/// where these have no names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherColumn {
    /// Its name.
    pub name: String,
    /// Its place among all columns, counted from 0.
    pub place: usize,
    /// Whether it is a label; otherwise it was left out.
    pub is_label: bool,
}

impl OtherColumn {
    /// Those of a table.
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

    /// Its name, and its unit in brackets where the name does not contain it: `Temp (°C)`.
    pub fn name_with_unit(&self) -> String {
        match &self.unit {
            Some(unit) if !self.name.ends_with([')', ']']) => format!("{} ({unit})", self.name),
            Some(_) | None => self.name.clone(),
        }
    }

    /// How many features it is.
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

    /// The names of its features: its own, or with each of its words (`city = Bonn`).
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

/// A column of a table as it was found, for a person to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnOverview {
    /// Its name.
    pub name: String,
    /// Its content in a few words: `numbers, decimal comma`, `12 words`, `dates, 2024-01-31`.
    pub content: String,
    /// The role it was read in.
    pub take: Take,
    /// Smallest and largest number, before anything is done to it.
    pub range: Option<(f64, f64)>,
    /// How many rows have no value.
    pub missing: usize,
    /// How many different fields there are; `None` for too many to count.
    pub distinct: Option<usize>,
    /// How many rows fall into each of some equal parts of the range, or have each of the most
    /// frequent words.
    pub histogram: Vec<u32>,
}
