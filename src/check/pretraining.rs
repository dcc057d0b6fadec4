//! Layers that are trained by themselves before they are trained together.

use super::DataFacts;
use super::stage::{Stage, StageKind};
use crate::project::{
    Activation, Code, Corruption, Data, Decoder, Greedy, Loss, Output, Place, Project, Scaling, Shape,
    Source, Strategy, Training,
};

/// A layer of the encoder and the one of the decoder that undoes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The card of the encoder's layer.
    pub place: Place,
    /// Position of the encoder's layer among the plan's stages.
    pub stage: usize,
    /// Prefix of its parameters' names.
    pub encoder: String,
    /// Prefix of the names of the decoder's layer.
    pub decoder: String,
    /// Features that come in, and go out of the decoder's layer.
    pub inputs: usize,
    /// Units.
    pub outputs: usize,
    /// The function of the encoder's layer.
    pub activation: Activation,
    /// The function of the decoder's layer; that of the design's output for the first.
    pub back: Activation,
}

/// All pairs of a network whose decoder mirrors its dense encoder, from the input to the code.
pub(super) fn pairs(design: &Project, encoder: &[Stage], decoder: &[Stage]) -> Vec<Pair> {
    let dense = |stage: &Stage| {
        if let StageKind::Dense { activation } = stage.kind {
            Some((stage.name.clone(), activation))
        } else {
            None
        }
    };
    let mirrored = decoder.iter().rev().filter_map(dense);
    let encoder = encoder.iter().enumerate().filter_map(|(at, stage)| Some((at, stage, dense(stage)?)));
    let pairs = encoder.zip(mirrored).map(|((at, stage, (encoder, activation)), (decoder, back))| Pair {
        place: stage.place,
        stage: at,
        encoder,
        decoder,
        inputs: stage.inputs(),
        outputs: stage.outputs(),
        activation,
        back,
    });
    let mut pairs: Vec<Pair> = pairs.collect();
    if let Some(first) = pairs.first_mut() {
        // The plan may have taken it into the loss.
        first.back = design.output.activation;
    }
    pairs
}

/// The autoencoder of one hidden layer that the pair `number` (from 0) is trained as, and what is
/// known of its input; `None` where it is trained as a Boltzmann machine.
pub(super) fn autoencoder(
    design: &Project,
    facts: &DataFacts,
    pair: &Pair,
    number: usize,
) -> Option<(Project, DataFacts)> {
    let Strategy::LayerWise { by: Greedy::Autoencoders { masking }, .. } = design.training.strategy else {
        return None;
    };
    let is_first = number == 0;
    let source = if is_first { design.data.source.clone() } else { Source::default() };
    let small = Project {
        // Missing values are masked where the source has some.
        data: Data { source, scaling: Scaling::None, ..Data::default() },
        corruption: if masking > 0.0 {
            Corruption::Masking { probability: masking }
        } else {
            Corruption::None
        },
        encoder: Vec::new(),
        code: Code { activation: pair.activation, ..Code::plain(pair.outputs) },
        regularizers: Vec::new(),
        decoder: Decoder::Mirrored { tied: false },
        output: Output { activation: pair.back },
        feature_weights: if is_first { design.feature_weights.clone() } else { Vec::new() },
        loss: if is_first { design.loss } else { Loss::SquaredError },
        training: Training {
            seed: design.training.seed.wrapping_add(number as u64 + 1),
            early_stopping: None,
            strategy: Strategy::Joint,
            ..design.training.clone()
        },
        // Not the rest of the design: copied for each layer, its layers would be copied a square of times.
        format_version: design.format_version,
        name: design.name.clone(),
        selections: Vec::new(),
        others: Vec::new(),
        pins: Vec::new(),
    };
    let facts = DataFacts {
        shape: Shape::Vector(pair.inputs),
        // Hidden layers hand on values without a range that must be kept to.
        value_range: if is_first { facts.value_range } else { (0.0, 1.0) },
        ..*facts
    };
    Some((small, facts))
}
