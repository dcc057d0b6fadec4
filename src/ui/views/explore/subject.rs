//! What is explored: the codes of the watched samples, the plane they are shown on, and what is known of each unit.

use std::sync::Arc;

use crate::analysis::density::Density;
use crate::analysis::neighbours::{Distance, nearest};
use crate::analysis::pca::Pca;
use crate::analysis::plane::Plane;
use crate::analysis::spread::Spread;
use crate::run::Kept;
use crate::ui::plots::stamp_of;
use crate::ui::state::Pin;

/// Which plane of the codes is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlaneKind {
    /// The first two principal components.
    #[default]
    Components,
    /// Two units, the others as in the active pin.
    Units,
    /// The plane through the last three pins.
    Pins,
}

impl PlaneKind {
    /// All of them.
    pub const ALL: [PlaneKind; 3] = [PlaneKind::Components, PlaneKind::Units, PlaneKind::Pins];

    /// Its name on a chip.
    pub fn name(self) -> &'static str {
        match self {
            PlaneKind::Components => "PCA",
            PlaneKind::Units => "units",
            PlaneKind::Pins => "three pins",
        }
    }
}

/// Cells of the density along each axis.
const DENSITY_CELLS: usize = 40;
/// Parts of a unit's histogram.
const BINS: usize = 24;
/// Codes among which the usual distance to the nearest is measured.
const SAMPLED: usize = 200;
/// A place is far from all codes where the nearest is this many times as far as usual.
const FAR: f32 = 3.0;

/// What follows from the codes of one epoch.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The codes that all of it follows from, held so that nothing else takes their address.
    kept: Option<Arc<Kept>>,
    /// Changes with the codes.
    pub codes_stamp: u64,
    /// Changes with the plane and the codes.
    pub plane_stamp: u64,
    pca: Option<Pca>,
    /// Each unit's values.
    pub spreads: Vec<Spread>,
    /// Units, the one of largest variance first.
    pub order: Vec<usize>,
    usual: f32,
    /// The plane shown.
    pub plane: Option<Plane>,
    /// Where the codes lie on it.
    pub points: Vec<[f32; 2]>,
    /// How densely.
    pub density: Density,
}

impl Subject {
    /// Brings all up to date where codes, plane or pins changed. `units` are those along x and y.
    pub fn update(
        &mut self,
        kept: &Arc<Kept>,
        kind: PlaneKind,
        units: [usize; 2],
        pins: &[Pin],
        active: Option<usize>,
    ) {
        let count = kept.code_units.max(1);
        if self.kept.as_ref().is_none_or(|own| !Arc::ptr_eq(own, kept)) {
            self.kept = Some(Arc::clone(kept));
            self.codes_stamp += 1;
            self.pca = None;
            self.spreads = Spread::of_units(&kept.codes, count, BINS);
            self.order = (0..count).collect();
            let variance = |unit: &usize| self.spreads[*unit].variance;
            self.order.sort_by(|a, b| variance(b).total_cmp(&variance(a)));
            self.usual = usual_distance(&kept.codes, count);
        }
        let stamp = self.codes_stamp;
        let base = active.and_then(|at| pins.get(at)).map_or_else(
            || self.spreads.iter().map(|spread| spread.mean).collect::<Vec<f32>>(),
            |pin| pin.code.clone(),
        );
        let through: Vec<&[f32]> = pins.iter().rev().take(3).rev().map(|pin| &pin.code[..]).collect();
        let bits = |code: &[f32]| code.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        let plane_stamp = match kind {
            PlaneKind::Components => stamp_of((stamp, kind)),
            PlaneKind::Units => stamp_of((stamp, kind, units, bits(&base))),
            PlaneKind::Pins => {
                stamp_of((stamp, kind, through.iter().map(|code| bits(code)).collect::<Vec<_>>()))
            }
        };
        if self.plane_stamp == plane_stamp {
            return;
        }
        self.plane_stamp = plane_stamp;
        // No other plane is worth the time.
        if kind == PlaneKind::Components && count > 2 && self.pca.is_none() {
            self.pca = Pca::fit(&kept.codes, count, 2).ok();
        }
        self.plane = match kind {
            PlaneKind::Components if count == 1 => Some(Plane::of_one_unit()),
            // A code of two units is its own plane.
            PlaneKind::Components if count == 2 => Plane::of_units(&base, [0, 1]),
            PlaneKind::Components => self.pca.as_ref().and_then(Plane::of_components),
            PlaneKind::Units => Plane::of_units(&base, units),
            PlaneKind::Pins => match through[..] {
                [a, b, c] => Plane::through([a, b, c]),
                _ => None,
            },
        };
        self.points = self.plane.as_ref().map_or_else(Vec::new, |plane| plane.places(&kept.codes));
        if count == 1 {
            // One line would hide how many codes lie at a place.
            for (index, point) in self.points.iter_mut().enumerate() {
                point[1] = jitter(index);
            }
        }
        self.density = Density::new(self.points.iter().copied(), [DENSITY_CELLS; 2]);
    }

    /// The mean code.
    pub fn mean(&self) -> Vec<f32> {
        self.spreads.iter().map(|spread| spread.mean).collect()
    }

    /// Whether a code is far from all those of the watched samples, so that the decoder has never seen its like.
    pub fn is_far(&self, kept: &Kept, code: &[f32]) -> bool {
        let found = nearest(code, &kept.codes, 1, Distance::Euclidean);
        found.first().is_some_and(|near| near.distance > FAR * self.usual)
    }
}

/// Height of a point in the strip of a code of one unit, from -0.5 to 0.5, by its number: multiples of the golden ratio spread
/// evenly (Weyl 1916).
fn jitter(index: usize) -> f32 {
    (index as f64 * 0.618_033_988_749_895).fract() as f32 - 0.5
}

/// The distance to the nearest other code that 95 of 100 codes keep.
fn usual_distance(codes: &[f32], units: usize) -> f32 {
    let count = codes.len() / units.max(1);
    let step = count.div_ceil(SAMPLED).max(1);
    let mut distances: Vec<f32> = codes
        .chunks_exact(units.max(1))
        .step_by(step)
        .filter_map(|code| nearest(code, codes, 2, Distance::Euclidean).get(1).map(|near| near.distance))
        .collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() * 95 / 100).copied().unwrap_or(f32::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Arc<Kept> {
        // 100 codes along a line in the first two of three units; the third is always 7.
        let codes = (0..100).flat_map(|at| [at as f32, 0.5 * at as f32, 7.0]).collect();
        Arc::new(Kept { code_units: 3, codes, ..Kept::default() })
    }

    fn pin(code: [f32; 3]) -> Pin {
        Pin { name: String::new(), code: code.to_vec(), row: None }
    }

    #[test]
    fn planes_follow_units_and_pins() {
        let mut subject = Subject::default();
        let pins = [pin([0.0, 0.0, 1.0]), pin([1.0, 0.0, 1.0]), pin([0.0, 2.0, 1.0])];
        subject.update(&kept(), PlaneKind::Units, [1, 0], &[], None);
        assert_eq!(subject.order, [0, 1, 2]);
        assert_eq!((subject.points[4], subject.mean()), ([2.0, 4.0], vec![49.5, 24.75, 7.0]));
        assert_eq!(subject.plane.as_ref().map(|plane| plane.code([1.0, 2.0])), Some(vec![2.0, 1.0, 7.0]));
        subject.update(&kept(), PlaneKind::Units, [1, 0], &pins, Some(1));
        assert_eq!(subject.plane.as_ref().map(|plane| plane.code([1.0, 2.0])), Some(vec![2.0, 1.0, 1.0]));
        subject.update(&kept(), PlaneKind::Pins, [1, 0], &pins, None);
        assert_eq!(subject.plane.as_ref().map(|plane| plane.code([1.0, 2.0])), Some(vec![1.0, 2.0, 1.0]));
        subject.update(&kept(), PlaneKind::Pins, [1, 0], &pins[..2], None);
        assert!(subject.plane.is_none() && subject.points.is_empty());
    }

    #[test]
    fn a_code_of_one_unit_is_a_strip() {
        let mut subject = Subject::default();
        let kept = Arc::new(Kept { code_units: 1, codes: vec![3.0, -1.0], ..Kept::default() });
        subject.update(&kept, PlaneKind::Components, [0, 0], &[], None);
        assert_eq!(subject.points[0], [3.0, -0.5]);
        assert_eq!(subject.points[1][0], -1.0);
        assert!((subject.points[1][1] - 0.118_034).abs() < 1e-6, "{:?}", subject.points);
        assert_eq!(subject.plane.as_ref().map(|plane| plane.code([2.0, 0.4])), Some(vec![2.0]));
    }

    #[test]
    fn what_no_code_is_near_to_is_far() {
        let (mut subject, kept) = (Subject::default(), kept());
        subject.update(&kept, PlaneKind::Components, [0, 1], &[], None);
        // Codes are √1.25 = 1.118 apart.
        assert!(!subject.is_far(&kept, &[50.0, 25.0, 9.0]));
        assert!(subject.is_far(&kept, &[50.0, 25.0, 11.0]));
    }
}
