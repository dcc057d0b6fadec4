//! Small designs that each show one finding.

use hourglass::project::{
    Activation, Binarise, Bottleneck, Code, CodebookUpdate, Decoder, Initialisation, Layer, Loss, Optimizer,
    Output, Penalty, Project, Recipe, Regularizer, Scaling, Site, Source, Split, Synthetic, Training,
    Variance,
};
use hourglass::run::Fault;

use super::trial::{Case, Figure};

const MOMENTUM: Optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false };
const PLAIN_SGD: Optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };

fn dense(units: usize, activation: Activation) -> Layer {
    Layer::Dense { units, activation }
}

/// The digits, one hidden layer of 32, a code of eight and few epochs; modified.
fn digits(edit: impl FnOnce(&mut Project)) -> Project {
    let mut project = Recipe::Undercomplete.project();
    project.encoder = vec![dense(32, Activation::Relu)];
    project.code = Code::plain(8);
    project.training = Training { epochs: 20, ..project.training };
    edit(&mut project);
    project
}

/// A table of 20 columns, of which four determine most of the others; modified.
fn table(edit: impl FnOnce(&mut Project)) -> Project {
    digits(|own| {
        let informative = Synthetic::Informative { count: 800, features: 20, informative: 4, seed: 1 };
        own.data.source = Source::Synthetic(informative);
        own.data.scaling = Scaling::Standardise;
        own.output = Output { activation: Activation::Linear };
        edit(own);
    })
}

/// A variational code.
fn variational(own: &mut Project, units: usize, beta: f32, loss: Loss) {
    own.code = Code {
        kind: Bottleneck::Variational { beta, warmup_epochs: 0, free_nats: 0.0 },
        ..Code::plain(units)
    };
    own.loss = loss;
}

fn codebook(own: &mut Project, entries: usize, update: CodebookUpdate) {
    let kind = Bottleneck::Quantised { entries, dimension: 4, commitment: 0.25, update };
    own.code = Code { kind, ..Code::plain(16) };
}

/// A selector of a few columns of the table.
fn selector(own: &mut Project, units: usize, start_temperature: f32, epochs: u32) {
    own.encoder = Vec::new();
    let kind = Bottleneck::Concrete { start_temperature, end_temperature: 0.01, tries: 1 };
    own.code = Code { kind, ..Code::plain(units) };
    own.decoder = Decoder::Free(vec![dense(24, Activation::Relu)]);
    own.training.batch_size = 16;
    own.training.epochs = epochs;
}

/// Designs that show each finding with all its remedies.
pub const CASES: &[Case] = &[
    Case {
        name: "SGD with a rate of 0.3",
        fault: Fault::Diverged,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.output.activation = Activation::Linear;
                (own.training.optimizer, own.training.learning_rate) = (PLAIN_SGD, 0.3);
            })
        },
    },
    Case {
        name: "standardised data with a sigmoid output",
        fault: Fault::OutputReach,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.data.scaling = Scaling::Standardise;
            })
        },
    },
    Case {
        name: "variational, squared error, β = 4",
        fault: Fault::Collapse,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                variational(own, 4, 4.0, Loss::SquaredError);
                own.training.epochs = 80;
            })
        },
    },
    Case {
        name: "variational, squared error, β = 2, data of 0 and 1",
        fault: Fault::Collapse,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                own.data.binarise = Binarise::Threshold;
                variational(own, 4, 2.0, Loss::SquaredError);
                own.training.epochs = 60;
            })
        },
    },
    Case {
        name: "variational, cross-entropy, β = 4",
        fault: Fault::Collapse,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                variational(own, 8, 4.0, Loss::BinaryCrossEntropy);
            })
        },
    },
    Case {
        name: "variational, cross-entropy, four layers",
        fault: Fault::Collapse,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                variational(own, 8, 1.0, Loss::BinaryCrossEntropy);
                own.encoder = vec![dense(64, Activation::Relu); 4];
                own.training.epochs = 40;
            })
        },
    },
    Case {
        name: "variational, Gaussian with σ = 2",
        fault: Fault::Collapse,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                variational(own, 4, 1.0, Loss::Gaussian { variance: Variance::Fixed { std: 2.0 } });
                own.training.epochs = 40;
            })
        },
    },
    Case {
        name: "variational, Huber",
        fault: Fault::Collapse,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                variational(own, 4, 1.0, Loss::Huber { delta: 0.1 });
                own.training.epochs = 40;
            })
        },
    },
    Case {
        name: "16 variational units, squared error",
        fault: Fault::InactiveUnits,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                variational(own, 16, 1.0, Loss::SquaredError);
                own.training.epochs = 40;
            })
        },
    },
    Case {
        name: "16 variational units, cross-entropy, β = 2",
        fault: Fault::InactiveUnits,
        figure: Figure::LackingNats,
        design: || {
            digits(|own| {
                variational(own, 16, 2.0, Loss::BinaryCrossEntropy);
                own.training.epochs = 100;
            })
        },
    },
    Case {
        name: "SGD with momentum and a rate of 0.3",
        fault: Fault::HighRate,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                (own.training.optimizer, own.training.learning_rate) = (MOMENTUM, 0.3);
            })
        },
    },
    Case {
        name: "two LeakyReLU layers, Adam with a rate of 0.1",
        fault: Fault::HighRate,
        figure: Figure::Error,
        design: || {
            table(|own| {
                own.encoder = vec![dense(32, Activation::LeakyRelu); 2];
                own.training.learning_rate = 0.1;
                own.training.batch_size = 16;
            })
        },
    },
    Case {
        name: "two layers, Adam with a rate of 0.3",
        fault: Fault::HighRate,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(128, Activation::Relu), dense(64, Activation::Relu)];
                own.code = Code::plain(2);
                own.training.learning_rate = 0.3;
            })
        },
    },
    Case {
        name: "SGD with a rate of 0.2",
        fault: Fault::ExplodingGradients,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.output.activation = Activation::Linear;
                (own.training.optimizer, own.training.learning_rate) = (PLAIN_SGD, 0.2);
            })
        },
    },
    Case {
        name: "three sigmoid layers, SGD",
        fault: Fault::VanishingGradients,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(32, Activation::Sigmoid); 3];
                (own.training.optimizer, own.training.learning_rate) = (MOMENTUM, 0.01);
            })
        },
    },
    Case {
        name: "six LeakyReLU layers, SGD with a rate of 0.001",
        fault: Fault::VanishingGradients,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(32, Activation::LeakyRelu); 6];
                (own.training.optimizer, own.training.learning_rate) = (PLAIN_SGD, 0.001);
            })
        },
    },
    Case {
        name: "ReLU layers, Adam with a rate of 0.1",
        fault: Fault::DeadUnits,
        figure: Figure::Dead,
        design: || {
            digits(|own| {
                own.training.learning_rate = 0.1;
            })
        },
    },
    Case {
        name: "six narrow ReLU layers",
        fault: Fault::DeadUnits,
        figure: Figure::Dead,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(16, Activation::Relu); 6];
            })
        },
    },
    Case {
        name: "a ReLU code",
        fault: Fault::DeadUnits,
        figure: Figure::Dead,
        design: || {
            digits(|own| {
                own.code = Code { activation: Activation::Relu, ..Code::plain(16) };
                own.training.learning_rate = 0.01;
            })
        },
    },
    Case {
        name: "an L1 penalty of 1 on a ReLU code",
        fault: Fault::DeadUnits,
        figure: Figure::Dead,
        design: || {
            digits(|own| {
                own.code = Code { activation: Activation::Relu, ..Code::plain(32) };
                own.regularizers = vec![Regularizer { on: Site::Code, penalty: Penalty::L1, weight: 1.0 }];
            })
        },
    },
    Case {
        name: "4 of 128 units active",
        fault: Fault::DeadUnits,
        figure: Figure::Dead,
        design: || {
            digits(|own| {
                own.encoder = Vec::new();
                own.output.activation = Activation::Linear;
                own.code = Recipe::KSparse.project().code;
                if let Bottleneck::KSparse { k, lowers, .. } = &mut own.code.kind {
                    (*k, *lowers) = (4, false);
                }
                own.training.epochs = 60;
            })
        },
    },
    Case {
        name: "weights that start at 0",
        fault: Fault::DeadUnits,
        figure: Figure::Dead,
        design: || {
            digits(|own| {
                own.training.initialisation = Initialisation::Zero;
            })
        },
    },
    Case {
        name: "tanh layers, Adam with a rate of 0.1",
        fault: Fault::SaturatedUnits,
        figure: Figure::Saturated,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(32, Activation::Tanh); 1];
                own.training.learning_rate = 0.1;
            })
        },
    },
    Case {
        name: "sigmoid layers, Adam with a rate of 0.3",
        fault: Fault::SaturatedUnits,
        figure: Figure::Saturated,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(32, Activation::Sigmoid); 1];
                own.training.learning_rate = 0.3;
            })
        },
    },
    Case {
        name: "a sigmoid code, Adam with a rate of 0.02",
        fault: Fault::SaturatedUnits,
        figure: Figure::Saturated,
        design: || {
            digits(|own| {
                own.code.activation = Activation::Sigmoid;
                own.training.learning_rate = 0.02;
            })
        },
    },
    Case {
        name: "64 codebook entries by gradient, rate 0.05",
        fault: Fault::CodebookCollapse,
        figure: Figure::UnusedCodebook,
        design: || {
            digits(|own| {
                codebook(own, 64, CodebookUpdate::Gradient);
                own.training.learning_rate = 0.05;
            })
        },
    },
    Case {
        name: "a selector with 80 epochs",
        fault: Fault::UndecidedSelector,
        figure: Figure::Undecided,
        design: || {
            table(|own| {
                selector(own, 4, 10.0, 80);
            })
        },
    },
    Case {
        name: "a selector that starts at a temperature of 0.1",
        fault: Fault::RepeatedFeatures,
        figure: Figure::Repeated,
        design: || {
            table(|own| {
                selector(own, 8, 0.1, 200);
                own.training.learning_rate = 0.03;
            })
        },
    },
    Case {
        name: "variational with four units, squared error",
        fault: Fault::WorseThanPca,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                variational(own, 4, 1.0, Loss::SquaredError);
                own.training.epochs = 60;
            })
        },
    },
    Case {
        name: "variational with eight units, cross-entropy",
        fault: Fault::WorseThanPca,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                variational(own, 8, 1.0, Loss::BinaryCrossEntropy);
                own.training.epochs = 100;
            })
        },
    },
    Case {
        name: "two sigmoid layers",
        fault: Fault::WorseThanPca,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(32, Activation::Sigmoid); 2];
            })
        },
    },
    Case {
        name: "five ReLU layers",
        fault: Fault::WorseThanPca,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(32, Activation::Relu); 5];
            })
        },
    },
    Case {
        name: "eight hidden units",
        fault: Fault::WorseThanPca,
        figure: Figure::Error,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(8, Activation::Relu); 1];
                own.training.epochs = 100;
            })
        },
    },
    Case {
        name: "80 training samples",
        fault: Fault::Overfitting,
        figure: Figure::Error,
        design: || {
            table(|own| {
                own.encoder = vec![dense(64, Activation::Relu); 2];
                own.code = Code::plain(4);
                own.data.split = Split { validation: 0.7, test: 0.2, ..own.data.split };
                own.training.learning_rate = 0.003;
                own.training.epochs = 150;
            })
        },
    },
    Case {
        name: "64 linear units for 64 pixels",
        fault: Fault::WideCode,
        figure: Figure::KeptNoise,
        design: || {
            digits(|own| {
                own.encoder = Vec::new();
                own.code = Code::plain(64);
                own.output.activation = Activation::Linear;
                own.training.learning_rate = 0.005;
            })
        },
    },
    Case { name: "20 epochs", fault: Fault::StillFalling, figure: Figure::Error, design: || digits(|_| {}) },
    Case {
        name: "one unit",
        fault: Fault::Blurred,
        figure: Figure::LostEdges,
        design: || {
            digits(|own| {
                own.encoder = vec![dense(8, Activation::Linear); 1];
                own.code = Code::plain(1);
                own.output.activation = Activation::Linear;
                own.training.learning_rate = 0.01;
                own.training.epochs = 60;
            })
        },
    },
    Case {
        name: "variational, squared error, free nats",
        fault: Fault::Blurred,
        figure: Figure::LostEdges,
        design: || {
            digits(|own| {
                variational(own, 4, 2.0, Loss::SquaredError);
                if let Bottleneck::Variational { free_nats, .. } = &mut own.code.kind {
                    *free_nats = 0.25;
                }
                own.training.epochs = 60;
            })
        },
    },
    Case {
        name: "variational, cross-entropy, β = 3",
        fault: Fault::Blurred,
        figure: Figure::LostEdges,
        design: || {
            digits(|own| {
                variational(own, 2, 3.0, Loss::BinaryCrossEntropy);
                own.training.epochs = 60;
            })
        },
    },
];
