//! Shades of pictures: the values of black and white, and the difference of two pictures.

use crate::dataset::Dataset;
use crate::figure::{Rgb, error_color};

/// The values drawn as black and as white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DisplayRange {
    /// Black.
    pub low: f32,
    /// White.
    pub high: f32,
}

impl DisplayRange {
    /// The range for the pictures of a data set; takes some milliseconds to compute.
    pub fn of_data(data: &Dataset) -> DisplayRange {
        let (low, high) = data.shades();
        DisplayRange { low, high }
    }

    /// The position of a value between black (0) and white (1), clipped to this range; NaN is
    /// black.
    pub fn fraction(self, value: f32) -> f32 {
        let t = (value - self.low) / (self.high - self.low).max(f32::MIN_POSITIVE);
        if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) }
    }

    /// A pixel of one or three channels as a colour.
    pub fn rgb(self, channels: &[f32]) -> Rgb {
        let byte = |value: f32| (self.fraction(value) * 255.0).round() as u8;
        match channels {
            [r, g, b] => [byte(*r), byte(*g), byte(*b)],
            _ => channels.first().map_or([0; 3], |grey| [byte(*grey); 3]),
        }
    }

    /// A pixel of the error map: the distance of two pixels, averaged over channels. Half the range
    /// is brightest. Brightness grows with the square root of the distance, so that small errors
    /// are visible.
    pub fn error_rgb(self, a: &[f32], b: &[f32]) -> Rgb {
        let far: f32 = a.iter().zip(b).map(|(a, b)| (self.fraction(*a) - self.fraction(*b)).abs()).sum();
        error_color((2.0 * far / a.len().max(1) as f32).sqrt())
    }

    /// The difference that [`DisplayRange::error_rgb`] draws brightest, scaled like the values in
    /// which errors are measured; channels with scales of their own are averaged.
    pub fn brightest(self, data: &Dataset) -> f32 {
        let factors = &data.scaler.factors;
        let factor = factors.iter().map(|factor| factor.abs()).sum::<f32>() / factors.len().max(1) as f32;
        (self.high - self.low) / 2.0 * factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::{Data, Scaling};

    #[test]
    fn the_brightest_difference_is_scaled_like_the_errors() {
        // The digits have shades from 0 to 16.
        for (scaling, expected) in [(Scaling::UnitRange, 0.5), (Scaling::None, 8.0)] {
            let data = load(&Data { scaling, ..Data::default() }, &Progress::default()).unwrap();
            assert_eq!(DisplayRange::of_data(&data).brightest(&data), expected, "{scaling:?}");
        }
    }
}
