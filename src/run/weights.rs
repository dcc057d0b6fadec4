use std::collections::BTreeMap;

/// A named array of `f32`, rows first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The values; as many as the product of `shape`.
    pub values: Vec<f32>,
}

/// Named arrays, with `PyTorch`'s names (`encoder.0.weight`, outputs × inputs).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub BTreeMap<String, Array>);

impl Weights {
    /// Number of values in all arrays together.
    pub fn len(&self) -> usize {
        self.0.values().map(|array| array.values.len()).sum()
    }

    /// Whether there is no array.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        self.0.values().all(|array| array.values.iter().all(|value| value.is_finite()))
    }
}
