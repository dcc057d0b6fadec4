use serde::{Deserialize, Serialize};

use super::Initialisation;
use super::source::is_default;

/// How the weights are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// The update rule.
    pub optimizer: Optimizer,
    /// Base learning rate; the schedule multiplies it.
    pub learning_rate: f32,
    /// How the learning rate changes over the epochs.
    pub schedule: Schedule,
    /// Linear rise of the learning rate from 0 over this many epochs before the schedule takes
    /// over; 0 for none.
    pub warmup_epochs: u32,
    /// Weight decay: added to the gradient as λ·W (`AdamW`: decoupled). Biases are never decayed.
    pub weight_decay: f32,
    /// Largest Euclidean norm of the whole gradient; `None` for no clipping.
    pub gradient_clip: Option<f32>,
    /// Samples per step. The last minibatch of an epoch may be smaller and is used.
    pub batch_size: usize,
    /// Passes over the training split.
    pub epochs: u32,
    /// Seed of all random numbers of the run.
    pub seed: u64,
    /// Initial weights of layers.
    #[serde(skip_serializing_if = "is_default")]
    pub initialisation: Initialisation,
    /// Whether the bias of the output starts where the output is the mean of the training data, and
    /// a learned σ at their standard deviation around it.
    #[serde(skip_serializing_if = "is_default")]
    pub starts_from_data: bool,
    /// Stop when validation no longer improves, keeping the best weights.
    pub early_stopping: Option<EarlyStopping>,
    /// Whether layers are trained one by one first.
    pub strategy: Strategy,
}

impl Default for Training {
    fn default() -> Self {
        Training {
            optimizer: Optimizer::default(),
            learning_rate: 2e-3,
            schedule: Schedule::Constant,
            warmup_epochs: 0,
            weight_decay: 0.0,
            gradient_clip: None,
            batch_size: 64,
            epochs: 100,
            seed: 1,
            initialisation: Initialisation::default(),
            starts_from_data: false,
            early_stopping: None,
            strategy: Strategy::Joint,
        }
    }
}

/// Whether all layers are trained jointly from random weights, or one by one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Strategy {
    /// All together.
    #[default]
    Joint,
    /// Each layer learns to reconstruct the output of the layers before it; then the decoder is
    /// unrolled from the result, and all are fine-tuned together (Hinton & Salakhutdinov 2006).
    LayerWise {
        /// How single layers are trained.
        by: Greedy,
        /// Epochs per layer.
        epochs: u32,
        /// Train the design jointly as well, in a second run (Zhou et al. 2014).
        #[serde(default)]
        beside_joint: bool,
    },
}

/// How a single layer is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Greedy {
    /// As a restricted Boltzmann machine, by contrastive divergence (CD-1).
    Machines,
    /// As an autoencoder with one hidden layer (Bengio et al. 2007), which is denoising if some of
    /// its input is masked (Vincent et al. 2010).
    Autoencoders {
        /// Probability that a feature of the layer's input is set to 0.
        #[serde(default)]
        masking: f32,
    },
}

impl Strategy {
    /// One of every kind, with its default settings.
    pub const ALL: [Strategy; 2] =
        [Strategy::Joint, Strategy::LayerWise { by: Greedy::Machines, epochs: 20, beside_joint: false }];

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Joint => "joint",
            Strategy::LayerWise { .. } => "layer by layer",
        }
    }
}

impl Greedy {
    /// One of every kind, with its default settings.
    pub const ALL: [Greedy; 2] = [Greedy::Machines, Greedy::Autoencoders { masking: 0.25 }];

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Greedy::Machines => "RBMs",
            Greedy::Autoencoders { .. } => "autoencoders",
        }
    }
}

/// The update rule, with the constants of its paper as defaults. Semantics are `PyTorch`'s.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    #[serde(rename = "SGD")]
    Sgd {
        /// Momentum factor, 0 for none.
        #[serde(default)]
        momentum: f32,
        /// Nesterov's variant of the momentum.
        #[serde(default)]
        nesterov: bool,
    },
    /// Divides by a running root mean square (Hinton), with eps outside the root.
    #[serde(rename = "RMSprop")]
    RmsProp {
        /// Decay of the running mean square.
        alpha: f32,
        /// Added outside the root.
        eps: f32,
    },
    /// Kingma & Ba 2015.
    Adam {
        /// Decay of the first moment.
        beta1: f32,
        /// Decay of the second moment.
        beta2: f32,
        /// Added to the root.
        eps: f32,
    },
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019).
    AdamW {
        /// Decay of the first moment.
        beta1: f32,
        /// Decay of the second moment.
        beta2: f32,
        /// Added to the root.
        eps: f32,
    },
}

impl Optimizer {
    /// One of every kind, with its default settings.
    pub const ALL: [Optimizer; 4] = [
        Optimizer::Sgd { momentum: 0.9, nesterov: false },
        Optimizer::RmsProp { alpha: 0.99, eps: 1e-8 },
        Optimizer::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 },
        Optimizer::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    ];

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "SGD",
            Optimizer::RmsProp { .. } => "RMSprop",
            Optimizer::Adam { .. } => "Adam",
            Optimizer::AdamW { .. } => "AdamW",
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }
}

/// How the learning rate changes over the epochs of a run, after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Schedule {
    /// The rate is constant.
    #[default]
    Constant,
    /// Multiplied by `factor` after every `epochs` epochs.
    Step {
        /// Epochs between two drops.
        epochs: u32,
        /// Factor of the learning rate.
        factor: f32,
    },
    /// Half a cosine from the base rate down to `floor` times it over the epochs of the design;
    /// with more epochs, the rate stays there.
    Cosine {
        /// Fraction of the base rate at the end.
        floor: f32,
    },
    /// Half a cosine from `start` times the base rate up to it, and half a cosine down to `floor`
    /// times it, over the epochs of the design (Smith & Topin 2018); with more epochs, the rate
    /// stays there. It is `PyTorch`'s `OneCycleLR` without the momentum cycle: `start` is
    /// 1/`div_factor`, `floor` is 1/(`div_factor` · `final_div_factor`).
    OneCycle {
        /// Fraction of the steps in which it rises, `pct_start`.
        rise: f32,
        /// Fraction of the base rate at the start.
        start: f32,
        /// Fraction of the base rate at the end.
        floor: f32,
    },
}

impl Schedule {
    /// One cycle with `PyTorch`'s settings.
    pub const ONE_CYCLE: Schedule = Schedule::OneCycle { rise: 0.3, start: 0.04, floor: 4e-6 };

    /// One of every kind, with its default settings.
    pub const ALL: [Schedule; 4] = [
        Schedule::Constant,
        Schedule::Step { epochs: 30, factor: 0.1 },
        Schedule::Cosine { floor: 0.0 },
        Schedule::ONE_CYCLE,
    ];

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Schedule::Constant => "constant",
            Schedule::Step { .. } => "step",
            Schedule::Cosine { .. } => "cosine",
            Schedule::OneCycle { .. } => "one cycle",
        }
    }
}

/// When to stop before the last epoch. The weights of the best epoch are kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Tolerated epochs without improvement of the validation loss.
    pub patience: u32,
    /// An improvement must be larger than this.
    #[serde(default)]
    pub min_delta: f32,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        EarlyStopping { patience: 10, min_delta: 0.0 }
    }
}
