//! Corruptions that use pixels and their neighbours.

use std::ops::Range;

use crate::dataset::random::Stream;
use crate::project::Shape;

use super::super::math::vectorised;

/// Widest blur in pixels: by then, a picture of any possible size has a single colour.
const WIDEST: f32 = 1000.0;

/// One clean picture, height × width × channels.
#[derive(Clone, Copy)]
pub(super) struct Picture<'a> {
    height: usize,
    width: usize,
    channels: usize,
    values: &'a [f32],
}

impl<'a> Picture<'a> {
    /// A sample as a picture; `None` if it is not a picture.
    pub(super) fn new(shape: Shape, values: &'a [f32]) -> Option<Picture<'a>> {
        match shape {
            Shape::Image { height, width, channels } if !values.is_empty() => {
                (shape.features() == values.len()).then_some(Picture { height, width, channels, values })
            }
            Shape::Image { .. } | Shape::Vector(_) => None,
        }
    }

    /// Replaces each block of `size` × `size` pixels by its mean, channel by channel; blocks at the
    /// edge by the mean of their pixels inside.
    pub(super) fn pixelate(self, size: usize, out: &mut [f32]) {
        let blocks = |side: usize| {
            (0..side).step_by(size.max(1)).map(move |start| start..start.saturating_add(size).min(side))
        };
        for rows in blocks(self.height) {
            for columns in blocks(self.width) {
                for channel in 0..self.channels {
                    let mean = self.mean(rows.clone(), columns.clone(), channel);
                    for row in rows.clone() {
                        for column in columns.clone() {
                            out[(row * self.width + column) * self.channels + channel] = mean;
                        }
                    }
                }
            }
        }
    }

    fn mean(self, rows: Range<usize>, columns: Range<usize>, channel: usize) -> f32 {
        let count = rows.len() * columns.len();
        let mut sum = 0.0_f64;
        for row in rows {
            for column in columns.clone() {
                sum += f64::from(self.values[(row * self.width + column) * self.channels + channel]);
            }
        }
        (sum / count as f64) as f32
    }

    /// Blurs with a Gaussian kernel of standard deviation `std` pixels (1000 at most), cut off
    /// after ⌈3 std⌉ pixels and normalised; beyond the edges the outermost pixels are repeated.
    /// `scratch` grows if it is too short.
    pub(super) fn blur(self, std: f32, scratch: &mut Vec<f32>, out: &mut [f32]) {
        let std = std.min(WIDEST);
        let (across, down) = (reach(std, self.width), reach(std, self.height));
        let row = self.width * self.channels;
        let padded = row + 2 * across * self.channels;
        let wanted = (across + 1) + (down + 1) + padded + self.values.len();
        if scratch.len() < wanted {
            scratch.resize(wanted, 0.0);
        }
        let (taps_across, rest) = scratch.split_at_mut(across + 1);
        let (taps_down, rest) = rest.split_at_mut(down + 1);
        let (padded, rest) = rest.split_at_mut(padded);
        let between = &mut rest[..self.values.len()];
        fill_taps(std, taps_across);
        fill_taps(std, taps_down);
        vectorised(
            #[inline(always)]
            || {
                for (from, to) in self.values.chunks_exact(row).zip(between.chunks_exact_mut(row)) {
                    self.blur_row(from, taps_across, padded, to);
                }
                for (index, to) in out.chunks_exact_mut(row).enumerate() {
                    let at = |row_index: usize| &between[row_index * row..(row_index + 1) * row];
                    scale(to, at(index), taps_down[0]);
                    for (distance, &tap) in taps_down.iter().enumerate().skip(1) {
                        add_scaled(to, at(index.saturating_sub(distance)), tap);
                        add_scaled(to, at((index + distance).min(self.height - 1)), tap);
                    }
                }
            },
        );
    }

    /// Blurs one row; `padded` has space for it and its repeated ends.
    #[inline(always)]
    fn blur_row(self, from: &[f32], taps: &[f32], padded: &mut [f32], to: &mut [f32]) {
        let (channels, row) = (self.channels, from.len());
        let margin = (taps.len() - 1) * channels;
        for pixel in padded[..margin].chunks_exact_mut(channels) {
            pixel.copy_from_slice(&from[..channels]);
        }
        padded[margin..margin + row].copy_from_slice(from);
        for pixel in padded[margin + row..].chunks_exact_mut(channels) {
            pixel.copy_from_slice(&from[row - channels..]);
        }
        scale(to, from, taps[0]);
        for (distance, &tap) in taps.iter().enumerate().skip(1) {
            let (left, right) = (margin - distance * channels, margin + distance * channels);
            add_scaled(to, &padded[left..left + row], tap);
            add_scaled(to, &padded[right..right + row], tap);
        }
    }

    /// Sets a rectangle at a random place to `value`, in all channels. Its sides are `side` times
    /// the picture's, rounded, and one pixel at least; it is inside the picture, uniformly
    /// distributed.
    pub(super) fn cut(self, side: f32, value: f32, stream: Stream, out: &mut [f32]) {
        let extent = |of: usize| ((side * of as f32).round() as usize).clamp(1, of);
        let (height, width) = (extent(self.height), extent(self.width));
        let top = stream.below(0, self.height - height + 1);
        let left = stream.below(1, self.width - width + 1);
        for row in top..top + height {
            let start = (row * self.width + left) * self.channels;
            out[start..start + width * self.channels].fill(value);
        }
    }
}

/// Radius of a blur along a side: at most the length of the side, since everything beyond the edge
/// is equal.
fn reach(std: f32, side: usize) -> usize {
    ((3.0 * std).ceil() as usize).min(side - 1)
}

/// Weights of the pixels at distance 0, 1, …; the weights beyond the last are added to it, as they
/// apply to the same pixel: the outermost.
fn fill_taps(std: f32, taps: &mut [f32]) {
    let radius = (3.0 * std).ceil() as usize;
    let last = taps.len() - 1;
    let weight = |distance: usize| (-0.5 * (distance as f64 / f64::from(std)).powi(2)).exp();
    let sum = 1.0 + 2.0 * (1..=radius).map(weight).sum::<f64>();
    for (distance, tap) in taps.iter_mut().enumerate() {
        *tap = (weight(distance) / sum) as f32;
    }
    let beyond = (last + 1..=radius).map(weight).sum::<f64>() / sum;
    // If there is only one pixel, both sides apply to it.
    taps[last] += (if last == 0 { 2.0 * beyond } else { beyond }) as f32;
}

#[inline(always)]
fn scale(to: &mut [f32], from: &[f32], factor: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = factor * from;
    }
}

#[inline(always)]
fn add_scaled(to: &mut [f32], from: &[f32], factor: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

#[cfg(test)]
mod tests {
    use super::super::corrupt;
    use super::*;
    use crate::dataset::random::Purpose;
    use crate::project::Corruption;

    fn image(height: usize, width: usize, channels: usize) -> Shape {
        Shape::Image { height, width, channels }
    }

    fn stream(sample: u64) -> Stream {
        Stream::new(1, Purpose::Corruption, 2, sample)
    }

    fn values(shape: Shape) -> Vec<f32> {
        (0..shape.features()).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect()
    }

    fn corrupted(corruption: Corruption, shape: Shape, clean: &[f32]) -> Vec<f32> {
        let mut out = vec![f32::NAN; clean.len()];
        corrupt(corruption, shape, (-1.0, 2.0), stream(0), clean, &mut out);
        out
    }

    #[test]
    fn blocks_become_their_means_and_edges_what_they_have() {
        let clean = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let pixelated = corrupted(Corruption::Pixelate { size: 2 }, image(3, 3, 1), &clean);
        assert_eq!(pixelated, [3.0, 3.0, 4.5, 3.0, 3.0, 4.5, 7.5, 7.5, 9.0]);
        // One block for the whole picture, each channel separately.
        let pixelated = corrupted(Corruption::Pixelate { size: 9 }, image(1, 3, 3), &clean);
        assert_eq!(pixelated, [4.0, 5.0, 6.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0]);
        assert_eq!(corrupted(Corruption::Pixelate { size: 1 }, image(3, 3, 1), &clean), clean);
    }

    #[test]
    fn a_blur_is_the_normalised_sum_over_its_window_with_repeated_edges() {
        for (shape, std) in [
            (image(7, 5, 1), 0.4),
            (image(6, 9, 3), 1.0),
            (image(1, 8, 2), 1.7),
            (image(4, 3, 1), 5.0),
            (image(1, 1, 3), 2.0),
        ] {
            let Shape::Image { height, width, channels } = shape else { continue };
            let clean = values(shape);
            let ours = corrupted(Corruption::Blur { std }, shape, &clean);
            let radius = (3.0 * std).ceil() as i64;
            let weight = |i: i64| (-0.5 * (i as f64 / f64::from(std)).powi(2)).exp();
            let sum: f64 = (-radius..=radius).map(weight).sum();
            let at = |row: i64, column: i64, channel: usize| {
                let row = row.clamp(0, height as i64 - 1) as usize;
                let column = column.clamp(0, width as i64 - 1) as usize;
                f64::from(clean[(row * width + column) * channels + channel])
            };
            for (index, ours) in ours.iter().enumerate() {
                let (channel, pixel) = (index % channels, index / channels);
                let (row, column) = ((pixel / width) as i64, (pixel % width) as i64);
                let mut expected = 0.0;
                for i in -radius..=radius {
                    for j in -radius..=radius {
                        expected += weight(i) * weight(j) * at(row + i, column + j, channel) / (sum * sum);
                    }
                }
                assert!((f64::from(*ours) - expected).abs() < 1e-6, "{shape:?} {std} {index}: {ours}");
            }
            assert!(ours == clean || height * width > 1);
        }
        let shape = image(5, 5, 1);
        assert_eq!(corrupted(Corruption::Blur { std: 0.0 }, shape, &values(shape)), values(shape));
        // As wide as possible: one colour, and fast.
        let wide = corrupted(Corruption::Blur { std: 1e30 }, shape, &[0.5; 25]);
        assert!(wide.iter().all(|x| (x - 0.5).abs() < 1e-6));
    }

    #[test]
    fn a_rectangle_of_its_size_is_missing_at_every_place_alike() {
        let shape = image(5, 10, 2);
        let clean = vec![0.5; shape.features()];
        // 0.4 · 5 rows and 0.4 · 10 columns: 4 · 7 positions.
        let mut places = std::collections::BTreeMap::new();
        let samples = 14_000;
        for sample in 0..samples {
            let mut out = clean.clone();
            let corruption = Corruption::MissingRectangle { side: 0.4 };
            corrupt(corruption, shape, (-1.0, 2.0), stream(sample), &clean, &mut out);
            let hit: Vec<usize> = (0..out.len()).filter(|&i| out[i] == -1.0).collect();
            let (top, left) = (hit[0] / 20, hit[0] % 20 / 2);
            let expected: Vec<usize> = (top..top + 2)
                .flat_map(|row| (left * 2..(left + 4) * 2).map(move |column| row * 20 + column))
                .collect();
            assert_eq!(hit, expected);
            assert!(hit.len() + out.iter().filter(|&&x| x == 0.5).count() == out.len());
            *places.entry((top, left)).or_insert(0) += 1;
        }
        assert_eq!(places.len(), 28);
        // Five standard errors of a count of 500 are 110.
        assert!(places.values().all(|&count: &i32| (count - 500).abs() < 110), "{places:?}");
        // At least one pixel, at most the whole picture.
        let missing = |side| {
            let out = corrupted(Corruption::MissingRectangle { side }, shape, &clean);
            out.iter().filter(|&&x| x == -1.0).count()
        };
        assert_eq!([missing(1e-6), missing(1.0), missing(7.0), missing(0.0)], [2, 100, 100, 0]);
    }

    #[test]
    fn what_is_no_picture_stays_as_it_is_and_samples_are_fixed() {
        for corruption in Corruption::ALL.into_iter().filter(|corruption| corruption.needs_pictures()) {
            let shape = image(6, 6, 3);
            let clean = values(shape);
            assert_eq!(corrupted(corruption, Shape::Vector(108), &clean), clean, "{corruption:?}");
            let once = corrupted(corruption, shape, &clean);
            assert_ne!(once, clean, "{corruption:?}");
            assert_eq!(once, corrupted(corruption, shape, &clean), "{corruption:?}");
            assert!(corrupted(corruption, image(0, 0, 3), &[]).is_empty());
        }
    }
}
