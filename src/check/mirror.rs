//! The decoder that follows the encoder.

use super::flow::{output_of_any, pass};
use super::shapes::{code_projection, with_activation};
use super::{Place, Window, cards};
use crate::project::{Activation, Bottleneck, Decoder, Layer, Project, Shape};

/// The encoder's layers undone, last one first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mirror {
    /// Layers of the decoder.
    pub layers: Vec<Mirrored>,
    /// The layer with weights that leads back to the input: the output card's own. Its activation is the output's.
    pub output: Option<Mirrored>,
    /// Layers of the encoder that cannot be undone, each with the reason in a sentence.
    pub troubles: Vec<(Place, String)>,
}

/// A layer, and the one whose work it undoes.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirrored {
    /// What stands in the decoder.
    pub layer: Layer,
    /// Whether its sizes are known; where they are not, they are 0 and mean nothing.
    pub is_settled: bool,
    /// The encoder layer, or the code, it undoes: the owner of the weights where they are tied.
    pub undoes: Place,
}

/// Reverses the encoder of a project.
///
/// Each layer with weights is undone by one with as many outputs as that had inputs, and with the activation those inputs came
/// out of. A norm or dropout stands again between the same two layers. Sizes of pictures are known with `input` alone.
pub fn mirror(project: &Project, input: Option<Shape>) -> Mirror {
    let mut undoing = Undoing { shape: input, ..Undoing::default() };
    for (index, layer) in project.encoder.iter().enumerate() {
        undoing.push(Place::Encoder(index), layer);
    }
    let units = project.code.units;
    // A selector has no layer, but what it leaves out has to come back.
    let selector = matches!(project.code.kind, Bottleneck::Concrete { .. })
        .then_some(Layer::Dense { units, activation: Activation::Linear });
    if let Some(projection) = code_projection(project, undoing.shape).or(selector) {
        undoing.push(Place::Code, &projection);
    }
    let mut layers = undoing.undone;
    // The output card is in the input's shape whatever comes: a last change of shape is its own.
    let is_reshaping = |mirrored: &Mirrored| matches!(mirrored.layer, Layer::Flatten | Layer::Reshape { .. });
    while layers.first().is_some_and(is_reshaping) {
        layers.remove(0);
    }
    let has_weights = layers.first().is_some_and(|first| has_weights(&first.layer));
    let output = has_weights.then(|| layers.remove(0));
    layers.reverse();
    Mirror { layers, output, troubles: undoing.troubles }
}

/// The layers of a decoder of its own that computes what the mirrored one does; `None` where they follow from sizes that are
/// not known: before data of pictures are loaded, or behind an encoder layer that cannot be applied.
pub fn freed(project: &Project, input: Option<Shape>) -> Option<Vec<Layer>> {
    let mirror = mirror(project, input);
    if !mirror.layers.iter().all(|mirrored| mirrored.is_settled) {
        return None;
    }
    let mut layers: Vec<Layer> = mirror.layers.into_iter().map(|mirrored| mirrored.layer).collect();
    let output_card = |layers: &[Layer]| {
        cards(&Project { decoder: Decoder::Free(layers.to_vec()), ..project.clone() }, input).output
    };
    let linear = |layer| with_activation(layer, Activation::Linear);
    let is_settled = mirror.output.as_ref().is_none_or(|output| output.is_settled);
    let output = mirror.output.map(|mirrored| linear(mirrored.layer));
    // What the output card does by itself stays with it.
    if output == output_card(&layers).layer.map(linear) {
        return Some(layers);
    }
    if !is_settled {
        return None;
    }
    layers.extend(output);
    match (output_card(&layers).input?, input) {
        (Shape::Image { .. }, None) => return None,
        // A mirrored decoder may end in a picture of other sides, which is read in the input's.
        (found @ Shape::Image { .. }, Some(wanted @ Shape::Image { height, width, channels }))
            if found != wanted && found.features() == wanted.features() =>
        {
            layers.push(Layer::Reshape { height, width, channels });
        }
        _ => {}
    }
    Some(layers)
}

/// Whether a layer multiplies by weights, and so can be tied.
pub(super) fn has_weights(layer: &Layer) -> bool {
    matches!(layer, Layer::Dense { .. } | Layer::Conv2d { .. } | Layer::ConvTranspose2d { .. })
}

/// The encoder read from its start; what undoes it, in the same order.
#[derive(Default)]
struct Undoing {
    shape: Option<Shape>,
    /// Activation of the last layer with weights; `None` before the first.
    function: Option<Activation>,
    undone: Vec<Mirrored>,
    troubles: Vec<(Place, String)>,
}

impl Undoing {
    fn push(&mut self, place: Place, layer: &Layer) {
        let input = self.shape;
        let passage = input.and_then(|input| pass(layer, input).ok());
        let function = self.function.unwrap_or(Activation::Linear);
        let channels = match input {
            Some(Shape::Image { channels, .. }) => channels,
            Some(Shape::Vector(_)) | None => 0,
        };
        let window = passage.and_then(|passage| passage.window);
        match *layer {
            Layer::Dense { .. } => {
                if let Some(Shape::Image { .. }) = input {
                    // Undone last, so pushed first.
                    self.add(place, as_before(input), true);
                }
                let units = input.map_or(0, Shape::features);
                self.add(place, Layer::Dense { units, activation: function }, input.is_some());
            }
            Layer::Conv2d { kernel, stride, padding, .. } => {
                let output_padding = window.map(|window: Window| window.output_padding(padding));
                let activation = function;
                let undone =
                    Layer::ConvTranspose2d { channels, kernel, stride, padding, output_padding, activation };
                self.add(place, undone, window.is_some());
            }
            Layer::ConvTranspose2d { kernel, stride, padding, .. } => {
                let undone = Layer::Conv2d { channels, kernel, stride, padding, activation: function };
                self.add(place, undone, window.is_some());
            }
            Layer::MaxPool2d { size } | Layer::AvgPool2d { size } => {
                self.look_for_rest(place, size, window);
                self.add(place, Layer::Upsample { factor: size }, true);
            }
            Layer::Upsample { factor } => self.add(place, Layer::AvgPool2d { size: factor }, true),
            // A row stays as it is.
            Layer::Flatten if matches!(input, Some(Shape::Vector(_))) => {}
            Layer::Flatten => self.add(place, as_before(input.or(Some(UNKNOWN))), input.is_some()),
            Layer::Reshape { .. } => self.add(place, as_before(input), input.is_some()),
            // Before the first weights there is nothing they could stand after on the way back.
            Layer::BatchNorm { .. } | Layer::LayerNorm { .. } | Layer::Dropout { .. } => {
                if self.function.is_some() {
                    self.add(place, layer.clone(), true);
                }
            }
        }
        if has_weights(layer) {
            self.function = layer.activation();
        }
        self.shape = passage.map(|passage| passage.output).or_else(|| output_of_any(layer));
    }

    /// A pool that leaves pixels out cannot be undone.
    fn look_for_rest(&mut self, place: Place, size: usize, window: Option<Window>) {
        let Some(Window { large: (height, width), .. }) =
            window.filter(|w| w.large.0 % size != 0 || w.large.1 % size != 0)
        else {
            return;
        };
        self.troubles.push((
            place,
            format!("Windows of {size} leave a rest of {width}×{height} pixels, which enlarging {size} times cannot bring back. Use a convolution with a stride, sizes that divide, or a free decoder."),
        ));
    }

    fn add(&mut self, undoes: Place, layer: Layer, is_settled: bool) {
        self.undone.push(Mirrored { layer, is_settled, undoes });
    }
}

/// A picture of which nothing is known but that it is one.
const UNKNOWN: Shape = Shape::Image { height: 0, width: 0, channels: 0 };

/// What brings features back into the shape they had; a row where that is not known.
fn as_before(input: Option<Shape>) -> Layer {
    match input {
        Some(Shape::Image { height, width, channels }) => Layer::Reshape { height, width, channels },
        Some(Shape::Vector(_)) | None => Layer::Flatten,
    }
}
