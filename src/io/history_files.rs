//! The history of a run in files: records of fixed width, so that a million epochs take tens of
//! megabytes.
//!
//! - `history.bin`: one [`EpochRecord`] per record; its header names the loss terms
//! - `layers.bin`: one [`GreedyRecord`] per record
//! - `history.ronl`: one [`EpochRecord`] per line, as written before version 4; these precede those
//!   of `history.bin`
//!
//! A record of `history.bin`, all little-endian: epoch `u32`, step `u64`, MSE `f64`, learning rate
//! `f32`, seconds `f64`, 1 with validation or else 0 `u32`, the training losses in the order of the
//! header's names `f64` each, as many validation losses, and a checksum `u32`. The header: 8 bytes
//! that identify the file, length of a record without its checksum `u32`, length of the text `u32`,
//! and the text, a list of the names.

use serde::Deserialize;

use super::FileError;
use super::record_log::{Fields, Form, append_checksum, read};
use super::run_files::Folder;
use crate::run::{EpochRecord, GreedyRecord, History, Losses, Terms};

/// Records of epochs.
pub(super) const HISTORY: &str = "history.bin";
/// Records of epochs of single layers.
pub(super) const LAYERS: &str = "layers.bin";
const OLD_HISTORY: &str = "history.ronl";
/// Bytes of an epoch's record besides the loss terms: epoch, step, MSE, learning rate, seconds, and
/// whether it has validation losses.
const EPOCH_BYTES: usize = 36;
/// Bytes of a layer's record: layer, epoch, error, seconds.
const LAYER_BYTES: usize = 24;
/// More unreadable lines than crashes could have truncated.
const MOST_TORN: usize = 1000;

/// The form of records of epochs with these loss terms.
fn epoch_form(terms: &Terms) -> Result<Form, String> {
    let text = ron::to_string(terms).map_err(|error| error.to_string())?;
    Ok(Form::new(&text, epoch_width(terms)))
}

fn epoch_width(terms: &Terms) -> usize {
    EPOCH_BYTES + 16 * terms.names().len()
}

fn layer_form() -> Form {
    Form::new("layer, epoch, error, seconds", LAYER_BYTES)
}

/// Epochs as records, and their form; `None` if there is no epoch.
///
/// # Errors
/// If the names of the loss terms cannot be written.
pub(super) fn epoch_records<'a>(
    epochs: impl IntoIterator<Item = &'a EpochRecord>,
) -> Result<Option<(Form, Vec<u8>)>, String> {
    let mut epochs = epochs.into_iter().peekable();
    let Some(terms) = epochs.peek().map(|first| first.train.terms().clone()) else { return Ok(None) };
    let mut bytes = Vec::new();
    for record in epochs {
        let start = bytes.len();
        let &EpochRecord { epoch, step, ref train, ref validation, mse, learning_rate, seconds } = record;
        bytes.extend(epoch.to_le_bytes());
        bytes.extend(step.to_le_bytes());
        bytes.extend(mse.to_le_bytes());
        bytes.extend(learning_rate.to_le_bytes());
        bytes.extend(seconds.to_le_bytes());
        bytes.extend(u32::from(validation.is_some()).to_le_bytes());
        for losses in [Some(train), validation.as_ref()] {
            let values = losses.into_iter().flat_map(Losses::values).chain(std::iter::repeat(0.0));
            bytes.extend(values.take(terms.names().len()).flat_map(f64::to_le_bytes));
        }
        append_checksum(&mut bytes, start);
    }
    Ok(Some((epoch_form(&terms)?, bytes)))
}

/// Epochs of single layers as records, and their form.
pub(super) fn layer_records<'a>(records: impl IntoIterator<Item = &'a GreedyRecord>) -> (Form, Vec<u8>) {
    let mut bytes = Vec::new();
    for &GreedyRecord { layer, epoch, error, seconds } in records {
        let start = bytes.len();
        bytes.extend(layer.to_le_bytes());
        bytes.extend(epoch.to_le_bytes());
        bytes.extend(error.to_le_bytes());
        bytes.extend(seconds.to_le_bytes());
        append_checksum(&mut bytes, start);
    }
    (layer_form(), bytes)
}

/// The history's files as in a project file, with their names.
///
/// # Errors
/// If the names of the loss terms cannot be written.
pub(super) fn each_file<E: From<String>>(
    history: &History,
    mut put: impl FnMut(&str, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    if let Some((form, records)) = epoch_records(history.epochs.iter())? {
        put(HISTORY, &[form.header(), &records].concat())?;
    }
    if !history.pretraining.is_empty() {
        let (form, records) = layer_records(history.pretraining.iter());
        put(LAYERS, &[form.header(), &records].concat())?;
    }
    Ok(())
}

/// Reads the history in a run's folder `base`, with the given names of loss terms. Records
/// truncated by a crash are skipped.
///
/// # Errors
/// [`FileError`] with the unusable file; `history` may then contain a part.
pub(super) fn read_history(
    files: &mut dyn Folder,
    base: &str,
    history: &mut History,
) -> Result<(), FileError> {
    let name = format!("{base}{OLD_HISTORY}");
    if let Some(text) = files.read_text(&name)? {
        read_lines(&text, history).map_err(|message| FileError::content(files.path(), name, message))?;
    }
    let name = format!("{base}{HISTORY}");
    if let Some(bytes) = files.read(&name)? {
        read_epochs(&bytes, history).map_err(|message| FileError::content(files.path(), name, message))?;
    }
    let name = format!("{base}{LAYERS}");
    if let Some(bytes) = files.read(&name)? {
        read_layers(&bytes, history).map_err(|message| FileError::content(files.path(), name, message))?;
    }
    Ok(())
}

fn read_epochs(bytes: &[u8], history: &mut History) -> Result<(), String> {
    let (text, width, records) = read(bytes)?;
    let terms: Terms = ron::from_str(text).map_err(|error| error.code.to_string())?;
    let count = terms.names().len();
    if count != history.terms.names().len() || width != epoch_width(&terms) {
        return Err("its loss terms are not those of the run".to_owned());
    }
    let terms = history.terms.clone();
    history.add_epochs(records.filter_map(|record| {
        let mut fields = Fields(record);
        let (epoch, step, mse) = (fields.u32(), fields.u64(), fields.f64());
        let (learning_rate, seconds) = (fields.f32(), fields.f64());
        let is_validated = fields.u32() != 0;
        let mut losses = || {
            let values: Vec<f64> = (0..count).map(|_| fields.f64()).collect();
            Losses::new(&terms, &values)
        };
        let (train, validation) = (losses()?, losses().filter(|_| is_validated));
        Some(EpochRecord { epoch, step, train, validation, mse, learning_rate, seconds })
    }));
    Ok(())
}

fn read_layers(bytes: &[u8], history: &mut History) -> Result<(), String> {
    let (_, width, records) = read(bytes)?;
    if width != LAYER_BYTES {
        return Err("its records have another format".to_owned());
    }
    history.add_greedy(records.map(|record| {
        let mut fields = Fields(record);
        let (layer, epoch) = (fields.u32(), fields.u32());
        GreedyRecord { layer, epoch, error: fields.f64(), seconds: fields.f64() }
    }));
    Ok(())
}

/// One line of `history.ronl`. The names of the loss terms are stored once in the run.
#[derive(Deserialize)]
struct Line {
    epoch: u32,
    step: u64,
    train: Vec<f64>,
    /// Empty without a validation split.
    validation: Vec<f64>,
    mse: f64,
    learning_rate: f32,
    seconds: f64,
}

impl Line {
    /// The record, if it has a value for each term.
    fn record(self, terms: &Terms) -> Option<EpochRecord> {
        let Line { epoch, step, train, validation, mse, learning_rate, seconds } = self;
        let train = Losses::new(terms, &train)?;
        let validation = if validation.is_empty() { None } else { Some(Losses::new(terms, &validation)?) };
        Some(EpochRecord { epoch, step, train, validation, mse, learning_rate, seconds })
    }
}

/// Unreadable lines were truncated by a crash and are skipped.
fn read_lines(text: &str, history: &mut History) -> Result<(), String> {
    let mut torn = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let record = ron::from_str::<Line>(line).ok().and_then(|line| line.record(&history.terms));
        torn += usize::from(record.is_none());
        if torn > MOST_TORN {
            return Err(format!("more than {MOST_TORN} of its lines are damaged"));
        }
        history.add_epochs(record);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms::new(["reconstruction".to_owned()])
    }

    fn record(epoch: u32, mse: f64) -> EpochRecord {
        let losses = |value| Losses::new(&terms(), &[value, f64::INFINITY]);
        EpochRecord {
            epoch,
            step: u64::from(epoch) * 10,
            train: losses(1.0 / 3.0).expect("two terms"),
            validation: losses(-0.0).filter(|_| epoch != 2),
            mse,
            learning_rate: 0.1,
            seconds: 1e-9,
        }
    }

    fn file(records: &[EpochRecord]) -> Vec<u8> {
        let (form, bytes) = epoch_records(records).expect("encodes").expect("epochs");
        [form.header(), &bytes].concat()
    }

    fn check(bytes: &[u8], expected: &[EpochRecord]) {
        let mut history = History { terms: terms(), ..History::default() };
        read_epochs(bytes, &mut history).expect("reads");
        assert_eq!(Vec::from(history.epochs), expected);
    }

    #[test]
    fn epochs_are_restored_and_repeated_ones_replace_the_old() {
        let epochs = [record(1, 0.1), record(2, f64::NEG_INFINITY), record(3, 5e-324)];
        check(&file(&epochs), &epochs);
        let again = [1, 2, 3, 2].map(|epoch| record(epoch, 0.0));
        check(&file(&again), &again[..2]);
        let bytes = file(&[record(1, f64::NAN)]);
        let mut history = History { terms: terms(), ..History::default() };
        read_epochs(&bytes, &mut history).expect("reads");
        assert!(history.epochs.first().is_some_and(|record| record.mse.is_nan()));
        assert!(read_epochs(&bytes, &mut History::default()).is_err(), "another run's");
    }

    #[test]
    fn epochs_of_layers_are_restored() {
        let records = [(1, 1), (1, 2), (2, 1)].map(|(layer, epoch)| GreedyRecord {
            layer,
            epoch,
            error: f64::from(epoch) / 3.0,
            seconds: 0.1,
        });
        let (form, bytes) = layer_records(&records);
        let mut history = History::default();
        read_layers(&[form.header(), &bytes].concat(), &mut history).expect("reads");
        assert_eq!(Vec::from(history.pretraining), records);
    }

    #[test]
    fn lines_of_earlier_versions_are_read_and_torn_ones_left_out() {
        let line = |epoch| {
            format!(
                "\n(epoch:{epoch},step:10,train:[0.5,inf],validation:[],mse:NaN,learning_rate:0.1,seconds:1e-9)"
            )
        };
        let text = line(1) + &line(2);
        let epochs = |text: &str| {
            let mut history = History { terms: terms(), ..History::default() };
            read_lines(text, &mut history).map(|()| history.epochs.len())
        };
        assert_eq!(epochs(&text), Ok(2));
        for cut in text.rfind('\n').expect("two lines")..text.len() {
            assert_eq!(epochs(&text[..cut]), Ok(1), "{cut}");
        }
        assert_eq!(epochs(&format!("{}{}", &text[..text.len() - 3], line(2))), Ok(2));
        assert!(epochs(&"x\n".repeat(2000)).is_err(), "nobody waits for millions of them");
    }
}
