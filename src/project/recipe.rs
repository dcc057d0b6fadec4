use super::{
    Activation, Code, Corruption, Data, Decoder, FORMAT_VERSION, Layer, Loss, Output, Project, Training,
};

/// A ready-made project that shows one idea.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// The default project: a small code that has to be enough.
    Undercomplete,
    /// Linear layers and squared error: principal component analysis by gradient descent.
    Linear,
    /// Corrupted inputs, clean targets.
    Denoising,
}

impl Recipe {
    /// Every recipe, in the order of menus.
    pub const ALL: [Recipe; 3] = [Recipe::Undercomplete, Recipe::Linear, Recipe::Denoising];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Recipe::Undercomplete => "undercomplete",
            Recipe::Linear => "linear",
            Recipe::Denoising => "denoising",
        }
    }

    /// The recipe of that name.
    pub fn from_name(name: &str) -> Option<Recipe> {
        Recipe::ALL.into_iter().find(|recipe| recipe.name() == name)
    }

    /// Two sentences: what it is and what to look at.
    pub fn summary(self) -> &'static str {
        match self {
            Recipe::Undercomplete => {
                "A deep autoencoder squeezes 64 pixels through two numbers. Watch the digits separate in the latent plane."
            }
            Recipe::Linear => {
                "A linear autoencoder with squared error finds the subspace of the first principal components. Compare its error with PCA's."
            }
            Recipe::Denoising => {
                "The input is corrupted, the target is clean, so the network learns to repair. Compare the middle row of the reconstructions with the last."
            }
        }
    }

    /// The project itself.
    pub fn project(self) -> Project {
        let dense = |units, activation| Layer::Dense { units, activation };
        let base = Project {
            format_version: FORMAT_VERSION,
            name: self.name().to_owned(),
            data: Data::default(),
            corruption: Corruption::None,
            encoder: vec![dense(128, Activation::Relu), dense(64, Activation::Relu)],
            code: Code::plain(2),
            regularizers: Vec::new(),
            decoder: Decoder::Mirrored { tied: false },
            output: Output { activation: Activation::Sigmoid },
            loss: Loss::SquaredError,
            training: Training::default(),
        };
        match self {
            Recipe::Undercomplete => base,
            Recipe::Linear => Project {
                encoder: vec![],
                code: Code::plain(4),
                output: Output { activation: Activation::Linear },
                training: Training { learning_rate: 5e-3, epochs: 200, ..base.training },
                ..base
            },
            Recipe::Denoising => Project {
                corruption: Corruption::Gaussian { std: 0.3 },
                encoder: vec![dense(128, Activation::Relu)],
                code: Code { activation: Activation::Relu, ..Code::plain(32) },
                ..base
            },
        }
    }
}
