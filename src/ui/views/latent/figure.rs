//! The scatter plot of the codes as a figure, identical to the one displayed.

use super::LatentView;
use crate::figure::{Figure, Scatter};
use crate::prepared::{code_replay, latent_figure};
use crate::run::Run;
use crate::ui::state::State;
use crate::ui::views::channels::code_shape;
use crate::ui::views::sample::{kept_at, row_number};

impl LatentView {
    /// The view of a run, as last displayed.
    pub(super) fn figure(&self, run: &Run, state: &State) -> Option<Figure> {
        let kept = kept_at(run, state.epoch).filter(|kept| kept.code_units > 0)?;
        let limits = self.limits.filter(|_| !self.cache.placed.points.is_empty())?;
        let data = state.data_of(run).map(|data| &**data);
        let cache = &self.cache;
        let column = self.known_column(data).filter(|_| !cache.is_density);
        let rows = &*cache.rows;
        let is_selected = |row: &u32| state.selection.contains(run.fingerprint, *row);
        let scatter = Scatter {
            isolated: self.pointed.or(self.pinned),
            selected: (0..rows.len()).filter(|at| rows.get(*at).is_some_and(is_selected)).collect(),
            rows: data.map_or_else(Vec::new, |data| rows.iter().map(|row| row_number(data, *row)).collect()),
            ..cache.placed.scatter((code_shape(run, kept.code_units), cache.plane), column, limits)
        };
        let placed = (kept.code_units, cache.plane);
        let replay = || code_replay(run, placed, &scatter, self.scatter.zoom.limits);
        let animation = cache.are_watched.then(replay).flatten();
        Some(Figure { animation, ..latent_figure(&run.title(), cache.epoch, scatter) })
    }
}
