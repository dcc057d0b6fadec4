//! Arrays of `NumPy`: `.npy`, and `.npz`, which is a zip of them.

mod directory;
mod entry;
mod header;
mod places;
mod values;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use self::entry::Entry;
use super::memory::Held;
use super::open_file::{Watched, open_file};
use super::raw::Raw;
use super::{DataError, Progress, memory};
use crate::project::{ArrayReading, Rules};

const ZIP_MAGIC: &[u8] = b"PK";
/// Deflate cannot shrink further than 1032 to 1: an entry that promises more than this is lying.
const MAX_RATIO: u64 = 1100;
/// What to do where an array does not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller array, or close other programs";

/// How the arrays of a file are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub array: Option<&'a str>,
    pub labels: Option<&'a str>,
    pub reading: &'a ArrayReading,
    pub rules: Rules,
}

/// Reads rows (N×d) or pictures (N×h×w, N×h×w×c; N×1×h×w and N×3×h×w are recognised as channels first).
pub(super) fn load(path: &Path, asked: Asked<'_>, progress: &Progress) -> Result<Raw, DataError> {
    let Asked { array, labels, reading: _, rules: _ } = asked;
    progress.check()?;
    let (mut file, bytes) = open_file(path, "a .npy or .npz file")?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    if !is_zip(path, &mut file)? {
        if let Some(wanted) = array.or(labels) {
            return Err(DataError::file(
                path,
                format!(
                    "is one plain array and holds none called \"{wanted}\"; leave the name empty, or choose an .npz file"
                ),
            ));
        }
        progress.restart(bytes);
        let mut reader = BufReader::new(Watched::new(file, bytes, progress));
        return Entry::begin(path, None, bytes, &mut reader, progress)?.rows(name);
    }

    let mut archive = Archive::open(path, file, bytes, progress)?;
    progress.restart(0);
    let array = match array {
        Some(array) => array.to_string(),
        None => archive.first(labels)?,
    };
    let mut raw = archive.entry(&array, |entry| entry.rows(name))?;
    if let Some(labels) = labels {
        let count = raw.rows.len() / raw.shape.features();
        raw.labels.push(archive.entry(labels, |entry| entry.labels(labels, count))?);
    }
    Ok(raw)
}

/// Names of the arrays in an `.npz` file, in its order; none of a plain array.
///
/// # Errors
/// Where it cannot be opened or is damaged.
pub(super) fn array_names(path: &Path) -> Result<Vec<String>, DataError> {
    let (mut file, bytes) = open_file(path, "a .npy or .npz file")?;
    if !is_zip(path, &mut file)? {
        return Ok(Vec::new());
    }
    let archive = Archive::open(path, file, bytes, &Progress::default())
        .map(|archive| archive.names)
        .map_err(|error| error.about(&path.display().to_string(), REMEDY))?;
    Ok(archive.into_iter().map(|(name, _)| name).collect())
}

/// Whether the file begins like a zip.
fn is_zip(path: &Path, file: &mut File) -> Result<bool, DataError> {
    let io = |error: std::io::Error| DataError::io(path, &error);
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(magic == ZIP_MAGIC)
}

/// The arrays of a zip.
struct Archive<'a> {
    path: &'a Path,
    zip: ZipArchive<BufReader<Watched<'a, File>>>,
    /// Array names with their index in the zip, in its order.
    names: Vec<(String, usize)>,
    file_bytes: u64,
    progress: &'a Progress,
    /// Memory of the directory.
    _held: Held<'a>,
}

impl<'a> Archive<'a> {
    fn open(
        path: &'a Path,
        mut file: File,
        file_bytes: u64,
        progress: &'a Progress,
    ) -> Result<Archive<'a>, DataError> {
        let entries =
            directory::entries(&mut file, file_bytes).map_err(|error| DataError::io(path, &error))?;
        let held = progress.budget().hold(entries.saturating_mul(ENTRY_BYTES))?;
        let mut zip = ZipArchive::new(BufReader::new(Watched::new(file, file_bytes, progress)))
            .map_err(|error| zip_error(path, "zip directory", &error))?;
        let mut names = Vec::new();
        for index in 0..zip.len() {
            progress.check()?;
            let entry = zip
                .by_index(index)
                .map_err(|error| zip_error(path, &format!("zip entry {index}"), &error))?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            if let Some(name) = name.strip_suffix(".npy") {
                names.push((name.to_string(), index));
            }
        }
        Ok(Archive { path, zip, names, file_bytes, progress, _held: held })
    }

    /// The first array that is not the labels.
    fn first(&self, labels: Option<&str>) -> Result<String, DataError> {
        let mut others = self.names.iter().filter(|(name, _)| Some(name.as_str()) != labels);
        others
            .next()
            .map(|(name, _)| name.clone())
            .ok_or_else(|| DataError::file(self.path, "holds no array with rows; choose another .npz file"))
    }

    /// What is made of an array.
    fn entry<T>(
        &mut self,
        array: &str,
        make: impl FnOnce(Entry<'_>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let path = self.path;
        let Some(&(_, index)) = self.names.iter().find(|(name, _)| name == array) else {
            let names: Vec<String> =
                self.names.iter().take(20).map(|(name, _)| format!("\"{name}\"")).collect();
            return Err(DataError::file(
                path,
                format!("holds no array \"{array}\"; choose one of {}", names.join(", ")),
            ));
        };
        let mut entry = self
            .zip
            .by_index(index)
            .map_err(|error| zip_error(path, &format!("array \"{array}\""), &error))?;
        let most = entry.size().min(self.file_bytes.saturating_mul(MAX_RATIO));
        let (done, total) = self.progress.state();
        self.progress.set_total(total.max(done).saturating_add(most));
        make(Entry::begin(path, Some(array), most, &mut entry, self.progress)?)
    }
}

/// What an entry of a zip's directory takes in memory, with its name.
const ENTRY_BYTES: u64 = 1024;

fn zip_error(path: &Path, place: &str, error: &zip::result::ZipError) -> DataError {
    DataError::content(
        path,
        place,
        format!("the archive cannot be read ({error}); it is damaged, write it again with numpy.savez"),
    )
}

#[cfg(test)]
mod tests;
