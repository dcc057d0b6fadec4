//! Exact nearest neighbours by brute force.

use super::hamming::BinaryCodes;

/// The distance between two points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distance {
    /// The length of the difference.
    #[default]
    Euclidean,
    /// One minus the cosine of the angle between them: 0 for the same direction, 2 for opposite
    /// ones. 1 if one of them is zero, which has no direction.
    Cosine,
}

impl Distance {
    /// The distance of two points of equal length.
    pub fn of(self, a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        match self {
            Distance::Euclidean => a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt(),
            Distance::Cosine => {
                // The product of both squares may be too large or too small for 32 bits.
                let lengths = (f64::from(dot(a, a)) * f64::from(dot(b, b))).sqrt();
                let cosine = if lengths == 0.0 { 0.0 } else { f64::from(dot(a, b)) / lengths };
                1.0 - cosine.clamp(-1.0, 1.0) as f32
            }
        }
    }
}

/// One of the nearest points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its row, counted from 0.
    pub row: usize,
    /// Its distance.
    pub distance: f32,
}

/// The `k` nearest of `rows` (rows × `query.len()`) to a point, nearest first, ties by row. There
/// may be fewer; rows without a finite distance are skipped.
pub fn nearest(query: &[f32], rows: &[f32], k: usize, distance: Distance) -> Vec<Neighbour> {
    let rows = rows.chunks_exact(query.len().max(1));
    least(rows.map(|row| distance.of(query, row)), k)
}

/// The `k` codes of `others` that differ in the fewest bits from code `own` of `codes`, ordered as
/// in [`nearest`].
pub fn nearest_codes(codes: &BinaryCodes, own: usize, others: &BinaryCodes, k: usize) -> Vec<Neighbour> {
    least((0..others.len()).map(|other| codes.distance(own, others, other) as f32), k)
}

fn least(distances: impl Iterator<Item = f32>, k: usize) -> Vec<Neighbour> {
    let all = distances.enumerate().map(|(row, distance)| Neighbour { row, distance });
    let mut all: Vec<Neighbour> = all.filter(|point| point.distance.is_finite()).collect();
    let by_distance =
        |a: &Neighbour, b: &Neighbour| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row));
    if 0 < k && k < all.len() {
        // Only the nearest are sorted.
        all.select_nth_unstable_by(k - 1, by_distance);
    }
    all.truncate(k);
    all.sort_unstable_by(by_distance);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [[f32; 2]; 5] = [[3.0, 4.0], [1.0, 0.0], [0.0, -1.0], [-2.0, 0.0], [f32::NAN, 0.0]];

    fn rows_of(found: &[Neighbour]) -> Vec<usize> {
        found.iter().map(|point| point.row).collect()
    }

    #[test]
    fn nearest_come_first_and_equals_by_row() {
        let find = |query: [f32; 2], k, distance| nearest(&query, ROWS.as_flattened(), k, distance);
        for (query, k, distance, expected) in [
            ([0.0, 0.0], 9, Distance::Euclidean, vec![1, 2, 3, 0]),
            ([0.0, 0.0], 1, Distance::Euclidean, vec![1]),
            ([0.0, 0.0], 0, Distance::Euclidean, vec![]),
            ([3.0, 3.0], 1, Distance::Euclidean, vec![0]),
            // Angles: 0°, 53.13°, 90° and 180° to the first axis.
            ([5.0, 0.0], 4, Distance::Cosine, vec![1, 0, 2, 3]),
        ] {
            assert_eq!(rows_of(&find(query, k, distance)), expected, "{query:?} {distance:?}");
        }
        let angles: Vec<f32> =
            find([5.0, 0.0], 4, Distance::Cosine).iter().map(|point| point.distance).collect();
        assert!(angles.iter().zip([0.0, 0.4, 1.0, 2.0]).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6));
        assert_eq!(Distance::Euclidean.of(&[3.0, 4.0], &[0.0, 0.0]), 5.0);
        assert_eq!(Distance::Cosine.of(&[3.0, 4.0], &[0.0, 0.0]), 1.0);
        for size in [1e-15, 1e15] {
            assert!(Distance::Cosine.of(&[size, 0.0], &[2.0 * size, 0.0]) < 1e-6, "{size}");
        }
    }

    #[test]
    fn binary_codes_are_near_by_their_bits() {
        let codes = [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0_f32]];
        let codes = BinaryCodes::new(codes.as_flattened(), 3, |_| 0.5);
        let found = nearest_codes(&codes, 0, &codes, 3);
        assert_eq!(rows_of(&found), [0, 2, 3]);
        assert_eq!(found.iter().map(|point| point.distance).collect::<Vec<_>>(), [0.0, 1.0, 2.0]);
    }
}
