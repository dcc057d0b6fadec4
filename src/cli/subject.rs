use std::path::{Path, PathBuf};

use super::args::RecipeName;
use super::failure::Failure;
use super::write::warn;
use crate::dataset::data_instead;
use crate::io::{Files, MergeBase, Opened, OpenedFile, open_any};
use crate::project::{Project, quoted, visible, visible_path};
use crate::run::{Run, RunId};

/// The subject of a command: a recipe, a design, or a project with its runs.
#[derive(Debug)]
pub(super) struct Subject {
    /// The design.
    pub(super) project: Project,
    /// The runs of a project file.
    pub(super) runs: Vec<Run>,
    /// Its origin.
    pub(super) origin: Origin,
    /// Whether a part of the file could not be read and was skipped.
    pub(super) is_damaged: bool,
    /// The project file as it was read, for saving into it.
    pub(super) base: MergeBase,
}

/// The origin of a [`Subject`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Bundled with the program.
    Recipe(&'static str),
    /// A `.ron` file.
    Design(PathBuf),
    /// A `.hourglass` file.
    Project(PathBuf),
}

impl Subject {
    /// Opens `FILE` or `recipe:NAME`; reports the skipped parts of a damaged file on stderr.
    /// `with_data` is the command with the path of data at the end, for users who gave their data
    /// instead.
    pub(super) fn open(path: &Path, with_data: &str) -> Result<Subject, Failure> {
        let text = path.to_str().unwrap_or_default();
        if let Some(name) = text.strip_prefix("recipe:") {
            let RecipeName(recipe) = name.parse().map_err(Failure::Usage)?;
            let origin = Origin::Recipe(recipe.name());
            return Ok(Subject::fresh(recipe.project(), origin));
        }
        if !path.exists() {
            return Err(Failure::Problem(if text.parse::<RecipeName>().is_ok() {
                format!("there is no file {0}; did you mean recipe:{0}?", visible(text))
            } else {
                missing(path)
            }));
        }
        let opened = open_any(path).map_err(|error| match data_instead(path, 1) {
            Some(Ok(data)) => Failure::Problem(is_data(path, data.what, with_data)),
            Some(Err(unread)) => unread.into(),
            None => error.into(),
        });
        Ok(match opened? {
            OpenedFile::Design(project) => Subject::fresh(project, Origin::Design(path.to_owned())),
            OpenedFile::Project(opened) => {
                // Removes the leftovers of an interrupted save. Reading does not need this, so
                // failures are ignored.
                let _ = Files::default().check_writable(path);
                for warning in &opened.warnings {
                    warn(warning);
                }
                let origin = Origin::Project(path.to_owned());
                let is_damaged = !opened.warnings.is_empty();
                let Opened { project, runs, base, .. } = opened;
                Subject { project, runs, origin, is_damaged, base }
            }
        })
    }

    fn fresh(project: Project, origin: Origin) -> Subject {
        Subject { project, runs: vec![], origin, is_damaged: false, base: MergeBase::default() }
    }

    /// The run with that number, or the newest that `wanted` accepts.
    pub(super) fn run(&self, id: Option<u32>, wanted: impl Fn(&Run) -> bool) -> Result<&Run, Failure> {
        let run = match id {
            Some(id) => self.runs.iter().find(|run| run.id == RunId(id)),
            None => self.runs.iter().rev().find(|run| wanted(run)),
        };
        run.ok_or_else(|| {
            let known: Vec<String> =
                self.runs.iter().map(|run| format!("{} ({})", run.id, run.status.word())).collect();
            let name = self.name();
            Failure::Problem(match (id, known.is_empty()) {
                (_, true) => {
                    format!("{name}: the file contains no run; train one first: hourglass train FILE")
                }
                (Some(id), false) => {
                    format!("{name}: there is no run {id}; its runs are: {}", known.join(", "))
                }
                (None, false) => {
                    format!("{name}: none of the runs has weights; its runs are: {}", known.join(", "))
                }
            })
        })
    }

    /// The name in messages: its path, or `recipe:NAME`.
    pub(super) fn name(&self) -> String {
        match &self.origin {
            Origin::Recipe(name) => format!("recipe:{name}"),
            Origin::Design(path) | Origin::Project(path) => visible_path(path),
        }
    }

    /// Default path for saving a training of it.
    pub(super) fn default_output(&self) -> PathBuf {
        match &self.origin {
            Origin::Recipe(name) => PathBuf::from(format!("{name}.hourglass")),
            Origin::Design(path) => path.with_extension("hourglass"),
            Origin::Project(path) => path.clone(),
        }
    }
}

/// Message for data that were given instead of a project or a design.
fn is_data(path: &Path, what: &str, with_data: &str) -> String {
    let name = visible_path(path);
    let word = quoted(&name);
    let recipe = if with_data.contains("DESIGN") { ", where DESIGN is a file or a recipe:NAME" } else { "" };
    format!("{name} is {what}, not a project or a design; to use it as data: {with_data} {word}{recipe}")
}

/// Message for a missing project or design: its path, and the fix.
pub(super) fn missing(path: &Path) -> String {
    let place = std::path::absolute(path).ok().filter(|whole| whole != path);
    let found = place.as_deref().and_then(Path::parent).map(|folder| format!(" in {}", visible_path(folder)));
    format!("there is no file {}{}; check its name and folder", visible_path(path), found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_a_shell_reads_them() {
        let check = |path: &str, word: &str| {
            let said = is_data(Path::new(path), "a table", "hourglass check FILE --data");
            assert!(said.ends_with(&format!("--data {word}")), "{said}");
        };
        check("a/b.csv", "a/b.csv");
        check("a b.csv", "'a b.csv'");
        check("a b's.csv", r"'a b'\''s.csv'");
        check("it's.csv", r"'it'\''s.csv'");
    }
}
