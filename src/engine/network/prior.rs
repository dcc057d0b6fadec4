//! Codes drawn from the prior of their kind.

use super::Network;
use crate::dataset::random::{Purpose, Stream};
use crate::engine::EngineError;
use crate::project::Bottleneck;

/// Step whose random numbers are used; no training gets this far.
const LAST_STEP: u64 = u64::MAX;

/// A distribution over a small number of choices.
struct Choices {
    /// Cumulative sums of the weights.
    sums: Vec<f64>,
}

impl Network {
    /// Codes drawn from the prior, `count` × units, to be decoded. They depend on the seed only;
    /// each is the same for any `count`.
    ///
    /// | code | prior |
    /// |---|---|
    /// | variational, importance-weighted, Wasserstein | the standard normal distribution |
    /// | hashing | bits, 0 or 1 with equal probability |
    /// | description length | the learned distribution of each quantiser's choice |
    /// | quantised | a codebook entry per vector, by `shares`; uniformly without shares |
    ///
    /// Shares of entries are as [`CodebookHealth`] measures them.
    ///
    /// # Errors
    /// [`EngineError::NoPrior`] for other kinds of code, with the reason, and if there are not as
    /// many shares as entries.
    ///
    /// [`CodebookHealth`]: crate::run::CodebookHealth
    pub fn sample(&self, count: usize, seed: u64, shares: &[f32]) -> Result<Vec<f32>, EngineError> {
        let units = self.plan.code_units();
        let mut codes = vec![0.0; count * units];
        let mut draw = |code: &dyn Fn(Stream, &mut [f32])| {
            for (row, values) in (0..).zip(codes.chunks_exact_mut(units.max(1))) {
                code(Stream::new(seed, Purpose::Prior, LAST_STEP, row), values);
            }
        };
        match self.plan.design().code.kind {
            Bottleneck::Variational { .. }
            | Bottleneck::ImportanceWeighted { .. }
            | Bottleneck::Wasserstein { .. } => draw(&|stream, code| {
                (0..).zip(code).for_each(|(unit, value)| *value = stream.normal(unit));
            }),
            Bottleneck::Hashing { .. } => draw(&|stream, code| {
                (0..).zip(code).for_each(|(unit, bit)| *bit = f32::from(stream.bits(unit) >> 63 == 1));
            }),
            Bottleneck::DescriptionLength { choices, .. } => {
                let logits = self.values("code.prior");
                let quantisers: Vec<Choices> =
                    logits.chunks_exact(choices.max(1)).map(Choices::of_logits).collect();
                draw(&|stream, code| {
                    let groups = code.chunks_exact_mut(choices.max(1));
                    for (position, (group, quantiser)) in (0..).zip(groups.zip(&quantisers)) {
                        group[quantiser.pick(stream.uniform(position))] = 1.0;
                    }
                });
            }
            Bottleneck::Quantised { entries, dimension, .. } => {
                if !shares.is_empty() && shares.len() != entries {
                    return Err(EngineError::NoPrior(
                        "there are not as many shares as entries of its codebook",
                    ));
                }
                let alike = vec![1.0; entries];
                let choices = Choices::new(if shares.is_empty() { &alike[..] } else { shares });
                let codebook = self.values("code.codebook");
                draw(&|stream, code| {
                    for (position, vector) in (0..).zip(code.chunks_exact_mut(dimension.max(1))) {
                        let entry = choices.pick(stream.uniform(position));
                        vector.copy_from_slice(&codebook[entry * dimension..][..dimension]);
                    }
                });
            }
            Bottleneck::Plain | Bottleneck::KSparse { .. } => {
                return Err(EngineError::NoPrior(
                    "its codes have no known distribution; sample around codes of the data, or train a variational network",
                ));
            }
            Bottleneck::Concrete { .. } => {
                return Err(EngineError::NoPrior(
                    "its code consists of features of the data, whose distribution is unknown; use the codes of samples",
                ));
            }
        }
        Ok(codes)
    }

    /// Values of the array of this name, in the engine's order; empty if there is none.
    pub(super) fn values(&self, name: &str) -> Vec<f32> {
        let array = self.parameters.iter().find(|parameter| parameter.name == name);
        array.map_or_else(Vec::new, |parameter| parameter.node.borrow().values().to_vec())
    }
}

impl Choices {
    /// Choices in proportion to these weights. NaN and negative weights count as 0; if all are 0,
    /// the choices are equally likely.
    fn new(weights: &[f32]) -> Choices {
        let mut sum = 0.0;
        let sums: Vec<f64> = (weights.iter())
            .map(|weight| {
                sum += if weight.is_finite() { f64::from(weight.max(0.0)) } else { 0.0 };
                sum
            })
            .collect();
        let sums = if sum > 0.0 { sums } else { (1..=weights.len()).map(|at| at as f64).collect() };
        Choices { sums }
    }

    /// Choices in proportion to the exponentials of these logits.
    fn of_logits(logits: &[f32]) -> Choices {
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Choices::new(&logits.iter().map(|logit| (logit - most).exp()).collect::<Vec<f32>>())
    }

    /// The choice at `uniform`, in [0, 1), of the total weight. Choices with weight 0 are never
    /// picked.
    fn pick(&self, uniform: f32) -> usize {
        let place = f64::from(uniform) * self.sums.last().copied().unwrap_or_default();
        self.sums.partition_point(|sum| *sum <= place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_made_in_proportion_to_their_weights() {
        let check = |weights: &[f32], uniform: f32, expected: usize| {
            assert_eq!(Choices::new(weights).pick(uniform), expected, "{weights:?} at {uniform}");
        };
        check(&[1.0, 3.0], 0.0, 0);
        check(&[1.0, 3.0], 0.24, 0);
        check(&[1.0, 3.0], 0.25, 1);
        check(&[0.0, 2.0, 0.0, 2.0, 0.0], 0.0, 1);
        check(&[0.0, 2.0, 0.0, 2.0, 0.0], 0.5, 3);
        check(&[0.0, 2.0, 0.0, 2.0, 0.0], 0.999_999_94, 3);
        // If no weight is a number above 0, all are equally likely.
        check(&[f32::NAN, -1.0], 0.4, 0);
        check(&[f32::NAN, -1.0], 0.6, 1);
        // The weights of these logits are 1 and 3.
        assert_eq!(Choices::of_logits(&[200.0, 200.0 + 3_f32.ln()]).pick(0.2), 0);
        assert_eq!(Choices::of_logits(&[200.0, 200.0 + 3_f32.ln()]).pick(0.3), 1);
    }
}
