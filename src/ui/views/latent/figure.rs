//! The scatter of the codes as a figure: the same as is drawn in the window.

use std::sync::Arc;

use super::LatentView;
use super::drawn::lanes;
use crate::dataset::{LabelColumn, LabelValues};
use crate::figure::{Animation, Axis, Coloring, Drawing, Figure, Scatter};
use crate::project::visible;
use crate::run::{Kept, Run};
use crate::session::CodePlane;
use crate::ui::plots::Limits;
use crate::ui::state::State;
use crate::ui::views::channels::code_shape;
use crate::ui::views::sample::{kept_at, row_number};

/// Seconds for which an epoch is shown, and room around all points as a part of their span.
const EPOCH_SECS: f32 = 0.25;
const MARGIN: f64 = 0.06;

fn figure_of(run: &str, epoch: u32, scatter: Scatter) -> Figure {
    Figure::new(format!("Latent space of {run}, epoch {epoch}"), Drawing::Scatter(scatter))
}

impl LatentView {
    /// What the view shows of a run, as it was last shown.
    pub(super) fn figure(&self, run: &Run, state: &State) -> Option<Figure> {
        let kept = kept_at(run, state.epoch).filter(|kept| kept.code_units > 0)?;
        let limits = self.limits.filter(|_| !self.cache.points.is_empty())?;
        let data = state.data_of(run).map(|data| &**data);
        let cache = &self.cache;
        let column = self.known_column(data).filter(|_| !cache.is_density);
        let name = |axis: usize| match cache.plane {
            CodePlane::Principal => format!("principal component {}", axis + 1),
            CodePlane::Units(units) => code_shape(run, kept.code_units).unit_name(units[axis]),
        };
        let up = match column {
            _ if kept.code_units > 1 => name(1),
            Some(column) => visible(&column.name).into_owned(),
            None => String::new(),
        };
        let names = lanes(kept.code_units, column).unwrap_or_default().to_vec();
        let rows = &*cache.rows;
        let is_selected = |row: &u32| state.selection.contains(run.fingerprint, *row);
        let scatter = Scatter {
            x: Axis::new(name(0), limits.x),
            y: Axis { names, ..Axis::new(up, limits.y) },
            points: cache.points.clone(),
            coloring: self.coloring(column),
            isolated: self.pointed.or(self.pinned),
            selected: (0..rows.len()).filter(|at| rows.get(*at).is_some_and(is_selected)).collect(),
            rows: data.map_or_else(Vec::new, |data| rows.iter().map(|row| row_number(data, *row)).collect()),
        };
        let moves = cache.are_watched
            && kept.code_units > 1
            && run.kept.iter().filter(|kept| !kept.codes.is_empty()).count() > 1;
        let animation = match cache.plane {
            CodePlane::Units(units) if moves => Some(self.replay(run, units, scatter.clone())),
            CodePlane::Units(_) | CodePlane::Principal => None,
        };
        Some(Figure { animation, ..figure_of(&run.title(), cache.epoch, scatter) })
    }

    /// Two units epoch by epoch, with axes that hold still.
    fn replay(&self, run: &Run, units: [usize; 2], shown: Scatter) -> Animation {
        let kept: Vec<Arc<Kept>> = run.kept.iter().cloned().collect();
        let (name, zoomed) = (run.title(), self.scatter.zoom.limits);
        Animation::new(EPOCH_SECS, move || {
            let of = |kept: &Kept| -> Vec<[f32; 2]> {
                let codes = kept.codes.chunks_exact(kept.code_units.max(1));
                codes.map(|code| units.map(|unit| code.get(unit).copied().unwrap_or(f32::NAN))).collect()
            };
            let points: Vec<(u32, Vec<[f32; 2]>)> = kept
                .iter()
                .map(|kept| (kept.epoch, of(kept)))
                .filter(|(_, points)| !points.is_empty())
                .collect();
            let all = points.iter().flat_map(|(_, points)| points).map(|point| point.map(f64::from));
            let around = Limits::around(all).unwrap_or_default().with_margin(MARGIN);
            let Limits { x, y } = zoomed.unwrap_or(around);
            let frame = |(epoch, points): (u32, Vec<[f32; 2]>)| {
                let axes = [(&shown.x, x), (&shown.y, y)].map(|(axis, range)| Axis { range, ..axis.clone() });
                let [x, y] = axes;
                figure_of(&name, epoch, Scatter { x, y, points, ..shown.clone() })
            };
            points.into_iter().map(frame).collect()
        })
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
