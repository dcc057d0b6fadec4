//! Changes of a design that help against a fault.

use crate::project::{
    Activation, Bottleneck, CodebookUpdate, Corruption, Data, Decoder, EarlyStopping, Layer, Loss, Optimizer,
    Place, Project, Scaling, Variance, format_number,
};

/// A change of a design: a remedy against a [`super::Fault`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Advice {
    /// Another base learning rate.
    LearningRate(f32),
    /// Adam with its defaults and a suitable learning rate.
    Adam,
    /// Gradients are clipped to this norm.
    ClipGradient(f32),
    /// Another number of epochs.
    Epochs(u32),
    /// Training stops when the validation loss no longer falls, and keeps the best weights.
    EarlyStopping,
    /// A dropout layer of this rate after the first layer with weights.
    Dropout(f32),
    /// Inputs are corrupted by Gaussian noise of this deviation.
    Denoise(f32),
    /// Layers with half as many units or channels.
    NarrowLayers,
    /// Layers with twice as many units or channels.
    WideLayers,
    /// Another number of units or channels of the code.
    CodeUnits(usize),
    /// Another activation in all hidden layers that have `from`.
    Activation {
        /// The present activation.
        from: Activation,
        /// The new activation.
        to: Activation,
    },
    /// A batch norm after every layer of the encoder that has weights, before its activation.
    BatchNorm,
    /// A linear output.
    LinearOutput,
    /// Data scaled to [0, 1].
    UnitRange,
    /// Another likelihood.
    Likelihood(Loss),
    /// The weight of the divergence of a variational code rises over this number of epochs.
    WarmUp(u32),
    /// Another weight of the divergence.
    Beta(f32),
    /// Nats per unit that are free of charge.
    FreeNats(f32),
    /// Another number of codebook entries.
    Entries(usize),
    /// Codebook entries follow the moving average of their vectors.
    MovingAverage,
    /// Another weight of one penalty.
    Penalty {
        /// Its index in the design's list.
        at: usize,
        /// The new weight.
        weight: f32,
    },
}

impl Advice {
    /// The text of its button.
    pub fn label(self) -> String {
        let number = |value: f32| format_number(f64::from(value));
        match self {
            Advice::LearningRate(rate) => format!("Use a learning rate of {}", shortest(rate)),
            Advice::Adam => "Use Adam".to_owned(),
            Advice::ClipGradient(norm) => format!("Clip gradients to a norm of {}", shortest(norm)),
            Advice::Epochs(epochs) => format!("Train for {epochs} epochs"),
            Advice::EarlyStopping => "Use early stopping".to_owned(),
            Advice::Dropout(rate) => format!("Add dropout of {}", shortest(rate)),
            Advice::Denoise(std) => format!("Add input noise of {}", shortest(std)),
            Advice::NarrowLayers => "Halve the layer widths".to_owned(),
            Advice::WideLayers => "Double the layer widths".to_owned(),
            Advice::CodeUnits(units) => format!("Set the code size to {units}"),
            Advice::Activation { from, to } => format!("Use {} instead of {}", to.name(), from.name()),
            Advice::BatchNorm => "Add batch norm".to_owned(),
            Advice::LinearOutput => "Make the output linear".to_owned(),
            Advice::UnitRange => "Scale to [0, 1]".to_owned(),
            Advice::Likelihood(Loss::Gaussian { variance: Variance::Learned }) => {
                "Use a Gaussian likelihood with learned σ".to_owned()
            }
            Advice::Likelihood(loss) => format!("Use {}", loss.name()),
            Advice::WarmUp(epochs) => format!("Warm up the KL term over {epochs} epochs"),
            Advice::Beta(beta) => format!("Lower β to {}", shortest(beta)),
            Advice::FreeNats(nats) => format!("Allow {} free nats per unit", shortest(nats)),
            Advice::Entries(entries) => format!("Use {entries} codebook entries"),
            Advice::MovingAverage => "Update the codebook by moving average".to_owned(),
            Advice::Penalty { weight, .. } => format!("Lower the penalty weight to {}", number(weight)),
        }
    }

    /// The card or form that is changed.
    pub fn place(self) -> Place {
        match self {
            Advice::LearningRate(_)
            | Advice::Adam
            | Advice::ClipGradient(_)
            | Advice::Epochs(_)
            | Advice::EarlyStopping => Place::Training,
            Advice::Denoise(_) => Place::Corruption,
            Advice::UnitRange => Place::Data,
            Advice::Dropout(_)
            | Advice::NarrowLayers
            | Advice::WideLayers
            | Advice::Activation { .. }
            | Advice::BatchNorm => Place::Encoder(0),
            Advice::LinearOutput | Advice::Likelihood(_) => Place::Output,
            Advice::CodeUnits(_)
            | Advice::WarmUp(_)
            | Advice::Beta(_)
            | Advice::FreeNats(_)
            | Advice::Entries(_)
            | Advice::MovingAverage
            | Advice::Penalty { .. } => Place::Code,
        }
    }

    /// All of a design that advice changes: without the description of its data and the selections, which may be long.
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

    /// Makes the change, where it fits the design.
    pub fn apply(self, design: &mut Project) {
        let training = &mut design.training;
        match self {
            Advice::LearningRate(rate) => training.learning_rate = rate,
            Advice::Adam => {
                training.optimizer = Optimizer::default();
                training.learning_rate = training.learning_rate.min(2e-3);
            }
            Advice::ClipGradient(norm) => training.gradient_clip = Some(norm),
            Advice::Epochs(epochs) => training.epochs = epochs,
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
            Advice::CodeUnits(units) => design.code.units = units,
            Advice::Activation { from, to } => {
                let own = match &mut design.decoder {
                    Decoder::Free(layers) => layers.as_mut_slice(),
                    Decoder::Mirrored { .. } => &mut [],
                };
                let activations = design.encoder.iter_mut().chain(own).filter_map(Layer::activation_mut);
                activations.filter(|own| **own == from).for_each(|own| *own = to);
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
            Advice::Entries(count) => {
                if let Bottleneck::Quantised { entries, .. } = &mut design.code.kind {
                    *entries = count;
                }
            }
            Advice::MovingAverage => {
                if let Bottleneck::Quantised { update, .. } = &mut design.code.kind {
                    *update = CodebookUpdate::MovingAverage;
                }
            }
            Advice::Penalty { at, weight } => {
                // The list may have changed since: what is lower already stays.
                if let Some(regularizer) = design.regularizers.get_mut(at).filter(|own| own.weight > weight) {
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

/// Changes the widths of all layers with weights, except the last of a free decoder, whose width may be the
/// input's. Changes nothing if another layer depends on a width.
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

/// Adds a batch norm after every encoder layer with weights that has no norm after it. The activation moves
/// to the batch norm.
fn add_norms(design: &mut Project) {
    let is_norm = |layer: &Layer| {
        matches!(layer, Layer::BatchNorm { .. } | Layer::LayerNorm { .. } | Layer::GroupNorm { .. })
    };
    for at in (0..design.encoder.len()).rev() {
        let layer = &mut design.encoder[at];
        let Some(activation) = layer.activation().filter(|_| has_weights(layer)) else { continue };
        if design.encoder.get(at + 1).is_some_and(is_norm) {
            continue;
        }
        let linear = design.encoder[at].clone().with_activation(Activation::Linear);
        design.encoder[at] = linear;
        design.insert_layer(Place::Encoder(at + 1), Layer::BatchNorm { activation });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Code, Penalty, Recipe, Regularizer, Site};

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
        check(Advice::CodeUnits(8), |_| {}, |own| own.code.units = 8);
        check(Advice::Denoise(0.2), |_| {}, |own| own.corruption = Corruption::Gaussian { std: 0.2 });
        check(Advice::Denoise(0.2), |own| own.corruption = Corruption::Pixelate { size: 2 }, |_| {});
        let (from, to) = (Activation::Relu, Activation::LeakyRelu);
        check(
            Advice::Activation { from, to },
            |_| {},
            |own| own.encoder.iter_mut().for_each(|layer| *layer = layer.clone().with_activation(to)),
        );
        // What is no longer there, or never was.
        let penalty = Advice::Penalty { at: 0, weight: 0.1 };
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
        check(Advice::Entries(8), |_| {}, |_| {});
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
