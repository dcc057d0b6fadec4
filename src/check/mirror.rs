//! The decoder that follows the encoder.

use super::code::code_projection;
use super::layers::{Before, family};
use crate::project::{Activation, Bottleneck, Layer, Place, Project, Shape};

/// The encoder's layers undone, last one first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mirror {
    /// Layers of the decoder.
    pub layers: Vec<Mirrored>,
    /// The layer with weights that leads back to the input: the output card's own. Its activation
    /// is the output's.
    pub output: Option<Mirrored>,
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
/// Each layer with weights is undone by one with as many outputs as that had inputs, and with the
/// activation those inputs came out of. A norm or dropout stands again between the same two layers.
/// Sizes of pictures are known with `input` alone.
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
    let own = layers.iter().position(|first| !family(&first.layer).only_reshapes()).unwrap_or(layers.len());
    layers.drain(..own);
    let has_weights = layers.first().is_some_and(|first| family(&first.layer).has_weights());
    let output = has_weights.then(|| layers.remove(0));
    layers.reverse();
    Mirror { layers, output }
}

/// The encoder read from its start; what undoes it, in the same order.
#[derive(Default)]
struct Undoing {
    shape: Option<Shape>,
    /// Activation of the last layer with weights; `None` before the first.
    function: Option<Activation>,
    undone: Vec<Mirrored>,
}

impl Undoing {
    fn push(&mut self, place: Place, layer: &Layer) {
        let family = family(layer);
        let passage = self.shape.and_then(|input| family.apply(input).ok());
        let undone = family.undo(Before { input: self.shape, passage, function: self.function });
        // All of it is turned around in the end.
        for (layer, is_settled) in undone.layers.into_iter().rev() {
            self.undone.push(Mirrored { layer, is_settled, undoes: place });
        }
        if family.has_weights() {
            self.function = layer.activation();
        }
        self.shape = passage.map(|passage| passage.output).or_else(|| family.fixed_output());
    }
}
