use super::{
    Activation, Bottleneck, Code, CodebookUpdate, Corruption, Data, Decoder, Distance, Estimator,
    FORMAT_VERSION, Greedy, Layer, Loss, Output, Over, Padding, Penalty, Project, Regularizer, Scaling, Site,
    Source, Strategy, Synthetic, Threshold, Training, Variance,
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
                "Two convolutions with a stride halve the picture twice, transposed ones bring it back. It needs few weights, because a pattern is learned once for all places."
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
                "The code is four words from a vocabulary of 64 learned vectors. Watch the commitment fall as the encoder settles on its words."
            }
            Recipe::SuperResolution => {
                "The input is pixelated, the target is sharp. Compare the middle row of the reconstructions with the last."
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

    /// The project itself.
    pub fn project(self) -> Project {
        let dense = |units, activation| Layer::Dense { units, activation };
        let convolution = |channels| Layer::Conv2d {
            channels,
            kernel: 3,
            stride: 2,
            padding: Padding::Same,
            activation: Activation::Relu,
        };
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
            Recipe::Sparse => Project {
                encoder: vec![],
                code: Code { activation: Activation::Sigmoid, ..Code::plain(128) },
                regularizers: vec![Regularizer {
                    on: Site::Code,
                    penalty: Penalty::Sparsity { target: 0.1, distance: Distance::Kl, over: Over::Samples },
                    weight: 0.02,
                }],
                ..base
            },
            Recipe::KSparse => Project {
                encoder: vec![],
                code: Code {
                    kind: Bottleneck::KSparse { k: 10, alpha: 1.0, lowers: true },
                    ..Code::plain(128)
                },
                decoder: Decoder::Mirrored { tied: true },
                output: Output { activation: Activation::Linear },
                ..base
            },
            Recipe::Contractive => Project {
                encoder: vec![],
                code: Code { activation: Activation::Sigmoid, ..Code::plain(64) },
                regularizers: vec![Regularizer {
                    on: Site::Code,
                    penalty: Penalty::Contractive { estimator: Estimator::Auto },
                    weight: 0.1,
                }],
                decoder: Decoder::Mirrored { tied: true },
                loss: Loss::BinaryCrossEntropy,
                ..base
            },
            Recipe::Convolutional => Project {
                encoder: vec![convolution(16), convolution(32)],
                code: Code::plain(8),
                training: Training { epochs: 60, ..base.training },
                ..base
            },
            Recipe::Variational => Project {
                encoder: vec![dense(128, Activation::Relu)],
                code: Code {
                    kind: Bottleneck::Variational { beta: 1.0, warmup_epochs: 10, free_nats: 0.0 },
                    ..Code::plain(2)
                },
                loss: Loss::BinaryCrossEntropy,
                ..base
            },
            Recipe::BetaVariational => Project {
                data: Data {
                    source: Source::Synthetic(Synthetic::Shapes { count: 3000, size: 16, seed: 1 }),
                    ..Data::default()
                },
                encoder: vec![dense(256, Activation::Relu), dense(128, Activation::Relu)],
                code: Code {
                    kind: Bottleneck::Variational { beta: 4.0, warmup_epochs: 10, free_nats: 0.0 },
                    ..Code::plain(6)
                },
                loss: Loss::BinaryCrossEntropy,
                training: Training { epochs: 40, ..base.training },
                ..base
            },
            Recipe::Concrete => Project {
                encoder: vec![],
                code: Code {
                    kind: Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.01, tries: 5 },
                    ..Code::plain(16)
                },
                decoder: Decoder::Free(vec![dense(24, Activation::LeakyRelu)]),
                output: Output { activation: Activation::Linear },
                training: Training { epochs: 300, batch_size: 16, ..base.training },
                ..base
            },
            Recipe::DescriptionLength => Project {
                data: Data {
                    source: Source::Synthetic(Synthetic::Splines { count: 200, seed: 1 }),
                    ..Data::default()
                },
                encoder: vec![],
                code: Code {
                    // Pictures are quantised in steps of 1/255.
                    kind: Bottleneck::DescriptionLength { choices: 6, width: 1.0 / 255.0, temperature: 0.5 },
                    ..Code::plain(24)
                },
                output: Output { activation: Activation::Linear },
                loss: Loss::Gaussian { variance: Variance::Fixed { std: 0.2 } },
                training: Training { learning_rate: 3e-3, batch_size: 40, epochs: 300, ..base.training },
                ..base
            },
            Recipe::Machines | Recipe::JointVsLayerWise => Project {
                encoder: [128, 64, 32].map(|units| dense(units, Activation::Sigmoid)).to_vec(),
                code: Code::plain(8),
                loss: Loss::BinaryCrossEntropy,
                training: Training {
                    epochs: 50,
                    strategy: if self == Recipe::Machines {
                        Strategy::LayerWise { by: Greedy::Machines, epochs: 30, beside_joint: false }
                    } else {
                        let by = Greedy::Autoencoders { masking: 0.25 };
                        Strategy::LayerWise { by, epochs: 20, beside_joint: true }
                    },
                    ..base.training
                },
                ..base
            },
            Recipe::Hashing => Project {
                encoder: vec![dense(128, Activation::Relu)],
                code: Code {
                    kind: Bottleneck::Hashing { std: 4.0, threshold: Threshold::Half },
                    ..Code::plain(16)
                },
                loss: Loss::BinaryCrossEntropy,
                ..base
            },
            Recipe::Quantised => Project {
                encoder: vec![dense(128, Activation::Relu)],
                code: Code {
                    kind: Bottleneck::Quantised {
                        entries: 64,
                        dimension: 4,
                        commitment: 0.25,
                        update: CodebookUpdate::MovingAverage,
                    },
                    ..Code::plain(16)
                },
                ..base
            },
            Recipe::SuperResolution => Project {
                data: Data {
                    source: Source::Synthetic(Synthetic::Shapes { count: 3000, size: 16, seed: 1 }),
                    ..Data::default()
                },
                corruption: Corruption::Pixelate { size: 4 },
                encoder: vec![dense(256, Activation::Relu)],
                code: Code { activation: Activation::Relu, ..Code::plain(64) },
                training: Training { epochs: 40, ..base.training },
                ..base
            },
            Recipe::Inpainting => Project {
                corruption: Corruption::MissingRectangle { side: 0.4 },
                encoder: vec![dense(256, Activation::Relu)],
                code: Code { activation: Activation::Relu, ..Code::plain(48) },
                ..base
            },
            Recipe::Anomaly => Project {
                data: Data { held_out: Some("0".to_owned()), ..Data::default() },
                code: Code::plain(6),
                training: Training { epochs: 60, ..base.training },
                ..base
            },
            Recipe::Tabular => Project {
                data: Data {
                    source: Source::Synthetic(Synthetic::Informative {
                        count: 2000,
                        features: 30,
                        informative: 5,
                        seed: 1,
                    }),
                    scaling: Scaling::Standardise,
                    ..Data::default()
                },
                encoder: vec![dense(64, Activation::Relu)],
                code: Code::plain(5),
                output: Output { activation: Activation::Linear },
                ..base
            },
        }
    }
}
