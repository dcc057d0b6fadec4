//! Computations for exploring a code: random codes, the nearest samples of the data, and properties
//! of a set of codes.

mod code_statistics;
mod fits;
mod means;
mod near;

use std::sync::Arc;

pub use self::code_statistics::{CodeStatistics, MOST_AXES};
pub(super) use self::fits::Fits;
pub use self::means::{MeanCode, SampleGroup};
pub(super) use self::near::merge_neighbours;
pub use self::near::{CodeDistance, Coded, Found, NearSample, NearestTraining, Neighbourhoods};
use crate::dataset::random::{Purpose, Stream};
use crate::engine::{EngineError, Network};
use crate::project::Bottleneck;
use crate::run::Kept;

/// The distribution codes are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distribution {
    /// The prior of the kind of code.
    #[default]
    Prior,
    /// A normal distribution with full covariance, fitted to codes of the data.
    Gaussian,
    /// A mixture of this many normal distributions, fitted to codes of the data.
    Mixture(usize),
}

/// A request for random codes.
#[derive(Clone, Debug)]
pub struct Draws {
    /// The distribution.
    pub from: Distribution,
    /// Codes of the data, to which the distribution is fitted.
    pub codes: Arc<Kept>,
    /// Number of codes.
    pub count: usize,
    /// Scale of the deviation from the mean: 1 samples the distribution itself, 0 gives the mean.
    /// It has no effect on codes of choices or bits.
    pub temperature: f32,
    /// Seed of the random numbers.
    pub seed: u64,
    /// How often each entry of a codebook is chosen; uniform if it is empty.
    pub shares: Vec<f32>,
}

/// The random stream reserved for drawing codes.
const DRAW: u64 = 1;

impl Draws {
    /// Draws them, row by row. `should_continue` is called regularly.
    ///
    /// # Errors
    /// A message if there is no such distribution, and if `should_continue` says no.
    pub fn codes(&self, network: &Network, should_continue: impl Fn() -> bool) -> Result<Vec<f32>, String> {
        self.fitted_codes(network, &mut Fits::default(), should_continue)
    }

    /// Draws them using cached distributions, and caches those that are fitted now.
    pub(super) fn fitted_codes(
        &self,
        network: &Network,
        fits: &mut Fits,
        should_continue: impl Fn() -> bool,
    ) -> Result<Vec<f32>, String> {
        let temperature = f64::from(self.temperature);
        let stream = |row: usize| Stream::new(self.seed, Purpose::Prior, DRAW, row as u64);
        let normal = |row: usize| {
            let mut position = 0;
            move || {
                position += 1;
                stream(row).normal(position)
            }
        };
        match self.from {
            Distribution::Prior => {
                let mut codes = network
                    .sample(self.count, self.seed, &self.shares)
                    .map_err(|error: EngineError| error.to_string())?;
                if is_normal(&network.plan().design().code.kind) {
                    codes.iter_mut().for_each(|value| *value *= self.temperature);
                }
                Ok(codes)
            }
            Distribution::Gaussian => {
                let fitted = fits.gaussian(&self.codes).map_err(|error| error.to_string())?;
                let draw = |row: usize| fitted.draw(temperature, normal(row));
                Ok(projected(network, (0..self.count).flat_map(draw).collect()))
            }
            Distribution::Mixture(components) => {
                let fitted = fits.mixture(&self.codes, components, &should_continue);
                let fitted = fitted.map_err(|error| error.to_string())?;
                if !should_continue() {
                    return Err(EngineError::Cancelled.to_string());
                }
                let draw = |row: usize| fitted.draw(temperature, stream(row).uniform(0), normal(row));
                Ok(projected(network, (0..self.count).flat_map(draw).collect()))
            }
        }
    }
}

/// Projects codes of a fitted distribution, which does not depend on the kind of code, onto valid
/// codes.
fn projected(network: &Network, mut codes: Vec<f32>) -> Vec<f32> {
    network.project_codes(&mut codes);
    codes
}

/// Returns whether the prior of a kind of code is the standard normal distribution, which a
/// temperature scales.
pub fn is_normal(kind: &Bottleneck) -> bool {
    kind.is_gaussian() || matches!(kind, Bottleneck::Wasserstein { .. })
}

/// Returns whether codes can be drawn from a prior of this kind of code.
pub fn has_prior(kind: &Bottleneck) -> bool {
    !matches!(kind, Bottleneck::Plain | Bottleneck::KSparse { .. } | Bottleneck::Concrete { .. })
}

/// Returns whether a kind of code has no values between its bits, choices or entries, so that no
/// normal distribution fits it.
pub fn has_only_prior(kind: &Bottleneck) -> bool {
    match kind {
        Bottleneck::Hashing { .. } | Bottleneck::DescriptionLength { .. } | Bottleneck::Quantised { .. } => {
            true
        }
        Bottleneck::Plain
        | Bottleneck::KSparse { .. }
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. }
        | Bottleneck::Concrete { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Dataset, Progress, load};
    use crate::project::{Code, CodebookUpdate, Data, Project, Recipe, Source, Synthetic, Threshold};
    use crate::run::facts;

    fn blobs() -> Arc<Dataset> {
        let source = Source::Synthetic(Synthetic::Blobs { count: 200, features: 6, clusters: 3, seed: 1 });
        Arc::new(load(&Data { source, ..Data::default() }, &Progress::default()).expect("generated"))
    }

    fn network(data: &Dataset, kind: Bottleneck) -> Network {
        let project = Project {
            data: Data {
                source: Source::Synthetic(Synthetic::Blobs { count: 200, features: 6, clusters: 3, seed: 1 }),
                ..Data::default()
            },
            encoder: Vec::new(),
            code: Code { kind, ..Code::plain(2) },
            ..Recipe::Undercomplete.project()
        };
        Network::new(&plan(&project, &facts(data)).expect("valid"), 1).expect("small")
    }

    fn draws(from: Distribution, temperature: f32) -> Draws {
        // Around (1, 5), spread along the first axis alone.
        let codes = (0..100).flat_map(|row| [row as f32 / 50.0, 5.0]).collect();
        let codes = Arc::new(Kept { code_units: 2, codes, ..Kept::default() });
        Draws { from, codes, count: 8, temperature, seed: 4, shares: Vec::new() }
    }

    #[test]
    fn random_codes_follow_their_distribution_and_seed() {
        let data = blobs();
        let network = network(&data, Bottleneck::Wasserstein { weight: 1.0 });
        let of = |draws: Draws| draws.codes(&network, || true).expect("there is one");
        for from in [Distribution::Prior, Distribution::Gaussian, Distribution::Mixture(2)] {
            let codes = of(draws(from, 1.0));
            assert_eq!((codes.len(), &codes), (16, &of(draws(from, 1.0))), "{from:?}");
            assert_ne!(codes, of(Draws { seed: 5, ..draws(from, 1.0) }), "{from:?}");
        }
        assert!(of(draws(Distribution::Prior, 0.0)).iter().all(|value| *value == 0.0));
        for code in of(draws(Distribution::Gaussian, 0.0)).chunks_exact(2) {
            assert!((code[0] - 0.99).abs() < 1e-5 && (code[1] - 5.0).abs() < 1e-5, "{code:?}");
        }
        assert!(
            of(draws(Distribution::Mixture(2), 1.0)).chunks_exact(2).all(|code| (code[1] - 5.0).abs() < 0.1)
        );
    }

    #[test]
    fn entries_are_drawn_by_their_shares_and_bits_stay_between_0_and_1() {
        let data = blobs();
        let kind = Bottleneck::Quantised {
            entries: 3,
            dimension: 2,
            commitment: 0.25,
            update: CodebookUpdate::MovingAverage,
        };
        let quantised = network(&data, kind);
        let only = |shares: Vec<f32>| Draws { shares, ..draws(Distribution::Prior, 1.0) };
        let codes = only(vec![0.0, 1.0, 0.0]).codes(&quantised, || true).expect("a prior");
        assert!(codes.chunks_exact(2).all(|code| code == &codes[..2]), "{codes:?}");
        let error = only(vec![1.0]).codes(&quantised, || true).unwrap_err();
        assert!(error.contains("as many shares"), "{error}");
        let hashing = network(&data, Bottleneck::Hashing { std: 1.0, threshold: Threshold::Half });
        let codes = draws(Distribution::Gaussian, 1.0).codes(&hashing, || true).expect("fitted");
        assert!(codes.iter().all(|unit| (0.0..=1.0).contains(unit)), "{codes:?}");
    }

    #[test]
    fn codes_without_a_prior_are_an_error() {
        let data = blobs();
        let network = network(&data, Bottleneck::Plain);
        let error = draws(Distribution::Prior, 1.0).codes(&network, || true).unwrap_err();
        assert!(error.contains("known distribution"), "{error}");
        let error = draws(Distribution::Mixture(101), 1.0).codes(&network, || true).unwrap_err();
        assert!(error.contains("101 components"), "{error}");
        assert!(draws(Distribution::Mixture(2), 1.0).codes(&network, || false).is_err(), "given up");
    }
}
