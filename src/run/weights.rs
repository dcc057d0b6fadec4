use std::collections::BTreeMap;

use crate::check::PlannedArray;

/// A named array of `f32`, rows first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The values; as many as the product of `shape`.
    pub values: Vec<f32>,
}

/// Named arrays with `PyTorch`'s names (`encoder.0.weight`, outputs × inputs).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub BTreeMap<String, Array>);

impl Weights {
    /// Number of values in all arrays together.
    pub fn len(&self) -> usize {
        self.0.values().map(|array| array.values.len()).sum()
    }

    /// Whether there are no arrays.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that the arrays whose names begin with `prefix` are exactly these.
    ///
    /// # Errors
    /// A message with the array that does not fit.
    pub fn validate(&self, prefix: &str, planned: &[PlannedArray]) -> Result<(), String> {
        for PlannedArray { name, shape, .. } in planned {
            match self.0.get(&format!("{prefix}{name}")) {
                None => return Err(format!("the array {prefix}{name} is missing")),
                Some(array) if array.shape != *shape => {
                    return Err(format!(
                        "the array {prefix}{name} has the shape {:?}, not {shape:?}",
                        array.shape
                    ));
                }
                Some(_) => {}
            }
        }
        let found = self.0.keys().filter(|name| name.starts_with(prefix)).count();
        if found == planned.len() {
            return Ok(());
        }
        Err(format!("{found} arrays for the {} of its design", planned.len()))
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        self.0.values().all(|array| array.values.iter().all(|value| value.is_finite()))
    }
}
