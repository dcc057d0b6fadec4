//! What the view shows as figures: the plane, and the pictures of the open section.

use std::sync::Arc;

use super::super::channels::code_shape;
use super::super::sample::{Sampler, kept_at, picture_of, row_number, value_names};
use super::super::set_choice::{code_choices, existing};
use super::context::Shown;
use super::{ExploreView, Section, codes_of, placed};
use crate::dataset::{Dataset, LabelValues};
use crate::figure::{
    Animation, Axis, Coloring, Drawing, Figure, Ink, Lines, Panels, Picture, Scatter, Series, Tile, TileLine,
    Tiles,
};
use crate::session::{Decoding, LineWords};
use crate::ui::plots::{DisplayRange, Limits};
use crate::ui::state::State;

/// The longer side of a picture, in points, and pictures in a line.
const SIDE: f32 = 56.0;
const COLUMNS: usize = 12;
/// Seconds for which a step of the interpolation is shown.
const STEP_SECS: f32 = 0.12;

impl ExploreView {
    /// The plane, and what the open section shows of it.
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
        let code = code_shape(run, kept.code_units);
        let words = LineWords::of(&run.design.code.kind);
        let section = match self.section {
            Section::Interpolation => {
                ("Interpolation", lines_of(data, self.interpolation.pictures(), "step", COLUMNS))
            }
            Section::Traversals => {
                ("Traversals", self.traversal_lines(data, |number| words.name(code, number)))
            }
            Section::Draw => ("Samples", self.draw_lines(data)),
            Section::Pins | Section::Arithmetic | Section::Sliders | Section::Near => ("", Vec::new()),
        };
        let (what, lines) = section;
        if lines.iter().any(|line| !line.tiles.is_empty()) {
            let moves = self.section == Section::Interpolation && data.shown().is_some();
            let animation = moves.then(|| played(&lines));
            all.push(Figure { animation, ..Figure::new(name(what), drawing(data, lines)) });
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

    fn traversal_lines(&self, data: &Dataset, name: impl Fn(usize) -> String) -> Vec<TileLine> {
        let (shown, rows) = self.traversals.shown();
        let (features, range) = (data.shape.features().max(1), shades(data));
        let mut rest = rows.chunks_exact(features);
        let line = |(number, steps): &(usize, usize)| TileLine {
            name: name(*number),
            tiles: rest.by_ref().take(*steps).map(|row| tile_of(data, range, row, String::new())).collect(),
        };
        shown.iter().map(line).collect()
    }

    /// Samples above those of the training data that they are nearest to.
    fn draw_lines(&self, data: &Dataset) -> Vec<TileLine> {
        let [drawn, nearest] = self.draws.rows();
        let pairs = lines_of(data, drawn, "sample", COLUMNS).into_iter();
        let mut below = lines_of(data, nearest, "", COLUMNS).into_iter();
        pairs
            .flat_map(|line| {
                let nearest = below.next().map(|line| TileLine { name: "nearest".to_owned(), ..line });
                [Some(TileLine { name: "sample".to_owned(), ..line }), nearest]
            })
            .flatten()
            .collect()
    }
}

/// Pictures in lines; of samples that are no pictures a plot for each line, with a curve for each.
fn drawing(data: &Dataset, lines: Vec<TileLine>) -> Drawing {
    if data.shown().is_some() {
        let value_names = value_names(data);
        return Drawing::Tiles(Tiles { lines, side: SIDE, gap: 4.0, value_names, bar: None });
    }
    let values = lines.iter().flat_map(|line| &line.tiles).flat_map(|tile| &tile.values);
    let finite = values.copied().filter(|value| value.is_finite());
    let range = finite.fold([0.0, 1.0], |[low, high]: [f32; 2], value| [low.min(value), high.max(value)]);
    let last = data.shape.features() as f64 + 0.5;
    let panel = |line: &TileLine| {
        let series = line.tiles.iter().enumerate().map(|(at, tile)| {
            let points =
                tile.values.iter().enumerate().map(|(at, value)| [at as f64 + 1.0, f64::from(*value)]);
            let name = if tile.caption.is_empty() { (at + 1).to_string() } else { tile.caption.clone() };
            Series::new(name, Ink::Class(at), points.collect())
        });
        let lines = Lines {
            x: Axis { is_whole: true, ..Axis::new("feature", [0.5, last]) },
            y: Axis::new("scaled value", range.map(f64::from)),
            series: series.collect(),
            ..Lines::default()
        };
        (line.name.clone(), Drawing::Lines(lines))
    };
    let panels = lines.iter().map(panel).collect();
    Drawing::Panels(Panels { columns: 2, size: [440.0, 260.0], panels })
}

/// Scaled samples as pictures in lines of so many; each with its number where it has a name.
pub(super) fn lines_of(data: &Dataset, rows: &[f32], name: &str, columns: usize) -> Vec<TileLine> {
    let samples: Vec<&[f32]> = rows.chunks_exact(data.shape.features().max(1)).collect();
    let range = shades(data);
    let caption = |at: usize| if name.is_empty() { String::new() } else { format!("{name} {}", at + 1) };
    let tiles = samples.iter().enumerate().map(|(at, row)| tile_of(data, range, row, caption(at)));
    let tiles: Vec<Tile> = tiles.collect();
    tiles
        .chunks(columns.max(1))
        .map(|tiles| TileLine { name: String::new(), tiles: tiles.to_vec() })
        .collect()
}

/// What is black and what is white; takes some milliseconds to find.
fn shades(data: &Dataset) -> DisplayRange {
    let (low, high) = data.shades();
    DisplayRange { low, high }
}

/// A scaled sample as a picture with its values in units of the data; where it is no picture, without
/// pixels and with scaled values, which one axis has a place for.
fn tile_of(data: &Dataset, range: DisplayRange, row: &[f32], caption: String) -> Tile {
    let Some(shown) = data.shown() else {
        return Tile { caption, picture: Picture::default(), values: row.to_vec() };
    };
    let values = Sampler::new(data).unscaled(row);
    Tile { caption, picture: picture_of(shown, range, &values), values }
}

/// The steps one after the other, to the end and back.
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
