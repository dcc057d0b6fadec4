//! **Training on dfdx's tensors and tape**: the only room that knows dfdx.
//!
//! `kernels` puts fused operations on dfdx's tape, [`Network`] strings them together as a [`crate::check::Plan`] says,
//! and [`Trainer`] takes one step at a time, so that pause, single step, stop and exact resume fall out of it. Nothing
//! here knows a thread but the kernels' own, and nothing knows a display.

mod error;
mod initialisation;
pub mod kernels;
mod minibatch;
mod network;
mod optimizer;
mod schedule;
mod trainer;

pub use error::EngineError;
pub use network::{Evaluation, Network};
pub use schedule::learning_rate;
pub use trainer::{StepReport, Trainer};

use crate::check::DataFacts;
use crate::dataset::Dataset;

/// What [`crate::check`] needs to know of loaded data.
pub fn facts(data: &Dataset, available_bytes: u64) -> DataFacts {
    DataFacts {
        shape: data.shape,
        train_rows: data.split.train.len(),
        validation_rows: data.split.validation.len(),
        value_range: (0.0, 1.0),
        available_bytes,
    }
}

#[cfg(test)]
mod tests;
