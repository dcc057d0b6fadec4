//! The project file, `NAME.hourglass`: a zip.
//!
//! | entry | contains |
//! |---|---|
//! | `manifest.ron` | format version, numbers of the runs |
//! | `project.ron` | the document, as in a `.ron` design |
//! | `runs/ID/…` | the files of a run: see [`super::run_files`] |
//!
//! **Saving** writes every run in memory entry by entry, instead of copying entries from the old
//! file. Copying would be faster, but damage in the old file would spread undetected, and the
//! result would depend on the program that wrote the old entry. Weights are stored uncompressed, as
//! they hardly shrink; text is deflated.
//!
//! **Versions.** A design has a `format_version`, a manifest and a checkpoint have a `version` (the
//! live store has no manifest). Newer versions are refused; older ones are migrated when they are
//! read.
//!
//! Changes by version of project files and checkpoints:
//!
//! - 2: rows made from pictures are ordered channel by channel. Version 1 checkpoints of runs on
//!   pictures with several channels are skipped with a warning; their runs, histories and replays
//!   are kept.
//! - 3: loss terms have names in a checkpoint.
//! - 4 (project files): histories are records; lines of text (`history.ronl`) are still read, here
//!   and in a live store.

use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::archive::{Archive, Digest};
use super::design::{anchor, read_design};
use super::open::check_zip;
use super::results_file;
use super::run_files::{self, Folder, Opened, each_file, read_run};
use super::warnings::Warnings;
use super::{Durability, FileError, Files, MergeBase, MergeNote, Sink};
use crate::project::Project;
use crate::run::{Run, RunId};

/// The version of the project file this program writes. Older ones are migrated when read: in
/// version 1 pictures became rows pixel by pixel, so that weights for colours have another meaning;
/// up to version 2 the numbers of a checkpoint had another form, and up to version 3 histories were
/// text. The files contain their version.
pub const PROJECT_FILE_VERSION: u32 = 4;

const MANIFEST: &str = "manifest.ron";
const PROJECT: &str = "project.ron";

/// Writes `NAME.hourglass` over any existing file: to a new file, then renamed.
/// [`MergeBase::save`](super::MergeBase::save) keeps the changes that another program has saved
/// there.
///
/// # Errors
/// [`FileError`]; the old file is then unchanged.
pub fn save_project<R: Borrow<Run>>(
    files: &Files,
    path: &Path,
    project: &Project,
    runs: &[R],
) -> Result<(), FileError> {
    let content = Content::of(project, runs);
    files.write(path, Durability::Synced, |sink| content.write(sink).map(warn_of))
}

/// Writes a project that could not be saved to the folder for temporary files, with a name that
/// begins with `name`; returns its path.
///
/// # Errors
/// [`FileError`] if that fails too.
pub fn rescue_project<R: Borrow<Run>>(
    files: &Files,
    name: &str,
    project: &Project,
    runs: &[R],
) -> Result<PathBuf, FileError> {
    let content = Content::of(project, runs);
    files.write_rescue(name, "hourglass", |sink| content.write(sink).map(warn_of))
}

fn warn_of(notes: Vec<MergeNote>) {
    notes.iter().for_each(|note| log::warn!("{note}"));
}

/// More runs than in any real project: each entry of a longer list would cost a warning.
const MAX_RUNS: usize = 10_000;

/// Reads `NAME.hourglass`. A damaged run is skipped, or loaded without its unreadable parts, with a
/// warning; the file opens as long as its design can be read.
///
/// # Errors
/// [`FileError`] for a file that is not a project, is truncated, or comes from a newer program.
pub fn open_project(path: &Path) -> Result<Opened, FileError> {
    let (mut archive, manifest, project) = read_start(path)?;
    let (mut runs, mut warnings) = (Vec::<Run>::new(), Warnings::default());
    // Each once, however often it is listed.
    for id in manifest.runs.into_iter().collect::<BTreeSet<_>>() {
        match read_run(&mut archive, id, &mut warnings) {
            Ok(mut run) => {
                anchor(&mut run.design, path);
                runs.push(run);
            }
            Err(error) => warnings.push(|| {
                format!("run {id} is not loaded: {error}; save under another name to keep the file as it is")
            }),
        }
    }
    let base = MergeBase::opened(&project, &runs, archive.digests());
    Ok(Opened { project, runs, warnings: warnings.into_texts(), base })
}

/// The list of runs and the document, which locates its data.
fn read_start(path: &Path) -> Result<(Archive, Manifest, Project), FileError> {
    check_zip(path)?;
    let mut archive = Archive::open(path)?;
    let manifest = read_manifest(&mut archive)?;
    if manifest.runs.len() > MAX_RUNS {
        let message = format!("it lists {} runs, more than possible; open a backup", manifest.runs.len());
        return Err(FileError::content(path, MANIFEST, message));
    }
    let text = archive
        .read_text(PROJECT)?
        .ok_or_else(|| FileError::content(path, PROJECT, "it is missing; open a backup"))?;
    let mut project = read_design(path, PROJECT, &text)?;
    anchor(&mut project, path);
    Ok((archive, manifest, project))
}

/// The first entry: the kind of this file, and its expected content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "HourglassProject")]
struct Manifest {
    version: u32,
    runs: Vec<RunId>,
}

fn read_manifest(archive: &mut Archive) -> Result<Manifest, FileError> {
    /// Only the fields that every version has.
    #[derive(Deserialize)]
    #[serde(rename = "HourglassProject")]
    struct Version {
        version: u32,
    }
    let path = archive.path().to_owned();
    let text = archive.read_text(MANIFEST)?.ok_or_else(|| FileError::Foreign {
        path: path.clone(),
        found: "another kind of zip archive",
        wanted: "a project file",
        remedy: "Open a .hourglass file, or a backup of this one.",
    })?;
    let Version { version } = run_files::parse(&path, MANIFEST, &text)?;
    if version > PROJECT_FILE_VERSION {
        return Err(FileError::TooNew { path, found: version, known: PROJECT_FILE_VERSION });
    }
    // The manifest itself has not changed since version 1.
    run_files::parse(&path, MANIFEST, &text)
}

/// A project file on disk, of which only the list of entries and the design were read.
pub(super) struct OnDisk {
    pub(super) project: Project,
    /// Its runs.
    pub(super) runs: BTreeMap<RunId, Digest>,
    pub(super) archive: Archive,
}

impl OnDisk {
    /// Reads these parts; `None` if there is no file.
    ///
    /// # Errors
    /// [`FileError`] for a file that is not a project, is damaged, or comes from a newer program.
    pub(super) fn read(path: &Path) -> Result<Option<OnDisk>, FileError> {
        if !path.exists() {
            return Ok(None);
        }
        let (archive, manifest, project) = read_start(path)?;
        if archive.packed_bytes() > archive.entries_end() {
            return Err(FileError::content(path, "at its end", "the list of its entries is damaged"));
        }
        let mut runs = archive.digests();
        runs.retain(|id, _| manifest.runs.contains(id));
        Ok(Some(OnDisk { project, runs, archive }))
    }

    /// A run in it, as far as its texts describe it.
    pub(super) fn head(&mut self, id: RunId) -> Result<Run, FileError> {
        let name = format!("{}{}", run_files::folder(id), run_files::RUN);
        let text = self.archive.read_text(&name)?;
        let text = text.ok_or_else(|| FileError::content(self.archive.path(), &name, "it is missing"))?;
        let mut run: Run = run_files::parse(self.archive.path(), &name, &text)?;
        results_file::read(&mut self.archive, &run_files::folder(id), &mut run)?;
        Ok(run)
    }
}

/// The content of a project file.
pub(super) struct Content<'a> {
    pub(super) project: &'a Project,
    /// Runs in memory, with their numbers in the file.
    pub(super) runs: Vec<(RunId, &'a Run)>,
    /// Runs copied unchanged from the file on disk.
    pub(super) copied: Option<(&'a mut Archive, &'a [RunId])>,
}

impl<'a> Content<'a> {
    /// A document with its runs.
    pub(super) fn of<R: Borrow<Run>>(project: &'a Project, runs: &'a [R]) -> Content<'a> {
        let runs = runs.iter().map(Borrow::borrow).map(|run| (run.id, run)).collect();
        Content { project, runs, copied: None }
    }

    /// Writes everything. Runs in memory are written entry by entry from memory, so that damage in
    /// an old file never spreads undetected to the new one. Returns notes on parts that were not
    /// written.
    pub(super) fn write(self, sink: &mut Sink<'_>) -> io::Result<Vec<MergeNote>> {
        // Dropping it early would print an error; after an error there is nothing to finish.
        let mut zip = ManuallyDrop::new(ZipWriter::new(sink));
        let end = self.put_all(&mut zip).and_then(|notes| {
            ManuallyDrop::into_inner(zip).finish()?;
            Ok(notes)
        });
        end.map_err(|WriteError(error)| error)
    }

    fn put_all(self, zip: &mut ZipWriter<&mut Sink<'_>>) -> Result<Vec<MergeNote>, WriteError> {
        let copied = self.copied.iter().flat_map(|(_, ids)| ids.iter().copied());
        let mut ids: Vec<RunId> = self.runs.iter().map(|(number, _)| *number).chain(copied).collect();
        ids.sort_unstable();
        let manifest = Manifest { version: PROJECT_FILE_VERSION, runs: ids };
        let pretty = ron::ser::PrettyConfig::new().struct_names(true);
        let manifest = ron::ser::to_string_pretty(&manifest, pretty).map_err(|error| error.to_string())?;
        put(zip, MANIFEST, manifest.as_bytes())?;
        put(zip, PROJECT, self.project.to_ron().as_bytes())?;
        let mut notes = Vec::new();
        for (number, run) in self.runs {
            let folder = run_files::folder(number);
            let run = if run.id == number {
                Cow::Borrowed(run)
            } else {
                Cow::Owned(Run { id: number, ..run.clone() })
            };
            let unread = each_file(&run, |name, bytes| put(zip, &format!("{folder}{name}"), bytes))?;
            if let Some((_, reason)) = unread.first() {
                let (reason, epochs) = (reason.clone(), unread.iter().map(|(epoch, _)| *epoch).collect());
                notes.push(MergeNote::WeightsLeftOut { run: number, epochs, reason });
            }
        }
        if let Some((archive, ids)) = self.copied {
            archive.copy_runs(ids, zip)?;
        }
        Ok(notes)
    }
}

/// Text is deflated; weights are not: they would hardly shrink, and saving would take many times as
/// long.
fn put(zip: &mut ZipWriter<&mut Sink<'_>>, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
    let method =
        if name.ends_with(".safetensors") { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .large_file(u32::try_from(bytes.len()).is_err());
    zip.start_file(name, options)?;
    zip.write_all(bytes)?;
    Ok(())
}

/// An error in writing the zip, with the system's error inside, so that a full disk is reported as
/// such.
struct WriteError(io::Error);

impl From<ZipError> for WriteError {
    fn from(error: ZipError) -> Self {
        if let ZipError::Io(error) = error { WriteError(error) } else { WriteError(io::Error::other(error)) }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        WriteError(error)
    }
}

impl From<String> for WriteError {
    fn from(message: String) -> Self {
        WriteError(io::Error::other(message))
    }
}
