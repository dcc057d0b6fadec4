mod claim;
mod designs;

pub use claim::{Bound, Claim, Figure};

/// A ready-made project that shows one idea.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// The default project: a code smaller than the input.
    Undercomplete,
    /// Linear layers and squared error: principal component analysis by gradient descent.
    Linear,
    /// Corrupted inputs, clean targets.
    Denoising,
    /// More units than pixels, each of which is rarely active (Ng 2011).
    Sparse,
    /// Only a few of many units may be active (Makhzani & Frey 2014).
    KSparse,
    /// A code that hardly changes when the input changes a little (Rifai et al. 2011).
    Contractive,
    /// Convolutions share small filters across the picture.
    Convolutional,
    /// Codes that are distributions (Kingma & Welling 2014).
    Variational,
    /// A strong prior separates the factors of the data (Higgins et al. 2017).
    BetaVariational,
    /// Units that learn to select pixels (Abid et al. 2019).
    Concrete,
    /// Four quantisers with six choices each describe curves in few bits (Hinton & Zemel 1994).
    DescriptionLength,
    /// A deep network pretrained as a stack of Boltzmann machines (Hinton & Salakhutdinov 2006).
    Machines,
    /// One deep network trained jointly and layer by layer (Zhou et al. 2014).
    JointVsLayerWise,
    /// Binary addresses (Salakhutdinov & Hinton 2009).
    Hashing,
    /// A code of entries from a learned codebook (van den Oord et al. 2017).
    Quantised,
    /// Large pictures from small ones.
    SuperResolution,
    /// Missing parts are filled in.
    Inpainting,
    /// A class is held out, and detected by its reconstruction error.
    Anomaly,
    /// A table with few columns that determine the others.
    Tabular,
}

impl Recipe {
    /// Every recipe, in the order of menus.
    pub const ALL: [Recipe; 19] = [
        Recipe::Undercomplete,
        Recipe::Linear,
        Recipe::Denoising,
        Recipe::Sparse,
        Recipe::KSparse,
        Recipe::Contractive,
        Recipe::Convolutional,
        Recipe::Variational,
        Recipe::BetaVariational,
        Recipe::Concrete,
        Recipe::DescriptionLength,
        Recipe::Machines,
        Recipe::JointVsLayerWise,
        Recipe::Hashing,
        Recipe::Quantised,
        Recipe::SuperResolution,
        Recipe::Inpainting,
        Recipe::Anomaly,
        Recipe::Tabular,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Recipe::Undercomplete => "undercomplete",
            Recipe::Linear => "linear",
            Recipe::Denoising => "denoising",
            Recipe::Sparse => "sparse",
            Recipe::KSparse => "k-sparse",
            Recipe::Contractive => "contractive",
            Recipe::Convolutional => "convolutional",
            Recipe::Variational => "vae",
            Recipe::BetaVariational => "beta-vae",
            Recipe::Concrete => "concrete",
            Recipe::DescriptionLength => "mdl",
            Recipe::Machines => "rbm",
            Recipe::JointVsLayerWise => "joint-vs-layerwise",
            Recipe::Hashing => "hashing",
            Recipe::Quantised => "vq-vae",
            Recipe::SuperResolution => "super-resolution",
            Recipe::Inpainting => "inpainting",
            Recipe::Anomaly => "anomaly",
            Recipe::Tabular => "tabular",
        }
    }

    /// The name in the usual spelling.
    pub fn title(self) -> &'static str {
        match self {
            Recipe::Undercomplete => "Undercomplete",
            Recipe::Linear => "Linear (PCA)",
            Recipe::Denoising => "Denoising",
            Recipe::Sparse => "Sparse",
            Recipe::KSparse => "k-sparse",
            Recipe::Contractive => "Contractive",
            Recipe::Convolutional => "Convolutional",
            Recipe::Variational => "VAE",
            Recipe::BetaVariational => "β-VAE",
            Recipe::Concrete => "Concrete selector",
            Recipe::DescriptionLength => "MDL",
            Recipe::Machines => "Stacked RBMs",
            Recipe::JointVsLayerWise => "Joint or layer-wise",
            Recipe::Hashing => "Semantic hashing",
            Recipe::Quantised => "VQ-VAE",
            Recipe::SuperResolution => "Super-resolution",
            Recipe::Inpainting => "Inpainting",
            Recipe::Anomaly => "Anomaly detection",
            Recipe::Tabular => "Table",
        }
    }

    /// The recipe with that name.
    pub fn from_name(name: &str) -> Option<Recipe> {
        Recipe::ALL.into_iter().find(|recipe| recipe.name() == name)
    }

    /// Two sentences: the idea and the result to look at.
    pub fn summary(self) -> &'static str {
        match self {
            Recipe::Undercomplete => {
                "A deep autoencoder encodes 64 pixels as two numbers. Watch the digits separate in the latent space."
            }
            Recipe::Linear => {
                "A linear autoencoder with squared error finds the subspace of the first principal components. Compare its error with PCA's."
            }
            Recipe::Denoising => {
                "The input is corrupted, the target is clean, so the network learns to remove the noise. Compare input and reconstruction."
            }
            Recipe::Sparse => {
                "Twice as many sigmoid units as pixels, held at a mean activation of 0.1 by a KL penalty. Watch the sparsity term fall while the reconstruction stays sharp."
            }
            Recipe::KSparse => {
                "Of 128 linear units the ten largest are kept for each sample; the others are 0. Watch how units specialise as fewer and fewer are kept."
            }
            Recipe::Contractive => {
                "The norm of the code's derivative is part of the loss, so the code changes only in directions in which the data vary. Compare the reconstruction of noisy digits with that of the undercomplete recipe."
            }
            Recipe::Convolutional => {
                "Convolutions with a stride halve the picture twice, transposed convolutions restore its size, and the code is a picture too: two channels of 2×2 positions. Compare its error with PCA's eight components."
            }
            Recipe::Variational => {
                "Each digit is encoded as a normal distribution, and all of them together are close to the prior. Look at the latent space: it has no gaps, so every place decodes to a digit."
            }
            Recipe::BetaVariational => {
                "With β = 4 each unit of the code has to be worth its KL divergence. Look at which units encode position, size and shape."
            }
            Recipe::Concrete => {
                "The temperature falls until each of sixteen selectors has chosen one pixel; the decoder reconstructs the digit from these alone. Compare its error with PCA's sixteen components."
            }
            Recipe::DescriptionLength => {
                "Four quantisers with six choices each describe a curve through five knots, and every bit counts in the loss. Watch the bits of code and error: one quantiser with 24 choices needs more bits in total."
            }
            Recipe::Machines => {
                "Each layer of a deep sigmoid network is first trained as a Boltzmann machine, then the decoder is unrolled and all layers are fine-tuned. From random weights the same network hardly learns in as many epochs."
            }
            Recipe::JointVsLayerWise => {
                "Two runs of one design: the first pretrains layer by layer as denoising autoencoders, the second trains all layers at once. Compare their curves over the same epochs."
            }
            Recipe::Hashing => {
                "Strong noise on the code drives its units to 0 or 1, so that similar digits get similar binary codes. Look at the latent space: the codes lie in the corners."
            }
            Recipe::Quantised => {
                "The code is a picture of 4×4 positions, each with one of 64 learned vectors. Watch the commitment loss fall as encoder outputs approach the vectors."
            }
            Recipe::SuperResolution => {
                "The encoder gets a coarse picture, and the decoder doubles its size twice. Compare input and reconstruction."
            }
            Recipe::Inpainting => {
                "A random rectangle of the input is erased and has to be restored. Compare input and reconstruction."
            }
            Recipe::Anomaly => {
                "The network is never trained on zeros, so it reconstructs them worse than other digits. \
                 Evaluate it on the test split: the ROC AUC shows how well the error separates them."
            }
            Recipe::Tabular => {
                "Thirty standardised columns, of which five determine most of the others, pass through five numbers. Compare its error with PCA's."
            }
        }
    }
}
