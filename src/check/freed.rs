//! Turning a mirrored decoder into a free one.

use super::cards::cards;
use super::mirror::mirror;
use crate::project::{Activation, Decoder, Layer, Project, Shape};

/// The layers of a free decoder that computes the same as the mirrored one; `None` if they depend
/// on unknown sizes: before picture data are loaded, or after an encoder layer that cannot be
/// applied.
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
    // The output card's own layer is not part of the decoder.
    if output == output_card(&layers).layer.map(linear) {
        return Some(layers);
    }
    if !is_settled {
        return None;
    }
    layers.extend(output);
    match (output_card(&layers).input?, input) {
        (Shape::Image { .. }, None) => return None,
        // A mirrored decoder may end in a picture of other sides, which is read in the input's
        // order.
        (found @ Shape::Image { .. }, Some(wanted @ Shape::Image { height, width, channels }))
            if found != wanted && found.features() == wanted.features() =>
        {
            layers.push(Layer::Reshape { height, width, channels });
        }
        _ => {}
    }
    Some(layers)
}
