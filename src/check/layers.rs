//! `check`'s knowledge of every kind of layer: **one file per family**, and the only place that
//! names all kinds.

mod conv;
mod crop_or_pad;
mod dense;
mod dropout;
mod family;
mod norm;
mod pool;
mod prelu;
mod reshape;
mod residual;
mod upsample;

pub(super) use dense::units_problem;
pub(super) use family::{Before, Family, MOST_FEATURES};
pub(super) use residual::Part;

use super::route::StoredMap;
use super::{Stage, StageKind};
use crate::project::{Activation, Bottleneck, Decoder, Layer, Norm, Place, Project};

/// A layer as a member of its family.
pub(super) fn family(layer: &Layer) -> Box<dyn Family> {
    match *layer {
        Layer::Dense { units, activation } => Box::new(dense::Dense { units, activation }),
        Layer::Conv2d { channels, kernel, stride, padding, dilation, groups, activation } => {
            let direction = conv::Direction::Down;
            Box::new(conv::Conv {
                channels,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                activation,
                direction,
            })
        }
        Layer::ConvTranspose2d {
            channels,
            kernel,
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            activation,
        } => {
            let direction = conv::Direction::Up { output_padding };
            Box::new(conv::Conv {
                channels,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                activation,
                direction,
            })
        }
        Layer::Residual { form, channels, stride, norm, inner, activation } => {
            let direction = residual::Direction::Down;
            Box::new(residual::Residual { form, channels, stride, norm, inner, activation, direction })
        }
        Layer::ResidualTranspose { form, channels, stride, output_padding, norm, inner, activation } => {
            let direction = residual::Direction::Up { output_padding };
            Box::new(residual::Residual { form, channels, stride, norm, inner, activation, direction })
        }
        Layer::MaxPool2d { size } => Box::new(pool::Pool { size, kind: pool::Kind::Max }),
        Layer::AvgPool2d { size } => Box::new(pool::Pool { size, kind: pool::Kind::Average }),
        Layer::Upsample { factor } => Box::new(upsample::Upsample { factor }),
        Layer::CropOrPad { height, width } => Box::new(crop_or_pad::CropOrPad { height, width }),
        Layer::BatchNorm { activation } => Box::new(norm::Normalised { norm: Norm::Batch, activation }),
        Layer::LayerNorm { activation } => Box::new(norm::Normalised { norm: Norm::Layer, activation }),
        Layer::GroupNorm { groups, activation } => {
            Box::new(norm::Normalised { norm: Norm::Group { groups }, activation })
        }
        Layer::Prelu { shared } => Box::new(prelu::Prelu { shared }),
        Layer::Flatten => Box::new(reshape::Flatten),
        Layer::Reshape { height, width, channels } => Box::new(reshape::Reshape { height, width, channels }),
        Layer::Dropout { rate } => Box::new(dropout::Dropout { rate }),
    }
}

/// The first card that compares the samples of a minibatch with each other, and the name of what
/// does so: batch norm, or the Wasserstein penalty.
pub(super) fn compared(project: &Project) -> Option<(Place, &'static str)> {
    let find = |layers: &[Layer], place: fn(usize) -> Place| {
        let mut names = layers.iter().map(|layer| family(layer).comparison()).enumerate();
        names.find_map(|(index, name)| Some((place(index), name?)))
    };
    let decoder = || match &project.decoder {
        Decoder::Free(layers) => find(layers, Place::Decoder),
        // The norms of a mirrored decoder are those of the encoder.
        Decoder::Mirrored { .. } => None,
    };
    let of_code = || {
        let compares = matches!(project.code.kind, Bottleneck::Wasserstein { .. });
        compares.then_some((Place::Code, "The Wasserstein penalty"))
    };
    find(&project.encoder, Place::Encoder).or_else(decoder).or_else(of_code)
}

impl Stage {
    /// Memory of its operation in training besides parameters and output, with buffers for `rows`
    /// rows; in bytes.
    pub fn scratch_bytes(&self, rows: u64) -> u64 {
        let output_bytes = (self.outputs() as u64).saturating_mul(rows).saturating_mul(4);
        // The derivative of some activations depends on the sums, not the outputs, so the sums are
        // kept.
        let sums = if self.kind.activation().is_some_and(Activation::needs_sums) { output_bytes } else { 0 };
        let (from, to) = (self.input.channels(), self.output.channels());
        let own = match self.kind {
            StageKind::Conv { window, groups, .. } => conv::scratch_bytes(window, groups, from, to, to),
            StageKind::ConvTranspose { window, groups, .. } => {
                conv::scratch_bytes(window, groups, to, from, to)
            }
            // The index of the largest value.
            StageKind::MaxPool { .. } => output_bytes,
            StageKind::Norm { norm, .. } => norm::scratch_bytes(norm, self.input, rows),
            StageKind::Prelu { slopes } => prelu::scratch_bytes(slopes, self.input, rows),
            StageKind::Dense { .. }
            | StageKind::AvgPool { .. }
            | StageKind::Upsample { .. }
            | StageKind::CropOrPad
            | StageKind::ChannelsFirst
            | StageKind::ChannelsLast
            | StageKind::MomentsApart
            | StageKind::Activation(_)
            | StageKind::Add { .. }
            | StageKind::Dropout { .. } => 0,
        };
        sums.saturating_add(own)
    }
}

/// The linear maps whose product is the Jacobian of consecutive stages, with buffers for `rows`
/// samples.
pub(super) fn maps_of(stages: &[Stage], rows: u64) -> Vec<StoredMap> {
    let (mut maps, mut starts) = (Vec::new(), Vec::new());
    for stage in stages {
        starts.push(maps.len());
        if let StageKind::Add { main, shortcut, .. } = stage.kind {
            let end = starts.len() - 1;
            let second = maps.split_off(starts[end - shortcut]);
            let first = maps.split_off(starts[end - shortcut - main]);
            maps.push(StoredMap::sum(&first, &second));
        }
        maps.extend(linear_maps(stage, rows));
    }
    maps
}

/// The linear maps of one stage.
fn linear_maps(stage: &Stage, rows: u64) -> Vec<StoredMap> {
    let (inputs, outputs) = (stage.inputs(), stage.outputs());
    let slope = |activation: Activation| {
        let arrays = 1 + u64::from(activation.is_curved());
        (activation != Activation::Linear).then(|| StoredMap::factor(outputs, rows, arrays))
    };
    let own = match stage.kind {
        StageKind::Dense { .. } => Some(dense::linear_map(inputs, outputs, stage.tied_to.is_some())),
        StageKind::Conv { window, groups, .. } | StageKind::ConvTranspose { window, groups, .. } => {
            Some(conv::linear_map(window, groups, stage.input, stage.output))
        }
        StageKind::MaxPool { .. } => Some(StoredMap { bytes: 0, ..StoredMap::moving(inputs, outputs, 1) }),
        StageKind::AvgPool { window } => {
            Some(StoredMap::moving(inputs, outputs, window.kernel.saturating_mul(window.kernel)))
        }
        StageKind::Upsample { .. }
        | StageKind::CropOrPad
        | StageKind::ChannelsFirst
        | StageKind::ChannelsLast
        | StageKind::MomentsApart => Some(StoredMap::moving(inputs, outputs, 1)),
        StageKind::Norm { norm, .. } => Some(norm::linear_map(norm, inputs)),
        StageKind::Prelu { .. } => Some(prelu::linear_map(inputs, rows)),
        StageKind::Activation(activation) => slope(activation),
        // A sum consists of the maps of its two paths.
        StageKind::Add { .. } => None,
        StageKind::Dropout { .. } => Some(StoredMap::factor(inputs, rows, 1)),
    };
    own.into_iter().chain(stage.kind.activation().and_then(slope)).collect()
}
