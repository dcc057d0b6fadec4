use std::collections::BTreeMap;
use std::sync::Arc;

/// Most bytes a run keeps for its replay.
const CAPACITY_BYTES: usize = 64 << 20;
/// Epochs of which every one is kept, counted back from the newest.
const RECENT: u32 = 50;

/// The fixed samples a run is watched by: chosen once, the same at every epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probe {
    /// Rows of the data set whose pictures are kept.
    pub picture_rows: Vec<u32>,
    /// Rows of the data set whose codes are kept.
    pub code_rows: Vec<u32>,
}

/// More samples of each kind than a run is watched by.
const MOST_ROWS: usize = 10_000;

impl Probe {
    /// Checks a probe that was read, as far as that can be done without the data.
    ///
    /// # Errors
    /// A message with what is wrong.
    pub fn validate(&self) -> Result<(), String> {
        let most = self.picture_rows.len().max(self.code_rows.len());
        if most > MOST_ROWS {
            return Err(format!("it watches {most} samples, more than {MOST_ROWS}"));
        }
        Ok(())
    }

    /// A row that data of `rows` rows do not have.
    pub fn beyond(&self, rows: usize) -> Option<u32> {
        self.picture_rows.iter().chain(&self.code_rows).copied().find(|row| *row as usize >= rows)
    }
}

/// What one epoch showed of the probe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Number of the epoch, 0 for the untrained network.
    pub epoch: u32,
    /// Numbers per code.
    pub code_units: usize,
    /// Codes of [`Probe::code_rows`], row by row, `code_units` each.
    pub codes: Vec<f32>,
    /// What the encoder saw of [`Probe::picture_rows`], in units of the scaled data, row by row; empty where nothing is corrupted.
    pub corrupted: Vec<f32>,
    /// Reconstructions of [`Probe::picture_rows`], in units of the scaled data, row by row.
    pub reconstructions: Vec<f32>,
}

impl Kept {
    /// Checks an epoch that was read against the probe, the numbers per code and the features of a sample.
    ///
    /// # Errors
    /// A message with what does not fit.
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

    fn bytes(&self) -> usize {
        4 * (self.codes.len() + self.corrupted.len() + self.reconstructions.len())
    }
}

/// Kept epochs for the replay: the last 50, older ones log-spaced, at most 64 MB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptEpochs {
    /// The samples watched.
    pub probe: Arc<Probe>,
    by_epoch: BTreeMap<u32, Arc<Kept>>,
    bytes: usize,
}

impl KeptEpochs {
    /// Nothing kept yet, for this probe.
    pub fn new(probe: Arc<Probe>) -> KeptEpochs {
        KeptEpochs { probe, ..KeptEpochs::default() }
    }

    /// Adds an epoch and lets go of older ones that are no longer wanted.
    pub fn push(&mut self, kept: Arc<Kept>) {
        let newest = kept.epoch;
        self.bytes += kept.bytes();
        if let Some(old) = self.by_epoch.insert(newest, kept) {
            self.bytes -= old.bytes();
        }
        self.retain(|epoch| is_wanted(epoch, newest));
        while self.bytes > CAPACITY_BYTES && self.by_epoch.len() > 2 {
            // Every second of the older half goes, so that what stays is still spread over the whole run.
            let epochs: Vec<u32> = self.by_epoch.keys().copied().collect();
            let half = epochs.len().div_ceil(2).max(2);
            let drop: Vec<u32> = epochs[1..half].iter().step_by(2).copied().collect();
            self.retain(|epoch| !drop.contains(&epoch));
        }
    }

    /// The newest epoch.
    pub fn newest(&self) -> Option<&Arc<Kept>> {
        self.by_epoch.values().next_back()
    }

    /// The newest kept epoch that is not after `epoch`.
    pub fn at(&self, epoch: u32) -> Option<&Arc<Kept>> {
        self.by_epoch.range(..=epoch).next_back().map(|(_, kept)| kept)
    }

    /// All kept epochs, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Kept>> + DoubleEndedIterator {
        self.by_epoch.values()
    }

    /// How many epochs are kept.
    pub fn len(&self) -> usize {
        self.by_epoch.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.by_epoch.is_empty()
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

/// Epochs stay while they are recent, and for ever on a grid that gets coarser in proportion to their number: most is
/// learned in the first ones.
fn is_wanted(epoch: u32, newest: u32) -> bool {
    let age = newest - epoch.min(newest);
    // 32 of them or more from each epoch to twice its number.
    let spacing = (epoch / 32).next_power_of_two();
    age < RECENT || epoch.is_multiple_of(spacing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(epochs: u32, floats: usize) -> KeptEpochs {
        let mut kept = KeptEpochs::default();
        for epoch in 0..=epochs {
            kept.push(Arc::new(Kept { epoch, codes: vec![0.0; floats], ..Kept::default() }));
        }
        kept
    }

    #[test]
    fn the_last_fifty_stay_and_older_ones_thin_out() {
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
        let bytes: usize = kept.iter().map(|kept| kept.bytes()).sum();
        assert!(bytes <= CAPACITY_BYTES && bytes == kept.bytes, "{bytes}");
        assert_eq!(kept.newest().map(|kept| kept.epoch), Some(300));
        assert_eq!(kept.at(0).map(|kept| kept.epoch), Some(0));
    }
}
