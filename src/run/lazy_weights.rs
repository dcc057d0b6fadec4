use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use super::Weights;

/// The network's weights at some point, in memory or in a file until they are needed. Clones share
/// them.
#[derive(Clone, Debug)]
pub enum LazyWeights {
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
    fn in_memory(&self) -> Option<Arc<Weights>>;

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

impl LazyWeights {
    /// Number of values in all arrays together.
    pub fn count(&self) -> usize {
        match self {
            LazyWeights::Memory(weights) => weights.len(),
            LazyWeights::Stored(stored) => stored.count(),
        }
    }

    /// The weights, unless they would have to be read first. Never blocks on the disk.
    pub fn in_memory(&self) -> Option<Arc<Weights>> {
        match self {
            LazyWeights::Memory(weights) => Some(Arc::clone(weights)),
            LazyWeights::Stored(stored) => stored.in_memory(),
        }
    }

    /// The weights, read from their file if necessary. May block on the disk.
    ///
    /// # Errors
    /// A message with the file, what is wrong and what to do.
    pub fn read(&self) -> Result<Arc<Weights>, String> {
        match self {
            LazyWeights::Memory(weights) => Ok(Arc::clone(weights)),
            LazyWeights::Stored(stored) => stored.read(),
        }
    }

    /// Whether both share the same weights.
    pub fn is(&self, other: &LazyWeights) -> bool {
        match (self, other) {
            (LazyWeights::Memory(one), LazyWeights::Memory(other)) => Arc::ptr_eq(one, other),
            (LazyWeights::Stored(one), LazyWeights::Stored(other)) => Arc::ptr_eq(one, other),
            (LazyWeights::Memory(_), LazyWeights::Stored(_))
            | (LazyWeights::Stored(_), LazyWeights::Memory(_)) => false,
        }
    }
}

impl From<Arc<Weights>> for LazyWeights {
    fn from(weights: Arc<Weights>) -> Self {
        LazyWeights::Memory(weights)
    }
}

/// In memory, compares values; in a file, compares identity, because comparing must not read.
impl PartialEq for LazyWeights {
    fn eq(&self, other: &LazyWeights) -> bool {
        match (self, other) {
            (LazyWeights::Memory(one), LazyWeights::Memory(other)) => one == other,
            (LazyWeights::Memory(_) | LazyWeights::Stored(_), _) => self.is(other),
        }
    }
}
