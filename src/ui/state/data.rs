//! The data and their loading status.

use std::sync::Arc;

use crate::check::DataFacts;
use crate::dataset::{DataError, Dataset};
use crate::project::{Data, Source};

/// The data and their loading status.
#[derive(Clone, Debug, Default)]
pub struct DataState {
    /// The loaded data; kept until newer data are loaded.
    pub dataset: Option<Arc<Dataset>>,
    /// Facts about the loaded data.
    pub facts: Option<DataFacts>,
    /// The settings the data were loaded with.
    pub of: Option<Data>,
    /// The most recently requested settings.
    pub requested: Option<Data>,
    /// The number of that request.
    pub request: u64,
    /// Loading progress: units done and total.
    pub progress: Option<(u64, u64)>,
    /// The error of the last load, if it failed.
    pub error: Option<DataError>,
    /// Another source that would probably load.
    pub fixed_source: Option<Box<Source>>,
}

/// Why there are no training data and none are loading.
#[derive(Clone, Debug, PartialEq)]
pub enum NoData {
    /// No file or folder is chosen.
    NoPath,
    /// The data could not be loaded.
    Failed(DataError),
}

impl DataState {
    /// The data and their facts, if they match `data`.
    pub fn ready(&self, data: &Data) -> Option<(&Arc<Dataset>, DataFacts)> {
        let matches = self.of.as_ref() == Some(data);
        self.dataset.as_ref().zip(self.facts).filter(|_| matches)
    }

    /// The facts of the loaded data if they came from `source`; no other settings affect their
    /// shape.
    pub fn facts_of(&self, source: &Source) -> Option<DataFacts> {
        self.facts.filter(|_| self.of.as_ref().is_some_and(|of| of.source == *source))
    }

    /// Whether the last request matches `data`; false while settings of the data are being edited.
    pub fn is_of(&self, data: &Data) -> bool {
        self.requested.as_ref() == Some(data)
    }

    /// Why data matching `data` are missing; `None` if they are loading or about to load.
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
