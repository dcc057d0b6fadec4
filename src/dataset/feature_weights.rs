//! The features whose weights in the loss a design can set.

use super::{Column, Dataset};
use crate::project::{FeatureWeight, Shape, visible, visible_list};

/// Most names listed if one is unknown.
const LISTED: usize = 12;

impl Dataset {
    /// The kind and the names of what can have a weight: the columns of a table, the channels of
    /// pictures, or the features of an array.
    pub fn weightable(&self) -> (&'static str, Vec<String>) {
        match self.shape {
            Shape::Image { channels, .. } => {
                ("channel", (1..=channels).map(|channel| format!("channel {channel}")).collect())
            }
            Shape::Vector(_) if !self.columns.is_empty() => {
                ("column", self.columns.iter().map(|column| column.name.clone()).collect())
            }
            Shape::Vector(features) if self.feature_names.len() != features => {
                ("feature", (1..=features).map(|feature| format!("feature {feature}")).collect())
            }
            Shape::Vector(_) => ("feature", self.feature_names.clone()),
        }
    }

    /// The kind, and the number of names, in [`Dataset::weightable`].
    pub fn weightable_count(&self) -> (&'static str, usize) {
        match self.shape {
            Shape::Image { channels, .. } => ("channel", channels),
            Shape::Vector(_) if !self.columns.is_empty() => ("column", self.columns.len()),
            Shape::Vector(features) => ("feature", features),
        }
    }

    /// For each feature of a row, its index in [`Dataset::weightable`].
    fn owners(&self) -> Vec<usize> {
        let features = self.shape.features();
        match self.shape {
            Shape::Image { channels, .. } => (0..features).map(|at| at % channels.max(1)).collect(),
            Shape::Vector(_) if !self.columns.is_empty() => {
                let counts = self.columns.iter().map(Column::features).enumerate();
                counts.flat_map(|(column, count)| std::iter::repeat_n(column, count)).collect()
            }
            Shape::Vector(_) => (0..features).collect(),
        }
    }

    /// Weight of each feature in the loss: `w · d / Σ w` from its weight `w` and the weights of all
    /// `d` features, so that the mean is 1. Unknown names are ignored, and all features have equal
    /// weight if the sum would be 0.
    pub fn feature_weights(&self, weights: &[FeatureWeight]) -> Vec<f32> {
        let (_, names) = self.weightable();
        let weight_of =
            |name: &String| weights.iter().rfind(|own| own.name == *name).map_or(1.0, |own| own.weight);
        let of_names: Vec<f32> = names.iter().map(weight_of).collect();
        let owners = self.owners();
        let mut values: Vec<f32> =
            owners.iter().map(|owner| of_names.get(*owner).copied().unwrap_or(1.0)).collect();
        let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
        if sum > 0.0 && sum.is_finite() {
            let factor = values.len() as f64 / sum;
            values.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
        } else {
            values.fill(1.0);
        }
        values
    }

    /// The first weight of an unknown name.
    pub fn unknown_weight<'a>(&self, weights: &'a [FeatureWeight]) -> Option<&'a FeatureWeight> {
        if weights.is_empty() {
            return None;
        }
        let (_, names) = self.weightable();
        weights.iter().find(|weight| !names.contains(&weight.name))
    }

    /// Problems of a design's weights on these data, and what to do, in sentences.
    pub fn weight_fault(&self, weights: &[FeatureWeight]) -> Option<String> {
        if let Some(unknown) = self.unknown_weight(weights) {
            let (noun, names) = self.weightable();
            let some: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
            let more = if names.len() > some.len() { ", …" } else { "" };
            return Some(format!(
                "There is no {noun} “{}” to give a weight in the loss: remove the weight, or name one of {}{more}.",
                visible(&unknown.name),
                visible_list(&some)
            ));
        }
        let (_, names) = self.weightable();
        let is_zero = |name: &String| weights.iter().any(|own| own.name == *name && own.weight == 0.0);
        (!weights.is_empty() && names.iter().all(is_zero)).then(|| {
            "All features have weight 0 in the loss, so nothing would be reconstructed: give one a weight above 0."
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{ColumnKind, Progress, load};
    use crate::project::Data;

    fn weight(name: &str, weight: f32) -> FeatureWeight {
        FeatureWeight { name: name.to_owned(), weight }
    }

    #[test]
    fn weights_have_the_mean_1_and_a_column_of_words_has_one_for_all() {
        let mut data = load(&Data::default(), &Progress::default()).expect("built in");
        data.shape = Shape::Vector(4);
        let words = vec!["a".to_owned(), "b".to_owned()];
        let kind = ColumnKind::Categories { words };
        data.columns = vec![
            Column::numbers("x"),
            Column { name: "town".to_owned(), kind, unit: None },
            Column::numbers("y"),
        ];
        for (weights, expected) in [
            (vec![], [1.0; 4]),
            (vec![weight("town", 0.0)], [2.0, 0.0, 0.0, 2.0]),
            (vec![weight("x", 5.0)], [2.5, 0.5, 0.5, 0.5]),
            (vec![weight("gone", 5.0)], [1.0; 4]),
            (vec![weight("x", 0.0), weight("town", 0.0), weight("y", 0.0)], [1.0; 4]),
        ] {
            assert_eq!(data.feature_weights(&weights), expected, "{weights:?}");
        }
        let fault = |weights: &[FeatureWeight]| data.weight_fault(weights).unwrap_or_default();
        assert_eq!(fault(&[weight("x", 0.0)]), "");
        assert!(fault(&[weight("gone", 5.0)]).contains("no column “gone”"));
        assert!(fault(&[weight("x", 0.0), weight("town", 0.0), weight("y", 0.0)]).contains("weight 0"));
    }

    #[test]
    fn channels_and_features_have_numbers() {
        let mut data = load(&Data::default(), &Progress::default()).expect("built in");
        data.shape = Shape::Image { height: 1, width: 2, channels: 2 };
        assert_eq!(data.feature_weights(&[weight("channel 2", 3.0)]), [0.5, 1.5, 0.5, 1.5]);
        data.shape = Shape::Vector(2);
        assert_eq!(data.feature_weights(&[weight("feature 1", 0.0)]), [0.0, 2.0]);
        data.feature_names = vec!["p".to_owned(), "q".to_owned()];
        assert_eq!(data.feature_weights(&[weight("q", 0.0)]), [2.0, 0.0]);
    }
}
