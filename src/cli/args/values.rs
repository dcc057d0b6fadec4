//! Values of options: their syntax, and the errors for anything else.

use clap::Args;

use crate::project::{FeatureWeight, HoleShade, Project};

/// Weights of features in the loss.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Weights {
    /// Weight in the loss of a column of a table, a channel of pictures or a feature, as in
    /// price=0.5 or 'channel 2=3'; the others have 1; with 0 it is not reconstructed; may be given
    /// several times
    #[arg(long, value_name = "NAME=WEIGHT", allow_hyphen_values = true)]
    weight: Vec<FeatureWeight>,
}

impl Weights {
    /// Adds them to a design, replacing existing weights of the same features.
    pub(in crate::cli) fn apply(&self, design: &mut Project) {
        for weight in &self.weight {
            FeatureWeight::set(&mut design.feature_weights, weight.clone());
        }
    }

    /// Whether there are any.
    pub(in crate::cli) fn any(&self) -> bool {
        !self.weight.is_empty()
    }
}

pub(in crate::cli) fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "write an integer of at least 1".to_owned())
}

pub(super) fn temperature(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number: &f32| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "write a number of at least 0".to_owned())
}

pub(super) fn hole_shade(text: &str) -> Result<HoleShade, String> {
    let shade = HoleShade::ALL.into_iter().find(|shade| shade.name() == text);
    shade.ok_or_else(|| "write white or black".to_owned())
}

pub(super) fn range(text: &str) -> Result<[f32; 2], String> {
    let wrong = || "write two numbers separated by a comma, the lower one first".to_owned();
    let (low, high) = text.split_once(',').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse().ok().filter(|number: &f32| number.is_finite());
    let (low, high) = number(low).zip(number(high)).ok_or_else(wrong)?;
    if low <= high { Ok([low, high]) } else { Err(wrong()) }
}

pub(in crate::cli) fn place(text: &str) -> Result<[usize; 2], String> {
    let number = |text: &str| text.trim().parse().ok().filter(|number: &usize| *number > 0);
    let place = text.split_once(',').and_then(|(row, column)| Some([number(row)?, number(column)?]));
    place.ok_or_else(|| "write a row and a column, counted from 1, separated by a comma".to_owned())
}

pub(super) fn threads(text: &str) -> Result<usize, String> {
    positive(text).and_then(|n| if n <= 1024 { Ok(n) } else { Err("the maximum is 1024 threads".to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_two_numbers_in_order() {
        assert_eq!(range("-3, 2.5"), Ok([-3.0, 2.5]));
        assert_eq!(range("1,1"), Ok([1.0, 1.0]));
        for text in ["", "1", "2,1", "1,2,3", "a,2", "0,inf", "nan,1"] {
            assert!(range(text).is_err(), "{text}");
        }
        assert_eq!(place("2, 13"), Ok([2, 13]));
        for text in ["", "2", "0,1", "1,0", "1,2,3", "-1,2", "a,2"] {
            assert!(place(text).is_err(), "{text}");
        }
        assert_eq!((temperature("0"), temperature("0.7")), (Ok(0.0), Ok(0.7)));
        assert!(["-1", "inf", "x", ""].iter().all(|text| temperature(text).is_err()));
    }
}
