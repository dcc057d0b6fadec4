use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::directory;
use super::entry::Entry;
use super::header::Header;
use crate::dataset::memory::Reservation;
use crate::dataset::open_file::{CancellableReader, open_file};
use crate::dataset::{DataError, Progress};

const ZIP_MAGIC: &[u8] = b"PK";
/// Deflate compresses by at most 1032 to 1, so an entry that states more than this is wrong.
const MAX_RATIO: u64 = 1100;
/// Memory per entry of a zip's directory, including its name and the header of its array.
const ENTRY_BYTES: u64 = 2048;
/// Folder that macOS adds to a zip: files with the same names, but without arrays.
const FORKS: &str = "__MACOSX/";
/// Most arrays listed in an error.
const LISTED: usize = 20;

/// An array of a file.
#[derive(Debug)]
pub(super) struct Found {
    /// Its name without `.npy`; empty for a plain array.
    pub name: String,
    /// Its index in the zip.
    index: usize,
    /// Its header, or why it cannot be read.
    pub header: Result<Header, String>,
}

impl Found {
    /// `"x_train" (60000×28×28)`.
    pub fn description(&self) -> String {
        match &self.header {
            Ok(header) if header.shape.is_empty() => format!("\"{}\" (one value)", self.name),
            Ok(header) => format!("\"{}\" ({})", self.name, header.shape_text()),
            Err(_) => format!("\"{}\"", self.name),
        }
    }
}

/// A `.npy` file, or an `.npz` file, which is a zip of them.
pub(super) struct Archive<'a> {
    pub path: &'a Path,
    container: Container<'a>,
    /// The arrays, in the order of the file.
    pub arrays: Vec<Found>,
    file_bytes: u64,
    progress: &'a Progress,
    /// Memory of the directory.
    _reservation: Reservation<'a>,
}

enum Container<'a> {
    Plain(BufReader<CancellableReader<'a, File>>),
    Zip(ZipArchive<BufReader<CancellableReader<'a, File>>>),
}

impl<'a> Archive<'a> {
    /// Opens a file, and reads the headers of all arrays if `with_headers`.
    pub fn open(path: &'a Path, progress: &'a Progress) -> Result<Archive<'a>, DataError> {
        let io = |error: std::io::Error| DataError::io(path, &error);
        let (mut file, file_bytes) = open_file(path, "a .npy or .npz file")?;
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        if magic != ZIP_MAGIC {
            progress.restart(file_bytes);
            let reader = BufReader::new(CancellableReader::new(file, file_bytes, progress));
            let reservation = progress.budget().charge_scoped(0)?;
            let container = Container::Plain(reader);
            let mut archive = Archive {
                path,
                container,
                arrays: Vec::new(),
                file_bytes,
                progress,
                _reservation: reservation,
            };
            let header = archive.begin(0, None, |entry| Ok(entry.header.clone()))?;
            archive.arrays.push(Found { name: String::new(), index: 0, header: Ok(header) });
            return Ok(archive);
        }
        progress.restart(0);
        let entries = directory::entries(&mut file, file_bytes).map_err(io)?;
        let reservation = progress.budget().charge_scoped(entries.saturating_mul(ENTRY_BYTES))?;
        let mut zip = ZipArchive::new(BufReader::new(CancellableReader::new(file, file_bytes, progress)))
            .map_err(|error| zip_error(path, "zip directory", &error))?;
        let mut arrays = Vec::new();
        for index in 0..zip.len() {
            progress.check()?;
            let entry = zip
                .by_index(index)
                .map_err(|error| zip_error(path, &format!("zip entry {index}"), &error))?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            if let Some(name) = name.strip_suffix(".npy").filter(|name| !name.starts_with(FORKS)) {
                let header = Err("its header was not read".to_owned());
                arrays.push(Found { name: name.to_string(), index, header });
            }
        }
        let container = Container::Zip(zip);
        let mut archive =
            Archive { path, container, arrays, file_bytes, progress, _reservation: reservation };
        for at in 0..archive.arrays.len() {
            progress.check()?;
            let (index, name) = (archive.arrays[at].index, archive.arrays[at].name.clone());
            let header = archive.begin(index, Some(&name), |entry| Ok(entry.header.clone()));
            archive.arrays[at].header = match header {
                Err(DataError::Content { message, .. }) => Err(message),
                Err(error) => return Err(error),
                Ok(header) => Ok(header),
            };
        }
        Ok(archive)
    }

    /// Whether it is a single array without a name.
    pub fn is_plain(&self) -> bool {
        matches!(self.container, Container::Plain(_))
    }

    /// Whether the samples of an array are along its last axis.
    pub fn has_samples_last(&self, at: usize) -> bool {
        self.arrays[at].header.as_ref().is_ok_and(|header| header.samples_last)
    }

    /// The index of the array with this name.
    ///
    /// # Errors
    /// If there is none: the arrays that exist, and the option that names one.
    pub fn place(&self, name: &str, option: &str) -> Result<usize, DataError> {
        self.arrays.iter().position(|array| array.name == name).ok_or_else(|| {
            let there = if self.is_plain() {
                "is one plain array and".to_owned()
            } else {
                let names: Vec<String> = self.arrays.iter().take(LISTED).map(Found::description).collect();
                let more = if names.len() < self.arrays.len() { ", …" } else { "" };
                let choose = format!("choose one of {}{more} with --{option} NAME", names.join(", "));
                return DataError::file(self.path, format!("contains no array \"{name}\"; {choose}"));
            };
            let message = format!(
                "{there} contains none named \"{name}\"; leave the name empty, or choose an .npz file"
            );
            DataError::file(self.path, message)
        })
    }

    /// Reads the values of an array.
    pub fn entry<T>(
        &mut self,
        at: usize,
        make: impl FnOnce(Entry<'_>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let (index, name) = (self.arrays[at].index, self.arrays[at].name.clone());
        let (is_plain, has_samples_last) = (self.is_plain(), self.has_samples_last(at));
        self.begin(index, (!is_plain).then_some(&name), |mut entry| {
            if has_samples_last {
                entry.header.put_samples_last();
            }
            make(entry)
        })
    }

    fn begin<T>(
        &mut self,
        index: usize,
        name: Option<&str>,
        make: impl FnOnce(Entry<'_>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let (path, progress) = (self.path, self.progress);
        match &mut self.container {
            Container::Plain(reader) => {
                reader.seek(SeekFrom::Start(0)).map_err(|error| DataError::io(path, &error))?;
                make(Entry::begin(path, None, self.file_bytes, reader, progress)?)
            }
            Container::Zip(zip) => {
                let place = format!("array \"{}\"", name.unwrap_or_default());
                let mut entry = zip.by_index(index).map_err(|error| zip_error(path, &place, &error))?;
                let most = entry.size().min(self.file_bytes.saturating_mul(MAX_RATIO));
                make(Entry::begin(path, name, most, &mut entry, progress)?)
            }
        }
    }
}

/// The names in a zip, in order, up to `most`; `None` if it has more or cannot be read.
pub(in crate::dataset) fn zip_names(mut file: File, most: usize) -> Option<Vec<String>> {
    let length = file.metadata().ok()?.len();
    let entries = directory::entries(&mut file, length).ok()?;
    if entries > most as u64 {
        return None;
    }
    let zip = ZipArchive::new(BufReader::new(file)).ok()?;
    Some(zip.file_names().flatten().map(std::borrow::Cow::into_owned).collect())
}

fn zip_error(path: &Path, place: &str, error: &zip::result::ZipError) -> DataError {
    DataError::content(
        path,
        place,
        format!("the archive cannot be read ({error}); it is damaged, write it again with numpy.savez"),
    )
}
