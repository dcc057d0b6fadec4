//! Simulated disk failures, for tests.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::NamedTempFile;

use super::Files;

/// How every write fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full after this many bytes of each write.
    DiskFull {
        /// Bytes that still fit.
        after_bytes: u64,
    },
    /// The disk can only be read.
    ReadOnly,
    /// Permission denied.
    Denied,
    /// Data appended to a file cannot be made durable.
    NoSync,
    /// Everything can be written, but not renamed.
    NoRename,
    /// The program ends when everything is written but not yet renamed.
    Crash,
}

impl Files {
    /// From now on every write through this and its clones fails in this way; `None` ends this.
    pub fn inject(&self, fault: Option<Fault>) {
        *self.fault.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

/// The fault that one [`Files`] and its clones share.
#[derive(Clone, Debug, Default)]
pub struct Injected(Arc<Mutex<Option<Fault>>>);

impl Injected {
    /// Fails if the disk refuses any change.
    pub fn check_allowed(&self) -> io::Result<()> {
        match self.get() {
            Some(Fault::ReadOnly) => Err(ErrorKind::ReadOnlyFilesystem.into()),
            Some(Fault::Denied) => Err(ErrorKind::PermissionDenied.into()),
            Some(Fault::DiskFull { .. } | Fault::NoSync | Fault::NoRename | Fault::Crash) | None => Ok(()),
        }
    }

    /// The limit for one write.
    pub fn disk_space(&self) -> DiskSpace {
        match self.get() {
            Some(Fault::DiskFull { after_bytes }) => DiskSpace(Some(after_bytes)),
            Some(Fault::ReadOnly | Fault::Denied | Fault::NoSync | Fault::NoRename | Fault::Crash) | None => {
                DiskSpace(None)
            }
        }
    }

    /// Fails if nothing can be made durable.
    pub fn check_sync(&self) -> io::Result<()> {
        if self.get() == Some(Fault::NoSync) { Err(io::Error::other("a bad disk")) } else { Ok(()) }
    }

    /// Returns the part to be renamed, unless that fails or a crash leaves it in place.
    pub fn end(&self, part: NamedTempFile) -> io::Result<NamedTempFile> {
        match self.get() {
            Some(Fault::NoRename) => Err(ErrorKind::PermissionDenied.into()),
            Some(Fault::Crash) => {
                let (_, path) = part.keep().map_err(|error| error.error)?;
                Err(io::Error::other(format!("ended before {} was renamed", path.display())))
            }
            Some(Fault::DiskFull { .. } | Fault::ReadOnly | Fault::Denied | Fault::NoSync) | None => Ok(part),
        }
    }

    fn get(&self) -> Option<Fault> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes until the disk is full; `None` for no limit.
#[derive(Debug)]
pub struct DiskSpace(Option<u64>);

impl DiskSpace {
    /// As many of the bytes as still fit.
    pub fn take<'a>(&mut self, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        let Some(disk_space) = &mut self.0 else {
            return Ok(bytes);
        };
        let fits = bytes.len().min(usize::try_from(*disk_space).unwrap_or(usize::MAX));
        if fits == 0 && !bytes.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        *disk_space -= fits as u64;
        Ok(&bytes[..fits])
    }
}
