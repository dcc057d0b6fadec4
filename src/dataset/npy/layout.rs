use crate::dataset::Doubt;
use crate::project::{Axes, Choice, Rules, Shape};

/// Most channels that are supported.
const MOST_CHANNELS: usize = 64;

/// The meaning of the axes of an array.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::dataset) struct ArrayLayout {
    /// The shape of one row.
    pub shape: Shape,
    /// Whether the channels of a picture come before its rows of pixels.
    pub channels_first: bool,
    /// A note on an interpretation that is not obvious.
    pub note: Option<String>,
    /// A guess that may be wrong.
    pub doubt: Option<Doubt>,
}

impl ArrayLayout {
    fn new(shape: Shape) -> ArrayLayout {
        ArrayLayout { shape, channels_first: false, note: None, doubt: None }
    }

    fn image(height: usize, width: usize, channels: usize) -> ArrayLayout {
        ArrayLayout::new(Shape::Image { height, width, channels })
    }

    fn channels_first(height: usize, width: usize, channels: usize) -> ArrayLayout {
        ArrayLayout { channels_first: true, ..ArrayLayout::image(height, width, channels) }
    }

    /// Determines the meaning of the axes of an array of `shape`, the first of which is the
    /// samples: as chosen, or from their lengths.
    ///
    /// # Errors
    /// The problem and its fix, as text that follows the name of the array.
    pub fn of(shape: &[usize], axes: Axes, rules: Rules) -> Result<ArrayLayout, String> {
        let dimensions = || match shape.len() {
            0 => "is a single value; rows (N×d) or pictures (N×H×W, N×H×W×C) are supported".to_owned(),
            many => format!("has {many} dimension{}", if many == 1 { "" } else { "s" }),
        };
        let layout = match (axes, shape) {
            (_, []) => return Err(dimensions()),
            (Axes::Auto | Axes::SamplesLast, _) => ArrayLayout::detect(shape, rules)?,
            (Axes::Rows, [_, rest @ ..]) => {
                let features = rest.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
                ArrayLayout::new(Shape::Vector(
                    features.ok_or("its dimensions are too large; choose a smaller array")?,
                ))
            }
            (Axes::Grey, &[_, height, width] | &[_, height, width, 1]) => {
                ArrayLayout::image(height, width, 1)
            }
            (Axes::Grey, &[_, 1, height, width]) => ArrayLayout::channels_first(height, width, 1),
            (Axes::ChannelsLast, &[_, height, width, channels]) => {
                ArrayLayout::image(height, width, channels)
            }
            (Axes::ChannelsFirst, &[_, channels, height, width]) => {
                ArrayLayout::channels_first(height, width, channels)
            }
            (Axes::Grey | Axes::ChannelsLast | Axes::ChannelsFirst, _) => {
                return Err(format!(
                    "{}; its axes cannot be {}, set them to {} or {}",
                    dimensions(),
                    axes.name(),
                    Axes::Auto.name(),
                    Axes::Rows.name()
                ));
            }
        };
        match layout.shape {
            Shape::Image { channels, .. } if channels > MOST_CHANNELS => Err(format!(
                "contains pictures of {channels} channels, more than {MOST_CHANNELS}; choose the meaning of \
                 its axes ({}, or {})",
                Choice::Axes(if layout.channels_first { Axes::ChannelsLast } else { Axes::ChannelsFirst })
                    .option(),
                Choice::Axes(Axes::Rows).option()
            )),
            Shape::Image { .. } | Shape::Vector(_) => Ok(layout),
        }
    }

    /// Detected from the lengths of the axes.
    fn detect(shape: &[usize], rules: Rules) -> Result<ArrayLayout, String> {
        Ok(match *shape {
            [rows] => ArrayLayout {
                note: Some(format!("one list of {rows} numbers is read as {rows} rows of one number")),
                ..ArrayLayout::new(Shape::Vector(1))
            },
            [_, features] => ArrayLayout::new(Shape::Vector(features)),
            [_, height, width] if rules == Rules::Current && (height == 1 || width == 1) => ArrayLayout {
                note: Some(format!(
                    "{height}×{width} numbers per row are read as rows of {}; as pictures with {}",
                    height.max(width),
                    Choice::Axes(Axes::Grey).option()
                )),
                // One of the two is 1.
                ..ArrayLayout::new(Shape::Vector(height.saturating_mul(width)))
            },
            [_, height, width] => ArrayLayout::image(height, width, 1),
            [_, first @ (1 | 3), height, last @ (1 | 3)] if first == last && height > 3 => ArrayLayout {
                doubt: Some(doubt(shape, Axes::ChannelsLast)),
                ..ArrayLayout::image(first, height, last)
            },
            [_, height, width, channels @ (1 | 3)] => ArrayLayout::image(height, width, channels),
            [_, channels @ (1 | 3), height, width] => ArrayLayout::channels_first(height, width, channels),
            [_, first, middle, last] => {
                let (taken, mut layout) = if first < last {
                    (Axes::ChannelsFirst, ArrayLayout::channels_first(middle, last, first))
                } else {
                    (Axes::ChannelsLast, ArrayLayout::image(first, middle, last))
                };
                let channels = first.min(last);
                // Channels are fewer than pixels in either direction, or the axes are ambiguous.
                if channels >= middle || channels >= first.max(last) {
                    layout.doubt = Some(doubt(shape, taken));
                }
                layout
            }
            _ => {
                return Err(format!(
                    "has {} dimensions; rows (N×d) and pictures (N×H×W, N×H×W×C, N×C×H×W) are supported: \
                     reshape it, or read all but the first axis as one with {}",
                    shape.len(),
                    Choice::Axes(Axes::Rows).option()
                ));
            }
        })
    }
}

fn doubt(shape: &[usize], taken: Axes) -> Doubt {
    let (place, other) = match taken {
        Axes::ChannelsFirst => ("second", Axes::ChannelsLast),
        Axes::Auto | Axes::Rows | Axes::Grey | Axes::ChannelsLast | Axes::SamplesLast => {
            ("last", Axes::ChannelsFirst)
        }
    };
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    Doubt {
        message: format!("in {}, the {place} axis is read as the channels", sizes.join("×")),
        remedies: vec![Choice::Axes(other), Choice::Axes(Axes::Rows)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_detected_by_their_lengths_or_chosen() {
        let image = |height, width, channels| Shape::Image { height, width, channels };
        let check = |shape: &[usize], axes, rules, expected: Result<(Shape, bool, bool), &str>| match (
            ArrayLayout::of(shape, axes, rules),
            expected,
        ) {
            (Ok(layout), Ok(expected)) => {
                let found = (layout.shape, layout.channels_first, layout.doubt.is_some());
                assert_eq!(found, expected, "{shape:?}");
            }
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (found, _) => panic!("{shape:?}: {found:?}"),
        };
        let auto = |shape: &[usize], expected| check(shape, Axes::Auto, Rules::Current, expected);
        auto(&[60, 8], Ok((Shape::Vector(8), false, false)));
        auto(&[60], Ok((Shape::Vector(1), false, false)));
        auto(&[60, 1, 8], Ok((Shape::Vector(8), false, false)));
        auto(&[60, 8, 1], Ok((Shape::Vector(8), false, false)));
        check(&[60, 1, 8], Axes::Auto, Rules::Version1, Ok((image(1, 8, 1), false, false)));
        auto(&[60, 8, 9], Ok((image(8, 9, 1), false, false)));
        auto(&[60, 8, 9, 3], Ok((image(8, 9, 3), false, false)));
        auto(&[60, 1, 8, 9], Ok((image(8, 9, 1), true, false)));
        auto(&[60, 3, 8, 3], Ok((image(3, 8, 3), false, true)));
        auto(&[60, 8, 9, 4], Ok((image(8, 9, 4), false, false)));
        auto(&[60, 2, 8, 9], Ok((image(8, 9, 2), true, false)));
        auto(&[60, 12, 64, 64], Ok((image(64, 64, 12), true, false)));
        auto(&[60, 5, 4, 4], Ok((image(5, 4, 4), false, true)));
        auto(&[60, 8, 8, 8], Ok((image(8, 8, 8), false, true)));
        auto(&[60, 100, 100, 100], Err("100 channels, more than 64"));
        auto(&[], Err("a single value"));
        auto(&[2, 2, 2, 2, 2], Err("5 dimensions"));
        check(&[2, 3, 2, 2, 2], Axes::Rows, Rules::Current, Ok((Shape::Vector(24), false, false)));
        check(&[2, 8, 9], Axes::Rows, Rules::Current, Ok((Shape::Vector(72), false, false)));
        check(&[2, 1, 9], Axes::Grey, Rules::Current, Ok((image(1, 9, 1), false, false)));
        check(&[2, 8, 9, 5], Axes::ChannelsFirst, Rules::Current, Ok((image(9, 5, 8), true, false)));
        check(
            &[2, 8],
            Axes::ChannelsLast,
            Rules::Current,
            Err("2 dimensions; its axes cannot be channels-last"),
        );
        check(&[2, usize::MAX, 2], Axes::Rows, Rules::Current, Err("too large"));
    }
}
