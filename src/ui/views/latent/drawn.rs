//! The codes that are drawn, and what is made of them for the plot: coordinates, classes, numbers.

use std::sync::Arc;

use crate::analysis::density::Density;
use crate::dataset::{LabelColumn, LabelValues};
use crate::run::{Kept, Run};
use crate::session::{CodePlane, strip_jitter};
use crate::ui::plots::stamp_of;
use crate::ui::state::PlacedCodes;

/// The codes that are drawn, one for each row.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a> {
    /// The rows of the run's data.
    pub rows: &'a [u32],
    /// The codes, row by row.
    pub codes: &'a [f32],
    /// Numbers per code.
    pub units: usize,
    /// The epoch whose weights encoded them.
    pub epoch: u32,
    /// The plane that they lie on.
    pub plane: CodePlane,
    /// How densely they lie, where they are too many to draw.
    pub density: Option<&'a Density>,
    /// Whether they are those that a run keeps with each epoch.
    pub are_watched: bool,
    /// Stands for the codes.
    stamp: u64,
}

/// Coordinates and colours, built again only when another epoch, plane or label is shown.
#[derive(Clone, Default)]
pub(super) struct Cache {
    pub stamp: u64,
    pub rows: Arc<[u32]>,
    pub points: Vec<[f32; 2]>,
    pub classes: Vec<u32>,
    pub numbers: Vec<f32>,
    pub range: [f32; 2],
    /// What is drawn, as in [`Drawn`].
    pub plane: CodePlane,
    pub epoch: u32,
    pub are_watched: bool,
    pub is_density: bool,
}

impl<'a> Drawn<'a> {
    /// The watched samples at an epoch; `principal` are the newest of their components.
    pub fn watched(
        run: &'a Run,
        kept: &'a Arc<Kept>,
        plane: CodePlane,
        principal: Option<&[[f32; 2]]>,
    ) -> Drawn<'a> {
        let principal =
            principal.filter(|_| plane == CodePlane::Principal).map(|points| points.as_ptr().addr());
        Drawn {
            rows: &run.kept.probe.code_rows,
            codes: &kept.codes,
            units: kept.code_units,
            epoch: kept.epoch,
            plane,
            density: None,
            are_watched: true,
            stamp: stamp_of((kept.epoch, Arc::as_ptr(kept).addr(), principal)),
        }
    }

    /// The samples of a set.
    pub fn of_set(set: &'a PlacedCodes) -> Drawn<'a> {
        Drawn {
            rows: &set.rows,
            codes: &set.codes,
            units: set.watched.code_units,
            epoch: set.epoch,
            plane: set.plane,
            density: set.places.density.as_ref(),
            are_watched: false,
            stamp: stamp_of((set.of, set.plane, set.places.points.as_ptr().addr())),
        }
    }

    /// The code of a point.
    pub fn code(&self, point: usize) -> &'a [f32] {
        self.codes.chunks_exact(self.units.max(1)).nth(point).unwrap_or_default()
    }
}

/// A code of one unit is a strip: a lane for every class.
pub(super) fn lanes(units: usize, column: Option<&LabelColumn>) -> Option<&[String]> {
    match column.map(|column| &column.values) {
        Some(LabelValues::Classes { names, .. }) if units == 1 => Some(names),
        _ => None,
    }
}

impl Cache {
    /// Builds coordinates and colours where something changed; `points` are the places of the codes
    /// where these are not two units of theirs.
    pub fn update(
        &mut self,
        drawn: &Drawn<'_>,
        points: Option<&[[f32; 2]]>,
        fingerprint: Option<u64>,
        column: Option<&LabelColumn>,
        series: u64,
    ) {
        // The fingerprint knows the rows alone; their labels may be others.
        let labels = column.map(|column| (column.name.as_str(), std::ptr::from_ref(column).addr()));
        let stamp = stamp_of((series, drawn.stamp, labels, fingerprint));
        if self.stamp == stamp {
            return;
        }
        self.stamp = stamp;
        self.rows = drawn.rows.into();
        (self.plane, self.epoch) = (drawn.plane, drawn.epoch);
        (self.are_watched, self.is_density) = (drawn.are_watched, drawn.density.is_some());
        self.classes.clear();
        self.numbers.clear();
        match column.map(|column| &column.values) {
            Some(LabelValues::Classes { ids, .. }) => {
                let class = |row: &u32| ids.get(*row as usize).copied().unwrap_or(u32::MAX);
                self.classes.extend(drawn.rows.iter().map(class));
            }
            Some(LabelValues::Numbers(values)) => {
                let number = |row: &u32| values.get(*row as usize).copied().unwrap_or(f32::NAN);
                self.numbers.extend(drawn.rows.iter().map(number));
                let finite = values.iter().copied().filter(|value| value.is_finite());
                let ends = finite.fold([f32::INFINITY, f32::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
                self.range = if ends[0] <= ends[1] { ends } else { [0.0, 1.0] };
            }
            None => {}
        }
        self.points = match (drawn.units, points, drawn.plane) {
            (1, _, _) => {
                let strip = |(index, x): (usize, &f32)| [*x, self.strip_height(index)];
                drawn.codes.iter().enumerate().map(strip).collect()
            }
            (_, Some(points), _) => points.to_vec(),
            (units, None, CodePlane::Units([x, y])) => {
                drawn.codes.chunks_exact(units.max(1)).map(|code| [code[x], code[y]]).collect()
            }
            (_, None, CodePlane::Principal) => Vec::new(),
        };
    }

    /// Height of a point in the strip of a code of one unit: its class's lane, or its number, and a
    /// fixed jitter.
    fn strip_height(&self, index: usize) -> f32 {
        let jitter = strip_jitter(index);
        match (self.classes.get(index), self.numbers.get(index)) {
            (Some(class), _) => *class as f32 + 0.7 * jitter,
            (None, Some(number)) => *number,
            (None, None) => jitter,
        }
    }
}
