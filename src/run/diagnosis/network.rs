//! Faults that show in the latest measurement of a network's health.

use super::learning::{
    adam, curved, has_far_too_high_rate, has_high_rate, has_learned, he, is_late, lower_rate,
    other_than_zero, round, usual_rate,
};
use super::{Diagnosis, Fault, Unit};
use crate::project::{
    Activation, Bottleneck, CodeForm, CodebookUpdate, Initialisation, Layer, Loss, Optimizer, Scaling, Site,
    Strategy, Variance,
};
use crate::run::{ACTIVE_NATS, Advice, DECIDED, GradientHealth, Health, LayerHealth, Run, Status};

/// Share of values outside the output's range that matters.
const BEYOND: f64 = 0.001;
/// Share of inactive units above which most of a code is wasted.
const INACTIVE: f64 = 0.5;
/// Share of dead units above which a code has a fault: each of its units counts.
const DEAD_CODE: f64 = 0.5;
/// Share of dead units or channels above which a hidden layer has a fault. Healthy networks with
/// more units than they need have layers with up to 56 % dead.
const DEAD: f64 = 2.0 / 3.0;
/// Share of saturated activations above which a layer has a fault.
const SATURATED: f64 = 0.6;
/// Gradient of a layer relative to the largest, below which it vanishes.
const VANISHING: f64 = 2e-3;
/// Relative change of weights per step of SGD, above which gradients explode.
const EXPLODING: f64 = 0.1;
/// Temperature at which a selector mixes all features (Abid, Balin & Zou 2019, §3.2).
const WARM: f32 = 10.0;
/// Perplexity relative to its maximum, below which a codebook has collapsed.
const COLLAPSED: f64 = 0.1;
/// Share of edge energy kept, below which an output is blurred.
const BLURRED: f64 = 0.35;

/// Adds the faults found.
pub(super) fn find(run: &Run, found: &mut Vec<Diagnosis>) {
    found.extend(wide_code(run));
    let Some(health) = run.health.as_deref().filter(|health| health.epoch > 0) else { return };
    found.extend(output_reach(run, health));
    found.extend(posterior(run, health));
    found.extend(dead_units(run, health));
    found.extend(saturated(run, health));
    found.extend(vanishing(run, health));
    found.extend(exploding(run, health));
    found.extend(codebook(run, health));
    found.extend(selector(run, health));
    found.extend(blurred(run, health));
}

/// As in the rule for problems: nothing prevents the network from copying its input.
fn wide_code(run: &Run) -> Option<Diagnosis> {
    let design = &run.design;
    let (code, features) = (run.code_shape().features(), run.shape.features());
    let drops = design.encoder.iter().any(|layer| matches!(layer, Layer::Dropout { rate } if *rate > 0.0));
    let is_free = design.code.kind == Bottleneck::Plain
        && design.regularizers.is_empty()
        && !design.corruption.corrupts()
        && !drops;
    if !is_free || code < features || run.history.epochs.is_empty() {
        return None;
    }
    let positions = (code / design.code.units.max(1)).max(1);
    let smaller = (features / 4 / positions).max(1);
    let finding = Diagnosis::new(Fault::WideCode, 0.4)
        .with("code size relative to the input", code as f64 / features as f64, Unit::Share)
        .with("numbers in the code", code as f64, Unit::Count);
    let smaller =
        (smaller < design.code.units).then_some(Advice::CodeSize { units: smaller, form: design.code.form });
    Some(finding.advise(run, smaller.into_iter().chain([Advice::Denoise(0.3)])))
}

fn output_reach(run: &Run, health: &Health) -> Option<Diagnosis> {
    let output = health.output.filter(|output| output.beyond > BEYOND)?;
    let finding = Diagnosis::new(Fault::OutputReach, 0.5 + 0.45 * output.beyond.clamp(0.0, 1.0).sqrt())
        .with("values out of range", output.beyond, Unit::Share)
        .with("data minimum", f64::from(output.least), Unit::Number)
        .with("data maximum", f64::from(output.most), Unit::Number);
    let linear = (run.design.loss != Loss::BinaryCrossEntropy).then_some(Advice::LinearOutput);
    let scale = (run.design.data.scaling != Scaling::UnitRange).then_some(Advice::UnitRange);
    Some(finding.advise(run, linear.into_iter().chain(scale)))
}

/// Information in each unit of a code, or each channel over all its positions, in nats.
fn nats_of_units(run: &Run, nats: &[f32]) -> Vec<f64> {
    let units = run.design.code.units.max(1);
    if run.design.code.form == CodeForm::Units || !nats.len().is_multiple_of(units) {
        return nats.iter().map(|nats| f64::from(*nats)).collect();
    }
    let mut channels = vec![0.0; units];
    nats.chunks_exact(units).for_each(|position| {
        channels.iter_mut().zip(position).for_each(|(sum, nats)| *sum += f64::from(*nats));
    });
    channels
}

fn posterior(run: &Run, health: &Health) -> Option<Diagnosis> {
    let nats = nats_of_units(run, health.divergence.as_ref()?);
    let kind = run.design.code.kind;
    // During warm-up and in the first epochs, units still change between active and inactive.
    let settled = kind.settles_after().saturating_add((run.epochs / 20).max(2));
    if health.epoch < settled.min(run.epochs) || nats.is_empty() {
        return None;
    }
    let active = nats.iter().filter(|nats| **nats > f64::from(ACTIVE_NATS)).count();
    let inactive = (nats.len() - active) as f64 / nats.len() as f64;
    let (fault, weight) = match active {
        0 => (Fault::Collapse, 0.95),
        _ if inactive > INACTIVE && is_late(run) => (Fault::InactiveUnits, 0.3 + 0.2 * inactive),
        _ => return None,
    };
    let finding = Diagnosis::new(fault, weight)
        .with("inactive units", inactive, Unit::Share)
        .with("active units", active as f64, Unit::Count)
        .with("KL", nats.iter().sum(), Unit::Nats);
    let mut advice = Vec::new();
    let is_binary = health.output.is_some_and(|output| output.is_binary);
    let suited =
        if is_binary { Loss::BinaryCrossEntropy } else { Loss::Gaussian { variance: Variance::Learned } };
    // Other losses are not likelihoods, or their width is fixed.
    let is_likelihood = run.design.loss == suited || run.design.loss == Loss::BinaryCrossEntropy;
    if !is_likelihood {
        advice.push(Advice::Likelihood(suited));
    }
    if let Bottleneck::Variational { beta, warmup_epochs, free_nats } = kind {
        // A penalty of weight 0 cannot be lowered. With another width, a lower β alone is too little.
        if beta > 0.0 {
            let lower = Advice::Beta(if beta > 1.0 { 1.0 } else { round(beta / 4.0) });
            advice.extend((is_likelihood || run.design.loss == Loss::SquaredError).then_some(lower));
            advice.push(Advice::FreeNats(if free_nats > 0.0 { 2.0 * free_nats } else { 0.25 }));
        }
        // Units that become active during a warm-up only stay active if the weight and the
        // likelihood allow it.
        let longer = (run.design.training.epochs / 2).max(1);
        let stays = beta > 0.0 && beta <= 1.0 && is_likelihood;
        if fault == Fault::Collapse && stays && warmup_epochs < longer {
            advice.push(Advice::WarmUp(longer));
        }
    }
    if fault == Fault::InactiveUnits {
        advice.push(Advice::CodeSize { units: active.max(1), form: run.design.code.form });
    }
    Some(finding.advise(run, advice))
}

/// Number of dead units or channels of a layer, and their total number.
fn dead_of(layer: &LayerHealth) -> (usize, usize) {
    layer.channels.map_or((layer.dead, layer.units), |channels| (layer.dead_channels, channels))
}

fn dead_units(run: &Run, health: &Health) -> Option<Diagnosis> {
    let share = |layer: &LayerHealth| {
        let (dead, units) = dead_of(layer);
        dead as f64 / units.max(1) as f64
    };
    let limit = |layer: &LayerHealth| if layer.name == "code" { DEAD_CODE } else { DEAD };
    // Selectors, quantisers and codebooks have their own findings for the code.
    let has_own = run.design.code.kind.jumps();
    let layers = health.layers.iter().filter(|layer| !(has_own && layer.name == "code"));
    // A sigmoid that outputs 0 is saturated.
    let layers = layers.chain(&health.decoder).filter(|layer| layer.saturated.is_none());
    let layers = layers.filter(|layer| share(layer) > limit(layer));
    let worst = layers.max_by(|a, b| share(a).total_cmp(&share(b)))?;
    if health.epoch < 3.min(run.epochs) {
        return None;
    }
    let (count, units) = dead_of(worst);
    let is_code = worst.name == "code";
    let finding = Diagnosis::new(Fault::DeadUnits, 0.4 + 0.35 * share(worst))
        .at(if is_code { "the code" } else { &worst.name })
        .with("dead", share(worst), Unit::Share)
        .with("dead units", count as f64, Unit::Count)
        .with("layer size", units as f64, Unit::Count);
    if let Some(advice) = other_than_zero(run) {
        return Some(finding.advise(run, [advice]));
    }
    // A penalty on this layer, if there is one, is the cause.
    let site = encoder_index(&worst.name).map_or(Site::Code, Site::Encoder);
    let is_decoder = worst.name.starts_with("decoder");
    let penalties = run.design.regularizers.iter().enumerate();
    let own = penalties.filter(|(_, own)| !is_decoder && own.on == site && own.weight > 0.0);
    let mut advice: Vec<Advice> = own
        .map(|(at, own)| {
            let (name, weight) = (own.penalty.name(), round(own.weight / 10.0));
            Advice::Penalty { at, name, weight }
        })
        .collect();
    let is_sparse = matches!(run.design.code.kind, Bottleneck::KSparse { .. });
    if advice.is_empty() && is_code && is_sparse {
        advice.push(Advice::LoweredK);
    } else if advice.is_empty() {
        if has_far_too_high_rate(run) {
            // With another activation, training would diverge.
            return Some(finding.advise(run, [usual_rate()]));
        }
        // A rate at which a network learns is not the cause.
        let is_stuck = has_high_rate(run) && !has_learned(run);
        advice.extend(is_stuck.then(|| lower_rate(run, 10.0)));
        // Either units dead from the start, or units that a step has killed.
        let born = he(run).filter(|_| !has_high_rate(run) && !is_code);
        if is_code {
            let own = run.design.code.activation == Activation::Relu;
            advice.extend(own.then_some(Advice::CodeActivation(Activation::LeakyRelu)));
            advice.push(Advice::Initialisation(Initialisation::He));
        } else if let Some(born) = born {
            advice.push(born);
        } else {
            advice.push(Advice::Activation { from: Activation::Relu, to: Activation::LeakyRelu });
        }
    }
    Some(finding.advise(run, advice))
}

/// `layer 3` → 2
fn encoder_index(name: &str) -> Option<usize> {
    name.strip_prefix("layer ")?.parse::<usize>().ok()?.checked_sub(1)
}

fn saturated(run: &Run, health: &Health) -> Option<Diagnosis> {
    // A penalty on a layer may push activations towards an end: sparsity and contraction do.
    let is_asked = |layer: &LayerHealth| {
        let site = encoder_index(&layer.name).map_or(Site::Code, Site::Encoder);
        run.design.regularizers.iter().any(|own| own.on == site && own.weight > 0.0)
    };
    let layers = health.layers.iter().filter(|layer| !is_asked(layer)).chain(&health.decoder);
    let share = |layer: &LayerHealth| layer.saturated.unwrap_or(0.0);
    let worst = layers.max_by(|a, b| share(a).total_cmp(&share(b)))?;
    if share(worst) <= SATURATED || health.epoch < 3.min(run.epochs) {
        return None;
    }
    let finding = Diagnosis::new(Fault::SaturatedUnits, 0.3 + 0.3 * share(worst))
        .at(if worst.name == "code" { "the code" } else { &worst.name })
        .with("saturated activations", share(worst), Unit::Share)
        .with("units", worst.units as f64, Unit::Count);
    let mut advice = Vec::new();
    if worst.name == "code" {
        advice.push(Advice::CodeActivation(Activation::Linear));
    } else if run.design.training.strategy == Strategy::Joint {
        advice.push(Advice::BatchNorm);
    }
    advice.extend(has_high_rate(run).then(|| lower_rate(run, 10.0)));
    Some(finding.advise(run, advice))
}

fn vanishing(run: &Run, health: &Health) -> Option<Diagnosis> {
    let size = |layer: &&GradientHealth| layer.gradient;
    let largest = health.gradients.iter().map(|layer| size(&layer)).reduce(f64::max)?;
    let least = health.gradients.iter().min_by(|a, b| size(a).total_cmp(&size(b)))?;
    let share = least.gradient / largest;
    // If the network learned anyway, the gradient is small because the layer has converged.
    let hardly = share < VANISHING && largest > 0.0 && largest.is_finite();
    if !hardly || has_learned(run) || health.epoch < 3.min(run.epochs) {
        return None;
    }
    let finding = Diagnosis::new(Fault::VanishingGradients, 0.85)
        .at(&format!("{}{}", if least.name.contains("layer") { "" } else { "the " }, least.name))
        .with("gradient relative to the largest", share, Unit::Number)
        .with("gradient", least.gradient, Unit::Number);
    if let Some(advice) = other_than_zero(run) {
        return Some(finding.advise(run, [advice]));
    }
    let mut advice = Vec::new();
    if run.design.training.strategy == Strategy::Joint {
        advice.push(Advice::BatchNorm);
        advice.extend(curved(run).map(|from| Advice::Relu { from }));
    }
    advice.extend(he(run));
    Some(finding.advise(run, advice))
}

/// Only in SGD is the step proportional to the gradient: other optimizers normalise it.
fn exploding(run: &Run, health: &Health) -> Option<Diagnosis> {
    let training = &run.design.training;
    let Optimizer::Sgd { momentum, .. } = training.optimizer else { return None };
    if training.gradient_clip.is_some() {
        return None;
    }
    let step = f64::from(training.learning_rate) / (1.0 - f64::from(momentum)).max(0.01);
    let change = |layer: &GradientHealth| step * layer.gradient / layer.weight.max(f64::MIN_POSITIVE);
    let worst = health.gradients.iter().max_by(|a, b| change(a).total_cmp(&change(b)))?;
    if change(worst) <= EXPLODING {
        return None;
    }
    let finding = Diagnosis::new(Fault::ExplodingGradients, 0.9)
        .at(&format!("{}{}", if worst.name.contains("layer") { "" } else { "the " }, worst.name))
        .with("weight change per step relative to the weights", change(worst), Unit::Share)
        .with("gradient", worst.gradient, Unit::Number);
    Some(finding.advise(
        run,
        [Some(Advice::ClipGradient(1.0)), adam(run), Some(lower_rate(run, 10.0))].into_iter().flatten(),
    ))
}

fn codebook(run: &Run, health: &Health) -> Option<Diagnosis> {
    let Bottleneck::Quantised { dimension, update, .. } = run.design.code.kind else { return None };
    let codebook = health.codebook.as_ref()?;
    let entries = codebook.shares.len();
    // Fewer choices than entries cannot use all entries.
    let choices = health.samples * run.code_shape().features() / dimension.max(1);
    let possible = entries.min(choices).max(1) as f64;
    let use_of = codebook.perplexity() / possible;
    if use_of >= COLLAPSED || possible < 8.0 || health.epoch < (run.epochs / 10).max(3).min(run.epochs) {
        return None;
    }
    let finding = Diagnosis::new(Fault::CodebookCollapse, 0.5 + 0.3 * (1.0 - use_of))
        .with("perplexity relative to the maximum", use_of, Unit::Share)
        .with("perplexity", codebook.perplexity(), Unit::Number)
        .with("entries", entries as f64, Unit::Count)
        .with("unused entries", codebook.dead() as f64, Unit::Count);
    let follows = (update == CodebookUpdate::Gradient).then_some(Advice::MovingAverage);
    let slower = has_high_rate(run).then(|| lower_rate(run, 10.0));
    Some(finding.advise(run, follows.into_iter().chain(slower)))
}

fn selector(run: &Run, health: &Health) -> Option<Diagnosis> {
    let selector = health.selector.as_ref()?;
    // The temperature falls until the end of the run; before that the selector need not have
    // converged.
    if !matches!(run.status, Status::Done) {
        return None;
    }
    let (units, unique) = (selector.chosen.len(), selector.unique());
    if selector.mean_max <= DECIDED {
        let finding = Diagnosis::new(Fault::UndecidedSelector, 0.75)
            .with("mean of the largest shares", selector.mean_max, Unit::Share)
            .with("temperature", f64::from(selector.temperature), Unit::Number);
        let rate = Advice::LearningRate(round(run.design.training.learning_rate * 4.0));
        let longer = Advice::Epochs(run.design.training.epochs.saturating_mul(2));
        return Some(finding.advise(run, [rate, longer]));
    }
    (unique < units).then(|| {
        let finding = Diagnosis::new(Fault::RepeatedFeatures, 0.45)
            .with("repeated features", (units - unique) as f64, Unit::Count)
            .with("distinct features", unique as f64, Unit::Count)
            .with("units", units as f64, Unit::Count);
        // At a low initial temperature, units choose before they can react to the choices of
        // others.
        let Bottleneck::Concrete { start_temperature, .. } = run.design.code.kind else { return finding };
        let warmer = (start_temperature < WARM).then_some(Advice::StartTemperature(WARM));
        finding.advise(run, warmer)
    })
}

fn blurred(run: &Run, health: &Health) -> Option<Diagnosis> {
    let edges = health.output?.edges.filter(|edges| *edges < BLURRED)?;
    // A description length pays for every bit, so it drops details that cost more than they are
    // worth.
    let chooses = matches!(run.design.code.kind, Bottleneck::DescriptionLength { .. });
    if chooses || !is_late(run) {
        return None;
    }
    let finding = Diagnosis::new(Fault::Blurred, 0.25 + 0.2 * (1.0 - edges))
        .with("edges kept", edges, Unit::Share)
        .with("samples", health.samples as f64, Unit::Count);
    let mut advice = Vec::new();
    let code = run.code_shape().features();
    if let Bottleneck::Variational { beta, .. } = run.design.code.kind
        && (run.design.loss == Loss::SquaredError || beta > 1.0)
    {
        advice.push(if run.design.loss == Loss::SquaredError {
            Advice::Likelihood(Loss::Gaussian { variance: Variance::Learned })
        } else {
            Advice::Beta(1.0)
        });
    } else if 2 * code < run.shape.features() {
        let units = run.design.code.units.saturating_mul(2);
        advice.push(Advice::CodeSize { units, form: run.design.code.form });
    }
    Some(finding.advise(run, advice))
}
