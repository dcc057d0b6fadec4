//! One row of a data set as it is shown: values in their own units, its name, its labels.

use crate::dataset::{Dataset, LabelValues};
use crate::project::visible;
use crate::ui::plots::{DisplayRange, format_number};

/// Reads rows of a data set for display.
pub(super) struct Sampler<'a> {
    data: &'a Dataset,
    features: usize,
}

impl<'a> Sampler<'a> {
    /// A reader of this data set.
    pub fn new(data: &'a Dataset) -> Sampler<'a> {
        Sampler { data, features: data.shape.features() }
    }

    /// The row as it came; zeros where there is no such row.
    pub fn original(&self, row: u32) -> Vec<f32> {
        self.values(row).collect()
    }

    /// Its values one by one.
    pub fn values(&self, row: u32) -> impl Iterator<Item = f32> {
        let start = row as usize * self.features;
        let rows = &self.data.rows;
        (start..start + self.features).map(|at| if at < rows.len() { rows.value(at) } else { 0.0 })
    }

    /// The row as the network sees it.
    pub fn scaled(&self, row: u32) -> Vec<f32> {
        let mut out = vec![0.0; self.features];
        if (row as usize) < self.data.len() {
            self.data.gather(&[row], &mut out);
        }
        out
    }

    /// Scaled values of one row in the units the data came in.
    pub fn unscaled(&self, scaled: &[f32]) -> Vec<f32> {
        scaled.iter().enumerate().map(|(feature, value)| self.data.scaler.unscale(feature, *value)).collect()
    }
}

/// What is shown as black and as white in pictures of a data set; found once for each fingerprint.
#[derive(Clone, Default)]
pub(super) struct RangeCache(Option<(u64, DisplayRange)>);

impl RangeCache {
    /// The range that [`Rows::shades`](crate::dataset::Rows::shades) gives.
    pub fn of(&mut self, data: &Dataset) -> DisplayRange {
        match self.0 {
            Some((fingerprint, range)) if fingerprint == data.fingerprint => range,
            _ => {
                let (low, high) = data.rows.shades();
                let range = DisplayRange { low, high };
                self.0.insert((data.fingerprint, range)).1
            }
        }
    }
}

/// The row's own name, or its number counted from 1.
pub(super) fn row_name(data: &Dataset, row: u32) -> String {
    let number = || format!("row {}", u64::from(row) + 1);
    let own = data.row_names.get(row as usize).filter(|name| !name.is_empty());
    own.map_or_else(number, |name| visible(name).into_owned())
}

/// A feature's own name, or its number counted from 1.
pub(super) fn feature_name(data: &Dataset, feature: usize) -> String {
    let number = || format!("feature {}", feature + 1);
    data.feature_names.get(feature).map_or_else(number, |name| visible(name).into_owned())
}

/// A row's label as text.
pub(super) fn label_text(values: &LabelValues, row: u32) -> String {
    let none = || "–".to_owned();
    match values {
        LabelValues::Classes { names, ids } => {
            let name = ids.get(row as usize).and_then(|class| names.get(*class as usize));
            name.map_or_else(none, |name| visible(name).into_owned())
        }
        LabelValues::Numbers(numbers) => {
            numbers.get(row as usize).map_or_else(none, |number| format_number(f64::from(*number)))
        }
    }
}
