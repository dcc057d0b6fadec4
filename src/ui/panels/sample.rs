//! One row of a data set as it is shown: values in their own units, its name, its labels.

use crate::dataset::{Dataset, LabelValues, Rows};
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
        let start = row as usize * self.features;
        let values = |index: usize| {
            if index < self.data.rows.len() { self.data.rows.value(index) } else { 0.0 }
        };
        (start..start + self.features).map(values).collect()
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
    /// The range of bytes, [0, 1] where all numbers lie in it, else the numbers' own range.
    pub fn of(&mut self, data: &Dataset) -> DisplayRange {
        match self.0 {
            Some((fingerprint, range)) if fingerprint == data.fingerprint => range,
            _ => {
                let range = match &data.rows {
                    Rows::U8(values) => range_of_bytes(values),
                    Rows::F32(values) => range_of(values),
                };
                self.0.insert((data.fingerprint, range)).1
            }
        }
    }
}

/// All of a byte, but for pictures of fewer shades, such as digits of 17.
fn range_of_bytes(values: &[u8]) -> DisplayRange {
    let stride = (values.len() / 4_000_000).max(1);
    match values.iter().step_by(stride).max() {
        Some(high @ 1..64) => DisplayRange { low: 0.0, high: f32::from(*high) },
        Some(_) | None => DisplayRange::BYTE,
    }
}

fn range_of(values: &[f32]) -> DisplayRange {
    // A few million values tell enough, and take a few milliseconds.
    let stride = (values.len() / 4_000_000).max(1);
    let finite = values.iter().step_by(stride).copied().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high || (low >= 0.0 && high <= 1.0 && high > 0.25) {
        DisplayRange { low: 0.0, high: 1.0 }
    } else {
        DisplayRange { low, high }
    }
}

/// The row's own name, or its number counted from 1.
pub(super) fn row_name(data: &Dataset, row: u32) -> String {
    let number = || format!("row {}", u64::from(row) + 1);
    data.row_names.get(row as usize).filter(|name| !name.is_empty()).cloned().unwrap_or_else(number)
}

/// A feature's own name, or its number counted from 1.
pub(super) fn feature_name(data: &Dataset, feature: usize) -> String {
    data.feature_names.get(feature).cloned().unwrap_or_else(|| format!("feature {}", feature + 1))
}

/// A row's label as text.
pub(super) fn label_text(values: &LabelValues, row: u32) -> String {
    let none = || "–".to_owned();
    match values {
        LabelValues::Classes { names, ids } => {
            let name = ids.get(row as usize).and_then(|class| names.get(*class as usize));
            name.cloned().unwrap_or_else(none)
        }
        LabelValues::Numbers(numbers) => {
            numbers.get(row as usize).map_or_else(none, |number| format_number(f64::from(*number)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_display_follows_the_values() {
        for (values, low, high) in [
            (vec![0.0, 0.4, 1.0], 0.0, 1.0),
            (vec![-2.0, f32::NAN, 3.0], -2.0, 3.0),
            (vec![], 0.0, 1.0),
            (vec![0.0, 200.0], 0.0, 200.0),
        ] {
            assert_eq!(range_of(&values), DisplayRange { low, high });
        }
    }
}
