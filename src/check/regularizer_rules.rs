//! What makes a regularizer meaningful.

use super::layers::family;
use super::{DataFacts, Fix, Problem, cards};
use crate::project::{
    Activation, Bottleneck, Distance, Estimator, Over, Penalty, Place, Project, Regularizer, Site,
};

pub(super) fn check(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    for (index, regularizer) in project.regularizers.iter().enumerate() {
        check_one(project, index, regularizer, data, problems);
    }
}

fn check_one(
    project: &Project,
    index: usize,
    regularizer: &Regularizer,
    data: Option<&DataFacts>,
    problems: &mut Vec<Problem>,
) {
    let name = regularizer.penalty.name();
    let place = match regularizer.on {
        Site::Code => Place::Code,
        Site::Encoder(layer) if layer < project.encoder.len() => Place::Encoder(layer),
        Site::Encoder(layer) => {
            let message =
                format!("The {name} penalty looks at encoder layer {}, which does not exist.", layer + 1);
            problems.push(Problem::error(Place::Code, message).with_fix(without(project, index)));
            return;
        }
    };
    if !regularizer.weight.is_finite() || regularizer.weight < 0.0 {
        let message = format!("A weight of {} makes no sense: it must be 0 or more.", regularizer.weight);
        let fix = with(project, index, "Use 0.001", |regularizer| regularizer.weight = 1e-3);
        problems.push(Problem::error(place, message).with_fix(fix));
    }
    match regularizer.penalty {
        Penalty::L1 | Penalty::L2 => {}
        Penalty::Sparsity { target, distance, over } => {
            if over == Over::Samples && project.training.batch_size == 1 {
                let message = "Sparsity per unit is that of its mean over the minibatch: over a single sample it holds every activation to the target.";
                let fix = Fix::new("Use a batch of 64", project, |project| project.training.batch_size = 64);
                problems.push(Problem::warning(place, message).with_fix(fix));
            }
            if !(target > 0.0 && target < 1.0) {
                let message =
                    format!("A mean activation of {target} cannot be aimed at: it must lie between 0 and 1.");
                let fix = with(project, index, "Aim at 0.05", |regularizer| {
                    if let Penalty::Sparsity { target, .. } = &mut regularizer.penalty {
                        *target = 0.05;
                    }
                });
                problems.push(Problem::error(place, message).with_fix(fix));
            }
            if distance == Distance::Kl
                && let Some((source, false)) = source_at(project, regularizer.on, data)
            {
                let message = format!(
                    "KL sparsity compares probabilities, and {source} does not keep activations between 0 and 1."
                );
                let fix = with(project, index, "Measure by L2", |regularizer| {
                    if let Penalty::Sparsity { distance, .. } = &mut regularizer.penalty {
                        *distance = Distance::L2;
                    }
                });
                problems.push(Problem::error(place, message).with_fix(fix));
            }
        }
        Penalty::Contractive { estimator } => {
            if estimator == Estimator::Probes(0) {
                let fix = with(project, index, "Use one", |regularizer| {
                    regularizer.penalty = Penalty::Contractive { estimator: Estimator::Probes(1) };
                });
                let message = "The Jacobian cannot be estimated from 0 probes.";
                problems.push(Problem::error(place, message).with_fix(fix));
            }
            let kind = project.code.kind;
            if kind.jumps() {
                let message = format!(
                    "A {} code jumps between choices: it has no slope that a contractive penalty could make small.",
                    kind.name()
                );
                problems.push(Problem::error(Place::Code, message).with_fix(without(project, index)));
            }
            if regularizer.on != Site::Code {
                let message =
                    "The contractive penalty looks at the whole encoder, so it belongs to the code.";
                let fix =
                    with(project, index, "Move it to the code", |regularizer| regularizer.on = Site::Code);
                problems.push(Problem::error(place, message).with_fix(fix));
            }
        }
    }
}

/// What activations at a site come out of, and whether it keeps them between 0 and 1; `None` where
/// it is not known yet.
fn source_at(project: &Project, site: Site, data: Option<&DataFacts>) -> Option<(&'static str, bool)> {
    let of = |function: Activation| (function.name(), function.is_unit_range());
    match site {
        Site::Encoder(index) => source_of_layer(project, index + 1, data),
        Site::Code => match project.code.kind {
            Bottleneck::Hashing { .. } | Bottleneck::DescriptionLength { .. } => {
                Some(of(Activation::Sigmoid))
            }
            Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. } => {
                Some(of(Activation::Linear))
            }
            // Its vectors learn to lie anywhere.
            Bottleneck::Quantised { .. } => Some(("the codebook", false)),
            // What is picked lies where the data lie.
            Bottleneck::Concrete { .. } => source_of_layer(project, 0, data),
            Bottleneck::Plain | Bottleneck::KSparse { .. } | Bottleneck::Wasserstein { .. } => {
                let owns = cards(project, data.map(|facts| facts.shape)).code.layer.is_some();
                if owns {
                    Some(of(project.code.activation))
                } else {
                    source_of_layer(project, project.encoder.len(), data)
                }
            }
        },
    }
}

/// As [`source_at`], after the first `count` layers of the encoder; layers that only move, pick or
/// average keep what came before.
fn source_of_layer(
    project: &Project,
    count: usize,
    data: Option<&DataFacts>,
) -> Option<(&'static str, bool)> {
    for layer in project.encoder.iter().take(count).rev() {
        if let Some(function) = layer.activation() {
            return Some((function.name(), function.is_unit_range()));
        }
        if let Some(name) = family(layer).widens() {
            return Some((name, false));
        }
    }
    let (low, high) = data?.value_range;
    Some(("the input", low >= 0.0 && high <= 1.0))
}

fn with(project: &Project, index: usize, label: &str, edit: impl FnOnce(&mut Regularizer)) -> Fix {
    Fix::new(label, project, |project| {
        if let Some(regularizer) = project.regularizers.get_mut(index) {
            edit(regularizer);
        }
    })
}

fn without(project: &Project, index: usize) -> Fix {
    Fix::new("Remove the penalty", project, |project| {
        project.regularizers.remove(index);
    })
}
