use super::Place;
use crate::project::{Code, Decoder, Layer, Project, Shape};

/// One card of the hourglass: what it computes and what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Which card.
    pub place: Place,
    /// The layer it stands for; the code and output cards have the dense projection they own, or `None` where they own none.
    pub layer: Option<Layer>,
    /// Shape of what it hands on; `None` while unknown.
    pub output: Option<Shape>,
    /// Trainable parameters; `None` while unknown. A tied layer counts its bias only.
    pub parameters: Option<u64>,
    /// Multiply-adds for one sample; `None` while unknown.
    pub macs: Option<u64>,
    /// Encoder layer or code whose transposed weights it uses.
    pub tied_to: Option<Place>,
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
    let encoder: Vec<Card> = project
        .encoder
        .iter()
        .enumerate()
        .map(|(index, layer)| flow.card(Place::Encoder(index), Some(layer.clone()), None))
        .collect();
    let projection = code_projection(&project.encoder, &project.code);
    let code = flow.card(Place::Code, projection, None);

    let (layers, tied) = match &project.decoder {
        Decoder::Free(layers) => (layers.clone(), false),
        Decoder::Mirrored { tied } => (mirror(&project.encoder, &project.code), *tied),
    };
    let mut partners = if tied { dense_places(project) } else { Vec::new() };
    let decoder: Vec<Card> = layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let partner = matches!(layer, Layer::Dense { .. }).then(|| partners.pop()).flatten();
            flow.card(Place::Decoder(index), Some(layer.clone()), partner)
        })
        .collect();
    // The output owns a projection unless a free decoder already ends in one of the right size.
    let features = input.map(Shape::features);
    let ends_right = matches!(project.decoder, Decoder::Free(_))
        && matches!(layers.last(), Some(Layer::Dense { units, .. }) if Some(*units) == features);
    let projection = (!ends_right)
        .then_some(Layer::Dense { units: features.unwrap_or(0), activation: project.output.activation });
    let partner = projection.is_some().then(|| partners.pop()).flatten();
    let mut output = flow.card(Place::Output, projection, partner);
    output.output = input;
    if input.is_none() {
        (output.parameters, output.macs) = (None, None);
    }
    Cards { encoder, code, decoder, output }
}

/// The encoder's layers in reverse, without the last step back to the input, which is the output card's.
///
/// Each dense layer of the mirror undoes one of the encoder: it has as many outputs as that one had inputs, and the
/// activation those inputs came out of. Dropout stands again between the same two layers.
pub fn mirror(encoder: &[Layer], code: &Code) -> Vec<Layer> {
    let mut last_dense: Option<&Layer> = None;
    let mut undone: Vec<Option<&Layer>> = Vec::with_capacity(encoder.len() + 1);
    for layer in encoder {
        match layer {
            Layer::Dense { .. } => {
                undone.push(last_dense);
                last_dense = Some(layer);
            }
            Layer::Dropout { .. } => undone.push(last_dense.map(|_| layer)),
        }
    }
    if code_projection(encoder, code).is_some() {
        undone.push(last_dense);
    }
    undone.into_iter().rev().flatten().cloned().collect()
}

/// The dense layer the code owns: none where the encoder already ends in a dense layer of as many units.
pub(super) fn code_projection(encoder: &[Layer], code: &Code) -> Option<Layer> {
    match encoder.last() {
        Some(Layer::Dense { units, .. }) if *units == code.units => None,
        Some(Layer::Dense { .. } | Layer::Dropout { .. }) | None => {
            Some(Layer::Dense { units: code.units, activation: code.activation })
        }
    }
}

/// Cards of the encoder half that own weights, in the order of the computation.
fn dense_places(project: &Project) -> Vec<Place> {
    let dense = |(index, layer): (usize, &Layer)| match layer {
        Layer::Dense { .. } => Some(Place::Encoder(index)),
        Layer::Dropout { .. } => None,
    };
    let mut places: Vec<Place> = project.encoder.iter().enumerate().filter_map(dense).collect();
    if code_projection(&project.encoder, &project.code).is_some() {
        places.push(Place::Code);
    }
    places
}

/// The shape on its way through the layers.
struct Flow {
    shape: Option<Shape>,
}

impl Flow {
    fn card(&mut self, place: Place, layer: Option<Layer>, tied_to: Option<Place>) -> Card {
        let inputs = self.shape.map(|shape| shape.features() as u64);
        let (output, parameters, macs) = match &layer {
            Some(Layer::Dense { units, .. }) => {
                let units = *units as u64;
                let weights = inputs.map(|inputs| inputs.saturating_mul(units));
                let own = if tied_to.is_some() { Some(0) } else { weights };
                let parameters = own.map(|own| own.saturating_add(units));
                (Some(Shape::Vector(units as usize)), parameters, weights)
            }
            Some(Layer::Dropout { .. }) | None => (self.shape, Some(0), Some(0)),
        };
        self.shape = output;
        Card { place, layer, output, parameters, macs, tied_to }
    }
}
