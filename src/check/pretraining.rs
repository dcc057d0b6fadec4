//! Layers that are trained one by one before joint training.

use super::DataFacts;
use super::stage::{Stage, StageKind};
use crate::project::{
    Activation, Code, Corruption, Data, Decoder, Greedy, Loss, Output, Place, Project, Scaling, Shape,
    Source, Strategy, Training,
};

/// A layer of the encoder and the decoder's layer that undoes it.
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
    /// Inputs of the encoder's layer and outputs of the decoder's.
    pub inputs: usize,
    /// Units.
    pub outputs: usize,
    /// The activation of the encoder's layer.
    pub activation: Activation,
    /// The activation of the decoder's layer; for the first pair, that of the design's output.
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
        // The plan may have moved it into the loss.
        first.back = design.output.activation;
    }
    pairs
}

/// The autoencoder with one hidden layer that trains pair `number` (from 0), and the facts about
/// its input; `None` for a Boltzmann machine.
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
        // Missing values are masked if the source has any.
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
        // Not the rest of the design: copying all layers for each layer would take quadratic
        // memory.
        format_version: design.format_version,
        name: design.name.clone(),
        selections: Vec::new(),
        others: Vec::new(),
        pins: Vec::new(),
    };
    let facts = DataFacts {
        shape: Shape::Vector(pair.inputs),
        // The outputs of hidden layers have no range to keep.
        value_range: if is_first { facts.value_range } else { (0.0, 1.0) },
        ..*facts
    };
    Some((small, facts))
}
