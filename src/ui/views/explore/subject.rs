//! What is explored: the codes of the watched samples, the plane they are shown on, and what is known of each unit.

use std::sync::Arc;

use super::context::bits;
use crate::analysis::density::Density;
use crate::analysis::neighbours::{Distance, nearest};
use crate::analysis::pca::Pca;
use crate::analysis::plane::Plane;
use crate::analysis::spread::Spread;
use crate::run::Kept;
use crate::session::Survey;
use crate::ui::plots::stamp_of;
use crate::ui::state::{Explore, ShownPin};

/// Which plane of the codes is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlaneKind {
    /// Two principal components.
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
    /// What was found of the codes of this epoch, or of the one before until that is there.
    survey: Option<(u64, Arc<Survey>)>,
    /// Each unit's values.
    pub spreads: Vec<Spread>,
    /// Units, the one of largest variance first.
    pub order: Vec<usize>,
    /// The plane shown.
    pub plane: Option<Plane>,
    /// Where the codes lie on it.
    pub points: Vec<[f32; 2]>,
    /// How densely.
    pub density: Density,
}

impl Subject {
    /// Brings all up to date where codes, plane or pins changed. `axes` are the units or components
    /// along x and y.
    pub fn update(&mut self, kept: &Arc<Kept>, kind: PlaneKind, axes: [usize; 2], explore: &Explore) {
        let count = kept.code_units.max(1);
        if self.kept.as_ref().is_none_or(|own| !Arc::ptr_eq(own, kept)) {
            self.kept = Some(Arc::clone(kept));
            self.codes_stamp += 1;
            self.spreads = Spread::of_units(&kept.codes, count, BINS);
            self.order = (0..count).collect();
            let variance = |unit: &usize| self.spreads[*unit].variance;
            self.order.sort_by(|a, b| variance(b).total_cmp(&variance(a)));
        }
        if let Some((stamp, survey)) = explore.survey() {
            self.survey = Some((stamp, Arc::clone(survey)));
        }
        let stamp = self.codes_stamp;
        let surveyed = self.survey.as_ref().map(|(stamp, _)| *stamp);
        let base = explore.active().map_or_else(|| self.mean(), |pin| pin.code.clone());
        let pins: &[ShownPin] = &explore.pins;
        let through: Vec<&[f32]> = pins.iter().rev().take(3).rev().map(|pin| &pin.code[..]).collect();
        let plane_stamp = match kind {
            PlaneKind::Components => stamp_of((stamp, kind, axes, surveyed)),
            PlaneKind::Units => stamp_of((stamp, kind, axes, bits(&base))),
            PlaneKind::Pins => {
                stamp_of((stamp, kind, through.iter().map(|code| bits(code)).collect::<Vec<_>>()))
            }
        };
        if self.plane_stamp == plane_stamp {
            return;
        }
        self.plane_stamp = plane_stamp;
        let pca = self.survey.as_ref().and_then(|(_, survey)| survey.pca.as_ref());
        self.plane = match kind {
            PlaneKind::Components if count == 1 => Some(Plane::of_one_unit()),
            // A code of two units is its own plane.
            PlaneKind::Components if count == 2 => Plane::of_units(&base, [0, 1]),
            PlaneKind::Components => pca.and_then(|pca| Plane::of_components(pca, axes)),
            PlaneKind::Units => Plane::of_units(&base, axes),
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

    /// How many principal components can be chosen; `None` until they are known.
    pub fn components(&self) -> Option<usize> {
        Some(self.survey.as_ref()?.1.pca.as_ref().map_or(0, Pca::k))
    }

    /// The mean code.
    pub fn mean(&self) -> Vec<f32> {
        self.spreads.iter().map(|spread| spread.mean).collect()
    }

    /// Whether a code is far from all those of the watched samples, so that the decoder has never seen its like.
    pub fn is_far(&self, kept: &Kept, code: &[f32]) -> bool {
        let usual = self.survey.as_ref().map_or(f32::INFINITY, |(_, survey)| survey.usual);
        let found = nearest(code, &kept.codes, 1, Distance::Euclidean);
        found.first().is_some_and(|near| near.distance > FAR * usual)
    }
}

/// Height of a point in the strip of a code of one unit, from -0.5 to 0.5, by its number: multiples of the golden ratio spread
/// evenly (Weyl 1916).
fn jitter(index: usize) -> f32 {
    (index as f64 * 0.618_033_988_749_895).fract() as f32 - 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{JobId, JobResult};
    use crate::ui::state::Question;

    fn kept() -> Arc<Kept> {
        // 100 codes along a line in the first two of three units; the third is always 7.
        let codes = (0..100).flat_map(|at| [at as f32, 0.5 * at as f32, 7.0]).collect();
        Arc::new(Kept { code_units: 3, codes, ..Kept::default() })
    }

    /// A state with pins at these codes, of which the one at `active` is looked at, and a survey of
    /// the codes.
    fn explore(kept: &Kept, pins: &[[f32; 3]], active: Option<usize>) -> Explore {
        let pin = |(at, code): (usize, &[f32; 3])| ShownPin {
            at,
            number: at + 1,
            name: String::new(),
            note: String::new(),
            code: code.to_vec(),
            sample: None,
        };
        let pins = pins.iter().enumerate().map(pin).collect();
        let mut explore = Explore::default();
        (explore.pins, explore.active) = (pins, active);
        explore.expect(JobId(1), Question::Survey, 1);
        let survey = JobResult::Survey(Arc::new(Survey::of(kept)));
        assert_eq!(explore.take(JobId(1), Ok(survey)), Ok(None));
        explore
    }

    #[test]
    fn planes_follow_units_and_pins() {
        let (mut subject, kept) = (Subject::default(), kept());
        let pins = [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 2.0, 1.0]];
        let code = |subject: &Subject| subject.plane.as_ref().map(|plane| plane.code([1.0, 2.0]));
        subject.update(&kept, PlaneKind::Units, [1, 0], &explore(&kept, &[], None));
        assert_eq!(subject.order, [0, 1, 2]);
        assert_eq!((subject.points[4], subject.mean()), ([2.0, 4.0], vec![49.5, 24.75, 7.0]));
        assert_eq!(code(&subject), Some(vec![2.0, 1.0, 7.0]));
        subject.update(&kept, PlaneKind::Units, [1, 0], &explore(&kept, &pins, Some(1)));
        assert_eq!(code(&subject), Some(vec![2.0, 1.0, 1.0]));
        subject.update(&kept, PlaneKind::Pins, [1, 0], &explore(&kept, &pins, None));
        assert_eq!(code(&subject), Some(vec![1.0, 2.0, 1.0]));
        subject.update(&kept, PlaneKind::Pins, [1, 0], &explore(&kept, &pins[..2], None));
        assert!(subject.plane.is_none() && subject.points.is_empty());
    }

    #[test]
    fn any_two_components_are_a_plane_once_they_are_known() {
        let (mut subject, kept) = (Subject::default(), kept());
        subject.update(&kept, PlaneKind::Components, [0, 1], &Explore::default());
        assert!(subject.plane.is_none() && subject.components().is_none());
        subject.update(&kept, PlaneKind::Components, [1, 0], &explore(&kept, &[], None));
        assert_eq!(subject.components(), Some(3));
        // All codes lie along the first component, now the y axis: the first code is √(49.5² ·
        // 1.25) from the mean.
        let [x, y] = subject.points[0];
        assert!(x.abs() < 1e-3 && (y.abs() - 55.342_685).abs() < 1e-3, "{x} {y}");
    }

    #[test]
    fn a_code_of_one_unit_is_a_strip() {
        let mut subject = Subject::default();
        let kept = Arc::new(Kept { code_units: 1, codes: vec![3.0, -1.0], ..Kept::default() });
        subject.update(&kept, PlaneKind::Components, [0, 0], &Explore::default());
        assert_eq!(subject.points[0], [3.0, -0.5]);
        assert_eq!(subject.points[1][0], -1.0);
        assert!((subject.points[1][1] - 0.118_034).abs() < 1e-6, "{:?}", subject.points);
        assert_eq!(subject.plane.as_ref().map(|plane| plane.code([2.0, 0.4])), Some(vec![2.0]));
    }

    #[test]
    fn what_no_code_is_near_to_is_far() {
        let (mut subject, kept) = (Subject::default(), kept());
        subject.update(&kept, PlaneKind::Components, [0, 1], &Explore::default());
        assert!(!subject.is_far(&kept, &[50.0, 25.0, 99.0]), "nobody knows yet");
        subject.update(&kept, PlaneKind::Components, [0, 1], &explore(&kept, &[], None));
        // Codes are √1.25 = 1.118 apart.
        assert!(!subject.is_far(&kept, &[50.0, 25.0, 9.0]));
        assert!(subject.is_far(&kept, &[50.0, 25.0, 11.0]));
    }
}
