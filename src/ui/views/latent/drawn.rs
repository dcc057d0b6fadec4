//! The displayed codes, prepared for the plot: coordinates, classes, values.

use std::sync::Arc;

use crate::analysis::density::Density;
use crate::dataset::LabelColumn;
use crate::prepared::{CodePoints, PlacedRows};
use crate::run::{Kept, Run};
use crate::session::CodePlane;
use crate::ui::plots::stamp_of;
use crate::ui::state::PlacedCodes;

/// The displayed codes, one per row.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a> {
    /// The rows of the run's data.
    pub rows: &'a [u32],
    /// The codes, row by row.
    pub codes: &'a [f32],
    /// Values per code.
    pub units: usize,
    /// The epoch of the weights that encoded them.
    pub epoch: u32,
    /// The plane they are shown on.
    pub plane: CodePlane,
    /// Their density, if there are too many to draw.
    pub density: Option<&'a Density>,
    /// Whether they are the watched codes, which a run keeps in each epoch.
    pub are_watched: bool,
    /// Identifies the codes.
    stamp: u64,
}

/// Coordinates and colours, rebuilt only when epoch, plane or labels change.
#[derive(Clone, Default)]
pub(super) struct Cache {
    pub stamp: u64,
    pub rows: Arc<[u32]>,
    pub placed: CodePoints,
    /// The plane, as in [`Drawn`].
    pub plane: CodePlane,
    pub epoch: u32,
    pub are_watched: bool,
    pub is_density: bool,
}

impl<'a> Drawn<'a> {
    /// The watched samples at an epoch; `principal` holds their newest principal components.
    pub fn watched(
        run: &'a Run,
        kept: &'a Arc<Kept>,
        plane: CodePlane,
        principal: Option<&[[f32; 2]]>,
    ) -> Drawn<'a> {
        let principal = principal.filter(|_| plane.is_principal()).map(|points| points.as_ptr().addr());
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

impl Cache {
    /// Rebuilds coordinates and colours after changes. `points` holds the positions of the codes,
    /// unless the plane consists of two of their units.
    pub fn update(
        &mut self,
        drawn: &Drawn<'_>,
        points: Option<&[[f32; 2]]>,
        fingerprint: Option<u64>,
        column: Option<&LabelColumn>,
        series: u64,
    ) {
        // The fingerprint covers only the rows; their labels may have changed.
        let labels = column.map(|column| (column.name.as_str(), std::ptr::from_ref(column).addr()));
        let stamp = stamp_of((series, drawn.stamp, labels, fingerprint));
        if self.stamp == stamp {
            return;
        }
        self.stamp = stamp;
        self.rows = drawn.rows.into();
        (self.plane, self.epoch) = (drawn.plane, drawn.epoch);
        (self.are_watched, self.is_density) = (drawn.are_watched, drawn.density.is_some());
        let Drawn { rows, codes, units, plane, .. } = *drawn;
        self.placed = CodePoints::new(&PlacedRows { rows, codes, units, plane, places: points }, column);
    }
}
