/// Number of marker shapes: a disc for the first ten classes, another shape for each further ten.
pub const MARKER_SHAPES: usize = 4;

/// How a class is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Index of the class colour.
    pub color: usize,
    /// Shape, below `MARKER_SHAPES`: disc, square, triangle, ring.
    pub shape: usize,
}

/// Colour and shape of a class: ten colours, then the next shape.
pub fn class_marker(class: usize) -> Marker {
    Marker { color: class % 10, shape: class / 10 % MARKER_SHAPES }
}

/// Radius of a point in a cloud of `count` points: smaller for larger clouds.
pub fn point_radius(count: usize) -> f32 {
    (3.2 * (1500.0 / count.max(1) as f32).powf(0.22)).clamp(1.5, 3.4)
}

/// Opacity of a point in a cloud of `count` points: lower for larger clouds, so that density shows.
pub fn point_opacity(count: usize) -> f32 {
    if count > 8000 { 0.7 } else { 0.9 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_colours_then_the_next_shape() {
        for (class, color, shape) in [(0, 0, 0), (9, 9, 0), (10, 0, 1), (25, 5, 2), (39, 9, 3), (40, 0, 0)] {
            assert_eq!(class_marker(class), Marker { color, shape }, "class {class}");
        }
    }

    #[test]
    fn many_points_are_smaller() {
        let radius = [100, 5000, 20_000, 10_000_000].map(point_radius);
        assert!(radius.windows(2).all(|pair| pair[0] > pair[1]), "{radius:?}");
        assert!(radius[3] >= 1.5);
    }
}
