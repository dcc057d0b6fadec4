//! The data and how they are coming.

use std::sync::Arc;

use crate::check::DataFacts;
use crate::dataset::{DataError, Dataset};
use crate::project::{Data, Source};

/// The data and how they are coming.
#[derive(Clone, Debug, Default)]
pub struct DataState {
    /// The data that are there; older ones stay until newer ones have come.
    pub dataset: Option<Arc<Dataset>>,
    /// What they are like.
    pub facts: Option<DataFacts>,
    /// What they were loaded from.
    pub of: Option<Data>,
    /// What was asked for last.
    pub requested: Option<Data>,
    /// Number of that request.
    pub request: u64,
    /// Units done and in all, while loading.
    pub progress: Option<(u64, u64)>,
    /// Why the last load failed.
    pub error: Option<DataError>,
    /// A source that would probably load instead.
    pub mended: Option<Box<Source>>,
}

/// Why there are no data to train on, and none are coming.
#[derive(Clone, Debug, PartialEq)]
pub enum NoData {
    /// No file or folder is chosen.
    NoPath,
    /// They could not be loaded.
    Failed(DataError),
}

impl DataState {
    /// The data and their facts, where they are those of `data`.
    pub fn ready(&self, data: &Data) -> Option<(&Arc<Dataset>, DataFacts)> {
        let matches = self.of.as_ref() == Some(data);
        self.dataset.as_ref().zip(self.facts).filter(|_| matches)
    }

    /// What the loaded data are like, where they came from `source`; their shape does not follow from anything else.
    pub fn facts_of(&self, source: &Source) -> Option<DataFacts> {
        self.facts.filter(|_| self.of.as_ref().is_some_and(|of| of.source == *source))
    }

    /// Whether what was asked for last is what `data` asks for; not so while settings of the data are being changed.
    pub fn is_of(&self, data: &Data) -> bool {
        self.requested.as_ref() == Some(data)
    }

    /// Why there are no data as `data` asks for; nothing while they are loaded, or about to be.
    pub fn missing(&self, data: &Data) -> Option<NoData> {
        if !self.is_of(data) || self.progress.is_some() {
            return None;
        }
        match &self.error {
            Some(error) => Some(NoData::Failed(error.clone())),
            None => data.source.path().filter(|path| path.as_os_str().is_empty()).map(|_| NoData::NoPath),
        }
    }
}
