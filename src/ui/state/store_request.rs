//! Requests to the live store.

use std::path::PathBuf;

use crate::io::Store;
use crate::project::Project;
use crate::run::{Caption, Results, Run, RunId};

/// A request to the live store; requests are processed in order on a thread of their own.
#[derive(Clone, Debug)]
pub enum StoreRequest {
    /// Save the document, with the path of its file.
    Design(Box<Project>, Option<PathBuf>),
    /// Record the document contained in the project's file.
    Seen(PathBuf, String),
    /// Mark the content as saved elsewhere, so that a crash loses nothing.
    Settle,
    /// Close the store and begin another one with these runs.
    Renew(Vec<Run>),
    /// Continue in the store of recovered work.
    Adopt(Store),
    /// Remove a run.
    Forget(RunId),
    /// Save a removed run again.
    Import(Box<Run>),
    /// Save the caption of a run and its measurements.
    Results(RunId, Caption, Results),
    /// Remove the store: everything was saved or discarded.
    Discard,
}
