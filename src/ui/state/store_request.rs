//! Requests to the live store.

use std::path::PathBuf;

use crate::io::Store;
use crate::project::Project;
use crate::run::{Caption, Results, Run, RunId};

/// A request to the live store. Requests are processed in order on their own thread.
#[derive(Clone, Debug)]
pub enum StoreRequest {
    /// Save the document and the path of its file.
    Design(Box<Project>, Option<PathBuf>),
    /// Record the document contained in the project's file.
    Seen(PathBuf, String),
    /// Mark the content as saved elsewhere, so that a crash loses nothing.
    Settle,
    /// Close the store and start another one with these runs.
    Renew(Vec<Run>),
    /// Continue in the store of recovered work.
    Adopt(Store),
    /// Remove a run.
    Forget(RunId),
    /// Save a removed run again.
    Import(Box<Run>),
    /// Save the caption and the measurements of a run.
    Results(RunId, Caption, Results),
    /// Remove the store, because everything was saved or discarded.
    Discard,
}
