use super::Window;
use crate::project::{Activation, Norm, Place, Shape};

/// One computation of the network, with known sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The card it belongs to.
    pub place: Place,
    /// The prefix of its parameters' names: `encoder.0`, `code`, `output`.
    pub name: String,
    /// Input shape.
    pub input: Shape,
    /// Output shape.
    pub output: Shape,
    /// Its computation.
    pub kind: StageKind,
    /// Name of the encoder stage whose weights it uses, transposed, instead of its own.
    pub tied_to: Option<String>,
    /// Where its input comes from: 0 is the output of the previous stage, n the input of the stage
    /// n places earlier, where a shortcut starts.
    pub skips: usize,
    /// Parameters and multiply-adds.
    pub(super) cost: Cost,
}

/// The computation of a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StageKind {
    /// `y = f(W x + b)`
    Dense {
        /// The activation `f`.
        activation: Activation,
    },
    /// `y = f(W ∗ x + b)`
    Conv {
        /// The window, from the large picture to the small one.
        window: Window,
        /// Groups of channels.
        groups: usize,
        /// Whether it adds `b`: not before a norm, which has its own shift.
        has_bias: bool,
        /// The activation `f`.
        activation: Activation,
    },
    /// The transpose of a convolution, then `f`.
    ConvTranspose {
        /// The window, from the small picture to the large one.
        window: Window,
        /// Groups of channels.
        groups: usize,
        /// Whether it adds `b`: not before a norm, which has its own shift.
        has_bias: bool,
        /// The activation `f`.
        activation: Activation,
    },
    /// The largest value of each window.
    MaxPool {
        /// The windows.
        window: Window,
    },
    /// The mean of each window.
    AvgPool {
        /// The windows.
        window: Window,
    },
    /// Repeats pixels.
    Upsample {
        /// Number of repetitions in each direction.
        factor: usize,
    },
    /// Crops a picture, or repeats its edge, at the bottom and right.
    CropOrPad,
    /// Normalises, scales and shifts.
    Norm {
        /// The values that mean and variance are computed over.
        norm: Norm,
        /// The activation at the end.
        activation: Activation,
    },
    /// Keeps positive values and multiplies others by learned slopes.
    Prelu {
        /// Number of slopes: one, or one for each channel.
        slopes: usize,
    },
    /// Turns a picture into a row, channel by channel.
    ChannelsFirst,
    /// Turns a row, channel by channel, into a picture.
    ChannelsLast,
    /// Turns a picture whose channels are first means and then log variances into a row of all
    /// means and then all log variances, position by position.
    MomentsApart,
    /// A separate activation.
    Activation(Activation),
    /// The end of a residual block: the sum of main path and shortcut, then an activation.
    Add {
        /// Stages of the main path.
        main: usize,
        /// Stages of the shortcut, which come after the main path's and start from the same input;
        /// 0 if the shortcut is that input.
        shortcut: usize,
        /// The activation of the sum.
        activation: Activation,
    },
    /// Zeroes features at random in training.
    Dropout {
        /// Probability that a feature becomes 0.
        rate: f32,
    },
}

/// Parameters and multiply-adds of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// Trainable parameters that a tied layer shares: the weights.
    pub weights: u64,
    /// Trainable parameters of its own, tied or not: biases, scales and shifts.
    pub own: u64,
    /// Multiply-adds of one sample.
    pub macs: u64,
}

impl Stage {
    /// Input features.
    pub fn inputs(&self) -> usize {
        self.input.features()
    }

    /// Output features.
    pub fn outputs(&self) -> usize {
        self.output.features()
    }

    /// Trainable parameters; a tied stage has its bias only.
    pub fn parameters(&self) -> u64 {
        self.cost.parameters(self.tied_to.is_some())
    }

    /// Multiply-adds of one sample.
    pub fn macs(&self) -> u64 {
        self.cost.macs
    }
}

impl StageKind {
    /// The activation at the end of a computation, unless the computation is only the activation.
    pub fn activation(self) -> Option<Activation> {
        match self {
            StageKind::Dense { activation }
            | StageKind::Conv { activation, .. }
            | StageKind::ConvTranspose { activation, .. }
            | StageKind::Norm { activation, .. }
            | StageKind::Add { activation, .. } => Some(activation),
            StageKind::MaxPool { .. }
            | StageKind::AvgPool { .. }
            | StageKind::Upsample { .. }
            | StageKind::CropOrPad
            | StageKind::Prelu { .. }
            | StageKind::ChannelsFirst
            | StageKind::ChannelsLast
            | StageKind::MomentsApart
            | StageKind::Activation(_)
            | StageKind::Dropout { .. } => None,
        }
    }
}

impl Cost {
    /// Trainable parameters of a layer, tied or not.
    pub fn parameters(self, is_tied: bool) -> u64 {
        if is_tied { self.own } else { self.weights.saturating_add(self.own) }
    }
}
