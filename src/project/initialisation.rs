use serde::{Deserialize, Serialize};

/// Initial weights of dense layers and convolutions.
///
/// A weight has `inputs` and `outputs`: the features of a dense layer, the channels times the
/// pixels of the kernel of a convolution, counted as in `PyTorch` (transposed or not, `inputs`
/// belong to the second axis of the weight). Biases start at 0, except with `PyTorch`'s default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Initialisation {
    /// Weights and biases uniform in ±1/√inputs: `torch.nn.Linear` and `torch.nn.Conv2d`
    /// (Kaiming-uniform with a = √5).
    #[default]
    PyTorch,
    /// Normal with variance 2/inputs, which keeps the variance of activations through layers of
    /// `ReLU`: He et al. 2015, equation 10.
    He,
    /// Uniform in ±√(6 / (inputs + outputs)), which keeps the variance of activations and gradients
    /// through approximately linear layers: Glorot & Bengio 2010, equation 16.
    Xavier,
    /// Orthonormal rows, or columns if there are more rows: linear layers keep lengths (Saxe et al.
    /// 2014).
    Orthogonal,
    /// All 0.
    Zero,
}

impl Initialisation {
    /// Every kind, in the order of menus.
    pub const ALL: [Initialisation; 5] = [
        Initialisation::PyTorch,
        Initialisation::He,
        Initialisation::Xavier,
        Initialisation::Orthogonal,
        Initialisation::Zero,
    ];

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Initialisation::PyTorch => "PyTorch's default",
            Initialisation::He => "He",
            Initialisation::Xavier => "Xavier",
            Initialisation::Orthogonal => "orthogonal",
            Initialisation::Zero => "zero",
        }
    }
}
