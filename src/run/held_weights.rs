use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use super::Weights;

/// The network's weights of some moment: in memory, or in a file until somebody needs them. A clone
/// shares them.
#[derive(Clone, Debug)]
pub enum HeldWeights {
    /// In memory.
    Memory(Arc<Weights>),
    /// In a file.
    Stored(Arc<dyn StoredWeights>),
}

/// Weights in a file. Reading waits for the disk, so the window's thread leaves it to others.
pub trait StoredWeights: Debug + Send + Sync {
    /// Number of values in all arrays together.
    fn count(&self) -> usize;

    /// The weights, if they were read lately. Waits for no disk.
    fn at_hand(&self) -> Option<Arc<Weights>>;

    /// Reads and checks them.
    ///
    /// # Errors
    /// A message with the file, what is wrong and what to do.
    fn read(&self) -> Result<Arc<Weights>, String>;

    /// The bytes of their file, checked as far as that can be done without decoding them.
    ///
    /// # Errors
    /// As [`StoredWeights::read`].
    fn bytes(&self) -> Result<Vec<u8>, String>;

    /// Notes a file with the same bytes, for when those here can no longer be read.
    fn note_copy(&self, path: &Path);
}

impl HeldWeights {
    /// Number of values in all arrays together.
    pub fn count(&self) -> usize {
        match self {
            HeldWeights::Memory(weights) => weights.len(),
            HeldWeights::Stored(stored) => stored.count(),
        }
    }

    /// The weights, unless they would have to be read first. Waits for no disk.
    pub fn at_hand(&self) -> Option<Arc<Weights>> {
        match self {
            HeldWeights::Memory(weights) => Some(Arc::clone(weights)),
            HeldWeights::Stored(stored) => stored.at_hand(),
        }
    }

    /// The weights, read where they are in a file. This may wait for the disk.
    ///
    /// # Errors
    /// A message with the file, what is wrong and what to do.
    pub fn read(&self) -> Result<Arc<Weights>, String> {
        match self {
            HeldWeights::Memory(weights) => Ok(Arc::clone(weights)),
            HeldWeights::Stored(stored) => stored.read(),
        }
    }

    /// Whether both share the same weights.
    pub fn is(&self, other: &HeldWeights) -> bool {
        match (self, other) {
            (HeldWeights::Memory(one), HeldWeights::Memory(other)) => Arc::ptr_eq(one, other),
            (HeldWeights::Stored(one), HeldWeights::Stored(other)) => Arc::ptr_eq(one, other),
            (HeldWeights::Memory(_), HeldWeights::Stored(_))
            | (HeldWeights::Stored(_), HeldWeights::Memory(_)) => false,
        }
    }
}

impl From<Arc<Weights>> for HeldWeights {
    fn from(weights: Arc<Weights>) -> Self {
        HeldWeights::Memory(weights)
    }
}

/// By value in memory; in a file the same ones, as comparing reads nothing.
impl PartialEq for HeldWeights {
    fn eq(&self, other: &HeldWeights) -> bool {
        match (self, other) {
            (HeldWeights::Memory(one), HeldWeights::Memory(other)) => one == other,
            (HeldWeights::Memory(_) | HeldWeights::Stored(_), _) => self.is(other),
        }
    }
}
