//! The losses of a run, thinned out to a small number of points.

use crate::project::Bottleneck;
use crate::run::{Losses, Run};

/// Most points of a curve, so that diagnosis takes the same time for any number of epochs.
const MOST_POINTS: usize = 200;
/// Length of the moving average: 1/10 of all points.
const WINDOW: usize = 10;

/// Losses of epochs that can be compared with each other.
pub(super) struct Curve {
    /// Numbers of the epochs.
    pub epochs: Vec<u32>,
    /// Total training loss.
    pub train: Vec<f64>,
    /// Total validation loss, if there is a validation split.
    pub validation: Option<Vec<f64>>,
    /// Squared error per feature.
    pub mse: Vec<f64>,
}

impl Curve {
    /// The curve of a run since its last restart and since the weights of its loss terms are
    /// constant; `None` if epochs of its kind of code cannot be compared.
    pub fn of(run: &Run) -> Option<Curve> {
        let kind = run.design.code.kind;
        if let Bottleneck::Concrete { .. } = kind {
            // The temperature falls to the end.
            return None;
        }
        let settled = if let Bottleneck::KSparse { lowers: true, .. } = kind {
            run.design.training.epochs / 2
        } else {
            kind.settles_after()
        };
        let start = run.restarts.last().map_or(0, |restart| restart.epoch).max(settled);
        let records = &run.history.epochs;
        let first = records.partition_point(|record| record.epoch <= start);
        let stride = (records.len() - first).div_ceil(MOST_POINTS).max(1);
        let mut curve = Curve { epochs: vec![], train: vec![], validation: Some(vec![]), mse: vec![] };
        for at in (first..records.len()).step_by(stride) {
            let record = records.get(at)?;
            curve.epochs.push(record.epoch);
            curve.train.push(record.train.total());
            curve.mse.push(record.mse);
            let validation = record.validation.as_ref().map(Losses::total);
            curve.validation = curve.validation.zip(validation).map(|(mut all, one)| {
                all.push(one);
                all
            });
        }
        Some(curve)
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.epochs.len()
    }

    /// Length of the moving average in points.
    pub fn window(&self) -> usize {
        (self.len() / WINDOW).max(1)
    }
}

/// Moving averages over the last `window` points; the first ones over fewer.
pub(super) fn smoothed(values: &[f64], window: usize) -> Vec<f64> {
    (0..values.len())
        .map(|end| {
            let own = &values[(end + 1).saturating_sub(window)..=end];
            own.iter().sum::<f64>() / own.len() as f64
        })
        .collect()
}

/// Roughness: the mean magnitude of the second difference, which is 0 for a straight line.
pub(super) fn roughness(values: &[f64]) -> f64 {
    let bends = values.windows(3).map(|three| (three[0] - 2.0 * three[1] + three[2]).abs() / 2.0);
    let count = values.len().saturating_sub(2).max(1);
    bends.sum::<f64>() / count as f64
}

/// Index of the smallest value.
pub(super) fn least(values: &[f64]) -> Option<usize> {
    (0..values.len()).min_by(|a, b| values[*a].total_cmp(&values[*b]))
}
