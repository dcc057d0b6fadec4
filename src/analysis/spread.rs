//! The distribution of each unit's values in a code.

/// Spread of one unit over many codes. Values that are not finite are ignored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// Smallest and largest value; 0 and 0 without values.
    pub range: [f32; 2],
    /// The mean.
    pub mean: f32,
    /// Variance, divided by the number of values.
    pub variance: f32,
    /// Number of values in each of equal bins of the range.
    pub histogram: Vec<u32>,
}

impl Spread {
    /// One for each unit of `codes` (rows × `units`), with histograms of `bins` bins.
    pub fn of_units(codes: &[f32], units: usize, bins: usize) -> Vec<Spread> {
        let values = |unit: usize| codes.iter().copied().skip(unit).step_by(units.max(1));
        (0..units).map(|unit| Spread::of(values(unit).filter(|value| value.is_finite()), bins)).collect()
    }

    fn of(values: impl Iterator<Item = f32> + Clone, bins: usize) -> Spread {
        let (mut low, mut high, mut sum, mut count) = (f32::INFINITY, f32::NEG_INFINITY, 0.0, 0_u32);
        for value in values.clone() {
            (low, high, sum, count) = (low.min(value), high.max(value), sum + f64::from(value), count + 1);
        }
        let mut histogram = vec![0; bins];
        if count == 0 {
            return Spread { histogram, ..Spread::default() };
        }
        let mean = sum / f64::from(count);
        let mut squares = 0.0;
        for value in values {
            squares += (f64::from(value) - mean).powi(2);
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            let bin = ((share * bins as f32) as usize).min(bins.saturating_sub(1));
            if let Some(bin) = histogram.get_mut(bin) {
                *bin += 1;
            }
        }
        let variance = (squares / f64::from(count)) as f32;
        Spread { range: [low, high], mean: mean as f32, variance, histogram }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_has_its_own_spread() {
        let codes = [1.0, 5.0, 2.0, 5.0, 3.0, f32::NAN, 6.0, 5.0];
        let [first, second] = Spread::of_units(&codes, 2, 5).try_into().unwrap();
        // 1, 2, 3, 6: mean 3, variance (4 + 1 + 0 + 9) / 4; parts of the range of width 1.
        let expected = Spread { range: [1.0, 6.0], mean: 3.0, variance: 3.5, histogram: vec![1, 1, 1, 0, 1] };
        assert_eq!(first, expected);
        let alike = Spread { range: [5.0, 5.0], mean: 5.0, variance: 0.0, histogram: vec![0, 0, 3, 0, 0] };
        assert_eq!(second, alike);
        assert_eq!(Spread::of_units(&[], 1, 2), [Spread { histogram: vec![0, 0], ..Spread::default() }]);
    }
}
