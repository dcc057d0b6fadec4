use crate::project::Shape;

/// Facts about the data that `check` uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DataFacts {
    /// Shape of one row.
    pub shape: Shape,
    /// Rows of the training split.
    pub train_rows: usize,
    /// Rows of the validation split.
    pub validation_rows: usize,
    /// Smallest and largest scaled value, before binarisation.
    pub value_range: (f32, f32),
    /// Whether every input of the network is exactly 0 or 1.
    pub is_binary: bool,
    /// Memory available to the engine, in bytes.
    pub available_bytes: u64,
}
