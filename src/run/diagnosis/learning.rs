//! Faults that show in the losses of a run.

use super::curve::{Curve, least, roughness, smoothed};
use super::{Diagnosis, Fault, Unit};
use crate::project::{
    Activation, Bottleneck, Initialisation, Layer, Loss, Optimizer, Strategy, Training, Variance,
};
use crate::run::{Advice, Run, Status};

/// Fewest points of a loss that can be judged.
const FEWEST_POINTS: usize = 10;
/// Rise of the validation loss above its minimum, as a share of its decrease, from which a network
/// overfits.
const OVERFITTING_RISE: f64 = 0.03;
/// Shortest time that it must have been rising, as a share of all epochs.
const OVERFITTING_TIME: f64 = 0.1;
/// Roughness of the training loss, as a share of its total decrease, from which the rate is too
/// high.
const ROUGH: f64 = 0.05;
/// Rise of the training loss above its minimum, as a share of its decrease, from which the rate is
/// too high.
const TRAINING_RISE: f64 = 0.1;
/// Decrease of the error over the last fifth of the epochs, as a share of the error, from which
/// more epochs help.
const STILL_FALLING: f64 = 0.1;
/// As [`STILL_FALLING`], but from which more epochs are worth a try.
const FALLING: f64 = 0.02;
/// Rate relative to the default from which it is far too high.
const FAR_TOO_HIGH: f32 = 10.0;
/// A network has learned if its error fell below this share of the first one.
const LEARNED: f64 = 0.9;
/// Hidden layers of the encoder from which the initial weights matter.
const DEEP: usize = 3;
/// Error relative to PCA's from which a network is clearly worse.
const WORSE: f64 = 1.03;

/// Adds the faults found.
pub(super) fn find(run: &Run, found: &mut Vec<Diagnosis>) {
    found.extend(diverged(run));
    if let Some(curve) = Curve::of(run) {
        found.extend(overfitting(run, &curve));
        found.extend(high_rate(run, &curve));
        found.extend(still_falling(run, &curve));
    }
    found.extend(worse_than_pca(run));
}

/// Whether the run has ended or finished at least half of its epochs.
pub(super) fn is_late(run: &Run) -> bool {
    let done = run.history.epochs.last().map_or(0, |record| record.epoch);
    !run.status.is_unfinished() || 2 * done >= run.epochs
}

/// A rate rounded to one digit, such as a third or a tenth of the current one.
pub(super) fn lower_rate(run: &Run, divisor: f32) -> Advice {
    Advice::LearningRate(round(run.design.training.learning_rate / divisor))
}

/// Rounded to two digits.
pub(super) fn round(value: f32) -> f32 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// Adam instead of SGD, with a suitable rate, which does not depend on that of SGD.
pub(super) fn adam(run: &Run) -> Option<Advice> {
    let is_sgd = matches!(run.design.training.optimizer, Optimizer::Sgd { .. });
    is_sgd.then(|| Advice::Adam(Training::default().learning_rate))
}

/// Initial weights if those of the run were 0: layers of equal weights stay equal, or get no
/// gradient at all.
pub(super) fn other_than_zero(run: &Run) -> Option<Advice> {
    let is_zero = run.design.training.initialisation == Initialisation::Zero;
    is_zero.then(|| Advice::Initialisation(Initialisation::default()))
}

/// Initial weights that keep the variance of activations through several layers of `ReLU`: with
/// `PyTorch`'s default each layer leaves a sixth of it.
pub(super) fn he(run: &Run) -> Option<Advice> {
    let activations = run.design.encoder.iter().filter_map(Layer::activation);
    let bends = activations.filter(|own| matches!(own, Activation::Relu | Activation::LeakyRelu)).count();
    // Pretrained layers start from their pretrained weights.
    let is_random = run.design.training.strategy == Strategy::Joint;
    (bends >= DEEP && is_random).then_some(Advice::Initialisation(Initialisation::He))
}

/// Whether the rate is higher than the one that suits most networks, so that a lower one may help.
pub(super) fn has_high_rate(run: &Run) -> bool {
    run.design.training.learning_rate > Training::default().learning_rate
}

/// Whether an optimizer that scales its steps itself has a rate far above the usual one.
pub(super) fn has_far_too_high_rate(run: &Run) -> bool {
    let is_sgd = matches!(run.design.training.optimizer, Optimizer::Sgd { .. });
    !is_sgd && run.design.training.learning_rate > FAR_TOO_HIGH * Training::default().learning_rate
}

/// The rate that suits most networks, for optimizers that scale their steps themselves.
pub(super) fn usual_rate() -> Advice {
    Advice::LearningRate(Training::default().learning_rate)
}

/// Whether the error has fallen clearly since the first epoch.
pub(super) fn has_learned(run: &Run) -> bool {
    let (first, last) = (run.history.epochs.first(), run.history.epochs.last());
    first.zip(last).is_some_and(|(first, last)| last.mse < LEARNED * first.mse)
}

/// Sigmoids and tanhs in hidden layers; Boltzmann machines need them.
pub(super) fn curved(run: &Run) -> Option<Activation> {
    let mut hidden = run.design.encoder.iter().filter_map(Layer::activation);
    let own = hidden.find(|own| matches!(own, Activation::Sigmoid | Activation::Tanh));
    own.filter(|_| run.design.training.strategy == Strategy::Joint)
}

fn diverged(run: &Run) -> Option<Diagnosis> {
    let Status::Failed(message) = &run.status else { return None };
    // The engine's wording. Other failures are not caused by the design.
    if !message.contains("diverged") {
        return None;
    }
    let training = &run.design.training;
    let epochs = run.history.epochs.last().map_or(0, |record| record.epoch);
    let finding = Diagnosis::new(Fault::Diverged, 1.0)
        .with("learning rate", f64::from(training.learning_rate), Unit::Number)
        .with("after", f64::from(epochs), Unit::Epochs);
    let clip = training.gradient_clip.is_none().then_some(Advice::ClipGradient(1.0));
    Some(finding.advise(run, [Some(lower_rate(run, 10.0)), clip, adam(run)].into_iter().flatten()))
}

fn overfitting(run: &Run, curve: &Curve) -> Option<Diagnosis> {
    let validation = curve.validation.as_ref()?;
    if curve.len() < FEWEST_POINTS || run.design.training.early_stopping.is_some() {
        return None;
    }
    let window = curve.window().min(5);
    let (smooth, train) = (smoothed(validation, window), smoothed(&curve.train, window));
    let best = least(&smooth)?;
    let (last, first) = (*smooth.last()?, *validation.first()?);
    let (fall, rise) = (first - smooth[best], last - smooth[best]);
    let since = curve.epochs.last()? - curve.epochs[best];
    let is_long = f64::from(since) >= (OVERFITTING_TIME * f64::from(run.epochs)).max(5.0);
    // A loss that only oscillates does not rise.
    let clear = 3.0 * roughness(&validation[best..]) / (window as f64).sqrt();
    let learns = train[best] - train.last()?;
    let is_fault = is_long && learns > 0.0 && rise > OVERFITTING_RISE * fall.max(0.0) && rise > clear;
    if !is_fault {
        return None;
    }
    let extent = (rise / fall.abs().max(f64::MIN_POSITIVE)).min(1.0);
    let finding = Diagnosis::new(Fault::Overfitting, 0.5 + 0.3 * extent)
        .with("validation loss above its minimum", rise, Unit::Number)
        .with("rising for", f64::from(since), Unit::Epochs)
        .with("training loss decrease since", learns, Unit::Number);
    let corruption = (!run.design.corruption.corrupts()).then_some(Advice::Denoise(0.2));
    let advice =
        [Some(Advice::EarlyStopping), Some(Advice::Dropout(0.2)), corruption, Some(Advice::NarrowLayers)];
    Some(finding.advise(run, advice.into_iter().flatten()))
}

fn high_rate(run: &Run, curve: &Curve) -> Option<Diagnosis> {
    if curve.len() < FEWEST_POINTS {
        return None;
    }
    let train = &curve.train;
    let smooth = smoothed(train, curve.window().min(5));
    let best = smooth[least(&smooth)?];
    let fall = train.first()? - best;
    let rough = roughness(&train[train.len() / 2..]);
    let rise = smooth.last()? - best;
    // A loss that has not fallen is compared with its own magnitude, as is one that is known only
    // after a warm-up, when most of the decrease is over.
    let own_size = if curve.epochs.first()? > &1 { best.abs() } else { 1e-3 * best.abs() };
    let scale = fall.max(own_size).max(f64::MIN_POSITIVE);
    // The first steps may turn all units off, after which the loss is constant.
    let is_worse =
        run.pca_mse.zip(run.history.epochs.last()).is_some_and(|(pca, last)| last.mse > WORSE * pca);
    let is_stuck = has_far_too_high_rate(run) && !has_learned(run) && is_worse;
    let is_fault = (rough > ROUGH * scale || rise > TRAINING_RISE * scale) && rough + rise > 0.0;
    if !is_fault && !is_stuck {
        return None;
    }
    let training = &run.design.training;
    let finding = Diagnosis::new(Fault::HighRate, 0.8)
        .with("change per epoch relative to the total decrease", rough / scale, Unit::Share)
        .with("training loss above its minimum relative to the decrease", rise / scale, Unit::Share)
        .with("learning rate", f64::from(training.learning_rate), Unit::Number);
    if is_stuck {
        return Some(finding.advise(run, [usual_rate()]));
    }
    let advice = [Some(lower_rate(run, 10.0)), Some(lower_rate(run, 3.0)), adam(run)];
    Some(finding.advise(run, advice.into_iter().flatten()))
}

/// Decrease of the error over the last fifth of the epochs, as a share of its value before.
pub(super) fn last_fall(curve: &Curve) -> Option<f64> {
    if curve.len() < FEWEST_POINTS {
        return None;
    }
    let window = curve.window();
    let smooth = smoothed(&curve.mse, window);
    let last = smooth.len() - 1;
    let before = smooth[last - curve.len() / 5];
    // A network that fell and rose again is no longer falling.
    (before > 0.0 && before.is_finite()).then(|| (before - smooth[last]) / before)
}

fn still_falling(run: &Run, curve: &Curve) -> Option<Diagnosis> {
    let last = *curve.epochs.last()?;
    if run.status != Status::Done || last < run.epochs {
        return None;
    }
    let fall = last_fall(curve)?;
    if fall < STILL_FALLING {
        return None;
    }
    let finding = Diagnosis::new(Fault::StillFalling, 0.3 + 0.3 * fall.min(1.0))
        .with("error decrease over the last fifth of the epochs", fall, Unit::Share)
        .with("trained for", f64::from(last), Unit::Epochs);
    let rate = run.design.training.learning_rate;
    let longer = Advice::Epochs(run.epochs.saturating_mul(2));
    // If the rate is already high, twice the rate may be too high.
    let faster = (!has_high_rate(run)).then_some(Advice::LearningRate(round(2.0 * rate)));
    Some(finding.advise(run, [longer].into_iter().chain(faster)))
}

/// PCA with as many components is a fair baseline only if the network is trained for reconstruction
/// alone.
fn worse_than_pca(run: &Run) -> Option<Diagnosis> {
    let design = &run.design;
    let is_binary = run.health.as_ref().and_then(|health| health.output).is_some_and(|own| own.is_binary);
    let learned = Loss::Gaussian { variance: Variance::Learned };
    let is_fair = match design.code.kind {
        Bottleneck::Plain | Bottleneck::Wasserstein { .. } => true,
        // If σ is learned, or may be.
        Bottleneck::ImportanceWeighted { .. } => !is_binary,
        Bottleneck::Variational { beta, .. } => beta <= 1.0 && !is_binary,
        Bottleneck::KSparse { .. }
        | Bottleneck::Concrete { .. }
        | Bottleneck::Hashing { .. }
        | Bottleneck::DescriptionLength { .. }
        | Bottleneck::Quantised { .. } => false,
    };
    let asks_more = !design.regularizers.is_empty() || design.corruption.corrupts();
    let is_wide = run.code_shape().features() >= run.shape.features();
    let curve = Curve::of(run)?;
    let (pca, best) = (run.pca_mse?, curve.mse.iter().copied().reduce(f64::min)?);
    if !is_fair || asks_more || is_wide || !is_late(run) || pca <= 0.0 || best <= WORSE * pca {
        return None;
    }
    let fall = last_fall(&curve).unwrap_or_default();
    if fall >= STILL_FALLING {
        // Too early to decide.
        return None;
    }
    let finding = Diagnosis::new(Fault::WorseThanPca, 0.55 + 0.25 * (1.0 - pca / best))
        .with("squared error relative to PCA", best / pca, Unit::Share)
        .with("squared error per feature", best, Unit::Number)
        .with("squared error of PCA", pca, Unit::Number);
    if let Some(advice) = other_than_zero(run) {
        return Some(finding.advise(run, [advice]));
    }
    if design.code.kind.is_gaussian() && design.loss != learned {
        return Some(finding.advise(run, [Advice::Likelihood(learned)]));
    }
    let mut advice = Vec::new();
    if fall > FALLING {
        advice.push(Advice::Epochs(run.epochs.saturating_mul(2)));
    }
    advice.extend(curved(run).map(|from| Advice::Relu { from }));
    advice.extend(he(run));
    // A network that outputs the mean does not lack units.
    if has_learned(run) {
        advice.push(Advice::WideLayers);
    }
    Some(finding.advise(run, advice))
}
