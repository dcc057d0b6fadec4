//! What makes a regularizer meaningful.

use super::{DataFacts, Fix, Place, Problem, cards};
use crate::project::{Activation, Bottleneck, Distance, Estimator, Penalty, Project, Regularizer, Site};

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
        Penalty::Sparsity { target, distance, .. } => {
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
            let function = function_at(project, regularizer.on, data);
            if distance == Distance::Kl && function.is_some_and(|function| !function.is_unit_range()) {
                let function = function.map_or("linear", Activation::name);
                let message = format!(
                    "KL sparsity compares probabilities, and {function} does not keep activations between 0 and 1."
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
            if let kind @ (Bottleneck::Concrete { .. }
            | Bottleneck::Quantised { .. }
            | Bottleneck::DescriptionLength { .. }) = project.code.kind
            {
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

/// The function activations at a site come out of, where it is known.
fn function_at(project: &Project, site: Site, data: Option<&DataFacts>) -> Option<Activation> {
    let of = |index: usize| project.encoder.get(index).and_then(crate::project::Layer::activation);
    match site {
        Site::Encoder(index) => of(index),
        Site::Code => match project.code.kind {
            Bottleneck::Hashing { .. } | Bottleneck::DescriptionLength { .. } => Some(Activation::Sigmoid),
            Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. } => {
                Some(Activation::Linear)
            }
            // What is picked lies where the data lie.
            Bottleneck::Concrete { .. } => data.map(|facts| {
                let (low, high) = facts.value_range;
                if low >= 0.0 && high <= 1.0 { Activation::Sigmoid } else { Activation::Linear }
            }),
            Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Quantised { .. } => {
                let owns = cards(project, data.map(|facts| facts.shape)).code.layer.is_some();
                if owns { Some(project.code.activation) } else { of(project.encoder.len().checked_sub(1)?) }
            }
        },
    }
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
