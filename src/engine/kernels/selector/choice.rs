//! The choices in the logits of a selector, and how far they have converged.

use super::super::gumbel::{argmax, largest};
use super::super::math::{exp, vectorised};
use crate::dataset::random::Stream;

/// [`mean_max`] above which the choice has converged.
const CONVERGED: f64 = 0.998;
/// [`mean_max`] that is accepted after the last attempt.
const ACCEPTED: f64 = 0.99;

/// Initial logits, as in the authors' program: normal with variance 2/(units + features), so that
/// all features start with nearly equal probabilities.
pub fn initial_logits(logits: &mut [f32], features: usize, stream: Stream) {
    let units = logits.len() / features.max(1);
    let std = (2.0 / (units + features).max(1) as f32).sqrt();
    for (position, logit) in logits.iter_mut().enumerate() {
        *logit = std * stream.normal(position as u64);
    }
}

/// `mean_i max_j softmax(ℓ⁽ⁱ⁾)_j` of logits, units × features: how close the units are to a choice,
/// in (0, 1].
pub fn mean_max(logits: &[f32], features: usize) -> f64 {
    let maxima = logits.chunks_exact(features).map(|logits| {
        vectorised(
            #[inline(always)]
            || {
                let max = largest(logits);
                // The largest term of the softmax is e⁰ over the sum.
                1.0 / logits.iter().map(|l| f64::from(exp(l - max))).sum::<f64>()
            },
        )
    });
    maxima.sum::<f64>() / (logits.len() / features) as f64
}

/// The feature each unit has chosen: its largest logit, the first of equal ones.
pub fn chosen(logits: &[f32], features: usize) -> Vec<u32> {
    logits.chunks_exact(features).map(|logits| argmax(logits.iter().copied()) as u32).collect()
}

/// The next action at the end of a training, by [`mean_max`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The choice has converged.
    Accept,
    /// Train from the start with twice the epochs.
    TryAgain,
    /// The last attempt has not converged either.
    GiveUp,
}

/// Judges attempt number `attempt` (from 1) of `tries`: above [`CONVERGED`] it has converged; for
/// the last one [`ACCEPTED`] is enough.
pub fn verdict(mean_max: f64, attempt: u32, tries: u32) -> Verdict {
    match attempt {
        _ if mean_max > CONVERGED => Verdict::Accept,
        attempt if attempt < tries => Verdict::TryAgain,
        _ if mean_max > ACCEPTED => Verdict::Accept,
        _ => Verdict::GiveUp,
    }
}
