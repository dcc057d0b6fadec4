//! Layers, parameters and memory that a kind of code adds to the network.

use super::layers::family;
use super::route::StoredMap;
use super::sizes;
use crate::project::{
    Activation, Bottleneck, Code, CodeForm, CodebookUpdate, Competition, Layer, Project, Shape,
};

/// The shape of a code after the encoder's output; `None` if that is unknown, or not a picture
/// whose positions could have channels.
pub(super) fn shape_after(code: &Code, before: Option<Shape>) -> Option<Shape> {
    match (code.form, before) {
        (CodeForm::Units, _) => Some(Shape::Vector(code.units)),
        (CodeForm::Channels, Some(Shape::Image { height, width, .. })) => {
            Some(Shape::Image { height, width, channels: code.units })
        }
        (CodeForm::Channels, Some(Shape::Vector(_)) | None) => None,
    }
}

/// The shape of a project's code for samples of this shape; a row of its units if the encoder
/// cannot be applied.
pub fn code_shape(project: &Project, input: Shape) -> Shape {
    let apply = |shape: Option<Shape>, layer: &Layer| Some(family(layer).apply(shape?).ok()?.output);
    let before = project.encoder.iter().fold(Some(input), apply);
    shape_after(&project.code, before).unwrap_or(Shape::Vector(project.code.units))
}

/// The layer of the code: a dense one or a 1×1 convolution, unless the encoder already ends in as
/// many units or channels and the kind of code uses them directly. For a variational code it
/// outputs two numbers per unit. A selector has none, as it reads the input directly.
pub(super) fn code_projection(project: &Project, before: Option<Shape>) -> Option<Layer> {
    let code = &project.code;
    let ends_right = before.is_some()
        && before == shape_after(code, before)
        && project.encoder.last().is_some_and(|last| family(last).can_be_code());
    let projection = |outputs: usize, activation: Activation| match code.form {
        CodeForm::Units => Layer::Dense { units: outputs, activation },
        CodeForm::Channels => Layer::point_convolution(outputs, activation),
    };
    match code.kind {
        Bottleneck::Concrete { .. } => None,
        Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. } => {
            Some(projection(code.units.saturating_mul(2), Activation::Linear))
        }
        Bottleneck::Hashing { .. } | Bottleneck::DescriptionLength { .. } => {
            Some(projection(code.units, Activation::Linear))
        }
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Quantised { .. } => (!ends_right).then(|| projection(code.units, code.activation)),
    }
}

/// Trainable parameters of the code besides its projection, for `features` inputs and `numbers`
/// numbers per code.
pub(super) fn code_parameters(code: &Code, features: Option<usize>, numbers: Option<usize>) -> Option<u64> {
    match code.kind {
        Bottleneck::Concrete { .. } => Some((features? as u64).saturating_mul(numbers? as u64)),
        Bottleneck::Quantised { entries, dimension, update: CodebookUpdate::Gradient, .. } => {
            Some((entries as u64).saturating_mul(dimension as u64))
        }
        // The logits of the prior.
        Bottleneck::DescriptionLength { .. } => Some(numbers? as u64),
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Hashing { .. }
        | Bottleneck::Quantised { update: CodebookUpdate::MovingAverage, .. } => Some(0),
    }
}

/// Whether a mirrored layer can use the code's weights transposed.
pub(super) fn code_can_be_tied(code: &Code) -> bool {
    !code.kind.is_gaussian()
        && !matches!(code.kind, Bottleneck::Concrete { .. } | Bottleneck::DescriptionLength { .. })
}

/// Sizes that determine a code's memory.
pub(super) struct CodeSizes {
    /// Rows in the buffers.
    pub rows: u64,
    /// Numbers per code.
    pub numbers: u64,
    /// Features of its input.
    pub inputs: u64,
    /// Features of a sample.
    pub features: u64,
    /// Whether the decoder is a single linear layer.
    pub has_linear_decoder: bool,
}

/// Numbers that the operations of a code hold in training, without its projection and parameters
/// learned by gradients.
pub(super) fn code_values(code: &Code, sizes: &CodeSizes) -> u64 {
    let CodeSizes { rows, numbers: units, inputs, features, has_linear_decoder } = *sizes;
    let product = |factors: &[u64]| factors.iter().fold(1_u64, |all, &one| all.saturating_mul(one));
    let sum = |terms: &[u64]| terms.iter().fold(0_u64, |all, &one| all.saturating_add(one));
    let codes = product(&[rows, units]);
    // Values and gradient of the decoder's input.
    let given = product(&[2, codes]);
    match code.kind {
        Bottleneck::Plain => 0,
        // The mask of kept units, and a reordering before and after, with gradients.
        Bottleneck::KSparse { within: Competition::Channel, .. } if code.form == CodeForm::Channels => {
            sum(&[given, codes, product(&[2, given])])
        }
        Bottleneck::KSparse { .. } => sum(&[given, codes]),
        // Noise, and the divergence of each unit, per shard and in total, the latter as `f64`.
        Bottleneck::Variational { .. } => {
            let shards = rows.div_ceil(sizes::DIVERGENCE_ROWS as u64);
            sum(&[given, codes, product(&[shards, units]), product(&[3, units])])
        }
        // Noise; likelihoods, weights, ratios, and log weights as `f64`.
        Bottleneck::ImportanceWeighted { samples } => {
            let samples = samples as u64;
            sum(&[product(&[3, codes, samples]), product(&[5, rows, samples])])
        }
        // Codes and as many draws of the prior as columns, slopes; distances from one code per
        // shard to all others.
        Bottleneck::Wasserstein { .. } => {
            let shards = rows.div_ceil(sizes::DISCREPANCY_ROWS as u64);
            sum(&[product(&[3, codes]), product(&[shards, rows]), rows])
        }
        Bottleneck::Concrete { .. } => {
            let learned = product(&[units, inputs]);
            let all = product(&[rows, learned]);
            let kept = if all <= sizes::KEPT_CHOICES as u64 { all } else { learned };
            sum(&[given, kept, product(&[2, codes])])
        }
        Bottleneck::Hashing { .. } => given,
        Bottleneck::DescriptionLength { choices, .. } => {
            // A linear decoder is given the distributions themselves; their variance needs its
            // columns and their gradient.
            let own = if has_linear_decoder {
                let groups = product(&[2, units, choices as u64]);
                sum(&[product(&[2, features, units]), groups, rows])
            } else {
                given
            };
            sum(&[given, own, units, rows])
        }
        Bottleneck::Quantised { entries, dimension, update, .. } => {
            let (count, vectors) = (entries as u64, codes / (dimension as u64).max(1));
            let block = sizes::codebook_block(entries) as u64;
            let scores = product(&[sizes::CODEBOOK_SHARDS as u64, block, count]);
            // Arrays without gradient, copied for the last finite state, the checkpoint and the best
            // epoch.
            let averages = match update {
                CodebookUpdate::Gradient => 0,
                CodebookUpdate::MovingAverage => sum(&[product(&[2, count, dimension as u64]), count]),
            };
            let arrays = product(&[4, sum(&[averages, count])]);
            sum(&[given, arrays, scores, product(&[2, count]), product(&[2, vectors])])
        }
    }
}

/// The linear maps between the encoder's last stage and a code of `units` numbers, with buffers for
/// `rows` samples.
pub(super) fn code_maps(code: &Code, units: usize, rows: u64) -> Vec<StoredMap> {
    match code.kind {
        // The mask of kept units, between two reorderings.
        Bottleneck::KSparse { within: Competition::Channel, .. } if code.form == CodeForm::Channels => {
            let order = || StoredMap::moving(units, units, 1);
            vec![order(), StoredMap::factor(units, rows, 1), order()]
        }
        Bottleneck::KSparse { .. } => vec![StoredMap::factor(units, rows, 1)],
        // Only the means.
        Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. } => {
            vec![StoredMap::moving(units.saturating_mul(2), units, 1)]
        }
        // The slope of the sigmoid and its curvature.
        Bottleneck::Hashing { .. } => vec![StoredMap::factor(units, rows, 2)],
        Bottleneck::Plain
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. }
        | Bottleneck::DescriptionLength { .. }
        | Bottleneck::Quantised { .. } => Vec::new(),
    }
}
