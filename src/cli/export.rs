use std::sync::Arc;

use super::args::Export;
use super::failure::Failure;
use super::output::{Output, check_files};
use super::signal::{self, Stage};
use super::subject::Subject;
use super::write::{line, note};
use crate::io::save_weights;
use crate::project::{IndexSet, visible_path};
use crate::run::{Run, Weights};

/// `hourglass export`
pub(super) fn export(arguments: &Export) -> Result<(), Failure> {
    // Checks the destination before the work.
    let (files, path) = (signal::files(), Output::of_weights(&arguments.output)?);
    check_files(&files, &[&path], arguments.force)?;
    let subject = Subject::open(&arguments.file, "hourglass train DESIGN --data")?;
    let run = subject.run(arguments.run, |run| run.checkpoint.is_some())?;
    let (epoch, weights) = weights(run, arguments.epoch)
        .map_err(|message| Failure::Problem(format!("{}: run {}: {message}", subject.name(), run.id)))?;
    signal::enter(Stage::Writing);
    save_weights(&files, &path, run, (epoch, &weights))?;
    note(format_args!("note: the weights of run {} after epoch {epoch}", run.id));
    line(visible_path(&path));
    Ok(())
}

/// The weights of a run after an epoch, or those it is used with, and their epoch.
fn weights(run: &Run, epoch: Option<u32>) -> Result<(u32, Arc<Weights>), String> {
    let checkpoint = run.checkpoint.as_deref();
    let used = checkpoint
        .map(|checkpoint| (checkpoint.inference_epoch(), Arc::clone(checkpoint.inference_weights())));
    let Some(epoch) = epoch else {
        return used.ok_or_else(|| "it has no weights yet; resume it or choose another".to_owned());
    };
    if let Some(kept) = run.kept.weights(epoch) {
        return Ok((epoch, kept.read()?));
    }
    // In the middle of an epoch, the weights belong to no epoch.
    let is_whole = checkpoint
        .is_some_and(|checkpoint| checkpoint.best.is_some() || checkpoint.progress.step_in_epoch == 0);
    if let Some(used) = used.clone().filter(|(used, _)| is_whole && *used == epoch) {
        return Ok(used);
    }
    let kept = run.kept.iter().map(|kept| kept.epoch).filter(|epoch| run.kept.weights(*epoch).is_some());
    let mut kept: Vec<u32> = kept.chain(used.filter(|_| is_whole).map(|(epoch, _)| epoch)).collect();
    kept.sort_unstable();
    kept.dedup();
    let there = if kept.is_empty() {
        "for no epoch: the run has not reached one, or was trained by an earlier version".to_owned()
    } else {
        format!("for these epochs: {}", IndexSet::of(&kept))
    };
    Err(format!("no weights were saved for epoch {epoch}; there are weights {there}"))
}
