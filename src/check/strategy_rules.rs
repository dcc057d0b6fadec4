//! Requirements of layer-wise training.

use super::layers::family;
use super::{DataFacts, Fix, Problem, cards};
use crate::project::{
    Activation, Bottleneck, Decoder, Greedy, Layer, Place, Project, Scaling, Strategy, format_range,
};

pub(super) fn check(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let Strategy::LayerWise { by, epochs, .. } = project.training.strategy else { return };
    check_settings(project, by, epochs, problems);
    check_layers(project, problems);
    check_unrolling(project, problems);
    if by == Greedy::Machines {
        check_machines(project, data, problems);
    }
}

fn jointly(project: &Project) -> Fix {
    Fix::new("Train jointly", project, |project| project.training.strategy = Strategy::Joint)
}

fn check_settings(project: &Project, by: Greedy, epochs: u32, problems: &mut Vec<Problem>) {
    if epochs == 0 {
        let message = "The number of epochs per layer is 0: it must be at least 1.";
        problems.push(Problem::error(Place::Training, message).with_fix(jointly(project)));
    }
    if let Greedy::Autoencoders { masking } = by
        && !(0.0..1.0).contains(&masking)
    {
        let message = format!("The masking probability is {masking}: it must be at least 0 and below 1.");
        let fix = Fix::new("Mask a quarter", project, |project| {
            if let Strategy::LayerWise { by, .. } = &mut project.training.strategy {
                *by = Greedy::Autoencoders { masking: 0.25 };
            }
        });
        problems.push(Problem::error(Place::Training, message).with_fix(fix));
    }
}

/// Only dense layers can be pretrained one by one.
fn check_layers(project: &Project, problems: &mut Vec<Problem>) {
    for (index, layer) in project.encoder.iter().enumerate() {
        if !family(layer).can_be_pretrained() {
            let message = format!("{} cannot be pretrained by itself: only dense layers can.", layer.name());
            let problem = Problem::error(Place::Encoder(index), message);
            problems.push(problem.with_early_fix(problems.len(), || jointly(project)));
        }
    }
    if project.code.kind != Bottleneck::Plain {
        let message = format!(
            "Layers cannot be pretrained one by one with a {} code: it has its own way of reconstructing its input.",
            project.code.kind.name()
        );
        problems.push(Problem::error(Place::Code, message).with_fix(jointly(project)));
    }
}

/// The decoder is initialised with the transposed weights of the encoder, and then trained
/// separately.
fn check_unrolling(project: &Project, problems: &mut Vec<Problem>) {
    if project.decoder != (Decoder::Mirrored { tied: false }) {
        let message = if let Decoder::Mirrored { .. } = project.decoder {
            "Pretraining gives the decoder its own weights, so they cannot be tied."
        } else {
            "Pretraining needs a decoder that mirrors the encoder, so it cannot have its own layers."
        };
        let fix = Fix::new("Mirror without tying", project, |project| {
            project.decoder = Decoder::Mirrored { tied: false };
        });
        problems.push(Problem::error(Place::Output, message).with_fix(fix));
    }
}

/// The units of a restricted Boltzmann machine are binary; those of the code may be linear.
fn check_machines(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let is_logistic = |layer: &Layer| {
        !family(layer).can_be_pretrained() || layer.activation().is_none_or(|own| own == Activation::Sigmoid)
    };
    let fix = || {
        Fix::new("Use sigmoids", project, |project| {
            for layer in &mut project.encoder {
                if let Some(activation) = layer.activation_mut() {
                    *activation = Activation::Sigmoid;
                }
            }
            project.output.activation = Activation::Sigmoid;
            if !matches!(project.code.activation, Activation::Linear | Activation::Sigmoid) {
                project.code.activation = Activation::Sigmoid;
            }
        })
    };
    if let Some(index) = project.encoder.iter().position(|layer| !is_logistic(layer)) {
        let message = "Units of a Boltzmann machine are on with a probability, so they need a sigmoid.";
        problems.push(Problem::error(Place::Encoder(index), message).with_fix(fix()));
    }
    let owns = cards(project, data.map(|facts| facts.shape)).code.layer.is_some();
    if owns && !matches!(project.code.activation, Activation::Linear | Activation::Sigmoid) {
        let message = format!(
            "A code pretrained as a Boltzmann machine must be linear or sigmoid, not {}.",
            project.code.activation.name()
        );
        problems.push(Problem::error(Place::Code, message).with_fix(fix()));
    }
    if project.output.activation != Activation::Sigmoid {
        let message = "A Boltzmann machine reconstructs probabilities, so the output needs a sigmoid.";
        problems.push(Problem::error(Place::Output, message).with_fix(fix()));
    }
    if let Some(facts) = data
        && (facts.value_range.0 < 0.0 || facts.value_range.1 > 1.0)
    {
        let range = format_range(facts.value_range);
        let message =
            format!("A Boltzmann machine needs inputs in [0, 1], but the scaled data lie in {range}.");
        let problem = Problem::error(Place::Data, message);
        problems.push(if project.data.scaling == Scaling::UnitRange {
            problem.with_fix(jointly(project))
        } else {
            problem.with_fix(Fix::new("Scale to [0, 1]", project, |project| {
                project.data.scaling = Scaling::UnitRange;
            }))
        });
    }
}
