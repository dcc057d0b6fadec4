/// Values in the type they came in: pixels stay one byte each.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// Pixels.
    U8(Vec<u8>),
    /// Everything else.
    F32(Vec<f32>),
}

impl Rows {
    /// Number of values, over all rows.
    pub fn len(&self) -> usize {
        match self {
            Rows::U8(values) => values.len(),
            Rows::F32(values) => values.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One value as it came, unscaled.
    pub fn value(&self, index: usize) -> f32 {
        match self {
            Rows::U8(values) => f32::from(values[index]),
            Rows::F32(values) => values[index],
        }
    }
}
