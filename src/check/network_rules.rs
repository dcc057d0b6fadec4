//! What makes a network meaningful.

use super::shapes::code_projection;
use super::{DataFacts, Fix, Place, Plan, Problem, mirror};
use crate::project::{Activation, Corruption, Decoder, Layer, Loss, Project, Scaling};

/// Widest layer that is taken seriously.
const MOST_UNITS: usize = 1 << 20;
/// Largest sample that is taken seriously.
const MOST_FEATURES: usize = 1 << 24;

pub(super) fn check(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    check_input(data, problems);
    check_layers(project, problems);
    check_code(project, data, problems);
    check_output(project, data, problems);
    check_corruption(project, data, problems);
    if let Some(facts) = data
        && problems.is_empty_of_errors()
    {
        check_memory(project, facts, problems);
    }
}

/// A small word for the end of a chain of checks that build on one another.
trait Errors {
    fn is_empty_of_errors(&self) -> bool;
}

impl Errors for Vec<Problem> {
    fn is_empty_of_errors(&self) -> bool {
        self.iter().all(|problem| problem.severity != super::Severity::Error)
    }
}

/// Where a layer stands: which stack, and how to edit it there.
fn layer_mut(project: &mut Project, place: Place) -> Option<&mut Layer> {
    match (place, &mut project.decoder) {
        (Place::Encoder(index), _) => project.encoder.get_mut(index),
        (Place::Decoder(index), Decoder::Free(layers)) => layers.get_mut(index),
        _ => None,
    }
}

fn check_input(data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let Some(features) = data.map(|facts| facts.shape.features()) else {
        return;
    };
    if features == 0 {
        problems
            .push(Problem::error(Place::Data, "A sample has no features: there is nothing to learn from."));
    } else if features > MOST_FEATURES {
        problems.push(Problem::error(
            Place::Data,
            format!("A sample has {features} features, more than the {MOST_FEATURES} that can be trained on: load the data at a smaller size."),
        ));
    }
}

fn check_layers(project: &Project, problems: &mut Vec<Problem>) {
    let own_decoder: &[Layer] = match &project.decoder {
        Decoder::Free(layers) => layers,
        Decoder::Mirrored { .. } => &[],
    };
    let encoder = project.encoder.iter().enumerate().map(|(i, layer)| (Place::Encoder(i), layer));
    let decoder = own_decoder.iter().enumerate().map(|(i, layer)| (Place::Decoder(i), layer));
    for (place, layer) in encoder.chain(decoder) {
        match *layer {
            Layer::Dense { units, .. } => {
                if let Some(message) = units_problem(units) {
                    let fix = Fix::new("Use 64 units", project, |project| {
                        if let Some(Layer::Dense { units, .. }) = layer_mut(project, place) {
                            *units = 64;
                        }
                    });
                    problems.push(Problem::error(place, message).with_fix(fix));
                }
            }
            Layer::Dropout { rate } => {
                if !(0.0..1.0).contains(&rate) {
                    let message = format!(
                        "A dropout rate of {rate} is no probability below 1: nothing would be left to learn from."
                    );
                    let fix = Fix::new("Use a rate of 0.1", project, |project| {
                        if let Some(Layer::Dropout { rate }) = layer_mut(project, place) {
                            *rate = 0.1;
                        }
                    });
                    problems.push(Problem::error(place, message).with_fix(fix));
                }
            }
        }
    }
}

fn units_problem(units: usize) -> Option<String> {
    if units == 0 {
        Some("A layer of 0 units lets nothing through: give it at least 1.".to_owned())
    } else if units > MOST_UNITS {
        Some(format!("{units} units are more than the {MOST_UNITS} a layer may have."))
    } else {
        None
    }
}

fn check_code(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let units = project.code.units;
    if let Some(message) = units_problem(units) {
        let message = message.replace("A layer", "A code");
        let fix = Fix::new("Use a code of 2", project, |project| project.code.units = 2);
        problems.push(Problem::error(Place::Code, message).with_fix(fix));
        return;
    }
    if code_projection(&project.encoder, &project.code).is_none()
        && project.code.activation != Activation::Linear
    {
        let message = format!(
            "The last encoder layer already has {units} units, so the code passes it through and its own activation ({}) is not used.",
            project.code.activation.name()
        );
        let fix = Fix::new("Make it linear", project, |project| project.code.activation = Activation::Linear);
        problems.push(Problem::info(Place::Code, message).with_fix(fix));
    }
    if let Some(facts) = data
        && units >= facts.shape.features()
        && project.corruption == Corruption::None
    {
        let features = facts.shape.features();
        let message = format!(
            "A code of {units} is as large as the input ({features} features): the network can copy instead of learning. Make it smaller, or corrupt the input."
        );
        let smaller = (features / 4).max(1);
        let fix =
            Fix::new(format!("Use a code of {smaller}"), project, |project| project.code.units = smaller);
        let problem = Problem::warning(Place::Code, message);
        problems.push(if smaller < units { problem.with_fix(fix) } else { problem });
    }
}

/// The activation the reconstruction really comes out of, and the card that owns it.
fn last_activation(project: &Project, data: Option<&DataFacts>) -> (Place, Activation) {
    if let (Decoder::Free(layers), Some(facts)) = (&project.decoder, data)
        && let Some(Layer::Dense { units, activation }) = layers.last()
        && *units == facts.shape.features()
    {
        return (Place::Decoder(layers.len() - 1), *activation);
    }
    (Place::Output, project.output.activation)
}

fn check_output(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let (place, activation) = last_activation(project, data);
    let set_activation = |project: &mut Project, activation: Activation| match layer_mut(project, place) {
        Some(Layer::Dense { activation: own, .. }) => *own = activation,
        Some(Layer::Dropout { .. }) | None => project.output.activation = activation,
    };
    if project.loss == Loss::BinaryCrossEntropy && activation != Activation::Sigmoid {
        let message = format!(
            "Binary cross-entropy needs outputs in (0, 1), but the last activation is {}.",
            activation.name()
        );
        let fix = Fix::new("Use sigmoid", project, |project| set_activation(project, Activation::Sigmoid));
        problems.push(Problem::error(place, message).with_fix(fix));
    }
    let Some(facts) = data else { return };
    let (low, high) = facts.value_range;
    let outside = low < 0.0 || high > 1.0;
    if project.loss == Loss::BinaryCrossEntropy && outside {
        let message = format!(
            "Binary cross-entropy needs data in [0, 1], but the scaled data reach from {low:.3} to {high:.3}."
        );
        let problem = Problem::error(Place::Output, message);
        problems.push(if project.data.scaling == Scaling::UnitRange {
            // Rows outside the training split can lie outside its range.
            problem.with_fix(Fix::new("Use squared error", project, |project| {
                project.loss = Loss::SquaredError;
            }))
        } else {
            problem.with_fix(Fix::new("Scale to [0, 1]", project, |project| {
                project.data.scaling = Scaling::UnitRange;
            }))
        });
    } else if let Some((lowest, highest)) = reach(activation)
        && (low < lowest - 1e-3 || high > highest + 1e-3)
        && !(project.data.scaling == Scaling::UnitRange && activation == Activation::Sigmoid)
    {
        let message = format!(
            "The scaled data reach from {low:.3} to {high:.3}, but a {} output cannot: parts of them can never be reconstructed.",
            activation.name()
        );
        let fix = Fix::new("Make the output linear", project, |project| {
            set_activation(project, Activation::Linear);
        });
        problems.push(Problem::warning(place, message).with_fix(fix));
    }
}

/// Smallest and largest value an activation can put out, where it cannot put out everything.
fn reach(activation: Activation) -> Option<(f32, f32)> {
    match activation {
        Activation::Linear | Activation::LeakyRelu => None,
        Activation::Relu | Activation::Softplus => Some((0.0, f32::INFINITY)),
        Activation::Elu => Some((-1.0, f32::INFINITY)),
        Activation::Gelu => Some((-0.17, f32::INFINITY)),
        Activation::Silu => Some((-0.2785, f32::INFINITY)),
        Activation::Sigmoid => Some((0.0, 1.0)),
        Activation::Tanh => Some((-1.0, 1.0)),
    }
}

fn check_corruption(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let (is_sound, message, mended) = match project.corruption {
        Corruption::None => return,
        Corruption::Gaussian { std } => (
            std.is_finite() && std >= 0.0,
            format!("A standard deviation of {std} makes no sense: it must be 0 or more."),
            Corruption::Gaussian { std: 0.3 },
        ),
        Corruption::Masking { probability } => (
            (0.0..=1.0).contains(&probability),
            format!("{probability} is no probability: it must lie between 0 and 1."),
            Corruption::Masking { probability: 0.3 },
        ),
        Corruption::SaltAndPepper { probability } => (
            (0.0..=1.0).contains(&probability),
            format!("{probability} is no probability: it must lie between 0 and 1."),
            Corruption::SaltAndPepper { probability: 0.2 },
        ),
    };
    if !is_sound {
        let fix = Fix::new("Use the default", project, |project| project.corruption = mended);
        problems.push(Problem::error(Place::Corruption, message).with_fix(fix));
    } else if matches!(project.corruption, Corruption::Masking { .. })
        && data.is_some_and(|facts| facts.value_range.0 > 0.0)
    {
        problems.push(Problem::info(
            Place::Corruption,
            "Masking sets features to 0, which lies outside the scaled data.",
        ));
    }
}

fn check_memory(project: &Project, facts: &DataFacts, problems: &mut Vec<Problem>) {
    let needed = Plan::unchecked(project, facts).training_bytes();
    if needed <= facts.available_bytes {
        return;
    }
    let widest = project
        .encoder
        .iter()
        .chain(match &project.decoder {
            Decoder::Free(layers) => layers.as_slice(),
            Decoder::Mirrored { .. } => &[],
        })
        .map(|layer| match layer {
            Layer::Dense { units, .. } => *units,
            Layer::Dropout { .. } => 0,
        })
        .chain([project.code.units, mirror(&project.encoder, &project.code).len()])
        .max();
    let place = project
        .encoder
        .iter()
        .position(|layer| matches!(layer, Layer::Dense { units, .. } if Some(*units) == widest))
        .map_or(Place::Training, Place::Encoder);
    problems.push(Problem::error(
        place,
        format!(
            "Training would need about {}, and {} are free: use fewer units, smaller samples or a smaller batch.",
            bytes(needed),
            bytes(facts.available_bytes)
        ),
    ));
}

/// A number of bytes with a sensible unit.
fn bytes(count: u64) -> String {
    let gib = count as f64 / f64::from(1 << 30);
    if gib >= 1.0 { format!("{gib:.1} GiB") } else { format!("{:.0} MiB", gib * 1024.0) }
}
