use serde::{Deserialize, Serialize};

use super::Missing;

/// The arrays of an `.npz` besides those of rows and labels, and the meaning of their axes. By
/// default both are detected from names and shapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArrayReading {
    /// The array of the validation rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// The array of their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_labels: Option<String>,
    /// The array of the test rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// The array of their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_labels: Option<String>,
    /// Whether arrays of validation and test rows become those splits if they are not named.
    #[serde(skip_serializing_if = "super::is_default")]
    pub parts: Parts,
    /// The meaning of the axes of an array.
    #[serde(skip_serializing_if = "super::is_default")]
    pub axes: Axes,
    /// The channels displayed as red, green and blue (one for grey), counted from 1, for pictures
    /// without exactly 1 or 3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown_channels: Vec<usize>,
    /// How NaN is handled, as a missing value except with [`Missing::DropRow`]; by default an array
    /// with NaN is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// How the files of an IDX data set are read. By default determined by the lengths of the axes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdxReading {
    /// The meaning of the axes of the images.
    #[serde(skip_serializing_if = "super::is_default")]
    pub axes: Axes,
    /// Whether the test images become the test split.
    #[serde(skip_serializing_if = "super::is_default")]
    pub parts: Parts,
    /// The channels displayed as red, green and blue (one for grey), counted from 1, for pictures
    /// without exactly 1 or 3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown_channels: Vec<usize>,
}

/// Whether given parts of a source (training, validation, test) are kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parts {
    /// They become the corresponding splits.
    #[default]
    Kept,
    /// All rows are one data set, split by the fractions.
    Mixed,
}

impl Parts {
    /// Both, in the order of menus.
    pub const ALL: [Parts; 2] = [Parts::Kept, Parts::Mixed];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Parts::Kept => "kept",
            Parts::Mixed => "mixed",
        }
    }
}

/// The meaning of the axes of an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Axes {
    /// Detected from the lengths.
    #[default]
    Auto,
    /// One vector per row; all further axes are flattened.
    Rows,
    /// `N×H×W`: grey pictures.
    Grey,
    /// `N×H×W×C`.
    ChannelsLast,
    /// `N×C×H×W`.
    ChannelsFirst,
    /// `H×W×C×N`, `H×W×N` or `D×N`: samples along the last axis, as in MATLAB; the other axes are
    /// detected from their lengths.
    SamplesLast,
}

impl Axes {
    /// All, in the order of menus.
    pub const ALL: [Axes; 6] =
        [Axes::Auto, Axes::Rows, Axes::Grey, Axes::ChannelsLast, Axes::ChannelsFirst, Axes::SamplesLast];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Axes::Auto => "detect",
            Axes::Rows => "rows",
            Axes::Grey => "grey",
            Axes::ChannelsLast => "channels-last",
            Axes::ChannelsFirst => "channels-first",
            Axes::SamplesLast => "samples-last",
        }
    }
}
