use super::code::{code_can_be_tied, code_parameters, code_projection, shape_after};
use super::layers::family;
use super::mirror::{Mirrored, mirror};
use crate::project::{Activation, CodeForm, Decoder, Layer, Loss, Place, Project, Shape, Variance};

/// One card of the hourglass: a computation and its cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Which card.
    pub place: Place,
    /// The layer it shows; for the code and output cards, their projection, or `None` if they have
    /// none.
    pub layer: Option<Layer>,
    /// Input shape; `None` while unknown.
    pub input: Option<Shape>,
    /// Output shape; `None` while unknown.
    pub output: Option<Shape>,
    /// Trainable parameters; `None` while unknown. A tied layer counts its own only.
    pub parameters: Option<u64>,
    /// Multiply-adds for one sample; `None` while unknown.
    pub macs: Option<u64>,
    /// Encoder layer or code whose weights it uses transposed.
    pub tied_to: Option<Place>,
    /// Why it cannot be computed, in a sentence; everything after it is then unknown.
    pub invalid_reason: Option<String>,
}

/// All cards from the first encoder layer to the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Cards {
    /// The encoder's layers, as in [`Project::encoder`].
    pub encoder: Vec<Card>,
    /// The code.
    pub code: Card,
    /// The decoder's layers: the project's own, or the mirrored ones.
    pub decoder: Vec<Card>,
    /// The last card.
    pub output: Card,
}

impl Cards {
    /// Every card, in order of computation.
    pub fn iter(&self) -> impl Iterator<Item = &Card> {
        let output = std::iter::once(&self.output);
        self.encoder.iter().chain(std::iter::once(&self.code)).chain(&self.decoder).chain(output)
    }

    /// Trainable parameters of the whole network; `None` while unknown.
    pub fn parameters(&self) -> Option<u64> {
        self.iter().map(|card| card.parameters).try_fold(0, |sum: u64, n| sum.checked_add(n?))
    }

    /// Multiply-adds of one sample through the whole network; `None` while unknown.
    pub fn macs(&self) -> Option<u64> {
        self.iter().map(|card| card.macs).try_fold(0, |sum: u64, n| sum.checked_add(n?))
    }
}

/// Propagates the shape through the network, layer by layer.
pub fn cards(project: &Project, input: Option<Shape>) -> Cards {
    let mut flow = Flow { shape: input };
    let stack = |flow: &mut Flow, place: fn(usize) -> Place, layers: Vec<NetworkLayer>| -> Vec<Card> {
        let cards = layers.into_iter().enumerate();
        cards.map(|(index, standing)| flow.card(place(index), Some(standing))).collect()
    };
    let own = |layers: &[Layer]| layers.iter().cloned().map(NetworkLayer::own).collect::<Vec<_>>();
    let encoder = stack(&mut flow, Place::Encoder, own(&project.encoder));
    let projection = code_projection(project, flow.shape);
    let before = flow.shape;
    let mut code = flow.card(Place::Code, projection.map(NetworkLayer::own));
    if let (CodeForm::Channels, Some(row @ Shape::Vector(_))) = (project.code.form, before) {
        code.invalid_reason =
            Some(format!("A code of channels needs a picture, but the encoder ends in a row of {row}."));
        (code.layer, code.output, flow.shape) = (None, None, None);
    }
    if code.invalid_reason.is_none() {
        code.output = shape_after(&project.code, before);
        flow.shape = code.output;
        let numbers = code.output.map(Shape::features);
        let own = code_parameters(&project.code, before.map(Shape::features), numbers);
        code.parameters = code.parameters.zip(own).map(|(a, b)| a.saturating_add(b));
    }

    let (layers, mirrored) = match &project.decoder {
        Decoder::Free(layers) => (own(layers), None),
        Decoder::Mirrored { tied } => {
            let mirror = mirror(project, input);
            let standing = |mirrored: Mirrored| {
                let can_be_tied = mirrored.undoes != Place::Code || code_can_be_tied(&project.code);
                NetworkLayer::mirrored(mirrored, *tied && can_be_tied)
            };
            let layers = mirror.layers.into_iter().map(standing).collect();
            (layers, Some(mirror.output.map(standing)))
        }
    };
    let decoder = stack(&mut flow, Place::Decoder, layers);
    let projection = mirrored.unwrap_or_else(|| output_projection(flow.shape, input).map(NetworkLayer::own));
    let projection = projection.map(|standing| NetworkLayer {
        layer: standing.layer.with_activation(project.output.activation),
        ..standing
    });
    let mut output = flow.card(Place::Output, projection);
    if let (Some(found), Some(wanted)) = (output.output, input)
        && found.features() != wanted.features()
        && output.invalid_reason.is_none()
    {
        output.invalid_reason = Some(format!("The decoder ends in {found}, but the input is {wanted}."));
    }
    output.output = input;
    output.parameters = output.parameters.map(|own| own.saturating_add(loss_parameters(project.loss)));
    if input.is_none() {
        (output.parameters, output.macs) = (None, None);
    }
    Cards { encoder, code, decoder, output }
}

/// Trainable parameters of the loss: the logarithm of its variance.
pub(super) fn loss_parameters(loss: Loss) -> u64 {
    u64::from(loss == Loss::Gaussian { variance: Variance::Learned })
}

/// The output's own layer for a free decoder: none if the decoder ends in the input's shape, or in
/// as many features and one of both shapes is a row; a 1×1 convolution if only the channels differ;
/// otherwise a dense layer.
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
        ) if (height, width) == (wanted_height, wanted_width) => {
            Some(Layer::point_convolution(channels, activation))
        }
        (_, input) => Some(Layer::Dense { units: input.map_or(0, Shape::features), activation }),
    }
}

/// A layer on any card.
struct NetworkLayer {
    layer: Layer,
    /// The owner of the weights it uses.
    tied_to: Option<Place>,
    /// Whether its sizes are known.
    is_settled: bool,
}

impl NetworkLayer {
    fn own(layer: Layer) -> NetworkLayer {
        NetworkLayer { layer, tied_to: None, is_settled: true }
    }

    fn mirrored(mirrored: Mirrored, tied: bool) -> NetworkLayer {
        let Mirrored { layer, is_settled, undoes } = mirrored;
        let tied_to = (tied && family(&layer).has_weights()).then_some(undoes);
        NetworkLayer { layer, tied_to, is_settled }
    }
}

/// The shape propagated through the layers.
struct Flow {
    shape: Option<Shape>,
}

impl Flow {
    fn card(&mut self, place: Place, standing: Option<NetworkLayer>) -> Card {
        let input = self.shape;
        let is_settled = standing.as_ref().is_none_or(|standing| standing.is_settled);
        let (layer, tied_to) = standing.map(|standing| (standing.layer, standing.tied_to)).unzip();
        let tied_to = tied_to.flatten();
        let mut card = Card {
            place,
            layer,
            input,
            output: input,
            parameters: None,
            macs: None,
            tied_to,
            invalid_reason: None,
        };
        match (&card.layer, input) {
            (None, _) => (card.parameters, card.macs) = (Some(0), Some(0)),
            (Some(_), _) if !is_settled => card.output = None,
            (Some(layer), Some(input)) => match family(layer).apply(input) {
                Ok(applied) => {
                    card.output = Some(applied.output);
                    card.parameters = Some(applied.cost.parameters(tied_to.is_some()));
                    card.macs = Some(applied.cost.macs);
                }
                Err(invalid_reason) => {
                    (card.output, card.invalid_reason) = (family(layer).fixed_output(), Some(invalid_reason));
                }
            },
            (Some(layer), None) => {
                card.output = family(layer).fixed_output();
                if family(layer).is_free() {
                    (card.parameters, card.macs) = (Some(0), Some(0));
                }
            }
        }
        self.shape = card.output;
        card
    }
}
