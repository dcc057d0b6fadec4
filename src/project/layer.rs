use serde::{Deserialize, Serialize};

/// One card of the encoder or decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Layer {
    /// Fully connected: `y = f(W x + b)`.
    Dense {
        /// Number of outputs.
        units: usize,
        /// The function `f`.
        #[serde(default)]
        activation: Activation,
    },
    /// Sets each feature to zero with probability `rate` while training and scales the others by `1 / (1 − rate)`.
    Dropout {
        /// Probability of zero, in [0, 1).
        rate: f32,
    },
}

impl Layer {
    /// One of every kind, with its default settings.
    pub const ALL: [Layer; 2] =
        [Layer::Dense { units: 64, activation: Activation::Relu }, Layer::Dropout { rate: 0.1 }];

    /// The kind's name, as on its card.
    pub fn name(&self) -> &'static str {
        match self {
            Layer::Dense { .. } => "Dense",
            Layer::Dropout { .. } => "Dropout",
        }
    }
}

/// An elementwise function after a layer. Semantics and default constants are `PyTorch`'s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Activation {
    /// `a`
    Linear,
    /// `max(0, a)`
    #[default]
    #[serde(rename = "ReLU")]
    Relu,
    /// `a` where positive, else `0.01 a`
    #[serde(rename = "LeakyReLU")]
    LeakyRelu,
    /// `a` where positive, else `eᵃ − 1`
    #[serde(rename = "ELU")]
    Elu,
    /// `a Φ(a)`, with the exact normal distribution function
    #[serde(rename = "GELU")]
    Gelu,
    /// `a σ(a)`
    #[serde(rename = "SiLU")]
    Silu,
    /// `1 / (1 + e⁻ᵃ)`
    Sigmoid,
    /// `tanh a`
    Tanh,
    /// `ln(1 + eᵃ)`
    Softplus,
}

impl Activation {
    /// Every activation, in the order of menus.
    pub const ALL: [Activation; 9] = [
        Activation::Linear,
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Elu,
        Activation::Gelu,
        Activation::Silu,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Softplus,
    ];

    /// The field's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Linear => "linear",
            Activation::Relu => "ReLU",
            Activation::LeakyRelu => "LeakyReLU",
            Activation::Elu => "ELU",
            Activation::Gelu => "GELU",
            Activation::Silu => "SiLU",
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
            Activation::Softplus => "softplus",
        }
    }

    /// Whether every output lies in [0, 1], so that it can stand for a probability or a pixel.
    pub fn is_unit_range(self) -> bool {
        self == Activation::Sigmoid
    }
}

/// The waist: how many numbers describe a sample.
///
/// It owns a dense projection only where the last encoder layer does not already have `units` outputs; the
/// activation belongs to that projection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Numbers per sample.
    pub units: usize,
    /// Activation of the projection.
    #[serde(default = "linear")]
    pub activation: Activation,
}

fn linear() -> Activation {
    Activation::Linear
}

/// How the way back is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Decoder {
    /// The encoder's layers in reverse.
    Mirrored {
        /// Use the transposed weights of the mirrored encoder layers instead of own ones; biases stay own.
        #[serde(default)]
        tied: bool,
    },
    /// Layers of its own, from the code towards the output.
    Free(Vec<Layer>),
}

/// The last card. It owns a dense projection only where the decoder does not already end in the input's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Activation of the reconstruction. With binary cross-entropy it must be sigmoid; the loss is then computed from logits.
    pub activation: Activation,
}
