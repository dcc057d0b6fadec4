use serde::{Deserialize, Serialize};

use super::source::is_default;
use super::{Activation, Shape};

/// The bottleneck: how many numbers describe a sample, and their kind.
///
/// It has a projection only if the encoder does not already end in as many units or channels, or if
/// its kind needs one: a dense layer for units, a 1×1 convolution for channels. The activation
/// belongs to that projection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Numbers per sample, or channels at each position of a picture.
    pub units: usize,
    /// Units or channels.
    #[serde(default, skip_serializing_if = "is_default")]
    pub form: CodeForm,
    /// Activation of the projection.
    #[serde(default = "linear")]
    pub activation: Activation,
    /// The kind of code.
    #[serde(default)]
    pub kind: Bottleneck,
}

fn linear() -> Activation {
    Activation::Linear
}

/// The form of a code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeForm {
    /// A row of units.
    #[default]
    Units,
    /// Channels of the picture that the encoder outputs: numbers per position.
    Channels,
}

impl CodeForm {
    /// Both, in the order of menus.
    pub const ALL: [CodeForm; 2] = [CodeForm::Units, CodeForm::Channels];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            CodeForm::Units => "units",
            CodeForm::Channels => "channels",
        }
    }
}

/// The values of a k-sparse code that compete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Competition {
    /// All values of a sample: its k largest are kept (Makhzani & Frey 2014).
    #[default]
    Code,
    /// The channels of each position: the k largest of each are kept.
    Position,
    /// The positions of each channel: the k largest of each are kept, only the winner for k = 1
    /// (Makhzani & Frey 2015, winner-take-all).
    Channel,
}

impl Competition {
    /// All three, in the order of menus.
    pub const ALL: [Competition; 3] = [Competition::Code, Competition::Position, Competition::Channel];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Competition::Code => "the whole code",
            Competition::Position => "the channels of each position",
            Competition::Channel => "the positions of each channel",
        }
    }

    /// Number of values that compete in a code of this shape; all values for a row.
    pub fn group(self, code: Shape) -> usize {
        match (self, code) {
            (Competition::Code, _) | (Competition::Position | Competition::Channel, Shape::Vector(_)) => {
                code.features()
            }
            (Competition::Position, Shape::Image { channels, .. }) => channels,
            (Competition::Channel, Shape::Image { height, width, .. }) => height.saturating_mul(width),
        }
    }
}

/// The kind of code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Bottleneck {
    /// The output of the encoder, unchanged.
    #[default]
    Plain,
    /// Only the largest units of each sample are kept, the others are 0 (Makhzani & Frey 2014).
    KSparse {
        /// Final number of units kept in training.
        k: usize,
        /// Outside training, α times as many are kept.
        #[serde(default = "one")]
        alpha: f32,
        /// Start with all units and lower their number linearly to `k` over the first half of the
        /// epochs.
        #[serde(default)]
        lowers: bool,
        /// The units that compete.
        #[serde(default, skip_serializing_if = "is_default")]
        within: Competition,
    },
    /// Each unit is a normal distribution, pulled towards the standard normal (Kingma & Welling
    /// 2014).
    Variational {
        /// Weight of the divergence from the prior; 1 for the evidence lower bound, more for β-VAE
        /// (Higgins et al. 2017).
        #[serde(default = "one")]
        beta: f32,
        /// Epochs over which that weight rises from 0.
        #[serde(default)]
        warmup_epochs: u32,
        /// Nats per unit without penalty, averaged over the minibatch (Kingma et al. 2016).
        #[serde(default)]
        free_nats: f32,
    },
    /// A variational code of which several samples are decoded, for a bound closer to the
    /// likelihood (Burda et al. 2016).
    ImportanceWeighted {
        /// Samples per row: K.
        samples: usize,
    },
    /// The distribution of all codes is pulled towards the standard normal (Tolstikhin et al. 2018,
    /// WAE-MMD).
    Wasserstein {
        /// Weight of the squared maximum mean discrepancy.
        weight: f32,
    },
    /// Each unit learns to select one feature of the input (Abid et al. 2019).
    Concrete {
        /// Initial temperature.
        start_temperature: f32,
        /// Final temperature.
        end_temperature: f32,
        /// Most attempts, each with twice the epochs of the previous one, until every unit has made
        /// its choice.
        #[serde(default = "tries")]
        tries: u32,
    },
    /// Noise drives logistic units to 0 or 1, which makes the code a binary address (Salakhutdinov
    /// & Hinton 2009).
    Hashing {
        /// Standard deviation of the noise on the inputs of the code units.
        std: f32,
        /// Threshold between 0 and 1 after training.
        #[serde(default)]
        threshold: Threshold,
    },
    /// Several quantisers each choose one of their units at random, with choices that cost few bits
    /// (Hinton & Zemel 1994, minimum description length).
    DescriptionLength {
        /// Units each quantiser chooses from; the code's units are a multiple of it.
        choices: usize,
        /// Width `t` to within which values are described, in units of the scaled data.
        width: f32,
        /// Temperature of the relaxed choices that train a decoder of more than one linear layer
        /// (Jang et al. 2017).
        #[serde(default = "temperature")]
        temperature: f32,
    },
    /// Each group of units is replaced by the nearest vector of a learned codebook (van den Oord et
    /// al. 2017).
    Quantised {
        /// Vectors in the codebook.
        entries: usize,
        /// Numbers per vector; the units are a multiple of it.
        dimension: usize,
        /// Weight of the commitment term, which keeps the encoder's outputs close to their vectors.
        #[serde(default = "commitment")]
        commitment: f32,
        /// How the codebook learns.
        #[serde(default)]
        update: CodebookUpdate,
    },
}

fn tries() -> u32 {
    5
}

fn temperature() -> f32 {
    0.5
}

fn one() -> f32 {
    1.0
}

fn commitment() -> f32 {
    0.25
}

/// How a codebook learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodebookUpdate {
    /// Vectors are moving averages of the encoder outputs assigned to them.
    #[default]
    MovingAverage,
    /// Vectors are learned by a term of the loss.
    Gradient,
}

impl CodebookUpdate {
    /// Both, in the order of menus.
    pub const ALL: [CodebookUpdate; 2] = [CodebookUpdate::MovingAverage, CodebookUpdate::Gradient];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            CodebookUpdate::MovingAverage => "moving average",
            CodebookUpdate::Gradient => "gradient",
        }
    }
}

/// The threshold between the two values of a bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Threshold {
    /// At 0.5.
    #[default]
    Half,
    /// At 0.1, for codes with few active units (Salakhutdinov & Hinton 2009).
    Tenth,
    /// At each bit's median, so that it is 1 for half of the samples.
    Median,
}

impl Threshold {
    /// All three, in the order of menus.
    pub const ALL: [Threshold; 3] = [Threshold::Half, Threshold::Tenth, Threshold::Median];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Threshold::Half => "0.5",
            Threshold::Tenth => "0.1",
            Threshold::Median => "median of each bit",
        }
    }
}

impl Code {
    /// A code of this many linear channels without constraints.
    pub fn channels(channels: usize) -> Code {
        Code { form: CodeForm::Channels, ..Code::plain(channels) }
    }

    /// A code of this many linear units without constraints.
    pub fn plain(units: usize) -> Code {
        Code { units, form: CodeForm::Units, activation: Activation::Linear, kind: Bottleneck::Plain }
    }

    /// Changes the form, and what has another meaning in it: in a code of channels, a quantised code
    /// has one vector at each position (van den Oord et al. 2017, §4.1), and the channels at a
    /// position compete; in a code of units, all units do.
    pub fn set_form(&mut self, form: CodeForm) {
        if form == self.form {
            return;
        }
        self.form = form;
        match (&mut self.kind, form) {
            (Bottleneck::Quantised { dimension, .. }, CodeForm::Channels) => *dimension = self.units.max(1),
            (Bottleneck::KSparse { within, .. }, CodeForm::Channels) => *within = Competition::Position,
            (Bottleneck::KSparse { within, .. }, CodeForm::Units) => *within = Competition::Code,
            _ => {}
        }
    }

    /// Changes the number of units or channels. If a quantised code has one vector at each position,
    /// it keeps one.
    pub fn set_units(&mut self, units: usize) {
        if let Bottleneck::Quantised { dimension, .. } = &mut self.kind
            && self.form == CodeForm::Channels
            && *dimension == self.units
        {
            *dimension = units.max(1);
        }
        self.units = units;
    }
}

impl Bottleneck {
    /// One of every kind, with its default settings.
    pub const ALL: [Bottleneck; 9] = [
        Bottleneck::Plain,
        Bottleneck::KSparse { k: 10, alpha: 1.0, lowers: false, within: Competition::Code },
        Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 },
        Bottleneck::ImportanceWeighted { samples: 5 },
        Bottleneck::Wasserstein { weight: 10.0 },
        Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.01, tries: 5 },
        Bottleneck::Hashing { std: 4.0, threshold: Threshold::Half },
        Bottleneck::DescriptionLength { choices: 6, width: 0.1, temperature: 0.5 },
        Bottleneck::Quantised {
            entries: 64,
            dimension: 4,
            commitment: 0.25,
            update: CodebookUpdate::MovingAverage,
        },
    ];

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Bottleneck::Plain => "plain",
            Bottleneck::KSparse { .. } => "k-sparse",
            Bottleneck::Variational { .. } => "variational",
            Bottleneck::ImportanceWeighted { .. } => "importance-weighted",
            Bottleneck::Wasserstein { .. } => "Wasserstein",
            Bottleneck::Concrete { .. } => "concrete selector",
            Bottleneck::Hashing { .. } => "hashing",
            Bottleneck::DescriptionLength { .. } => "description length",
            Bottleneck::Quantised { .. } => "quantised",
        }
    }

    /// Codes drawn per row in training.
    pub fn samples(self) -> usize {
        match self {
            Bottleneck::ImportanceWeighted { samples } => samples,
            Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Variational { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Concrete { .. }
            | Bottleneck::Hashing { .. }
            | Bottleneck::DescriptionLength { .. }
            | Bottleneck::Quantised { .. } => 1,
        }
    }

    /// Epochs until the weight of its term is constant; losses before and after cannot be compared.
    pub fn settles_after(self) -> u32 {
        if let Bottleneck::Variational { warmup_epochs, .. } = self { warmup_epochs } else { 0 }
    }

    /// Whether codes jump between choices, so that they have no derivative.
    pub fn jumps(self) -> bool {
        match self {
            Bottleneck::Concrete { .. }
            | Bottleneck::Quantised { .. }
            | Bottleneck::DescriptionLength { .. } => true,
            Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Variational { .. }
            | Bottleneck::ImportanceWeighted { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Hashing { .. } => false,
        }
    }

    /// Whether the encoder outputs means and log variances instead of the code itself.
    pub fn is_gaussian(self) -> bool {
        matches!(self, Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. })
    }
}
