//! Finding points inside a shape drawn on a plane.

/// Whether a point is inside a polygon given by its corners, by the even-odd rule: where the
/// outline crosses itself, doubly enclosed areas are outside. The last corner is joined to the
/// first.
pub fn is_inside(polygon: &[[f32; 2]], [x, y]: [f32; 2]) -> bool {
    let mut previous = polygon.last();
    let mut inside = false;
    for corner in polygon {
        if let Some([px, py]) = previous {
            let [cx, cy] = corner;
            // Does the edge cross the line to the right of the point?
            if (*cy > y) != (*py > y) && x < (px - cx) * (y - cy) / (py - cy) + cx {
                inside = !inside;
            }
        }
        previous = Some(corner);
    }
    inside
}

/// Indices of the points inside a polygon.
pub fn inside(polygon: &[[f32; 2]], points: &[[f32; 2]]) -> Vec<usize> {
    let low = |axis: usize| polygon.iter().map(|corner| corner[axis]).fold(f32::INFINITY, f32::min);
    let high = |axis: usize| polygon.iter().map(|corner| corner[axis]).fold(f32::NEG_INFINITY, f32::max);
    let bounds = [0, 1].map(|axis| low(axis)..=high(axis));
    // Most points are outside its bounding box, which is faster to test.
    let is_near = |point: &[f32; 2]| bounds[0].contains(&point[0]) && bounds[1].contains(&point[1]);
    let found = points.iter().enumerate().filter(|(_, point)| is_near(point) && is_inside(polygon, **point));
    found.map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_inside_are_found() {
        // An L: the square of side 2 without its upper right quarter.
        let shape = [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 1.0], [1.0, 2.0], [0.0, 2.0]];
        let points =
            [[0.5, 0.5], [1.5, 0.5], [0.5, 1.5], [1.5, 1.5], [-0.5, 0.5], [0.5, 2.5], [f32::NAN, 0.5]];
        assert_eq!(inside(&shape, &points), [0, 1, 2]);
        // An outline that crosses itself: the middle of a five-pointed star is outside.
        let corner =
            |at: f32| [(at * 0.8 * std::f32::consts::PI).sin(), (at * 0.8 * std::f32::consts::PI).cos()];
        let star = [0.0, 1.0, 2.0, 3.0, 4.0].map(corner);
        assert_eq!(inside(&star, &[[0.0, 0.0], [0.0, 0.8]]), [1]);
        assert_eq!(inside(&[], &points), [0; 0]);
        assert_eq!(inside(&[[0.0, 0.0]], &points), [0; 0]);
    }
}
