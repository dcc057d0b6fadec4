//! Work on sets of samples for the views, split into short parts. A set of any size is processed
//! part by part, so that other work of the compute service can run in between.

mod compare;
mod export;
mod order;
mod places;

use std::sync::Arc;

use compare::Side;
pub use compare::{ClassShares, Comparison, Difference, Moments};
pub use export::{Exported, Pixel, export_pictures, export_table, number_of, picture_name, written_channels};
pub use order::Order;
pub use places::{CodePart, CodePlane, MOST_POINTS, PlaceJob, PlaceOn, Places, places_on, strip_jitter};

use super::baseline::gathered;
use crate::analysis::pca::Pca;
use crate::dataset::random::Purpose;
use crate::dataset::{Dataset, Subset};
use crate::engine::{Network, Noise, Ready, Samples, Trained};
use crate::project::Shape;
use crate::run::{Kept, facts};

/// Approximate number of values per part, whose errors are computed in a fraction of a second.
const PART_VALUES: usize = 1 << 21;

/// A trained network with the data it is shown.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The network.
    pub trained: Trained,
    /// The data.
    pub data: Arc<Dataset>,
    /// Whether the network receives corrupted samples, as in its training; errors are always
    /// against the clean ones.
    pub is_corrupted: bool,
    /// The training data, if the plan does not have the range of their values, which noise depends
    /// on.
    pub unranged: Option<Arc<Dataset>>,
}

/// The best linear code of the size of the network's code: PCA fitted on the training split.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear(Arc<Pca>);

/// A job for some samples.
#[derive(Clone, Debug)]
pub enum SampleJob {
    /// The error of each row.
    Errors(Trial, Vec<u32>),
    /// The reconstructions of rows by the network and, if there is one, by PCA, with these channels
    /// of the codes if the codes are pictures.
    Pictures(Trial, Option<Linear>, Vec<u32>, Vec<usize>),
    /// The reconstructions of the given scaled values by PCA.
    Linear(Linear, Vec<f32>),
    /// The sum of the errors of PCA on rows, given the network's input.
    LinearError(Trial, Linear, Vec<u32>),
    /// A fit of PCA with this many components.
    Fit(Arc<Dataset>, usize),
    /// Rows to sort; the errors are by row of the data, NaN if unknown.
    Order(Order, Arc<Dataset>, Vec<u32>, Vec<f32>),
    /// The codes of rows, and their positions in a plane of principal components of other codes if
    /// one is given.
    Locate(Trial, Vec<u32>, Option<(Arc<Kept>, CodePlane)>),
    /// Positions of codes on a plane.
    Place(PlaceJob),
    /// A comparison of selected rows with all others; errors as above, empty if none are known.
    Compare(Arc<Dataset>, Vec<u32>, Vec<f32>),
    /// A comparison of selected rows of the first data with the training split of the second, both
    /// with their errors.
    CompareTraining(Rated, Rated, Vec<u32>),
}

/// The result of a [`SampleJob`].
#[derive(Clone, Debug, PartialEq)]
pub enum SampleAnswer {
    /// Squared error per feature of each row, in units of the scaled data.
    Errors(Vec<f32>),
    /// Pictures of the rows.
    Pictures(Pictures),
    /// Rows of scaled values.
    Values(Vec<f32>),
    /// A sum of squared errors per feature.
    ErrorSum(f64),
    /// The fitted PCA.
    Fitted(Linear),
    /// The rows in their new order.
    Ordered(Vec<u32>),
    /// The codes of the rows.
    Located(Located),
    /// Positions of codes.
    Placed(Places),
    /// The comparison.
    Compared(Comparison),
}

/// Outputs of networks for samples, row by row, in units of the scaled data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// The rows of the data.
    pub rows: Vec<u32>,
    /// The corrupted input of the encoder; empty if the input was not corrupted.
    pub corrupted: Vec<f32>,
    /// The reconstructions.
    pub reconstructions: Vec<f32>,
    /// The reconstructions by PCA of the same input; empty if there is none.
    pub linear: Vec<f32>,
    /// The requested channels of codes.
    pub channels: Vec<usize>,
    /// The codes in these channels.
    pub codes: Vec<f32>,
}

/// Data with the errors of their rows, NaN if unknown; empty if none are known.
#[derive(Clone, Debug)]
pub struct Rated {
    /// The data.
    pub data: Arc<Dataset>,
    /// The errors.
    pub errors: Vec<f32>,
}

/// Codes of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Located {
    /// The codes, row by row.
    pub codes: Vec<f32>,
    /// Their positions in a plane of principal components; empty if none was requested.
    pub plane: Vec<[f32; 2]>,
}

/// Number of rows of these data per part of a set.
pub fn part_rows(data: &Dataset) -> usize {
    (PART_VALUES / data.shape.features().max(1)).clamp(1, 4096)
}

impl Linear {
    /// Fits this many components to the training split.
    ///
    /// # Errors
    /// A message if PCA cannot be fitted.
    pub fn fit(data: &Dataset, components: usize) -> Result<Linear, String> {
        let train = gathered(data, data.split.rows(Subset::Train));
        let pca = Pca::fit(&train, data.shape.features(), components).map_err(|error| error.to_string())?;
        Ok(Linear(Arc::new(pca)))
    }

    /// The codes of scaled rows, row by row.
    pub fn project(&self, rows: &[f32]) -> Vec<f32> {
        self.0.project(rows)
    }

    /// Its reconstructions of scaled rows.
    pub fn reconstruct(&self, rows: &[f32]) -> Vec<f32> {
        let pca = &self.0;
        if pca.k() == 0 {
            pca.mean.repeat(rows.len() / pca.mean.len().max(1))
        } else {
            pca.reconstruct(&pca.project(rows))
        }
    }
}

impl SampleJob {
    /// Runs the job with the network cached in `ready`.
    ///
    /// # Errors
    /// A message if the network or PCA is not available.
    pub fn answer(&self, ready: &mut Ready) -> Result<SampleAnswer, String> {
        Ok(match self {
            SampleJob::Errors(trial, rows) => SampleAnswer::Errors(trial.errors(ready, rows)?),
            SampleJob::Pictures(trial, linear, rows, channels) => {
                SampleAnswer::Pictures(trial.pictures(ready, linear.as_ref(), rows, channels)?)
            }
            SampleJob::Linear(linear, values) => SampleAnswer::Values(linear.reconstruct(values)),
            SampleJob::LinearError(trial, linear, rows) => {
                SampleAnswer::ErrorSum(trial.linear_error(ready, linear, rows)?)
            }
            SampleJob::Fit(data, components) => SampleAnswer::Fitted(Linear::fit(data, *components)?),
            SampleJob::Order(order, data, rows, errors) => {
                SampleAnswer::Ordered(order.of(data, rows.clone(), errors))
            }
            SampleJob::Locate(trial, rows, plane) => {
                SampleAnswer::Located(trial.located(ready, rows, plane.as_ref())?)
            }
            SampleJob::Place(job) => SampleAnswer::Placed(job.places()?),
            SampleJob::CompareTraining(other, own, rows) => {
                let selected = Side { data: &other.data, rows, errors: &other.errors };
                let training = Side { data: &own.data, rows: &own.data.split.train, errors: &own.errors };
                SampleAnswer::Compared(Comparison::with_training(selected, training))
            }
            SampleJob::Compare(data, rows, errors) => {
                SampleAnswer::Compared(Comparison::of(data, rows, errors))
            }
        })
    }
}

impl Trial {
    /// The noise of the watched samples, so that a sample is corrupted identically wherever it is
    /// shown.
    fn noise(&self) -> Option<Noise> {
        let plan = self.trained.plan();
        let design = plan.design();
        let range = || match &self.unranged {
            Some(own) => facts(own).value_range,
            None => plan.facts().value_range,
        };
        (self.is_corrupted && design.corruption.corrupts()).then(|| Noise {
            corruption: design.corruption,
            shape: plan.shape(),
            range: range(),
            seed: design.training.seed,
            purpose: Purpose::ProbeCorruption,
            epoch: 0,
        })
    }

    fn errors(&self, ready: &mut Ready, rows: &[u32]) -> Result<Vec<f32>, String> {
        let network = ready.network(&self.trained).map_err(|error| error.to_string())?;
        let Some(noise) = self.noise() else {
            // A part is short, so it is not cancelled half-way.
            let errors = network.errors(Samples::Rows(&self.data, rows), &mut |_| true);
            let errors = errors.map_err(|error| error.to_string())?;
            return Ok(errors.into_iter().map(|error| error as f32).collect());
        };
        let (_, restored) = network.restore(&self.data, rows, noise).map_err(|error| error.to_string())?;
        let features = self.data.shape.features().max(1);
        let clean = self.clean(rows);
        let pairs = restored.chunks_exact(features).zip(clean.chunks_exact(features));
        let errors = rows.iter().zip(pairs).map(|(row, (made, own))| row_error(&self.data, *row, own, made));
        Ok(errors.collect())
    }

    fn pictures(
        &self,
        ready: &mut Ready,
        linear: Option<&Linear>,
        rows: &[u32],
        channels: &[usize],
    ) -> Result<Pictures, String> {
        let network = ready.network(&self.trained).map_err(|error| error.to_string())?;
        let mut codes = Vec::new();
        let mut encode = |network: &mut Network, seen: &[f32]| {
            let (code, features) = (self.trained.plan().code_shape(), self.data.shape.features().max(1));
            // Whole codes may be many times larger than the samples.
            let rows = (PART_VALUES / code.features().max(1)).max(1);
            for part in seen.chunks(rows * features).filter(|_| !channels.is_empty()) {
                codes.extend(channels_of(&network.encode(part), code, channels));
            }
        };
        let (corrupted, reconstructions, linear) = if let Some(noise) = self.noise() {
            let made = network.restore(&self.data, rows, noise).map_err(|error| error.to_string())?;
            let linear = linear.map(|linear| linear.reconstruct(&made.0));
            encode(network, &made.0);
            (made.0, made.1, linear)
        } else {
            let clean = self.clean(rows);
            let linear = linear.map(|linear| linear.reconstruct(&clean));
            encode(network, &clean);
            (Vec::new(), network.reconstruct(&clean), linear)
        };
        let (rows, linear) = (rows.to_vec(), linear.unwrap_or_default());
        Ok(Pictures { rows, corrupted, reconstructions, linear, channels: channels.to_vec(), codes })
    }

    /// Reconstructs uncorrupted rows, in units of the data, as a data set.
    ///
    /// `should_continue` is called with the number of rows of every part and returns whether to
    /// continue.
    ///
    /// # Errors
    /// A message if the network is not available, or if `should_continue` returns false.
    pub fn reconstructed(
        &self,
        rows: &[u32],
        should_continue: impl Fn(usize) -> bool,
    ) -> Result<Dataset, String> {
        let (mut ready, data) = (Ready::new(1), &*self.data);
        let network = ready.network(&self.trained).map_err(|error| error.to_string())?;
        let features = data.shape.features().max(1);
        let mut values = Vec::new();
        for part in rows.chunks(part_rows(data)) {
            let scaled = network.reconstruct(&self.clean(part));
            let own = scaled.iter().enumerate();
            values.extend(own.map(|(at, value)| data.scaler.unscale(at % features, *value)));
            if !should_continue(part.len()) {
                return Err("it was cancelled".to_owned());
            }
        }
        Ok(data.with_rows(rows, values))
    }

    fn located(
        &self,
        ready: &mut Ready,
        rows: &[u32],
        plane: Option<&(Arc<Kept>, CodePlane)>,
    ) -> Result<Located, String> {
        let network = ready.network(&self.trained).map_err(|error| error.to_string())?;
        let mut codes = Vec::new();
        for part in rows.chunks(part_rows(&self.data)) {
            codes.extend(network.encode(&self.clean(part)));
        }
        let plane = match plane {
            Some((kept, plane)) => plane.places(&codes, kept)?.points,
            None => Vec::new(),
        };
        Ok(Located { codes, plane })
    }

    /// The network is needed only if noise has to be added.
    fn linear_error(&self, ready: &mut Ready, linear: &Linear, rows: &[u32]) -> Result<f64, String> {
        let clean = self.clean(rows);
        let made = match self.noise() {
            None => linear.reconstruct(&clean),
            Some(noise) => {
                let network = ready.network(&self.trained).map_err(|error| error.to_string())?;
                let restored = network.restore(&self.data, rows, noise);
                linear.reconstruct(&restored.map_err(|error| error.to_string())?.0)
            }
        };
        let features = self.data.shape.features().max(1);
        let pairs = made.chunks_exact(features).zip(clean.chunks_exact(features));
        let errors = rows.iter().zip(pairs).map(|(row, (made, own))| row_error(&self.data, *row, own, made));
        Ok(errors.map(f64::from).sum())
    }

    fn clean(&self, rows: &[u32]) -> Vec<f32> {
        let mut clean = vec![0.0; rows.len() * self.data.shape.features()];
        self.data.gather(rows, &mut clean);
        clean
    }
}

/// Only these channels of codes of this shape, position by position.
pub fn channels_of(codes: &[f32], code: Shape, channels: &[usize]) -> Vec<f32> {
    let positions = codes.chunks_exact(code.channels().max(1));
    let value = |position: &[f32], channel: &usize| position.get(*channel).copied().unwrap_or(f32::NAN);
    positions.flat_map(|position| channels.iter().map(move |channel| value(position, channel))).collect()
}

/// Mean squared difference between a row of the data, scaled, and its reconstruction. Masked
/// missing values are excluded, as in [`Network::errors`].
pub fn row_error(data: &Dataset, row: u32, sample: &[f32], made: &[f32]) -> f32 {
    if !data.gaps.masks_any() {
        return squared_error(sample, made);
    }
    let mut weights = vec![0.0; sample.len()];
    data.gaps.fill_weights(&[row], sample.len(), &mut weights);
    let errors = sample.iter().zip(made).zip(&weights).map(|((a, b), weight)| weight * (a - b) * (a - b));
    errors.sum::<f32>() / weights.iter().sum::<f32>().max(1.0)
}

/// Mean squared difference of two rows.
fn squared_error(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / a.len().max(1) as f32
}

#[cfg(test)]
mod tests;
