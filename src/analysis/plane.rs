//! A plane in code space: positions of codes on it, and the code at each position.

use super::pca::Pca;

/// A plane, given by a point on it and two orthonormal directions, each with as many values as a
/// code has units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plane {
    origin: Vec<f32>,
    axes: [Vec<f32>; 2],
}

impl Plane {
    /// The plane of two units, the others as in `code`. `None` if these are not two different
    /// units.
    pub fn of_units(code: &[f32], units: [usize; 2]) -> Option<Plane> {
        if units[0] == units[1] || units.iter().any(|unit| *unit >= code.len()) {
            return None;
        }
        let mut origin = code.to_vec();
        units.iter().for_each(|unit| origin[*unit] = 0.0);
        let axis = |unit: usize| (0..code.len()).map(|at| f32::from(at == unit)).collect();
        Some(Plane { origin, axes: units.map(axis) })
    }

    /// The plane of a code's only unit, along the first axis; the second axis has no effect.
    pub fn of_one_unit() -> Plane {
        Plane { origin: vec![0.0], axes: [vec![1.0], vec![0.0]] }
    }

    /// The plane of two principal components, counted from 0; all others are 0. `None` if these are
    /// not two different components.
    pub fn of_components(pca: &Pca, [x, y]: [usize; 2]) -> Option<Plane> {
        let component = |at: usize| pca.components.chunks_exact(pca.mean.len().max(1)).nth(at);
        let axes = [component(x)?.to_vec(), component(y)?.to_vec()];
        (x != y).then(|| Plane { origin: pca.mean.clone(), axes })
    }

    /// The plane through three codes: the first at (0, 0), the second on the first axis. `None` if
    /// they are on one line.
    pub fn through([a, b, c]: [&[f32]; 3]) -> Option<Plane> {
        let less = |from: &[f32], what: &[f32], times: f32| -> Vec<f32> {
            from.iter().zip(what).map(|(from, what)| from - times * what).collect()
        };
        let first = unit(&less(b, a, 1.0))?;
        let to_c = less(c, a, 1.0);
        let across = less(&to_c, &first, dot(&to_c, &first));
        // The remaining distance from a line is a rounding error.
        let is_line = dot(&across, &across) <= 1e-10 * dot(&to_c, &to_c);
        let second = unit(&across).filter(|_| !is_line)?;
        Some(Plane { origin: a.to_vec(), axes: [first, second] })
    }

    /// Number of units of a code.
    pub fn units(&self) -> usize {
        self.origin.len()
    }

    /// The position on the plane that is nearest to a code.
    pub fn place(&self, code: &[f32]) -> [f32; 2] {
        let along = |axis: &Vec<f32>| {
            let centred = code.iter().zip(&self.origin).map(|(value, origin)| value - origin);
            centred.zip(axis).map(|(value, axis)| value * axis).sum()
        };
        [along(&self.axes[0]), along(&self.axes[1])]
    }

    /// Positions of codes, row by row.
    pub fn places(&self, codes: &[f32]) -> Vec<[f32; 2]> {
        codes.chunks_exact(self.units().max(1)).map(|code| self.place(code)).collect()
    }

    /// The code at a position.
    pub fn code(&self, [x, y]: [f32; 2]) -> Vec<f32> {
        let along = self.axes[0].iter().zip(&self.axes[1]);
        self.origin
            .iter()
            .zip(along)
            .map(|(origin, (first, second))| origin + x * first + y * second)
            .collect()
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The direction of a vector; `None` for the zero vector.
fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    let length = dot(vector, vector).sqrt();
    (length.is_normal()).then(|| vector.iter().map(|value| value / length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_close(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    #[test]
    fn units_are_two_of_the_code_and_the_others_stay() {
        let plane = Plane::of_units(&[1.0, 2.0, 3.0, 4.0], [3, 1]).unwrap();
        assert_eq!(plane.place(&[9.0, 8.0, 7.0, 6.0]), [6.0, 8.0]);
        assert_eq!(plane.code([-1.0, 0.5]), [1.0, 0.5, 3.0, -1.0]);
        assert_eq!(Plane::of_units(&[1.0, 2.0], [0, 0]), None);
        assert_eq!(Plane::of_units(&[1.0, 2.0], [0, 2]), None);
    }

    #[test]
    fn a_plane_goes_through_three_codes() {
        let (a, b, c) = ([1.0, 0.0, 0.0], [4.0, 0.0, 4.0], [1.0, 2.0, 0.0]);
        let plane = Plane::through([&a, &b, &c]).unwrap();
        for (code, place) in [(&a, [0.0, 0.0]), (&b, [5.0, 0.0]), (&c, [0.0, 2.0])] {
            assert!(is_close(&plane.place(code), &place) && is_close(&plane.code(place), code), "{code:?}");
        }
        // Off the plane, the nearest position on it: along (4, 0, −3), which is at right angles to
        // it.
        assert!(is_close(&plane.place(&[5.0, 1.0, -3.0]), &[0.0, 1.0]));
        assert_eq!(Plane::through([&a, &a, &c]), None);
        assert_eq!(Plane::through([&[0.0, 0.0], &[1.0, 1.0], &[3.0, 3.0]]), None);
    }

    #[test]
    fn components_span_the_plane_around_the_mean() {
        // They vary by ±2 along (0, 1, 0), by ±1 along (1, 0, 0), and not along the third axis.
        let rows = [1.0, 2.0, 5.0, -1.0, 2.0, 5.0, 1.0, -2.0, 5.0, -1.0, -2.0, 5.0];
        let pca = Pca::fit(&rows, 3, 2).unwrap();
        let plane = Plane::of_components(&pca, [0, 1]).unwrap();
        assert!(is_close(&plane.code([2.0, 1.0]), &[1.0, 2.0, 5.0]));
        assert!(is_close(plane.places(&rows).as_flattened(), &[2.0, 1.0, 2.0, -1.0, -2.0, 1.0, -2.0, -1.0]));
        let turned = Plane::of_components(&pca, [1, 0]).unwrap();
        assert!(is_close(&turned.code([1.0, 2.0]), &[1.0, 2.0, 5.0]));
        for axes in [[0, 2], [1, 1]] {
            assert_eq!(Plane::of_components(&pca, axes), None, "{axes:?}");
        }
    }
}
