//! **Saving a file that another program may have changed.**
//!
//! [`MergeBase`] stores the state of each run when the file was last read or written: the digest of
//! its entries' names, sizes and checksums, from the directory of the zip. A save locks the folder
//! ([`SaveLock`]), compares the file on disk with that state, and merges run by run (`plan_merge`),
//! like a three-way merge in version control:
//!
//! | run | in the file | in memory | in the new file |
//! |---|---|---|---|
//! | known | unchanged | any | the run in memory, or none if it was removed |
//! | known | trained further | unchanged | the run on disk |
//! | known | trained further | trained further | both, the one in memory under another number |
//! | known | trained further | removed | the run on disk |
//! | known | removed | unchanged | none |
//! | known | removed | trained further | the run in memory |
//! | of another program | present | | the run on disk; one in memory with its number gets another |
//!
//! - A new name, note or result counts as further training.
//! - Runs on disk are copied raw with their checksums: gigabytes are not decoded, damage stays
//!   detectable.
//! - Selections, label columns, pins and other data are merged item by item (`crate::project`,
//!   `beside`).
//! - If both designs were changed, the one in memory is saved. The other is kept as a `.ron` file,
//!   `NAME-design-N.ron`, unless a run was trained with it.
//! - A file that cannot be read never stops a save: it is renamed to `NAME-set-aside-N.hourglass`.
//! - The user is notified of all of this.
//! - Without locks in the file system, a file that changes while the new one is written is merged
//!   again, so that only the moment of the rename is unprotected.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::archive::{Archive, Digest};
use super::design::anchor;
use super::files::real_folder;
use super::lock::SaveLock;
use super::merge_note::MergeNote;
use super::plan_merge::{Merge, continues};
use super::project_file::{Content, OnDisk};
use super::{Durability, FileError, Files, Sink, open_project};
use crate::project::Project;
use crate::run::{Caption, Normaliser, Results, Run, RunId, Status};

/// Most attempts to merge a file that changes during the save.
const TRIES: usize = 5;

/// The state of a project file when this program last read or wrote it. Clones share it, and save
/// one at a time.
///
/// A new one is empty: everything a save finds is then another program's work.
#[derive(Clone, Debug, Default)]
pub struct MergeBase(Arc<Mutex<Known>>);

/// The known state of a file.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The text of its document.
    pub(super) project: Option<String>,
    /// Its runs, by their numbers in memory.
    pub(super) runs: BTreeMap<RunId, KnownRun>,
    /// Runs of another program that were already reported, by their numbers in the file.
    reported_runs: BTreeSet<RunId>,
    /// All other reports already made.
    reported: BTreeSet<MergeNote>,
    /// An unreadable file that may be replaced.
    replaceable: Option<Stamp>,
    /// Whether another program held the folder's lock for longer than the time limit.
    is_halted: bool,
}

/// The known state of a run in the file.
#[derive(Clone, Debug)]
pub(super) struct KnownRun {
    /// Its number in the file.
    pub(super) number: RunId,
    /// Its files.
    pub(super) digest: Digest,
    /// The state of the same run in memory; `None` if there is none.
    pub(super) version: Option<RunVersion>,
}

/// Everything that grows or changes in a run while it trains: if this is equal, so is the run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunVersion {
    status: Status,
    epochs: (usize, usize),
    changes: (usize, usize),
    /// Step and training time of its checkpoint.
    checkpoint: Option<(u64, f64)>,
    /// Path of its data, and what distinguishes them from others.
    data: (Option<PathBuf>, u64, Option<u64>),
    /// A hash of the scaling of its data, which may be added later.
    normaliser: Option<u64>,
    /// The bits of PCA's error, so that NaN equals itself.
    pca_mse: Option<u64>,
    /// The epoch in which its health was measured.
    health: Option<u32>,
    /// Its name and note.
    caption: Caption,
    /// Its measurements, as a text, so that NaN equals itself.
    results: String,
}

impl MergeBase {
    /// For a file that the user agreed to replace: its current content may be discarded.
    pub fn replacing(path: &Path) -> MergeBase {
        let known = match OnDisk::read(path) {
            Ok(Some(file)) => Known::of(&file.project, file.runs),
            Ok(None) => Known::default(),
            Err(_) => Known { replaceable: Stamp::of(path), ..Known::default() },
        };
        MergeBase(Arc::new(Mutex::new(known)))
    }

    /// For work recovered after a crash, and its file: runs that have only been trained further
    /// since they were saved there replace the old ones. `seen` is the [`MergeBase::document`] from
    /// before the crash: any other document in the file is another program's.
    pub fn recovered(path: &Path, runs: &[Run], seen: Option<String>) -> MergeBase {
        let Ok(opened) = open_project(path) else { return MergeBase::default() };
        {
            let mut known = opened.base.lock();
            known.project = seen;
            let old = std::mem::take(&mut known.runs);
            // Each saved run is claimed once: two runs with one number would be two entries with
            // one name.
            let mut free: Vec<&Run> = opened.runs.iter().collect();
            for is_by_number in [true, false] {
                for run in runs {
                    if known.runs.contains_key(&run.id) {
                        continue;
                    }
                    let is_it = |saved: &&Run| (!is_by_number || saved.id == run.id) && continues(run, saved);
                    let found = free.iter().position(is_it).map(|at| free.swap_remove(at));
                    if let Some(found) = found.and_then(|saved| old.get(&saved.id)) {
                        known.runs.insert(run.id, KnownRun { version: None, ..found.clone() });
                    }
                }
            }
        }
        opened.base
    }

    /// For a file that was opened: its document, the runs that could be read, and the digests of
    /// all.
    pub(super) fn opened(project: &Project, runs: &[Run], digests: BTreeMap<RunId, Digest>) -> MergeBase {
        let mut known = Known::of(project, digests);
        for run in runs {
            if let Some(known) = known.runs.get_mut(&run.id) {
                known.version = Some(RunVersion::of(run));
            }
        }
        MergeBase(Arc::new(Mutex::new(known)))
    }

    /// The text of the document in the file, as this program last read or wrote it. `None` if
    /// unknown, and during a save, without waiting for it.
    pub fn document(&self) -> Option<String> {
        self.0.try_lock().ok()?.project.clone()
    }

    /// The number a run has in the file.
    pub fn number_of(&self, run: RunId) -> RunId {
        self.lock().runs.get(&run).map_or(run, |known| known.number)
    }

    /// Saves a document and its runs as `NAME.hourglass`. Changes that another program has saved
    /// there since are kept, and reported.
    ///
    /// # Errors
    /// [`FileError`]; the old file is then unchanged.
    pub fn save<R: Borrow<Run>>(
        &self,
        files: &Files,
        path: &Path,
        project: &Project,
        runs: &[R],
    ) -> Result<Vec<MergeNote>, FileError> {
        let runs: Vec<&Run> = runs.iter().map(Borrow::borrow).collect();
        let mut known = self.lock();
        let _lock = SaveLock::enter(&real_folder(path), &mut known.is_halted);
        let mut unreadable = None;
        for tries in (0..TRIES).rev() {
            let save = Save { files, path, project, runs: &runs, may_repeat: tries > 0 };
            match save.attempt(&mut known, unreadable.take())? {
                Attempt::Saved(notes) => return Ok(notes),
                Attempt::Changed => {}
                Attempt::Unreadable(reason) => unreadable = Some(reason),
            }
        }
        Err(FileError::write(path, &io::Error::other("another program keeps changing it")))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn of(project: &Project, digests: BTreeMap<RunId, Digest>) -> Known {
        let run = |(number, digest)| (number, KnownRun { number, digest, version: None });
        Known {
            project: Some(project.to_ron()),
            runs: digests.into_iter().map(run).collect(),
            ..Known::default()
        }
    }
}

impl RunVersion {
    /// The state of a run now.
    pub fn of(run: &Run) -> RunVersion {
        let checkpoint = run.checkpoint.as_ref().map(|checkpoint| &checkpoint.progress);
        RunVersion {
            status: run.status.clone(),
            epochs: (run.history.epochs.len(), run.history.pretraining.len()),
            changes: (run.edits.len(), run.restarts.len()),
            checkpoint: checkpoint.map(|progress| (progress.step, progress.seconds)),
            data: (run.design.data.source.path().cloned(), run.fingerprint, run.split),
            normaliser: run.normaliser.as_ref().map(hash_of),
            pca_mse: run.pca_mse.map(f64::to_bits),
            health: run.health.as_ref().map(|health| health.epoch),
            caption: run.caption.clone(),
            results: results_text(&run.results),
        }
    }

    /// Whether the file contains the same state of a run of which only the texts were read.
    pub(super) fn is_of_head(&self, head: &Run) -> bool {
        self.changes == (head.edits.len(), head.restarts.len())
            && self.checkpoint.is_some_and(|(_, seconds)| seconds == head.seconds)
            && (&self.caption, &self.results) == (&head.caption, &results_text(&head.results))
    }
}

/// One save.
struct Save<'a> {
    files: &'a Files,
    path: &'a Path,
    project: &'a Project,
    runs: &'a [&'a Run],
    /// Whether it is repeated if the file has changed meanwhile.
    may_repeat: bool,
}

/// Result of an attempt to save.
enum Attempt {
    Saved(Vec<MergeNote>),
    /// Another program saved in between.
    Changed,
    /// Runs could not be copied from the file on disk, for this reason.
    Unreadable(String),
}

/// The document to save.
struct Design {
    project: Project,
    /// The one on disk, if both designs were changed: it is kept elsewhere.
    aside: Option<Project>,
    note: Option<MergeNote>,
}

impl Save<'_> {
    fn attempt(&self, known: &mut Known, unreadable: Option<String>) -> Result<Attempt, FileError> {
        let before = Stamp::of(self.path);
        let found = match unreadable {
            Some(reason) => Err(reason),
            None => OnDisk::read(self.path).map_err(|error| error.to_string()),
        };
        let (mut disk, unreadable) = match found {
            Ok(disk) => (disk, None),
            Err(_) if before.is_some() && known.replaceable == before => (None, None),
            Err(reason) => (None, Some(reason)),
        };
        let merge = Merge::new(known, self.runs, disk.as_mut());
        let design = self.design(known, disk.as_ref(), &merge);
        let project = &design.project;
        let (mut trouble, mut digests, mut asides) = (None, BTreeMap::new(), Vec::new());
        let mut left_out = Vec::new();
        let written = self.files.write(self.path, Durability::Synced, |sink| {
            let runs = self.runs.iter().zip(&merge.numbers);
            let runs = runs.filter_map(|(run, number)| Some(((*number)?, *run))).collect();
            let copied = disk.as_mut().map(|disk| (&mut disk.archive, merge.copied.as_slice()));
            match (Content { project, runs, copied }).write(sink) {
                Ok(notes) => left_out = notes,
                Err(error) => {
                    if !sink.has_failed() && !merge.copied.is_empty() {
                        trouble = Some(Attempt::Unreadable(error.to_string()));
                    }
                    return Err(error);
                }
            }
            digests = read_back(self.path, sink)?;
            if self.may_repeat && Stamp::of(self.path) != before {
                trouble = Some(Attempt::Changed);
                return Err(io::Error::other("it was changed in the meantime"));
            }
            self.set_aside(design.aside.as_ref(), unreadable, disk.as_mut(), &merge, &mut asides)
        });
        if written.is_err() {
            asides.iter().for_each(|aside| self.undo_set_aside(aside));
        }
        if let (Err(_), Some(trouble)) = (&written, trouble) {
            return Ok(trouble);
        }
        written?;
        let mut notes = merge.learn(known, self.runs, &digests);
        notes.extend(asides);
        notes.extend(left_out);
        notes.extend(design.note);
        // All other content of the file is another program's at the next save, unless the file is
        // opened.
        known.project = Some(text_in_file(self.project, self.path));
        known.replaceable = None;
        Ok(Attempt::Saved(known.unreported(notes)))
    }

    /// Compares the three versions of the document: one design is chosen, and the rest is merged.
    fn design(&self, known: &Known, disk: Option<&OnDisk>, merge: &Merge) -> Design {
        let ours = |project| Design { project, aside: None, note: None };
        let Some(theirs) = disk.map(|disk| &disk.project) else { return ours(self.project.clone()) };
        let text = theirs.to_ron();
        if known.project.as_ref() == Some(&text) || text == text_in_file(self.project, self.path) {
            return ours(self.project.clone());
        }
        let base = known.project.as_ref().and_then(|text| Project::from_ron(text).ok());
        let is_base = |text: &String| base.as_ref().is_some_and(|base| base.design().to_ron() == *text);
        let (our_text, their_text) =
            (text_in_file(&self.project.design(), self.path), theirs.design().to_ron());
        if their_text != our_text && !is_base(&their_text) && is_base(&our_text) && merge.is_related {
            let project = theirs.merged_attachments(self.project, base.as_ref());
            return Design { project, aside: None, note: Some(MergeNote::OtherDesign) };
        }
        let is_ours = their_text == our_text || is_base(&their_text);
        // Another project at this path has not removed anything from this one.
        let base = base.as_ref().filter(|_| is_ours || merge.is_related);
        let project = self.project.merged_attachments(theirs, base);
        let is_merged = project.to_ron() != self.project.to_ron();
        Design {
            project,
            aside: (!is_ours).then(|| theirs.clone()),
            note: is_merged.then_some(MergeNote::OtherBeside),
        }
    }

    /// Saves under other names everything that the new file does not contain.
    fn set_aside(
        &self,
        aside: Option<&Project>,
        unreadable: Option<String>,
        disk: Option<&mut OnDisk>,
        merge: &Merge,
        notes: &mut Vec<MergeNote>,
    ) -> io::Result<()> {
        if let Some(reason) = unreadable {
            let path = self.files.set_aside(self.path, "set-aside")?;
            notes.push(MergeNote::FileSetAside { path, reason });
        }
        if let (Some(project), Some(disk)) = (aside, disk) {
            let in_run = |id: &RunId| disk.head(*id).is_ok_and(|run| is_design_of(project, &run));
            let path = if merge.copied.iter().any(in_run) {
                None
            } else {
                Some(self.files.write_aside(self.path, "design", "ron", project.to_ron().as_bytes())?)
            };
            notes.push(MergeNote::DesignSetAside(path));
        }
        Ok(())
    }

    /// Restores the files set aside for a save that then failed, so that nothing has changed.
    fn undo_set_aside(&self, note: &MergeNote) {
        let undone = match note {
            MergeNote::FileSetAside { path, .. } => self.files.undo_set_aside(self.path, path),
            MergeNote::DesignSetAside(Some(path)) => self.files.remove_file(path).map_err(io::Error::other),
            MergeNote::DesignSetAside(None)
            | MergeNote::Renumbered { .. }
            | MergeNote::Kept(_)
            | MergeNote::Newer(_)
            | MergeNote::RemovedHere(_)
            | MergeNote::RemovedThere(_)
            | MergeNote::OtherDesign
            | MergeNote::OtherBeside
            | MergeNote::WeightsLeftOut { .. } => Ok(()),
        };
        if let Err(error) = undone {
            log::warn!("the file that was set aside was not removed: {error}");
        }
    }
}

impl Known {
    /// Those of the notes that have not been reported.
    fn unreported(&mut self, notes: Vec<MergeNote>) -> Vec<MergeNote> {
        let reported_runs = &mut self.reported_runs;
        let reported = &mut self.reported;
        notes
            .into_iter()
            .filter_map(|note| match note {
                MergeNote::Kept(mut runs) => {
                    runs.retain(|run| reported_runs.insert(*run));
                    (!runs.is_empty()).then_some(MergeNote::Kept(runs))
                }
                // From now on it belongs to the other program.
                MergeNote::RemovedHere(run) => reported_runs.insert(run).then_some(note),
                MergeNote::Renumbered { .. }
                | MergeNote::Newer(_)
                | MergeNote::RemovedThere(_)
                | MergeNote::OtherDesign
                | MergeNote::OtherBeside
                | MergeNote::DesignSetAside(_)
                | MergeNote::WeightsLeftOut { .. }
                | MergeNote::FileSetAside { .. } => reported.insert(note.clone()).then_some(note),
            })
            .collect()
    }
}

/// The text of a document in the file: with absolute paths, and without bytes that text cannot
/// contain.
fn text_in_file(project: &Project, path: &Path) -> String {
    let mut read = Project::from_ron(&project.to_ron()).unwrap_or_else(|_| project.clone());
    anchor(&mut read, path);
    read.to_ron()
}

/// Whether a run contains the document as its design, so that nothing is lost without it. The path
/// of its data is ignored, as paths are stored as they were found.
fn is_design_of(project: &Project, run: &Run) -> bool {
    let same_data = |design: Project| Project { data: project.data.clone(), ..design };
    project.design() == *project
        && project
            .trained_designs()
            .into_iter()
            .map(same_data)
            .any(|design| design == same_data(run.design.clone()))
}

fn results_text(results: &Results) -> String {
    format!("{results:?}")
}

fn hash_of(normaliser: &Normaliser) -> u64 {
    let Normaliser { offsets, factors, means, columns, table, others, depth, settled } = normaliser;
    let mut hasher = DefaultHasher::new();
    for values in [offsets, factors, means] {
        values.len().hash(&mut hasher);
        values.iter().for_each(|value| value.to_bits().hash(&mut hasher));
    }
    columns.hash(&mut hasher);
    depth.hash(&mut hasher);
    format!("{table:?}{others:?}{settled:?}").hash(&mut hasher);
    hasher.finish()
}

/// Digests of the runs in the file just written, as other programs will read them.
fn read_back(path: &Path, sink: &mut Sink<'_>) -> io::Result<BTreeMap<RunId, Digest>> {
    io::Write::flush(sink)?;
    let archive = Archive::of_file(path, sink.file().try_clone()?);
    archive.map(|archive| archive.digests()).map_err(io::Error::other)
}

/// The identity and state of the file at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device and number of the file, if the system has them.
    file: (u64, u64),
}

impl Stamp {
    /// `None` if there is no file.
    fn of(path: &Path) -> Option<Stamp> {
        let found = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let file = (std::os::unix::fs::MetadataExt::dev(&found), std::os::unix::fs::MetadataExt::ino(&found));
        #[cfg(not(unix))]
        let file = (0, 0);
        Some(Stamp { length: found.len(), modified: found.modified().ok(), file })
    }
}
