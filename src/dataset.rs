//! **Data as rows**, kept in their own type (bytes of pixels or `f32`) and scaled by a [`Scaler`]
//! when a minibatch is gathered; labels, names and the split; the loaders.
//!
//! - [`load()`] reads and splits. [`source_for()`] says what a path is by its content; `foreign`
//!   how to convert what is not read; `fixed_source` gives a source that would load instead of one that does not.
//!   [`Progress`] counts and cancels.
//! - Loaders charge the `Budget` in [`memory`] before they allocate, and check the cancel switch in
//!   every loop over input. Files are opened by `open_file`, which refuses devices, pipes and files
//!   that the system generates.
//! - [`csv`] reads tables, `image_folder` and `picture` pictures, `npy` and [`idx`] arrays.
//! - What a file claims and the crates that decode it would believe is checked first: in `parts`,
//!   `records` and `sectors` of [`csv`] (spreadsheets), and in `tiff_pages`, `tiff_jpeg` and
//!   `exr_blocks` of `picture`.
//! - `settled` is what all pictures of a folder decided together, which a run keeps; `damaged`
//!   brings damaged pictures to the form in which a corruption leaves them, `mask` makes the holes
//!   of a mask in them, `own_size` finds the common size of other pictures.
//! - `own_labels` adds label columns made of selections, `joined` puts several files together,
//!   `interned` keeps texts once, `sort` sorts long lists, `squeezed` warns of outliers.
//! - [`random`] provides all random numbers of the program.

mod binariser;
mod column;
pub mod csv;
mod damaged;
mod data_instead;
mod digits;
mod duration;
mod error;
mod feature_weights;
mod fit;
mod fixed_source;
mod foreign;
pub mod idx;
mod image_folder;
mod interned;
mod joined;
mod load;
mod mask;
pub mod memory;
mod npy;
mod open_file;
mod other_range;
mod own_labels;
mod own_size;
mod parallel;
mod picture;
mod progress;
mod quantiles;
pub mod random;
mod raw;
mod remark;
mod rows;
mod scaler;
mod settled;
mod sort;
mod source_for;
mod split;
mod squeezed;
mod summary;
mod synthetic;
mod written;

pub use binariser::Binariser;
pub use column::{Column, ColumnKind, ColumnOverview, OtherColumn};
pub use damaged::{enlarged, holes_filled, small_shape};
pub use data_instead::{DataInstead, data_instead};
pub use digits::DIGITS_WHITE;
pub use error::DataError;
pub use fixed_source::fixed_source;
pub use idx::companions;
pub use interned::Texts;
pub use joined::joined;
pub use load::{Known, load, load_known};
pub use mask::masked;
pub use other_range::other_range;
pub use own_size::own_size;
pub use picture::Depth;
pub use progress::Progress;
pub use remark::{Doubt, Said};
pub use rows::Rows;
pub use scaler::Scaler;
pub use settled::Settled;
pub use source_for::{entered_table, labels_of, lay_out, source_for, source_like, table_like, unread_source};
pub use split::{SplitRows, Subset};
pub use summary::{LabelSummary, Summary};

use std::borrow::Cow;

use crate::project::{Shape, Shown};

/// The class of rows that have no label.
const NO_LABEL: &str = "(none)";

/// A loaded data set: rows in memory, scaled and split as the project asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What it calls itself: `digits`, or the folder's or file's name.
    pub name: String,
    /// Shape of one row.
    pub shape: Shape,
    /// The values as they came, one row a sample.
    pub rows: Rows,
    /// Labels, by column; empty where there are none.
    pub labels: Vec<LabelColumn>,
    /// Name of each row (the picture's path below its folder); empty where rows have none.
    pub row_names: Vec<String>,
    /// Number of each row in its source, counted from 1; empty where all rows of the source are there.
    pub source_rows: Vec<u32>,
    /// Name of each feature; empty for pictures.
    pub feature_names: Vec<String>,
    /// The channels that are shown as red, green and blue, or as grey, counted from 1; empty for the first ones.
    pub shown_channels: Vec<usize>,
    /// The columns that became features, in their order; empty for what is no table.
    pub columns: Vec<Column>,
    /// All columns of a table as they were found, in their order; empty for what is no table.
    pub overview: Vec<ColumnOverview>,
    /// Which rows train, validate, test.
    pub split: SplitRows,
    /// What is done to a value when it is gathered; fitted on the training split.
    pub scaler: Scaler,
    /// What makes scaled values into 0 or 1.
    pub binariser: Binariser,
    /// What stands in for missing values.
    pub gaps: Gaps,
    /// Decisions that were taken by all pictures together; nothing for what is no folder of pictures.
    pub settled: Settled,
    /// Width and height of the smallest and the largest picture as they are in their files; `None` for what is no folder of
    /// pictures.
    pub source_sizes: Option<[(u32, u32); 2]>,
    /// Identifies rows and their order; a run is resumed exactly only on equal data.
    pub fingerprint: u64,
    /// What was read, for a person to check.
    pub said: Said,
    /// What a person should know: skipped files, filled values.
    pub warnings: Vec<String>,
    /// What was guessed and may be wrong, each with its remedies.
    pub doubts: Vec<Doubt>,
}

/// What stands in for the missing values of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaps {
    /// The mean of each column over the training split, unscaled; empty for what is no table.
    pub means: Vec<f32>,
    /// How many values were missing and filled.
    pub filled: usize,
    /// A bit for each value of the rows, from the lowest on: whether it was missing. Empty where none was.
    pub cells: Vec<u64>,
    /// Whether losses and errors leave these values out.
    pub are_masked: bool,
}

impl Gaps {
    /// Whether the value of this place in the rows was missing and filled.
    pub fn is_filled(&self, at: usize) -> bool {
        self.cells.get(at / 64).is_some_and(|bits| (bits >> (at % 64)) & 1 == 1)
    }

    /// Whether any value was missing and losses and errors leave it out.
    pub fn masks_any(&self) -> bool {
        self.are_masked && self.filled > 0
    }

    /// How much each value of these rows, of so many features, counts in losses and errors where they are masked: 1, or 0 where
    /// it was missing.
    pub fn weigh(&self, rows: &[u32], features: usize, weights: &mut [f32]) {
        for (&row, weights) in rows.iter().zip(weights.chunks_exact_mut(features.max(1))) {
            for (feature, weight) in weights.iter_mut().enumerate() {
                *weight = f32::from(!self.is_filled(row as usize * features + feature));
            }
        }
    }
}

/// One label a row.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelColumn {
    /// Its name: `label`, `class`, or the table's column.
    pub name: String,
    /// The values.
    pub values: LabelValues,
    /// Labels as they are written in the source, where the values do not tell; empty for classes that are all written like
    /// their names, and for what was no text.
    pub texts: Texts,
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
    /// Other values for some of its rows, unscaled, in the type of its own. They have the names and numbers of these rows, and
    /// no labels.
    #[must_use]
    pub fn with_rows(&self, rows: &[u32], values: Vec<f32>) -> Dataset {
        let picked = |row: &u32| self.row_names.get(*row as usize).cloned().unwrap_or_default();
        let number = |row: &u32| self.source_rows.get(*row as usize).copied().unwrap_or(row + 1);
        let whole = |most: f32| move |value: f32| value.round().clamp(0.0, most);
        let values = match self.rows {
            Rows::U8(_) => Rows::U8(values.into_iter().map(whole(255.0)).map(|value| value as u8).collect()),
            Rows::U16(_) => {
                Rows::U16(values.into_iter().map(whole(65_535.0)).map(|value| value as u16).collect())
            }
            Rows::F32(_) => Rows::F32(values),
        };
        Dataset {
            name: self.name.clone(),
            shape: self.shape,
            rows: values,
            labels: Vec::new(),
            row_names: if self.row_names.is_empty() { Vec::new() } else { rows.iter().map(picked).collect() },
            source_rows: rows.iter().map(number).collect(),
            feature_names: self.feature_names.clone(),
            shown_channels: self.shown_channels.clone(),
            columns: self.columns.clone(),
            overview: Vec::new(),
            split: SplitRows::default(),
            scaler: self.scaler.clone(),
            binariser: self.binariser,
            gaps: Gaps::default(),
            settled: self.settled,
            source_sizes: None,
            fingerprint: self.fingerprint,
            said: Said::default(),
            warnings: Vec::new(),
            doubts: Vec::new(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len() / self.shape.features().max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Numbers of all rows of a class, ascending: of the first column of labels that has it. `None` where there is no such
    /// class.
    pub fn rows_of_class(&self, name: &str) -> Option<Vec<u32>> {
        let (class, ids) = class_of(&self.labels, name)?;
        Some((0..).zip(ids).filter(|(_, id)| **id == class).map(|(row, _)| row).collect())
    }

    /// Names of the classes in the first column of labels that holds some.
    pub fn class_names(&self) -> Option<&[String]> {
        self.labels.iter().find_map(|column| match &column.values {
            LabelValues::Classes { names, .. } => Some(&names[..]),
            LabelValues::Numbers(_) => None,
        })
    }

    /// Whether every value is exactly 0 or 1 once it is gathered; looks no further than the first that is not.
    pub fn is_binary(&self) -> bool {
        let features = self.shape.features();
        let mut row = vec![0.0; features];
        (0..self.len() as u32).all(|number| {
            self.gather(&[number], &mut row);
            row.iter().all(|value| *value == 0.0 || *value == 1.0)
        })
    }

    /// How its pictures are shown; `None` for rows of features.
    pub fn shown(&self) -> Option<Shown> {
        Shown::of(self.shape, &self.shown_channels)
    }

    /// The values that are shown as black and as white: up to the white that the files of pictures say, else
    /// [`Rows::shades`].
    pub fn shades(&self) -> (f32, f32) {
        match (&self.rows, self.settled.white) {
            (Rows::U8(_), Some(white @ 1..)) => (0.0, f32::from(white)),
            (Rows::U8(_) | Rows::U16(_) | Rows::F32(_), _) => self.rows.shades(),
        }
    }

    /// A scaled value of a feature as it was in the source.
    pub fn unscale(&self, feature: usize, scaled: f32) -> f64 {
        f64::from(self.scaler.unscale(feature, scaled)) + self.base(feature)
    }

    /// What was taken off a feature's numbers before they became `f32`.
    pub fn base(&self, feature: usize) -> f64 {
        let mut left = feature;
        for column in &self.columns {
            match left.checked_sub(column.features()) {
                Some(rest) => left = rest,
                None => return column.base(),
            }
        }
        0.0
    }

    /// Scales the given rows into `out`, row by row; `out` holds `rows.len() × features` values.
    pub fn gather(&self, rows: &[u32], out: &mut [f32]) {
        let features = self.shape.features();
        for (row, out) in rows.iter().zip(out.chunks_exact_mut(features)) {
            let start = *row as usize * features;
            match &self.rows {
                Rows::U8(values) => self.scaler.scale_u8(&values[start..start + features], out),
                Rows::U16(values) => self.scaler.scale_u16(&values[start..start + features], out),
                Rows::F32(values) => self.scaler.scale_f32(&values[start..start + features], out),
            }
            self.binariser.apply(*row, out);
        }
    }
}

impl LabelColumn {
    /// A column of classes.
    pub fn classes(name: impl Into<String>, names: Vec<String>, ids: Vec<u32>) -> LabelColumn {
        LabelColumn {
            name: name.into(),
            values: LabelValues::Classes { names, ids },
            texts: Texts::default(),
        }
    }

    /// A column of numbers.
    pub fn numbers(name: impl Into<String>, values: Vec<f32>) -> LabelColumn {
        LabelColumn { name: name.into(), values: LabelValues::Numbers(values), texts: Texts::default() }
    }

    /// The label of a row exactly as it is in the source, as far as that is known; empty where it has none.
    pub fn text(&self, row: usize) -> Cow<'_, str> {
        if let Some(text) = self.texts.get(row) {
            return Cow::Borrowed(text);
        }
        match &self.values {
            LabelValues::Classes { .. } => Cow::Borrowed(self.class(row).unwrap_or_default()),
            LabelValues::Numbers(numbers) => match numbers.get(row) {
                Some(number) => Cow::Owned(number.to_string()),
                None => Cow::Borrowed(""),
            },
        }
    }

    /// Whether a row has a label at all.
    pub fn is_known(&self, row: usize) -> bool {
        match &self.values {
            LabelValues::Classes { .. } => self.class(row).is_some_and(|class| !class.is_empty()),
            LabelValues::Numbers(numbers) => numbers.get(row).is_some_and(|number| !number.is_nan()),
        }
    }

    /// Whether a row is of a class: by its name, which has no spaces around it, or as it is in the source.
    pub fn is_of(&self, row: usize, class: &str) -> bool {
        self.class(row) == Some(class) || self.text(row) == class
    }

    /// Whether the column has a class of this name.
    pub fn has_class(&self, name: &str) -> bool {
        class_of(std::slice::from_ref(self), name).is_some()
    }

    /// The class of a row, where the column holds classes and the row has one.
    fn class(&self, row: usize) -> Option<&str> {
        let LabelValues::Classes { names, ids } = &self.values else { return None };
        names.get(*ids.get(row)? as usize).map(String::as_str).filter(|name| *name != NO_LABEL)
    }

    /// The class of each row, where the column holds classes.
    pub fn class_ids(&self) -> Option<&[u32]> {
        match &self.values {
            LabelValues::Classes { ids, .. } => Some(ids),
            LabelValues::Numbers(_) => None,
        }
    }
}

/// The number of a class, and the classes of all rows: of the first column of labels that has it.
fn class_of<'a>(labels: &'a [LabelColumn], name: &str) -> Option<(u32, &'a [u32])> {
    labels.iter().find_map(|column| match &column.values {
        LabelValues::Classes { names, ids } => {
            let class = names.iter().position(|own| own == name)?;
            Some((class as u32, &ids[..]))
        }
        LabelValues::Numbers(_) => None,
    })
}
