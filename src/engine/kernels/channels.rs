//! Values per channel, repeated along the pixels of a picture, and sums over pixels.
//!
//! A picture with few channels has vectors too short to vectorise, so values per channel are
//! repeated until they are long enough: a *tile* of [`tile_len`] values. A tile starts with channel
//! 0 and holds a whole number of pixels.

use std::ops::Range;

use super::activation::{backward_row, forward_row};
use super::math::vectorised;
pub(super) use crate::check::sizes::tile_len;
use crate::project::Activation;

/// Repeats `per_channel` over `tile`.
pub(super) fn repeat<T: Copy>(per_channel: &[T], tile: &mut [T]) {
    for pixel in tile.chunks_mut(per_channel.len().max(1)) {
        pixel.copy_from_slice(&per_channel[..pixel.len()]);
    }
}

/// Tiles whose values are added in `f32` before their sum is added in `f64`: as exact as the values
/// are.
pub(super) const FEW: usize = 16;
/// Values of a tile that are added at once.
const STRIP: usize = 64;

/// Adds the pixels of `values`, channel by channel, to the sums of `tile`.
#[inline(always)]
pub(super) fn add_pixels(values: &[f32], tile: &mut [f64]) {
    add_each(
        (values, values),
        tile,
        #[inline(always)]
        |_| 0.0,
        #[inline(always)]
        |value, _, _| value,
    );
}

/// Adds `of(a, b, centre)` to the sums of `tile`, for each pair of values of two slices; `centre`
/// has one number per place of the tile.
#[inline(always)]
pub(super) fn add_each(
    (a, b): (&[f32], &[f32]),
    tile: &mut [f64],
    centre: impl Fn(usize) -> f32,
    of: impl Fn(f32, f32, f32) -> f32,
) {
    let size = tile.len().max(1);
    for (a, b) in a.chunks(FEW * size).zip(b.chunks(FEW * size)) {
        for (strip, tile) in tile.chunks_mut(STRIP).enumerate() {
            let (start, mut sums, mut centres) = (strip * STRIP, [0.0_f32; STRIP], [0.0_f32; STRIP]);
            for (place, to) in centres.iter_mut().enumerate().take(tile.len()) {
                *to = centre(start + place);
            }
            for (a, b) in a.chunks(size).zip(b.chunks(size)) {
                // The last pixels may be fewer than a tile.
                let end = (start + STRIP).min(a.len());
                if start < end {
                    let values = a[start..end].iter().zip(&b[start..end]);
                    for ((sum, centre), (a, b)) in sums.iter_mut().zip(&centres).zip(values) {
                        *sum += of(*a, *b, *centre);
                    }
                }
            }
            for (total, sum) in tile.iter_mut().zip(&sums) {
                *total += f64::from(*sum);
            }
        }
    }
}

/// The sum of one channel over a tile.
pub(super) fn fold(tile: &[f64], channels: usize, channel: usize) -> f64 {
    tile[channel..].iter().step_by(channels).sum()
}

/// Adds `bias` (repeated over a tile) to pixels and applies the activation, in place; `pre`
/// receives the sums where the derivative needs them.
pub(super) fn activate(activation: Activation, bias: &[f32], values: &mut [f32], pre: Option<&mut [f32]>) {
    let size = bias.len().max(1);
    vectorised(
        #[inline(always)]
        || match pre {
            Some(pre) => {
                for (values, pre) in values.chunks_mut(size).zip(pre.chunks_mut(size)) {
                    forward_row(activation, bias, values, Some(pre));
                }
            }
            None => {
                for values in values.chunks_mut(size) {
                    forward_row(activation, bias, values, None);
                }
            }
        },
    );
}

/// Turns the gradient of the outputs `y` into that of the sums, in place, for `range` of all
/// values.
pub(super) fn through_activation(
    activation: Activation,
    y: &[f32],
    pre: Option<&[f32]>,
    range: Range<usize>,
    gradient: &mut [f32],
) {
    if activation == Activation::Linear {
        return;
    }
    let (y, pre) = (&y[range.clone()], &pre.unwrap_or(y)[range]);
    vectorised(
        #[inline(always)]
        || backward_row(activation, y, pre, gradient),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_over_pixels_are_those_of_the_channels() {
        for channels in [1, 3, 16, 63, 64, 65, 200] {
            let pixels = 37;
            let values: Vec<f32> = (0..pixels * channels).map(|i| (i % 251) as f32).collect();
            let mut tile = vec![0.0; tile_len(channels)];
            assert!(tile.len() >= 64 && tile.len().is_multiple_of(channels));
            add_pixels(&values, &mut tile);
            for channel in 0..channels {
                let expected: f32 = (0..pixels).map(|pixel| values[pixel * channels + channel]).sum();
                assert_eq!(fold(&tile, channels, channel), f64::from(expected), "{channels} {channel}");
            }
        }
    }

    #[test]
    fn a_bias_is_added_to_its_channel_in_every_pixel() {
        for channels in [1, 3, 70] {
            let bias: Vec<f32> = (0..channels).map(|channel| channel as f32 - 1.0).collect();
            let mut tile = vec![0.0; tile_len(channels)];
            repeat(&bias, &mut tile);
            let mut values = vec![0.5; 50 * channels];
            let mut pre = values.clone();
            activate(Activation::Relu, &tile, &mut values, Some(&mut pre));
            for (index, (value, pre)) in values.iter().zip(&pre).enumerate() {
                let expected = 0.5 + bias[index % channels];
                assert_eq!((*value, *pre), (expected.max(0.0), expected), "{channels} {index}");
            }
        }
    }
}
