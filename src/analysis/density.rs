//! The density of points on a plane.

/// Density of points on a grid over the rectangle that contains them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// Cells along x and y.
    pub size: [usize; 2],
    /// Smallest and largest coordinates, of x and of y.
    pub bounds: [[f32; 2]; 2],
    /// One value per cell, rows in ascending y, as a share of the largest: 0 to 1.
    pub cells: Vec<f32>,
}

impl Density {
    /// Counts the finite points in cells and smooths with a binomial kernel (1 4 6 4 1) in both
    /// directions, which approximates a normal distribution with a standard deviation of one cell.
    pub fn new(points: impl Iterator<Item = [f32; 2]> + Clone, size: [usize; 2]) -> Density {
        let finite = points.filter(|[x, y]| x.is_finite() && y.is_finite());
        let mut bounds = [[f32::INFINITY, f32::NEG_INFINITY]; 2];
        for point in finite.clone() {
            for ([low, high], value) in bounds.iter_mut().zip(point) {
                (*low, *high) = (low.min(value), high.max(value));
            }
        }
        let mut density = Density { size, bounds, cells: vec![0.0; size[0] * size[1]] };
        for point in finite {
            if let Some(cell) = density.cell(point) {
                density.cells[cell] += 1.0;
            }
        }
        density.smooth(size[1], size[0], 1, size[0]);
        density.smooth(size[0], size[1], size[0], 1);
        let top = density.cells.iter().copied().fold(0.0, f32::max);
        if top > 0.0 {
            density.cells.iter_mut().for_each(|cell| *cell /= top);
        }
        density
    }

    /// The density at a point; 0 outside.
    pub fn at(&self, point: [f32; 2]) -> f32 {
        self.cell(point).map_or(0.0, |cell| self.cells[cell])
    }

    fn cell(&self, point: [f32; 2]) -> Option<usize> {
        let index = |axis: usize| {
            let [low, high] = self.bounds[axis];
            let share = if high > low { (point[axis] - low) / (high - low) } else { 0.5 };
            let last = self.size[axis].checked_sub(1)?;
            (low..=high).contains(&point[axis]).then(|| ((share * self.size[axis] as f32) as usize).min(last))
        };
        Some(index(1)? * self.size[0] + index(0)?)
    }

    /// Smooths `lines` lines of `count` cells: cells are `step` apart, lines `stride`. Values
    /// beyond the grid are dropped.
    fn smooth(&mut self, lines: usize, count: usize, step: usize, stride: usize) {
        const KERNEL: [f32; 5] = [1.0, 4.0, 6.0, 4.0, 1.0];
        let mut before = vec![0.0; count];
        for line in 0..lines {
            let first = line * stride;
            for (at, value) in before.iter_mut().enumerate() {
                *value = self.cells[first + at * step];
            }
            for at in 0..count {
                let near = KERNEL.iter().enumerate().filter_map(|(tap, weight)| {
                    let value = before.get((at + tap).checked_sub(2)?)?;
                    Some(weight / 16.0 * value)
                });
                self.cells[first + at * step] = near.sum();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_smoothed_shares() {
        // Many points in the middle cell of 5 × 5; two more span the rectangle, with negligible
        // weight.
        let middle = std::iter::repeat_n([2.5, 2.5], 1_000_000);
        let points = middle.chain([[0.0, 0.0], [5.0, 5.0]]);
        let density = Density::new(points, [5, 5]);
        assert_eq!(density.bounds, [[0.0, 5.0], [0.0, 5.0]]);
        // The kernel's values in both directions, as shares of its middle: 6·6 = 36.
        for (point, expected) in
            [([2.5, 2.5], 36.0), ([1.5, 2.5], 24.0), ([1.5, 1.5], 16.0), ([0.5, 2.5], 6.0)]
        {
            assert!((density.at(point) - expected / 36.0).abs() < 1e-4, "{point:?}: {}", density.at(point));
        }
        assert_eq!([density.at([-1.0, 2.0]), density.at([f32::NAN, 2.0])], [0.0, 0.0]);
    }

    #[test]
    fn no_point_and_one_point_cause_no_error() {
        assert_eq!(Density::new([].into_iter(), [4, 4]).at([0.0, 0.0]), 0.0);
        let one = Density::new([[1.0, f32::NAN], [3.0, 4.0]].into_iter(), [4, 4]);
        assert_eq!(one.at([3.0, 4.0]), 1.0);
        assert_eq!(Density::new([[3.0, 4.0]].into_iter(), [0, 0]).at([3.0, 4.0]), 0.0);
    }
}
