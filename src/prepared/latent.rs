//! Codes on a plane: points with their colours, axes, and their movement over the epochs.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dataset::{Dataset, LabelColumn, LabelValues};
use crate::figure::{Animation, Axis, Coloring, Drawing, Figure, Limits, Scatter};
use crate::project::{Shape, visible};
use crate::run::{Kept, Run};
use crate::session::{CodePart, CodePlane, number_of, strip_jitter};

/// Seconds per epoch, and the margin around all points as a fraction of their range.
const EPOCH_SECS: f32 = 0.25;
const MARGIN: f64 = 0.06;
/// Most numbers examined to recognise a column of IDs.
const SCANNED_ROWS: usize = 1000;

/// Codes of rows, and the plane they are placed on.
#[derive(Clone, Copy, Debug)]
pub struct PlacedRows<'a> {
    /// The rows of the data.
    pub rows: &'a [u32],
    /// Their codes, row by row.
    pub codes: &'a [f32],
    /// Numbers per code.
    pub units: usize,
    /// The plane.
    pub plane: CodePlane,
    /// Their positions on it, unless it is a plane of two units.
    pub places: Option<&'a [[f32; 2]]>,
}

/// Points with a class or a number each, which determines the colour.
#[derive(Clone, Debug, Default)]
pub struct CodePoints {
    /// Their positions.
    pub points: Vec<[f32; 2]>,
    /// The class of each point; empty if the colours do not show classes.
    pub classes: Vec<u32>,
    /// The number of each point; empty if the colours do not show numbers.
    pub numbers: Vec<f32>,
    /// The range of the colour scale.
    pub range: [f32; 2],
}

impl CodePoints {
    /// The points of codes, coloured by a column.
    pub fn new(placed: &PlacedRows<'_>, column: Option<&LabelColumn>) -> CodePoints {
        let mut points = CodePoints::default();
        match column.map(|column| &column.values) {
            Some(LabelValues::Classes { ids, .. }) => {
                let class = |row: &u32| ids.get(*row as usize).copied().unwrap_or(u32::MAX);
                points.classes.extend(placed.rows.iter().map(class));
            }
            Some(LabelValues::Numbers(values)) => {
                let number = |row: &u32| values.get(*row as usize).copied().unwrap_or(f32::NAN);
                points.numbers.extend(placed.rows.iter().map(number));
                let finite = values.iter().copied().filter(|value| value.is_finite());
                let ends = finite.fold([f32::INFINITY, f32::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
                points.range = if ends[0] <= ends[1] { ends } else { [0.0, 1.0] };
            }
            None => {}
        }
        points.points = match (placed.units, placed.places, placed.plane) {
            (1, _, _) => {
                let strip = |(index, x): (usize, &f32)| [*x, points.strip_height(index)];
                placed.codes.iter().enumerate().map(strip).collect()
            }
            (_, Some(places), _) => places.to_vec(),
            (units, None, CodePlane::Units([x, y])) => {
                let place = |code: &[f32]| [x, y].map(|unit| code.get(unit).copied().unwrap_or(f32::NAN));
                placed.codes.chunks_exact(units.max(1)).map(place).collect()
            }
            (_, None, CodePlane::Principal | CodePlane::Part(..)) => Vec::new(),
        };
        points
    }

    /// Height of a point in the strip of a one-unit code: the row of its class, or its number,
    /// plus a fixed jitter.
    fn strip_height(&self, index: usize) -> f32 {
        let jitter = strip_jitter(index);
        match (self.classes.get(index), self.numbers.get(index)) {
            (Some(class), _) => *class as f32 + 0.7 * jitter,
            (None, Some(number)) => *number,
            (None, None) => jitter,
        }
    }

    /// The points of codes of this shape within these limits, with axis names and the colours of a
    /// column.
    pub fn scatter(
        &self,
        (code, plane): (Shape, CodePlane),
        column: Option<&LabelColumn>,
        limits: Limits,
    ) -> Scatter {
        let units = code.features();
        let [along, second] = plane.axis_names(code);
        let up = match column {
            _ if units > 1 => second,
            Some(column) => visible(&column.name).into_owned(),
            None => String::new(),
        };
        let names = class_rows(units, column).unwrap_or_default().to_vec();
        Scatter {
            x: Axis::new(along, limits.x),
            y: Axis { names, ..Axis::new(up, limits.y) },
            points: self.points.clone(),
            coloring: self.coloring(column),
            ..Scatter::default()
        }
    }

    fn coloring(&self, column: Option<&LabelColumn>) -> Coloring {
        match column.map(|column| (&column.name, &column.values)) {
            Some((label, LabelValues::Classes { names, .. })) => {
                Coloring::Classes { label: label.clone(), names: names.clone(), ids: self.classes.clone() }
            }
            Some((label, LabelValues::Numbers(_))) => {
                let (values, range) = (self.numbers.clone(), self.range);
                Coloring::Numbers { label: label.clone(), values, range }
            }
            None => Coloring::Alike,
        }
    }
}

/// The classes that get separate rows in the strip of a one-unit code.
pub fn class_rows(units: usize, column: Option<&LabelColumn>) -> Option<&[String]> {
    match column.map(|column| &column.values) {
        Some(LabelValues::Classes { names, .. }) if units == 1 => Some(names),
        _ => None,
    }
}

/// The watched codes of a run at an epoch (the newest by default) as they are first shown: in the
/// plane of their principal components, or of their two units or one; for picture codes possibly by
/// the components of a part of them. `data` are the run's own, whose labels provide the colours.
/// `None` if there are no codes.
///
/// # Errors
/// A message if there are no principal components.
pub fn latent(
    run: &Run,
    data: Option<&Dataset>,
    epoch: Option<u32>,
    part: Option<CodePart>,
) -> Result<Option<Figure>, String> {
    let Some(kept) = run.kept.shown_at(epoch).filter(|kept| kept.code_units > 0) else { return Ok(None) };
    let units = kept.code_units;
    let plane = match part {
        Some(part) => CodePlane::Part(part, run.code_shape().channels()),
        None if units > 2 => CodePlane::Principal,
        None => CodePlane::Units([0, units - 1]),
    };
    let places = plane.places(&kept.codes, kept)?.points;
    let column = data.and_then(|data| data.labels.get(grouping(&data.labels)?));
    let (rows, codes) = (&run.kept.probe.code_rows, &kept.codes);
    let points = CodePoints::new(&PlacedRows { rows, codes, units, plane, places: Some(&places) }, column);
    let around = points.points.iter().map(|point| point.map(f64::from));
    let limits = Limits::around(around).unwrap_or_default().with_margin(MARGIN);
    let scatter = points.scatter((run.code_shape(), plane), column, limits);
    let rows = data.map_or_else(Vec::new, |data| rows.iter().map(|row| number_of(data, *row)).collect());
    let scatter = Scatter { rows, ..scatter };
    let animation = code_replay(run, (units, plane), &scatter, None);
    Ok(Some(Figure { animation, ..latent_figure(&run.title(), kept.epoch, scatter) }))
}

/// Points as a figure.
pub fn latent_figure(run: &str, epoch: u32, scatter: Scatter) -> Figure {
    Figure::new(format!("Latent space of {run}, epoch {epoch}"), Drawing::Scatter(scatter))
}

/// Two units of the watched codes, epoch by epoch, with fixed axes: those of `zoomed`, or around
/// all points. `None` if the plane is another one, or if there is nothing to animate.
pub fn code_replay(
    run: &Run,
    (units, plane): (usize, CodePlane),
    shown: &Scatter,
    zoomed: Option<Limits>,
) -> Option<Animation> {
    let CodePlane::Units(axes) = plane else { return None };
    let moves = units > 1 && run.kept.iter().filter(|kept| !kept.codes.is_empty()).count() > 1;
    let kept: Vec<Arc<Kept>> = run.kept.iter().cloned().collect();
    let (name, shown) = (run.title(), shown.clone());
    let frames = move || {
        let of = |kept: &Kept| -> Vec<[f32; 2]> {
            let codes = kept.codes.chunks_exact(kept.code_units.max(1));
            codes.map(|code| axes.map(|unit| code.get(unit).copied().unwrap_or(f32::NAN))).collect()
        };
        let points: Vec<(u32, Vec<[f32; 2]>)> =
            kept.iter().map(|kept| (kept.epoch, of(kept))).filter(|(_, points)| !points.is_empty()).collect();
        let all = points.iter().flat_map(|(_, points)| points).map(|point| point.map(f64::from));
        let around = Limits::around(all).unwrap_or_default().with_margin(MARGIN);
        let Limits { x, y } = zoomed.unwrap_or(around);
        let frame = |(epoch, points): (u32, Vec<[f32; 2]>)| {
            let axes = [(&shown.x, x), (&shown.y, y)].map(|(axis, range)| Axis { range, ..axis.clone() });
            let [x, y] = axes;
            latent_figure(&name, epoch, Scatter { x, y, points, ..shown.clone() })
        };
        points.into_iter().map(frame).collect()
    };
    moves.then(|| Animation::new(EPOCH_SECS, frames))
}

/// The index of the first column that groups rows, with classes preferred to numbers.
pub fn grouping(labels: &[LabelColumn]) -> Option<usize> {
    let of_kind = |classes: bool| {
        let is_wanted = |column: &LabelColumn| column.class_ids().is_some() == classes && has_groups(column);
        labels.iter().position(is_wanted)
    };
    of_kind(true).or_else(|| of_kind(false))
}

/// Returns whether labels group rows in a way that colours can show: classes with several rows
/// each, or measured numbers. IDs and row numbers do not.
pub fn has_groups(column: &LabelColumn) -> bool {
    match &column.values {
        LabelValues::Classes { names, ids } => !is_each_its_own(names.len(), ids.len()),
        LabelValues::Numbers(numbers) => {
            let some = &numbers[..numbers.len().min(SCANNED_ROWS)];
            let is_whole = some.iter().all(|number| number.is_nan() || number.fract() == 0.0);
            // Long IDs are no longer distinct once converted to 32-bit numbers.
            let texts: HashSet<_> = (0..some.len()).map(|row| column.text(row)).collect();
            !(is_whole && is_each_its_own(texts.len(), some.len()))
        }
    }
}

/// Returns whether most rows have a unique value: with more than a few rows, more than half as many
/// values as rows.
fn is_each_its_own(values: usize, rows: usize) -> bool {
    2 * values > rows + 2
}
