//! **Training on dfdx's tensors and tape**: the only room that knows dfdx.
//!
//! `kernels` puts fused operations on dfdx's tape, [`Network`] strings them together as a [`crate::check::Plan`] says,
//! and [`Trainer`] takes one step at a time, so that pause, single step, stop and exact resume fall out of it. Nothing
//! here knows a thread but the kernels' own, and nothing knows a display but that its frames go first
//! ([`frame_begins`]).

mod error;
mod initialisation;
mod kernels;
mod layers;
mod minibatch;
mod network;
mod optimizer;
mod parameter;
mod pretraining;
mod terms;
mod trained;
mod trainer;
mod waist;
mod window_first;

pub use error::EngineError;
pub use kernels::machine::Machine;
pub use minibatch::Noise;
pub use network::{Codes, Evaluation, Likelihood, Network, Samples, Watch, code_thresholds};
pub use trained::{Ready, Trained};
pub use trainer::{RateCurve, RatePoint, StepReport, Trainer};
pub use window_first::{frame_begins, give_way};

#[cfg(test)]
mod tests;
