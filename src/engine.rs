//! **Training on dfdx's tensors and tape**: the only room that knows dfdx.
//!
//! `kernels` puts fused operations on dfdx's tape, [`Network`] strings them together as a [`crate::check::Plan`] says,
//! and [`Trainer`] takes one step at a time, so that pause, single step, stop and exact resume fall out of it. Nothing
//! here knows a thread but the kernels' own, and nothing knows a display.

mod attempts;
mod error;
mod initialisation;
mod kernels;
mod layers;
mod minibatch;
mod network;
mod optimizer;
mod parameter;
mod pretraining;
mod probe;
mod run_data;
mod schedule;
mod terms;
mod trainer;
mod waist;

pub use error::EngineError;
pub use minibatch::Noise;
pub use network::{Evaluation, Likelihood, Network, code_thresholds};
pub use probe::choose_probe;
pub use run_data::{check_same_data, check_same_rows, normaliser, stored_means, stored_scaler};
pub use schedule::learning_rate;
pub use trainer::{StepReport, Trainer};

use crate::check::DataFacts;
use crate::dataset::{Dataset, Subset, memory};

/// What [`crate::check`] needs to know of loaded data; looks at every value once.
pub fn facts(data: &Dataset) -> DataFacts {
    let ranges = [Subset::Train, Subset::Validation].map(|subset| data.value_range(subset));
    let range = |low: (f32, f32), high: (f32, f32)| (low.0.min(high.0), low.1.max(high.1));
    DataFacts {
        shape: data.shape,
        train_rows: data.split.train.len(),
        validation_rows: data.split.validation.len(),
        value_range: ranges.into_iter().flatten().reduce(range).unwrap_or_default(),
        is_binary: data.is_binary(),
        available_bytes: memory::available_bytes(),
    }
}

#[cfg(test)]
mod tests;
