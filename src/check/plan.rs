use super::cards::{cards, loss_parameters};
use super::code::code_parameters;
use super::layers::compared;
use super::pretraining::{Pair, autoencoder, pairs};
use super::stages::stages;
use super::{DataFacts, Stage, StageKind};
use crate::project::{Activation, Loss, Project, Shape, Strategy};

/// Most activation values held at a time outside training, if at least one sample fits.
const INFERENCE_VALUES: u64 = 16 << 20;
/// Most rows computed at a time outside training.
const INFERENCE_ROWS: u64 = 1024;

/// A project proven trainable on data of known shape; the engine accepts nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    design: Project,
    facts: DataFacts,
    encoder: Vec<Stage>,
    decoder: Vec<Stage>,
    code: Shape,
    /// Trainable parameters of the code that belong to no stage.
    code_parameters: u64,
    pretraining: Vec<LayerTraining>,
    // Computed once, since it depends on all layers and is queried for each.
    compares_samples: bool,
    values_per_row: u64,
}

/// The training of a single layer, before joint training.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTraining {
    /// The layer, and the one that undoes it.
    pub pair: Pair,
    /// The plan to train it as an autoencoder; `None` for a Boltzmann machine.
    pub autoencoder: Option<Plan>,
}

impl Plan {
    /// The plan of a project whose network is valid, for estimates made while other rules are still
    /// being checked.
    pub(super) fn unchecked(project: &Project, facts: &DataFacts) -> Plan {
        let cards = cards(project, Some(facts.shape));
        let (encoder, decoder) = stages(project, &cards, facts.shape);
        let code = cards.code.output.unwrap_or(Shape::Vector(project.code.units));
        let before = encoder.last().map_or(facts.shape, |stage| stage.output).features();
        let pretraining = match project.training.strategy {
            Strategy::Joint => Vec::new(),
            Strategy::LayerWise { .. } => pairs(project, &encoder, &decoder)
                .into_iter()
                .enumerate()
                .map(|(number, pair)| LayerTraining {
                    autoencoder: autoencoder(project, facts, &pair, number)
                        .map(|(design, facts)| Plan::unchecked(&design, &facts)),
                    pair,
                })
                .collect(),
        };
        Plan {
            compares_samples: compared(project).is_some(),
            values_per_row: values_per_row(project, facts.shape, &encoder, &decoder),
            design: project.clone(),
            facts: *facts,
            code_parameters: code_parameters(&project.code, Some(before), Some(code.features())).unwrap_or(0),
            code,
            encoder,
            decoder,
            pretraining,
        }
    }

    /// The project of this plan.
    pub fn design(&self) -> &Project {
        &self.design
    }

    /// The facts about the data.
    pub fn facts(&self) -> &DataFacts {
        &self.facts
    }

    /// Shape of one sample.
    pub fn shape(&self) -> Shape {
        self.facts.shape
    }

    /// Shape of a code.
    pub fn code_shape(&self) -> Shape {
        self.code
    }

    /// Numbers per code.
    pub fn code_units(&self) -> usize {
        self.code.features()
    }

    /// Stages from the input to the code.
    pub fn encoder(&self) -> &[Stage] {
        &self.encoder
    }

    /// Stages from the code to the reconstruction.
    pub fn decoder(&self) -> &[Stage] {
        &self.decoder
    }

    /// All stages, in order of computation.
    pub fn stages(&self) -> impl Iterator<Item = &Stage> {
        self.encoder.iter().chain(&self.decoder)
    }

    /// Trainable parameters.
    pub fn parameters(&self) -> u64 {
        let own = self.code_parameters.saturating_add(loss_parameters(self.design.loss));
        self.stages().map(Stage::parameters).fold(own, u64::saturating_add)
    }

    /// Multiply-adds of one sample's forward pass.
    pub fn macs(&self) -> u64 {
        self.stages().map(Stage::macs).fold(0, u64::saturating_add)
    }

    /// Trainable parameters of the code that belong to no stage.
    pub(super) fn code_parameters(&self) -> u64 {
        self.code_parameters
    }

    /// The layers trained one by one first, from the input to the code; empty for joint training.
    pub fn pretraining(&self) -> &[LayerTraining] {
        &self.pretraining
    }

    /// Whether training compares the samples of a minibatch with each other, so that it needs at
    /// least two: batch norm does, and the Wasserstein penalty.
    pub fn compares_samples(&self) -> bool {
        self.compares_samples
    }

    /// Rows of the largest minibatch.
    pub fn batch_rows(&self) -> usize {
        let training = &self.design.training;
        // A last minibatch of one sample joins the one before it.
        let joined = usize::from(self.compares_samples());
        training.batch_size.saturating_add(joined).min(self.facts.train_rows.max(1))
    }

    /// Rows computed at a time outside training: fewer if samples are large, to limit memory.
    pub fn inference_rows(&self) -> usize {
        (INFERENCE_VALUES / self.values_per_row.max(1)).clamp(1, INFERENCE_ROWS) as usize
    }

    /// Codes drawn and decoded per row in training.
    pub fn samples(&self) -> usize {
        self.design.code.kind.samples()
    }

    /// Whether the reconstruction is a linear function of the code.
    pub fn has_linear_decoder(&self) -> bool {
        matches!(&self.decoder[..], [Stage { kind: StageKind::Dense { activation: Activation::Linear }, .. }])
    }

    /// Whether the last sigmoid is part of the loss, so that the decoder ends in logits.
    pub fn loss_on_logits(&self) -> bool {
        self.design.loss == Loss::BinaryCrossEntropy
    }
}

/// Values per sample in a forward pass: input, target and every stage's output.
fn values_per_row(project: &Project, shape: Shape, encoder: &[Stage], decoder: &[Stage]) -> u64 {
    let input = (shape.features() as u64).saturating_mul(2);
    let sum = |sum: u64, stage: &Stage| sum.saturating_add(stage.output.features() as u64);
    let decoded = decoder.iter().fold(0, sum).saturating_mul(project.code.kind.samples() as u64);
    encoder.iter().fold(input, sum).saturating_add(decoded)
}
