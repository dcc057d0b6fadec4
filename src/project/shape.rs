use std::fmt;

use serde::{Deserialize, Serialize};

/// The shape of one sample, or of what one layer hands to the next.
///
/// Images are stored height × width × channels (channels last).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shape {
    /// A row of features without spatial meaning.
    Vector(usize),
    /// A picture.
    Image {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
        /// 1 for grey, 3 for RGB, any number inside a network.
        channels: usize,
    },
}

impl Shape {
    /// Number of features in one sample; saturates instead of overflowing.
    pub fn features(self) -> usize {
        match self {
            Shape::Vector(n) => n,
            Shape::Image { height, width, channels } => height.saturating_mul(width).saturating_mul(channels),
        }
    }

    /// Channels of a picture, features of a row: what batch norm takes statistics of.
    pub fn channels(self) -> usize {
        match self {
            Shape::Vector(features) => features,
            Shape::Image { channels, .. } => channels,
        }
    }

    /// `(height, width, channels)` where the shape is a picture with one or three channels, else `None`.
    pub fn picture(self) -> Option<(usize, usize, usize)> {
        match self {
            Shape::Image { height, width, channels } if channels == 1 || channels == 3 => {
                Some((height, width, channels))
            }
            Shape::Image { .. } | Shape::Vector(_) => None,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Vector(n) => write!(f, "{n}"),
            Shape::Image { height, width, channels: 1 } => write!(f, "{width}×{height} grey"),
            Shape::Image { height, width, channels: 3 } => write!(f, "{width}×{height} RGB"),
            Shape::Image { height, width, channels } => write!(f, "{width}×{height}×{channels}"),
        }
    }
}
