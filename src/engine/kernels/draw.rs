//! The random numbers of one step: a pure function of (seed, step), independent of the order of
//! use.

use crate::dataset::random::{Purpose, Stream};

/// One step's source of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Seed of the run.
    pub seed: u64,
    /// Step over the whole run.
    pub step: u64,
}

impl Draw {
    /// The numbers for `purpose` at the operation or term `index`.
    pub fn stream(self, purpose: Purpose, index: usize) -> Stream {
        Stream::new(self.seed, purpose, self.step, index as u64)
    }
}
