//! Data that scaling handles badly: outliers that compress all other values, rows that are all
//! equal.

use super::progress::CancelTimer;
use super::quantiles::of_columns;
use super::raw::Raw;
use super::{DataError, Doubt, Progress, Rows, SplitRows};
use crate::project::{Choice, Scaling, Shape};

/// A column is squeezed if its values, except the outer hundredth at either end, are within less
/// than this part of its range.
const LEAST_SHARE: f64 = 0.01;
/// Bytes are dark if they use less than this part of the range of their type.
const DARK: f32 = 0.25;
/// With fewer rows, outliers cannot be determined.
const FEWEST_ROWS: usize = 10;
/// Values examined per column; the ends of its range are known exactly.
const SAMPLED: usize = 1 << 13;
/// Most columns that are named.
const NAMED: usize = 3;

/// Smallest and largest value of each column, and the scaling they were found for.
pub(super) struct Ranges<'a> {
    pub ends: &'a [(f32, f32)],
    pub scaling: Scaling,
}

/// A doubt about the columns in which outliers compress the other values, with the most distant
/// one.
///
/// # Errors
/// [`DataError::Memory`] or [`DataError::Cancelled`].
pub(super) fn outliers(
    raw: &Raw,
    split: &SplitRows,
    ranges: Ranges<'_>,
    progress: &Progress,
) -> Result<Option<Doubt>, DataError> {
    let rows = &split.train;
    let period = ranges.ends.len();
    if rows.len() < FEWEST_ROWS || matches!(raw.rows, Rows::U8(_)) || period == 0 {
        return Ok(None);
    }
    let inner = of_columns(raw, rows, period, SAMPLED, progress, |sorted| {
        let outer = sorted.len().div_ceil(100);
        let inner = sorted.get(outer..sorted.len().saturating_sub(outer)).unwrap_or_default();
        (inner.first().copied().unwrap_or_default(), inner.last().copied().unwrap_or_default())
    })?;
    let is_squeezed = |at: &usize| {
        let ((low, high), (first, last)) = (ranges.ends[*at], inner[*at]);
        let (range, inner) = (f64::from(high) - f64::from(low), f64::from(last) - f64::from(first));
        // If the others are all equal, they are rare events, not outliers.
        inner > 0.0 && inner < LEAST_SHARE * range
    };
    let squeezed: Vec<usize> = (0..period).filter(is_squeezed).collect();
    let Some(&worst) = squeezed.first() else { return Ok(None) };
    let ((low, high), (first, last)) = (ranges.ends[worst], inner[worst]);
    let value =
        if f64::from(high) - f64::from(last) > f64::from(first) - f64::from(low) { high } else { low };
    let value = f64::from(value) + base(raw, worst);
    let name = |at: &usize| raw.feature_names.get(*at).map_or("", String::as_str);
    let named: Vec<String> = squeezed.iter().take(NAMED).map(|at| format!("\"{}\"", name(at))).collect();
    let more = squeezed.len().saturating_sub(NAMED);
    let place = match (raw.shape, &squeezed[..]) {
        (Shape::Image { .. }, _) => "the pictures".to_owned(),
        (Shape::Vector(_), [_]) => format!("column {}", named[0]),
        (Shape::Vector(_), _) if more > 0 => format!("columns {} and {more} more", named.join(", ")),
        (Shape::Vector(_), _) => format!("columns {}", named.join(", ")),
    };
    let part = 100.0 * (f64::from(last) - f64::from(first)) / (f64::from(high) - f64::from(low));
    let others: Vec<Choice> = [Scaling::Robust, Scaling::Standardise]
        .into_iter()
        .filter(|other| *other == Scaling::Robust || ranges.scaling == Scaling::UnitRange)
        .map(Choice::Scaling)
        .collect();
    Ok(Some(Doubt {
        message: format!(
            "{place}: an outlier ({value}) compresses all other values into {part:.2} % of the range, so they \
             are learned as almost constant"
        ),
        remedies: others,
    }))
}

/// The number subtracted from a feature's values.
fn base(raw: &Raw, feature: usize) -> f64 {
    let mut first = 0;
    for column in &raw.columns {
        first += column.features();
        if feature < first {
            return column.base();
        }
    }
    0.0
}

/// A doubt about arrays of bytes that use a small part of the range of their type, by which they
/// would be scaled.
///
/// # Errors
/// [`DataError::Cancelled`].
pub(super) fn dark(raw: &Raw, scaling: Scaling, progress: &Progress) -> Result<Option<Doubt>, DataError> {
    let (Rows::U8(values), Some(most), Scaling::UnitRange) = (&raw.rows, raw.type_max, scaling) else {
        return Ok(None);
    };
    let mut high = 0;
    for chunk in values.chunks(1 << 22) {
        progress.check()?;
        high = chunk.iter().fold(high, |high, value| high.max(*value));
    }
    let is_dark = high > 0 && f32::from(high) < DARK * most;
    Ok(is_dark.then(|| Doubt {
        message: format!(
            "the values go up to {high}, a small part of the range 0 to {most} of their type: scaled by it, all are near 0; \
             saved as numbers (a.astype('float32')) they are scaled by their own range"
        ),
        remedies: vec![Choice::Scaling(Scaling::Standardise)],
    }))
}

/// A warning if all rows are equal, or if each has only one value.
///
/// # Errors
/// [`DataError::Cancelled`].
pub(super) fn uniform(raw: &Raw, progress: &Progress) -> Result<Option<String>, DataError> {
    fn find<T: PartialEq>(
        values: &[T],
        features: usize,
        progress: &Progress,
    ) -> Result<(bool, bool), DataError> {
        let features = features.max(1);
        let first = values.get(..features).unwrap_or_default();
        let (mut are_equal, mut are_flat, mut cancel_timer) = (true, true, CancelTimer::new(progress));
        for row in values.chunks_exact(features) {
            cancel_timer.tick(features)?;
            are_equal = are_equal && row == first;
            are_flat = are_flat && row.iter().all(|value| *value == row[0]);
            if !are_equal && !are_flat {
                break;
            }
        }
        Ok((are_equal, are_flat))
    }
    let features = raw.shape.features();
    let (are_equal, are_flat) = match &raw.rows {
        Rows::U8(values) => find(values, features, progress)?,
        Rows::U16(values) => find(values, features, progress)?,
        Rows::F32(values) => find(values, features, progress)?,
    };
    let count = raw.rows.len() / features.max(1);
    Ok(match raw.shape {
        _ if count < 2 => None,
        _ if are_equal => Some(format!("all {count} rows are equal: there is nothing to learn from them")),
        Shape::Image { .. } if are_flat => Some(format!(
            "each of the {count} pictures has a single colour: check whether they were read correctly"
        )),
        Shape::Image { .. } | Shape::Vector(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(features: usize, values: Vec<f32>) -> Raw {
        let mut raw = Raw::new("t", Shape::Vector(features), Rows::F32(values));
        raw.feature_names = ["a", "b", "c", "d", "e"][..features].iter().map(ToString::to_string).collect();
        raw
    }

    #[test]
    fn single_values_that_squeeze_a_column_are_named() {
        let check = |values: &[f32], scaling, expected: Option<&[&str]>| {
            let raw = table(1, values.to_vec());
            let split = SplitRows { train: (0..values.len() as u32).collect(), ..SplitRows::default() };
            let around = |(low, high): (f32, f32), value: &f32| (low.min(*value), high.max(*value));
            let ends = [values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), around)];
            let ranges = Ranges { ends: &ends, scaling };
            let doubt = outliers(&raw, &split, ranges, &Progress::default()).unwrap();
            assert_eq!(doubt.is_some(), expected.is_some(), "{values:?}: {doubt:?}");
            for part in expected.unwrap_or_default() {
                assert!(doubt.as_ref().is_some_and(|doubt| doubt.message.contains(part)), "{doubt:?}");
            }
            let first = doubt.map(|doubt| doubt.remedies[0].clone());
            assert!(first.is_none_or(|first| first == Choice::Scaling(Scaling::Robust)));
        };
        let mut values: Vec<f32> = (0..48).map(|at| at as f32 / 48.0).collect();
        check(&values, Scaling::UnitRange, None);
        values[31] = 1e6;
        check(&values, Scaling::UnitRange, Some(&["column \"a\"", "outlier (1000000)"]));
        check(&values, Scaling::Standardise, Some(&["column \"a\""]));
        values[31] = -1e6;
        check(&values, Scaling::UnitRange, Some(&["outlier (-1000000)"]));
        check(&values[29..35], Scaling::UnitRange, None);
        // Rare events are not outliers.
        let rare: Vec<f32> = (0..1000).map(|at| if at == 7 { 1000.0 } else { 0.0 }).collect();
        check(&rare, Scaling::UnitRange, None);
    }

    #[test]
    fn bytes_of_few_shades_are_doubted() {
        let check = |values: &[u8], type_max, scaling, expected: bool| {
            let mut raw = Raw::new("t", Shape::Vector(1), Rows::U8(values.to_vec()));
            raw.type_max = type_max;
            let doubt = dark(&raw, scaling, &Progress::default()).unwrap();
            assert_eq!(doubt.is_some(), expected, "{values:?}: {doubt:?}");
        };
        check(&[0, 16, 3], Some(255.0), Scaling::UnitRange, true);
        check(&[0, 16, 3], Some(255.0), Scaling::Standardise, false);
        check(&[0, 16, 3], Some(16.0), Scaling::UnitRange, false);
        check(&[0, 64], Some(255.0), Scaling::UnitRange, false);
        check(&[0, 0], Some(255.0), Scaling::UnitRange, false);
        check(&[0, 1], Some(1.0), Scaling::UnitRange, false);
    }

    #[test]
    fn equal_rows_and_flat_pictures_are_reported() {
        let told = |raw: &Raw| uniform(raw, &Progress::default()).unwrap();
        assert!(
            told(&table(2, vec![1.0, 2.0, 1.0, 2.0]))
                .is_some_and(|text| text.contains("all 2 rows are equal"))
        );
        assert_eq!(told(&table(2, vec![1.0, 2.0, 1.0, 3.0])), None);
        assert_eq!(told(&table(2, vec![1.0, 2.0])), None);
        let shape = Shape::Image { height: 1, width: 2, channels: 1 };
        let flat = Raw::new("p", shape, Rows::U8(vec![3, 3, 4, 4]));
        assert!(told(&flat).is_some_and(|text| text.contains("a single colour")));
    }
}
