//! What is to be done in the live store.

use std::path::PathBuf;

use crate::io::Store;
use crate::project::Project;
use crate::run::{Caption, Results, Run, RunId};

/// Something to do in the live store; one follows the other on a thread of its own.
#[derive(Clone, Debug)]
pub enum StoreRequest {
    /// Write the document down, with the file it belongs to.
    Design(Box<Project>, Option<PathBuf>),
    /// Note which document the project's file holds.
    Seen(PathBuf, String),
    /// Mark what is there as saved elsewhere: a crash takes nothing.
    Settle,
    /// Leave the store and begin another, with these runs in it.
    Renew(Vec<Run>),
    /// Continue in the store of recovered work.
    Adopt(Store),
    /// Remove a run.
    Forget(RunId),
    /// Write down a run that was removed.
    Import(Box<Run>),
    /// Write down what a person says of a run, and what was measured of it.
    Results(RunId, Caption, Results),
    /// Remove the store: everything was saved or given up.
    Discard,
}
