use serde::{Deserialize, Serialize};

/// How a reconstruction `x'` is compared with its clean input `x`: summed over features, averaged over the minibatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Loss {
    /// `Σ (x − x')²`
    #[default]
    SquaredError,
    /// `−Σ x log x' + (1 − x) log (1 − x')` for data in [0, 1], computed from logits.
    BinaryCrossEntropy,
}

impl Loss {
    /// Every loss, in the order of menus.
    pub const ALL: [Loss; 2] = [Loss::SquaredError, Loss::BinaryCrossEntropy];

    /// The field's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Loss::SquaredError => "squared error",
            Loss::BinaryCrossEntropy => "cross-entropy",
        }
    }

    /// The loss in a line of plain symbols.
    pub fn equation(self) -> &'static str {
        match self {
            Loss::SquaredError => "Σ (x − x')²",
            Loss::BinaryCrossEntropy => "−Σ x log x' + (1 − x) log (1 − x')",
        }
    }
}
