//! Values per channel, repeated along the pixels of a picture, and sums over pixels.
//!
//! A picture with few channels has vectors too short to vectorise, so values per channel are
//! repeated until they are long enough: a *tile* of [`tile_len`] values. A tile starts with channel
//! 0 and holds a whole number of pixels.

use std::array::from_fn;
use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Arch, Scalar, Simd, WithSimd};

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
/// Vectors of a tile that are summed together.
const VECTORS: usize = 4;
/// Most values of these vectors.
const MOST: usize = 16 * VECTORS;

/// What is summed up for each pair of values of two slices, and a number of their place.
pub(super) trait Term {
    fn of<S: Simd>(simd: S, a: S::f32s, b: S::f32s, centre: S::f32s) -> S::f32s;
}

/// `a`
struct Plain;
/// `a (b − centre)`
pub(super) struct Product;
/// `(a − centre)²`
pub(super) struct Square;

impl Term for Plain {
    #[inline(always)]
    fn of<S: Simd>(_: S, a: S::f32s, _: S::f32s, _: S::f32s) -> S::f32s {
        a
    }
}

impl Term for Product {
    #[inline(always)]
    fn of<S: Simd>(simd: S, a: S::f32s, b: S::f32s, centre: S::f32s) -> S::f32s {
        simd.mul_f32s(a, simd.sub_f32s(b, centre))
    }
}

impl Term for Square {
    #[inline(always)]
    fn of<S: Simd>(simd: S, a: S::f32s, _: S::f32s, centre: S::f32s) -> S::f32s {
        let difference = simd.sub_f32s(a, centre);
        simd.mul_f32s(difference, difference)
    }
}

/// Adds the pixels of `values`, channel by channel, to the sums of `tile`.
pub(super) fn add_pixels(values: &[f32], tile: &mut [f64]) {
    add_each::<Plain>((values, values), tile, |_| 0.0);
}

/// Adds a term to the sums of `tile`, for each pair of values of two slices; `centre` has one number
/// per place of the tile.
pub(super) fn add_each<T: Term>((a, b): (&[f32], &[f32]), tile: &mut [f64], centre: impl Fn(usize) -> f32) {
    Arch::new().dispatch(AddEach { a, b, tile, centre, term: PhantomData::<T> });
}

struct AddEach<'a, T, C> {
    a: &'a [f32],
    b: &'a [f32],
    tile: &'a mut [f64],
    centre: C,
    term: PhantomData<T>,
}

impl<T: Term, C: Fn(usize) -> f32> WithSimd for AddEach<'_, T, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let AddEach { a, b, tile, centre, .. } = self;
        let (size, lanes) = (tile.len().max(1), S::F32_LANES);
        for (a, b) in a.chunks(FEW * size).zip(b.chunks(FEW * size)) {
            let mut start = 0;
            while start < tile.len() {
                let (strip, left) = ((a, b, size, start), tile.len() - start);
                let (sums, width) = if left >= VECTORS * lanes {
                    (add_strip::<S, T, VECTORS>(simd, strip, &centre), VECTORS * lanes)
                } else if left >= lanes {
                    (add_strip::<S, T, 1>(simd, strip, &centre), lanes)
                } else {
                    (add_strip::<Scalar, T, 1>(Scalar::new(), strip, &centre), 1)
                };
                for (total, sum) in tile[start..start + width].iter_mut().zip(&sums) {
                    *total += f64::from(*sum);
                }
                start += width;
            }
        }
    }
}

/// Sums of a term at `N` vectors of places from `start` on, over tiles of `size` values.
#[inline(always)]
fn add_strip<S: Simd, T: Term, const N: usize>(
    simd: S,
    (a, b, size, start): (&[f32], &[f32], usize, usize),
    centre: impl Fn(usize) -> f32,
) -> [f32; MOST] {
    let (mut sums, mut centres) = ([0.0; MOST], [0.0; MOST]);
    for (place, to) in centres.iter_mut().enumerate().take(N * S::F32_LANES) {
        *to = centre(start + place);
    }
    let own: [S::f32s; N] = from_fn(|vector| S::as_simd_f32s(&centres).0[vector]);
    let mut vectors = [simd.splat_f32s(0.0); N];
    let (tiles_a, tiles_b) = (a.chunks_exact(size), b.chunks_exact(size));
    let rest = tiles_a.remainder().iter().zip(tiles_b.remainder());
    for (a, b) in tiles_a.zip(tiles_b) {
        let (a, b) = (S::as_simd_f32s(&a[start..]).0, S::as_simd_f32s(&b[start..]).0);
        if let (Some(a), Some(b)) = (a.first_chunk::<N>(), b.first_chunk::<N>()) {
            vectors = from_fn(|vector| {
                simd.add_f32s(vectors[vector], T::of(simd, a[vector], b[vector], own[vector]))
            });
        }
    }
    S::as_mut_simd_f32s(&mut sums).0[..N].copy_from_slice(&vectors);
    // The last pixels may be fewer than a tile.
    let rest = rest.skip(start).take(N * S::F32_LANES);
    for ((sum, centre), (a, b)) in sums.iter_mut().zip(&centres).zip(rest) {
        *sum += T::of(Scalar::new(), *a, *b, *centre);
    }
    sums
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
