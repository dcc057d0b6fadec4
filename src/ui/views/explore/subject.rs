//! The plane of the codes, and the statistics of each unit over the training codes.

use std::sync::Arc;

use super::context::bits;
use crate::analysis::density::Density;
use crate::analysis::neighbours::{Distance, nearest};
use crate::analysis::pca::Pca;
use crate::analysis::plane::Plane;
use crate::analysis::spread::Spread;
use crate::dataset::Dataset;
use crate::project::Shape;
use crate::run::{Kept, Probe};
use crate::session::{CodeStatistics, places_on};
use crate::ui::plots::stamp_of;
use crate::ui::state::{Explore, ExploredPlane, ShownPin};

/// The kind of plane shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlaneKind {
    /// Two principal components.
    #[default]
    Components,
    /// Two units; the others have the values of the active pin.
    Units,
    /// The plane through the last three pins.
    Pins,
}

impl PlaneKind {
    /// All of them.
    pub const ALL: [PlaneKind; 3] = [PlaneKind::Components, PlaneKind::Units, PlaneKind::Pins];

    /// The label of its chip.
    pub fn name(self) -> &'static str {
        match self {
            PlaneKind::Components => "PCA",
            PlaneKind::Units => "units",
            PlaneKind::Pins => "three pins",
        }
    }
}

/// Number of density cells along each axis.
const DENSITY_CELLS: usize = 40;
/// Number of bins of a unit's histogram.
const BINS: usize = 24;
/// A position is far from all codes if the nearest is at least this many times the usual distance
/// away.
const FAR: f32 = 3.0;

/// Everything derived from the codes of one epoch.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The codes it is derived from, held so that their address is not reused.
    kept: Option<Arc<Kept>>,
    /// Which of the watched samples belong to the training split, and of which data.
    is_training: (u64, Vec<bool>),
    /// Their codes: those the decoder was trained on.
    pub training: Arc<Kept>,
    /// Stamp that changes with the codes.
    pub codes_stamp: u64,
    /// The survey of the codes of this epoch, or of the previous one until that is available.
    code_statistics: Option<(u64, Arc<CodeStatistics>)>,
    /// Each unit's values over the training codes.
    pub spreads: Vec<Spread>,
    /// Units in order of decreasing variance.
    pub order: Vec<usize>,
    /// The requested plane.
    pub wanted: Option<Arc<ExploredPlane>>,
    wanted_stamp: u64,
    /// The displayed plane; it differs from the requested one until the codes of a set have been
    /// placed on the requested one.
    pub plane: Option<Arc<ExploredPlane>>,
    /// Positions of the watched codes on it, and the stamp of plane and codes.
    pub points: Vec<[f32; 2]>,
    points_stamp: u64,
    /// The density of the training codes on it.
    pub density: Density,
}

impl Subject {
    /// Switches to the codes of an epoch; `of` identifies the data that determine which of the
    /// watched samples belong to the training split.
    pub fn follow(&mut self, kept: &Arc<Kept>, of: u64, is_training: impl FnOnce() -> Vec<bool>) {
        if self.is_training.0 != of {
            (self.is_training, self.kept) = ((of, is_training()), None);
        }
        if self.kept.as_ref().is_some_and(|own| Arc::ptr_eq(own, kept)) {
            return;
        }
        let count = kept.code_units.max(1);
        self.kept = Some(Arc::clone(kept));
        self.training = training_codes(kept, &self.is_training.1);
        self.codes_stamp += 1;
        self.spreads = Spread::of_units(&self.training.codes, count, BINS);
        self.order = (0..count).collect();
        let variance = |unit: &usize| self.spreads[*unit].variance;
        self.order.sort_by(|a, b| variance(b).total_cmp(&variance(a)));
    }

    /// Updates the requested plane after changes of codes, settings or pins. `axes` are the units
    /// or components along x and y; `run` identifies the run, whose codes have this shape.
    pub fn switch_to(
        &mut self,
        run: u64,
        code: Shape,
        (kind, axes): (PlaneKind, [usize; 2]),
        explore: &Explore,
    ) {
        let count = self.training.code_units.max(1);
        if let Some((stamp, code_statistics)) = explore.code_statistics() {
            self.code_statistics = Some((stamp, Arc::clone(code_statistics)));
        }
        let (codes, surveyed) = (self.codes_stamp, self.code_statistics.as_ref().map(|(stamp, _)| *stamp));
        let base = explore.active().map_or_else(|| self.mean(), |pin| pin.code.clone());
        let pins: &[ShownPin] = &explore.pins;
        let through: Vec<&[f32]> = pins.iter().rev().take(3).rev().map(|pin| &pin.code[..]).collect();
        let series = stamp_of((run, kind, axes));
        let stamp = match kind {
            PlaneKind::Components => stamp_of((series, codes, surveyed)),
            PlaneKind::Units => stamp_of((series, codes, bits(&base))),
            PlaneKind::Pins => {
                stamp_of((series, codes, through.iter().map(|code| bits(code)).collect::<Vec<_>>()))
            }
        };
        if self.wanted_stamp == stamp {
            return;
        }
        self.wanted_stamp = stamp;
        let pca = self.code_statistics.as_ref().and_then(|(_, code_statistics)| code_statistics.pca.as_ref());
        let plane = match kind {
            PlaneKind::Components if count == 1 => Some(Plane::of_one_unit()),
            // A code of two units forms its own plane.
            PlaneKind::Components if count == 2 => Plane::of_units(&base, [0, 1]),
            PlaneKind::Components => pca.and_then(|pca| Plane::of_components(pca, axes)),
            PlaneKind::Units => Plane::of_units(&base, axes),
            PlaneKind::Pins => match through[..] {
                [a, b, c] => Plane::through([a, b, c]),
                _ => None,
            },
        };
        let names = names(kind, axes, code);
        let plane = plane.map(|plane| ExploredPlane { stamp, series, names, plane: Arc::new(plane) });
        self.wanted = plane.map(Arc::new);
    }

    /// Shows a plane with the codes of a set, else the requested plane, or none if neither exists.
    pub fn show(&mut self, plane: Option<&Arc<ExploredPlane>>) {
        let plane = self.wanted.as_ref().map(|wanted| plane.unwrap_or(wanted));
        let stamp = stamp_of((plane.map(|plane| plane.stamp), self.codes_stamp));
        if self.points_stamp == stamp {
            return;
        }
        self.points_stamp = stamp;
        let places = |kept: &Kept| plane.map_or_else(Vec::new, |plane| places_on(&plane.plane, &kept.codes));
        self.points = self.kept.as_deref().map_or_else(Vec::new, places);
        self.density = Density::new(places(&self.training).into_iter(), [DENSITY_CELLS; 2]);
        self.plane = plane.cloned();
    }

    /// Number of principal components that can be chosen; `None` until known.
    pub fn components(&self) -> Option<usize> {
        Some(self.code_statistics.as_ref()?.1.pca.as_ref().map_or(0, Pca::k))
    }

    /// The mean of the training codes.
    pub fn mean(&self) -> Vec<f32> {
        self.spreads.iter().map(|spread| spread.mean).collect()
    }

    /// Whether a code is far from all training codes, so the decoder was not trained on anything
    /// similar.
    pub fn is_far(&self, code: &[f32]) -> bool {
        let usual =
            self.code_statistics.as_ref().map_or(f32::INFINITY, |(_, code_statistics)| code_statistics.usual);
        let found = nearest(code, &self.training.codes, 1, Distance::Euclidean);
        found.first().is_some_and(|near| near.distance > FAR * usual)
    }
}

/// Names of the axes. A code of one unit is a strip.
fn names(kind: PlaneKind, axes: [usize; 2], code: Shape) -> [String; 2] {
    let (count, unit) = (code.features(), |unit: usize| code.unit_name(unit));
    match kind {
        PlaneKind::Components if count < 2 => [unit(0), String::new()],
        PlaneKind::Components if count == 2 => [0, 1].map(unit),
        PlaneKind::Components => axes.map(|axis| format!("principal component {}", axis + 1)),
        PlaneKind::Units => axes.map(unit),
        PlaneKind::Pins => [1, 2].map(|axis| format!("direction {axis} of the plane through three pins")),
    }
}

/// Which of the watched samples belong to the training split.
pub fn training_samples(probe: &Probe, data: &Dataset) -> Vec<bool> {
    let mut is_training = vec![false; data.len()];
    for row in &data.split.train {
        is_training.iter_mut().skip(*row as usize).take(1).for_each(|is_it| *is_it = true);
    }
    let of = |row: &u32| is_training.get(*row as usize).copied().unwrap_or_default();
    probe.code_rows.iter().map(of).collect()
}

/// The codes of training samples, or all if there are none.
fn training_codes(kept: &Arc<Kept>, is_training: &[bool]) -> Arc<Kept> {
    let rows = kept.codes.chunks_exact(kept.code_units.max(1)).zip(is_training);
    let codes: Vec<f32> =
        rows.filter(|(_, is_training)| **is_training).flat_map(|(code, _)| code).copied().collect();
    if codes.is_empty() || codes.len() == kept.codes.len() {
        return Arc::clone(kept);
    }
    Arc::new(Kept { epoch: kept.epoch, code_units: kept.code_units, codes, ..Kept::default() })
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

    /// A state with pins at these codes, of which `active` is the active one, and a survey of the
    /// codes.
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
        explore.expect(JobId(1), Question::CodeStatistics, 1);
        let code_statistics = JobResult::CodeStatistics(Arc::new(CodeStatistics::of(kept)));
        assert_eq!(explore.take(JobId(1), Ok(code_statistics)), Ok(None));
        explore
    }

    /// A subject with these codes, all of the training split, on the requested plane.
    fn subject(kept: &Arc<Kept>, kind: PlaneKind, axes: [usize; 2], explore: &Explore) -> Subject {
        let mut subject = Subject::default();
        subject.follow(kept, 1, || vec![true; 100]);
        subject.switch_to(1, Shape::Vector(kept.code_units), (kind, axes), explore);
        subject.show(None);
        subject
    }

    fn names_of(subject: &Subject) -> [&str; 2] {
        subject.plane.as_ref().map_or(["", ""], |plane| plane.names.each_ref().map(String::as_str))
    }

    #[test]
    fn planes_follow_units_and_pins() {
        let kept = kept();
        let pins = [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 2.0, 1.0]];
        let code = |subject: &Subject| subject.plane.as_ref().map(|plane| plane.plane.code([1.0, 2.0]));
        let of = |kind, explore: &Explore| subject(&kept, kind, [1, 0], explore);
        let bare = of(PlaneKind::Units, &explore(&kept, &[], None));
        assert_eq!((&bare.order[..], names_of(&bare)), (&[0, 1, 2][..], ["unit 2", "unit 1"]));
        assert_eq!((bare.points[4], bare.mean()), ([2.0, 4.0], vec![49.5, 24.75, 7.0]));
        assert_eq!(code(&bare), Some(vec![2.0, 1.0, 7.0]));
        let pinned = of(PlaneKind::Units, &explore(&kept, &pins, Some(1)));
        assert_eq!(code(&pinned), Some(vec![2.0, 1.0, 1.0]));
        let through = of(PlaneKind::Pins, &explore(&kept, &pins, None));
        assert_eq!(code(&through), Some(vec![1.0, 2.0, 1.0]));
        let too_few = of(PlaneKind::Pins, &explore(&kept, &pins[..2], None));
        assert!(too_few.plane.is_none() && too_few.points.is_empty());
    }

    #[test]
    fn any_two_components_are_a_plane_once_they_are_known() {
        let kept = kept();
        let unknown = subject(&kept, PlaneKind::Components, [0, 1], &Explore::default());
        assert!(unknown.plane.is_none() && unknown.components().is_none());
        let known = subject(&kept, PlaneKind::Components, [1, 0], &explore(&kept, &[], None));
        assert_eq!(known.components(), Some(3));
        assert_eq!(names_of(&known), ["principal component 2", "principal component 1"]);
        // All codes lie along the first component, now the y axis: the first code is √(49.5² ·
        // 1.25) from the mean.
        let [x, y] = known.points[0];
        assert!(x.abs() < 1e-3 && (y.abs() - 55.342_685).abs() < 1e-3, "{x} {y}");
    }

    #[test]
    fn a_code_of_one_unit_is_a_strip() {
        let kept = Arc::new(Kept { code_units: 1, codes: vec![3.0, -1.0], ..Kept::default() });
        let subject = subject(&kept, PlaneKind::Components, [0, 0], &Explore::default());
        assert_eq!((subject.points[0], names_of(&subject)), ([3.0, -0.5], ["unit 1", ""]));
        assert_eq!(subject.points[1][0], -1.0);
        assert!((subject.points[1][1] - 0.118_034).abs() < 1e-6, "{:?}", subject.points);
        let code = subject.plane.as_ref().map(|plane| plane.plane.code([2.0, 0.4]));
        assert_eq!(code, Some(vec![2.0]));
    }

    #[test]
    fn a_position_without_codes_nearby_is_far() {
        let kept = kept();
        let of = |explore: &Explore| subject(&kept, PlaneKind::Components, [0, 1], explore);
        assert!(!of(&Explore::default()).is_far(&[50.0, 25.0, 99.0]), "nobody knows yet");
        let surveyed = of(&explore(&kept, &[], None));
        // Codes are √1.25 = 1.118 apart.
        assert!(!surveyed.is_far(&[50.0, 25.0, 9.0]));
        assert!(surveyed.is_far(&[50.0, 25.0, 11.0]));
    }

    #[test]
    fn ranges_only_include_training_codes() {
        let codes = vec![0.0, 1.0, 4.0, 3.0, 100.0, -100.0];
        let kept = Arc::new(Kept { code_units: 2, codes, ..Kept::default() });
        let mut subject = Subject::default();
        let mut follow = |of, is_training: &[bool]| {
            subject.follow(&kept, of, || is_training.to_vec());
            let components = (PlaneKind::Components, [0, 1]);
            subject.switch_to(1, Shape::Vector(2), components, &Explore::default());
            subject.show(None);
            let ranges: Vec<[f32; 2]> = subject.spreads.iter().map(|spread| spread.range).collect();
            (ranges, subject.points.len(), subject.density.bounds)
        };
        let of_two = [[0.0, 4.0], [1.0, 3.0]];
        assert_eq!(follow(1, &[true, true, false]), (of_two.to_vec(), 3, of_two));
        // If none is known to be a training code, all are used.
        let of_all = [[0.0, 100.0], [-100.0, 3.0]];
        assert_eq!(follow(2, &[false; 3]), (of_all.to_vec(), 3, of_all));
        let mut data = crate::ui::views::samples::table(5, 2);
        data.split.train = vec![0, 3, 4];
        let probe = Probe { picture_rows: vec![], code_rows: vec![1, 3, 4, 9] };
        assert_eq!(training_samples(&probe, &data), [false, true, true, false]);
    }
}
