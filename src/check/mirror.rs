//! The decoder that mirrors the encoder.

use super::code::code_projection;
use super::layers::{Before, family};
use crate::project::{Activation, Bottleneck, Layer, Place, Project, Shape};

/// The layers that undo the encoder's, the last one first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mirror {
    /// Layers of the decoder.
    pub layers: Vec<Mirrored>,
    /// The layer with weights that leads back to the input; it belongs to the output card. Its
    /// activation is the output's.
    pub output: Option<Mirrored>,
}

/// A layer, and the layer it undoes.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirrored {
    /// The layer of the decoder.
    pub layer: Layer,
    /// Whether its sizes are known; unknown sizes are 0.
    pub is_settled: bool,
    /// The encoder layer, or the code, it undoes: the owner of the weights if they are tied.
    pub undoes: Place,
}

/// Mirrors the encoder of a project.
///
/// Each layer with weights is undone by one with as many outputs as that layer had inputs, and with
/// the activation of those inputs. A norm or dropout is repeated between the same two layers. Sizes
/// of pictures are known only with `input`.
pub fn mirror(project: &Project, input: Option<Shape>) -> Mirror {
    let mut undoing = Undoing { shape: input, ..Undoing::default() };
    for (index, layer) in project.encoder.iter().enumerate() {
        undoing.push(Place::Encoder(index), layer);
    }
    let units = project.code.units;
    // A selector has no layer, but the features it leaves out must be restored.
    let selector = matches!(project.code.kind, Bottleneck::Concrete { .. })
        .then_some(Layer::Dense { units, activation: Activation::Linear });
    if let Some(projection) = code_projection(project, undoing.shape).or(selector) {
        undoing.push(Place::Code, &projection);
    }
    let mut layers = undoing.undone;
    // The output card always gives the input's shape, so a last change of shape belongs to it.
    let own = layers.iter().position(|first| !family(&first.layer).only_reshapes()).unwrap_or(layers.len());
    layers.drain(..own);
    let has_weights = layers.first().is_some_and(|first| family(&first.layer).has_weights());
    let output = has_weights.then(|| layers.remove(0));
    layers.reverse();
    Mirror { layers, output }
}

/// The encoder read from its start, and the layers that undo it, in the same order.
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
        let applied = self.shape.and_then(|input| family.apply(input).ok());
        let undone = family.undo(Before { input: self.shape, applied, function: self.function });
        // All layers are reversed at the end.
        for (layer, is_settled) in undone.layers.into_iter().rev() {
            self.undone.push(Mirrored { layer, is_settled, undoes: place });
        }
        if family.has_weights() {
            self.function = layer.activation();
        }
        self.shape = applied.map(|applied| applied.output).or_else(|| family.fixed_output());
    }
}
