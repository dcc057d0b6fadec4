use serde::{Deserialize, Serialize};

/// How the input of a denoising autoencoder is corrupted, independently for each feature and each
/// presentation of a sample (Vincent et al. 2010). Applied to scaled data, and only in training
/// unless restoration is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Corruption {
    /// The clean input.
    #[default]
    None,
    /// Adds Gaussian noise.
    Gaussian {
        /// Standard deviation, in units of the scaled data.
        std: f32,
    },
    /// Sets features to zero.
    Masking {
        /// Probability that a feature becomes 0.
        probability: f32,
    },
    /// Sets features to the smallest or the largest value of the scaled data, with equal
    /// probability.
    SaltAndPepper {
        /// Probability that a feature is hit.
        probability: f32,
    },
    /// Averages over blocks of `size` × `size` pixels: the network learns super-resolution.
    Pixelate {
        /// Side of a block in pixels.
        size: usize,
    },
    /// Blurs with a Gaussian kernel.
    Blur {
        /// Standard deviation in pixels.
        std: f32,
    },
    /// Sets a rectangle at a random position to the smallest value: the network learns inpainting.
    MissingRectangle {
        /// Sides of the rectangle as a fraction of the picture's.
        side: f32,
    },
}

impl Corruption {
    /// One of every kind, with its default settings.
    pub const ALL: [Corruption; 7] = [
        Corruption::None,
        Corruption::Gaussian { std: 0.3 },
        Corruption::Masking { probability: 0.3 },
        Corruption::SaltAndPepper { probability: 0.2 },
        Corruption::Pixelate { size: 2 },
        Corruption::Blur { std: 1.0 },
        Corruption::MissingRectangle { side: 0.4 },
    ];

    /// Whether it works on pixels and their neighbours, and so needs pictures.
    pub fn needs_pictures(self) -> bool {
        match self {
            Corruption::None
            | Corruption::Gaussian { .. }
            | Corruption::Masking { .. }
            | Corruption::SaltAndPepper { .. } => false,
            Corruption::Pixelate { .. } | Corruption::Blur { .. } | Corruption::MissingRectangle { .. } => {
                true
            }
        }
    }

    /// Whether it makes holes, which a network learns to fill.
    pub fn leaves_holes(self) -> bool {
        match self {
            Corruption::Masking { .. } | Corruption::MissingRectangle { .. } => true,
            Corruption::None
            | Corruption::Gaussian { .. }
            | Corruption::SaltAndPepper { .. }
            | Corruption::Pixelate { .. }
            | Corruption::Blur { .. } => false,
        }
    }

    /// Whether it changes the input at all.
    pub fn corrupts(self) -> bool {
        match self {
            Corruption::None => false,
            Corruption::Gaussian { std } | Corruption::Blur { std } => std > 0.0,
            Corruption::Masking { probability } | Corruption::SaltAndPepper { probability } => {
                probability > 0.0
            }
            Corruption::Pixelate { size } => size > 1,
            Corruption::MissingRectangle { side } => side > 0.0,
        }
    }

    /// Its standard name.
    pub fn name(self) -> &'static str {
        match self {
            Corruption::None => "none",
            Corruption::Gaussian { .. } => "Gaussian noise",
            Corruption::Masking { .. } => "masking",
            Corruption::SaltAndPepper { .. } => "salt and pepper",
            Corruption::Pixelate { .. } => "pixelate",
            Corruption::Blur { .. } => "blur",
            Corruption::MissingRectangle { .. } => "missing rectangle",
        }
    }
}
