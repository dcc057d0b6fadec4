//! Detecting arrays whose values have another range than in training.

use super::{Dataset, Depth, Rows, Scaler};
use crate::project::{Scaling, Shape};

/// At equal depth, values larger or smaller by this factor are reported.
const FAR: f64 = 16.0;
/// Dark or bright samples may be this far below.
const FAR_BELOW: f64 = 1.0 / 64.0;
/// At another depth, values larger or smaller by this factor are reported.
const OTHER: f64 = 1.5;
const OTHER_BELOW: f64 = 1.0 / 8.0;
/// Standard deviations that contain almost all values.
const DEVIATIONS: f64 = 3.0;

/// Returns a warning if the values of arrays have another range than those that `scaler` was fitted
/// on, with depth `fitted`. Pictures in files are scaled to the white of the training data; arrays
/// are not rescaled.
pub fn other_range(
    scaler: &Scaler,
    scaling: Scaling,
    fitted: Option<Depth>,
    data: &Dataset,
) -> Option<String> {
    let (before, now) = (largest_of_training(scaler, scaling, fitted)?, largest(&data.rows));
    let depth = Depth::of(&data.rows);
    let is_other = fitted.is_some_and(|fitted| fitted != depth);
    let (above, below) = if is_other { (OTHER, OTHER_BELOW) } else { (FAR, FAR_BELOW) };
    let ratio = now / before;
    if !ratio.is_finite() || now == 0.0 || (below..=above).contains(&ratio) {
        return None;
    }
    let bits = |depth: Option<Depth>| match depth {
        Some(Depth::Byte) => " (8 bits)",
        Some(Depth::Word) => " (16 bits)",
        Some(Depth::Float) => " (numbers)",
        None => "",
    };
    let whites = (white(fitted, before), white(Some(depth), now));
    let formula = match whites {
        (Some(before), Some(now)) if before > now => format!(", as in a * {}", before / now),
        (Some(before), Some(now)) if before < now => format!(", as in a / {}", now / before),
        (Some(_) | None, _) => String::new(),
    };
    let (aside, much) = match (data.shape, ratio > 1.0) {
        (Shape::Vector(_), true) => ("", "larger"),
        (Shape::Vector(_), false) => ("", "smaller"),
        (Shape::Image { .. }, true) => (", unlike pictures in files", "brighter"),
        (Shape::Image { .. }, false) => (", unlike pictures in files", "darker"),
    };
    Some(format!(
        "the values go up to {}{}, but those of the training data up to about {}{}: arrays of another range \
         or depth are not rescaled{aside}, so the network sees them as much {much}; scale them to the range \
         of the training data first{formula}",
        if now.fract() == 0.0 { now } else { rounded(now) },
        bits(Some(depth)),
        rounded(before),
        bits(fitted),
    ))
}

/// The largest absolute value of the training data, as far as the scaling reveals it.
fn largest_of_training(scaler: &Scaler, scaling: Scaling, fitted: Option<Depth>) -> Option<f64> {
    let pairs = scaler.offsets.iter().zip(&scaler.factors);
    let pairs = pairs.map(|(offset, factor)| (f64::from(*offset), 1.0 / f64::from(*factor)));
    match scaling {
        Scaling::UnitRange => pairs.map(|(low, range)| low.abs().max((low + range).abs())).reduce(f64::max),
        Scaling::Standardise | Scaling::Robust => {
            pairs.map(|(middle, width)| middle.abs() + DEVIATIONS * width.abs()).reduce(f64::max)
        }
        Scaling::None => match fitted? {
            Depth::Byte => Some(255.0),
            Depth::Word => Some(65_535.0),
            Depth::Float => None,
        },
    }
}

fn largest(rows: &Rows) -> f64 {
    match rows {
        Rows::U8(values) => values.iter().max().map_or(0.0, |value| f64::from(*value)),
        Rows::U16(values) => values.iter().max().map_or(0.0, |value| f64::from(*value)),
        Rows::F32(values) => f64::from(values.iter().fold(0.0_f32, |most, value| most.max(value.abs()))),
    }
}

/// The usual value of white for such values.
fn white(depth: Option<Depth>, largest: f64) -> Option<f64> {
    match depth? {
        Depth::Byte => Some(255.0),
        Depth::Word => Some(65_535.0),
        Depth::Float if largest <= 2.0 => Some(1.0),
        Depth::Float if (16.0..=512.0).contains(&largest) => Some(255.0),
        Depth::Float => None,
    }
}

/// Rounded to three digits.
fn rounded(number: f64) -> f64 {
    let digits = 10_f64.powf(2.0 - number.abs().log10().floor());
    if digits.is_finite() && digits > 0.0 { (number * digits).round() / digits } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::Data;

    #[test]
    fn arrays_of_another_range_are_reported_with_what_to_do() {
        let digits = load(&Data::default(), &Progress::default()).unwrap();
        let said = |scaler: Scaler, scaling, fitted, rows: Rows| {
            other_range(&scaler, scaling, fitted, &Dataset { rows, ..digits.clone() })
        };
        let check = |most: f32, fitted, rows: Rows, expected: Option<&str>| {
            let said = said(Scaler::uniform(0.0, 1.0 / most), Scaling::UnitRange, Some(fitted), rows.clone());
            assert_eq!(said.is_some(), expected.is_some(), "{rows:?}: {said:?}");
            let text = said.unwrap_or_default();
            assert!(text.contains(expected.unwrap_or_default()), "{text}");
        };
        let (byte, word, float) = (Depth::Byte, Depth::Word, Depth::Float);
        check(255.0, byte, Rows::U8(vec![30]), None);
        check(
            255.0,
            byte,
            Rows::U8(vec![0, 1]),
            Some("as much darker; scale them to the range of the training data first"),
        );
        check(255.0, byte, Rows::U16(vec![0, 65_000]), Some("first, as in a / 257"));
        check(255.0, byte, Rows::U16(vec![0, 255]), None);
        check(255.0, byte, Rows::F32(vec![0.0, 1.0]), Some("up to about 255 (8 bits)"));
        check(255.0, byte, Rows::F32(vec![0.0, 1.0]), Some("as much darker; scale them"));
        check(255.0, byte, Rows::F32(vec![0.0, 1.0]), Some("first, as in a * 255"));
        check(255.0, byte, Rows::F32(vec![0.0, 254.0]), None);
        check(65_535.0, word, Rows::U8(vec![255]), Some("as in a * 257"));
        check(1.0, float, Rows::U8(vec![255]), Some("as in a / 255"));
        check(1.0, float, Rows::F32(vec![255.0]), Some("as in a / 255"));
        check(1.0, float, Rows::F32(vec![-3.0]), None);
        check(1.0, float, Rows::F32(vec![0.0]), None);
        check(255.0, float, Rows::F32(vec![1.0]), Some("as in a * 255"));
        let sensors = Dataset { rows: Rows::F32(vec![921.444_1]), shape: Shape::Vector(1), ..digits.clone() };
        let text =
            other_range(&Scaler::uniform(0.0, 0.1), Scaling::UnitRange, Some(float), &sensors).unwrap();
        assert!(text.contains("go up to 921 (numbers)") && text.contains("not rescaled, so"), "{text}");
        assert!(
            text.ends_with("as much larger; scale them to the range of the training data first"),
            "{text}"
        );
        let standard = Scaler::uniform(33.0, 1.0 / 78.0);
        let told = |scaler, scaling, rows| said(scaler, scaling, Some(byte), rows).is_some();
        assert!(told(standard.clone(), Scaling::Standardise, Rows::F32(vec![1.0])));
        assert!(!told(standard, Scaling::Standardise, Rows::U8(vec![255])));
        assert!(told(Scaler::identity(), Scaling::None, Rows::F32(vec![1.0])));
        assert_eq!(said(Scaler::identity(), Scaling::None, Some(float), Rows::F32(vec![9e9])), None);
    }
}
