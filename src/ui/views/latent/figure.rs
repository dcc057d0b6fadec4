//! The scatter of the codes as a figure: the same as is drawn in the window.

use super::{LatentView, Plane, lanes};
use crate::dataset::{LabelColumn, LabelValues};
use crate::figure::{Axis, Coloring, Drawing, Figure, Scatter};
use crate::project::visible;
use crate::run::Run;
use crate::ui::state::State;
use crate::ui::views::sample::{kept_at, row_number};

impl LatentView {
    /// What the view shows of a run, as it was last shown.
    pub(super) fn figure(&self, run: &Run, state: &State) -> Option<Figure> {
        let kept = kept_at(run, state.epoch).filter(|kept| kept.code_units > 0)?;
        let limits = self.limits.filter(|_| !self.cache.points.is_empty())?;
        let data = state.data_of(run).map(|data| &**data);
        let column = self.known_column(data);
        let is_principal = self.plane == Plane::Principal && kept.code_units > 2;
        let units = self.shown_units(kept.code_units);
        let name = |axis: usize| {
            if is_principal {
                format!("principal component {}", axis + 1)
            } else {
                format!("unit {}", units[axis] + 1)
            }
        };
        let up = match column {
            _ if kept.code_units > 1 => name(1),
            Some(column) => visible(&column.name).into_owned(),
            None => String::new(),
        };
        let names = lanes(kept, column).unwrap_or_default().to_vec();
        let rows = &run.kept.probe.code_rows;
        let is_selected = |row: &u32| state.selection.contains(run.fingerprint, *row);
        let scatter = Scatter {
            x: Axis::new(name(0), limits.x),
            y: Axis { names, ..Axis::new(up, limits.y) },
            points: self.cache.points.clone(),
            coloring: self.coloring(column),
            isolated: self.pointed.or(self.pinned),
            selected: (0..rows.len()).filter(|at| rows.get(*at).is_some_and(is_selected)).collect(),
            rows: data.map_or_else(Vec::new, |data| rows.iter().map(|row| row_number(data, *row)).collect()),
        };
        let title = format!("Latent space of {}, epoch {}", run.title(), kept.epoch);
        Some(Figure::new(title, Drawing::Scatter(scatter)))
    }

    fn coloring(&self, column: Option<&LabelColumn>) -> Coloring {
        let cache = &self.cache;
        match column.map(|column| (&column.name, &column.values)) {
            Some((label, LabelValues::Classes { names, .. })) => {
                Coloring::Classes { label: label.clone(), names: names.clone(), ids: cache.classes.clone() }
            }
            Some((label, LabelValues::Numbers(_))) => {
                let (values, range) = (cache.numbers.clone(), cache.range);
                Coloring::Numbers { label: label.clone(), values, range }
            }
            None => Coloring::Alike,
        }
    }
}
