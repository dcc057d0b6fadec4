//! Faults that the losses of a run show.

use super::curve::{Curve, least, roughness, smoothed};
use super::{Diagnosis, Fault, Unit};
use crate::project::{Activation, Bottleneck, Layer, Loss, Optimizer, Strategy, Variance};
use crate::run::{Advice, Run, Status};

/// Fewest points of a loss that can be judged.
const FEWEST_POINTS: usize = 10;
/// Rise of the validation loss above its minimum, as a share of its decrease, from which a network overfits.
const OVERFITTING_RISE: f64 = 0.03;
/// Shortest time that it must have been rising, as a share of all epochs.
const OVERFITTING_TIME: f64 = 0.1;
/// Roughness of the training loss, as a share of its total decrease, from which the rate is too high.
const ROUGH: f64 = 0.05;
/// Rise of the training loss above its minimum, as a share of its decrease, from which the rate is too high.
const TRAINING_RISE: f64 = 0.1;
/// Decrease of the error over the last fifth of the epochs, as a share of the error, from which more epochs
/// help.
const STILL_FALLING: f64 = 0.1;
/// Error relative to PCA's from which a network is clearly worse.
const WORSE: f64 = 1.03;

/// Adds the faults that are found.
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

/// A rate rounded to one digit, such as a third or a tenth of the present one.
pub(super) fn lower_rate(run: &Run, divisor: f32) -> Advice {
    Advice::LearningRate(round(run.design.training.learning_rate / divisor))
}

/// Rounded to two digits.
pub(super) fn round(value: f32) -> f32 {
    format!("{value:.1e}").parse().unwrap_or(value)
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
        .with("change per epoch relative to the total decrease", rough / scale, Unit::Share)
        .with("training loss above its minimum relative to the decrease", rise / scale, Unit::Share)
        .with("learning rate", f64::from(training.learning_rate), Unit::Number);
    let adam = matches!(training.optimizer, Optimizer::Sgd { .. }).then_some(Advice::Adam);
    let advice = [Some(lower_rate(run, 10.0)), Some(lower_rate(run, 3.0)), adam];
    Some(finding.advise(run, advice.into_iter().flatten()))
}

/// How much the error fell over the last fifth of the epochs, as a share of its value before.
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
    Some(finding.advise(run, [longer, Advice::LearningRate(round(2.0 * rate))]))
}

/// PCA with as many components is a fair baseline only if the network is trained for reconstruction alone.
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
        .with("squared error relative to PCA", best / pca, Unit::Share)
        .with("squared error per feature", best, Unit::Number)
        .with("squared error of PCA", pca, Unit::Number);
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
