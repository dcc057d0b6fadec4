//! Workspaces left by a crash. Unreadable content that might be work is not removed: the readable
//! part is offered, or the workspace set aside.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::root_lock::RootLock;
use super::{DirFolder, LOCK, PROJECT, RUNS, Store, WORKSPACE, Workspace, run_ids};
use crate::io::design::read_design;
use crate::io::files::is_part;
use crate::io::run_files::{self, Folder};
use crate::io::{FileError, Files, history_files};
use crate::project::Project;
use crate::run::{Run, RunId};

/// Prefix of folders for unreadable content. They have no lock, so they are never searched again.
pub(super) const DAMAGED: &str = "damaged-";

/// A workspace left by a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Its folder, for [`Store::open`].
    pub path: PathBuf,
    /// The name of the project.
    pub name: String,
    /// The file the project was opened from or last saved to.
    pub origin: Option<PathBuf>,
    /// Number of runs.
    pub runs: usize,
    /// Time of the last write.
    pub modified: SystemTime,
}

/// A workspace that cannot be read, and is kept for other programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its new path.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub error: FileError,
}

/// The result of looking through the folder of workspaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Work that can be recovered, newest first.
    pub work: Vec<Recovery>,
    /// Workspaces that have just been set aside.
    pub set_aside: Vec<SetAside>,
}

impl Store {
    /// Workspaces left by a crash, newest first; see [`Store::find_leftovers`].
    pub fn recoverable(root: &Path) -> Vec<Recovery> {
        Store::find_leftovers(root).work
    }

    /// Searches for workspaces left by a crash. A workspace of which neither the document nor a run
    /// can be read is set aside; an empty one is removed.
    pub fn find_leftovers(root: &Path) -> Leftovers {
        let mut found = Leftovers::default();
        if !root.is_dir() {
            return found;
        }
        let _gate = RootLock::enter(root);
        for entry in fs::read_dir(root).into_iter().flatten().flatten() {
            match leftover(root, &entry.path()) {
                Some(Leftover::Work(recovery)) => found.work.push(recovery),
                Some(Leftover::SetAside(aside)) => found.set_aside.push(aside),
                None => {}
            }
        }
        found.work.sort_by_key(|found| std::cmp::Reverse(found.modified));
        found
    }

    /// Copies the workspace unchanged, before anything damaged in it is replaced; returns the path
    /// of the copy.
    pub(super) fn keep_as_found(&self) -> Result<PathBuf, FileError> {
        let dir = &self.inner.dir;
        let root = dir.parent().unwrap_or(dir);
        let copy = self.inner.files.create_unique_dir(root, DAMAGED)?;
        self.inner.files.copy_dir(dir, &copy.join("workspace"))?;
        Ok(copy)
    }
}

/// A workspace that no process uses.
enum Leftover {
    Work(Recovery),
    SetAside(SetAside),
}

/// The workspace in a folder below the root, if no process uses it; `None` also if it was empty and
/// is removed.
fn leftover(root: &Path, dir: &Path) -> Option<Leftover> {
    if !dir.join(LOCK).exists() {
        return None;
    }
    // Fails if it is in use.
    let store = Store::take_over(dir).ok()?;
    if is_empty(dir) {
        if let Err(error) = store.remove() {
            log::warn!("an empty workspace was not removed: {error}");
        }
        return None;
    }
    match document(dir) {
        Ok(Document { project, warning: None }) => Some(Leftover::Work(recovery(dir, project.name))),
        Ok(Document { project, warning: Some(_) }) => {
            Some(Leftover::Work(recovery(dir, format!("{} (damaged)", project.name))))
        }
        // A newer program can read it.
        Err(FileError::TooNew { .. }) => {
            Some(Leftover::Work(recovery(dir, "a project of a newer Hourglass".to_owned())))
        }
        Err(error) => {
            let files = store.inner.files.clone();
            // Some systems do not move open files.
            drop(store);
            match set_aside(&files, root, dir) {
                Ok(path) => Some(Leftover::SetAside(SetAside { path, error })),
                Err(why) => {
                    log::warn!("a damaged workspace was not moved: {why}");
                    None
                }
            }
        }
    }
}

fn set_aside(files: &Files, root: &Path, dir: &Path) -> Result<PathBuf, FileError> {
    let folder = files.create_unique_dir(root, DAMAGED)?;
    if let Err(error) = files.rename(dir, &folder.join("workspace")) {
        // It is empty, and the next start would create another.
        files.remove_dir(&folder)?;
        return Err(error);
    }
    Ok(folder)
}

/// Whether a workspace is certainly empty: it is marked as saved elsewhere, and no run was written
/// since, or there is neither a document nor a run. An unreadable one is not empty.
fn is_empty(dir: &Path) -> bool {
    let is_missing =
        |path: &Path| fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if !is_missing(&dir.join(PROJECT)) {
        return false;
    }
    let is_empty = || {
        let saved = if workspace(dir).is_settled { Some(modified(&dir.join(WORKSPACE))?) } else { None };
        holds_no_file(&dir.join(RUNS), saved)
    };
    is_empty().unwrap_or_else(|error| error.kind() == ErrorKind::NotFound)
}

/// Whether there is no file below a folder, or none written after everything was saved elsewhere.
/// Parts of files do not count.
fn holds_no_file(folder: &Path, saved: Option<SystemTime>) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_nothing = if entry.file_type()?.is_dir() {
            holds_no_file(&entry.path(), saved)?
        } else {
            entry.file_name().to_str().is_some_and(is_part)
                || saved.is_some_and(|saved| modified(&entry.path()).is_ok_and(|written| written <= saved))
        };
        if !is_nothing {
            return Ok(false);
        }
    }
    Ok(true)
}

fn modified(path: &Path) -> io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

/// Origin and state of a workspace, from its own file; the default if that cannot be read.
pub(super) fn workspace(dir: &Path) -> Workspace {
    let text = fs::read_to_string(dir.join(WORKSPACE)).ok();
    text.and_then(|text| ron::from_str(&text).ok()).unwrap_or_default()
}

fn recovery(dir: &Path, name: String) -> Recovery {
    let runs = run_ids(dir);
    let histories = runs.iter().map(|id| dir.join(run_files::folder(*id)).join(history_files::HISTORY));
    let modified = histories
        .chain([dir.join(PROJECT)])
        .filter_map(|path| modified(&path).ok())
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH);
    Recovery { path: dir.to_owned(), name, origin: workspace(dir).origin, runs: runs.len(), modified }
}

/// The document of a workspace, as far as it can be read.
pub(super) struct Document {
    pub(super) project: Project,
    /// Its damage.
    pub(super) warning: Option<String>,
}

/// Reads the document. If it is damaged, its readable part is used, or else the design of the first
/// run.
///
/// # Errors
/// [`FileError`] if neither can be read.
pub(super) fn document(dir: &Path) -> Result<Document, FileError> {
    let error = match own_document(dir) {
        Ok(document) => return Ok(document),
        Err(error @ FileError::TooNew { .. }) => return Err(error),
        Err(error) => error,
    };
    let mut folder = DirFolder::new(dir, &Files::default());
    let design = |id: RunId| {
        let text = folder.read_text(&format!("{}{}", run_files::folder(id), run_files::RUN)).ok()??;
        Some((id, ron::from_str::<Run>(&text).ok()?.design))
    };
    let (id, project) = run_ids(dir).into_iter().find_map(design).ok_or_else(|| error.clone())?;
    let warning = format!("{error}; replaced by the design of run {id}");
    Ok(Document { project, warning: Some(warning) })
}

fn own_document(dir: &Path) -> Result<Document, FileError> {
    let bytes = DirFolder::new(dir, &Files::default()).read(PROJECT)?;
    let bytes = bytes.ok_or_else(|| FileError::content(dir, PROJECT, "it is missing"))?;
    // An invalid byte only damages the character it is in.
    let text = String::from_utf8_lossy(&bytes);
    let project = read_design(dir, PROJECT, &text)?;
    let warning = str::from_utf8(&bytes).is_err().then(|| {
        FileError::content(dir, PROJECT, "a part of it is not text; check names and paths").to_string()
    });
    Ok(Document { project, warning })
}
