use super::Window;
use crate::project::{Activation, Norm, Place, Shape};

/// One computation of the network, its sizes settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The card it stands for.
    pub place: Place,
    /// The prefix of its parameters' names: `encoder.0`, `code`, `output`.
    pub name: String,
    /// Shape of what comes in.
    pub input: Shape,
    /// Shape of what goes out.
    pub output: Shape,
    /// Its computation.
    pub kind: StageKind,
    /// Name of the encoder stage whose weights it uses the other way round instead of its own.
    pub tied_to: Option<String>,
    /// Where its input comes from: 0 is the output of the previous stage, n the input of the stage n places
    /// earlier, where a shortcut starts.
    pub skips: usize,
    /// Parameters and multiply-adds.
    pub(super) cost: Cost,
}

/// The computation of a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StageKind {
    /// `y = f(W x + b)`
    Dense {
        /// The function `f`.
        activation: Activation,
    },
    /// `y = f(W ∗ x + b)`
    Conv {
        /// How the kernel moves, from the large picture to the small one.
        window: Window,
        /// Groups of channels.
        groups: usize,
        /// Whether it adds `b`: a norm after it has a shift of its own.
        has_bias: bool,
        /// The function `f`.
        activation: Activation,
    },
    /// The transpose of a convolution, then `f`.
    ConvTranspose {
        /// How the kernel moves, from the small picture to the large one.
        window: Window,
        /// Groups of channels.
        groups: usize,
        /// Whether it adds `b`: a norm after it has a shift of its own.
        has_bias: bool,
        /// The function `f`.
        activation: Activation,
    },
    /// The largest value of each window.
    MaxPool {
        /// How the windows lie.
        window: Window,
    },
    /// The mean of each window.
    AvgPool {
        /// How the windows lie.
        window: Window,
    },
    /// Repeats pixels.
    Upsample {
        /// How often in each direction.
        factor: usize,
    },
    /// Cuts off or repeats what is too much or missing at the bottom and right of a picture.
    CropOrPad,
    /// Normalises, scales and shifts.
    Norm {
        /// Values it takes mean and variance of.
        norm: Norm,
        /// The function at the end.
        activation: Activation,
    },
    /// Keeps what is positive, multiplies the rest by learned slopes.
    Prelu {
        /// Number of slopes: one, or one for each channel.
        slopes: usize,
    },
    /// A picture as a row, channel by channel.
    ChannelsFirst,
    /// A row, channel by channel, as a picture.
    ChannelsLast,
    /// A picture whose channels are first means and then logarithms of variances, as a row of all
    /// means and then all logarithms, each position by position.
    MomentsApart,
    /// A function alone.
    Activation(Activation),
    /// The end of a residual block: the sum of main path and shortcut, then a function.
    Add {
        /// Stages of the main path.
        main: usize,
        /// Stages of the shortcut, which follow these and start from the same input; none where the shortcut is that input.
        shortcut: usize,
        /// The function of the sum.
        activation: Activation,
    },
    /// Zeroes features at random while training.
    Dropout {
        /// Probability of zero.
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
    /// Features coming in.
    pub fn inputs(&self) -> usize {
        self.input.features()
    }

    /// Features going out.
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
    /// The function at the end of a computation that is more than the function.
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
    /// Trainable parameters of a layer that is tied, or is not.
    pub fn parameters(self, is_tied: bool) -> u64 {
        if is_tied { self.own } else { self.weights.saturating_add(self.own) }
    }
}
