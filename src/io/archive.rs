//! Reading a zip nobody vouches for: sizes may lie, entries may be cut short.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use zip::result::ZipError;

use super::FileError;
use super::open::open_file;
use super::run_files::Folder;

/// What a text may take: more than any design needs.
const TEXT_LIMIT_BYTES: u64 = 64 << 20;
/// What all entries together may take beyond [`GROWTH`] times the size of the file.
const BASE_BYTES: u64 = 256 << 20;
/// Weights hardly shrink when packed; what grows more than this is a bomb.
const GROWTH: u64 = 32;

/// A project file being read.
pub(super) struct Archive {
    path: PathBuf,
    zip: zip::ZipArchive<BufReader<File>>,
    /// Names of all entries, for those of a folder.
    names: BTreeSet<String>,
    /// Bytes that may still be unpacked.
    budget: u64,
    /// Bytes that a file of a run may take besides its arrays: in proportion to the file, as histories are long.
    record_limit: u64,
}

impl Archive {
    /// Opens a zip and reads its directory.
    pub(super) fn open(path: &Path) -> Result<Archive, FileError> {
        let read = |error: &std::io::Error| FileError::read(path, error);
        let file = open_file(path)?;
        let metadata = file.metadata().map_err(|error| read(&error))?;
        let zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| {
            if let ZipError::Io(error) = &error
                && error.kind() != ErrorKind::UnexpectedEof
            {
                return read(error);
            }
            let message = format!(
                "the list of its entries is missing or damaged ({error}); the file was cut short: copy it again, or open a backup"
            );
            FileError::content(path, "at its end", message)
        })?;
        let grown = metadata.len().saturating_mul(GROWTH);
        Ok(Archive {
            path: path.to_owned(),
            names: zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect(),
            zip,
            budget: BASE_BYTES.saturating_add(grown),
            record_limit: TEXT_LIMIT_BYTES.saturating_add(grown),
        })
    }
}

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
        // The size an entry claims is not believed: neither for what is reserved nor for what is read.
        let mut bytes = Vec::new();
        let read = entry.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| damaged(format!("it is damaged ({error}); open a backup")))?;
        if bytes.len() as u64 > limit {
            return Err(damaged(format!(
                "it unpacks to more than {} MB, far more than belongs there",
                limit >> 20
            )));
        }
        self.budget -= bytes.len() as u64;
        Ok(Some(bytes))
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
