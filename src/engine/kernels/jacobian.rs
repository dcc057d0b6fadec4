//! The Jacobian of an encoder as a chain of linear maps, at the point of its last forward pass.
//!
//! Every operation splits itself into maps
//! ([`Operation::linearise`](super::operation::Operation::linearise)): a weight, a kernel, a factor
//! for each value, and so on. This module does not depend on any operation.

mod block;
mod diagonal;
mod indexed;
mod map;
mod normed;
mod scale;
mod slope;
mod sum;
mod weights;

use std::rc::Rc;

pub use block::{Block, SHARD, for_each_rows};
use diagonal::Mask;
pub use diagonal::{Diagonal, Factors};
pub use indexed::Indexed;
pub use map::LinearMap;
pub use normed::Normed;
pub use scale::Scale;
use slope::Slope;
pub use weights::{Weights, dot};

use super::pass::Pass;
use super::variable::Node;
use crate::engine::EngineError;
use crate::project::Activation;

/// The maps of an encoder, from its input to its code.
#[derive(Default)]
pub struct Chain {
    links: Vec<Link>,
    /// Number of maps before each operation.
    marks: Vec<usize>,
}

/// One map of a chain. Dense weights are a separate variant, because their rows and products allow
/// short cuts.
pub enum Link {
    /// A dense weight.
    Weights(Weights),
    /// Any other map.
    Other(Rc<dyn LinearMap>),
}

impl Chain {
    /// Appends a map.
    pub fn push(&mut self, map: impl LinearMap + 'static) {
        self.push_shared(Rc::new(map));
    }

    /// Appends an operation that is itself a linear map.
    pub fn push_shared(&mut self, map: Rc<dyn LinearMap>) {
        self.links.push(Link::Other(map));
    }

    /// Appends a dense weight of outputs × inputs, or of inputs × outputs if `transposed`.
    pub fn push_weights(&mut self, weight: &Node, is_transposed: bool) {
        self.links.push(Link::Weights(Weights::new(Node::clone(weight), is_transposed)));
    }

    /// Appends the slope of an activation with the output `y`; `sums` is its input, if its
    /// derivative needs that ([`Activation::needs_sums`]).
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn push_slope(
        &mut self,
        activation: Activation,
        y: &Node,
        sums: Option<&Node>,
    ) -> Result<(), EngineError> {
        if activation != Activation::Linear {
            self.push(Slope::diagonal(activation, Node::clone(y), sums.cloned())?);
        }
        Ok(())
    }

    /// Appends a factor for each value of at most `samples` rows, independent of learned
    /// parameters; `fill` writes the factors of a pass, rows × width.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn push_mask(
        &mut self,
        samples: usize,
        width: usize,
        fill: impl Fn(&Pass, &mut [f32]) + 'static,
    ) -> Result<(), EngineError> {
        self.push(Diagonal::per_sample(Mask(fill), samples, width)?);
        Ok(())
    }

    /// Its maps.
    pub fn into_links(self) -> Vec<Link> {
        self.links
    }
}

impl Link {
    /// The map.
    pub fn map(&self) -> &dyn LinearMap {
        match self {
            Link::Weights(weights) => weights,
            Link::Other(map) => &**map,
        }
    }

    /// The dense weight, if it is one.
    pub fn weights(&self) -> Option<&Weights> {
        match self {
            Link::Weights(weights) => Some(weights),
            Link::Other(_) => None,
        }
    }
}
