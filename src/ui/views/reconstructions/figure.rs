//! The samples in the view as a figure, with a replay of the epochs.

use super::ReconstructionsView;
use crate::figure::Figure;
use crate::prepared::{reconstruction_replay, reconstructions_figure};
use crate::ui::state::State;

/// The most recently displayed samples.
#[derive(Clone, Default)]
pub(super) struct ShownSamples {
    /// Fingerprint of their data.
    pub fingerprint: u64,
    /// Whether they are the watched samples.
    pub are_watched: bool,
    /// Their rows in display order.
    pub rows: Vec<u32>,
}

impl ReconstructionsView {
    /// The view as last displayed.
    pub(super) fn figure(&self, state: &State) -> Option<Figure> {
        let run = state.shown()?;
        let shown = &self.samples;
        let (data, epoch) = if shown.are_watched {
            (state.data_of(run)?, super::kept_at(run, state.epoch)?.epoch)
        } else {
            let resolved = state.resolve_in_any_size(&self.set, self.is_corrupted, state.epoch)?;
            (resolved.data, resolved.epoch)
        };
        if data.fingerprint != shown.fingerprint {
            return None;
        }
        let made = &self.page.made;
        let places: Vec<usize> = shown.rows.iter().filter_map(|row| self.page.place(*row)).collect();
        let figure = reconstructions_figure(run, epoch, data, made, &places)?;
        let replay = shown.are_watched.then(|| reconstruction_replay(run, data, made, shown.rows.clone()));
        Some(Figure { animation: replay.flatten(), ..figure })
    }
}
