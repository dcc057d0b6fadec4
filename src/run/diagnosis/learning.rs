//! Faults in the course of a training: what its losses tell.

use super::curve::{Curve, least, roughness, smoothed};
use super::{Diagnosis, Fault, Unit};
use crate::project::{Activation, Bottleneck, Layer, Loss, Optimizer, Strategy, Variance};
use crate::run::{Advice, Run, Status};

/// Points below which the course of a loss tells nothing.
const FEWEST_POINTS: usize = 10;
/// Rise of the validation loss above its least, as a share of what it fell, from which a network overfits.
const OVERFITTING_RISE: f64 = 0.03;
/// The least time that it has been rising, as a share of all epochs.
const OVERFITTING_TIME: f64 = 0.1;
/// Roughness of the training loss, as a share of what it fell in all, from which the rate is too high.
const ROUGH: f64 = 0.05;
/// Rise of the training loss above its least, as a share of what it fell, from which the rate is too high.
const TRAINING_RISE: f64 = 0.1;
/// Fall of the error over the last fifth of the epochs, as a share of what is left, from which more epochs are due.
const STILL_FALLING: f64 = 0.1;
/// Error above PCA's from which a network is worse: it has to be clear.
const WORSE: f64 = 1.03;

/// Adds what is found.
pub(super) fn find(run: &Run, found: &mut Vec<Diagnosis>) {
    found.extend(diverged(run));
    if let Some(curve) = Curve::of(run) {
        found.extend(overfitting(run, &curve));
        found.extend(high_rate(run, &curve));
        found.extend(still_falling(run, &curve));
    }
    found.extend(worse_than_pca(run));
}

/// Whether it is over, or at least half of its epochs are.
pub(super) fn is_late(run: &Run) -> bool {
    let done = run.history.epochs.last().map_or(0, |record| record.epoch);
    !run.status.is_unfinished() || 2 * done >= run.epochs
}

/// A rate that is a third, a tenth…, written with one digit.
pub(super) fn lower_rate(run: &Run, divisor: f32) -> Advice {
    Advice::LearningRate(round(run.design.training.learning_rate / divisor))
}

/// To two digits.
pub(super) fn round(value: f32) -> f32 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

fn diverged(run: &Run) -> Option<Diagnosis> {
    let Status::Failed(message) = &run.status else { return None };
    // As the engine words it: other failures say nothing of the design.
    if !message.contains("diverged") {
        return None;
    }
    let training = &run.design.training;
    let epochs = run.history.epochs.last().map_or(0, |record| record.epoch);
    let finding = Diagnosis::new(Fault::Diverged, 1.0)
        .with("learning rate", f64::from(training.learning_rate), Unit::Number)
        .with("after", f64::from(epochs), Unit::Epochs);
    let clip = training.gradient_clip.is_none().then_some(Advice::ClipGradient(1.0));
    let adam = matches!(training.optimizer, Optimizer::Sgd { .. }).then_some(Advice::Adam);
    Some(finding.advise(run, [Some(lower_rate(run, 10.0)), clip, adam].into_iter().flatten()))
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
    // A loss that only rocks does not rise.
    let clear = 3.0 * roughness(&validation[best..]) / (window as f64).sqrt();
    let learns = train[best] - train.last()?;
    let is_fault = is_long && learns > 0.0 && rise > OVERFITTING_RISE * fall.max(0.0) && rise > clear;
    if !is_fault {
        return None;
    }
    let extent = (rise / fall.abs().max(f64::MIN_POSITIVE)).min(1.0);
    let finding = Diagnosis::new(Fault::Overfitting, 0.5 + 0.3 * extent)
        .with("validation loss above its least", rise, Unit::Number)
        .with("rising for", f64::from(since), Unit::Epochs)
        .with("training loss fell since by", learns, Unit::Number);
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
    // A loss that has not fallen is judged by its own size, as is one that is known from the end of a warm-up on, when
    // most of its fall is over.
    let own_size = if curve.epochs.first()? > &1 { best.abs() } else { 1e-3 * best.abs() };
    let scale = fall.max(own_size).max(f64::MIN_POSITIVE);
    let is_fault = rough > ROUGH * scale || rise > TRAINING_RISE * scale;
    if !is_fault || rough + rise <= 0.0 {
        return None;
    }
    let training = &run.design.training;
    let finding = Diagnosis::new(Fault::HighRate, 0.8)
        .with("change from epoch to epoch, of the fall", rough / scale, Unit::Share)
        .with("training loss above its least, of the fall", rise / scale, Unit::Share)
        .with("learning rate", f64::from(training.learning_rate), Unit::Number);
    let adam = matches!(training.optimizer, Optimizer::Sgd { .. }).then_some(Advice::Adam);
    let advice = [Some(lower_rate(run, 10.0)), Some(lower_rate(run, 3.0)), adam];
    Some(finding.advise(run, advice.into_iter().flatten()))
}

/// How much the error fell over the last fifth of the epochs, as a share of what it was.
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
        .with("fall of the error over the last fifth of the epochs", fall, Unit::Share)
        .with("trained for", f64::from(last), Unit::Epochs);
    let rate = run.design.training.learning_rate;
    let longer = Advice::Epochs(run.epochs.saturating_mul(2));
    Some(finding.advise(run, [longer, Advice::LearningRate(round(2.0 * rate))]))
}

/// PCA of as many components is a fair yardstick only where nothing but the reconstruction is asked for.
fn worse_than_pca(run: &Run) -> Option<Diagnosis> {
    let design = &run.design;
    let is_fair = match design.code.kind {
        Bottleneck::Plain | Bottleneck::Wasserstein { .. } | Bottleneck::ImportanceWeighted { .. } => true,
        Bottleneck::Variational { beta, .. } => beta <= 1.0,
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
    let finding = Diagnosis::new(Fault::WorseThanPca, 0.7)
        .with("squared error, of PCA's", best / pca, Unit::Share)
        .with("squared error per feature", best, Unit::Number)
        .with("PCA's", pca, Unit::Number);
    let mut advice = Vec::new();
    if design.code.kind.is_gaussian() && design.loss == Loss::SquaredError {
        advice.push(Advice::Likelihood(Loss::Gaussian { variance: Variance::Learned }));
    }
    let falls = last_fall(&curve).is_some_and(|fall| fall > 0.02);
    if falls {
        advice.push(Advice::Epochs(run.epochs.saturating_mul(2)));
    }
    let curved = [Activation::Sigmoid, Activation::Tanh];
    let mut hidden = design.encoder.iter().filter_map(Layer::activation);
    // Boltzmann machines need sigmoids.
    if let Some(from) = hidden.find(|own| curved.contains(own))
        && design.training.strategy == Strategy::Joint
    {
        advice.push(Advice::Activation { from, to: Activation::Relu });
    }
    advice.push(Advice::WideLayers);
    Some(finding.advise(run, advice))
}
