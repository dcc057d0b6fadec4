//! The content of the view as figures: the plane, and the pictures of the open section.

use std::sync::Arc;

use super::super::sample::{kept_at, row_number};
use super::super::set_choice::{code_choices, existing};
use super::context::Shown;
use super::{ExploreView, Section, codes_of, placed};
use crate::dataset::{Dataset, LabelValues};
use crate::figure::{Animation, Axis, Coloring, Drawing, Figure, Scatter, Tile, TileLine, Tiles};
use crate::prepared::{page_drawing, sample_lines, traversals};
use crate::session::Decoding;
use crate::ui::plots::Limits;
use crate::ui::state::State;

/// Pictures per line.
const COLUMNS: usize = 12;
/// Seconds per step of the interpolation.
const STEP_SECS: f32 = 0.12;

impl ExploreView {
    /// The plane, and the content of the open section.
    pub(super) fn all_figures(&self, state: &State) -> Vec<Figure> {
        let Some(run) = state.shown() else { return Vec::new() };
        let kept = kept_at(run, state.epoch).filter(|kept| kept.code_units > 0);
        let (Some(kept), Some(data)) = (kept, state.data_of(run)) else { return Vec::new() };
        let name = |what: &str| format!("{what}, {}, epoch {}", run.title(), kept.epoch);
        let choices = code_choices(state, run, data);
        let found = codes_of(state, existing(&self.set, &choices), kept);
        let placed = found.and_then(|found| placed(found, kept));
        let shown = Shown::new((placed, data), (run, kept), &self.subject);
        let title = format!("Codes, {}, epoch {}", run.title(), shown.epoch);
        let mut all: Vec<Figure> = self.plane_figure(shown, state, title).into_iter().collect();
        let mosaic = self.mosaic.tiles(data, state.explore.decoded(Decoding::Mosaic));
        all.extend(mosaic.map(|tiles| Figure::new(name("Decoded plane"), Drawing::Tiles(tiles))));
        let section = match self.section {
            Section::Interpolation => {
                ("Interpolation", sample_lines(data, self.interpolation.pictures(), "step", COLUMNS))
            }
            Section::Draw => ("Samples", self.draw_lines(data)),
            Section::Pins | Section::Arithmetic | Section::Sliders | Section::Traversals | Section::Near => {
                ("", Vec::new())
            }
        };
        if self.section == Section::Traversals {
            let (lines, rows) = self.traversals.shown();
            all.extend(traversals(run, kept.epoch, data, lines, rows));
        }
        let (what, lines) = section;
        if lines.iter().any(|line| !line.tiles.is_empty()) {
            let moves = self.section == Section::Interpolation && data.shown().is_some();
            let animation = moves.then(|| played(&lines));
            all.push(Figure { animation, ..Figure::new(name(what), page_drawing(data, lines)) });
        }
        all
    }

    fn plane_figure(&self, shown: Shown<'_>, state: &State, title: String) -> Option<Figure> {
        let (points, plane) = (shown.points, self.subject.plane.as_ref()?);
        let around = Limits::around(points.iter().map(|point| point.map(f64::from)))?.with_margin(0.06);
        let limits = self.scatter.zoom.limits.unwrap_or(around);
        let [x, y] = plane.names.clone();
        let (column, rows) = (shown.classes(), shown.rows);
        let coloring = match column.map(|column| (&column.name, &column.values)) {
            Some((label, LabelValues::Classes { names, ids })) => {
                let class = |row: &u32| ids.get(*row as usize).copied().unwrap_or(u32::MAX);
                let ids = rows.iter().map(class).collect();
                Coloring::Classes { label: label.clone(), names: names.clone(), ids }
            }
            Some((_, LabelValues::Numbers(_))) | None => Coloring::Alike,
        };
        let is_selected = |row: &u32| state.selection.contains(shown.data.fingerprint, *row);
        let scatter = Scatter {
            x: Axis::new(x, limits.x),
            y: Axis::new(y, limits.y),
            points: points.to_vec(),
            coloring,
            isolated: self.pinned_class,
            selected: (0..rows.len()).filter(|at| rows.get(*at).is_some_and(is_selected)).collect(),
            rows: rows.iter().map(|row| row_number(shown.data, *row)).collect(),
        };
        Some(Figure::new(title, Drawing::Scatter(scatter)))
    }

    /// Samples above their nearest training samples.
    fn draw_lines(&self, data: &Dataset) -> Vec<TileLine> {
        let [drawn, nearest] = self.draws.rows();
        let pairs = sample_lines(data, drawn, "sample", COLUMNS).into_iter();
        let mut below = sample_lines(data, nearest, "", COLUMNS).into_iter();
        pairs
            .flat_map(|line| {
                let nearest = below.next().map(|line| TileLine { name: "nearest".to_owned(), ..line });
                [Some(TileLine { name: "sample".to_owned(), ..line }), nearest]
            })
            .flatten()
            .collect()
    }
}

/// The steps in order, forwards and backwards.
fn played(lines: &[TileLine]) -> Animation {
    let steps: Arc<Vec<Tile>> = Arc::new(lines.iter().flat_map(|line| line.tiles.clone()).collect());
    Animation::new(STEP_SECS, move || {
        let back = steps.iter().rev().skip(1).take(steps.len().saturating_sub(2));
        let frame = |tile: &Tile| {
            let line = TileLine {
                name: String::new(),
                tiles: vec![Tile { caption: String::new(), ..tile.clone() }],
            };
            let tiles = Tiles { lines: vec![line], side: 224.0, ..Tiles::default() };
            Figure::new("", Drawing::Tiles(tiles))
        };
        steps.iter().chain(back).map(frame).collect()
    })
}
