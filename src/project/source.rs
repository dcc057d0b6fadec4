mod arrays;
mod choice;
mod pictures;
mod row_set;
mod table;
mod words;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use super::OwnLabel;

pub use arrays::{ArrayReading, Axes, IdxReading, Parts};
pub use choice::{Choice, quoted};
pub use pictures::{Alpha, Channels, Fit, LabelFrom, Masks, Pages, PictureReading, PixelRange};
pub use row_set::RowSet;
pub use table::{
    ColumnChoice, Comments, DateOrder, DateUnit, Decimal, Delimiter, Header, Missing, TableReading, Take,
};
pub use words::{join_words, split_words};

/// Data source, scaling and split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The data set.
    #[serde(default)]
    pub source: Source,
    /// The rules for reading the data where the source has no setting.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rules: Rules,
    /// How every value is scaled before the network sees it.
    #[serde(default)]
    pub scaling: Scaling,
    /// Whether values in [0, 1] become 0 or 1.
    #[serde(default)]
    pub binarise: Binarise,
    /// Which rows are for training, validation and test.
    #[serde(default)]
    pub split: Split,
    /// A class held out of training and validation: all its rows are in the test split, to be
    /// detected there.
    #[serde(default)]
    pub held_out: Option<String>,
    /// User-defined label columns, after those of the source.
    #[serde(default, skip_serializing_if = "is_default")]
    pub own_labels: Vec<OwnLabel>,
}

impl Data {
    /// The part that affects training: without the user's label columns that hold nothing out.
    #[must_use]
    pub fn trained(&self) -> Data {
        let mut data = self.clone();
        data.own_labels
            .retain(|label| label.classes().iter().any(|class| self.held_out.as_ref() == Some(class)));
        data
    }

    /// Whether losses and errors leave out values that were missing in the source.
    pub fn masks_missing(&self) -> bool {
        match &self.source {
            Source::Csv { missing, .. } => *missing == Missing::Masked,
            Source::Npy { reading, .. } => reading.missing == Some(Missing::Masked),
            Source::ImageFolder { reading, .. } => reading.alpha == Alpha::Masked,
            Source::Digits | Source::Synthetic(_) | Source::Idx { .. } => false,
        }
    }

    /// Replaces the masking of missing values by filling: with means, or for pictures with a
    /// background.
    pub fn fill_missing(&mut self) {
        match &mut self.source {
            Source::Csv { missing, .. } => *missing = Missing::ColumnMean,
            Source::Npy { reading, .. } => reading.missing = Some(Missing::ColumnMean),
            Source::ImageFolder { reading, .. } => reading.alpha = Alpha::Auto,
            Source::Digits | Source::Synthetic(_) | Source::Idx { .. } => {}
        }
    }

    /// Whether they are read by the rules of an earlier version, and other rules could read them
    /// differently.
    pub fn has_old_rules(&self) -> bool {
        let depends = match self.source {
            Source::Digits | Source::Synthetic(_) | Source::Idx { .. } => false,
            Source::ImageFolder { .. } | Source::Csv { .. } | Source::Npy { .. } => true,
        };
        depends && self.rules == Rules::Version1
    }
}

/// The rules for reading data if there is no setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rules {
    /// Those of this program.
    #[default]
    Current,
    /// Those of version 1 designs, so that their runs find the rows they were trained on: a header
    /// if no field of the first row is a number; the first array of an `.npz`; pictures as 8 bits
    /// on black, first pages only, in one data set.
    Version1,
}

impl Rules {
    /// Both, in the order of menus.
    pub const ALL: [Rules; 2] = [Rules::Current, Rules::Version1];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Rules::Current => "current",
            Rules::Version1 => "version-1",
        }
    }
}

/// How values in [0, 1] become 0 or 1, for a Bernoulli likelihood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Binarise {
    /// Values are unchanged.
    #[default]
    Off,
    /// 1 above 0.5.
    Threshold,
    /// 1 with the value as its probability, drawn once for each row and feature (Salakhutdinov &
    /// Murray 2008).
    Sampled,
}

impl Binarise {
    /// All three, in the order of menus.
    pub const ALL: [Binarise; 3] = [Binarise::Off, Binarise::Threshold, Binarise::Sampled];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Binarise::Off => "no",
            Binarise::Threshold => "1 above 0.5",
            Binarise::Sampled => "sampled",
        }
    }
}

/// A data set, described by what is needed to load it again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Source {
    /// 1,797 handwritten digits of 8×8 pixels, embedded in the program.
    #[default]
    Digits,
    /// Generated from a seed.
    Synthetic(Synthetic),
    /// A folder of pictures, searched recursively; the name of the sub-folder is the label.
    ImageFolder {
        /// The folder.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// Width in pixels of every resized picture.
        width: usize,
        /// Height in pixels of every resized picture.
        height: usize,
        /// Grey or colour.
        #[serde(default)]
        channels: Channels,
        /// How pictures of another aspect ratio are fitted.
        #[serde(default)]
        fit: Fit,
        /// All other settings.
        #[serde(default, skip_serializing_if = "is_default")]
        reading: PictureReading,
    },
    /// The format of MNIST and Fashion-MNIST, plain or gzipped.
    Idx {
        /// Images of the training set.
        #[serde(serialize_with = "as_text")]
        images: PathBuf,
        /// Their labels.
        #[serde(default, serialize_with = "as_text_if_any")]
        labels: Option<PathBuf>,
        /// The official test images; they become the test split.
        #[serde(default, serialize_with = "as_text_if_any")]
        test_images: Option<PathBuf>,
        /// Their labels.
        #[serde(default, serialize_with = "as_text_if_any")]
        test_labels: Option<PathBuf>,
        /// All other settings.
        #[serde(default, skip_serializing_if = "is_default")]
        reading: IdxReading,
    },
    /// A table of text.
    Csv {
        /// The file.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// Whether the first row contains names.
        #[serde(default)]
        header: Header,
        /// The delimiter between two fields.
        #[serde(default)]
        delimiter: Delimiter,
        /// Columns that are labels, not features, by name (`column 3` without a header, counted
        /// from 1).
        #[serde(default)]
        labels: Vec<String>,
        /// How missing values are handled.
        #[serde(default)]
        missing: Missing,
        /// All other settings.
        #[serde(default, skip_serializing_if = "is_default")]
        reading: TableReading,
    },
    /// A `NumPy` array: `.npy`, or one array of an `.npz`.
    Npy {
        /// The file.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// The array of an `.npz` with the rows; by default chosen by names and shapes.
        #[serde(default)]
        array: Option<String>,
        /// The array of an `.npz` with the labels.
        #[serde(default)]
        labels: Option<String>,
        /// All other settings.
        #[serde(default, skip_serializing_if = "is_default")]
        reading: ArrayReading,
    },
}

impl Source {
    /// The kind's name, as in menus.
    pub fn name(&self) -> &'static str {
        match self {
            Source::Digits => "Digits",
            Source::Synthetic(_) => "Synthetic",
            Source::ImageFolder { .. } => "Image folder",
            Source::Idx { .. } => "IDX",
            Source::Csv { .. } => "CSV",
            Source::Npy { .. } => "NPY, NPZ",
        }
    }

    /// The channels chosen for displaying pictures, counted from 1; empty by default.
    pub fn shown_channels(&self) -> &[usize] {
        match self {
            Source::Npy { reading, .. } => &reading.shown_channels,
            Source::Idx { reading, .. } => &reading.shown_channels,
            Source::Digits | Source::Synthetic(_) | Source::ImageFolder { .. } | Source::Csv { .. } => &[],
        }
    }

    /// Every file and folder the data are read from.
    pub fn paths(&self) -> Vec<&PathBuf> {
        let more = match self {
            Source::Idx { labels, test_images, test_labels, .. } => [labels, test_images, test_labels],
            Source::Digits
            | Source::Synthetic(_)
            | Source::ImageFolder { .. }
            | Source::Csv { .. }
            | Source::Npy { .. } => [&None, &None, &None],
        };
        let table = match self {
            Source::ImageFolder { reading, .. } => reading.label.table(),
            Source::Digits
            | Source::Synthetic(_)
            | Source::Idx { .. }
            | Source::Csv { .. }
            | Source::Npy { .. } => None,
        };
        self.path().into_iter().chain(table).chain(more.into_iter().flatten()).collect()
    }

    /// The file or folder of the data, unless they are bundled.
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Source::Digits | Source::Synthetic(_) => None,
            Source::ImageFolder { path, .. } | Source::Csv { path, .. } | Source::Npy { path, .. } => {
                Some(path)
            }
            Source::Idx { images, .. } => Some(images),
        }
    }
}

/// Files contain only the differences, so that earlier versions can read the fields they know.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A path that is not valid Unicode (possible on some systems) is written lossily: the design can
/// be opened again and names the missing data, while an error would make it impossible to save.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

#[allow(clippy::ref_option, reason = "serde hands over the field as it is")]
fn as_text_if_any<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}

/// Generated data with known structure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Synthetic {
    /// Grey pictures of a square, ellipse or triangle; shape, x, y, scale and rotation are labels.
    Shapes {
        /// Number of pictures.
        count: usize,
        /// Width and height in pixels.
        size: usize,
        /// Seed.
        seed: u64,
    },
    /// Pictures of 8×12 pixels, each a natural cubic spline through 5 random knots (Hinton & Zemel
    /// 1993).
    Splines {
        /// Number of pictures.
        count: usize,
        /// Seed.
        seed: u64,
    },
    /// A plane rolled up in three dimensions; the position along the roll is the label.
    SwissRoll {
        /// Number of points.
        count: usize,
        /// Standard deviation of the noise.
        noise: f32,
        /// Seed.
        seed: u64,
    },
    /// Normal clusters around random centres.
    Blobs {
        /// Number of points.
        count: usize,
        /// Number of features.
        features: usize,
        /// Number of clusters.
        clusters: usize,
        /// Seed.
        seed: u64,
    },
    /// A table in which a few independent columns determine all others except noise.
    Informative {
        /// Number of rows.
        count: usize,
        /// Number of columns.
        features: usize,
        /// Number of columns that determine the others.
        informative: usize,
        /// Seed.
        seed: u64,
    },
}

impl Synthetic {
    /// One of every kind, with its default settings.
    pub const ALL: [Synthetic; 5] = [
        Synthetic::Shapes { count: 4000, size: 16, seed: 1 },
        Synthetic::Splines { count: 200, seed: 1 },
        Synthetic::SwissRoll { count: 2000, noise: 0.05, seed: 1 },
        Synthetic::Blobs { count: 2000, features: 10, clusters: 5, seed: 1 },
        Synthetic::Informative { count: 2000, features: 30, informative: 5, seed: 1 },
    ];

    /// The kind's name, as in menus.
    pub fn name(self) -> &'static str {
        match self {
            Synthetic::Shapes { .. } => "shapes",
            Synthetic::Splines { .. } => "splines",
            Synthetic::SwissRoll { .. } => "swiss roll",
            Synthetic::Blobs { .. } => "Gaussian blobs",
            Synthetic::Informative { .. } => "informative columns",
        }
    }
}

/// How every value is scaled before the network sees it; fitted on the training split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scaling {
    /// To [0, 1]: pictures by the range of their pixel type, tables by each column's minimum and
    /// maximum.
    #[default]
    UnitRange,
    /// By quantiles, so that outliers do not compress the rest: the median becomes 0, and the
    /// interquartile range 1.
    Robust,
    /// To mean 0 and standard deviation 1: pictures over all pixels (one mean and deviation per
    /// channel), tables by column.
    Standardise,
    /// Unchanged.
    None,
}

impl Scaling {
    /// All three, in the order of menus.
    pub const ALL: [Scaling; 4] = [Scaling::UnitRange, Scaling::Standardise, Scaling::Robust, Scaling::None];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Scaling::UnitRange => "to [0, 1]",
            Scaling::Standardise => "standardise",
            Scaling::Robust => "robust",
            Scaling::None => "none",
        }
    }
}

/// Which rows are for training, validation and test. Stratified if there are labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Split {
    /// Fraction of all rows for validation.
    pub validation: f32,
    /// Fraction of all rows for the test split; unused if a data set has its own test rows.
    pub test: f32,
    /// Seed of the random split.
    pub seed: u64,
}

impl Default for Split {
    fn default() -> Self {
        Split { validation: 0.1, test: 0.1, seed: 1 }
    }
}
