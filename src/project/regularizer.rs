use serde::{Deserialize, Serialize};

/// A term added to the loss, with its own weight and curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regularizer {
    /// The activations it penalises.
    #[serde(default)]
    pub on: Site,
    /// The penalty.
    pub penalty: Penalty,
    /// Weight of the penalty in the loss.
    pub weight: f32,
}

/// The site of a regularizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Site {
    /// The code.
    #[default]
    Code,
    /// The output of an encoder layer, counted from 0.
    Encoder(usize),
}

/// The quantity that a regularizer penalises, summed over units and averaged over the minibatch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Penalty {
    /// `Σ |h|`
    L1,
    /// `Σ h²`
    L2,
    /// The distance of mean activations from a small target (Ng 2011).
    Sparsity {
        /// The target ρ.
        target: f32,
        /// How the distance is measured.
        #[serde(default)]
        distance: Distance,
        /// The axis over which activations are averaged.
        #[serde(default)]
        over: Over,
    },
    /// `‖∂h/∂x‖²`: the code should change little when the input does (Rifai et al. 2011). It covers
    /// the whole encoder.
    Contractive {
        /// How it is computed.
        #[serde(default)]
        estimator: Estimator,
    },
}

/// How far a mean activation ρ̂ is from its target ρ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Distance {
    /// `ρ log(ρ/ρ̂) + (1−ρ) log((1−ρ)/(1−ρ̂))`: needs activations between 0 and 1.
    #[default]
    #[serde(rename = "KL")]
    Kl,
    /// `|ρ − ρ̂|`
    L1,
    /// `(ρ − ρ̂)²`
    L2,
}

/// The axis over which activations are averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Over {
    /// Each unit over the minibatch, that is how often it is active.
    #[default]
    Samples,
    /// Each sample over its units, that is how many of them are active.
    Units,
}

/// How the norm of a Jacobian is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Estimator {
    /// Exact if that takes fewer than ten million multiply-adds per sample, else with one random
    /// probe.
    #[default]
    Auto,
    /// Exact if that takes less than three times as long as a training step of the encoder, or six
    /// times if the encoder has other than dense layers; else with one random probe.
    Affordable,
    /// The whole Jacobian.
    Exact,
    /// The mean over this many random probes: unbiased for any number (Hutchinson 1989).
    Probes(u32),
}

impl Regularizer {
    /// One of every penalty, on the code, with its default settings.
    pub const ALL: [Regularizer; 4] = [
        Regularizer { on: Site::Code, penalty: Penalty::L1, weight: 1e-3 },
        Regularizer { on: Site::Code, penalty: Penalty::L2, weight: 1e-3 },
        Regularizer {
            on: Site::Code,
            penalty: Penalty::Sparsity { target: 0.05, distance: Distance::Kl, over: Over::Samples },
            weight: 0.1,
        },
        Regularizer {
            on: Site::Code,
            penalty: Penalty::Contractive { estimator: Estimator::Affordable },
            weight: 0.1,
        },
    ];
}

impl Penalty {
    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Penalty::L1 => "L1",
            Penalty::L2 => "L2",
            Penalty::Sparsity { .. } => "sparsity",
            Penalty::Contractive { .. } => "contractive",
        }
    }
}

impl Distance {
    /// All, in the order of menus.
    pub const ALL: [Distance; 3] = [Distance::Kl, Distance::L1, Distance::L2];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Distance::Kl => "KL",
            Distance::L1 => "L1",
            Distance::L2 => "L2",
        }
    }
}

impl Over {
    /// Both, in the order of menus.
    pub const ALL: [Over; 2] = [Over::Samples, Over::Units];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Over::Samples => "per unit",
            Over::Units => "per sample",
        }
    }
}
