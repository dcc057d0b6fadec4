use thiserror::Error;

use crate::project::visible;

/// Why training could not continue.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EngineError {
    /// The loss or a weight is no longer a finite number.
    #[error(
        "{what} became {value} at step {step} (epoch {epoch}): the run has diverged, and the weights of the last epoch before that are kept. Lower the learning rate, clip the gradients, or check the data for extreme values"
    )]
    Diverged {
        /// The quantity that is not finite.
        what: String,
        /// Its value as text: `NaN` or `inf`.
        value: String,
        /// Step over the whole run, counted from 0.
        step: u64,
        /// Epoch, counted from 1.
        epoch: u32,
    },
    /// The data are not those the plan was made for.
    #[error("the samples have {found} features, but the network expects {expected}")]
    DataShape {
        /// Features in the plan.
        expected: usize,
        /// Features in the data.
        found: usize,
    },
    /// The design has weights for features that the data do not have.
    #[error("{}", visible(.0))]
    FeatureWeights(String),
    /// The network has no likelihood of data.
    #[error("this network gives no likelihood: {0}")]
    NoLikelihood(&'static str),
    /// The kind of code has no prior to draw from.
    #[error("codes of this network cannot be sampled: {0}")]
    NoPrior(&'static str),
    /// The caller cancelled the computation.
    #[error("it was cancelled")]
    Cancelled,
    /// Weights or optimizer state belong to another network.
    #[error("the saved weights do not fit this network: {}", visible(.0))]
    Weights(String),
    /// A weights file could not be read. The message names the file and says what to do.
    #[error("{0}")]
    Unread(String),
    /// An array could not be allocated.
    #[error("out of memory while building the network")]
    OutOfMemory,
}
