use super::{Plan, StageKind};
use crate::project::{Bottleneck, CodebookUpdate, Loss, Norm, Shape, Variance};

/// A named array of a plan's network, as weight files hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedArray {
    /// `encoder.0.weight`
    pub name: String,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Whether gradients change it; running statistics are not learned.
    pub is_learned: bool,
}

impl Plan {
    /// All arrays of the network, without building it.
    pub fn arrays(&self) -> Vec<PlannedArray> {
        let mut arrays = Vec::new();
        let mut add = |prefix: &str, kind: &str, shape: Vec<usize>, is_learned: bool| {
            arrays.push(PlannedArray { name: format!("{prefix}.{kind}"), shape, is_learned });
        };
        for stage in self.stages() {
            let (from, to) = (stage.input.channels(), stage.output.channels());
            let mut learned = |weight: Option<Vec<usize>>, bias: Option<Vec<usize>>| {
                if let Some(weight) = weight {
                    add(&stage.name, "weight", weight, true);
                }
                if let Some(bias) = bias {
                    add(&stage.name, "bias", bias, true);
                }
            };
            // A tied stage has only its bias.
            let own = |weight: Vec<usize>| stage.tied_to.is_none().then_some(weight);
            match stage.kind {
                StageKind::Dense { .. } => {
                    learned(own(vec![stage.outputs(), stage.inputs()]), Some(vec![stage.outputs()]));
                }
                StageKind::Conv { window, groups, has_bias, .. } => {
                    let bias = has_bias.then(|| vec![to]);
                    learned(own(vec![to, from / groups, window.kernel, window.kernel]), bias);
                }
                // Stored like the convolution it transposes.
                StageKind::ConvTranspose { window, groups, has_bias, .. } => {
                    let bias = has_bias.then(|| vec![to]);
                    learned(own(vec![from, to / groups, window.kernel, window.kernel]), bias);
                }
                StageKind::Norm { norm: Norm::Batch, .. } => {
                    learned(Some(vec![from]), Some(vec![from]));
                    add(&stage.name, "running_mean", vec![from], false);
                    add(&stage.name, "running_var", vec![from], false);
                }
                StageKind::Norm { norm: Norm::Group { .. }, .. } => {
                    learned(Some(vec![from]), Some(vec![from]));
                }
                StageKind::Norm { norm: Norm::Layer, .. } => {
                    let shape = match stage.input {
                        Shape::Vector(features) => vec![features],
                        Shape::Image { height, width, channels } => vec![channels, height, width],
                    };
                    learned(Some(shape.clone()), Some(shape));
                }
                StageKind::Prelu { slopes } => add(&stage.name, "weight", vec![slopes], true),
                StageKind::MaxPool { .. }
                | StageKind::AvgPool { .. }
                | StageKind::Upsample { .. }
                | StageKind::CropOrPad
                | StageKind::ChannelsFirst
                | StageKind::ChannelsLast
                | StageKind::MomentsApart
                | StageKind::Activation(_)
                | StageKind::Add { .. }
                | StageKind::Dropout { .. } => {}
            }
        }
        let before = self.encoder().last().map_or(self.shape(), |stage| stage.output).features();
        match self.design().code.kind {
            Bottleneck::Concrete { .. } => add("code", "logits", vec![self.code_units(), before], true),
            Bottleneck::DescriptionLength { .. } => add("code", "prior", vec![self.code_units()], true),
            Bottleneck::Quantised { entries, dimension, update, .. } => {
                let is_learned = update == CodebookUpdate::Gradient;
                add("code", "codebook", vec![entries, dimension], is_learned);
                add("code", "idle", vec![entries], false);
                if !is_learned {
                    add("code", "counts", vec![entries], false);
                    add("code", "sums", vec![entries, dimension], false);
                }
            }
            Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Variational { .. }
            | Bottleneck::ImportanceWeighted { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Hashing { .. } => {}
        }
        if let Loss::Gaussian { variance: Variance::Learned } = self.design().loss {
            add("output", "log_variance", vec![1], true);
        }
        arrays
    }
}
