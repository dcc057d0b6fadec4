use std::borrow::Cow;

use image::DynamicImage;

use super::decode::Decoded;
use super::{DecodeOptions, Sample};
use crate::dataset::Rows;
use crate::project::{Channels, Rules};

/// Weights of red, green and blue in luminance (Rec. 709).
const LUMINANCE: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// A decoded picture with the wanted channels, and alpha if it has transparent parts.
pub(super) struct Raster {
    pub width: u32,
    pub height: u32,
    /// 1 or 3.
    colours: usize,
    has_alpha: bool,
    pub values: Rows,
    /// The value of white, if it is not the largest of the type.
    pub white: Option<u16>,
    /// Whether some of its values were infinite or NaN; the smallest of the others replaces them.
    pub has_odd_numbers: bool,
}

/// The background of a transparent picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    Black,
    White,
    Checker,
    /// None: alpha is kept.
    Kept,
}

/// Converts a picture to the wanted channels.
pub(super) fn raster(decoded: Decoded, options: DecodeOptions) -> Raster {
    let grey = options.wanted.channels == Channels::Grey;
    let colours = options.wanted.channels.count();
    let (image, white) = match decoded {
        Decoded::Image { image, white } => (image, white),
        Decoded::Numbers { width, height, channels, values } => {
            return numbers(values, channels, width, height, colours);
        }
    };
    let (width, height) = (image.width(), image.height());
    let has_alpha = image.color().has_alpha();
    let bytes = image.color().bytes_per_pixel() / image.color().channel_count().max(1);
    let values = match (if options.rules == Rules::Version1 { 1 } else { bytes }, grey, has_alpha) {
        (1, true, false) => Rows::U8(image.into_luma8().into_raw()),
        (1, true, true) => Rows::U8(image.into_luma_alpha8().into_raw()),
        (1, false, false) => Rows::U8(image.into_rgb8().into_raw()),
        (1, false, true) => Rows::U8(image.into_rgba8().into_raw()),
        (2, true, false) => Rows::U16(image.into_luma16().into_raw()),
        (2, true, true) => Rows::U16(image.into_luma_alpha16().into_raw()),
        (2, false, false) => Rows::U16(image.into_rgb16().into_raw()),
        (2, false, true) => Rows::U16(image.into_rgba16().into_raw()),
        (_, _, false) => return numbers(floats(image), 3, width, height, colours),
        (_, _, true) => return numbers(image.into_rgba32f().into_raw(), 4, width, height, colours),
    };
    Raster { width, height, colours, has_alpha, values, white, has_odd_numbers: false }.opaque()
}

fn floats(image: DynamicImage) -> Vec<f32> {
    image.into_rgb32f().into_raw()
}

/// Floats with 1 to 4 channels: grey or colour, and alpha at the end.
fn numbers(mut values: Vec<f32>, channels: usize, width: u32, height: u32, colours: usize) -> Raster {
    let has_alpha = channels.is_multiple_of(2);
    let has_odd_numbers = values.iter().any(|value| !value.is_finite());
    if has_odd_numbers {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let least = finite.reduce(f32::min).unwrap_or(0.0);
        values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = least);
    }
    let held = channels - usize::from(has_alpha);
    let values = if held == colours {
        values
    } else {
        let mut out = Vec::with_capacity(values.len() / channels * (colours + usize::from(has_alpha)));
        for pixel in values.chunks_exact(channels) {
            let (pixel, alpha) = pixel.split_at(held);
            match (pixel, colours) {
                (&[r, g, b], 1) => {
                    out.push(r * LUMINANCE[0] + g * LUMINANCE[1] + b * LUMINANCE[2]);
                }
                (pixel, _) => out.extend(pixel.iter().cycle().take(colours)),
            }
            out.extend(alpha);
        }
        out
    };
    let values = Rows::F32(values);
    Raster { width, height, colours, has_alpha, values, white: None, has_odd_numbers }.opaque()
}

impl Raster {
    /// Whether it has transparent parts.
    pub(super) fn is_transparent(&self) -> bool {
        self.has_alpha
    }

    /// Removes alpha if it is opaque everywhere.
    fn opaque(mut self) -> Raster {
        if self.has_alpha {
            let (colours, seen) = (self.colours, &mut self.has_alpha);
            match &mut self.values {
                Rows::U8(values) => *seen = !without_alpha(values, colours),
                Rows::U16(values) => *seen = !without_alpha(values, colours),
                Rows::F32(values) => *seen = !without_alpha(values, colours),
            }
        }
        self
    }

    /// Its pixels on a background.
    pub(super) fn on<'a, T: Sample>(&self, values: &'a [T], ground: Ground) -> Cow<'a, [T]> {
        match (self.has_alpha, ground) {
            (false, Ground::Black | Ground::White | Ground::Checker) | (true, Ground::Kept) => values.into(),
            (false, Ground::Kept) => {
                let mut out = Vec::with_capacity(values.len() / self.colours * (self.colours + 1));
                for pixel in values.chunks_exact(self.colours) {
                    out.extend_from_slice(pixel);
                    out.push(T::WHITE);
                }
                out.into()
            }
            (true, Ground::Black) => self.laid(values, |_| T::BLACK).into(),
            (true, Ground::White) => self.laid(values, |_| T::WHITE).into(),
            (true, Ground::Checker) => {
                // Eight squares along the longer side, so that they remain after shrinking.
                let (width, side) = (self.width as usize, (self.width.max(self.height) / 8).max(1) as usize);
                self.laid(values, |at| T::GREYS[(at % width / side + at / width / side) % 2]).into()
            }
        }
    }

    fn laid<T: Sample>(&self, values: &[T], ground: impl Fn(usize) -> T) -> Vec<T> {
        let mut out = Vec::with_capacity(values.len() / (self.colours + 1) * self.colours);
        for (at, pixel) in values.chunks_exact(self.colours + 1).enumerate() {
            let (ground, alpha) = (ground(at), pixel[self.colours]);
            out.extend(pixel[..self.colours].iter().map(|value| value.on(ground, alpha)));
        }
        out
    }
}

/// Removes alpha if it is fully opaque; returns whether it was removed.
fn without_alpha<T: Sample>(values: &mut Vec<T>, colours: usize) -> bool {
    if values.chunks_exact(colours + 1).any(|pixel| pixel[colours] < T::WHITE) {
        return false;
    }
    let count = values.len() / (colours + 1);
    for at in 0..count {
        values.copy_within(at * (colours + 1)..at * (colours + 1) + colours, at * colours);
    }
    values.truncate(count * colours);
    true
}
