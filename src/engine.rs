//! **Training on dfdx's tensors and tape**: the only module that uses dfdx.
//!
//! - `kernels` puts fused operations on dfdx's tape, one per file.
//! - The `Builder` in `layers` makes the operations that a [`crate::check::Plan`] lists, one per
//!   stage. `parameter` is a named array with its order in files; `initialisation` fills it.
//! - [`Network`] runs them: encode, decode, reconstruct, evaluate, forward and back. In `network`,
//!   `health` measures what the units do, `likelihood` estimates the likelihood of data, `codes`
//!   gives codes with variances and codebook entries, `samples` the error of each sample, `prior`
//!   draws codes. With several samples per row, the decoder's buffers hold as many times the rows.
//!   A missing value that is masked has weight 0 in the reconstruction loss.
//! - `code_layer` computes a kind of code between encoder and decoder and the term it adds to the loss;
//!   `terms` computes a regularizer. The terms of the history are weighted and add up to the total.
//! - [`Trainer`] takes one step at a time. Pause, single step, stop and exact resume depend only on
//!   who calls [`Trainer::step`] and when. A run that diverges returns to its last sound state as a
//!   whole.
//! - `pretraining` trains layer after layer before that. Each minibatch goes through the layers
//!   that are trained already to the `Learner` of the next: a Boltzmann machine, or a small
//!   network. What it has learned becomes weights of the network. Its steps are steps of the
//!   trainer, so that it pauses and resumes like any training.
//! - [`Trained`] is a plan with the weights of any moment, as plain data. Threads and commands
//!   build their own network from it; [`Ready`] keeps that network until plan or weights change.
//! - `window_first` lets the window draw its frames in time while every core trains
//!   ([`frame_begins`]).
//!
//! dfdx's convolution needs a nightly compiler, and its `nn` needs shapes at compile time. That is
//! why the operations are our own.

mod code_layer;
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
