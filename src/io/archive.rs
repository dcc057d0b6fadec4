//! Reading an untrusted zip: sizes may be wrong, entries may be truncated.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::result::{ZipError, ZipResult};
use zip::{CompressionMethod, ZipWriter};

use super::FileError;
use super::open::open_file;
use super::run_files::{self, Folder};
use super::weights_file::{self, Extent, WeightsFile};
use crate::check::PlannedArray;
use crate::run::{LazyWeights, RunId};

/// Limit on the size of a text: more than any design needs.
const TEXT_LIMIT_BYTES: u64 = 64 << 20;
/// Limit on the total size of all entries, beyond [`GROWTH`] times the size of the file.
const BASE_BYTES: u64 = 256 << 20;
/// Weights hardly shrink when compressed; an archive that grows by more than this factor is a zip
/// bomb.
const GROWTH: u64 = 32;

/// A project file being read.
pub(super) struct Archive {
    path: PathBuf,
    zip: zip::ZipArchive<BufReader<Arc<File>>>,
    file: Arc<File>,
    /// The file that weights stay in, once there are any.
    weights_file: Option<Arc<WeightsFile>>,
    /// Names of all entries, to list those of a folder.
    names: BTreeSet<String>,
    /// Bytes that may still be unpacked.
    budget: u64,
    /// Most bytes of a run's file other than arrays: in proportion to the project file, as
    /// histories are long.
    record_limit: u64,
}

impl Archive {
    /// Opens a zip and reads its directory.
    pub(super) fn open(path: &Path) -> Result<Archive, FileError> {
        Archive::of_file(path, open_file(path)?)
    }

    /// [`Archive::open`] for a file that is already open.
    pub(super) fn of_file(path: &Path, file: File) -> Result<Archive, FileError> {
        let read = |error: &io::Error| FileError::read(path, error);
        let metadata = file.metadata().map_err(|error| read(&error))?;
        let file = Arc::new(file);
        let zip = zip::ZipArchive::new(BufReader::new(Arc::clone(&file))).map_err(|error| {
            if let ZipError::Io(error) = &error
                && error.kind() != ErrorKind::UnexpectedEof
            {
                return read(error);
            }
            let message = format!(
                "the list of its entries is missing or damaged ({error}); the file is truncated: copy it \
                 again, or open a backup"
            );
            FileError::content(path, "at its end", message)
        })?;
        let grown = metadata.len().saturating_mul(GROWTH);
        Ok(Archive {
            path: path.to_owned(),
            names: zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect(),
            zip,
            file,
            weights_file: None,
            budget: BASE_BYTES.saturating_add(grown),
            record_limit: TEXT_LIMIT_BYTES.saturating_add(grown),
        })
    }

    /// A digest of each run's files, from the zip's directory only: nothing is unpacked.
    pub(super) fn digests(&self) -> BTreeMap<RunId, Digest> {
        let mut files = BTreeMap::<RunId, Vec<(String, u32, u64)>>::new();
        for entry in (0..self.zip.len()).filter_map(|index| self.zip.by_index_data(index).ok()) {
            let Ok(name) = entry.name() else { continue };
            if let Some((id, name)) = run_files::split_name(&name) {
                files.entry(id).or_default().push((name.to_owned(), entry.crc32(), entry.size()));
            }
        }
        let digest = |mut files: Vec<_>| {
            files.sort_unstable();
            let mut hasher = DefaultHasher::new();
            files.hash(&mut hasher);
            Digest(hasher.finish())
        };
        files.into_iter().map(|(id, files)| (id, digest(files))).collect()
    }

    /// Copies the files of runs unchanged, compressed and with their checksums: damage in one stays
    /// detectable.
    pub(super) fn copy_runs<W: io::Write + io::Seek>(
        &mut self,
        ids: &[RunId],
        zip: &mut ZipWriter<W>,
    ) -> ZipResult<()> {
        let end = self.zip.central_directory_start();
        let mut entries = BTreeMap::<RunId, Vec<usize>>::new();
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_data(index)?;
            if let Some((id, _)) = run_files::split_name(&entry.name()?) {
                entries.entry(id).or_default().push(index);
            }
        }
        for index in ids.iter().filter_map(|id| entries.get(id)).flatten().copied() {
            let entry = self.zip.by_index_raw(index)?;
            let is_whole = entry
                .data_start()
                .and_then(|start| start.checked_add(entry.compressed_size()))
                .is_some_and(|its_end| its_end <= end);
            if !is_whole {
                return Err(ZipError::InvalidArchive("an entry is truncated".into()));
            }
            zip.raw_copy_file(entry)?;
        }
        Ok(())
    }

    /// Total compressed size of all entries. If it exceeds the file, entries overlap.
    pub(super) fn packed_bytes(&self) -> u64 {
        let entries = (0..self.zip.len()).filter_map(|index| self.zip.by_index_data(index).ok());
        entries.fold(0, |sum: u64, entry| sum.saturating_add(entry.compressed_size()))
    }

    /// Offset of the end of the entries.
    pub(super) fn entries_end(&self) -> u64 {
        self.zip.central_directory_start()
    }
}

/// A hash of the names, sizes and CRC-32 checksums of a run's files. It distinguishes versions of a
/// run independent of times and of the program that wrote them: a run that was trained further
/// differs in several files, and each checksum is equal by chance only once in four billion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest(u64);

impl Folder for Archive {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, FileError> {
        let damaged = |message: String| FileError::content(&self.path, name, message);
        let entry = match self.zip.by_name(name) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(damaged(format!("it cannot be unpacked: {error}"))),
        };
        let limit = match (name.ends_with(".safetensors"), name.starts_with("runs/")) {
            (true, _) => self.budget,
            (false, true) => self.budget.min(self.record_limit),
            (false, false) => self.budget.min(TEXT_LIMIT_BYTES),
        };
        // The stated size of an entry is not trusted, neither for reserving memory nor for reading.
        let mut bytes = Vec::new();
        let read = entry.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| damaged(format!("it is damaged ({error}); open a backup")))?;
        if bytes.len() as u64 > limit {
            return Err(damaged(format!(
                "it unpacks to more than {} MB, far more than expected",
                limit >> 20
            )));
        }
        self.budget -= bytes.len() as u64;
        Ok(Some(bytes))
    }

    fn weights(
        &mut self,
        name: &str,
        arrays: &Arc<[PlannedArray]>,
    ) -> Result<Option<LazyWeights>, FileError> {
        let Some(index) = self.zip.index_for_name(name) else { return Ok(None) };
        let end = self.entries_end();
        let entry = self.zip.by_index_raw(index);
        let damaged = |message: String| FileError::content(&self.path, name, message);
        let entry = entry.map_err(|error| damaged(format!("it cannot be unpacked: {error}")))?;
        let is_packed = entry.compression() != CompressionMethod::Stored || entry.encrypted();
        let extent = entry.data_start().filter(|_| weights_file::STAYS && !is_packed);
        let extent = extent.map(|start| Extent { start, len: entry.size(), crc32: entry.crc32() });
        drop(entry);
        let Some(extent) = extent else {
            // Other programs may have compressed them.
            let Some(bytes) = self.read(name)? else { return Ok(None) };
            let weights = weights_file::decoded(&bytes, arrays);
            let weights = weights.map_err(|message| FileError::content(&self.path, name, message))?;
            return Ok(Some(Arc::new(weights).into()));
        };
        if extent.start.checked_add(extent.len).is_none_or(|its_end| its_end > end) {
            return Err(damaged("it is truncated; open a backup".to_owned()));
        }
        weights_file::check_length(extent.len, arrays).map_err(damaged)?;
        let weights_file =
            self.weights_file.get_or_insert_with(|| WeightsFile::new(&self.path, Arc::clone(&self.file)));
        Ok(Some(weights_file.hold(name, extent, arrays)))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        self.names
            .range(folder.to_owned()..)
            .map_while(|name| name.strip_prefix(folder))
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .map(str::to_owned)
            .collect()
    }
}
