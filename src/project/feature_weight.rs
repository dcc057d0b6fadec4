use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Weight in the loss of one column of a table, one channel of pictures or one feature of an array,
/// relative to the others, which have weight 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureWeight {
    /// The column's name, `channel 2` (counted from 1), or the feature's name. It applies to all
    /// features of a column of words.
    pub name: String,
    /// At least 0; features with weight 0 are not reconstructed.
    pub weight: f32,
}

impl FeatureWeight {
    /// The largest allowed weight.
    pub const MOST: f32 = 1e6;

    /// Whether the weight is valid.
    pub fn is_valid(&self) -> bool {
        (0.0..=FeatureWeight::MOST).contains(&self.weight)
    }

    /// Sets a feature's weight in a list; a weight of 1 is not stored.
    pub fn set(weights: &mut Vec<FeatureWeight>, to: FeatureWeight) {
        let at = weights.iter().position(|own| own.name == to.name);
        let is_usual = to.weight == 1.0;
        match (at, is_usual) {
            (Some(at), true) => drop(weights.remove(at)),
            (Some(at), false) => weights[at] = to,
            (None, true) => {}
            (None, false) => weights.push(to),
        }
    }
}

impl FromStr for FeatureWeight {
    type Err = String;

    /// From `NAME=WEIGHT`, as on the command line.
    fn from_str(text: &str) -> Result<FeatureWeight, String> {
        let wrong =
            || format!("write NAME=WEIGHT with a weight from 0 to {}, as in price=0.5", FeatureWeight::MOST);
        let (name, weight) = text.rsplit_once('=').ok_or_else(wrong)?;
        let weight = weight.trim().parse().map_err(|_| wrong())?;
        let weight = FeatureWeight { name: name.to_owned(), weight };
        if weight.is_valid() && !name.is_empty() { Ok(weight) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_written_as_name_and_number() {
        let weight = |name: &str, weight| Ok(FeatureWeight { name: name.to_owned(), weight });
        for (text, expected) in [
            ("price=0", weight("price", 0.0)),
            ("a = b=2.5", weight("a = b", 2.5)),
            ("channel 2= 3", weight("channel 2", 3.0)),
        ] {
            assert_eq!(text.parse::<FeatureWeight>(), expected);
        }
        for text in ["price", "=1", "price=", "price=-1", "price=nan", "price=inf", "price=1e7"] {
            assert!(text.parse::<FeatureWeight>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_weight_of_1_is_as_good_as_none() {
        let mut weights = Vec::new();
        for (text, count) in [("a=1", 0), ("a=2", 1), ("b=0", 2), ("a=0.5", 2), ("b=1", 1)] {
            FeatureWeight::set(&mut weights, text.parse().expect("a weight"));
            assert_eq!(weights.len(), count, "{text}");
        }
        assert_eq!(weights, ["a=0.5".parse().expect("a weight")]);
    }
}
