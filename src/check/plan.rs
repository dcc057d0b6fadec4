use super::{Card, DataFacts, Place, Problem, Severity, cards, problems};
use crate::project::{Activation, Layer, Loss, Optimizer, Project, Shape};

/// A project proven trainable on data of known shape: the only thing the engine accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    design: Project,
    facts: DataFacts,
    encoder: Vec<Stage>,
    decoder: Vec<Stage>,
}

/// One computation of the network, its sizes settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The card it stands for.
    pub place: Place,
    /// The prefix of its parameters' names: `encoder.0`, `code`, `output`.
    pub name: String,
    /// Features coming in.
    pub inputs: usize,
    /// Features going out.
    pub outputs: usize,
    /// What it computes.
    pub kind: StageKind,
}

/// What a stage computes.
#[derive(Clone, Debug, PartialEq)]
pub enum StageKind {
    /// `y = f(W x + b)`
    Dense {
        /// The function `f`.
        activation: Activation,
        /// Where `W` comes from.
        weights: WeightSource,
    },
    /// Zeroes features at random while training.
    Dropout {
        /// Probability of zero.
        rate: f32,
    },
}

/// Where the weights of a dense stage come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightSource {
    /// Its own, outputs × inputs.
    Own,
    /// The transpose of those of the named encoder stage.
    TransposeOf(String),
}

/// Proves a project trainable on data with these facts.
///
/// # Errors
/// The problems that stand against it; at least one of them is an error.
pub fn plan(project: &Project, facts: &DataFacts) -> Result<Plan, Vec<Problem>> {
    let errors: Vec<Problem> = problems(project, Some(facts))
        .into_iter()
        .filter(|problem| problem.severity == Severity::Error)
        .collect();
    if errors.is_empty() { Ok(Plan::unchecked(project, facts)) } else { Err(errors) }
}

impl Plan {
    /// The plan of a project whose network is sound, for estimates made while the rest is still being judged.
    pub(super) fn unchecked(project: &Project, facts: &DataFacts) -> Plan {
        let cards = cards(project, Some(facts.shape));
        let mut inputs = facts.shape.features();
        let mut stages = |cards: &mut dyn Iterator<Item = &Card>| -> Vec<Stage> {
            cards.filter_map(|card| stage(card, &mut inputs)).collect()
        };
        let encoder = stages(&mut cards.encoder.iter().chain([&cards.code]));
        let decoder = stages(&mut cards.decoder.iter().chain([&cards.output]));
        Plan { design: project.clone(), facts: *facts, encoder, decoder }
    }

    /// The project it proves.
    pub fn design(&self) -> &Project {
        &self.design
    }

    /// What was known of the data.
    pub fn facts(&self) -> &DataFacts {
        &self.facts
    }

    /// Shape of one sample.
    pub fn shape(&self) -> Shape {
        self.facts.shape
    }

    /// Numbers per code.
    pub fn code_units(&self) -> usize {
        self.design.code.units
    }

    /// Stages from the input to the code.
    pub fn encoder(&self) -> &[Stage] {
        &self.encoder
    }

    /// Stages from the code to the reconstruction.
    pub fn decoder(&self) -> &[Stage] {
        &self.decoder
    }

    /// All stages, in the order of the computation.
    pub fn stages(&self) -> impl Iterator<Item = &Stage> {
        self.encoder.iter().chain(&self.decoder)
    }

    /// Trainable parameters.
    pub fn parameters(&self) -> u64 {
        self.stages().map(Stage::parameters).fold(0, u64::saturating_add)
    }

    /// Multiply-adds of one sample's way forward.
    pub fn macs(&self) -> u64 {
        self.stages().map(Stage::macs).fold(0, u64::saturating_add)
    }

    /// Memory training will take beside the data: parameters with gradients, optimizer state and best weights, and the
    /// activations of a minibatch with their gradients, in bytes.
    pub fn training_bytes(&self) -> u64 {
        let moments = match self.design.training.optimizer {
            Optimizer::Sgd { momentum, .. } => u64::from(momentum != 0.0),
            Optimizer::RmsProp { .. } => 1,
            Optimizer::Adam { .. } | Optimizer::AdamW { .. } => 2,
        };
        // Weights, gradients, moments, and one copy each for the best and the checkpoint being written.
        let per_parameter = 4 * (2 + moments + 2 + moments);
        let activations =
            self.stages().fold((self.shape().features() as u64).saturating_mul(3), |sum, stage| {
                sum.saturating_add((stage.outputs as u64).saturating_mul(2))
            });
        let batch = (self.design.training.batch_size as u64).min(self.facts.train_rows.max(1) as u64);
        self.parameters()
            .saturating_mul(per_parameter)
            .saturating_add(activations.saturating_mul(4).saturating_mul(batch))
    }

    /// Whether the last stage's sigmoid is taken into the loss, which then works on logits.
    pub fn loss_on_logits(&self) -> bool {
        self.design.loss == Loss::BinaryCrossEntropy
    }
}

impl Stage {
    /// Trainable parameters; a tied stage has its bias only.
    pub fn parameters(&self) -> u64 {
        match &self.kind {
            StageKind::Dense { weights: WeightSource::Own, .. } => {
                self.macs().saturating_add(self.outputs as u64)
            }
            StageKind::Dense { weights: WeightSource::TransposeOf(_), .. } => self.outputs as u64,
            StageKind::Dropout { .. } => 0,
        }
    }

    /// Multiply-adds of one sample.
    pub fn macs(&self) -> u64 {
        match self.kind {
            StageKind::Dense { .. } => (self.inputs as u64).saturating_mul(self.outputs as u64),
            StageKind::Dropout { .. } => 0,
        }
    }
}

fn stage(card: &Card, inputs: &mut usize) -> Option<Stage> {
    let (outputs, kind) = match card.layer.as_ref()? {
        Layer::Dense { units, activation } => {
            let weights =
                card.tied_to.map_or(WeightSource::Own, |place| WeightSource::TransposeOf(stage_name(place)));
            (*units, StageKind::Dense { activation: *activation, weights })
        }
        Layer::Dropout { rate } => (*inputs, StageKind::Dropout { rate: *rate }),
    };
    let stage = Stage { place: card.place, name: stage_name(card.place), inputs: *inputs, outputs, kind };
    *inputs = outputs;
    Some(stage)
}

/// The prefix of the parameters' names in weight files.
fn stage_name(place: Place) -> String {
    match place {
        Place::Encoder(index) => format!("encoder.{index}"),
        Place::Decoder(index) => format!("decoder.{index}"),
        Place::Code => "code".to_owned(),
        Place::Output => "output".to_owned(),
        // These cards own no weights.
        Place::Data | Place::Corruption | Place::Training => "none".to_owned(),
    }
}
