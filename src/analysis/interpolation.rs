//! Points between two points.

/// How points between two points are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// The straight line.
    #[default]
    Linear,
    /// The great circle (Shoemake 1985), with lengths interpolated between those of the ends:
    /// samples of a normal prior with many dimensions are close to a sphere, which a straight line
    /// leaves (White 2016).
    Spherical,
}

impl Interpolation {
    /// The point at `share` of the way from `a` (0) to `b` (1).
    pub fn at(self, a: &[f32], b: &[f32], share: f32) -> Vec<f32> {
        let line = || a.iter().zip(b).map(|(a, b)| a + share * (b - a)).collect();
        let length = |point: &[f32]| point.iter().map(|value| value * value).sum::<f32>().sqrt();
        let (of_a, of_b) = (length(a), length(b));
        if self == Interpolation::Linear || of_a == 0.0 || of_b == 0.0 {
            return line();
        }
        let cosine: f32 = a.iter().zip(b).map(|(a, b)| a / of_a * (b / of_b)).sum();
        let angle = cosine.clamp(-1.0, 1.0).acos();
        // For equal or opposite directions there is no unique great circle.
        if angle.sin() < 1e-4 {
            return line();
        }
        let radius = of_a + share * (of_b - of_a);
        let parts = [(1.0 - share) * angle, share * angle].map(|part| part.sin() / angle.sin());
        a.iter().zip(b).map(|(a, b)| radius * (parts[0] * a / of_a + parts[1] * b / of_b)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolations_begin_and_end_at_the_points() {
        let half = 0.5_f32.sqrt();
        for (kind, a, b, share, expected) in [
            (Interpolation::Linear, [1.0, 0.0], [0.0, 3.0], 0.0, [1.0, 0.0]),
            (Interpolation::Linear, [1.0, 0.0], [0.0, 3.0], 0.5, [0.5, 1.5]),
            (Interpolation::Spherical, [1.0, 0.0], [0.0, 1.0], 0.5, [half, half]),
            (Interpolation::Spherical, [1.0, 0.0], [0.0, 3.0], 0.5, [2.0 * half, 2.0 * half]),
            (Interpolation::Spherical, [1.0, 0.0], [0.0, 3.0], 1.0, [0.0, 3.0]),
            // No unique great circle: the line.
            (Interpolation::Spherical, [1.0, 0.0], [-1.0, 0.0], 0.25, [0.5, 0.0]),
            (Interpolation::Spherical, [0.0, 0.0], [2.0, 0.0], 0.5, [1.0, 0.0]),
        ] {
            let found = kind.at(&a, &b, share);
            let is_close = found.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6);
            assert!(is_close, "{kind:?} {a:?} {b:?} {share}: {found:?}");
        }
    }
}
