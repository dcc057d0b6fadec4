//! Changes of a design that fix a fault.

use crate::project::{
    Activation, Bottleneck, CodeForm, CodebookUpdate, Corruption, Data, Decoder, EarlyStopping,
    Initialisation, Layer, Loss, Optimizer, Place, Project, Regularizer, Scaling, Variance,
};

/// A change of a design that helps against a [`super::Fault`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Advice {
    /// Another base learning rate.
    LearningRate(f32),
    /// Adam with its defaults, and this learning rate.
    Adam(f32),
    /// Gradients are clipped to this norm.
    ClipGradient(f32),
    /// Another number of epochs.
    Epochs(u32),
    /// Other initial weights.
    Initialisation(Initialisation),
    /// Training stops when the validation loss no longer falls, and keeps the best weights.
    EarlyStopping,
    /// A dropout layer with this rate after the first layer with weights.
    Dropout(f32),
    /// Inputs are corrupted by Gaussian noise with this standard deviation.
    Denoise(f32),
    /// Layers with half as many units or channels.
    NarrowLayers,
    /// Layers with twice as many units or channels.
    WideLayers,
    /// Another number of units or channels of the code.
    CodeSize {
        /// The new number.
        units: usize,
        /// Units or channels.
        form: CodeForm,
    },
    /// Another activation of the code.
    CodeActivation(Activation),
    /// A k-sparse code starts with all units, and keeps fewer over time.
    LoweredK,
    /// Another activation in all hidden layers that have `from`.
    Activation {
        /// The current activation.
        from: Activation,
        /// The new activation.
        to: Activation,
    },
    /// `ReLU` in all hidden layers that have `from`, with suitable initial weights.
    Relu {
        /// The current activation.
        from: Activation,
    },
    /// A batch norm after every hidden layer with weights, before its activation.
    BatchNorm,
    /// A linear output.
    LinearOutput,
    /// Data scaled to [0, 1].
    UnitRange,
    /// Another likelihood; the output becomes a sigmoid for cross-entropy.
    Likelihood(Loss),
    /// The weight of the divergence of a variational code rises over this number of epochs.
    WarmUp(u32),
    /// Another weight of the divergence.
    Beta(f32),
    /// Nats per unit without penalty.
    FreeNats(f32),
    /// Codebook entries are moving averages of their vectors.
    MovingAverage,
    /// Initial temperature of a selector.
    StartTemperature(f32),
    /// Another weight of one penalty.
    Penalty {
        /// Its index in the design's list.
        at: usize,
        /// Its name.
        name: &'static str,
        /// The new weight.
        weight: f32,
    },
}

impl Advice {
    /// The text of its button, which names all changes.
    pub fn label(self) -> String {
        match self {
            Advice::LearningRate(rate) => format!("Use a learning rate of {}", shortest(rate)),
            Advice::Adam(rate) => format!("Use Adam with a learning rate of {}", shortest(rate)),
            Advice::ClipGradient(norm) => format!("Clip gradients to a norm of {}", shortest(norm)),
            Advice::Epochs(epochs) => format!("Train for {epochs} epochs"),
            Advice::Initialisation(kind) => format!("Use {} initialisation", kind.name()),
            Advice::EarlyStopping => {
                let patience = EarlyStopping::default().patience;
                format!("Use early stopping with a patience of {patience} epochs")
            }
            Advice::Dropout(rate) => format!("Add dropout of {} after the first layer", shortest(rate)),
            Advice::Denoise(std) => format!("Add Gaussian input noise of {}", shortest(std)),
            Advice::NarrowLayers => "Halve the widths of all layers".to_owned(),
            Advice::WideLayers => "Double the widths of all layers".to_owned(),
            Advice::CodeSize { units, form } => {
                let one = match form {
                    CodeForm::Units => "unit",
                    CodeForm::Channels => "channel",
                };
                format!("Use a code of {units} {one}{}", if units == 1 { "" } else { "s" })
            }
            Advice::CodeActivation(Activation::Linear) => "Make the code linear".to_owned(),
            Advice::CodeActivation(activation) => format!("Use {} in the code", activation.name()),
            Advice::LoweredK => "Start with all units and lower k".to_owned(),
            Advice::Activation { from, to } => format!("Use {} instead of {}", to.name(), from.name()),
            Advice::Relu { from } => {
                format!("Use ReLU instead of {}, and He initialisation", from.name())
            }
            Advice::BatchNorm => "Add batch norm to the hidden layers".to_owned(),
            Advice::LinearOutput => "Make the output linear".to_owned(),
            Advice::UnitRange => "Scale the data to [0, 1]".to_owned(),
            Advice::Likelihood(Loss::Gaussian { variance: Variance::Learned }) => {
                "Use a Gaussian likelihood with learned σ".to_owned()
            }
            Advice::Likelihood(Loss::BinaryCrossEntropy) => {
                "Use binary cross-entropy with a sigmoid output".to_owned()
            }
            Advice::Likelihood(loss) => format!("Use {}", loss.name()),
            Advice::WarmUp(epochs) => format!("Warm up the KL term over {epochs} epochs"),
            Advice::Beta(beta) => format!("Lower β to {}", shortest(beta)),
            Advice::FreeNats(nats) => format!("Allow {} free nats per unit", shortest(nats)),
            Advice::MovingAverage => "Update the codebook by moving average".to_owned(),
            Advice::StartTemperature(temperature) => {
                format!("Start at a temperature of {}", shortest(temperature))
            }
            Advice::Penalty { name, weight, .. } => {
                format!("Lower the weight of the {name} penalty to {}", shortest(weight))
            }
        }
    }

    /// The card or form that changes.
    pub fn place(self) -> Place {
        match self {
            Advice::LearningRate(_)
            | Advice::Adam(_)
            | Advice::ClipGradient(_)
            | Advice::Epochs(_)
            | Advice::Initialisation(_)
            | Advice::EarlyStopping => Place::Training,
            Advice::Denoise(_) => Place::Corruption,
            Advice::UnitRange => Place::Data,
            Advice::Dropout(_)
            | Advice::NarrowLayers
            | Advice::WideLayers
            | Advice::Activation { .. }
            | Advice::Relu { .. }
            | Advice::BatchNorm => Place::Encoder(0),
            Advice::LinearOutput | Advice::Likelihood(_) => Place::Output,
            Advice::CodeSize { .. }
            | Advice::CodeActivation(_)
            | Advice::LoweredK
            | Advice::WarmUp(_)
            | Advice::Beta(_)
            | Advice::FreeNats(_)
            | Advice::MovingAverage
            | Advice::StartTemperature(_)
            | Advice::Penalty { .. } => Place::Code,
        }
    }

    /// The parts of a design that advice can change: without the description of its data and the
    /// selections, which may be long.
    pub fn part_of(design: &Project) -> Project {
        let Project { corruption, loss, .. } = *design;
        Project {
            corruption,
            loss,
            data: Data { scaling: design.data.scaling, ..Data::default() },
            encoder: design.encoder.clone(),
            code: design.code.clone(),
            regularizers: design.regularizers.clone(),
            decoder: design.decoder.clone(),
            output: design.output.clone(),
            training: design.training.clone(),
            ..Project::default()
        }
    }

    /// The design with the change; `None` if that is the same design.
    pub fn change(self, design: &Project) -> Option<Project> {
        let mut changed = design.clone();
        self.apply(&mut changed);
        (changed != *design).then_some(changed)
    }

    /// Makes the change, if it fits the design.
    pub fn apply(self, design: &mut Project) {
        let training = &mut design.training;
        match self {
            Advice::LearningRate(rate) => training.learning_rate = rate,
            Advice::Adam(rate) => {
                (training.optimizer, training.learning_rate) = (Optimizer::default(), rate);
            }
            Advice::ClipGradient(norm) => training.gradient_clip = Some(norm),
            Advice::Epochs(epochs) => training.epochs = epochs,
            Advice::Initialisation(kind) => training.initialisation = kind,
            Advice::EarlyStopping => {
                training.early_stopping.get_or_insert_with(EarlyStopping::default);
            }
            Advice::Dropout(rate) => {
                if let Some(first) = design.encoder.iter().position(has_weights) {
                    design.insert_layer(Place::Encoder(first + 1), Layer::Dropout { rate });
                }
            }
            Advice::Denoise(std) => {
                if !design.corruption.corrupts() {
                    design.corruption = Corruption::Gaussian { std };
                }
            }
            Advice::NarrowLayers => scale_layers(design, |width| (width / 2).max(1)),
            Advice::WideLayers => scale_layers(design, |width| width.saturating_mul(2)),
            Advice::CodeSize { units, form } => {
                // The form may have changed since, so the number would mean something else.
                if design.code.form == form {
                    design.code.units = units;
                }
            }
            Advice::CodeActivation(activation) => design.code.activation = activation,
            Advice::LoweredK => {
                if let Bottleneck::KSparse { lowers, .. } = &mut design.code.kind {
                    *lowers = true;
                }
            }
            Advice::Activation { from, to } => {
                replace_activation(design, from, to);
            }
            Advice::Relu { from } => {
                if replace_activation(design, from, Activation::Relu) {
                    design.training.initialisation = Initialisation::He;
                }
            }
            Advice::BatchNorm => add_norms(design),
            Advice::LinearOutput => design.output.activation = Activation::Linear,
            Advice::UnitRange => design.data.scaling = Scaling::UnitRange,
            Advice::Likelihood(loss) => {
                design.loss = loss;
                if loss == Loss::BinaryCrossEntropy {
                    design.output.activation = Activation::Sigmoid;
                }
            }
            Advice::WarmUp(epochs) => {
                if let Bottleneck::Variational { warmup_epochs, .. } = &mut design.code.kind {
                    *warmup_epochs = epochs;
                }
            }
            Advice::Beta(weight) => {
                if let Bottleneck::Variational { beta, .. } = &mut design.code.kind
                    && *beta > weight
                {
                    *beta = weight;
                }
            }
            Advice::FreeNats(nats) => {
                if let Bottleneck::Variational { free_nats, .. } = &mut design.code.kind {
                    *free_nats = nats;
                }
            }
            Advice::MovingAverage => {
                if let Bottleneck::Quantised { update, .. } = &mut design.code.kind {
                    *update = CodebookUpdate::MovingAverage;
                }
            }
            Advice::StartTemperature(temperature) => {
                if let Bottleneck::Concrete { start_temperature, .. } = &mut design.code.kind {
                    *start_temperature = temperature;
                }
            }
            Advice::Penalty { at, name, weight } => {
                // The list may have changed since; a weight that is already lower is kept.
                let own = design.regularizers.get_mut(at);
                let is_meant = |own: &&mut Regularizer| own.penalty.name() == name && own.weight > weight;
                if let Some(regularizer) = own.filter(is_meant) {
                    regularizer.weight = weight;
                }
            }
        }
    }
}

/// The shortest text of a number.
fn shortest(value: f32) -> String {
    value.to_string()
}

fn has_weights(layer: &Layer) -> bool {
    matches!(layer, Layer::Dense { .. } | Layer::Conv2d { .. } | Layer::ConvTranspose2d { .. })
}

/// Changes the widths of all layers with weights, except the last of a free decoder, whose width
/// may be the input's. Changes nothing if another layer depends on a width.
fn scale_layers(design: &mut Project, scaled: impl Fn(usize) -> usize) {
    let own = match &mut design.decoder {
        Decoder::Free(layers) => layers.as_mut_slice(),
        Decoder::Mirrored { .. } => &mut [],
    };
    let depends = |layer: &Layer| {
        matches!(
            layer,
            Layer::Reshape { .. }
                | Layer::GroupNorm { .. }
                | Layer::Conv2d { groups: 2.., .. }
                | Layer::ConvTranspose2d { groups: 2.., .. }
        )
    };
    if design.encoder.iter().chain(own.iter()).any(depends) {
        return;
    }
    let inner = own.len().saturating_sub(1);
    for layer in design.encoder.iter_mut().chain(&mut own[..inner]) {
        if let Layer::Dense { units: width, .. }
        | Layer::Conv2d { channels: width, .. }
        | Layer::ConvTranspose2d { channels: width, .. } = layer
        {
            *width = scaled(*width);
        }
    }
}

/// Replaces an activation in all layers of the encoder and of a free decoder; returns whether one
/// had it.
fn replace_activation(design: &mut Project, from: Activation, to: Activation) -> bool {
    let own = match &mut design.decoder {
        Decoder::Free(layers) => layers.as_mut_slice(),
        Decoder::Mirrored { .. } => &mut [],
    };
    let activations = design.encoder.iter_mut().chain(own).filter_map(Layer::activation_mut);
    let mut is_any = false;
    for own in activations.filter(|own| **own == from) {
        (*own, is_any) = (to, true);
    }
    is_any
}

/// Adds a batch norm after every layer with weights that has no norm after it, except the last of a
/// free decoder. The activation moves to the batch norm.
fn add_norms(design: &mut Project) {
    let is_norm = |layer: &Layer| {
        matches!(layer, Layer::BatchNorm { .. } | Layer::LayerNorm { .. } | Layer::GroupNorm { .. })
    };
    let lacks = |layers: &[Layer]| -> Vec<(usize, Activation)> {
        let needs = |at: &usize| has_weights(&layers[*at]) && !layers.get(at + 1).is_some_and(is_norm);
        // From last to first, so that indices stay valid while layers are added.
        (0..layers.len()).rev().filter(needs).filter_map(|at| Some((at, layers[at].activation()?))).collect()
    };
    let mut decoder = if let Decoder::Free(layers) = &design.decoder { lacks(layers) } else { Vec::new() };
    // The last layer may be the output.
    if let Decoder::Free(layers) = &design.decoder {
        decoder.retain(|(at, _)| at + 1 < layers.len());
    }
    let encoder = lacks(&design.encoder);
    let encoder = encoder.into_iter().map(|(at, own)| (Place::Encoder(at), Place::Encoder(at + 1), own));
    let decoder = decoder.into_iter().map(|(at, own)| (Place::Decoder(at), Place::Decoder(at + 1), own));
    for (place, after, activation) in encoder.chain(decoder) {
        if let Some(layer) = design.layer_mut(place) {
            *layer = layer.clone().with_activation(Activation::Linear);
        }
        design.insert_layer(after, Layer::BatchNorm { activation });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Code, Competition, Penalty, Recipe, Site};

    fn check(advice: Advice, edit: impl FnOnce(&mut Project), expected: impl FnOnce(&mut Project)) {
        let mut design = Recipe::Undercomplete.project();
        edit(&mut design);
        let mut wanted = design.clone();
        expected(&mut wanted);
        let changed = advice.change(&design).unwrap_or_else(|| design.clone());
        assert_eq!(changed, wanted, "{advice:?}");
        assert_eq!(advice.change(&changed), None, "{advice:?} once more");
        assert!(!advice.label().is_empty());
    }

    #[test]
    fn a_change_is_made_once_and_only_where_it_fits() {
        check(Advice::LearningRate(1e-4), |_| {}, |own| own.training.learning_rate = 1e-4);
        check(
            Advice::EarlyStopping,
            |_| {},
            |own| own.training.early_stopping = Some(EarlyStopping::default()),
        );
        let size = |form| Advice::CodeSize { units: 8, form };
        check(size(CodeForm::Units), |_| {}, |own| own.code.units = 8);
        check(size(CodeForm::Channels), |_| {}, |_| {});
        let adam = |own: &mut Project| {
            (own.training.optimizer, own.training.learning_rate) = (Optimizer::default(), 2e-3);
        };
        let sgd = Optimizer::Sgd { momentum: 0.9, nesterov: false };
        check(Advice::Adam(2e-3), |own| own.training.optimizer = sgd, adam);
        let he = Initialisation::He;
        check(Advice::Initialisation(he), |_| {}, |own| own.training.initialisation = he);
        check(Advice::CodeActivation(Activation::Tanh), |_| {}, |own| own.code.activation = Activation::Tanh);
        let k_sparse = |lowers| Bottleneck::KSparse { k: 2, alpha: 1.0, lowers, within: Competition::Code };
        check(Advice::LoweredK, |_| {}, |_| {});
        check(Advice::LoweredK, |own| own.code.kind = k_sparse(false), |own| own.code.kind = k_sparse(true));
        check(Advice::Denoise(0.2), |_| {}, |own| own.corruption = Corruption::Gaussian { std: 0.2 });
        check(Advice::Denoise(0.2), |own| own.corruption = Corruption::Pixelate { size: 2 }, |_| {});
        let (from, to) = (Activation::Relu, Activation::LeakyRelu);
        check(
            Advice::Activation { from, to },
            |_| {},
            |own| own.encoder.iter_mut().for_each(|layer| *layer = layer.clone().with_activation(to)),
        );
        // ReLU comes with suitable weights, if there is an activation to replace.
        let tanh = |own: &mut Project| replace_activation(own, Activation::Relu, Activation::Tanh);
        let relu = Advice::Relu { from: Activation::Tanh };
        check(relu, |_| {}, |_| {});
        check(
            relu,
            |own| {
                tanh(own);
            },
            |own| {
                replace_activation(own, Activation::Tanh, Activation::Relu);
                own.training.initialisation = Initialisation::He;
            },
        );
        // Penalties that were removed, or never existed.
        let penalty = Advice::Penalty { at: 0, name: Penalty::L1.name(), weight: 0.1 };
        check(penalty, |_| {}, |_| {});
        let add = |own: &mut Project, weight| {
            own.regularizers = vec![Regularizer { on: Site::Code, penalty: Penalty::L1, weight }];
        };
        check(penalty, |own| add(own, 1.0), |own| add(own, 0.1));
        check(penalty, |own| add(own, 0.05), |own| add(own, 0.05));
        check(Advice::Beta(0.5), |_| {}, |_| {});
        let kind = |beta| Bottleneck::Variational { beta, warmup_epochs: 0, free_nats: 0.0 };
        check(
            Advice::Beta(0.5),
            |own| own.code = Code { kind: kind(2.0), ..Code::plain(2) },
            |own| own.code.kind = kind(0.5),
        );
        let lower = |own: &mut Project| own.code = Code { kind: kind(0.25), ..Code::plain(2) };
        check(Advice::Beta(0.5), lower, |_| {});
        check(Advice::MovingAverage, |_| {}, |_| {});
    }

    #[test]
    fn norms_take_the_activations_over_and_penalties_stay_with_their_layers() {
        let mut design = Recipe::Undercomplete.project();
        design.regularizers = vec![Regularizer { on: Site::Encoder(1), penalty: Penalty::L1, weight: 1.0 }];
        Advice::BatchNorm.apply(&mut design);
        let names: Vec<_> = design.encoder.iter().map(|layer| (layer.name(), layer.activation())).collect();
        let (linear, relu) = (Some(Activation::Linear), Some(Activation::Relu));
        let expected = [("Dense", linear), ("BatchNorm", relu), ("Dense", linear), ("BatchNorm", relu)];
        assert_eq!(names, expected);
        assert_eq!(design.regularizers[0].on, Site::Encoder(2));
        assert_eq!(Advice::BatchNorm.change(&design), None);
    }

    #[test]
    fn layers_are_scaled_but_for_the_last_of_a_decoder_of_its_own() {
        let mut design = Recipe::Undercomplete.project();
        let dense = |units| Layer::Dense { units, activation: Activation::Relu };
        design.decoder = Decoder::Free(vec![dense(20), dense(64)]);
        Advice::NarrowLayers.apply(&mut design);
        assert_eq!(design.encoder, [dense(64), dense(32)]);
        assert_eq!(design.decoder, Decoder::Free(vec![dense(10), dense(64)]));
        design.encoder.push(Layer::Reshape { height: 8, width: 4, channels: 1 });
        assert_eq!(Advice::WideLayers.change(&design), None);
    }
}
