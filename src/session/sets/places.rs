//! Positions of the codes of a set on a plane, and their density if there are too many to draw.

use std::sync::Arc;

use super::super::compute::principal;
use crate::analysis::density::Density;
use crate::analysis::plane::Plane;
use crate::project::Shape;
use crate::run::Kept;

/// Maximum number of points drawn individually; above it, their density is drawn.
pub const MOST_POINTS: usize = 200_000;

/// Cells of the density along each axis.
const CELLS: usize = 512;

/// A plane in the space of the codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CodePlane {
    /// Two units. A code of one unit is drawn as a strip: the unit along x, and a fixed jitter
    /// along y.
    Units([usize; 2]),
    /// The first two principal components of the watched codes.
    #[default]
    Principal,
    /// The first two principal components of a part of codes with this many channels per position.
    Part(CodePart, usize),
}

/// A part of a code that is a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodePart {
    /// A channel, counted from 0, at all positions.
    Channel(usize),
    /// All channels at a position, counted from 0 row by row.
    Position(usize),
}

/// Points on a plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// The points, one for each code.
    pub points: Vec<[f32; 2]>,
    /// Their density, if there are more than [`MOST_POINTS`].
    pub density: Option<Density>,
}

/// Height of a point in the strip of a one-unit code, from -0.5 to 0.5. Multiples of the golden
/// ratio spread evenly (Weyl 1916).
pub fn strip_jitter(index: usize) -> f32 {
    (index as f64 * 0.618_033_988_749_895).fract() as f32 - 0.5
}

impl CodePart {
    /// Extracts the numbers of the part, code by code, from codes of `units` numbers with this many
    /// channels per position. Also returns the count per code.
    pub fn of(self, codes: &[f32], units: usize, channels: usize) -> (Vec<f32>, usize) {
        let (units, channels) = (units.max(1), channels.max(1));
        let (from, step, count) = match self {
            CodePart::Channel(channel) => (channel, channels, units / channels),
            CodePart::Position(position) => (position * channels, 1, channels),
        };
        let own = |code: &[f32]| -> Vec<f32> {
            code.iter().skip(from).step_by(step).take(count).copied().collect()
        };
        (codes.chunks_exact(units).flat_map(own).collect(), count)
    }

    /// Number of values of the part in a code of this shape.
    fn numbers(self, code: Shape) -> usize {
        match self {
            CodePart::Channel(_) => code.features() / code.channels().max(1),
            CodePart::Position(_) => code.channels(),
        }
    }

    /// Unit of a code of this shape that has this number (from 0) within the part.
    fn unit(self, number: usize, code: Shape) -> usize {
        match self {
            CodePart::Channel(channel) => number * code.channels() + channel,
            CodePart::Position(position) => position * code.channels() + number,
        }
    }

    /// Name of the part in a code of this shape, counted from 1.
    pub fn name(self, code: Shape) -> String {
        match (self, code) {
            (CodePart::Channel(channel), _) => format!("channel {}", channel + 1),
            (CodePart::Position(position), Shape::Image { width, .. }) => {
                let width = width.max(1);
                format!("row {}, column {}", position / width + 1, position % width + 1)
            }
            (CodePart::Position(position), Shape::Vector(_)) => format!("position {}", position + 1),
        }
    }
}

impl CodePlane {
    /// Returns whether positions on it are computed from principal components.
    pub fn is_principal(self) -> bool {
        !matches!(self, CodePlane::Units(_))
    }

    /// Names of its axes for a code of this shape.
    pub fn axis_names(self, code: Shape) -> [String; 2] {
        match self {
            CodePlane::Units(units) => units.map(|unit| code.unit_name(unit)),
            CodePlane::Principal => [1, 2].map(|number| format!("principal component {number}")),
            // Two numbers are plotted directly, and one as a strip.
            CodePlane::Part(part, _) if part.numbers(code) == 2 => {
                [0, 1].map(|number| code.unit_name(part.unit(number, code)))
            }
            CodePlane::Part(part, _) if part.numbers(code) < 2 => {
                [code.unit_name(part.unit(0, code)), String::new()]
            }
            CodePlane::Part(part, _) => {
                [1, 2].map(|number| format!("principal component {number} of {}", part.name(code)))
            }
        }
    }

    /// Places codes, row by row, on the plane. The watched codes determine how many numbers a code
    /// has.
    ///
    /// # Errors
    /// A message if the watched codes have no principal components.
    pub fn places(self, codes: &[f32], watched: &Kept) -> Result<Places, String> {
        let units = watched.code_units.max(1);
        let points = match self {
            CodePlane::Principal if units > 2 => principal(watched, codes)?,
            CodePlane::Principal => of_units(codes, units, [0, 1]),
            CodePlane::Units(shown) => of_units(codes, units, shown),
            CodePlane::Part(part, channels) => {
                let (codes, own) = part.of(codes, units, channels);
                let (watched, _) = part.of(&watched.codes, units, channels);
                let watched = Kept { code_units: own, codes: watched, ..Kept::default() };
                return CodePlane::Principal.places(&codes, &watched);
            }
        };
        Ok(Places::of(points))
    }
}

impl Places {
    fn of(points: Vec<[f32; 2]>) -> Places {
        let is_crowd = points.len() > MOST_POINTS;
        let density = is_crowd.then(|| Density::new(points.iter().copied(), [CELLS; 2]));
        Places { points, density }
    }
}

/// Positions of codes, row by row, on any plane. One-unit codes are drawn as a strip, because a
/// line would hide how many codes share a position.
pub fn places_on(plane: &Plane, codes: &[f32]) -> Vec<[f32; 2]> {
    let mut points = plane.places(codes);
    if plane.units() == 1 {
        points.iter_mut().enumerate().for_each(|(index, point)| point[1] = strip_jitter(index));
    }
    points
}

fn of_units(codes: &[f32], units: usize, [x, y]: [usize; 2]) -> Vec<[f32; 2]> {
    let place = |(index, code): (usize, &[f32])| {
        let at = |unit: usize| code.get(unit).copied().unwrap_or(f32::NAN);
        if units == 1 { [at(0), strip_jitter(index)] } else { [at(x), at(y)] }
    };
    codes.chunks_exact(units).enumerate().map(place).collect()
}

/// A job that places codes on a plane.
#[derive(Clone, Debug)]
pub struct PlaceJob {
    /// The plane.
    pub on: PlaceOn,
    /// The codes, row by row.
    pub codes: Arc<Vec<f32>>,
}

/// The plane that codes are placed on.
#[derive(Clone, Debug)]
pub enum PlaceOn {
    /// A plane of two units, or of the principal components of these watched codes.
    Latent(CodePlane, Arc<Kept>),
    /// Any plane.
    Any(Arc<Plane>),
}

impl PlaceJob {
    /// Runs the job.
    ///
    /// # Errors
    /// A message if the watched codes have no principal components.
    pub fn places(&self) -> Result<Places, String> {
        match &self.on {
            PlaceOn::Latent(plane, watched) => plane.places(&self.codes, watched),
            PlaceOn::Any(plane) => Ok(Places::of(places_on(plane, &self.codes))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(code_units: usize, codes: &[f32]) -> Kept {
        Kept { code_units, codes: codes.to_vec(), ..Kept::default() }
    }

    #[test]
    fn codes_are_placed_by_units_and_components() {
        let check = |plane: CodePlane, units: usize, codes: &[f32], expected: &[[f32; 2]]| {
            let places = plane.places(codes, &watched(units, &[])).expect("no components are needed");
            assert_eq!((&places.points[..], places.density), (expected, None), "{plane:?} of {units}");
        };
        let six = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        check(CodePlane::Units([2, 0]), 3, &six, &[[3.0, 1.0], [6.0, 4.0]]);
        check(CodePlane::Units([0, 1]), 2, &six, &[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        check(CodePlane::Principal, 2, &six, &[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        check(CodePlane::Units([0, 0]), 1, &six[..2], &[[1.0, strip_jitter(0)], [2.0, strip_jitter(1)]]);
        // The watched codes vary most along the third unit, then along the first; their mean is 0.
        let cross = [[0.0, 0.0, 9.0], [0.0, 0.0, -9.0], [2.0, 0.0, 0.0], [-2.0, 0.0, 0.0]];
        let places = CodePlane::Principal.places(&[1.0, 5.0, 4.0], &watched(3, cross.as_flattened()));
        let [x, y] = places.expect("they vary").points[0].map(f32::abs);
        assert!((x - 4.0).abs() < 1e-4 && (y - 1.0).abs() < 1e-4, "{x} {y}");
    }

    #[test]
    fn a_channel_and_a_position_have_planes_of_their_own() {
        // Two positions with three channels; each value of a code is 10·position + channel.
        let code = Shape::Image { height: 1, width: 2, channels: 3 };
        let codes = [[0.0, 1.0, 2.0, 10.0, 11.0, 12.0], [100.0, 101.0, 102.0, 110.0, 111.0, 112.0]];
        let codes = codes.as_flattened();
        let of = |part: CodePart| part.of(codes, 6, 3);
        assert_eq!(of(CodePart::Channel(1)), (vec![1.0, 11.0, 101.0, 111.0], 2));
        let second = vec![10.0, 11.0, 12.0, 110.0, 111.0, 112.0];
        assert_eq!(of(CodePart::Position(1)), (second.clone(), 3));
        let places = |plane: CodePlane, codes: &[f32], units: usize| {
            plane.places(codes, &watched(units, codes)).expect("they vary").points
        };
        // A channel at two positions forms its own plane; three channels use the components of that
        // part only.
        let channel = places(CodePlane::Part(CodePart::Channel(1), 3), codes, 6);
        assert_eq!(channel, [[1.0, 11.0], [101.0, 111.0]]);
        let position = places(CodePlane::Part(CodePart::Position(1), 3), codes, 6);
        assert_eq!(position, places(CodePlane::Principal, &second, 3));
        let distance = position[1][0] - position[0][0];
        assert!((distance.abs() - 100.0 * 3.0_f32.sqrt()).abs() < 1e-2, "{position:?}");
        let names = |part| CodePlane::Part(part, 3).axis_names(code);
        // Two numbers are plotted directly.
        assert_eq!(names(CodePart::Channel(1)), [1, 4].map(|unit| code.unit_name(unit)));
        assert_eq!(names(CodePart::Position(1))[1], "principal component 2 of row 1, column 2");
    }

    #[test]
    fn codes_are_placed_on_any_plane_and_one_unit_codes_on_a_strip() {
        let check = |plane: Plane, codes: &[f32], expected: &[[f32; 2]]| {
            let job = PlaceJob { on: PlaceOn::Any(Arc::new(plane)), codes: Arc::new(codes.to_vec()) };
            assert_eq!(job.places().expect("no components are needed").points, expected);
        };
        let units = Plane::of_units(&[0.0, 7.0, 0.0], [2, 0]).expect("two units");
        check(units, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[[3.0, 1.0], [6.0, 4.0]]);
        check(Plane::of_one_unit(), &[3.0, -1.0], &[[3.0, strip_jitter(0)], [-1.0, strip_jitter(1)]]);
    }

    #[test]
    fn too_many_points_are_drawn_as_a_density() {
        let codes = |count: usize| -> Vec<f32> { (0..2 * count).map(|at| (at % 7) as f32).collect() };
        let density = |count: usize| {
            let places = CodePlane::Units([0, 1]).places(&codes(count), &watched(2, &[]));
            places.expect("no components are needed").density
        };
        assert_eq!(density(MOST_POINTS), None);
        let bounds = density(MOST_POINTS + 1).map(|density| density.bounds);
        assert_eq!(bounds, Some([[0.0, 6.0], [0.0, 6.0]]));
    }
}
