use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Parts;

/// How the pictures of a folder are read, beyond their size. Other properties are detected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PictureReading {
    /// How transparency is handled.
    #[serde(skip_serializing_if = "super::is_default")]
    pub alpha: Alpha,
    /// Which values become black and white (0 and 1).
    #[serde(skip_serializing_if = "super::is_default")]
    pub range: PixelRange,
    /// Which pages of a multi-page file are samples.
    #[serde(skip_serializing_if = "super::is_default")]
    pub pages: Pages,
    /// The source of labels.
    #[serde(skip_serializing_if = "super::is_default")]
    pub label: LabelFrom,
    /// Whether folders named train, validation and test become those splits.
    #[serde(skip_serializing_if = "super::is_default")]
    pub parts: Parts,
    /// Whether pictures that are masks of others are samples.
    #[serde(skip_serializing_if = "super::is_default")]
    pub masks: Masks,
}

/// Whether masks of other pictures (`masks/x.png` of `x.png`, `x_mask.png`) are samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Masks {
    /// They are skipped if names and folders show which pictures they belong to.
    #[default]
    Auto,
    /// All pictures with the names of masks are skipped.
    LeftOut,
    /// They are samples like all other pictures.
    Samples,
}

impl Masks {
    /// All three, in the order of menus.
    pub const ALL: [Masks; 3] = [Masks::Auto, Masks::LeftOut, Masks::Samples];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Masks::Auto => "detect",
            Masks::LeftOut => "left-out",
            Masks::Samples => "samples",
        }
    }
}

/// How the transparency of pictures is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alpha {
    /// The background, black or white, on which more of the drawing is visible.
    #[default]
    Auto,
    /// A black background.
    Black,
    /// A white background.
    White,
    /// A background of grey squares.
    Checker,
    /// It is kept as an extra channel.
    Keep,
    /// Pixels with less than half opacity are missing: the network sees black there, and losses and
    /// errors leave them out. The others are treated as opaque.
    Masked,
}

impl Alpha {
    /// All, in the order of menus.
    pub const ALL: [Alpha; 6] =
        [Alpha::Auto, Alpha::Black, Alpha::White, Alpha::Checker, Alpha::Keep, Alpha::Masked];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Alpha::Auto => "detect",
            Alpha::Black => "black",
            Alpha::White => "white",
            Alpha::Checker => "checker",
            Alpha::Keep => "keep",
            Alpha::Masked => "mask",
        }
    }
}

/// Which values of pixels become black and white.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PixelRange {
    /// The range of the type for 8 bits, else the smallest and largest value of the training split.
    #[default]
    Auto,
    /// All values the type can hold.
    Type,
    /// From the smallest to the largest value of the training split.
    Data,
    /// From the smallest to the largest value of each picture.
    EachPicture,
    /// From the 0.1 to the 99.9 percentile of the training split; values beyond are clipped.
    Percentiles,
}

impl PixelRange {
    /// All, in the order of menus.
    pub const ALL: [PixelRange; 5] = [
        PixelRange::Auto,
        PixelRange::Type,
        PixelRange::Data,
        PixelRange::EachPicture,
        PixelRange::Percentiles,
    ];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            PixelRange::Auto => "detect",
            PixelRange::Type => "type",
            PixelRange::Data => "data",
            PixelRange::EachPicture => "each-picture",
            PixelRange::Percentiles => "percentiles",
        }
    }
}

/// Which pages of a multi-page file (TIFF) are samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pages {
    /// All pages.
    #[default]
    Each,
    /// The first page.
    First,
}

impl Pages {
    /// Both, in the order of menus.
    pub const ALL: [Pages; 2] = [Pages::Each, Pages::First];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Pages::Each => "each",
            Pages::First => "first",
        }
    }
}

/// The source of the labels of pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LabelFrom {
    /// The first folder that is not a split of the data.
    #[default]
    Auto,
    /// The folder this many levels below the chosen one, counted from 1.
    Folder(usize),
    /// A part of the file's name, or of its path if there is a `/`: `{label}` and `*` match any
    /// characters, as in `{label}_*.png`; the label is as short as possible. `{word}` instead of
    /// `{label}` is a label of letters without digits.
    Name(String),
    /// A column of a table next to the pictures, which has the file names in another column.
    Table {
        /// The table.
        #[serde(serialize_with = "super::as_text")]
        path: PathBuf,
        /// The column of file names; by default detected from its values.
        #[serde(default)]
        file: Option<String>,
        /// The column of labels; by default the first other one, or several columns in which each
        /// row has a single 1: then the label is the name of that column.
        #[serde(default)]
        label: Option<String>,
    },
    /// No labels.
    Nothing,
}

impl LabelFrom {
    /// One of each kind, in the order of menus.
    pub fn all() -> [LabelFrom; 5] {
        [
            LabelFrom::Auto,
            LabelFrom::Folder(1),
            LabelFrom::Name("{label}_*".to_owned()),
            LabelFrom::Table { path: PathBuf::new(), file: None, label: None },
            LabelFrom::Nothing,
        ]
    }

    /// The kind's name, as on screen and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            LabelFrom::Auto => "detect",
            LabelFrom::Folder(_) => "folder",
            LabelFrom::Name(_) => "name",
            LabelFrom::Table { .. } => "table",
            LabelFrom::Nothing => "nothing",
        }
    }

    /// Their table.
    pub fn table(&self) -> Option<&PathBuf> {
        match self {
            LabelFrom::Table { path, .. } => Some(path),
            LabelFrom::Auto | LabelFrom::Folder(_) | LabelFrom::Name(_) | LabelFrom::Nothing => None,
        }
    }

    /// Their table, mutable.
    pub fn table_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            LabelFrom::Table { path, .. } => Some(path),
            LabelFrom::Auto | LabelFrom::Folder(_) | LabelFrom::Name(_) | LabelFrom::Nothing => None,
        }
    }
}

/// Channels of the decoded pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channels {
    /// One channel of luminance.
    #[default]
    Grey,
    /// Red, green, blue.
    #[serde(rename = "RGB")]
    Rgb,
}

impl Channels {
    /// Both, in the order of menus.
    pub const ALL: [Channels; 2] = [Channels::Grey, Channels::Rgb];

    /// Number of channels.
    pub fn count(self) -> usize {
        match self {
            Channels::Grey => 1,
            Channels::Rgb => 3,
        }
    }

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Channels::Grey => "grey",
            Channels::Rgb => "rgb",
        }
    }
}

/// How a picture of another aspect ratio is resized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fit {
    /// Whole picture, with black bars where needed.
    Fit,
    /// Fills the frame; the excess is cropped evenly.
    #[default]
    Crop,
    /// Fills the frame, distorted.
    Stretch,
}

impl Fit {
    /// All three, in the order of menus.
    pub const ALL: [Fit; 3] = [Fit::Fit, Fit::Crop, Fit::Stretch];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Fit::Fit => "fit",
            Fit::Crop => "crop",
            Fit::Stretch => "stretch",
        }
    }
}
