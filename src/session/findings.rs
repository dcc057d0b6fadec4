//! Quality measures of particular kinds of networks, besides their losses.

use super::Scores;
use super::baseline::gathered;
use crate::analysis::hamming::{BinaryCodes, precision_at};
use crate::analysis::quality::{psnr, ssim};
use crate::analysis::ranking::{average_precision, roc_auc};
use crate::analysis::regression::Regression;
use crate::dataset::random::Purpose;
use crate::dataset::{Dataset, Subset};
use crate::engine::{EngineError, Network, Noise, Samples, code_thresholds};
use crate::project::{Bottleneck, visible};

/// Codes drawn per sample for the reconstruction probability.
const DRAWS: usize = 32;
/// Maximum number of samples whose restoration is measured: structural similarity uses a window
/// around every pixel.
const RESTORED: usize = 256;
/// Number of neighbours used to evaluate retrieval.
const NEIGHBOURS: usize = 10;

/// All quality measures of a network on one split; those that do not apply are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Separation of a held-out class from the others.
    pub anomalies: Option<Anomalies>,
    /// Error of a linear regression from the features chosen by a selector.
    pub refit: Option<f64>,
    /// Quality of restored samples.
    pub restoration: Option<Restoration>,
    /// Precision of the ten nearest training codes of a hashing network: the share that is of the
    /// sample's own class.
    pub precision: Option<f64>,
}

/// How well a held-out class is separated from the others of the test split.
#[derive(Clone, Debug, PartialEq)]
pub struct Anomalies {
    /// The class.
    pub class: String,
    /// Number of its samples.
    pub held_out: usize,
    /// Number of other labelled samples of the test split.
    pub others: usize,
    /// Unlabelled samples of the test split, which are excluded.
    pub unlabelled: usize,
    /// Area under the receiver operating characteristic; 0.5 is chance.
    pub auc: f64,
    /// Average precision; the share of held-out samples is chance.
    pub average_precision: f64,
}

/// Similarity of the corrupted and the restored samples to the clean ones: pairs, corrupted first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restoration {
    /// Peak signal-to-noise ratio, in decibels.
    pub psnr: (f64, f64),
    /// Mean structural similarity, if samples are pictures.
    pub ssim: Option<(f64, f64)>,
    /// Number of samples measured.
    pub samples: usize,
}

impl Findings {
    /// Computes all of them on one split, as long as `should_continue` returns true.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`], [`EngineError::OutOfMemory`].
    pub fn of(
        network: &mut Network,
        data: &Dataset,
        subset: Subset,
        should_continue: &dyn Fn() -> bool,
    ) -> Result<Findings, EngineError> {
        let rows = data.split.rows(subset);
        let still = || if should_continue() { Ok(()) } else { Err(EngineError::Cancelled) };
        let anomalies = if subset == Subset::Test { ranked(network, data, should_continue)? } else { None };
        let refit = refit(network, data);
        still()?;
        let restoration = restoration(network, data, rows);
        still()?;
        let precision = precision(network, data, rows);
        Ok(Findings { anomalies, refit, restoration, precision })
    }

    /// One sentence per measure, with numbers formatted by `number`.
    pub fn sentences(&self, number: impl Fn(f64) -> String) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some(Anomalies { class, held_out, others, unlabelled, auc, average_precision }) =
            &self.anomalies
        {
            let with = if *unlabelled == 0 {
                String::new()
            } else {
                format!(" with a label ({unlabelled} have none and are left out)")
            };
            sentences.push(format!(
                "held-out class {}, {held_out} of {} test samples{with}: ROC AUC {}, average precision {}",
                visible(class),
                held_out + others,
                number(*auc),
                number(*average_precision)
            ));
        }
        if let Some(refit) = self.refit {
            sentences
                .push(format!("linear regression on the chosen features: {} per feature", number(refit)));
        }
        if let Some(Restoration { psnr, ssim, samples }) = self.restoration {
            let ssim = ssim
                .map_or_else(String::new, |(from, to)| format!(", SSIM {} → {}", number(from), number(to)));
            sentences.push(format!(
                "restoration of {samples} samples: PSNR {:.1} → {:.1} dB{ssim}",
                psnr.0, psnr.1
            ));
        }
        if let Some(precision) = self.precision {
            sentences
                .push(format!("retrieval by binary codes: precision at {NEIGHBOURS} {}", number(precision)));
        }
        sentences
    }
}

/// Ranks the test split by anomaly score: the reconstruction probability (An & Cho 2015) if the
/// network is variational with a likelihood, else the squared error. `None` if no class was held
/// out, or if the split has only held-out samples or none.
pub fn anomalies(network: &mut Network, data: &Dataset) -> Option<Anomalies> {
    ranked(network, data, &|| true).ok().flatten()
}

/// [`anomalies`], as long as `should_continue` returns true.
fn ranked(
    network: &mut Network,
    data: &Dataset,
    should_continue: &dyn Fn() -> bool,
) -> Result<Option<Anomalies>, EngineError> {
    let Some(Sides { class, held_out, others, unlabelled }) = sides(network, data) else { return Ok(None) };
    let mut scores = |rows: &[u32]| -> Result<Vec<f64>, EngineError> {
        let Scores { errors, log_probabilities } =
            Scores::of(network, Samples::Rows(data, rows), DRAWS, |_, _| should_continue())?;
        let anomaly_score = |scores: Vec<f64>| scores.into_iter().map(|score| -score).collect();
        Ok(log_probabilities.map_or(errors, anomaly_score))
    };
    let (positive, negative) = (scores(&held_out)?, scores(&others)?);
    let measured = roc_auc(&positive, &negative).zip(average_precision(&positive, &negative));
    Ok(measured.map(|(auc, average_precision)| Anomalies {
        auc,
        average_precision,
        held_out: held_out.len(),
        others: others.len(),
        unlabelled: unlabelled.len(),
        class,
    }))
}

/// Rows of the test split, divided by whether they belong to the held-out class.
struct Sides {
    class: String,
    held_out: Vec<u32>,
    others: Vec<u32>,
    /// Rows without a label.
    unlabelled: Vec<u32>,
}

fn sides(network: &Network, data: &Dataset) -> Option<Sides> {
    let class = network.plan().design().data.held_out.clone()?;
    let of_class = data.rows_of_class(&class)?;
    let is_held_out = |row: &u32| of_class.binary_search(row).is_ok();
    let (held_out, rest): (Vec<u32>, Vec<u32>) = data.split.test.iter().copied().partition(is_held_out);
    // The class of rows without a label is unknown.
    let classes = data.labels.iter().find(|column| column.has_class(&class))?;
    let (others, unlabelled): (Vec<u32>, Vec<u32>) =
        rest.into_iter().partition(|row| classes.is_known(*row as usize));
    Some(Sides { class, held_out, others, unlabelled })
}

/// Squared error per feature of a linear regression from the features chosen by a selector to all
/// features, fitted on the training split and evaluated on the validation split (the training split
/// if there is none), as the method's authors compare selections (Abid et al. 2019, table 1).
/// `None` if the network is not a selector.
pub fn refit(network: &Network, data: &Dataset) -> Option<f64> {
    let chosen = network.chosen_features()?;
    let features = data.shape.features();
    let pick = |rows: &[f32]| -> Vec<f32> {
        let of_row = |row: &[f32]| chosen.iter().map(|feature| row[*feature as usize]).collect::<Vec<f32>>();
        rows.chunks_exact(features).flat_map(of_row).collect()
    };
    let train = gathered(data, data.split.rows(Subset::Train));
    let regression = Regression::fit(&pick(&train), chosen.len(), &train, features)?;
    let judged = match data.split.rows(Subset::Validation) {
        [] => train,
        rows => gathered(data, rows),
    };
    Some(regression.mse(&pick(&judged), &judged))
}

/// Measures how well the network restores samples that are corrupted as in its training; `None` if
/// it was trained without corruption.
fn restoration(network: &mut Network, data: &Dataset, rows: &[u32]) -> Option<Restoration> {
    let (design, range) = (network.plan().design(), network.plan().facts().value_range);
    let (corruption, seed) = (design.corruption, design.training.seed);
    if !corruption.corrupts() || rows.is_empty() {
        return None;
    }
    let stride = rows.len().div_ceil(RESTORED);
    let rows: Vec<u32> = rows.iter().copied().step_by(stride).collect();
    let shape = data.shape;
    let noise = Noise { corruption, shape, range, seed, purpose: Purpose::ProbeCorruption, epoch: 1 };
    let (corrupted, restored) = network.restore(data, &rows, noise).ok()?;
    let clean = gathered(data, &rows);
    let range = f64::from(range.1 - range.0);
    let mse = |of: &[f32]| {
        let sum: f64 = of.iter().zip(&clean).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        sum / clean.len() as f64
    };
    let similarity = |of: &[f32]| shape.picture().map(|sides| mean_ssim(of, &clean, sides, range));
    Some(Restoration {
        psnr: (psnr(mse(&corrupted), range), psnr(mse(&restored), range)),
        ssim: similarity(&corrupted).zip(similarity(&restored)),
        samples: rows.len(),
    })
}

/// Mean over all pictures and channels; the channels of a pixel are adjacent in a row.
fn mean_ssim(of: &[f32], clean: &[f32], (height, width, channels): (usize, usize, usize), range: f64) -> f64 {
    let features = height * width * channels;
    let channel = |row: &[f32], channel: usize| -> Vec<f32> {
        row.iter().skip(channel).step_by(channels.max(1)).copied().collect()
    };
    let pairs = of.chunks_exact(features).zip(clean.chunks_exact(features));
    let values: Vec<f64> = pairs
        .flat_map(|(a, b)| {
            (0..channels).map(move |c| ssim(&channel(a, c), &channel(b, c), (width, height), range))
        })
        .collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Precision of retrieving training samples by binary codes; `None` if the code is not a hashing
/// code or there are no classes.
fn precision(network: &mut Network, data: &Dataset, rows: &[u32]) -> Option<f64> {
    let Bottleneck::Hashing { threshold, .. } = network.plan().design().code.kind else { return None };
    let (column, ids) = data.labels.iter().find_map(|column| Some((column, column.class_ids()?)))?;
    let units = network.plan().code_units();
    let labelled = |rows: &[u32]| -> Vec<u32> {
        rows.iter().copied().filter(|row| column.is_known(*row as usize)).collect()
    };
    let (train, rows) = (&labelled(&data.split.train), &labelled(rows));
    let [known, asked] = [train, rows].map(|rows| network.encode(&gathered(data, rows)));
    // If there are too many rows, they and their classes are subsampled.
    let stride = (train.len() * units).div_ceil(known.len().max(1)).max(1);
    let classes = |rows: &[u32]| -> Vec<u32> { rows.iter().map(|row| ids[*row as usize]).collect() };
    let known_classes: Vec<u32> = classes(train).into_iter().step_by(stride).collect();
    let thresholds = code_thresholds(&known, units, threshold);
    let binary = |codes: &[f32]| BinaryCodes::new(codes, units, |unit| thresholds[unit]);
    let asked_classes = classes(rows);
    let queries = binary(&asked);
    precision_at(
        NEIGHBOURS,
        (&queries, asked_classes.get(..queries.len())?),
        (&binary(&known), &known_classes),
    )
}

#[cfg(test)]
mod tests;
