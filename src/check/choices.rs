//! **First choices**: options that are set together with a kind of code, a loss, a penalty or data,
//! so that the network trains well. Each choice is a pure function from project to project. Opening
//! a design or a recipe makes none of them.

use super::regularizer_rules::keeps_unit_range;
use super::{DataFacts, freed};
use crate::project::{
    Activation, Binarise, Bottleneck, Code, CodeForm, Competition, Decoder, Distance, Layer, Loss, Output,
    Penalty, Project, Regularizer, Scaling, Schedule, Site, Training, Variance,
};

/// Units of a k-sparse code per unit that stays active: Makhzani & Frey (2014) keep 15 to 100 of
/// 1,000.
const SPARSE_UNITS: usize = 10;
/// Most units that a choice creates.
const MOST_UNITS: usize = 4096;
/// Fewest bits of a hashing code.
const LEAST_BITS: usize = 8;
/// Epochs and batch size of a selector: `max(n / 256, 16)` samples (Abid, Balin & Zou 2019, §4).
const SELECTOR_EPOCHS: u32 = 300;
const SELECTOR_BATCHES: usize = 256;
const SELECTOR_BATCH: usize = 16;
/// Fewest steps of a selector. For one of d probabilities to reach 0.998, its logit must be
/// `log(500 d)` above the others, 11 to 14 for pictures. Adam moves it by about the learning rate
/// per step.
const SELECTOR_STEPS: u64 = 20_000;
/// Learning rate of a selector. With many similar features, as in pictures, a lower one needs
/// several attempts until the choice is clear; a higher one chooses worse features.
const SELECTOR_RATE: f32 = 1e-2;
/// Highest learning rate of a hashing code. Noise hides a bit until its unit has large weights, and
/// Adam moves a weight by about the learning rate per step.
const HASHING_RATE: f32 = 8e-3;
/// Fewest quantisers of a description length, as in the task of Hinton & Zemel (1994).
const QUANTISERS: usize = 4;
/// Fewest vectors of a quantised code.
const WORDS: usize = 4;

/// The project with this kind of code and the options that it needs to train well: likelihood, size
/// of the code, layers and penalties. `kind` includes its settings.
#[must_use]
pub fn choose_kind(project: &Project, kind: Bottleneck, data: Option<&DataFacts>) -> Project {
    let mut chosen = project.clone();
    chosen.code.kind = kind;
    remove_penalties(&mut chosen);
    match kind {
        Bottleneck::Plain | Bottleneck::Wasserstein { .. } => {}
        Bottleneck::KSparse { .. } => make_sparse(&mut chosen, data),
        Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. } => {
            chosen.code.activation = Activation::Linear;
            (chosen.loss, chosen.output.activation) = likelihood(project, data);
        }
        Bottleneck::Concrete { .. } => {
            make_selector(&mut chosen, data);
            let rows = data.map(|facts| facts.train_rows);
            fit_training(&mut chosen.training, kind, rows);
            if !is_default_training(project, rows) {
                chosen.training.learning_rate = project.training.learning_rate;
            }
        }
        Bottleneck::Hashing { .. } => {
            chosen.code.activation = Activation::Linear;
            // As many addresses as samples, so that each bucket holds about one sample
            // (Salakhutdinov & Hinton 2009, §1).
            let bits = data.map_or(LEAST_BITS, |facts| facts.train_rows.max(1).ilog2() as usize);
            widen(&mut chosen, bits.max(LEAST_BITS), 1);
            let rows = data.map(|facts| facts.train_rows);
            if is_default_training(project, rows) {
                fit_training(&mut chosen.training, kind, rows);
            }
        }
        Bottleneck::DescriptionLength { choices, .. } => make_short(&mut chosen, choices, data),
        Bottleneck::Quantised { .. } => make_words(&mut chosen),
    }
    for index in 0..chosen.regularizers.len() {
        let added = applicable(&chosen, chosen.regularizers[index], data);
        chosen.regularizers[index] = added;
    }
    chosen
}

/// The likelihood that suits the data, and its output activation: Bernoulli for values of 0 and 1,
/// else a Gaussian with a learned σ (Rybkin, Daniilidis & Levine 2021, "σ-VAE").
pub(super) fn likelihood(project: &Project, data: Option<&DataFacts>) -> (Loss, Activation) {
    let is_binary = data.map_or(project.data.binarise != Binarise::Off, |facts| facts.is_binary);
    if is_binary {
        (Loss::BinaryCrossEntropy, Activation::Sigmoid)
    } else {
        (Loss::Gaussian { variance: Variance::Learned }, project.output.activation)
    }
}

/// Removes penalties that do not work with the kind of code.
fn remove_penalties(project: &mut Project) {
    let kind = project.code.kind;
    project.regularizers.retain(|regularizer| match regularizer.penalty {
        Penalty::Contractive { .. } => !kind.jumps(),
        Penalty::L1 | Penalty::L2 | Penalty::Sparsity { .. } => {
            !matches!(kind, Bottleneck::ImportanceWeighted { .. }) || regularizer.on != Site::Code
        }
    });
}

/// Sets at least this number of units, rounded up to a multiple. A code of channels is not widened,
/// because each position has all of them.
fn widen(project: &mut Project, least: usize, multiple: usize) {
    let least = if project.code.form == CodeForm::Units { least } else { 1 };
    let units = project.code.units.max(least);
    project.code.units = units.checked_next_multiple_of(multiple).unwrap_or(units);
}

/// Keeps the number of active units and makes the code ten times as wide. If the code is already
/// wide, a tenth stays active.
fn make_sparse(project: &mut Project, data: Option<&DataFacts>) {
    let units = project.code.units;
    let features = data.map_or(usize::MAX, |facts| facts.shape.features());
    let wider = units.saturating_mul(SPARSE_UNITS);
    let is_wide = units >= features || wider > MOST_UNITS;
    let channels = project.code.form == CodeForm::Channels;
    let Bottleneck::KSparse { k, lowers, within, .. } = &mut project.code.kind else { return };
    (*k, project.code.units) = if is_wide { ((units / SPARSE_UNITS).max(1), units) } else { (units, wider) };
    // Starting with all units keeps them from dying (Makhzani & Frey 2014, §2.3).
    *lowers = true;
    *within = if channels { Competition::Position } else { Competition::Code };
}

/// A selector reads the input directly, so the encoder's layers are removed. The decoder keeps the
/// layers that mirrored them.
fn make_selector(project: &mut Project, data: Option<&DataFacts>) {
    if let Decoder::Mirrored { .. } = project.decoder {
        let code = Code { kind: Bottleneck::Plain, form: CodeForm::Units, ..project.code.clone() };
        let before = Project { code, decoder: Decoder::Mirrored { tied: false }, ..project.clone() };
        project.decoder = freed(&before, data.map(|facts| facts.shape))
            .map_or(Decoder::Mirrored { tied: false }, Decoder::Free);
    }
    project.encoder.clear();
    project.regularizers.retain(|regularizer| regularizer.on == Site::Code);
    project.code.form = CodeForm::Units;
    project.code.activation = Activation::Linear;
}

/// Sets the training settings that a kind of code needs besides those that suit the data.
fn fit_training(training: &mut Training, kind: Bottleneck, rows: Option<usize>) {
    if matches!(kind, Bottleneck::Hashing { .. }) {
        training.learning_rate = HASHING_RATE;
        training.schedule = Schedule::ONE_CYCLE;
    } else if matches!(kind, Bottleneck::Concrete { .. }) {
        training.learning_rate = SELECTOR_RATE;
        training.early_stopping = None;
        // The temperature falls until the end, so the weights must be able to follow until then.
        training.schedule = Schedule::Constant;
        let rows = rows.unwrap_or(0);
        training.batch_size = (rows / SELECTOR_BATCHES).max(SELECTOR_BATCH);
        let steps = rows.div_ceil(training.batch_size).max(1) as u64;
        training.epochs = training.epochs.max(SELECTOR_EPOCHS);
        if rows > 0 {
            training.epochs = training.epochs.max(u32::try_from(SELECTOR_STEPS.div_ceil(steps)).unwrap_or(1));
        }
    }
}

/// A description length counts bits under a Gaussian with a known σ.
fn make_short(project: &mut Project, choices: usize, data: Option<&DataFacts>) {
    project.code.activation = Activation::Linear;
    widen(project, QUANTISERS.saturating_mul(choices), choices.max(1));
    if !matches!(project.loss, Loss::Gaussian { variance: Variance::Fixed { .. } }) {
        let range = data.map_or(1.0, |facts| facts.value_range.1 - facts.value_range.0);
        let range = if range.is_finite() && range > 0.0 { range.clamp(0.1, 1000.0) } else { 1.0 };
        project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.1 * range } };
    }
    if project.decoder == (Decoder::Mirrored { tied: true }) {
        project.decoder = Decoder::Mirrored { tied: false };
    }
}

/// At least a few vectors; in a code of channels, one vector at each position (van den Oord et al.
/// 2017, §4.1).
fn make_words(project: &mut Project) {
    let (form, units) = (project.code.form, project.code.units);
    let Bottleneck::Quantised { dimension, .. } = &mut project.code.kind else { return };
    if form == CodeForm::Channels {
        *dimension = units.max(1);
    } else {
        let dimension = (*dimension).max(1);
        widen(project, WORDS.saturating_mul(dimension), dimension);
    }
}

/// The project with this loss, and with outputs and data in [0, 1] for cross-entropy.
#[must_use]
pub fn choose_loss(project: &Project, loss: Loss, data: Option<&DataFacts>) -> Project {
    let mut chosen = Project { loss, ..project.clone() };
    if loss == Loss::BinaryCrossEntropy {
        chosen.output = Output { activation: Activation::Sigmoid };
        if data.is_some_and(|facts| facts.value_range.0 < 0.0 || facts.value_range.1 > 1.0) {
            chosen.data.scaling = Scaling::UnitRange;
        }
    }
    chosen
}

/// The project with one more penalty. Sparsity starts with KL if the activations there are between
/// 0 and 1, else with L2.
#[must_use]
pub fn choose_penalty(
    project: &Project,
    site: Site,
    regularizer: Regularizer,
    data: Option<&DataFacts>,
) -> Project {
    let mut chosen = project.clone();
    chosen.regularizers.push(applicable(project, Regularizer { on: site, ..regularizer }, data));
    chosen
}

/// The penalty with a distance that works at its site.
fn applicable(project: &Project, mut regularizer: Regularizer, data: Option<&DataFacts>) -> Regularizer {
    if let Penalty::Sparsity { target, distance, .. } = &mut regularizer.penalty
        && *distance == Distance::Kl
        && keeps_unit_range(project, regularizer.on, data) == Some(false)
    {
        *distance = Distance::L2;
        // As strong near the target as KL: KL ≈ (ρ − r)² / 2ρ(1 − ρ). An impossible target is left
        // for `check` to report, without changing the weight.
        let spread = 2.0 * *target * (1.0 - *target);
        if spread > 0.0 {
            regularizer.weight /= spread;
        }
    }
    regularizer
}

/// Training samples of the default project: the 1,437 digits that its settings are tuned for.
const ROWS: f64 = 1437.0;

/// Batch size, learning rate and epochs for a number of training samples. For the number in the
/// default project they are its defaults.
///
/// - The best batch size grows with the data, but stays small (Smith & Le 2018; Masters & Luschi
///   2018): the power of two from `√rows` up, 16 to 256.
/// - Adam's rate grows with the square root of the batch size (Malladi et al. 2022), up to 0.002.
/// - Epochs fall with the square root of the rows, from 500 to 10, so that the number of steps
///   hardly changes.
pub fn training_for(rows: usize) -> (usize, f32, u32) {
    let root = (rows.max(1) as f64).sqrt();
    let batch = (root.ceil() as usize).next_power_of_two().clamp(16, 256);
    let rate = match batch {
        16 => 1e-3,
        32 => 1.4e-3,
        _ => 2e-3,
    };
    let epochs = (100.0 * ROWS.sqrt() / root).clamp(10.0, 500.0);
    let step = if epochs < 100.0 { 5.0 } else { 10.0 };
    (batch, rate, ((epochs / step).round() * step) as u32)
}

/// The project with training settings that suit newly chosen data. They are only set if they still
/// are the defaults, or those that suit `rows_before` and the kind of code. A code that could copy
/// the input gets half as many numbers as the input has.
///
/// The rate rises and falls in one cycle (Smith & Topin 2018), and the `ReLU` layers of the default
/// project become ELU: if all inputs are positive, as in pictures, the gradients of all weights of a
/// unit have the same sign (`LeCun` et al. 1998, §4.3), and one large step can turn a `ReLU` unit
/// off for all samples, forever.
#[must_use]
pub fn choose_data(project: &Project, rows_before: Option<usize>, data: &DataFacts) -> Project {
    let mut chosen = project.clone();
    let training = &mut chosen.training;
    if is_default_training(project, rows_before) {
        (training.batch_size, training.learning_rate, training.epochs) = training_for(data.train_rows);
        training.starts_from_data = true;
        training.schedule = Schedule::ONE_CYCLE;
        fit_training(training, project.code.kind, Some(data.train_rows));
        if chosen.encoder == Project::default().encoder {
            for layer in &mut chosen.encoder {
                if let Layer::Dense { activation, .. } = layer {
                    *activation = Activation::Elu;
                }
            }
        }
    }
    let features = data.shape.features();
    let copies = project.code.form == CodeForm::Units
        && project.code.kind == Bottleneck::Plain
        && project.code.units >= features
        && project.regularizers.is_empty()
        && !project.corruption.corrupts();
    if copies {
        chosen.code.units = (features / 2).max(1);
    }
    chosen
}

/// Whether optimizer, rate, schedule, batch size and epochs are unchanged: the defaults, or the ones
/// that [`choose_data`] sets for `rows` training samples, with or without what the kind of code
/// needs.
fn is_default_training(project: &Project, rows: Option<usize>) -> bool {
    let (training, default) = (&project.training, Training::default());
    let of = |training: &Training| (training.batch_size, training.learning_rate, training.epochs);
    let is_fitted = |(batch_size, learning_rate, epochs)| {
        let mut fitted = Training { learning_rate, batch_size, epochs, ..default.clone() };
        let is_plain = of(&fitted) == of(training);
        fit_training(&mut fitted, project.code.kind, rows);
        is_plain || of(&fitted) == of(training)
    };
    [Some(of(&default)), rows.map(training_for)].into_iter().flatten().any(is_fitted)
        && training.optimizer == default.optimizer
        && [default.schedule, Schedule::ONE_CYCLE].contains(&training.schedule)
        && training.warmup_epochs == default.warmup_epochs
}

#[cfg(test)]
mod tests;
