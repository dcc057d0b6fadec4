//! A run as a folder of named files, in the project file and in the live store.
//!
//! - `run.ron`: the [`Run`] without its epochs
//! - `results.ron`: its name, a note, and measurements: see [`super::results_file`]
//! - `history.bin`, `layers.bin`: the epochs, and those of single layers: see
//!   [`super::history_files`]
//! - `probe.ron`, `kept/EPOCH.safetensors`: the content of the replay
//! - `kept/EPOCH-weights.safetensors`: the network's weights after that epoch, if kept; earlier
//!   versions had none
//! - `checkpoint.ron`, `weights`, `optimizer`, `best`, `layer.safetensors`: the [`Checkpoint`] in a
//!   project file
//! - `checkpoint.safetensors`: the checkpoint in the live store: one file, replaced by one rename

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::checkpoint_files::{self, Numbers, NumbersError, Part};
use super::warnings::Warnings;
use super::{FileError, MergeBase, history_files, results_file, tensors};
use crate::check::PlannedArray;
use crate::project::Project;
use crate::run::{Checkpoint, KeptEpochs, LazyWeights, Probe, Records, Run, RunId, Status, Weights};

pub(super) const RUN: &str = "run.ron";
pub(super) const PROBE: &str = "probe.ron";
pub(super) const CHECKPOINT: &str = "checkpoint.safetensors";
const CHECKPOINT_NUMBERS: &str = "checkpoint.ron";

/// The content of a project file or of the live store.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The document.
    pub project: Project,
    /// Its runs, by number. None is training: a run that was training when it was written is now
    /// stopped at its last checkpoint.
    pub runs: Vec<Run>,
    /// The parts that could not be read, with their locations.
    pub warnings: Vec<String>,
    /// The file as it was read, for saving into it.
    pub base: MergeBase,
}

/// A source of named files.
pub(super) trait Folder {
    /// The file or folder on disk, for errors.
    fn path(&self) -> &Path;
    /// The bytes of one file, `None` if it does not exist.
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, FileError>;
    /// Weights with exactly these arrays; if possible, they stay in the file until they are used.
    /// `None` if there is no such file.
    fn weights(&mut self, name: &str, arrays: &Arc<[PlannedArray]>)
    -> Result<Option<LazyWeights>, FileError>;
    /// Names of all files directly below `folder`, which ends in `/`, without it.
    fn names(&self, folder: &str) -> Vec<String>;

    /// The text of one file.
    fn read_text(&mut self, name: &str) -> Result<Option<String>, FileError> {
        let Some(bytes) = self.read(name)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| FileError::content(self.path(), name, "this is not text"))?;
        Ok(Some(text))
    }
}

/// The folder of a run, with its slash.
pub(super) fn folder(id: RunId) -> String {
    format!("runs/{id}/")
}

/// The run a file of a project file belongs to, and the file's name within the run's folder.
pub(super) fn split_name(name: &str) -> Option<(RunId, &str)> {
    let (id, name) = name.strip_prefix("runs/")?.split_once('/')?;
    let number = RunId(id.parse().ok()?);
    // `+1` and `01` are other folders.
    (number.to_string() == id).then_some((number, name))
}

/// Name of a kept epoch's file, padded with zeros so that names sort like numbers.
pub(super) fn kept_name(epoch: u32) -> String {
    format!("kept/{epoch:06}.safetensors")
}

/// Name of the file with the weights after a kept epoch.
pub(super) fn kept_weights_name(epoch: u32) -> String {
    format!("kept/{epoch:06}-weights.safetensors")
}

/// The name of a file of arrays.
fn arrays_name(part: Part) -> String {
    format!("{}.safetensors", part.name())
}

/// The text of `run.ron`.
pub(super) fn run_text(run: &Run) -> Result<String, String> {
    let pretty = ron::ser::PrettyConfig::new().struct_names(true).compact_arrays(true);
    ron::ser::to_string_pretty(run, pretty).map_err(|error| error.to_string())
}

/// The text of `probe.ron`.
pub(super) fn probe_text(probe: &Probe) -> Result<String, String> {
    let text = ProbeText { picture_rows: probe.picture_rows.clone(), code_rows: probe.code_rows.clone() };
    ron::to_string(&text).map_err(|error| error.to_string())
}

/// A kept epoch whose weights could not be read and are skipped, and the reason.
pub(super) type Unread = (u32, String);

/// Every file of a run as stored in a project file, in order; created one at a time, because they
/// may be large. Returns the epochs whose weights are skipped.
pub(super) fn each_file<E: From<String>>(
    run: &Run,
    mut put: impl FnMut(&str, &[u8]) -> Result<(), E>,
) -> Result<Vec<Unread>, E> {
    put(RUN, run_text(run)?.as_bytes())?;
    if let Some(text) = results_file::text(&run.caption, &run.results)? {
        put(results_file::RESULTS, text.as_bytes())?;
    }
    history_files::each_file(&run.history, &mut put)?;
    if let Some(checkpoint) = &run.checkpoint {
        let numbers = Numbers::of(checkpoint);
        let numbers = ron::ser::to_string_pretty(&numbers, ron::ser::PrettyConfig::new());
        put(CHECKPOINT_NUMBERS, numbers.map_err(|error| error.to_string())?.as_bytes())?;
        for part in Part::ALL {
            if let Some(weights) = part.of(checkpoint) {
                put(&arrays_name(part), &tensors::encode_weights(weights)?)?;
            }
        }
    }
    put(PROBE, probe_text(&run.kept.probe)?.as_bytes())?;
    let mut unread = Vec::new();
    for kept in run.kept.iter() {
        put(&kept_name(kept.epoch), &tensors::encode_kept(kept)?)?;
        let bytes = match run.kept.weights(kept.epoch) {
            None => continue,
            Some(LazyWeights::Memory(weights)) => tensors::encode_weights(weights)?,
            Some(LazyWeights::Stored(stored)) => match stored.bytes() {
                Ok(bytes) => bytes,
                Err(reason) => {
                    unread.push((kept.epoch, reason));
                    continue;
                }
            },
        };
        put(&kept_weights_name(kept.epoch), &bytes)?;
    }
    Ok(unread)
}

/// Reads a run and checks it. As little as possible is lost by damage: a missing, damaged or
/// inconsistent file other than `run.ron` loses only its own content, with a warning.
///
/// # Errors
/// If `run.ron` itself cannot be read, or is not the description of a run.
pub(super) fn read_run(files: &mut dyn Folder, id: RunId, warnings: &mut Warnings) -> Result<Run, FileError> {
    let base = folder(id);
    let name = format!("{base}{RUN}");
    let text = files.read_text(&name)?;
    let text = text.ok_or_else(|| FileError::content(files.path(), &name, "it is missing"))?;
    let mut run: Run = parse(files.path(), &name, &text)?;
    run.id = id;
    run.validate().map_err(|message| FileError::content(files.path(), &name, message))?;

    let mut warn = |what: &str, error: FileError| warnings.push(|| format!("run {id}: {error}; {what}"));
    let layers = run.design.encoder.len() + 1;
    let history = history_files::read_history(files, &base, &mut run.history).and_then(|()| {
        let check = run.history.validate(layers);
        check.map_err(|message| {
            FileError::content(files.path(), format!("{base}{}", history_files::HISTORY), message)
        })
    });
    if let Err(error) = history {
        (run.history.epochs, run.history.pretraining) = (Records::default(), Records::default());
        warn("its loss curves are not loaded", error);
    }
    if let Err(error) = results_file::read(files, &base, &mut run) {
        warn("its name, its note and its results are not loaded", error);
    }
    match read_checkpoint(files, &base, &run) {
        Ok(checkpoint) => run.checkpoint = checkpoint.map(Arc::new),
        Err(error) => warn("it can be viewed, but not used or resumed", error),
    }
    match read_kept(files, &base, &run) {
        Ok(kept) => run.kept = kept,
        Err(error) => warn("its replay is not loaded", error),
    }
    if let Err(error) = read_kept_weights(files, &base, &mut run) {
        warn("the weights of this and later saved epochs are not loaded", error);
    }
    cut_to_checkpoint(&mut run);
    Ok(run)
}

/// A run that was just read is not in training. A resumable run is at its checkpoint, so later
/// records are cut off: training will reproduce them exactly.
fn cut_to_checkpoint(run: &mut Run) {
    if run.status.is_unfinished() {
        run.status = Status::Stopped;
    }
    if run.status == Status::Stopped && run.checkpoint.is_some() {
        run.rewind();
    } else if let Some(last) = run.history.epochs.last() {
        run.seconds = run.seconds.max(last.seconds);
    }
}

fn read_checkpoint(files: &mut dyn Folder, base: &str, run: &Run) -> Result<Option<Checkpoint>, FileError> {
    let (shape, terms) = (run.shape, &run.history.terms);
    let check = |checkpoint: Checkpoint| {
        checkpoint.validate(&run.design, run.plan().as_ref()).map(|()| Some(checkpoint))
    };
    let name = format!("{base}{CHECKPOINT}");
    if let Some(bytes) = files.read(&name)? {
        let checkpoint = checkpoint_files::decode_checkpoint(&bytes, shape, terms).and_then(check);
        return checkpoint.map_err(|message| FileError::content(files.path(), name, message));
    }
    let name = format!("{base}{CHECKPOINT_NUMBERS}");
    let Some(text) = files.read_text(&name)? else {
        // Weights are never written without it.
        let is_lost = files.names(base).iter().any(|name| *name == arrays_name(Part::Weights));
        return if is_lost { Err(FileError::content(files.path(), name, "it is missing")) } else { Ok(None) };
    };
    let mut numbers = Numbers::parse(&text, shape, terms).map_err(|error| match error {
        NumbersError::Text(error) => not_ron(files.path(), &name, &error),
        NumbersError::Version(message) => FileError::content(files.path(), &name, message),
    })?;
    for part in Part::ALL {
        if let Some(weights) = part.of_mut(&mut numbers.checkpoint) {
            *weights = read_weights(files, base, &arrays_name(part))?;
        }
    }
    check(numbers.finish()).map_err(|message| FileError::content(files.path(), name, message))
}

fn read_weights(files: &mut dyn Folder, base: &str, name: &str) -> Result<Weights, FileError> {
    let name = format!("{base}{name}");
    let bytes = files.read(&name)?;
    let bytes = bytes.ok_or_else(|| FileError::content(files.path(), &name, "it is missing"))?;
    tensors::decode_weights(&bytes).map_err(|message| FileError::content(files.path(), name, message))
}

fn read_kept(files: &mut dyn Folder, base: &str, run: &Run) -> Result<KeptEpochs, FileError> {
    let name = format!("{base}{PROBE}");
    let Some(text) = files.read_text(&name)? else {
        return Ok(KeptEpochs::default());
    };
    let ProbeText { picture_rows, code_rows } = parse(files.path(), &name, &text)?;
    let probe = Probe { picture_rows, code_rows };
    probe.validate().map_err(|message| FileError::content(files.path(), &name, message))?;
    let mut kept = KeptEpochs::new(Arc::new(probe));
    let (units, features) = (run.code_units(), run.shape.features());
    let mut epochs: Vec<u32> = files
        .names(&format!("{base}kept/"))
        .iter()
        .filter_map(|name| name.strip_suffix(".safetensors")?.parse().ok())
        .collect();
    epochs.sort_unstable();
    epochs.dedup();
    for epoch in epochs {
        let name = format!("{base}{}", kept_name(epoch));
        let Some(bytes) = files.read(&name)? else {
            continue;
        };
        let one = tensors::decode_kept(epoch, &bytes)
            .and_then(|one| one.validate(&kept.probe, units, features).map(|()| one))
            .map_err(|message| FileError::content(files.path(), &name, message))?;
        kept.push(Arc::new(one));
    }
    Ok(kept)
}

/// Finds the weights of the kept epochs, which are read when they are needed.
fn read_kept_weights(files: &mut dyn Folder, base: &str, run: &mut Run) -> Result<(), FileError> {
    let Some(plan) = run.plan() else { return Ok(()) };
    let arrays: Arc<[PlannedArray]> = plan.arrays().into();
    let epochs: Vec<u32> = run.kept.iter().map(|kept| kept.epoch).collect();
    for epoch in epochs {
        let name = format!("{base}{}", kept_weights_name(epoch));
        if let Some(weights) = files.weights(&name, &arrays)? {
            run.kept.push_weights(epoch, weights);
        }
    }
    Ok(())
}

/// Parses RON; errors have a location.
pub(super) fn parse<T: serde::de::DeserializeOwned>(
    path: &Path,
    name: &str,
    text: &str,
) -> Result<T, FileError> {
    ron::from_str(text).map_err(|error| not_ron(path, name, &error))
}

/// The error for a text that is not valid RON, with its location.
fn not_ron(path: &Path, name: &str, error: &ron::error::SpannedError) -> FileError {
    let place = format!("{name}, line {}, column {}", error.span.start.line, error.span.start.col);
    FileError::content(path, place, error.code.to_string())
}

#[derive(Serialize, Deserialize)]
struct ProbeText {
    picture_rows: Vec<u32>,
    code_rows: Vec<u32>,
}
