use crate::check::{Plan, Stage, StageKind};
use crate::project::Activation;

/// A layer of the encoder and the one of the decoder that undoes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Place of the encoder's layer among the plan's stages.
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

impl Pair {
    /// All pairs of a plan whose decoder mirrors its dense encoder, from the input to the code.
    pub fn all(plan: &Plan) -> Vec<Pair> {
        let dense = |stage: &Stage| {
            let StageKind::Dense { activation, .. } = stage.kind else { return None };
            Some((stage.name.clone(), activation))
        };
        let mirrored = plan.decoder().iter().rev().filter_map(dense);
        let encoder =
            plan.encoder().iter().enumerate().filter_map(|(at, stage)| Some((at, stage, dense(stage)?)));
        let pairs = encoder.zip(mirrored).map(|((at, stage, (encoder, activation)), (decoder, back))| Pair {
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
            first.back = plan.design().output.activation;
        }
        pairs
    }
}
