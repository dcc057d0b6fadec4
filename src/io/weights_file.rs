//! Weights of kept epochs that stay in a file until they are needed: a project may contain
//! gigabytes of them, of which few are viewed.
//!
//! - Weights are read and checked on the thread that builds a network from them. At most 256 MB per
//!   file stay in memory, the most recently used ones.
//! - The file is held open, so that it stays readable when it is removed or replaced, as by every
//!   save. The next save copies the weights one epoch at a time.
//! - Weights of a live store are first copied to a file without a name, because its files are
//!   deleted when a run is removed.
//! - Checksums detect weights that were overwritten in place. Then the copies in the live store are
//!   used; without them, reading the weights is an error, and a save skips and reports them.
//! - On systems where an open file cannot be replaced (outside Unix), weights are read when the
//!   project is opened.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use flate2::Crc;

use super::{FileError, tensors};
use crate::check::PlannedArray;
use crate::run::{LazyWeights, StoredWeights, Weights};

/// Whether weights stay in files. If open files cannot be replaced, they would block the next save.
pub(super) const STAYS: bool = cfg!(unix);

/// Longer than the header of any file of weights.
const HEADER_BYTES: u64 = 16 << 20;
/// Most bytes of weights per file that stay in memory after reading: as many as one run keeps.
const RECENT_BYTES: usize = 256 << 20;

/// A file that contains weights.
#[derive(Debug)]
pub(super) struct WeightsFile {
    /// The file's path, for errors.
    path: PathBuf,
    /// Locked because readers move its position.
    file: Mutex<Arc<File>>,
    recent: Mutex<Recent>,
}

/// Position of bytes in a file, and their checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) start: u64,
    pub(super) len: u64,
    pub(super) crc32: u32,
}

/// The weights of one kept epoch in a file.
#[derive(Debug)]
struct WeightsInFile {
    weights_file: Arc<WeightsFile>,
    name: String,
    extent: Extent,
    arrays: Arc<[PlannedArray]>,
    copy: OnceLock<PathBuf>,
}

/// Recently read weights, by position; the most recently used at the end.
#[derive(Debug)]
struct Recent {
    capacity: usize,
    read: Vec<(u64, Arc<Weights>)>,
}

impl WeightsFile {
    /// A file without known content. While its weights are read, it must not be read or written
    /// otherwise.
    pub(super) fn new(path: &Path, file: Arc<File>) -> Arc<WeightsFile> {
        let recent = Recent { capacity: RECENT_BYTES, read: Vec::new() };
        Arc::new(WeightsFile { path: path.to_owned(), file: Mutex::new(file), recent: Mutex::new(recent) })
    }

    /// Weights with these arrays that are already in the file; `name` is for errors.
    pub(super) fn hold(
        self: &Arc<WeightsFile>,
        name: &str,
        extent: Extent,
        arrays: &Arc<[PlannedArray]>,
    ) -> LazyWeights {
        LazyWeights::Stored(Arc::new(WeightsInFile {
            weights_file: Arc::clone(self),
            name: name.to_owned(),
            extent,
            arrays: Arc::clone(arrays),
            copy: OnceLock::new(),
        }))
    }

    /// Copies bytes to a position in the file, without holding them in memory.
    pub(super) fn put(&self, from: &mut impl Read, start: u64) -> io::Result<Extent> {
        let mut file = lock(&self.file);
        file.seek(SeekFrom::Start(start))?;
        let (mut crc, mut part) = (Crc::new(), vec![0; 1 << 16]);
        let mut len = 0;
        loop {
            let read = match from.read(&mut part) {
                Ok(0) => return Ok(Extent { start, len, crc32: crc.sum() }),
                Ok(read) => &part[..read],
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            crc.update(read);
            file.write_all(read)?;
            len += read.len() as u64;
        }
    }
}

impl Extent {
    /// Reads the bytes and checks that they have not changed.
    fn read(self, file: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
        file.seek(SeekFrom::Start(self.start))?;
        let mut bytes = Vec::new();
        let len = usize::try_from(self.len).map_err(|_| ErrorKind::OutOfMemory)?;
        bytes.try_reserve_exact(len).map_err(|_| ErrorKind::OutOfMemory)?;
        file.take(self.len).read_to_end(&mut bytes)?;
        let mut crc = Crc::new();
        crc.update(&bytes);
        if bytes.len() == len && crc.sum() == self.crc32 {
            Ok(bytes)
        } else {
            Err(io::Error::new(ErrorKind::InvalidData, "the checksum does not match"))
        }
    }
}

impl WeightsInFile {
    fn bytes_in(&self, file: &mut Arc<File>) -> Result<Vec<u8>, String> {
        let error = match self.extent.read(file) {
            Ok(bytes) => return Ok(bytes),
            Err(error) => error,
        };
        // The file was overwritten, or its disk is not available.
        let copied = self.copy.get().and_then(|copy| {
            let copied = Extent { start: 0, ..self.extent };
            copied.read(&mut File::open(copy).ok()?).ok()
        });
        copied.ok_or_else(|| {
            self.error(format!(
                "these weights can no longer be read ({error}): they are damaged, or another program has changed \
                 the file since it was opened; choose another epoch, or open a backup"
            ))
        })
    }

    fn error(&self, message: String) -> String {
        FileError::content(&self.weights_file.path, &self.name, message).to_string()
    }
}

impl StoredWeights for WeightsInFile {
    fn count(&self) -> usize {
        count(&self.arrays)
    }

    fn in_memory(&self) -> Option<Arc<Weights>> {
        lock(&self.weights_file.recent).get(self.extent.start)
    }

    fn read(&self) -> Result<Arc<Weights>, String> {
        if let Some(weights) = self.in_memory() {
            return Ok(weights);
        }
        let mut file = lock(&self.weights_file.file);
        // Another thread may have read them while this one waited.
        if let Some(weights) = self.in_memory() {
            return Ok(weights);
        }
        let bytes = self.bytes_in(&mut file)?;
        let weights = decoded(&bytes, &self.arrays).map_err(|message| self.error(message))?;
        let weights = Arc::new(weights);
        lock(&self.weights_file.recent).add(self.extent.start, Arc::clone(&weights));
        Ok(weights)
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        self.bytes_in(&mut lock(&self.weights_file.file))
    }

    fn note_copy(&self, path: &Path) {
        // One is enough.
        let _ = self.copy.set(path.to_owned());
    }
}

impl Recent {
    fn get(&mut self, start: u64) -> Option<Arc<Weights>> {
        let found = self.read.iter().position(|(of, _)| *of == start)?;
        self.read[found..].rotate_left(1);
        self.read.last().map(|(_, weights)| Arc::clone(weights))
    }

    fn add(&mut self, start: u64, weights: Arc<Weights>) {
        self.read.push((start, weights));
        while self.read.iter().map(|(_, weights)| bytes_of(weights)).sum::<usize>() > self.capacity {
            self.read.remove(0);
        }
    }
}

/// Weights with exactly these arrays.
pub(super) fn decoded(bytes: &[u8], arrays: &[PlannedArray]) -> Result<Weights, String> {
    let weights = tensors::decode_weights(bytes)?;
    weights.validate("", arrays).map(|()| weights)
}

/// Checks by its length that a file can contain these arrays, and little else.
pub(super) fn check_length(len: u64, arrays: &[PlannedArray]) -> Result<(), String> {
    let least = (count(arrays) as u64).saturating_mul(4);
    if (least..=least.saturating_add(HEADER_BYTES)).contains(&len) {
        return Ok(());
    }
    Err(format!("it has {len} bytes, but the weights of its design need at least {least}"))
}

fn count(arrays: &[PlannedArray]) -> usize {
    let counts = arrays.iter().map(|array| array.shape.iter().copied().fold(1, usize::saturating_mul));
    counts.fold(0, usize::saturating_add)
}

fn bytes_of(weights: &Weights) -> usize {
    weights.len().saturating_mul(size_of::<f32>())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Array;

    #[test]
    fn what_was_used_last_stays_in_memory_within_its_bound() {
        // 40 bytes each, in 100.
        let array = || Array { shape: vec![10], values: vec![0.0; 10] };
        let weights = || Arc::new(Weights([("code.weight".to_owned(), array())].into()));
        let mut recent = Recent { capacity: 100, read: Vec::new() };
        let held = |recent: &Recent| recent.read.iter().map(|(start, _)| *start).collect::<Vec<_>>();
        recent.add(1, weights());
        recent.add(2, weights());
        assert!(recent.get(1).is_some() && recent.get(3).is_none());
        assert_eq!(held(&recent), [2, 1]);
        recent.add(3, weights());
        assert_eq!(held(&recent), [1, 3], "2 was used before 1");
        let large = Array { shape: vec![26], values: vec![0.0; 26] };
        recent.add(4, Arc::new(Weights([("code.weight".to_owned(), large)].into())));
        assert_eq!(held(&recent), [0; 0], "104 bytes do not fit");
    }

    #[test]
    fn only_a_file_as_long_as_its_arrays_may_hold_them() {
        let arrays = [PlannedArray { name: "code.weight".to_owned(), shape: vec![3, 5], is_learned: true }];
        for (len, fits) in [(0, false), (59, false), (60, true), (200, true), (61 + (16 << 20), false)] {
            assert_eq!(check_length(len, &arrays).is_ok(), fits, "{len}");
        }
        let endless = PlannedArray { shape: vec![usize::MAX, 2], ..arrays[0].clone() };
        assert!(check_length(1 << 40, &[endless]).is_err());
    }
}
