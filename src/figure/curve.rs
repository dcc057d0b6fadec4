//! What is done to a curve before it is drawn: smoothing, and leaving out what no pixel would show.

/// An exponential moving average that takes one value at a time: `s ← a s + (1 − a) x`, divided by `1 − aⁿ` so that the
/// start is not drawn towards zero (Kingma & Ba 2015, section 3). Values that are no numbers pass and leave no trace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Smoother {
    factor: f64,
    sum: f64,
    weight: f64,
}

impl Smoother {
    /// Starts again with a factor `a` in [0, 1); 0 leaves every value as it is.
    pub fn new(factor: f64) -> Smoother {
        Smoother { factor: factor.clamp(0.0, 0.999), sum: 0.0, weight: 0.0 }
    }

    /// The average after one more value.
    pub fn next(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        self.sum = self.factor * self.sum + (1.0 - self.factor) * value;
        self.weight = self.factor * self.weight + (1.0 - self.factor);
        self.sum / self.weight
    }
}

/// The part of a curve (ascending in x) that lies in `[from, to]`, with one point beyond either end; where it has more
/// than two points for each of `buckets` equal stretches, only the lowest and the highest of each, in their order, so
/// that no spike is lost. A stretch of no numbers at all stays a gap.
pub fn decimate(points: &[[f64; 2]], [from, to]: [f64; 2], buckets: usize) -> Vec<[f64; 2]> {
    let first = points.partition_point(|point| point[0] < from).saturating_sub(1);
    let last = (points.partition_point(|point| point[0] <= to) + 1).min(points.len());
    let seen = &points[first.min(last)..last];
    if seen.len() <= 2 * buckets.max(1) {
        return seen.to_vec();
    }
    let mut kept = Vec::with_capacity(2 * buckets + 2);
    for bucket in 0..buckets {
        let range = bucket * seen.len() / buckets..(bucket + 1) * seen.len() / buckets;
        let stretch = &seen[range];
        let finite = || stretch.iter().enumerate().filter(|(_, point)| point[1].is_finite());
        let low = finite().min_by(|a, b| a.1[1].total_cmp(&b.1[1]));
        let high = finite().max_by(|a, b| a.1[1].total_cmp(&b.1[1]));
        match (low, high) {
            (Some((i, _)), Some((j, _))) => {
                kept.push(stretch[i.min(j)]);
                if i != j {
                    kept.push(stretch[i.max(j)]);
                }
            }
            _ => kept.extend(stretch.first()),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole of a curve, smoothed.
    fn smooth(points: &[[f64; 2]], factor: f64) -> Vec<[f64; 2]> {
        let mut smoother = Smoother::new(factor);
        points.iter().map(|&[x, y]| [x, smoother.next(y)]).collect()
    }

    fn curve(values: &[f64]) -> Vec<[f64; 2]> {
        values.iter().enumerate().map(|(x, y)| [x as f64, *y]).collect()
    }

    #[test]
    fn smoothing_has_its_closed_forms() {
        // No factor: the identity. A constant: the constant. A step: s₂ = (0.5·0 + 0.5·1)/(1 − 0.5²) = ⅔.
        assert_eq!(smooth(&curve(&[3.0, 1.0, 2.0]), 0.0), curve(&[3.0, 1.0, 2.0]));
        assert!(smooth(&curve(&[0.7; 50]), 0.9).iter().all(|point| (point[1] - 0.7).abs() < 1e-12));
        assert!((smooth(&curve(&[0.0, 1.0]), 0.5)[1][1] - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_number_leaves_no_trace() {
        let got = smooth(&curve(&[1.0, f64::NAN, 1.0]), 0.9);
        assert!(got[1][1].is_nan() && (got[2][1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn short_curves_stay_as_they_are() {
        let points = curve(&[1.0, 2.0, 3.0]);
        assert_eq!(decimate(&points, [0.0, 2.0], 100), points);
        assert!(decimate(&[], [0.0, 1.0], 10).is_empty());
        assert!(decimate(&points, [5.0, 4.0], 10).len() <= 3);
    }

    #[test]
    fn spikes_survive_decimation() {
        let mut values = vec![0.5; 20_000];
        values[7_777] = 99.0;
        values[13_333] = -99.0;
        let kept = decimate(&curve(&values), [0.0, 20_000.0], 300);
        assert!(kept.len() <= 600, "{}", kept.len());
        assert!(kept.contains(&[7_777.0, 99.0]) && kept.contains(&[13_333.0, -99.0]));
        assert!(kept.windows(2).all(|pair| pair[0][0] < pair[1][0]));
    }

    #[test]
    fn only_the_visible_part_is_kept() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let kept = decimate(&curve(&values), [100.0, 110.0], 100);
        assert_eq!((kept[0][0], kept[kept.len() - 1][0]), (99.0, 111.0));
    }

    #[test]
    fn a_stretch_without_numbers_stays_a_gap() {
        let kept = decimate(&curve(&[f64::NAN; 1000]), [0.0, 1000.0], 10);
        assert!(!kept.is_empty() && kept.iter().all(|point| point[1].is_nan()));
    }
}
