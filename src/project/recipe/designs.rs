use super::Recipe;
use crate::project::{
    Activation, Bottleneck, Code, CodebookUpdate, Corruption, Data, Decoder, Distance, Estimator,
    FORMAT_VERSION, Greedy, Layer, Loss, Output, Over, Padding, Penalty, Project, Regularizer, Scaling,
    Schedule, Site, Source, Strategy, Synthetic, Threshold, Training, Variance,
};

impl Recipe {
    /// The project itself.
    pub fn project(self) -> Project {
        let dense = |units, activation| Layer::Dense { units, activation };
        let convolution = |channels, kernel, stride| {
            let (padding, activation) = (Padding::Same, Activation::Linear);
            let convolution =
                Layer::Conv2d { channels, kernel, stride, padding, dilation: 1, groups: 1, activation };
            [convolution, Layer::BatchNorm { activation: Activation::Relu }]
        };
        let doubled = |channels| {
            let convolution = Layer::ConvTranspose2d {
                channels,
                kernel: 5,
                stride: 2,
                padding: Padding::Same,
                output_padding: None,
                dilation: 1,
                groups: 1,
                activation: Activation::Linear,
            };
            [convolution, Layer::BatchNorm { activation: Activation::Relu }]
        };
        // Batch norm allows a high rate, and with a rate that falls to almost 0 few epochs are
        // enough.
        let falling = |learning_rate, epochs| Training {
            learning_rate,
            schedule: Schedule::Cosine { floor: 0.01 },
            epochs,
            ..Training::default()
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
            feature_weights: Vec::new(),
            training: Training::default(),
            selections: Vec::new(),
            others: Vec::new(),
            pins: Vec::new(),
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
                encoder: [convolution(32, 3, 2), convolution(64, 3, 2), convolution(64, 3, 1)].concat(),
                code: Code::channels(8),
                training: falling(6e-3, 30),
                ..base
            },
            Recipe::Sparse => Project {
                encoder: vec![],
                code: Code { activation: Activation::Sigmoid, ..Code::plain(128) },
                regularizers: vec![Regularizer {
                    on: Site::Code,
                    penalty: Penalty::Sparsity { target: 0.1, distance: Distance::Kl, over: Over::Samples },
                    weight: 0.1,
                }],
                // The error of a code of this size can fall for a long time; a falling rate lets it
                // converge.
                training: falling(1e-2, 100),
                ..base
            },
            Recipe::KSparse => Project {
                encoder: vec![],
                code: Code {
                    kind: Bottleneck::KSparse {
                        k: 10,
                        alpha: 1.0,
                        lowers: true,
                        within: crate::project::Competition::Code,
                    },
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
                    penalty: Penalty::Contractive { estimator: Estimator::Affordable },
                    weight: 0.5,
                }],
                decoder: Decoder::Mirrored { tied: true },
                loss: Loss::BinaryCrossEntropy,
                ..base
            },
            Recipe::Convolutional => Project {
                // The last one lets each of the 2×2 positions see the others.
                encoder: [convolution(16, 3, 2), convolution(32, 3, 2), convolution(32, 3, 1)].concat(),
                code: Code::channels(2),
                training: falling(6e-3, 24),
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
                encoder: [convolution(16, 3, 2), convolution(32, 3, 1)].concat(),
                code: Code {
                    kind: Bottleneck::Quantised {
                        entries: 64,
                        dimension: 8,
                        commitment: 0.25,
                        update: CodebookUpdate::MovingAverage,
                    },
                    ..Code::channels(8)
                },
                training: falling(6e-3, 12),
                ..base
            },
            Recipe::SuperResolution => Project {
                data: Data {
                    source: Source::Synthetic(Synthetic::Shapes { count: 3000, size: 16, seed: 1 }),
                    ..Data::default()
                },
                corruption: Corruption::Pixelate { size: 4 },
                // The encoder reads the small picture itself; only the decoder enlarges it (Dong,
                // Loy & Tang 2016, FSRCNN).
                encoder: [vec![Layer::AvgPool2d { size: 4 }], convolution(32, 3, 1).to_vec()].concat(),
                code: Code::channels(4),
                decoder: Decoder::Free(
                    [convolution(32, 3, 1).to_vec(), doubled(16).to_vec(), doubled(1)[..1].to_vec()].concat(),
                ),
                // Squared error leaves grey around the shapes.
                loss: Loss::BinaryCrossEntropy,
                training: falling(6e-3, 12),
                ..base
            },
            Recipe::Inpainting => Project {
                corruption: Corruption::MissingRectangle { side: 0.4 },
                // Each position of the code depends on 11×11 pixels, so also on what is around the
                // hole.
                encoder: [convolution(32, 3, 2), convolution(64, 3, 1), convolution(64, 3, 1)].concat(),
                code: Code::channels(3),
                training: falling(6e-3, 30),
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
