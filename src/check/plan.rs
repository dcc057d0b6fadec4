use super::flow::pass;
use super::shapes::{code_parameters, loss_parameters, with_activation};
use super::{Card, DataFacts, Place, Problem, Severity, Window, cards, problems};
use crate::project::{Activation, Bottleneck, Layer, Loss, Project, Shape};

/// Values of activations that are held at a time outside training, at most, as long as one sample fits.
const INFERENCE_VALUES: u64 = 16 << 20;
/// Rows that are computed at a time outside training, at most.
const INFERENCE_ROWS: u64 = 256;

/// A project proven trainable on data of known shape: the only thing the engine accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    design: Project,
    facts: DataFacts,
    encoder: Vec<Stage>,
    decoder: Vec<Stage>,
    /// Trainable parameters that are no stage's: the code's and the loss's own.
    own_parameters: u64,
}

/// One computation of the network, its sizes settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The card it stands for.
    pub place: Place,
    /// The prefix of its parameters' names: `encoder.0`, `code`, `output`.
    pub name: String,
    /// Shape of what comes in.
    pub input: Shape,
    /// Shape of what goes out.
    pub output: Shape,
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
    /// `y = f(W ∗ x + b)`
    Conv {
        /// How the kernel moves, from the large picture to the small one.
        window: Window,
        /// The function `f`.
        activation: Activation,
        /// Where `W` comes from.
        weights: WeightSource,
    },
    /// The transpose of a convolution, then `f`.
    ConvTranspose {
        /// How the kernel moves, from the small picture to the large one.
        window: Window,
        /// The function `f`.
        activation: Activation,
        /// Where `W` comes from.
        weights: WeightSource,
    },
    /// The largest value of each window.
    MaxPool {
        /// How the windows lie.
        window: Window,
    },
    /// The mean of each window.
    AvgPool {
        /// How the windows lie.
        window: Window,
    },
    /// Repeats pixels.
    Upsample {
        /// How often in each direction.
        factor: usize,
    },
    /// Normalises each feature or channel over the minibatch.
    BatchNorm {
        /// The function at the end.
        activation: Activation,
    },
    /// Normalises each sample over its features.
    LayerNorm {
        /// The function at the end.
        activation: Activation,
    },
    /// A picture as a row, channel by channel.
    ChannelsFirst,
    /// A row, channel by channel, as a picture.
    ChannelsLast,
    /// A function alone.
    Activation(Activation),
    /// Zeroes features at random while training.
    Dropout {
        /// Probability of zero.
        rate: f32,
    },
}

/// Where the weights of a stage come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightSource {
    /// Its own.
    Own,
    /// Those of the named encoder stage, used the other way round.
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
        let mut stages = Stages { shape: facts.shape, list: Vec::new() };
        for card in cards.encoder.iter().chain([&cards.code]) {
            stages.push(card);
        }
        let encoder = std::mem::take(&mut stages.list);
        let before = stages.shape.features();
        stages.shape = Shape::Vector(project.code.units);
        for card in &cards.decoder {
            stages.push(card);
        }
        // Cross-entropy works on logits: its sigmoid is the loss's own.
        let is_logit = project.loss == Loss::BinaryCrossEntropy;
        let activation = if is_logit { Activation::Linear } else { project.output.activation };
        stages.finish(&cards.output, facts.shape, activation);
        let of_code = code_parameters(&project.code, Some(before)).unwrap_or(0);
        let own_parameters = of_code.saturating_add(loss_parameters(project.loss));
        Plan { design: project.clone(), facts: *facts, encoder, decoder: stages.list, own_parameters }
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
        self.stages().map(Stage::parameters).fold(self.own_parameters, u64::saturating_add)
    }

    /// Multiply-adds of one sample's way forward.
    pub fn macs(&self) -> u64 {
        self.stages().map(Stage::macs).fold(0, u64::saturating_add)
    }

    /// Whether training compares the samples of a minibatch with each other, so that it needs at least two: batch norm does, and the
    /// Wasserstein penalty.
    pub fn compares_samples(&self) -> bool {
        matches!(self.design.code.kind, Bottleneck::Wasserstein { .. })
            || self.stages().any(|stage| matches!(stage.kind, StageKind::BatchNorm { .. }))
    }

    /// Rows of the largest minibatch.
    pub fn batch_rows(&self) -> usize {
        let training = &self.design.training;
        // A last minibatch of one sample joins the one before it.
        let joined = usize::from(self.compares_samples());
        training.batch_size.saturating_add(joined).min(self.facts.train_rows.max(1))
    }

    /// Rows that are computed at a time outside training: few where samples are large, so that memory stays bounded.
    pub fn inference_rows(&self) -> usize {
        (INFERENCE_VALUES / self.values_per_row().max(1)).clamp(1, INFERENCE_ROWS) as usize
    }

    /// Values a single sample leaves on its way: input, target and every stage's output.
    fn values_per_row(&self) -> u64 {
        let input = (self.shape().features() as u64).saturating_mul(2);
        let sum = |sum: u64, stage: &Stage| sum.saturating_add(stage.output.features() as u64);
        let decoder = self.decoder.iter().fold(0, sum).saturating_mul(self.samples() as u64);
        self.encoder.iter().fold(input, sum).saturating_add(decoder)
    }

    /// Codes that are drawn and decoded for each row while training.
    pub fn samples(&self) -> usize {
        self.design.code.kind.samples()
    }

    /// Whether the reconstruction is a linear function of the code.
    pub fn has_linear_decoder(&self) -> bool {
        matches!(
            &self.decoder[..],
            [Stage { kind: StageKind::Dense { activation: Activation::Linear, .. }, .. }]
        )
    }

    /// Whether the last sigmoid is taken into the loss, so that the decoder ends in logits.
    pub fn loss_on_logits(&self) -> bool {
        self.design.loss == Loss::BinaryCrossEntropy
    }
}

impl Stage {
    /// Features coming in.
    pub fn inputs(&self) -> usize {
        self.input.features()
    }

    /// Features going out.
    pub fn outputs(&self) -> usize {
        self.output.features()
    }

    /// Trainable parameters; a tied stage has its bias only.
    pub fn parameters(&self) -> u64 {
        match &self.kind {
            StageKind::Dense { weights, .. } => {
                self.owned(weights, (self.inputs() as u64).saturating_mul(self.outputs() as u64))
            }
            StageKind::Conv { window, weights, .. } | StageKind::ConvTranspose { window, weights, .. } => {
                self.owned(weights, self.kernel_weights(*window))
            }
            StageKind::BatchNorm { .. } => (self.input.channels() as u64).saturating_mul(2),
            StageKind::LayerNorm { .. } => (self.inputs() as u64).saturating_mul(2),
            StageKind::MaxPool { .. }
            | StageKind::AvgPool { .. }
            | StageKind::Upsample { .. }
            | StageKind::ChannelsFirst
            | StageKind::ChannelsLast
            | StageKind::Activation(_)
            | StageKind::Dropout { .. } => 0,
        }
    }

    /// Multiply-adds of one sample.
    pub fn macs(&self) -> u64 {
        match self.kind {
            StageKind::Dense { .. } => (self.inputs() as u64).saturating_mul(self.outputs() as u64),
            StageKind::Conv { window, .. } | StageKind::ConvTranspose { window, .. } => self
                .kernel_weights(window)
                .saturating_mul(window.small.0.saturating_mul(window.small.1) as u64),
            StageKind::MaxPool { .. }
            | StageKind::AvgPool { .. }
            | StageKind::Upsample { .. }
            | StageKind::BatchNorm { .. }
            | StageKind::LayerNorm { .. }
            | StageKind::ChannelsFirst
            | StageKind::ChannelsLast
            | StageKind::Activation(_)
            | StageKind::Dropout { .. } => 0,
        }
    }

    fn kernel_weights(&self, window: Window) -> u64 {
        [window.kernel, window.kernel, self.input.channels(), self.output.channels()]
            .into_iter()
            .fold(1, |product, size| product.saturating_mul(size as u64))
    }

    /// Weights, unless they are another stage's, and the biases.
    fn owned(&self, source: &WeightSource, weights: u64) -> u64 {
        let weights = if *source == WeightSource::Own { weights } else { 0 };
        weights.saturating_add(self.output.channels() as u64)
    }
}

/// Turns cards into stages.
struct Stages {
    shape: Shape,
    list: Vec<Stage>,
}

impl Stages {
    fn push(&mut self, card: &Card) {
        let Some(layer) = &card.layer else { return };
        if matches!(layer, Layer::Dense { .. } | Layer::Flatten) {
            self.flatten(card.place);
        }
        // A card whose layer cannot be applied is an error that `check` reports before a plan is handed out.
        let Ok(passage) = pass(layer, self.shape) else { return };
        let source =
            || card.tied_to.map_or(WeightSource::Own, |place| WeightSource::TransposeOf(stage_name(place)));
        let kind = match (layer, passage.window) {
            (Layer::Dense { activation, .. }, _) => {
                StageKind::Dense { activation: *activation, weights: source() }
            }
            (Layer::Conv2d { activation, .. }, Some(window)) => {
                StageKind::Conv { window, activation: *activation, weights: source() }
            }
            (Layer::ConvTranspose2d { activation, .. }, Some(window)) => {
                StageKind::ConvTranspose { window, activation: *activation, weights: source() }
            }
            (Layer::MaxPool2d { .. }, Some(window)) => StageKind::MaxPool { window },
            (Layer::AvgPool2d { .. }, Some(window)) => StageKind::AvgPool { window },
            (Layer::Upsample { factor }, _) => StageKind::Upsample { factor: *factor },
            (Layer::BatchNorm { activation }, _) => StageKind::BatchNorm { activation: *activation },
            (Layer::LayerNorm { activation }, _) => StageKind::LayerNorm { activation: *activation },
            (Layer::Dropout { rate }, _) => StageKind::Dropout { rate: *rate },
            (Layer::Reshape { .. }, _) => {
                self.flatten(card.place);
                return self.unflatten(card.place, passage.output);
            }
            (
                Layer::Flatten
                | Layer::Conv2d { .. }
                | Layer::ConvTranspose2d { .. }
                | Layer::MaxPool2d { .. }
                | Layer::AvgPool2d { .. },
                _,
            ) => return,
        };
        self.add(card.place, passage.output, kind);
    }

    /// The output card: its own layer or function, and the shape of the input.
    fn finish(&mut self, card: &Card, input: Shape, activation: Activation) {
        let layer = card.layer.clone().map(|layer| with_activation(layer, activation));
        self.push(&Card { layer, ..card.clone() });
        if card.layer.is_none() && activation != Activation::Linear {
            self.apply(activation);
        }
        match input {
            Shape::Vector(_) => self.flatten(Place::Output),
            Shape::Image { .. } if self.shape == input => {}
            // A picture of other sides is read anew, as a reshape does.
            Shape::Image { .. } => {
                self.flatten(Place::Output);
                self.unflatten(Place::Output, input);
            }
        }
    }

    /// The function at the end: part of the last layer with weights where that has none of its own.
    fn apply(&mut self, activation: Activation) {
        match self.list.last_mut().map(|stage| &mut stage.kind) {
            Some(
                StageKind::Dense { activation: own, .. }
                | StageKind::Conv { activation: own, .. }
                | StageKind::ConvTranspose { activation: own, .. },
            ) if *own == Activation::Linear => *own = activation,
            _ => self.add(Place::Output, self.shape, StageKind::Activation(activation)),
        }
    }

    /// Makes a row of a picture.
    fn flatten(&mut self, place: Place) {
        if let Shape::Image { height, width, channels } = self.shape {
            let row = Shape::Vector(self.shape.features());
            if channels > 1 && height.saturating_mul(width) > 1 {
                self.add(place, row, StageKind::ChannelsFirst);
            }
            self.shape = row;
        }
    }

    /// Makes a picture of a row.
    fn unflatten(&mut self, place: Place, picture: Shape) {
        if let (Shape::Vector(_), Shape::Image { height, width, channels }) = (self.shape, picture) {
            if channels > 1 && height.saturating_mul(width) > 1 {
                self.add(place, picture, StageKind::ChannelsLast);
            }
            self.shape = picture;
        }
    }

    fn add(&mut self, place: Place, output: Shape, kind: StageKind) {
        self.list.push(Stage { place, name: stage_name(place), input: self.shape, output, kind });
        self.shape = output;
    }
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
