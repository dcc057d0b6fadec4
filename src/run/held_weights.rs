use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use super::Weights;

/// The network's weights at some point, in memory or in a file until they are needed. Clones share
/// them.
#[derive(Clone, Debug)]
pub enum HeldWeights {
    /// In memory.
    Memory(Arc<Weights>),
    /// In a file.
    Stored(Arc<dyn StoredWeights>),
}

/// Weights in a file. Reading may block on the disk, so the window's thread never calls it.
pub trait StoredWeights: Debug + Send + Sync {
    /// Number of values in all arrays together.
    fn count(&self) -> usize;

    /// The weights, if they are cached. Never blocks on the disk.
    fn at_hand(&self) -> Option<Arc<Weights>>;

    /// Reads and checks them.
    ///
    /// # Errors
    /// A message with the file, what is wrong and what to do.
    fn read(&self) -> Result<Arc<Weights>, String>;

    /// The bytes of their file, checked as far as possible without decoding them.
    ///
    /// # Errors
    /// As [`StoredWeights::read`].
    fn bytes(&self) -> Result<Vec<u8>, String>;

    /// Remembers a file with the same bytes, as a fallback if this one can no longer be read.
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

    /// The weights, unless they would have to be read first. Never blocks on the disk.
    pub fn at_hand(&self) -> Option<Arc<Weights>> {
        match self {
            HeldWeights::Memory(weights) => Some(Arc::clone(weights)),
            HeldWeights::Stored(stored) => stored.at_hand(),
        }
    }

    /// The weights, read from their file if necessary. May block on the disk.
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

/// In memory, compares values; in a file, compares identity, because comparing must not read.
impl PartialEq for HeldWeights {
    fn eq(&self, other: &HeldWeights) -> bool {
        match (self, other) {
            (HeldWeights::Memory(one), HeldWeights::Memory(other)) => one == other,
            (HeldWeights::Memory(_) | HeldWeights::Stored(_), _) => self.is(other),
        }
    }
}
