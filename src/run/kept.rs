use std::collections::BTreeMap;
use std::sync::Arc;

use super::LazyWeights;
use crate::check::PlannedArray;

/// Number of most recent epochs that are all kept.
const RECENT: u32 = 50;

/// The fixed samples used to watch a run: chosen once, the same in every epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probe {
    /// Rows of the data set whose pictures are kept.
    pub picture_rows: Vec<u32>,
    /// Rows of the data set whose codes are kept.
    pub code_rows: Vec<u32>,
}

/// More than any probe has samples of each kind.
const MOST_ROWS: usize = 10_000;

impl Probe {
    /// Checks a probe read from a file, as far as possible without the data.
    ///
    /// # Errors
    /// A message describing the problem.
    pub fn validate(&self) -> Result<(), String> {
        let most = self.picture_rows.len().max(self.code_rows.len());
        if most > MOST_ROWS {
            return Err(format!("it watches {most} samples, more than {MOST_ROWS}"));
        }
        Ok(())
    }

    /// The first row of the probe that data with `rows` rows do not contain.
    pub fn beyond(&self, rows: usize) -> Option<u32> {
        self.picture_rows.iter().chain(&self.code_rows).copied().find(|row| *row as usize >= rows)
    }
}

/// The outputs of one epoch for the probe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Number of the epoch, 0 for the untrained network.
    pub epoch: u32,
    /// Numbers per code.
    pub code_units: usize,
    /// Codes of [`Probe::code_rows`], row by row, `code_units` each.
    pub codes: Vec<f32>,
    /// Corrupted input of the encoder for [`Probe::picture_rows`], in units of the scaled data, row
    /// by row; empty without corruption.
    pub corrupted: Vec<f32>,
    /// Reconstructions of [`Probe::picture_rows`], in units of the scaled data, row by row.
    pub reconstructions: Vec<f32>,
}

impl Kept {
    /// Checks an epoch read from a file against the probe, the numbers per code and the features
    /// per sample.
    ///
    /// # Errors
    /// A message describing the mismatch.
    pub fn validate(&self, probe: &Probe, code_units: usize, features: usize) -> Result<(), String> {
        if self.code_units != code_units || code_units == 0 {
            return Err(format!("its codes have {} numbers, not {code_units}", self.code_units));
        }
        let pixels = probe.picture_rows.len().saturating_mul(features);
        let fits = self.codes.len() == probe.code_rows.len().saturating_mul(code_units)
            && self.reconstructions.len() == pixels
            && (self.corrupted.is_empty() || self.corrupted.len() == pixels);
        if fits { Ok(()) } else { Err("it does not fit the watched samples".to_owned()) }
    }
}

/// Kept epochs for the replay: the last 50, and older ones spaced logarithmically, at most 64 MB.
/// The network's weights are kept with them, up to 256 MB, so that large networks have weights for
/// fewer epochs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptEpochs {
    /// The watched samples.
    pub probe: Arc<Probe>,
    outputs: Thinned<Arc<Kept>>,
    weights: Thinned<LazyWeights>,
}

impl KeptEpochs {
    /// Creates an empty collection for this probe.
    pub fn new(probe: Arc<Probe>) -> KeptEpochs {
        KeptEpochs { probe, ..KeptEpochs::default() }
    }

    /// Whether an epoch is still kept once many others have followed.
    pub fn stays(epoch: u32) -> bool {
        // At least 32 of them from each epoch to twice its number.
        epoch.is_multiple_of((epoch / 32).next_power_of_two())
    }

    /// Whether the weights of a network with these arrays are kept.
    pub fn can_keep(arrays: &[PlannedArray]) -> bool {
        let values = arrays.iter().map(|array| array.shape.iter().copied().fold(1, usize::saturating_mul));
        bytes_of(values.fold(0, usize::saturating_add)) <= LazyWeights::CAPACITY_BYTES
    }

    /// Adds an epoch and removes older ones that are no longer needed.
    pub fn push(&mut self, kept: Arc<Kept>) {
        let epoch = kept.epoch;
        self.outputs.push(epoch, kept);
        // Weights from an earlier record of the epoch differ.
        let outputs = &self.outputs.by_epoch;
        self.weights.retain(|old| old != epoch && outputs.contains_key(&old));
    }

    /// Adds the network's weights after a kept epoch, the newest one with weights.
    pub fn push_weights(&mut self, epoch: u32, weights: impl Into<LazyWeights>) {
        if self.outputs.by_epoch.contains_key(&epoch) {
            self.weights.push(epoch, weights.into());
        }
    }

    /// Removes everything after an epoch.
    pub fn rewind(&mut self, last: u32) {
        self.outputs.retain(|epoch| epoch <= last);
        self.weights.retain(|epoch| epoch <= last);
    }

    /// The newest epoch.
    pub fn newest(&self) -> Option<&Arc<Kept>> {
        self.outputs.by_epoch.values().next_back()
    }

    /// The newest kept epoch that is not after `epoch`.
    pub fn at(&self, epoch: u32) -> Option<&Arc<Kept>> {
        self.outputs.by_epoch.range(..=epoch).next_back().map(|(_, kept)| kept)
    }

    /// The epoch to show when `epoch` is selected: the newest kept one that is not after it, else
    /// the oldest. With no selection, the newest of all.
    pub fn shown_at(&self, epoch: Option<u32>) -> Option<&Arc<Kept>> {
        match epoch {
            None => self.newest(),
            Some(epoch) => self.at(epoch).or_else(|| self.iter().next()),
        }
    }

    /// The network's weights after a kept epoch; `None` if none were kept, or if an earlier version
    /// kept the epoch.
    pub fn weights(&self, epoch: u32) -> Option<&LazyWeights> {
        self.weights.by_epoch.get(&epoch)
    }

    /// The kept weights closest to this epoch, with the number of their epoch, which the caller
    /// must show.
    pub fn nearest_weights(&self, epoch: u32) -> Option<(u32, &LazyWeights)> {
        let nearest = self.weights.by_epoch.iter().min_by_key(|(kept, _)| kept.abs_diff(epoch));
        nearest.map(|(kept, weights)| (*kept, weights))
    }

    /// All kept epochs, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Kept>> + DoubleEndedIterator {
        self.outputs.by_epoch.values()
    }

    /// Number of kept epochs.
    pub fn len(&self) -> usize {
        self.outputs.by_epoch.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.outputs.by_epoch.is_empty()
    }
}

/// Data kept per epoch.
trait EpochData {
    /// Maximum size of all epochs together, in bytes.
    const CAPACITY_BYTES: usize;
    /// Number of epochs that are kept at any size.
    const LEAST: usize;

    fn bytes(&self) -> usize;
}

impl EpochData for Arc<Kept> {
    const CAPACITY_BYTES: usize = 64 << 20;
    // The first and the newest.
    const LEAST: usize = 2;

    fn bytes(&self) -> usize {
        bytes_of(self.codes.len() + self.corrupted.len() + self.reconstructions.len())
    }
}

/// Weights in a file count too: they take the same space there.
impl EpochData for LazyWeights {
    const CAPACITY_BYTES: usize = 256 << 20;
    const LEAST: usize = 0;

    fn bytes(&self) -> usize {
        bytes_of(self.count())
    }
}

fn bytes_of(values: usize) -> usize {
    values.saturating_mul(size_of::<f32>())
}

/// Data of each kept epoch, within a memory limit.
#[derive(Clone, Debug, PartialEq)]
struct Thinned<T> {
    by_epoch: BTreeMap<u32, T>,
    bytes: usize,
}

impl<T> Default for Thinned<T> {
    fn default() -> Self {
        Thinned { by_epoch: BTreeMap::new(), bytes: 0 }
    }
}

impl<T: EpochData> Thinned<T> {
    /// Adds the data of an epoch and removes older ones that are no longer needed.
    fn push(&mut self, newest: u32, one: T) {
        self.bytes += one.bytes();
        if let Some(old) = self.by_epoch.insert(newest, one) {
            self.bytes -= old.bytes();
        }
        self.retain(|epoch| is_wanted(epoch, newest));
        while self.bytes > T::CAPACITY_BYTES && self.by_epoch.len() > T::LEAST {
            let epochs: Vec<u32> = self.by_epoch.keys().copied().collect();
            let drop: Vec<u32> = match epochs.len() {
                0 | 1 => epochs,
                2 => vec![epochs[0]],
                // Every second epoch of the older half is removed, so that the others are still
                // spread over the whole run.
                len => epochs[1..len.div_ceil(2)].iter().step_by(2).copied().collect(),
            };
            self.retain(|epoch| !drop.contains(&epoch));
        }
    }

    fn retain(&mut self, wanted: impl Fn(u32) -> bool) {
        let bytes = &mut self.bytes;
        self.by_epoch.retain(|&epoch, kept| {
            let stays = wanted(epoch);
            if !stays {
                *bytes -= kept.bytes();
            }
            stays
        });
    }
}

/// Whether an epoch is kept: recent epochs always, older ones on a grid that gets coarser in
/// proportion to the epoch number, because most is learned in the first epochs.
fn is_wanted(epoch: u32, newest: u32) -> bool {
    newest - epoch.min(newest) < RECENT || KeptEpochs::stays(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Array, Weights};

    fn filled(epochs: u32, floats: usize) -> KeptEpochs {
        let mut kept = KeptEpochs::default();
        for epoch in 0..=epochs {
            kept.push(Arc::new(Kept { epoch, codes: vec![0.0; floats], ..Kept::default() }));
        }
        kept
    }

    #[test]
    fn the_last_fifty_epochs_are_kept_and_older_ones_thinned_out() {
        let kept = filled(2000, 10);
        let epochs: Vec<u32> = kept.iter().map(|kept| kept.epoch).collect();
        assert_eq!(epochs[0], 0);
        assert!((1951..=2000).all(|epoch| epochs.contains(&epoch)));
        assert!(epochs.len() < 300, "{} epochs kept", epochs.len());
        assert!((0..=32).all(|epoch| epochs.contains(&epoch)), "the first epochs are where most is learned");
        let widest = epochs.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(widest <= Some(128), "{widest:?}");
    }

    #[test]
    fn memory_is_capped() {
        let kept = filled(300, 1 << 19); // 2 MB each
        let bytes: usize = kept.iter().map(EpochData::bytes).sum();
        assert!(bytes <= Arc::<Kept>::CAPACITY_BYTES && bytes == kept.outputs.bytes, "{bytes}");
        assert_eq!(kept.newest().map(|kept| kept.epoch), Some(300));
        assert_eq!(kept.at(0).map(|kept| kept.epoch), Some(0));
    }

    /// Keeps weights of this many values with each of some epochs. Returns the epochs that still
    /// have theirs.
    fn with_weights(epochs: u32, values: usize) -> (KeptEpochs, Vec<u32>) {
        let array = Array { shape: vec![values], values: vec![0.0; values] };
        let weights = Arc::new(Weights([("code.weight".to_owned(), array)].into()));
        let mut kept = KeptEpochs::default();
        for epoch in 0..=epochs {
            kept.push(Arc::new(Kept { epoch, ..Kept::default() }));
            kept.push_weights(epoch, Arc::clone(&weights));
        }
        let with_weights = kept.weights.by_epoch.keys().copied().collect();
        (kept, with_weights)
    }

    #[test]
    fn weights_of_kept_epochs_have_their_own_memory_cap() {
        // All share one array, so that the test needs little memory: 2 kB, 16 MB, 120 MB, 200 MB
        // and 300 MB each.
        let (kept, small) = with_weights(300, 500);
        assert_eq!(small, kept.iter().map(|kept| kept.epoch).collect::<Vec<_>>());
        let (kept, some) = with_weights(40, 4 << 20);
        assert_eq!(kept.len(), 41, "the replay is whole");
        assert!(some.len() <= 16 && some[0] == 0 && some.ends_with(&[38, 39, 40]), "{some:?}");
        assert_eq!(with_weights(40, 30 << 20).1, [0, 40]);
        assert_eq!(with_weights(40, 50 << 20).1, [40]);
        assert_eq!(with_weights(40, 75 << 20).1, [0; 0]);
        let array = |len| PlannedArray { name: String::new(), shape: vec![1 << 20, len], is_learned: true };
        assert!(KeptEpochs::can_keep(&[array(60), array(4)]));
        assert!(!KeptEpochs::can_keep(&[array(60), array(5)]));
        assert!(!KeptEpochs::can_keep(&[array(usize::MAX)]));
    }

    #[test]
    fn an_epoch_without_weights_uses_the_nearest_ones() {
        let (mut kept, _) = with_weights(4, 3);
        kept.push(Arc::new(Kept { epoch: 4, ..Kept::default() }));
        kept.push(Arc::new(Kept { epoch: 9, ..Kept::default() }));
        assert!(kept.weights(3).is_some() && kept.weights(4).is_none(), "another look, without weights");
        let nearest = |kept: &KeptEpochs, epoch| kept.nearest_weights(epoch).map(|(epoch, _)| epoch);
        assert_eq!([0, 2, 4, 9].map(|epoch| nearest(&kept, epoch)), [Some(0), Some(2), Some(3), Some(3)]);
        kept.rewind(1);
        assert_eq!((kept.len(), nearest(&kept, 9)), (2, Some(1)));
        assert_eq!(nearest(&filled(3, 1), 3), None);
    }
}
