//! **The live store**: a folder on disk with the unsaved work, so that a crash loses at most the
//! steps since the last checkpoint.
//!
//! Each open window has a workspace: a folder below `HOURGLASS_STATE` (or the desktop's state
//! folder), locked by the process. The window stores the design there. The training worker appends
//! each epoch and replaces the checkpoint by one rename: after two seconds, then every five, less
//! often if that takes long, and whenever the run is edited or stops. A history reaches the disk
//! before a checkpoint refers to it.
//!
//! The system releases the lock when the process ends in any way. An unlocked workspace with a
//! design was left by a crash; the next start offers to recover it. Unreadable data are never
//! removed:
//!
//! - a damaged design is replaced by that of the first run;
//! - a workspace with anything unreadable is kept unchanged in a folder `damaged-…` next to it, and
//!   the window shows the path;
//! - a workspace is removed only if it is marked as saved elsewhere and has no newer run, or if it
//!   has neither design nor run.
//!
//! When everything is saved elsewhere, the window removes the design, and writes it again with the
//! next change. The workspace also stores the design that the project file had when it was last
//! read or written, so that a save after a crash merges like any other.
//!
//! Before it is locked, and after it is unlocked to be removed, a workspace looks like one left by
//! a crash. Therefore programs create, take over, search and remove workspaces one at a time, under
//! a [`RootLock`], the lock of the whole folder.
//!
//! Workspaces and settings are readable by their owner only (`Files::private`: 0600 in 0700),
//! including those of earlier versions. Project files and exports follow the user's umask.

mod recovery;
mod root_lock;
mod runs;

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::files::is_part;
use super::history_files::{LAYERS, layer_records};
use super::run_files::{self, Folder, Opened, read_run};
use super::warnings::Warnings;
use super::weights_file::{self, WeightsFile};
use super::{Durability, FileError, Files, MergeBase, lock};
use crate::check::PlannedArray;
use crate::project::{Project, visible_path};
use crate::run::{LazyWeights, Run, RunId};
use recovery::{DAMAGED, Document, document, workspace};
pub use recovery::{Leftovers, Recovery, SetAside};
use root_lock::RootLock;

const LOCK: &str = "lock";
const WORKSPACE: &str = "workspace.ron";
const PROJECT: &str = "project.ron";
const RUNS: &str = "runs";

/// A handle to one workspace. Clones write to the same one, from any thread; each run must be
/// written by one at a time.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    files: Files,
    /// Whether the workspace is marked as saved elsewhere. Locked while a file is written that sets
    /// or removes the mark, which otherwise could be written in between and outlast a new run.
    is_settled: Mutex<bool>,
    /// Held while any handle exists.
    lock: File,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename = "Workspace", default)]
struct Workspace {
    origin: Option<PathBuf>,
    /// The document in that file when it was last read or written; earlier versions did not store
    /// it.
    seen: Option<String>,
    /// Whether all of it was saved elsewhere, so that nothing is lost with it.
    is_settled: bool,
}

impl Store {
    /// Folder of the workspaces: `HOURGLASS_STATE`, or the desktop's state folder.
    pub fn default_root() -> Option<PathBuf> {
        if let Some(root) = std::env::var_os("HOURGLASS_STATE").filter(|root| !root.is_empty()) {
            return Some(PathBuf::from(root));
        }
        let dirs = directories::ProjectDirs::from("", "", "hourglass")?;
        let state = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
        Some(state.join("workspaces"))
    }

    /// A new, empty workspace below `root`.
    ///
    /// # Errors
    /// [`FileError`] if the folder cannot be written.
    pub fn create(root: &Path) -> Result<Store, FileError> {
        Store::create_with(Files::default(), root)
    }

    /// [`Store::create`] with a [`Files`] that a test may have prepared.
    ///
    /// # Errors
    /// [`FileError`] if the folder cannot be written.
    pub fn create_with(files: Files, root: &Path) -> Result<Store, FileError> {
        let files = files.private();
        files.create_dir(root)?;
        let _gate = RootLock::enter(root);
        // Earlier versions used the umask.
        if let Err(error) = files.make_private(root, is_ours) {
            log::warn!("{error}");
        }
        let dir = files.create_unique_dir(root, "workspace-")?;
        Store::lock(files, dir)
    }

    /// Takes over a workspace left by a crash; [`Store::load`] then reads it.
    ///
    /// # Errors
    /// [`FileError::InUse`] if a running process uses it; another error if it was removed
    /// meanwhile.
    pub fn open(dir: &Path) -> Result<Store, FileError> {
        let _gate = dir.parent().map(RootLock::enter);
        Store::take_over(dir)
    }

    /// [`Store::open`] while the gate is held.
    fn take_over(dir: &Path) -> Result<Store, FileError> {
        if !dir.join(LOCK).exists() {
            return Err(FileError::System {
                path: dir.to_owned(),
                action: "recovered",
                reason: "it no longer exists".to_owned(),
                remedy: "Another window has recovered or discarded it.".to_owned(),
            });
        }
        Store::lock(Files::default().private(), dir.to_owned())
    }

    /// From now on every write fails in this way; `None` ends this.
    #[cfg(test)]
    pub fn inject(&self, fault: Option<super::files::fault::Fault>) {
        self.inner.files.inject(fault);
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.inner.dir
    }

    /// Stores the document, and the file it belongs to.
    ///
    /// # Errors
    /// [`FileError`]; the stored state is then unchanged.
    pub fn save_design(&self, project: &Project, origin: Option<&Path>) -> Result<(), FileError> {
        let origin = origin.and_then(storable);
        let mut is_settled = self.mark();
        let old = workspace(&self.inner.dir);
        let seen = old.seen.filter(|_| old.origin == origin);
        self.save_workspace(&Workspace { origin, seen, is_settled: false })?;
        *is_settled = false;
        self.write(PROJECT, Ok(project.to_ron().into_bytes()))
    }

    /// Records the document in the project's file, as it was just read or written
    /// ([`MergeBase::document`]). With it, a save after a crash can tell whether another program
    /// has changed the file.
    ///
    /// # Errors
    /// [`FileError`]; the recorded state is then unchanged.
    pub fn save_seen(&self, file: &Path, document: String) -> Result<(), FileError> {
        let Some(origin) = storable(file) else { return Ok(()) };
        let is_settled = self.mark();
        let seen = Some(document);
        self.save_workspace(&Workspace { origin: Some(origin), seen, is_settled: *is_settled })
    }

    /// Marks the workspace as saved elsewhere: there is nothing to recover until the document is
    /// stored again. Runs are kept.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn mark_saved(&self) -> Result<(), FileError> {
        let mut is_settled = self.mark();
        self.save_workspace(&Workspace { is_settled: true, ..workspace(&self.inner.dir) })?;
        *is_settled = true;
        self.inner.files.remove_file(&self.inner.dir.join(PROJECT))
    }

    /// Reads everything back, as far as it can be read, and compares it with the file it belongs
    /// to. If something cannot be read, an unchanged copy of the workspace is kept, and a warning
    /// gives its path.
    ///
    /// # Errors
    /// [`FileError`] if neither the document nor the design of a run can be read, or damaged files
    /// cannot be kept.
    pub fn load(&self) -> Result<Opened, FileError> {
        let dir = &self.inner.dir;
        let Document { project, warning } = document(dir)?;
        let mut folder = DirFolder::new(dir, &self.inner.files);
        let (mut runs, mut damaged, mut left_out) = (Vec::<Run>::new(), Vec::new(), Vec::new());
        let mut warnings = Warnings::default();
        if let Some(warning) = warning {
            warnings.push(|| warning);
        }
        for id in run_ids(dir) {
            let before = warnings.len();
            match read_run(&mut folder, id, &mut warnings) {
                Ok(run) => {
                    damaged.extend((warnings.len() > before).then_some(runs.len()));
                    runs.push(run);
                }
                Err(error) => {
                    left_out.push(id);
                    warnings.push(|| format!("run {id} is not loaded: {error}"));
                }
            }
        }
        let is_whole = warnings.len() == 0;
        let mut warnings = warnings.into_texts();
        if !is_whole {
            let kept = self.keep_as_found()?;
            // Another run may get its number, and a resumed run appends to its files: neither may
            // be mixed with damaged ones.
            left_out.into_iter().try_for_each(|id| self.remove_run(id))?;
            damaged.iter().filter_map(|run| runs.get(*run)).try_for_each(|run| self.import_run(run))?;
            warnings.push(format!("everything is kept as it was found: {}", visible_path(&kept)));
        }
        for run in &runs {
            self.migrate(run)?;
        }
        let Workspace { origin, seen, is_settled: _ } = workspace(dir);
        let base = origin.map_or_else(MergeBase::default, |file| MergeBase::recovered(&file, &runs, seen));
        Ok(Opened { project, runs, warnings, base })
    }

    /// Moves the epochs of single layers to a separate file, if an earlier version wrote them into
    /// `run.ron`, which will be written without them.
    fn migrate(&self, run: &Run) -> Result<(), FileError> {
        let path = self.file_of(run.id, LAYERS)?;
        if run.history.pretraining.is_empty() || path.exists() {
            return Ok(());
        }
        let (form, records) = layer_records(run.history.pretraining.iter());
        self.write_path(&path, Durability::Synced, Ok([form.header(), &records].concat()))
    }

    /// Removes the workspace: the work was saved elsewhere or is not wanted. Other handles to it
    /// must no longer be used.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn discard(self) -> Result<(), FileError> {
        let _gate = self.inner.dir.parent().map(RootLock::enter);
        self.remove()
    }

    /// [`Store::discard`] while the gate is held.
    fn remove(self) -> Result<(), FileError> {
        // From here on there is nothing to recover in any case, except on a full disk, where the
        // mark cannot be written.
        let settled = self.mark_saved();
        if let Ok(inner) = Arc::try_unwrap(self.inner) {
            let Inner { dir, files, lock, is_settled: _ } = inner;
            // Some systems do not remove open files.
            drop(lock);
            files.remove_dir(&dir)
        } else {
            settled
        }
    }

    fn lock(files: Files, dir: PathBuf) -> Result<Store, FileError> {
        let path = dir.join(LOCK);
        let lock = lock::open_lock_file(&path).map_err(|error| FileError::write(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => {
                let is_settled = Mutex::new(workspace(&dir).is_settled);
                Ok(Store { inner: Arc::new(Inner { dir, files, is_settled, lock }) })
            }
            Err(TryLockError::WouldBlock) => Err(FileError::InUse { path: dir }),
            Err(TryLockError::Error(error)) => Err(FileError::write(&path, &error)),
        }
    }

    fn mark(&self) -> MutexGuard<'_, bool> {
        self.inner.is_settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the mark of being saved elsewhere, which cannot be set again while the result lives.
    fn clear_saved_mark(&self) -> Result<MutexGuard<'_, bool>, FileError> {
        let mut is_settled = self.mark();
        if *is_settled {
            self.save_workspace(&Workspace { is_settled: false, ..workspace(&self.inner.dir) })?;
            *is_settled = false;
        }
        Ok(is_settled)
    }

    fn save_workspace(&self, workspace: &Workspace) -> Result<(), FileError> {
        let text = ron::to_string(workspace).map_err(|error| error.to_string());
        self.write(WORKSPACE, text.map(String::into_bytes))
    }

    fn write(&self, name: &str, bytes: Result<Vec<u8>, String>) -> Result<(), FileError> {
        self.write_path(&self.inner.dir.join(name), Durability::Synced, bytes)
    }

    fn write_path(
        &self,
        path: &Path,
        durability: Durability,
        bytes: Result<Vec<u8>, String>,
    ) -> Result<(), FileError> {
        let bytes = bytes.map_err(|message| FileError::content(path, "its content", message))?;
        self.inner.files.write_bytes(path, durability, &bytes)
    }
}

/// A path as it can be stored. One that is not valid Unicode cannot be: the work is kept, and gets
/// another file.
fn storable(path: &Path) -> Option<PathBuf> {
    path.to_str().is_some().then(|| path.to_owned())
}

/// Whether something below the root was created by this program.
fn is_ours(name: &str) -> bool {
    name == LOCK || name.starts_with("workspace-") || name.starts_with(DAMAGED) || name == "settings.ron"
}

/// Files below a folder on disk.
struct DirFolder {
    dir: PathBuf,
    files: Files,
    /// A file of weights, which is removed with the last of them, and its length. The files of the
    /// folder are deleted when runs are trained further, removed and restored.
    weights_file: Option<(Arc<WeightsFile>, u64)>,
}

impl DirFolder {
    fn new(dir: &Path, files: &Files) -> DirFolder {
        DirFolder { dir: dir.to_owned(), files: files.clone(), weights_file: None }
    }

    /// Moves the weights of a file to the shelf; `None` if that is not possible.
    fn stored_weights(&mut self, name: &str, arrays: &Arc<[PlannedArray]>) -> Option<LazyWeights> {
        let mut file = File::open(self.dir.join(name)).ok().filter(|_| weights_file::STAYS)?;
        if self.weights_file.is_none() {
            let weights_file = self.files.create_nameless(&self.dir).ok()?;
            self.weights_file = Some((WeightsFile::new(&self.dir, Arc::new(weights_file)), 0));
        }
        let (weights_file, end) = self.weights_file.as_mut()?;
        let extent = weights_file.put(&mut file, *end).ok()?;
        *end += extent.len;
        weights_file::check_length(extent.len, arrays).ok()?;
        Some(weights_file.hold(name, extent, arrays))
    }
}

impl Folder for DirFolder {
    fn path(&self) -> &Path {
        &self.dir
    }

    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, FileError> {
        let path = self.dir.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError::read(&path, &error)),
        }
    }

    fn weights(
        &mut self,
        name: &str,
        arrays: &Arc<[PlannedArray]>,
    ) -> Result<Option<LazyWeights>, FileError> {
        let path = self.dir.join(name);
        match fs::metadata(&path) {
            Ok(found) => weights_file::check_length(found.len(), arrays)
                .map_err(|message| FileError::content(&self.dir, name, message))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::read(&path, &error)),
        }
        if let Some(weights) = self.stored_weights(name, arrays) {
            return Ok(Some(weights));
        }
        // A full disk has no space for a shelf.
        let Some(bytes) = self.read(name)? else { return Ok(None) };
        let weights = weights_file::decoded(&bytes, arrays);
        let weights = weights.map_err(|message| FileError::content(&self.dir, name, message))?;
        Ok(Some(Arc::new(weights).into()))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        names_in(&self.dir.join(folder))
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Numbers of the stored runs, ascending.
fn run_ids(dir: &Path) -> Vec<RunId> {
    let mut ids: Vec<RunId> = names_in(&dir.join(RUNS))
        .iter()
        .filter_map(|name| name.parse().ok().map(RunId))
        .filter(|id| {
            // A process killed while writing the first file of a run leaves nothing of it.
            let names = names_in(&dir.join(run_files::folder(*id)));
            names.iter().any(|name| !is_part(name))
        })
        .collect();
    ids.sort_unstable();
    ids
}
