use super::Place;
use super::flow::{output_of_any, pass};
use super::mirror::{Mirrored, has_weights, mirror};
use crate::project::{
    Activation, Bottleneck, Code, CodebookUpdate, Decoder, Layer, Loss, Project, Shape, Variance,
};

/// One card of the hourglass: what it computes and what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Which card.
    pub place: Place,
    /// The layer it stands for; the code and output cards have the projection they own, or `None` where they own none.
    pub layer: Option<Layer>,
    /// Shape of what it is given; `None` while unknown.
    pub input: Option<Shape>,
    /// Shape of what it hands on; `None` while unknown.
    pub output: Option<Shape>,
    /// Trainable parameters; `None` while unknown. A tied layer counts its own only.
    pub parameters: Option<u64>,
    /// Multiply-adds for one sample; `None` while unknown.
    pub macs: Option<u64>,
    /// Encoder layer or code whose weights it uses the other way round.
    pub tied_to: Option<Place>,
    /// Why it cannot be computed, in a sentence; what follows it is then unknown.
    pub trouble: Option<String>,
}

/// All cards from the first encoder layer to the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Cards {
    /// The encoder's layers, as many as [`Project::encoder`].
    pub encoder: Vec<Card>,
    /// The waist.
    pub code: Card,
    /// The decoder's layers: the project's own, or the mirrored ones.
    pub decoder: Vec<Card>,
    /// The last card.
    pub output: Card,
    /// Encoder layers a mirrored decoder cannot undo, each with the reason.
    pub not_mirrored: Vec<(Place, String)>,
}

impl Cards {
    /// Every card, in the order of the computation.
    pub fn iter(&self) -> impl Iterator<Item = &Card> {
        let output = std::iter::once(&self.output);
        self.encoder.iter().chain(std::iter::once(&self.code)).chain(&self.decoder).chain(output)
    }

    /// Trainable parameters of the whole network; `None` while unknown.
    pub fn parameters(&self) -> Option<u64> {
        self.iter().map(|card| card.parameters).try_fold(0, |sum: u64, n| sum.checked_add(n?))
    }

    /// Multiply-adds of one sample's way through the whole network; `None` while unknown.
    pub fn macs(&self) -> Option<u64> {
        self.iter().map(|card| card.macs).try_fold(0, |sum: u64, n| sum.checked_add(n?))
    }
}

/// Follows the data through the network, layer by layer.
pub fn cards(project: &Project, input: Option<Shape>) -> Cards {
    let mut flow = Flow { shape: input };
    let stack = |flow: &mut Flow, place: fn(usize) -> Place, layers: Vec<Standing>| -> Vec<Card> {
        let cards = layers.into_iter().enumerate();
        cards.map(|(index, standing)| flow.card(place(index), Some(standing))).collect()
    };
    let own = |layers: &[Layer]| layers.iter().cloned().map(Standing::own).collect::<Vec<_>>();
    let encoder = stack(&mut flow, Place::Encoder, own(&project.encoder));
    let projection = code_projection(project, flow.shape);
    let before = flow.shape;
    let mut code = flow.card(Place::Code, projection.map(Standing::own));
    if code.trouble.is_none() {
        code.output = Some(Shape::Vector(project.code.units));
        flow.shape = code.output;
        let own = code_parameters(&project.code, before.map(Shape::features));
        code.parameters = code.parameters.zip(own).map(|(a, b)| a.saturating_add(b));
    }

    let (layers, mirrored, not_mirrored) = match &project.decoder {
        Decoder::Free(layers) => (own(layers), None, Vec::new()),
        Decoder::Mirrored { tied } => {
            let mirror = mirror(project, input);
            let standing = |mirrored: Mirrored| {
                let can_be_tied = mirrored.undoes != Place::Code || code_can_be_tied(&project.code);
                Standing::mirrored(mirrored, *tied && can_be_tied)
            };
            let layers = mirror.layers.into_iter().map(standing).collect();
            (layers, Some(mirror.output.map(standing)), mirror.troubles)
        }
    };
    let decoder = stack(&mut flow, Place::Decoder, layers);
    let projection = mirrored.unwrap_or_else(|| output_projection(flow.shape, input).map(Standing::own));
    let projection = projection.map(|standing| Standing {
        layer: with_activation(standing.layer, project.output.activation),
        ..standing
    });
    let mut output = flow.card(Place::Output, projection);
    if let (Some(found), Some(wanted)) = (output.output, input)
        && found.features() != wanted.features()
        && output.trouble.is_none()
    {
        output.trouble = Some(format!("The decoder ends in {found}, and the input is {wanted}."));
    }
    output.output = input;
    output.parameters = output.parameters.map(|own| own.saturating_add(loss_parameters(project.loss)));
    if input.is_none() {
        (output.parameters, output.macs) = (None, None);
    }
    Cards { encoder, code, decoder, output, not_mirrored }
}

/// The layer the code owns: a dense one, unless the encoder already ends in a row of as many features and the kind of code
/// takes them as they are. A variational code's gives two numbers a unit; a selector stands on the input itself.
pub(super) fn code_projection(project: &Project, before: Option<Shape>) -> Option<Layer> {
    let code = &project.code;
    let ends_right = before == Some(Shape::Vector(code.units))
        && project.encoder.last().is_some_and(|last| !matches!(last, Layer::Dropout { .. }));
    let activation = Activation::Linear;
    match code.kind {
        Bottleneck::Concrete { .. } => None,
        Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. } => {
            Some(Layer::Dense { units: code.units.saturating_mul(2), activation })
        }
        Bottleneck::Hashing { .. } | Bottleneck::DescriptionLength { .. } => {
            Some(Layer::Dense { units: code.units, activation })
        }
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Quantised { .. } => {
            (!ends_right).then_some(Layer::Dense { units: code.units, activation: code.activation })
        }
    }
}

/// Trainable parameters of the code beside its projection; `features` is what reaches it.
pub(super) fn code_parameters(code: &Code, features: Option<usize>) -> Option<u64> {
    match code.kind {
        Bottleneck::Concrete { .. } => Some((features? as u64).saturating_mul(code.units as u64)),
        Bottleneck::Quantised { entries, dimension, update: CodebookUpdate::Gradient, .. } => {
            Some((entries as u64).saturating_mul(dimension as u64))
        }
        // The prior's logits.
        Bottleneck::DescriptionLength { .. } => Some(code.units as u64),
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Hashing { .. }
        | Bottleneck::Quantised { .. } => Some(0),
    }
}

/// What the loss learns itself: the logarithm of its variance.
pub(super) fn loss_parameters(loss: Loss) -> u64 {
    u64::from(loss == Loss::Gaussian { variance: Variance::Learned })
}

/// Whether a mirrored layer can use the code's own weights the other way round.
fn code_can_be_tied(code: &Code) -> bool {
    !code.kind.is_gaussian()
        && !matches!(code.kind, Bottleneck::Concrete { .. } | Bottleneck::DescriptionLength { .. })
}

/// The layer the output owns where the decoder is free: none where that ends in the input's shape, or in as many features
/// and one of both is a row, a convolution of single pixels where only the channels differ, else a dense one.
fn output_projection(before: Option<Shape>, input: Option<Shape>) -> Option<Layer> {
    let activation = Activation::Linear;
    match (before, input) {
        (Some(before), Some(input)) if before == input => None,
        (Some(before @ Shape::Vector(_)), Some(input)) | (Some(before), Some(input @ Shape::Vector(_)))
            if before.features() == input.features() =>
        {
            None
        }
        (
            Some(Shape::Image { height, width, .. }),
            Some(Shape::Image { height: wanted_height, width: wanted_width, channels }),
        ) if (height, width) == (wanted_height, wanted_width) => Some(Layer::Conv2d {
            channels,
            kernel: 1,
            stride: 1,
            padding: crate::project::Padding::Pixels(0),
            activation,
        }),
        (_, input) => Some(Layer::Dense { units: input.map_or(0, Shape::features), activation }),
    }
}

/// The layer with another activation; layers that have none stay.
pub(super) fn with_activation(mut layer: Layer, wanted: Activation) -> Layer {
    if let Some(activation) = layer.activation_mut() {
        *activation = wanted;
    }
    layer
}

/// A layer of the network, whoever it belongs to.
struct Standing {
    layer: Layer,
    /// Whose weights it uses.
    tied_to: Option<Place>,
    /// Whether its sizes are known.
    is_settled: bool,
}

impl Standing {
    fn own(layer: Layer) -> Standing {
        Standing { layer, tied_to: None, is_settled: true }
    }

    fn mirrored(mirrored: Mirrored, tied: bool) -> Standing {
        let Mirrored { layer, is_settled, undoes } = mirrored;
        let tied_to = (tied && has_weights(&layer)).then_some(undoes);
        Standing { layer, tied_to, is_settled }
    }
}

/// The shape on its way through the layers.
struct Flow {
    shape: Option<Shape>,
}

impl Flow {
    fn card(&mut self, place: Place, standing: Option<Standing>) -> Card {
        let input = self.shape;
        let is_settled = standing.as_ref().is_none_or(|standing| standing.is_settled);
        let (layer, tied_to) = standing.map(|standing| (standing.layer, standing.tied_to)).unzip();
        let tied_to = tied_to.flatten();
        let mut card =
            Card { place, layer, input, output: input, parameters: None, macs: None, tied_to, trouble: None };
        match (&card.layer, input) {
            (None, _) => (card.parameters, card.macs) = (Some(0), Some(0)),
            (Some(_), _) if !is_settled => card.output = None,
            (Some(layer), Some(input)) => match pass(layer, input) {
                Ok(passage) => {
                    let shared = if tied_to.is_some() { 0 } else { passage.weights };
                    card.output = Some(passage.output);
                    card.parameters = Some(shared.saturating_add(passage.own));
                    card.macs = Some(passage.macs);
                }
                Err(trouble) => (card.output, card.trouble) = (output_of_any(layer), Some(trouble)),
            },
            (Some(layer), None) => {
                card.output = output_of_any(layer);
                if matches!(layer, Layer::Dropout { .. } | Layer::Flatten) {
                    (card.parameters, card.macs) = (Some(0), Some(0));
                }
            }
        }
        self.shape = card.output;
        card
    }
}
