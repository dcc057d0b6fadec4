//! One row of a data set for display: values in their own units, its name, its picture.

use super::shades::DisplayRange;
use crate::dataset::Dataset;
use crate::figure::{Picture, Rgb};
use crate::project::{Shown, visible};

/// Reads rows of a data set for display.
pub struct Sampler<'a> {
    data: &'a Dataset,
    features: usize,
}

impl<'a> Sampler<'a> {
    /// Creates a reader for this data set.
    pub fn new(data: &'a Dataset) -> Sampler<'a> {
        Sampler { data, features: data.shape.features() }
    }

    /// The row in its original units; zeros if there is no such row.
    pub fn original(&self, row: u32) -> Vec<f32> {
        self.values(row).collect()
    }

    /// Iterates over its values.
    pub fn values(&self, row: u32) -> impl Iterator<Item = f32> {
        (0..self.features).map(move |feature| self.value(row, feature))
    }

    /// One value.
    pub fn value(&self, row: u32, feature: usize) -> f32 {
        let (at, rows) = (row as usize * self.features + feature, &self.data.rows);
        if at < rows.len() { rows.value(at) } else { 0.0 }
    }

    /// The row as the network's input.
    pub fn scaled(&self, row: u32) -> Vec<f32> {
        let mut out = vec![0.0; self.features];
        if (row as usize) < self.data.len() {
            self.data.gather(&[row], &mut out);
        }
        out
    }

    /// Converts scaled values of one row to the units of the data.
    pub fn unscaled(&self, scaled: &[f32]) -> Vec<f32> {
        scaled.iter().enumerate().map(|(feature, value)| self.data.scaler.unscale(feature, *value)).collect()
    }
}

/// The name of a row for display.
pub fn row_name(data: &Dataset, row: u32) -> String {
    visible(&data.row_name(row)).into_owned()
}

/// A picture of these pixels.
pub(super) fn picture([width, height]: [usize; 2], pixel: impl Fn(usize, usize) -> Rgb) -> Picture {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    Picture { width, height, pixels: places.map(|(x, y)| pixel(x, y)).collect() }
}

/// A sample as a picture, of values in the units of its data.
pub fn picture_of(shown: Shown, range: DisplayRange, values: &[f32]) -> Picture {
    let Shown { height, width, channels, .. } = shown;
    picture([width, height], |x, y| {
        let start = (y * width + x) * channels;
        range.rgb(&shown.pixel(values.get(start..start + channels).unwrap_or_default()))
    })
}

/// The names of the values of a sample; empty if they have none.
pub fn value_names(data: &Dataset) -> Vec<String> {
    data.feature_names.clone()
}
