//! Rules for the kind of code.

use super::choices::likelihood;
use super::{DataFacts, Fix, Problem, code_shape};
use crate::project::{
    Bottleneck, CodeForm, Competition, Decoder, Loss, Penalty, Place, Project, Regularizer, Site, Source,
    Variance,
};

pub(super) fn check(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let units = project.code.units;
    check_form(project, problems);
    check_likelihood(project, data, problems);
    match project.code.kind {
        Bottleneck::Plain => {}
        Bottleneck::KSparse { k, alpha, within, .. } => {
            check_k_sparse(project, data, KSparse { k, alpha, within }, problems);
        }
        Bottleneck::Variational { beta, free_nats, warmup_epochs } => {
            let is_valid = beta.is_finite() && beta >= 0.0 && free_nats.is_finite() && free_nats >= 0.0;
            let message = format!("β is {beta} and the free nats are {free_nats}: both must be 0 or more.");
            valid_or_default(project, is_valid, message, problems);
            if warmup_epochs >= project.training.epochs && warmup_epochs > 0 {
                let message = format!(
                    "The warm-up of β takes {warmup_epochs} epochs, but the run has only {}: β is never reached.",
                    project.training.epochs
                );
                let shorter = project.training.epochs / 4;
                let fix = Fix::new(format!("Warm up over {shorter} epochs"), project, |project| {
                    if let Bottleneck::Variational { warmup_epochs, .. } = &mut project.code.kind {
                        *warmup_epochs = shorter;
                    }
                });
                problems.push(Problem::warning(Place::Code, message).with_fix(fix));
            }
        }
        Bottleneck::ImportanceWeighted { samples } => check_samples(project, samples, problems),
        Bottleneck::DescriptionLength { choices, width, temperature } => {
            let is_valid = (2..1 << 20).contains(&choices)
                && width.is_finite()
                && width > 0.0
                && temperature.is_finite()
                && temperature > 0.0;
            let message = format!(
                "There are {choices} choices, the precision is {width} and the temperature {temperature}: a quantiser needs at least 2 choices, and both numbers must be above 0."
            );
            valid_or_default(project, is_valid, message, problems);
            if is_valid {
                check_description(project, choices, width, problems);
            }
        }
        Bottleneck::Wasserstein { weight } => {
            let message = format!("The weight is {weight}: it must be 0 or more.");
            valid_or_default(project, weight.is_finite() && weight >= 0.0, message, problems);
        }
        Bottleneck::Hashing { std, .. } => {
            let message = format!("The standard deviation is {std}: it must be 0 or more.");
            valid_or_default(project, std.is_finite() && std >= 0.0, message, problems);
        }
        Bottleneck::Concrete { start_temperature, end_temperature, tries } => {
            let above = |value: f32| value.is_finite() && value > 0.0;
            let is_valid = above(start_temperature)
                && above(end_temperature)
                && end_temperature <= start_temperature
                && (1..=10).contains(&tries);
            let message = format!(
                "The temperature goes from {start_temperature} to {end_temperature} in {tries} attempts: both must be above 0, it must fall, and there must be 1 to 10 attempts."
            );
            valid_or_default(project, is_valid, message, problems);
            check_selector(project, data, problems);
        }
        Bottleneck::Quantised { entries, dimension, commitment, .. } => {
            let is_valid = (2..1 << 24).contains(&entries)
                && (1..1 << 20).contains(&dimension)
                && commitment.is_finite()
                && commitment >= 0.0;
            let message = format!(
                "The codebook has {entries} vectors of {dimension} numbers and commitment {commitment}: it needs at least 2 vectors of 1 number, and a commitment of 0 or more."
            );
            valid_or_default(project, is_valid, message, problems);
            if is_valid && !units.is_multiple_of(dimension) {
                let message = format!(
                    "{units} {} are not divisible into vectors of {dimension} numbers.",
                    project.code.form.name()
                );
                problems.push(with_units(project, units.checked_next_multiple_of(dimension), message));
            }
        }
    }
}

/// Together with a divergence, a loss that is not a likelihood acts as one, with a width that
/// rarely matches the data. The sum of squares plus β times the divergence is, up to a factor of β,
/// the bound under a Gaussian with σ² = β/2 (Rybkin, Daniilidis & Levine 2021, §3). Likewise,
/// absolute errors act as a Laplace distribution of scale β, and Huber's loss, which is at most
/// half the squared error, as one at least as wide as a Gaussian with σ² = β.
fn check_likelihood(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let beta = match project.code.kind {
        Bottleneck::Variational { beta, .. } => beta,
        Bottleneck::ImportanceWeighted { .. } => 1.0,
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. }
        | Bottleneck::Hashing { .. }
        | Bottleneck::DescriptionLength { .. }
        | Bottleneck::Quantised { .. } => return,
    };
    if !(beta.is_finite() && beta > 0.0) {
        return;
    }
    let stands_for = match project.loss {
        Loss::SquaredError => {
            format!("squared error is a Gaussian likelihood with σ = {:.2}", (0.5 * beta).sqrt())
        }
        Loss::AbsoluteError => format!("absolute error is a Laplace likelihood with scale {beta:.2}"),
        Loss::Huber { .. } => format!(
            "the Huber loss is a likelihood at least as wide as a Gaussian with σ = {:.2},",
            beta.sqrt()
        ),
        Loss::BinaryCrossEntropy | Loss::Gaussian { .. } => return,
    };
    let (loss, activation) = likelihood(project, data);
    let message = format!(
        "With this code, {stands_for} in units of the scaled data. Smaller errors hardly count against the divergence, so units collapse."
    );
    let fix = Fix::new(format!("Use {}", loss.name()), project, |project| {
        (project.loss, project.output.activation) = (loss, activation);
    });
    problems.push(Problem::warning(Place::Output, message).with_fix(fix));
}

/// A selector picks features, so it cannot have channels; units cannot compete by channel or
/// position.
fn check_form(project: &Project, problems: &mut Vec<Problem>) {
    if project.code.form == CodeForm::Channels && matches!(project.code.kind, Bottleneck::Concrete { .. }) {
        let fix = Fix::new("Use units", project, |project| project.code.set_form(CodeForm::Units));
        let message = "A selector chooses single features of the input, which are at different positions, so its code cannot be a picture: use units.";
        problems.push(Problem::error(Place::Code, message).with_fix(fix));
    }
    if project.code.form == CodeForm::Units
        && let Bottleneck::KSparse { within: Competition::Position | Competition::Channel, .. } =
            project.code.kind
    {
        let fix = Fix::new("Let all units compete", project, |project| {
            if let Bottleneck::KSparse { within, .. } = &mut project.code.kind {
                *within = Competition::Code;
            }
        });
        let message = "A code of units has neither channels nor positions: all units of the code compete.";
        problems.push(Problem::warning(Place::Code, message).with_fix(fix));
    }
}

/// An error about the number of units, with a suitable number as its fix if there is one.
fn with_units(project: &Project, fitting: Option<usize>, message: String) -> Problem {
    let problem = Problem::error(Place::Code, message);
    match fitting {
        Some(units) => problem.with_fix(Fix::new(format!("Use a code of {units}"), project, |project| {
            project.code.units = units;
        })),
        None => problem,
    }
}

/// Several samples per row: their number, and what cannot be combined with them.
fn check_samples(project: &Project, samples: usize, problems: &mut Vec<Problem>) {
    let is_valid = (1..=1000).contains(&samples);
    let message = format!("There are {samples} codes per sample: use 1 to 1000.");
    valid_or_default(project, is_valid, message, problems);
    let is_on_code = |regularizer: &&Regularizer| {
        regularizer.on == Site::Code && !matches!(regularizer.penalty, Penalty::Contractive { .. })
    };
    if project.regularizers.iter().any(|regularizer| is_on_code(&regularizer)) {
        let fix = Fix::new("Remove the penalty", project, |project| {
            project.regularizers.retain(|regularizer| !is_on_code(&regularizer));
        });
        let message = "An importance-weighted code draws several codes per sample, so a penalty on its activations is not defined.";
        problems.push(Problem::error(Place::Code, message).with_fix(fix));
    }
}

/// A description length is in bits only under a Gaussian of known width around a reconstruction.
fn check_description(project: &Project, choices: usize, width: f32, problems: &mut Vec<Problem>) {
    let units = project.code.units;
    if !units.is_multiple_of(choices) {
        let message = format!(
            "{units} {} are not divisible into quantisers of {choices} choices.",
            project.code.form.name()
        );
        problems.push(with_units(project, units.checked_next_multiple_of(choices), message));
    }
    if project.data.masks_missing() {
        let label = match project.data.source {
            Source::ImageFolder { .. } => "Use a background",
            Source::Csv { .. }
            | Source::Npy { .. }
            | Source::Digits
            | Source::Synthetic(_)
            | Source::Idx { .. } => "Fill them with the column mean",
        };
        let fix = Fix::new(label, project, |project| project.data.fill_missing());
        let message =
            "A description length counts the bits of every value, but masked values are not in the loss.";
        problems.push(Problem::error(Place::Data, message).with_fix(fix));
    }
    if let Loss::Gaussian { variance: Variance::Fixed { std } } = project.loss {
        let widest = std * std::f32::consts::TAU.sqrt();
        if width > widest {
            let message = format!(
                "With a precision of {width} and σ = {std}, the bits of a value would be negative: the precision can be at most {widest:.3} (σ√2π)."
            );
            let fix = Fix::new(format!("Use {std}"), project, |project| {
                if let Bottleneck::DescriptionLength { width, .. } = &mut project.code.kind {
                    *width = std;
                }
            });
            problems.push(Problem::error(Place::Code, message).with_fix(fix));
        }
    } else {
        let message =
            "A description length counts the bits of the error under a Gaussian likelihood with a fixed σ.";
        let fix = Fix::new("Use a Gaussian of 0.1", project, |project| {
            project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.1 } };
        });
        problems.push(Problem::error(Place::Output, message).with_fix(fix));
    }
    if project.decoder == (Decoder::Mirrored { tied: true }) {
        let fix =
            Fix::new("Untie weights", project, |project| project.decoder = Decoder::Mirrored { tied: false });
        let message = "The choices of a quantiser have no weights that a mirrored layer could share, so weights cannot be tied.";
        problems.push(Problem::error(Place::Output, message).with_fix(fix));
    }
}

/// An error for invalid settings, with the kind's defaults as its fix.
fn valid_or_default(project: &Project, is_valid: bool, message: String, problems: &mut Vec<Problem>) {
    if !is_valid {
        let kind = project.code.kind;
        let default =
            Bottleneck::ALL.into_iter().find(|other| other.name() == kind.name()).unwrap_or_default();
        let fix = Fix::new("Use the defaults", project, |project| project.code.kind = default);
        problems.push(Problem::error(Place::Code, message).with_fix(fix));
    }
}

/// Settings of a k-sparse code.
struct KSparse {
    k: usize,
    alpha: f32,
    within: Competition,
}

fn check_k_sparse(
    project: &Project,
    data: Option<&DataFacts>,
    KSparse { k, alpha, within }: KSparse,
    problems: &mut Vec<Problem>,
) {
    // The size of a picture is known only with its data.
    let units = match (data, project.code.form, within) {
        (Some(facts), ..) => within.group(code_shape(project, facts.shape)),
        (None, CodeForm::Units, _) | (None, CodeForm::Channels, Competition::Position) => project.code.units,
        (None, CodeForm::Channels, Competition::Code | Competition::Channel) => usize::MAX,
    };
    let set = |k: usize, alpha: f32| {
        move |project: &mut Project| {
            if let Bottleneck::KSparse { k: own, alpha: factor, .. } = &mut project.code.kind {
                (*own, *factor) = (k, alpha);
            }
        }
    };
    if k == 0 || !alpha.is_finite() || alpha < 1.0 {
        let message = format!("k is {k} and its factor after training is {alpha}: both must be at least 1.");
        let tenth = if units == usize::MAX { 1 } else { (units / 10).max(1) };
        let fix = Fix::new("Set k to a tenth", project, set(tenth, 1.0));
        problems.push(Problem::error(Place::Code, message).with_fix(fix));
    } else if k >= units && units > 0 {
        let of = match (project.code.form, within) {
            (CodeForm::Units, _) => "units",
            (CodeForm::Channels, Competition::Position) => "channels",
            (CodeForm::Channels, Competition::Channel) => "positions of a channel",
            (CodeForm::Channels, Competition::Code) => "numbers",
        };
        let message = format!("k is {k} of {units} {of}: all are kept, so the code is not sparse.");
        let fewer = (units / 10).max(1);
        let fix = Fix::new(format!("Set k to {fewer}"), project, set(fewer, alpha));
        let problem = Problem::warning(Place::Code, message);
        problems.push(if fewer < k { problem.with_fix(fix) } else { problem });
    }
}

/// A selector must read the input directly, as it selects from it.
fn check_selector(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    if !project.encoder.is_empty() {
        let fix = Fix::new("Remove the encoder's layers", project, |project| {
            project.encoder.clear();
            project.regularizers.retain(|regularizer| !matches!(regularizer.on, Site::Encoder(_)));
        });
        let message =
            "The concrete selector chooses features of the input, so there can be no encoder layers.";
        problems.push(Problem::error(Place::Encoder(0), message).with_fix(fix));
    }
    if project.decoder == (Decoder::Mirrored { tied: true }) {
        let fix =
            Fix::new("Untie weights", project, |project| project.decoder = Decoder::Mirrored { tied: false });
        let message = "A selector has no weights that a mirrored layer could share.";
        problems.push(Problem::info(Place::Output, message).with_fix(fix));
    }
    if project.training.early_stopping.is_some() {
        let fix =
            Fix::new("Turn off early stopping", project, |project| project.training.early_stopping = None);
        let message =
            "Early stopping would end the run before the temperature is low and the selector has chosen.";
        problems.push(Problem::warning(Place::Training, message).with_fix(fix));
    }
    if let Some(facts) = data
        && project.code.units > facts.shape.features()
    {
        let features = facts.shape.features();
        let message = format!(
            "{} units cannot each choose a different one of {features} features: some will choose the same.",
            project.code.units
        );
        let fewer = (features / 4).max(1);
        let fix = Fix::new(format!("Use {fewer} units"), project, |project| project.code.units = fewer);
        problems.push(Problem::warning(Place::Code, message).with_fix(fix));
    }
}
