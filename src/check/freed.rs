//! A decoder of its own in place of a mirrored one.

use super::cards::cards;
use super::mirror::mirror;
use crate::project::{Activation, Decoder, Layer, Project, Shape};

/// The layers of a decoder of its own that computes what the mirrored one does; `None` where they
/// follow from sizes that are not known: before data of pictures are loaded, or after an encoder
/// layer that cannot be applied.
pub fn freed(project: &Project, input: Option<Shape>) -> Option<Vec<Layer>> {
    let mirror = mirror(project, input);
    if !mirror.layers.iter().all(|mirrored| mirrored.is_settled) {
        return None;
    }
    let mut layers: Vec<Layer> = mirror.layers.into_iter().map(|mirrored| mirrored.layer).collect();
    let output_card = |layers: &[Layer]| {
        cards(&Project { decoder: Decoder::Free(layers.to_vec()), ..project.clone() }, input).output
    };
    let linear = |layer: Layer| layer.with_activation(Activation::Linear);
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
