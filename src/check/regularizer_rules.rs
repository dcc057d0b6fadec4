//! Rules for regularizers.

use super::layers::family;
use super::{DataFacts, Fix, Problem, cards};
use crate::project::{
    Activation, Bottleneck, Distance, Estimator, Over, Penalty, Place, Project, Regularizer, Site,
};

/// Most penalties for which a sigmoid is suggested: each fix is a whole project that is checked
/// again.
const MOST_OFFERS: usize = 20;

pub(super) fn check(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    if project.regularizers.is_empty() {
        return;
    }
    let sources = sources(project, data);
    for (index, regularizer) in project.regularizers.iter().enumerate() {
        check_one(project, index, regularizer, (&sources, data), problems);
    }
}

fn check_one(
    project: &Project,
    index: usize,
    regularizer: &Regularizer,
    (sources, data): (&Sources, Option<&DataFacts>),
    problems: &mut Vec<Problem>,
) {
    let name = regularizer.penalty.name();
    let found = problems.len();
    let place = match regularizer.on {
        Site::Code => Place::Code,
        Site::Encoder(layer) if layer < project.encoder.len() => Place::Encoder(layer),
        Site::Encoder(layer) => {
            let message =
                format!("The {name} penalty is on encoder layer {}, which does not exist.", layer + 1);
            problems
                .push(Problem::error(Place::Code, message).with_early_fix(found, || without(project, index)));
            return;
        }
    };
    if !regularizer.weight.is_finite() || regularizer.weight < 0.0 {
        let message = format!("The weight is {}: it must be 0 or more.", regularizer.weight);
        let fix = || with(project, index, "Use 0.001", |regularizer| regularizer.weight = 1e-3);
        problems.push(Problem::error(place, message).with_early_fix(found, fix));
    }
    match regularizer.penalty {
        Penalty::L1 | Penalty::L2 => {}
        Penalty::Sparsity { target, distance, over } => {
            if over == Over::Samples && project.training.batch_size == 1 {
                let message = "Sparsity uses the mean of each unit over the minibatch; with one sample, every activation is pulled to the target.";
                let fix =
                    || Fix::new("Use a batch of 64", project, |project| project.training.batch_size = 64);
                problems.push(Problem::warning(place, message).with_early_fix(found, fix));
            }
            if !(target > 0.0 && target < 1.0) {
                let message =
                    format!("The target of the mean activation is {target}: it must lie between 0 and 1.");
                let fix = || {
                    with(project, index, "Use 0.05", |regularizer| {
                        if let Penalty::Sparsity { target, .. } = &mut regularizer.penalty {
                            *target = 0.05;
                        }
                    })
                };
                problems.push(Problem::error(place, message).with_early_fix(found, fix));
            }
            if distance == Distance::Kl
                && let Some((source, false)) = sources.at(regularizer.on)
            {
                let message = format!(
                    "KL sparsity compares probabilities, and {source} does not keep activations between 0 and 1."
                );
                let fix = || {
                    with(project, index, "Use L2", |regularizer| {
                        if let Penalty::Sparsity { distance, .. } = &mut regularizer.penalty {
                            *distance = Distance::L2;
                        }
                    })
                };
                problems.push(Problem::error(place, message).with_early_fix(found, fix));
            } else if index < MOST_OFFERS
                && let Some((source, false)) = sources.at(regularizer.on)
                && let Some(fixed) = behind_sigmoid(project, index, data)
            {
                let message = format!(
                    "Sparsity uses {} here, because {source} does not keep activations between 0 and 1. After a sigmoid, KL can be used (Ng 2011).",
                    distance.name()
                );
                let fix = || Fix::new("Use a sigmoid and KL", project, |project| project.clone_from(&fixed));
                problems.push(Problem::info(place, message).with_early_fix(found, fix));
            }
        }
        Penalty::Contractive { estimator } => {
            if estimator == Estimator::Probes(0) {
                let fix = || {
                    with(project, index, "Use 1 probe", |regularizer| {
                        regularizer.penalty = Penalty::Contractive { estimator: Estimator::Probes(1) };
                    })
                };
                let message = "The Jacobian cannot be estimated from 0 probes.";
                problems.push(Problem::error(place, message).with_early_fix(found, fix));
            }
            let kind = project.code.kind;
            if kind.jumps() {
                let message = format!(
                    "A {} code makes discrete choices, so it has no derivative that a contractive penalty could reduce.",
                    kind.name()
                );
                problems.push(
                    Problem::error(Place::Code, message).with_early_fix(found, || without(project, index)),
                );
            }
            if regularizer.on != Site::Code {
                let message =
                    "The contractive penalty concerns the whole encoder, so it belongs to the code.";
                let fix =
                    || with(project, index, "Move it to the code", |regularizer| regularizer.on = Site::Code);
                problems.push(Problem::error(place, message).with_early_fix(found, fix));
            }
        }
    }
}

/// The source of activations, and whether it keeps them between 0 and 1; `None` if unknown.
type Origin = Option<(&'static str, bool)>;

/// The source at each site.
struct Sources {
    /// After the first 0, 1, … layers of the encoder.
    encoder: Vec<Origin>,
    code: Origin,
}

impl Sources {
    fn at(&self, site: Site) -> Origin {
        match site {
            Site::Encoder(index) => self.encoder.get(index + 1).copied().flatten(),
            Site::Code => self.code,
        }
    }
}

fn sources(project: &Project, data: Option<&DataFacts>) -> Sources {
    let of = |function: Activation| Some((function.name(), function.is_unit_range()));
    let range = data.map(|facts| facts.value_range);
    let mut last = range.map(|(low, high)| ("the input", low >= 0.0 && high <= 1.0));
    let mut encoder = vec![last];
    for layer in &project.encoder {
        // Layers that only move, pick or average keep the source before them.
        if let Some(function) = layer.activation() {
            last = of(function);
        } else if let Some(name) = family(layer).widens() {
            last = Some((name, false));
        }
        encoder.push(last);
    }
    let code = match project.code.kind {
        Bottleneck::Hashing { .. } | Bottleneck::DescriptionLength { .. } => of(Activation::Sigmoid),
        Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. } => of(Activation::Linear),
        // Its vectors can take any value.
        Bottleneck::Quantised { .. } => Some(("the codebook", false)),
        // Selected features have the range of the data.
        Bottleneck::Concrete { .. } => encoder[0],
        Bottleneck::Plain | Bottleneck::KSparse { .. } | Bottleneck::Wasserstein { .. } => {
            let owns = cards(project, data.map(|facts| facts.shape)).code.layer.is_some();
            if owns { of(project.code.activation) } else { last }
        }
    };
    Sources { encoder, code }
}

/// Whether activations at a site are between 0 and 1; `None` if unknown.
pub(super) fn keeps_unit_range(project: &Project, site: Site, data: Option<&DataFacts>) -> Option<bool> {
    sources(project, data).at(site).map(|(_, is_unit_range)| is_unit_range)
}

/// The project with a sigmoid at the site of a sparsity penalty, and with KL of about the same
/// strength; `None` if no layer there has an activation.
fn behind_sigmoid(project: &Project, index: usize, data: Option<&DataFacts>) -> Option<Project> {
    let mut fixed = project.clone();
    let regularizer = fixed.regularizers.get_mut(index)?;
    let site = regularizer.on;
    if let Penalty::Sparsity { target, distance, .. } = &mut regularizer.penalty {
        if *distance == Distance::L2 {
            // KL ≈ (ρ − r)² / 2ρ(1 − ρ) near the target.
            regularizer.weight *= 2.0 * *target * (1.0 - *target);
        }
        *distance = Distance::Kl;
    }
    match site {
        Site::Code => fixed.code.activation = Activation::Sigmoid,
        Site::Encoder(layer) => {
            *fixed.encoder.get_mut(layer)?.activation_mut()? = Activation::Sigmoid;
        }
    }
    (keeps_unit_range(&fixed, site, data) == Some(true)).then_some(fixed)
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
