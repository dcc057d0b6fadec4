//! Statistics of a layer's activations: whether a sparse code is sparse, and which units are dead.

/// A unit is active where the magnitude of its activation is above this. Rectified and k-sparse
/// units that are off are exactly 0; sigmoid units never are, so the histogram shows their
/// sparsity.
pub const ACTIVE: f32 = 1e-6;
/// Bars of the histogram, symmetric around 0.
pub const BINS: usize = 64;

/// Half the width of the narrowest histogram: 2⁻¹⁰⁰.
const LEAST_REACH: f32 = f32::MIN_POSITIVE * (1_u32 << 26) as f32;

/// Statistics of activations, collected minibatch by minibatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    rows: u64,
    /// Number of rows for which each unit was active.
    active_rows: Vec<u64>,
    /// Fewest and most active units per row.
    extremes: (usize, usize),
    histogram: [u64; BINS],
    /// Half the histogram's width, a power of two.
    reach: f32,
}

impl Activity {
    /// Empty statistics of a layer of `units` units.
    pub fn new(units: usize) -> Activity {
        Activity {
            rows: 0,
            active_rows: vec![0; units],
            extremes: (usize::MAX, 0),
            histogram: [0; BINS],
            reach: LEAST_REACH,
        }
    }

    /// Adds activations, rows × units.
    ///
    /// # Panics
    /// If `activations` is not a whole number of rows.
    pub fn add(&mut self, activations: &[f32]) {
        let units = self.active_rows.len().max(1);
        assert_eq!(activations.len() % units, 0, "rows × units");
        let largest = activations.iter().filter(|h| h.is_finite()).fold(0.0_f32, |most, h| most.max(h.abs()));
        self.widen(largest);
        let scale = BINS as f32 / 2.0 / self.reach;
        for row in activations.chunks_exact(units) {
            let mut active = 0;
            for (h, count) in row.iter().zip(&mut self.active_rows) {
                let is_active = h.abs() > ACTIVE;
                active += usize::from(is_active);
                *count += u64::from(is_active);
                if h.is_finite() {
                    // Rounding may give `reach` itself, which belongs to the last bar.
                    let bin = (h * scale + BINS as f32 / 2.0).floor() as usize;
                    self.histogram[bin.min(BINS - 1)] += 1;
                }
            }
            self.extremes = (self.extremes.0.min(active), self.extremes.1.max(active));
            self.rows += 1;
        }
    }

    /// Widens the histogram to include `largest`: bars double in width, and pairs are merged.
    fn widen(&mut self, largest: f32) {
        while self.reach <= largest && self.reach < f32::MAX / 4.0 {
            self.reach *= 2.0;
            if self.rows == 0 {
                continue;
            }
            let half = BINS / 2;
            let mut wider = [0; BINS];
            for (bin, count) in self.histogram.iter().enumerate() {
                wider[half / 2 + bin / 2] += count;
            }
            self.histogram = wider;
        }
    }

    /// Rows added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// L0: mean number of active units per row; 0 without rows.
    pub fn mean_active(&self) -> f64 {
        self.active_rows.iter().sum::<u64>() as f64 / self.rows.max(1) as f64
    }

    /// Fewest and most active units per row.
    pub fn active_range(&self) -> Option<(usize, usize)> {
        (self.rows > 0).then_some(self.extremes)
    }

    /// Fraction of rows for which each unit was active.
    pub fn active_shares(&self) -> impl Iterator<Item = f64> {
        let rows = self.rows.max(1) as f64;
        self.active_rows.iter().map(move |count| *count as f64 / rows)
    }

    /// Units that were active for no row, in order; empty without rows.
    pub fn dead_units(&self) -> impl Iterator<Item = usize> {
        let seen = self.rows > 0;
        self.active_rows
            .iter()
            .enumerate()
            .filter(move |(_, count)| seen && **count == 0)
            .map(|(unit, _)| unit)
    }

    /// The histogram of all activations: its two ends, and the counts of its bars, which are
    /// equally wide.
    pub fn histogram(&self) -> (f32, f32, &[u64; BINS]) {
        (-self.reach, self.reach, &self.histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_and_dead_units_are_counted() {
        let mut activity = Activity::new(3);
        assert_eq!(
            (activity.mean_active(), activity.active_range(), activity.dead_units().count()),
            (0.0, None, 0)
        );
        activity.add(&[0.0, 1.0, -2.0, 0.0, 1e-7, 0.5]);
        activity.add(&[0.0, 0.0, 0.0]);
        assert_eq!(activity.rows(), 3);
        assert_eq!(activity.mean_active(), 1.0);
        assert_eq!(activity.active_range(), Some((0, 2)));
        assert_eq!(activity.dead_units().collect::<Vec<_>>(), [0]);
        assert_eq!(activity.active_shares().collect::<Vec<_>>(), [0.0, 1.0 / 3.0, 2.0 / 3.0]);
    }

    #[test]
    fn the_histogram_counts_every_value_where_it_belongs() {
        let values: Vec<f32> = (0..4000).map(|i| ((i * 7919) % 4001) as f32 / 100.0 - 17.0).collect();
        // Added at once, and one by one from the smallest to the largest.
        let mut sorted = values.clone();
        sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut whole = Activity::new(1);
        whole.add(&values);
        let mut piecewise = Activity::new(1);
        sorted.chunks(7).for_each(|piece| piecewise.add(piece));
        assert_eq!(whole.histogram(), piecewise.histogram());
        let (low, high, counts) = whole.histogram();
        assert_eq!((low, high), (-32.0, 32.0));
        for (bin, count) in counts.iter().enumerate() {
            let start = low + bin as f32;
            let expected = values.iter().filter(|v| (start..start + 1.0).contains(*v)).count();
            assert_eq!(*count, expected as u64, "{bin}");
        }
        let counted: u64 = whole.histogram().2.iter().sum();
        whole.add(&[f32::NAN, f32::INFINITY]);
        assert_eq!(whole.histogram().2.iter().sum::<u64>(), counted, "they are in no bar");
        // All zeros.
        let mut zeros = Activity::new(2);
        zeros.add(&[0.0; 6]);
        assert_eq!(zeros.histogram().2.iter().sum::<u64>(), 6);
        assert_eq!(zeros.dead_units().count(), 2);
    }

    #[test]
    fn any_finite_number_has_a_bar() {
        let mut activity = Activity::new(1);
        activity.add(&[f32::MAX, f32::MIN, 0.0, 1e-30, -1e-30]);
        assert_eq!(activity.histogram().2.iter().sum::<u64>(), 5);
    }
}
