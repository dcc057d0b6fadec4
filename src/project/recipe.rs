mod claim;
mod designs;

pub use claim::{Bound, Claim, Figure};

/// A ready-made project that shows one idea.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// The default project: a small code that has to be enough.
    Undercomplete,
    /// Linear layers and squared error: principal component analysis by gradient descent.
    Linear,
    /// Corrupted inputs, clean targets.
    Denoising,
    /// More units than pixels, each of which may seldom speak (Ng 2011).
    Sparse,
    /// A few units of many may speak at a time (Makhzani & Frey 2014).
    KSparse,
    /// A code that stands still when the input moves a little (Rifai et al. 2011).
    Contractive,
    /// The same small patterns everywhere in the picture.
    Convolutional,
    /// Codes that are distributions (Kingma & Welling 2014).
    Variational,
    /// A strong prior pulls the factors of the data apart (Higgins et al. 2017).
    BetaVariational,
    /// Units that learn to pick pixels (Abid et al. 2019).
    Concrete,
    /// Four quantisers with six choices each describe curves in few bits (Hinton & Zemel 1994).
    DescriptionLength,
    /// A deep network pretrained as a stack of Boltzmann machines (Hinton & Salakhutdinov 2006).
    Machines,
    /// The same deep network trained jointly and layer by layer (Zhou et al. 2014).
    JointVsLayerWise,
    /// Binary addresses (Salakhutdinov & Hinton 2009).
    Hashing,
    /// A code of words from a learned vocabulary (van den Oord et al. 2017).
    Quantised,
    /// Fine pictures from coarse ones.
    SuperResolution,
    /// What is missing is filled in.
    Inpainting,
    /// A class is held out, and told from the others by what cannot be reconstructed of it.
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

    /// The name as the field writes it.
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
            Recipe::Sparse => {
                "Twice as many sigmoid units as pixels, held at a mean activation of 0.1 by a KL penalty. Watch the sparsity term fall while the reconstruction stays sharp."
            }
            Recipe::KSparse => {
                "Of 128 linear units the ten largest are kept for each sample, the others are zero. Watch how units specialise once fewer and fewer may speak."
            }
            Recipe::Contractive => {
                "The norm of the code's derivative is part of the loss, so the code moves only where the data do. Compare the reconstruction of noisy digits with that of the undercomplete recipe."
            }
            Recipe::Convolutional => {
                "Convolutions with a stride halve the picture twice, and the code is a picture too: two channels of 2×2 positions, which transposed convolutions bring back. Compare its error with PCA's eight components."
            }
            Recipe::Variational => {
                "Each digit becomes a small cloud in the plane, and all of them together fill it like a normal distribution. Look at the latent space: there are no gaps to decode nonsense from."
            }
            Recipe::BetaVariational => {
                "Four times the divergence makes every unit of the code pay for itself. Look at which units still carry place, size and shape."
            }
            Recipe::Concrete => {
                "Sixteen selectors cool down until each has picked one pixel, and the decoder paints the digit from these alone. Compare its error with PCA's sixteen components."
            }
            Recipe::DescriptionLength => {
                "Four quantisers with six choices each have to describe a curve through five knots, and every bit they use is paid for. Watch code and error: one quantiser with all 24 choices needs more bits in all."
            }
            Recipe::Machines => {
                "Each layer of a deep sigmoid network first learns by itself as a Boltzmann machine, then the decoder is unrolled from it and all are fine-tuned. From random weights the same network hardly learns in as many epochs."
            }
            Recipe::JointVsLayerWise => {
                "Two runs of one design: the first pretrains layer by layer as denoising autoencoders, the second trains all layers at once. Compare their curves over the same epochs."
            }
            Recipe::Hashing => {
                "Strong noise on the code drives its units to 0 or 1, so that similar digits get similar addresses. Look at the latent space: the codes sit in the corners."
            }
            Recipe::Quantised => {
                "The code is a picture of 4×4 positions, and at each stands one of 64 learned vectors. Watch the commitment fall as the encoder settles on them."
            }
            Recipe::SuperResolution => {
                "The encoder reads a coarse picture, and convolutions of the decoder double its sides twice. Compare the middle row of the reconstructions with the last."
            }
            Recipe::Inpainting => {
                "A random rectangle is cut out of the input and has to be filled in. Compare the middle row of the reconstructions with the last."
            }
            Recipe::Anomaly => {
                "The network never sees a zero, so it reconstructs zeros worse than the digits it knows. Evaluate it on the test split: the area under the curve says how well the error tells them apart."
            }
            Recipe::Tabular => {
                "Thirty standardised columns, of which five determine most of the others, pass through five numbers. Compare its error with PCA's."
            }
        }
    }
}
