//! Writing runs to the live store during training.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Store, names_in};
use crate::io::checkpoint_files::encode_checkpoint;
use crate::io::history_files::{HISTORY, LAYERS, epoch_records, layer_records};
use crate::io::record_log::Form;
use crate::io::{Durability, FileError, results_file, run_files, tensors};
use crate::run::{
    Caption, Checkpoint, EpochRecord, GreedyRecord, KeptEpochs, LazyWeights, Results, Run, RunEvent, RunId,
};

impl Store {
    /// Stores the changes of an event that the run has already applied. Changes that are not stored
    /// immediately are stored with the next checkpoint.
    ///
    /// # Errors
    /// [`FileError`]; the stored state is then unchanged.
    pub fn record(&self, run: &Run, event: &RunEvent) -> Result<(), FileError> {
        match event {
            RunEvent::Status(_) => self.save_run(run),
            RunEvent::Epochs(records) => self.append_epochs(run.id, records),
            RunEvent::Greedy(records) => self.append_greedy(run.id, records),
            RunEvent::Checkpoint(checkpoint) => {
                self.save_checkpoint(run.id, checkpoint)?;
                self.save_kept(run.id, &run.kept)?;
                self.save_run(run)
            }
            RunEvent::Found(_) | RunEvent::Dropped(_) | RunEvent::Captioned(_) => {
                self.save_results(run.id, &run.caption, &run.results)
            }
            RunEvent::Terms(_)
            | RunEvent::Probe(_)
            | RunEvent::Progress(_)
            | RunEvent::Kept(..)
            | RunEvent::Health(_)
            | RunEvent::Edited(_)
            | RunEvent::Restarted(_)
            | RunEvent::Baseline(_)
            | RunEvent::Located(..) => Ok(()),
        }
    }

    /// Stores a run and its state: everything except its epochs, its checkpoint and its kept
    /// epochs.
    ///
    /// # Errors
    /// [`FileError`]; the stored state is then unchanged.
    pub fn save_run(&self, run: &Run) -> Result<(), FileError> {
        // The document may be stored later: until then the run represents it.
        let _mark = self.clear_saved_mark()?;
        let text = run_files::run_text(run);
        self.write_of(run.id, run_files::RUN, text.map(String::into_bytes))
    }

    /// Stores the caption and the results of a run in a file that nothing else writes, so that it
    /// may be written during training. A run that is not stored has no such file.
    ///
    /// # Errors
    /// [`FileError`]; the stored state is then unchanged.
    pub fn save_results(&self, id: RunId, caption: &Caption, results: &Results) -> Result<(), FileError> {
        if !self.inner.dir.join(run_files::folder(id)).join(run_files::RUN).exists() {
            return Ok(());
        }
        let path = self.file_of(id, results_file::RESULTS)?;
        let text = results_file::text(caption, results);
        let text = text.map_err(|message| FileError::content(&path, "its content", message))?;
        let _mark = self.clear_saved_mark()?;
        match text {
            Some(text) => self.write_path(&path, Durability::Synced, Ok(text.into_bytes())),
            None => self.inner.files.remove_file(&path),
        }
    }

    /// Stores a whole run that was opened from a file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn import_run(&self, run: &Run) -> Result<(), FileError> {
        self.remove_run(run.id)?;
        self.save_run(run)?;
        self.save_results(run.id, &run.caption, &run.results)?;
        self.append_epochs(run.id, run.history.epochs.iter())?;
        self.append_greedy(run.id, run.history.pretraining.iter())?;
        if let Some(checkpoint) = &run.checkpoint {
            self.save_checkpoint(run.id, checkpoint)?;
        }
        self.save_kept(run.id, &run.kept)
    }

    /// Appends finished epochs to a run. Fast, but a crash may lose the newest, which training from
    /// the checkpoint reproduces.
    ///
    /// # Errors
    /// [`FileError`]; a half-written record is skipped when read.
    pub fn append_epochs<'a>(
        &self,
        id: RunId,
        epochs: impl IntoIterator<Item = &'a EpochRecord>,
    ) -> Result<(), FileError> {
        let path = self.file_of(id, HISTORY)?;
        let records = epoch_records(epochs);
        match records.map_err(|message| FileError::content(&path, "a record", message))? {
            Some((form, records)) => self.append_records(&path, &form, &records),
            None => Ok(()),
        }
    }

    /// Appends finished epochs of single layers to a run, like [`Store::append_epochs`].
    ///
    /// # Errors
    /// [`FileError`]; a half-written record is skipped when read.
    pub fn append_greedy<'a>(
        &self,
        id: RunId,
        epochs: impl IntoIterator<Item = &'a GreedyRecord>,
    ) -> Result<(), FileError> {
        let (form, records) = layer_records(epochs);
        if records.is_empty() {
            return Ok(());
        }
        self.append_records(&self.file_of(id, LAYERS)?, &form, &records)
    }

    fn append_records(&self, path: &Path, form: &Form, records: &[u8]) -> Result<(), FileError> {
        let (start, len) = start_of(path, form.header().len())?;
        let bytes = form.continued(&start, len, records);
        let bytes = bytes.map_err(|message| FileError::content(path, "its beginning", message))?;
        let _mark = self.clear_saved_mark()?;
        self.inner.files.append(path, &bytes)
    }

    /// Replaces a run's checkpoint; it survives a power failure, and so do the epochs before it.
    ///
    /// # Errors
    /// [`FileError`]; the previous checkpoint is then unchanged.
    pub fn save_checkpoint(&self, id: RunId, checkpoint: &Checkpoint) -> Result<(), FileError> {
        for history in [HISTORY, LAYERS] {
            self.inner.files.sync(&self.file_of(id, history)?)?;
        }
        let bytes = encode_checkpoint(checkpoint);
        let _mark = self.clear_saved_mark()?;
        self.write_of(id, run_files::CHECKPOINT, bytes)
    }

    /// Makes the kept epochs of a run on disk equal to these: writes the newest and any missing
    /// one, removes dropped ones.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn save_kept(&self, id: RunId, kept: &KeptEpochs) -> Result<(), FileError> {
        let _mark = self.clear_saved_mark()?;
        let probe = self.file_of(id, run_files::PROBE)?;
        if !probe.exists() {
            let text = run_files::probe_text(&kept.probe);
            self.write_path(&probe, Durability::Fast, text.map(String::into_bytes))?;
        }
        let folder = self.inner.dir.join(run_files::folder(id)).join("kept");
        self.inner.files.create_dir(&folder)?;
        let mut old = names_in(&folder);
        let newest = kept.newest().map(|kept| kept.epoch);
        let base = self.inner.dir.join(run_files::folder(id));
        let mut is_there = |path: &Path| {
            let known = path.file_name().and_then(|name| old.iter().position(|old| name == old.as_str()));
            known.map(|known| old.swap_remove(known)).is_some()
        };
        for one in kept.iter() {
            let (epoch, is_newest) = (one.epoch, Some(one.epoch) == newest);
            let path = base.join(run_files::kept_name(epoch));
            if !is_there(&path) || is_newest {
                self.write_path(&path, Durability::Fast, tensors::encode_kept(one))?;
            }
            // A crash may lose those that will be dropped: in an hour they would be tens of
            // gigabytes.
            let lasts = KeptEpochs::stays(epoch) || is_newest;
            let Some(weights) = kept.weights(epoch).filter(|_| lasts) else { continue };
            let path = base.join(run_files::kept_weights_name(epoch));
            let is_known = is_there(&path);
            match weights {
                LazyWeights::Memory(weights) if !is_known || is_newest => {
                    self.write_path(&path, Durability::Fast, tensors::encode_weights(weights))?;
                }
                LazyWeights::Stored(stored) if !is_known => match stored.bytes() {
                    Ok(bytes) => {
                        self.write_path(&path, Durability::Fast, Ok(bytes))?;
                        stored.note_copy(&path);
                    }
                    // Users of them get an error.
                    Err(error) => log::warn!("{error}"),
                },
                LazyWeights::Memory(_) | LazyWeights::Stored(_) => {}
            }
        }
        for name in old {
            self.inner.files.remove_file(&folder.join(name))?;
        }
        Ok(())
    }

    /// Removes a run.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn remove_run(&self, id: RunId) -> Result<(), FileError> {
        let dir = self.inner.dir.join(run_files::folder(id));
        self.inner.files.remove_dir(&dir)
    }

    /// Path of a run's file; its folder is created.
    pub(super) fn file_of(&self, id: RunId, name: &str) -> Result<PathBuf, FileError> {
        let dir = self.inner.dir.join(run_files::folder(id));
        self.inner.files.create_dir(&dir)?;
        Ok(dir.join(name))
    }

    fn write_of(&self, id: RunId, name: &str, bytes: Result<Vec<u8>, String>) -> Result<(), FileError> {
        let path = self.file_of(id, name)?;
        self.write_path(&path, Durability::Synced, bytes)
    }
}

/// The first bytes of a file, at most `most`, and its length; empty for a missing file.
fn start_of(path: &Path, most: usize) -> Result<(Vec<u8>, u64), FileError> {
    let read = || -> std::io::Result<(Vec<u8>, u64)> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut start = Vec::new();
        file.take(most as u64).read_to_end(&mut start)?;
        Ok((start, len))
    };
    match read() {
        Ok(found) => Ok(found),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((Vec::new(), 0)),
        Err(error) => Err(FileError::read(path, &error)),
    }
}
