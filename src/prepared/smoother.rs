//! Smoothing of curves.

/// An exponential moving average that takes one value at a time: `s ← a s + (1 − a) x`, divided by
/// `1 − aⁿ` so that the start is not drawn towards zero (Kingma & Ba 2015, section 3). NaN values
/// are returned unchanged and do not affect the average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Smoother {
    factor: f64,
    sum: f64,
    weight: f64,
}

impl Smoother {
    /// Creates a smoother with a factor `a` in [0, 1); 0 means no smoothing.
    pub fn new(factor: f64) -> Smoother {
        Smoother { factor: factor.clamp(0.0, 0.999), sum: 0.0, weight: 0.0 }
    }

    /// Adds a value and returns the average.
    pub fn next(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        self.sum = self.factor * self.sum + (1.0 - self.factor) * value;
        self.weight = self.factor * self.weight + (1.0 - self.factor);
        self.sum / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole curve, smoothed.
    fn smooth(points: &[[f64; 2]], factor: f64) -> Vec<[f64; 2]> {
        let mut smoother = Smoother::new(factor);
        points.iter().map(|&[x, y]| [x, smoother.next(y)]).collect()
    }

    fn curve(values: &[f64]) -> Vec<[f64; 2]> {
        values.iter().enumerate().map(|(x, y)| [x as f64, *y]).collect()
    }

    #[test]
    fn smoothing_has_its_closed_forms() {
        // Factor 0 is the identity. A constant stays constant. A step: s₂ = (0.5·0 + 0.5·1)/(1 −
        // 0.5²) = ⅔.
        assert_eq!(smooth(&curve(&[3.0, 1.0, 2.0]), 0.0), curve(&[3.0, 1.0, 2.0]));
        assert!(smooth(&curve(&[0.7; 50]), 0.9).iter().all(|point| (point[1] - 0.7).abs() < 1e-12));
        assert!((smooth(&curve(&[0.0, 1.0]), 0.5)[1][1] - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn not_a_number_values_are_skipped() {
        let got = smooth(&curve(&[1.0, f64::NAN, 1.0]), 0.9);
        assert!(got[1][1].is_nan() && (got[2][1] - 1.0).abs() < 1e-12);
    }
}
