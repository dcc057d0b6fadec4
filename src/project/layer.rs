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
    /// Convolution with a square kernel: `PyTorch`'s `Conv2d`, then `f`.
    Conv2d {
        /// Number of output channels.
        channels: usize,
        /// Side of the kernel in pixels.
        kernel: usize,
        /// Step of the kernel in pixels.
        #[serde(default = "one")]
        stride: usize,
        /// Zeros around the picture.
        #[serde(default)]
        padding: Padding,
        /// Distance of neighbouring kernel pixels in the picture.
        #[serde(default = "one")]
        dilation: usize,
        /// Groups of channels, a divisor of both numbers of channels. Each group affects only its
        /// own group of output channels; as many groups as channels make a depthwise convolution.
        #[serde(default = "one")]
        groups: usize,
        /// The function `f`.
        #[serde(default)]
        activation: Activation,
    },
    /// The transpose of a convolution, which enlarges pictures: `PyTorch`'s `ConvTranspose2d`, then
    /// `f`.
    ConvTranspose2d {
        /// Number of output channels.
        channels: usize,
        /// Side of the kernel in pixels.
        kernel: usize,
        /// Factor of enlargement.
        #[serde(default = "one")]
        stride: usize,
        /// Zeros around the picture in the convolution it transposes; their output is cropped.
        #[serde(default)]
        padding: Padding,
        /// Rows and columns added at the bottom and right, each below the stride; `None` is `stride
        /// − 1` for [`Padding::Same`], so that the size is multiplied by the stride, and 0
        /// otherwise.
        #[serde(default)]
        output_padding: Option<(usize, usize)>,
        /// Distance of neighbouring kernel pixels in the picture.
        #[serde(default = "one")]
        dilation: usize,
        /// Groups of channels, a divisor of both numbers of channels. Each group affects only its
        /// own group of output channels; as many groups as channels make a depthwise convolution.
        #[serde(default = "one")]
        groups: usize,
        /// The function `f`.
        #[serde(default)]
        activation: Activation,
    },
    /// A residual block (He et al. 2016): a main path of convolutions, each with a norm, and a
    /// shortcut around it, added before `f`. The shortcut is the input itself, or a 1×1 convolution
    /// with a norm if the channels or the size change. torchvision's `BasicBlock` and `Bottleneck`.
    Residual {
        /// Convolutions of the main path.
        #[serde(default)]
        form: BlockForm,
        /// Number of output channels.
        channels: usize,
        /// Step of the kernel in pixels, in the block's first 3×3 convolution.
        #[serde(default = "one")]
        stride: usize,
        /// The layer after each convolution.
        #[serde(default)]
        norm: BlockNorm,
        /// The activation between the convolutions.
        #[serde(default)]
        inner: Activation,
        /// The activation `f` of the sum.
        #[serde(default)]
        activation: Activation,
    },
    /// A residual block that enlarges pictures, with transposed convolutions in the opposite order.
    /// If the shortcut is not the input itself, it is a 1×1 convolution with a norm, followed by
    /// repeated pixels.
    ResidualTranspose {
        /// Convolutions of the main path.
        #[serde(default)]
        form: BlockForm,
        /// Number of output channels.
        channels: usize,
        /// Factor of enlargement, in the block's last 3×3 convolution.
        #[serde(default = "one")]
        stride: usize,
        /// Rows and columns added at the bottom and right, each below the stride; `None` is `stride
        /// − 1`, so that the size is multiplied by the stride.
        #[serde(default)]
        output_padding: Option<(usize, usize)>,
        /// The layer after each convolution.
        #[serde(default)]
        norm: BlockNorm,
        /// The activation between the convolutions.
        #[serde(default)]
        inner: Activation,
        /// The activation `f` of the sum.
        #[serde(default)]
        activation: Activation,
    },
    /// The largest value of each window of `size` × `size` pixels, `size` pixels apart; a remainder
    /// at the edge is dropped.
    MaxPool2d {
        /// Side of the window in pixels.
        size: usize,
    },
    /// The mean of each window of `size` × `size` pixels, `size` pixels apart; a remainder at the
    /// edge is dropped.
    AvgPool2d {
        /// Side of the window in pixels.
        size: usize,
    },
    /// Repeats each pixel `factor` × `factor` times.
    Upsample {
        /// Factor of enlargement.
        factor: usize,
    },
    /// Crops or pads a picture to a size: rows and columns beyond it are cropped at the bottom and
    /// right, missing ones repeat the last one (`PyTorch`'s `ReplicationPad2d`). A mirrored decoder
    /// needs it if a pool dropped a remainder.
    CropOrPad {
        /// Rows of pixels in the output.
        height: usize,
        /// Columns of pixels in the output.
        width: usize,
    },
    /// Normalises each feature (each channel of a picture) to mean 0 and variance 1 over the
    /// minibatch, then scales and shifts it (Ioffe & Szegedy 2015); outside training with running
    /// statistics. `PyTorch`'s `BatchNorm1d` and `BatchNorm2d`.
    BatchNorm {
        /// The activation at the end.
        #[serde(default = "linear")]
        activation: Activation,
    },
    /// Normalises each sample to mean 0 and variance 1 over its features, then scales and shifts
    /// each feature (Ba et al. 2016).
    LayerNorm {
        /// The activation at the end.
        #[serde(default = "linear")]
        activation: Activation,
    },
    /// Normalises each group of neighbouring channels of a sample to mean 0 and variance 1, then
    /// scales and shifts each channel (Wu & He 2018). `PyTorch`'s `GroupNorm`.
    GroupNorm {
        /// Number of groups, a divisor of the number of channels.
        groups: usize,
        /// The activation at the end.
        #[serde(default = "linear")]
        activation: Activation,
    },
    /// `x` if positive, else `a x` with learned slopes `a`, initially 0.25 (He et al. 2015).
    /// `PyTorch`'s `PReLU`.
    #[serde(rename = "PReLU")]
    Prelu {
        /// Whether all values share one slope, instead of one for each channel (or each feature of
        /// a row).
        #[serde(default)]
        shared: bool,
    },
    /// Turns a picture into a row of features: channel by channel, as in `PyTorch`.
    Flatten,
    /// Turns a row of features, channel by channel, into a picture.
    Reshape {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
        /// Channels.
        channels: usize,
    },
    /// Sets each feature to zero with probability `rate` in training and scales the others by
    /// `1 / (1 − rate)`.
    Dropout {
        /// Probability that a feature becomes 0, in [0, 1).
        rate: f32,
    },
}

/// Convolutions of a residual block's main path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BlockForm {
    /// Two 3×3 convolutions.
    #[default]
    Basic,
    /// 1×1 to a quarter of the channels (rounded up), 3×3, and 1×1 back. The quarter is that of the
    /// output, or of the input if the block enlarges.
    Bottleneck,
}

/// The layer after each convolution of a residual block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BlockNorm {
    /// Nothing; the convolutions have biases.
    None,
    /// [`Layer::BatchNorm`]
    #[default]
    Batch,
    /// [`Layer::GroupNorm`]
    Group {
        /// Number of groups, or the largest number that divides both it and the channels.
        groups: usize,
    },
}

impl BlockForm {
    /// Every form, in the order of menus.
    pub const ALL: [BlockForm; 2] = [BlockForm::Basic, BlockForm::Bottleneck];

    /// Its name in menus.
    pub fn name(self) -> &'static str {
        match self {
            BlockForm::Basic => "two of 3×3",
            BlockForm::Bottleneck => "bottleneck",
        }
    }
}

impl BlockNorm {
    /// One of every kind, in the order of menus.
    pub const ALL: [BlockNorm; 3] = [BlockNorm::Batch, BlockNorm::Group { groups: 8 }, BlockNorm::None];

    /// The kind's name in menus.
    pub fn name(self) -> &'static str {
        match self {
            BlockNorm::None => "none",
            BlockNorm::Batch => "batch norm",
            BlockNorm::Group { .. } => "group norm",
        }
    }
}

/// The values around a picture before a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Padding {
    /// As many zeros as give `⌈n / stride⌉` outputs, half of them (rounded down) above and to the
    /// left.
    #[default]
    Same,
    /// This many zeros on every side.
    Pixels(usize),
}

fn one() -> usize {
    1
}

fn linear() -> Activation {
    Activation::Linear
}

impl Layer {
    /// One of every kind, with its default settings.
    pub const ALL: [Layer; 16] = [
        Layer::Dense { units: 64, activation: Activation::Relu },
        Layer::Conv2d {
            channels: 16,
            kernel: 3,
            stride: 1,
            padding: Padding::Same,
            dilation: 1,
            groups: 1,
            activation: Activation::Relu,
        },
        Layer::ConvTranspose2d {
            channels: 16,
            kernel: 3,
            stride: 2,
            padding: Padding::Same,
            output_padding: None,
            dilation: 1,
            groups: 1,
            activation: Activation::Relu,
        },
        Layer::Residual {
            form: BlockForm::Basic,
            channels: 16,
            stride: 1,
            norm: BlockNorm::Batch,
            inner: Activation::Relu,
            activation: Activation::Relu,
        },
        Layer::ResidualTranspose {
            form: BlockForm::Basic,
            channels: 16,
            stride: 2,
            output_padding: None,
            norm: BlockNorm::Batch,
            inner: Activation::Relu,
            activation: Activation::Relu,
        },
        Layer::MaxPool2d { size: 2 },
        Layer::AvgPool2d { size: 2 },
        Layer::Upsample { factor: 2 },
        Layer::CropOrPad { height: 8, width: 8 },
        Layer::BatchNorm { activation: Activation::Linear },
        Layer::LayerNorm { activation: Activation::Linear },
        Layer::GroupNorm { groups: 1, activation: Activation::Linear },
        Layer::Prelu { shared: false },
        Layer::Flatten,
        Layer::Reshape { height: 8, width: 8, channels: 1 },
        Layer::Dropout { rate: 0.1 },
    ];

    /// A 1×1 convolution, which changes only the number of channels.
    pub fn point_convolution(channels: usize, activation: Activation) -> Layer {
        let padding = Padding::Pixels(0);
        Layer::Conv2d { channels, kernel: 1, stride: 1, padding, dilation: 1, groups: 1, activation }
    }

    /// The activation at the end, if the layer has one.
    pub fn activation(&self) -> Option<Activation> {
        match *self {
            Layer::Dense { activation, .. }
            | Layer::Conv2d { activation, .. }
            | Layer::ConvTranspose2d { activation, .. }
            | Layer::Residual { activation, .. }
            | Layer::ResidualTranspose { activation, .. }
            | Layer::BatchNorm { activation }
            | Layer::LayerNorm { activation }
            | Layer::GroupNorm { activation, .. } => Some(activation),
            Layer::MaxPool2d { .. }
            | Layer::AvgPool2d { .. }
            | Layer::Upsample { .. }
            | Layer::CropOrPad { .. }
            | Layer::Prelu { .. }
            | Layer::Flatten
            | Layer::Reshape { .. }
            | Layer::Dropout { .. } => None,
        }
    }

    /// The activation, mutable.
    pub fn activation_mut(&mut self) -> Option<&mut Activation> {
        match self {
            Layer::Dense { activation, .. }
            | Layer::Conv2d { activation, .. }
            | Layer::ConvTranspose2d { activation, .. }
            | Layer::Residual { activation, .. }
            | Layer::ResidualTranspose { activation, .. }
            | Layer::BatchNorm { activation }
            | Layer::LayerNorm { activation }
            | Layer::GroupNorm { activation, .. } => Some(activation),
            Layer::MaxPool2d { .. }
            | Layer::AvgPool2d { .. }
            | Layer::Upsample { .. }
            | Layer::CropOrPad { .. }
            | Layer::Prelu { .. }
            | Layer::Flatten
            | Layer::Reshape { .. }
            | Layer::Dropout { .. } => None,
        }
    }

    /// The layer with another activation; layers without one are unchanged.
    #[must_use]
    pub fn with_activation(mut self, wanted: Activation) -> Layer {
        if let Some(activation) = self.activation_mut() {
            *activation = wanted;
        }
        self
    }

    /// The kind's name, as on its card.
    pub fn name(&self) -> &'static str {
        match self {
            Layer::Dense { .. } => "Dense",
            Layer::Conv2d { .. } => "Conv2d",
            Layer::ConvTranspose2d { .. } => "ConvTranspose2d",
            Layer::Residual { .. } => "Residual",
            Layer::ResidualTranspose { .. } => "ResidualTranspose",
            Layer::MaxPool2d { .. } => "MaxPool2d",
            Layer::AvgPool2d { .. } => "AvgPool2d",
            Layer::Upsample { .. } => "Upsample",
            Layer::CropOrPad { .. } => "CropOrPad",
            Layer::BatchNorm { .. } => "BatchNorm",
            Layer::LayerNorm { .. } => "LayerNorm",
            Layer::GroupNorm { .. } => "GroupNorm",
            Layer::Prelu { .. } => "PReLU",
            Layer::Flatten => "Flatten",
            Layer::Reshape { .. } => "Reshape",
            Layer::Dropout { .. } => "Dropout",
        }
    }
}

/// The values that a norm computes mean and variance over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Norm {
    /// Of a feature, or a channel, over the minibatch: [`Layer::BatchNorm`].
    Batch,
    /// Of a sample: [`Layer::LayerNorm`].
    Layer,
    /// Of a group of a sample's channels: [`Layer::GroupNorm`].
    Group {
        /// Number of groups.
        groups: usize,
    },
}

impl Norm {
    /// The layer with this norm and then an activation.
    pub fn layer(self, activation: Activation) -> Layer {
        match self {
            Norm::Batch => Layer::BatchNorm { activation },
            Norm::Layer => Layer::LayerNorm { activation },
            Norm::Group { groups } => Layer::GroupNorm { groups, activation },
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
    /// `a` if positive, else `0.01 a`
    #[serde(rename = "LeakyReLU")]
    LeakyRelu,
    /// `a` if positive, else `eᵃ − 1`
    #[serde(rename = "ELU")]
    Elu,
    /// `a Φ(a)`, with the exact cumulative distribution function of the standard normal
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

    /// Its standard name.
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

    /// Smallest and largest possible output, if it is bounded.
    pub fn reach(self) -> Option<(f32, f32)> {
        match self {
            Activation::Linear | Activation::LeakyRelu => None,
            Activation::Relu | Activation::Softplus => Some((0.0, f32::INFINITY)),
            Activation::Elu => Some((-1.0, f32::INFINITY)),
            Activation::Gelu => Some((-0.17, f32::INFINITY)),
            Activation::Silu => Some((-0.2785, f32::INFINITY)),
            Activation::Sigmoid => Some((0.0, 1.0)),
            Activation::Tanh => Some((-1.0, 1.0)),
        }
    }

    /// Whether every output is in [0, 1], so that it can be a probability or a pixel.
    pub fn is_unit_range(self) -> bool {
        self == Activation::Sigmoid
    }

    /// Whether its derivative depends on its inputs, not only on its outputs.
    pub fn needs_sums(self) -> bool {
        match self {
            Activation::Gelu | Activation::Silu => true,
            Activation::Linear
            | Activation::Relu
            | Activation::LeakyRelu
            | Activation::Elu
            | Activation::Sigmoid
            | Activation::Tanh
            | Activation::Softplus => false,
        }
    }

    /// Whether its derivative changes anywhere except at a kink.
    pub fn is_curved(self) -> bool {
        match self {
            Activation::Linear | Activation::Relu | Activation::LeakyRelu => false,
            Activation::Elu
            | Activation::Gelu
            | Activation::Silu
            | Activation::Sigmoid
            | Activation::Tanh
            | Activation::Softplus => true,
        }
    }
}

/// How the decoder is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Decoder {
    /// The encoder's layers in reverse.
    Mirrored {
        /// Use the transposed weights of the mirrored encoder layers instead of separate ones;
        /// biases are always separate.
        #[serde(default)]
        tied: bool,
    },
    /// Its own layers, from the code towards the output.
    Free(Vec<Layer>),
}

/// The last card. It has a projection only if the decoder does not already end in the input's
/// shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Activation of the reconstruction. With binary cross-entropy it must be sigmoid; the loss is
    /// then computed from logits.
    pub activation: Activation,
}
