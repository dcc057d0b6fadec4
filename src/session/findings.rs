//! What some kinds of networks are judged by beside their losses.

use super::baseline::gathered;
use crate::analysis::ranking::{average_precision, roc_auc};
use crate::analysis::regression::Regression;
use crate::dataset::{Dataset, Subset};
use crate::engine::Network;

/// How well the reconstruction error tells the samples of a class that was held out from the others of the test split.
#[derive(Clone, Debug, PartialEq)]
pub struct Anomalies {
    /// The class.
    pub class: String,
    /// Its samples.
    pub held_out: usize,
    /// Other samples of the test split.
    pub others: usize,
    /// Area under the receiver operating characteristic; 0.5 is chance.
    pub auc: f64,
    /// Average precision; the share of held-out samples is chance.
    pub average_precision: f64,
}

/// Ranks the test split by reconstruction error; `None` where no class was held out or the split has only one side.
pub fn anomalies(network: &mut Network, data: &Dataset) -> Option<Anomalies> {
    let class = network.plan().design().data.held_out.clone()?;
    let of_class = data.rows_of_class(&class)?;
    let is_held_out = |row: &u32| of_class.binary_search(row).is_ok();
    let (held_out, others): (Vec<u32>, Vec<u32>) = data.split.test.iter().copied().partition(is_held_out);
    let (positive, negative) = (network.errors(data, &held_out), network.errors(data, &others));
    Some(Anomalies {
        auc: roc_auc(&positive, &negative)?,
        average_precision: average_precision(&positive, &negative)?,
        held_out: held_out.len(),
        others: others.len(),
        class,
    })
}

/// Squared error per feature of a linear regression from the features a selector has chosen to all, fitted on the training split
/// and judged on the validation split (the training split where there is none), as the method's authors compare selections (Abid
/// et al. 2019, table 1). `None` where the network is no selector.
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
