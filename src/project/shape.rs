use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The shape of one sample, or of the output of a layer.
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
        /// 1 for grey, 3 for RGB, any number within a network.
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

    /// Channels of a picture, features of a row: the axis of batch norm's statistics.
    pub fn channels(self) -> usize {
        match self {
            Shape::Vector(features) => features,
            Shape::Image { channels, .. } => channels,
        }
    }

    /// `(height, width, channels)` if the shape is a picture with one or three channels, else
    /// `None`.
    pub fn picture(self) -> Option<(usize, usize, usize)> {
        match self {
            Shape::Image { height, width, channels } if channels == 1 || channels == 3 => {
                Some((height, width, channels))
            }
            Shape::Image { .. } | Shape::Vector(_) => None,
        }
    }

    /// Name of a number in a code of this shape, counted from 0: `unit 5`, or
    /// `channel 3 at row 2, column 1`.
    pub fn unit_name(self, unit: usize) -> String {
        let word = match self {
            Shape::Vector(_) => "unit",
            Shape::Image { .. } => "channel",
        };
        self.part_name(word, 1, unit)
    }

    /// Name of a part of `size` numbers in a code of this shape, counted from 0: `vector 5`, or
    /// `vector 1 at row 2, column 1`.
    pub fn part_name(self, word: &str, size: usize, number: usize) -> String {
        let Shape::Image { width, channels, .. } = self else { return format!("{word} {}", number + 1) };
        let each = channels.checked_div(size).unwrap_or(1).max(1);
        let (position, own) = (number / each, number % each);
        let (row, column) = (position / width.max(1), position % width.max(1));
        format!("{word} {} at row {}, column {}", own + 1, row + 1, column + 1)
    }

    /// The numbers of a code of this shape that belong together: all of a row, or the channels at
    /// one position of a picture, counted from 0 row by row.
    pub fn units_at(self, position: usize) -> Range<usize> {
        match self {
            Shape::Vector(units) => 0..units,
            Shape::Image { channels, .. } => position * channels..(position + 1) * channels,
        }
    }
}

/// How a picture with any number of channels is displayed: in grey or in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Channels in memory.
    pub channels: usize,
    /// The channels displayed as red, green and blue, counted from 0; all equal for grey.
    picks: [usize; 3],
}

impl Shown {
    /// A picture of `shape`: grey and colour pictures directly, others by the `chosen` channels,
    /// counted from 1; if these are not one or three existing channels, by the first three, or the
    /// first of two. `None` for a row of features and for a picture without channels.
    pub fn of(shape: Shape, chosen: &[usize]) -> Option<Shown> {
        let Shape::Image { height, width, channels: channels @ 1.. } = shape else { return None };
        let is_there = chosen.iter().all(|channel| (1..=channels).contains(channel));
        let picks = match *chosen {
            _ if channels == 3 => [0, 1, 2],
            [grey] if is_there => [grey - 1; 3],
            [red, green, blue] if is_there => [red - 1, green - 1, blue - 1],
            _ if channels >= 3 => [0, 1, 2],
            _ => [0; 3],
        };
        Some(Shown { height, width, channels, picks })
    }

    /// Number of displayed channels: 1 for grey, 3 for colour.
    pub fn depth(self) -> usize {
        if self.picks[1..].iter().all(|pick| *pick == self.picks[0]) { 1 } else { 3 }
    }

    /// The displayed channels, counted from 0: one for grey, or three.
    pub fn shown_channels(&self) -> &[usize] {
        &self.picks[..self.depth()]
    }

    /// The displayed channels of a pixel; of `depth()` values, the second and third repeat the
    /// first for grey.
    pub fn pixel<T: Copy + Default>(self, channels: &[T]) -> [T; 3] {
        self.pick(|channel| channels.get(channel).copied().unwrap_or_default())
    }

    /// [`Shown::pixel`] of channels by their numbers, counted from 0.
    pub fn pick<T>(self, channel: impl Fn(usize) -> T) -> [T; 3] {
        self.picks.map(channel)
    }

    /// The displayed channels of a whole picture, pixel by pixel.
    pub fn picture<T: Copy + Default>(self, values: &[T]) -> Vec<T> {
        let depth = self.depth();
        let pixels = values.chunks_exact(self.channels);
        pixels.flat_map(|pixel| self.pixel(pixel).into_iter().take(depth)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_code_are_named_by_unit_or_by_channel_and_position() {
        let row = Shape::Vector(12);
        // 2 rows of 3 columns of 4 channels.
        let picture = Shape::Image { height: 2, width: 3, channels: 4 };
        for (name, expected) in [
            (row.unit_name(4), "unit 5"),
            (row.part_name("vector", 3, 2), "vector 3"),
            (picture.unit_name(0), "channel 1 at row 1, column 1"),
            (picture.unit_name(14), "channel 3 at row 2, column 1"),
            (picture.unit_name(23), "channel 4 at row 2, column 3"),
            (picture.part_name("vector", 4, 4), "vector 1 at row 2, column 2"),
            (picture.part_name("quantiser", 2, 3), "quantiser 2 at row 1, column 2"),
        ] {
            assert_eq!(name, expected);
        }
        assert_eq!((row.units_at(0), picture.units_at(4)), (0..12, 16..20));
        let empty = Shape::Image { height: 0, width: 0, channels: 0 };
        assert_eq!(empty.unit_name(0), "channel 1 at row 1, column 1");
    }

    #[test]
    fn pictures_of_any_channels_are_shown_in_grey_or_colour() {
        let check = |channels: usize, chosen: &[usize], expected: &[u8]| {
            let shape = Shape::Image { height: 1, width: 2, channels };
            let values: Vec<u8> = (0..2 * channels as u8).collect();
            let shown = Shown::of(shape, chosen).expect("a picture");
            assert_eq!(shown.picture(&values), expected, "{channels} {chosen:?}");
            assert_eq!(shown.depth() * 2, expected.len());
        };
        check(1, &[], &[0, 1]);
        check(2, &[], &[0, 2]);
        check(3, &[], &[0, 1, 2, 3, 4, 5]);
        check(4, &[], &[0, 1, 2, 4, 5, 6]);
        check(4, &[4], &[3, 7]);
        check(5, &[5, 3, 1], &[4, 2, 0, 9, 7, 5]);
        check(3, &[3], &[0, 1, 2, 3, 4, 5]);
        check(2, &[3], &[0, 2]);
        check(4, &[1, 2], &[0, 1, 2, 4, 5, 6]);
        assert_eq!(Shown::of(Shape::Vector(3), &[]), None);
    }
}
