//! Channels of picture codes, side by side.

use super::shades::DisplayRange;
use crate::figure::Rgb;
use crate::project::Shape;

/// Channels of a picture code, side by side with a pixel between them.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelPage {
    /// Height, width and channels of a code.
    code: [usize; 3],
    /// Displayed channels, counted from 0.
    shown: Vec<usize>,
    /// Number of channels side by side.
    columns: usize,
}

impl ChannelPage {
    /// Lays these channels out in an approximately square page; `None` if a code is a row, or if no
    /// channel is shown.
    pub fn new(code: Shape, shown: Vec<usize>) -> Option<ChannelPage> {
        let Shape::Image { height, width, channels } = code else { return None };
        let columns = (1..=shown.len())
            .find(|columns| columns * (width + 1) >= shown.len().div_ceil(*columns) * (height + 1));
        let columns = columns.unwrap_or(shown.len());
        let is_some = height * width * channels * columns > 0;
        is_some.then_some(ChannelPage { code: [height, width, channels], shown, columns })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> [usize; 2] {
        let [height, width, _] = self.code;
        let rows = self.shown.len().div_ceil(self.columns);
        [self.columns * (width + 1) - 1, rows * (height + 1) - 1]
    }

    /// The index in a code of the value shown at a pixel; `None` between channels and after the
    /// last.
    pub fn unit(&self, x: usize, y: usize) -> Option<usize> {
        let [height, width, channels] = self.code;
        let (column, row) = (x % (width + 1), y % (height + 1));
        let place = y / (height + 1) * self.columns + x / (width + 1);
        let channel = self.shown.get(place).filter(|_| column < width && row < height)?;
        Some((row * width + column) * channels + channel)
    }

    /// Numbers per code.
    pub fn units(&self) -> usize {
        self.code.into_iter().product()
    }

    /// Whether no channel is shown.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Number of displayed channels.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// A label such as `16 of 64 channels`, if not all channels are shown.
    pub fn left_out(&self) -> Option<String> {
        let [.., channels] = self.code;
        (self.len() < channels).then(|| format!("{} of {channels} channels", self.len()))
    }

    /// Each displayed channel of one code, with its width, height and values.
    pub fn pictures<'a>(
        &'a self,
        code: &'a [f32],
    ) -> impl Iterator<Item = (usize, [usize; 2], Vec<f32>)> + 'a {
        let [height, width, channels] = self.code;
        let values =
            move |channel: usize| code.iter().skip(channel).step_by(channels).copied().collect::<Vec<f32>>();
        self.shown.iter().map(move |channel| (*channel, [width, height], values(*channel)))
    }

    /// A pixel of one code in grey; `None` between channels and if there is no value.
    pub fn shade(&self, code: &[f32], range: DisplayRange, x: usize, y: usize) -> Option<Rgb> {
        let value = self.unit(x, y).and_then(|unit| code.get(unit)).filter(|value| !value.is_nan());
        value.map(|value| range.rgb(&[*value]))
    }

    /// The minimum and maximum of these codes in the displayed channels.
    pub fn range(&self, codes: &[f32]) -> DisplayRange {
        let [height, width, channels] = self.code;
        let codes = codes.chunks_exact(height * width * channels);
        let values = codes.flat_map(|code| {
            self.shown.iter().flat_map(move |channel| code.iter().skip(*channel).step_by(channels).copied())
        });
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low <= high { DisplayRange { low, high } } else { DisplayRange { low: 0.0, high: 1.0 } }
    }
}

/// The channels that vary most over codes and positions, at most `most`, in ascending order.
pub fn strongest_channels(codes: &[f32], code: Shape, most: usize) -> Vec<usize> {
    let channels = code.channels();
    if channels <= most {
        return (0..channels).collect();
    }
    let mut sums = vec![[0.0_f64; 3]; channels];
    for (at, value) in codes.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let [count, sum, squares] = &mut sums[at % channels];
        let value = f64::from(*value);
        (*count, *sum, *squares) = (*count + 1.0, *sum + value, *squares + value * value);
    }
    let variances: Vec<f64> = sums
        .iter()
        .map(|[count, sum, squares]| {
            let count = count.max(1.0);
            squares / count - (sum / count) * (sum / count)
        })
        .collect();
    largest(&variances, most)
}

/// The indices of the largest values, at most `most`, in ascending order.
pub fn largest(values: &[f64], most: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    places.truncate(most);
    places.sort_unstable();
    places
}
