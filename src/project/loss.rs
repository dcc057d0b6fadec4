use serde::{Deserialize, Serialize};

/// How a reconstruction `x'` is compared with its clean input `x`: summed over features, averaged
/// over the minibatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Loss {
    /// `Σ (x − x')²`
    #[default]
    SquaredError,
    /// `−Σ x log x' + (1 − x) log (1 − x')` for data in [0, 1], computed from logits; for data of 0
    /// and 1, the negative logarithm of a Bernoulli likelihood.
    BinaryCrossEntropy,
    /// `Σ |x − x'|`: up to a constant the negative logarithm of a Laplace likelihood of scale 1.
    /// `torch.nn.L1Loss`.
    AbsoluteError,
    /// `Σ (x − x')² / 2` where `|x − x'|` is at most δ, else `Σ δ (|x − x'| − δ/2)` (Huber 1964).
    /// `torch.nn.HuberLoss`; `torch.nn.SmoothL1Loss` divides it by δ.
    Huber {
        /// The error δ above which the loss is linear, in units of the scaled data.
        delta: f32,
    },
    /// `Σ (x − x')² / 2σ² + d/2 log 2πσ²`: the negative logarithm of a Gaussian likelihood of `d`
    /// features, in nats.
    Gaussian {
        /// Fixed or learned σ².
        variance: Variance,
    },
}

/// The variance σ² of a Gaussian likelihood, the same for all features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Variance {
    /// A fixed value.
    Fixed {
        /// The standard deviation σ.
        std: f32,
    },
    /// Learned with the weights.
    Learned,
}

impl Loss {
    /// One of every kind, with its default settings.
    pub const ALL: [Loss; 6] = [
        Loss::SquaredError,
        Loss::BinaryCrossEntropy,
        Loss::AbsoluteError,
        Loss::Huber { delta: 0.1 },
        Loss::Gaussian { variance: Variance::Fixed { std: 0.1 } },
        Loss::Gaussian { variance: Variance::Learned },
    ];

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Loss::SquaredError => "squared error",
            Loss::BinaryCrossEntropy => "cross-entropy",
            Loss::AbsoluteError => "absolute error",
            Loss::Huber { .. } => "Huber",
            Loss::Gaussian { variance: Variance::Fixed { .. } } => "Gaussian likelihood",
            Loss::Gaussian { variance: Variance::Learned } => "Gaussian, σ learned",
        }
    }

    /// The loss in a line of plain symbols.
    pub fn equation(self) -> &'static str {
        match self {
            Loss::SquaredError => "Σ (x − x')²",
            Loss::BinaryCrossEntropy => "−Σ x log x' + (1 − x) log (1 − x')",
            Loss::AbsoluteError => "Σ |x − x'|",
            Loss::Huber { .. } => "Σ e²/2 where |e| ≤ δ, else δ (|e| − δ/2),  e = x − x'",
            Loss::Gaussian { .. } => "Σ (x − x')² / 2σ² + d/2 log 2πσ²",
        }
    }

    /// Whether it is the negative logarithm of a likelihood, at least for data of 0 and 1.
    pub fn is_likelihood(self) -> bool {
        match self {
            Loss::BinaryCrossEntropy | Loss::Gaussian { .. } => true,
            Loss::SquaredError | Loss::AbsoluteError | Loss::Huber { .. } => false,
        }
    }
}
