use std::path::{Path, PathBuf};

use super::args::Train;
use super::failure::Failure;
use super::subject::{Origin, Subject};
use super::write::refuse_to_overwrite;
use crate::io::{FileError, Files, MergeBase, rescue_project};
use crate::project::visible_path;
use crate::run::{Run, RunId};

/// Writes a run into its project.
pub(super) struct Saver {
    pub(super) output: PathBuf,
    pub(super) subject: Subject,
    files: Files,
    base: MergeBase,
}

impl Saver {
    /// Chooses where the run is saved, and checks that it can be. By default nothing is overwritten
    /// except the project the run belongs to.
    pub(super) fn new(subject: Subject, arguments: &Train) -> Result<Saver, Failure> {
        let output = arguments.output.clone().unwrap_or_else(|| subject.default_output());
        let is_own = matches!(&subject.origin, Origin::Project(path) if is_same(path, &output));
        if is_own && subject.is_damaged && !arguments.force {
            return Err(Failure::Problem(format!(
                "{}: saving would permanently delete what could not be read; give another name with -o, or \
                 --force",
                visible_path(&output)
            )));
        }
        let base = if is_own {
            subject.base.clone()
        } else {
            let is_there = output.exists();
            refuse_to_overwrite(&output, arguments.force)?;
            // A file that appears from now on was saved by another program.
            if is_there { MergeBase::replacing(&output) } else { MergeBase::default() }
        };
        let files = Files::default();
        files.check_writable(&output)?;
        Ok(Saver { output, subject, files, base })
    }

    /// Saves a run in its project; returns the notes to report.
    pub(super) fn save(&self, run: &Run) -> Result<Vec<String>, FileError> {
        let notes = self.base.save(&self.files, &self.output, &self.subject.project, &self.with(run))?;
        let name = visible_path(&self.output);
        Ok(notes.iter().map(|note| format!("note: {name}: {note}")).collect())
    }

    /// Saves at the end of the work: if the disk refuses, another place is tried before giving up.
    pub(super) fn save_at_last(&self, run: &Run) -> Result<Vec<String>, Failure> {
        self.save(run).map_err(|error| {
            let name = self.output.file_stem().unwrap_or_default().to_string_lossy();
            let rescue = rescue_project(&self.files, &name, &self.subject.project, &self.with(run));
            Failure::Problem(match rescue {
                Ok(path) => format!("{error}\nthe run was saved here instead: {}", visible_path(&path)),
                Err(also) => format!("{error}\nthe run could not be saved elsewhere either: {also}"),
            })
        })
    }

    /// The number a run has in the file.
    pub(super) fn number_of(&self, run: RunId) -> RunId {
        self.base.number_of(run)
    }

    /// The runs of the project, including this one.
    fn with<'a>(&'a self, run: &'a Run) -> Vec<&'a Run> {
        let others = self.subject.runs.iter().filter(|other| other.id != run.id);
        let mut runs: Vec<&Run> = others.chain([run]).collect();
        runs.sort_by_key(|run| run.id);
        runs
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
