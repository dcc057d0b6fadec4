//! **Training on dfdx's tensors and tape**: the only module that uses dfdx.
//!
//! - `kernels` puts fused operations on dfdx's tape, one per file.
//! - The `Builder` in `layers` builds the operations of a [`crate::check::Plan`], one per stage.
//!   `parameter` is a named array with its order in files; `initialisation` fills it.
//! - [`Network`] runs them: encode, decode, reconstruct, evaluate, forward and backward. In
//!   `network`, `health` measures activations and gradients, `likelihood` estimates the likelihood
//!   of data, `codes` computes codes with variances and codebook entries, `samples` the error of
//!   each sample, `prior` draws codes. With K samples per row, the decoder's buffers hold K times
//!   as many rows. A masked missing value has weight 0 in the reconstruction loss.
//! - `code_layer` computes the code, between encoder and decoder, and the term its kind adds to the
//!   loss; `terms` computes a regularizer. The terms of the history are weighted and add up to the
//!   total.
//! - [`Trainer`] takes one step at a time. Pause, single step, stop and exact resume depend only on
//!   who calls [`Trainer::step`] and when. A run that diverges returns to its last finite state.
//! - `pretraining` trains layer by layer before that. Each minibatch passes through the layers
//!   already trained to the `Learner` of the next: a Boltzmann machine or a small network. Its
//!   weights are then copied into the network. Its steps are steps of the trainer, so it pauses and
//!   resumes like any training.
//! - [`Trained`] is a plan with the weights at some point of training, as plain data. Threads and
//!   commands build their own network from it; [`Ready`] caches that network until plan or weights
//!   change.
//! - `frame_priority` lets the window draw frames on time while all cores train ([`frame_begins`]).
//!
//! dfdx's convolution needs a nightly compiler, and its `nn` needs shapes at compile time. This is
//! why the operations are our own.

mod code_layer;
mod error;
mod frame_priority;
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

pub use error::EngineError;
pub use frame_priority::{frame_begins, yield_to_frame};
pub use kernels::machine::Machine;
pub use minibatch::Noise;
pub use network::{Codes, Evaluation, Likelihood, Network, OnProgress, Samples, code_thresholds};
pub use trained::{Ready, Trained};
pub use trainer::{RateCurve, RatePoint, StepReport, Trainer};

#[cfg(test)]
mod tests;
