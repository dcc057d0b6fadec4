use std::path::Path;

use super::failure::Failure;
use super::signal;
use super::write::note;
use crate::io::{Opened, open_project};
use crate::project::visible_path;
use crate::run::{Finding, RunEvent, RunId};

/// Stores results with their run in a project file.
pub(super) fn keep(path: &Path, id: RunId, findings: Vec<Finding>) -> Result<(), Failure> {
    let name = visible_path(path);
    let Opened { project, mut runs, warnings, base } = open_project(path)?;
    if !warnings.is_empty() {
        return Err(Failure::Problem(format!(
            "{name}: --keep would permanently delete what could not be read; save the project under another \
             name first"
        )));
    }
    let Some(run) = runs.iter_mut().find(|run| run.id == id) else {
        return Err(Failure::Problem(format!(
            "{name}: run {id} was removed in the meantime, so nothing is \
             stored"
        )));
    };
    for finding in findings {
        run.apply(&RunEvent::Found(Box::new(finding)));
    }
    for merge_note in base.save(&signal::files(), path, &project, &runs)? {
        note(format_args!("note: {name}: {merge_note}"));
    }
    note(format_args!("note: the results are stored with run {id} of {name}"));
    Ok(())
}
