//! What the compute lane does for a person who explores a code: codes drawn at random, and the samples of the data that are
//! nearest to a picture.

use std::sync::Arc;

use crate::analysis::gaussian::Gaussian;
use crate::analysis::mixture::Mixture;
use crate::analysis::neighbours::{Distance, Neighbour, nearest};
use crate::dataset::Dataset;
use crate::dataset::random::{Purpose, Stream};
use crate::engine::{EngineError, Network};
use crate::project::Bottleneck;
use crate::run::Kept;

/// What codes are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distribution {
    /// The prior of the kind of code.
    #[default]
    Prior,
    /// A normal distribution with full covariance, fitted to codes of the data.
    Gaussian,
    /// A mixture of as many normal distributions, fitted to codes of the data.
    Mixture(usize),
}

/// Codes to be drawn.
#[derive(Clone, Debug)]
pub struct Draws {
    /// What they are drawn from.
    pub from: Distribution,
    /// Codes of the data, to which a distribution is fitted.
    pub codes: Arc<Kept>,
    /// How many.
    pub count: usize,
    /// How far they go from the mean: 1 is a fair draw, 0 gives the mean. Codes of choices or bits know none.
    pub temperature: f32,
    /// The same seed gives the same codes.
    pub seed: u64,
    /// How often each entry of a codebook is chosen; alike where it is empty.
    pub shares: Vec<f32>,
}

/// Streams of random numbers of one purpose: a draw of the fitted distribution, and the start of a fit.
const DRAW: u64 = 1;
const FIT: u64 = 2;

impl Draws {
    /// Draws them, row by row. `goes_on` is asked now and then.
    ///
    /// # Errors
    /// A message where there is no such distribution, and where `goes_on` says no.
    pub fn codes(&self, network: &Network, goes_on: impl Fn() -> bool) -> Result<Vec<f32>, String> {
        let units = self.codes.code_units;
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
                let fitted = Gaussian::fit(&self.codes.codes, units).map_err(|error| error.to_string())?;
                let draw = |row: usize| fitted.draw(temperature, normal(row));
                Ok(projected(network, (0..self.count).flat_map(draw).collect()))
            }
            Distribution::Mixture(components) => {
                let start = Stream::new(self.seed, Purpose::Prior, FIT, 0);
                let mut position = 0;
                let uniform = || {
                    position += 1;
                    start.uniform(position)
                };
                let fitted = Mixture::fit(&self.codes.codes, units, components, uniform, &goes_on)
                    .map_err(|error| error.to_string())?;
                if !goes_on() {
                    return Err(EngineError::Cancelled.to_string());
                }
                let draw = |row: usize| fitted.draw(temperature, stream(row).uniform(0), normal(row));
                Ok(projected(network, (0..self.count).flat_map(draw).collect()))
            }
        }
    }
}

/// Codes of a fitted distribution, which knows nothing of the kind of code.
fn projected(network: &Network, mut codes: Vec<f32>) -> Vec<f32> {
    network.project_codes(&mut codes);
    codes
}

/// Whether the prior of a kind of code is the standard normal distribution, which a temperature stretches.
pub fn is_normal(kind: &Bottleneck) -> bool {
    kind.is_gaussian() || matches!(kind, Bottleneck::Wasserstein { .. })
}

/// Whether a kind of code has a prior that codes are drawn from.
pub fn has_prior(kind: &Bottleneck) -> bool {
    !matches!(kind, Bottleneck::Plain | Bottleneck::KSparse { .. } | Bottleneck::Concrete { .. })
}

/// Whether a kind of code has nothing between its bits, choices or entries, so that no normal distribution fits it.
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

/// The rows of the training split that are nearest to each of some pictures, as they are scaled.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The data.
    pub data: Arc<Dataset>,
    /// Pictures, scaled, row by row.
    pub pictures: Arc<Vec<f32>>,
    /// How many rows for each picture.
    pub count: usize,
    /// A row that is left out: the picture itself.
    pub except: Option<u32>,
    /// Whether the pictures were generated by the network: these have a newest answer of their own.
    pub is_of_draws: bool,
}

/// Rows that are gathered at a time.
const BLOCK: usize = 256;

impl Lookup {
    /// Finds them, the nearest first. `goes_on` is asked now and then.
    ///
    /// # Errors
    /// A message where `goes_on` says no.
    pub fn find(&self, goes_on: impl Fn() -> bool) -> Result<Vec<Vec<Found>>, String> {
        let features = self.data.shape.features().max(1);
        let pictures: Vec<&[f32]> = self.pictures.chunks_exact(features).collect();
        let mut found: Vec<Vec<Found>> = vec![Vec::new(); pictures.len()];
        let mut values = vec![0.0; BLOCK * features];
        for rows in self.data.split.train.chunks(BLOCK) {
            if !goes_on() {
                return Err(EngineError::Cancelled.to_string());
            }
            let values = &mut values[..rows.len() * features];
            self.data.gather(rows, values);
            for (picture, found) in pictures.iter().zip(&mut found) {
                // One more, as the picture itself may be among them.
                let near = nearest(picture, values, self.count + 1, Distance::Euclidean);
                let near =
                    near.into_iter().map(|Neighbour { row, distance }| Found { row: rows[row], distance });
                found.extend(near.filter(|near| Some(near.row) != self.except));
                found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
                found.truncate(self.count);
            }
        }
        Ok(found)
    }
}

/// A row of the data that is near to a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The row.
    pub row: u32,
    /// The length of the difference between picture and row, scaled.
    pub distance: f32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, load};
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
        Network::new(&plan(&project, &facts(data)).expect("sound"), 1).expect("small")
    }

    fn draws(from: Distribution, temperature: f32) -> Draws {
        // Around (1, 5), spread along the first axis alone.
        let codes = (0..100).flat_map(|row| [row as f32 / 50.0, 5.0]).collect();
        let codes = Arc::new(Kept { code_units: 2, codes, ..Kept::default() });
        Draws { from, codes, count: 8, temperature, seed: 4, shares: Vec::new() }
    }

    #[test]
    fn draws_follow_their_distribution_and_their_seed() {
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
    fn what_has_no_prior_says_so() {
        let data = blobs();
        let network = network(&data, Bottleneck::Plain);
        let error = draws(Distribution::Prior, 1.0).codes(&network, || true).unwrap_err();
        assert!(error.contains("known distribution"), "{error}");
        let error = draws(Distribution::Mixture(101), 1.0).codes(&network, || true).unwrap_err();
        assert!(error.contains("101 components"), "{error}");
        assert!(draws(Distribution::Mixture(2), 1.0).codes(&network, || false).is_err(), "given up");
    }

    #[test]
    fn the_nearest_row_of_a_training_row_is_itself_unless_left_out() {
        let data = blobs();
        let row = data.split.train[7];
        let mut picture = vec![0.0; 6];
        data.gather(&[row], &mut picture);
        let mut lookup =
            Lookup { data, pictures: Arc::new(picture), count: 3, except: None, is_of_draws: false };
        let found = lookup.find(|| true).expect("goes on");
        assert_eq!((found.len(), found[0].len(), found[0][0]), (1, 3, Found { row, distance: 0.0 }));
        lookup.except = Some(row);
        let others = lookup.find(|| true).expect("goes on");
        assert_eq!(others[0][..2], found[0][1..]);
        assert!(lookup.find(|| false).is_err());
    }
}
