use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::archive::Archive;
use super::design::{anchor, read_design};
use super::open::check_zip;
use super::run_files::{self, Folder, Opened, each_file, read_run};
use super::warnings::Warnings;
use super::{Durability, FileError, Files, Sink};
use crate::project::Project;
use crate::run::{Run, RunId};

/// The version of the project file this program writes. Older ones are migrated when read: in version 1 pictures became
/// rows pixel by pixel, so that weights for colours mean something else; up to version 2 the numbers of a checkpoint had
/// another form, and up to version 3 histories were text. The files say so themselves.
pub const PROJECT_FILE_VERSION: u32 = 4;

const MANIFEST: &str = "manifest.ron";
const PROJECT: &str = "project.ron";

/// Writes `NAME.hourglass`: beside the old one, then renamed over it.
///
/// Every entry is written from memory. None is copied from the old file, so that damage in it never spreads into the new.
///
/// # Errors
/// [`FileError`]; the old file is then as it was.
pub fn save_project<R: Borrow<Run>>(
    files: &Files,
    path: &Path,
    project: &Project,
    runs: &[R],
) -> Result<(), FileError> {
    files.write(path, Durability::Synced, |sink| {
        write_zip(sink, project, runs).map_err(|WriteError(error)| error)
    })
}

/// More runs than anybody trains: a list of so many is no list of runs, and each would cost a warning.
const MAX_RUNS: usize = 10_000;

/// Reads `NAME.hourglass`. A damaged run is left out, or comes without what could not be read, with a warning; so the file
/// opens as long as its design can be read.
///
/// # Errors
/// [`FileError`] for what is no project file, is cut short, or comes from a newer program.
pub fn open_project(path: &Path) -> Result<Opened, FileError> {
    check_zip(path)?;
    let mut archive = Archive::open(path)?;
    let manifest = read_manifest(&mut archive)?;
    if manifest.runs.len() > MAX_RUNS {
        let message = format!("it lists {} runs, more than can be; open a backup", manifest.runs.len());
        return Err(FileError::content(path, MANIFEST, message));
    }
    let text = archive
        .read_text(PROJECT)?
        .ok_or_else(|| FileError::content(path, PROJECT, "it is missing; open a backup"))?;
    let mut project = read_design(path, PROJECT, &text)?;
    anchor(&mut project, path);
    let (mut runs, mut warnings) = (Vec::<Run>::new(), Warnings::default());
    // Each once, however often it is listed.
    for id in manifest.runs.into_iter().collect::<BTreeSet<_>>() {
        match read_run(&mut archive, id, &mut warnings) {
            Ok(mut run) => {
                anchor(&mut run.design, path);
                runs.push(run);
            }
            Err(error) => warnings.push(|| {
                format!("run {id} is left out: {error}; save under another name to keep the file as it is")
            }),
        }
    }
    Ok(Opened { project, runs, warnings: warnings.into_texts() })
}

/// The first entry: what this file is, and what should be in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "HourglassProject")]
struct Manifest {
    version: u32,
    runs: Vec<RunId>,
}

fn read_manifest(archive: &mut Archive) -> Result<Manifest, FileError> {
    /// Only what every version will have.
    #[derive(Deserialize)]
    #[serde(rename = "HourglassProject")]
    struct Version {
        version: u32,
    }
    let path = archive.path().to_owned();
    let text = archive.read_text(MANIFEST)?.ok_or_else(|| FileError::Foreign {
        path: path.clone(),
        found: "some other zip archive",
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

fn write_zip<R: Borrow<Run>>(sink: &mut Sink<'_>, project: &Project, runs: &[R]) -> Result<(), WriteError> {
    // Dropped before its end it would complain on stderr; on an error there is nothing to end.
    let mut zip = ManuallyDrop::new(ZipWriter::new(sink));
    put_all(&mut zip, project, runs)?;
    ManuallyDrop::into_inner(zip).finish()?;
    Ok(())
}

fn put_all<R: Borrow<Run>>(
    zip: &mut ZipWriter<&mut Sink<'_>>,
    project: &Project,
    runs: &[R],
) -> Result<(), WriteError> {
    let manifest =
        Manifest { version: PROJECT_FILE_VERSION, runs: runs.iter().map(|run| run.borrow().id).collect() };
    let pretty = ron::ser::PrettyConfig::new().struct_names(true);
    let manifest = ron::ser::to_string_pretty(&manifest, pretty).map_err(|error| error.to_string())?;
    put(zip, MANIFEST, manifest.as_bytes())?;
    put(zip, PROJECT, project.to_ron().as_bytes())?;
    for run in runs {
        let folder = run_files::folder(run.borrow().id);
        each_file(run.borrow(), |name, bytes| put(zip, &format!("{folder}{name}"), bytes))?;
    }
    Ok(())
}

/// Text is deflated; weights are not: they would hardly shrink, and saving would take many times as long.
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

/// An error on the way into the zip, with the system's own kept inside, so that a full disk is called one.
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
