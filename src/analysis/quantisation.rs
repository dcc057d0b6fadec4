//! PCA in a given number of bits: the baseline of quantised and binary codes.

use super::pca::{Pca, PcaError};

/// Most rounds of Lloyd's algorithm, and the relative change of its error at which it stops.
const ROUNDS: usize = 500;
const STEADY: f64 = 1e-9;
/// Most bits of one quantiser.
const MOST_BITS: u32 = 16;

/// A scalar quantiser with the least squared error for the values it was fitted to (Lloyd
/// 1957/1982, Max 1960): each value is replaced by the nearest level, each level is the mean of its
/// values.
#[derive(Clone, Debug, PartialEq)]
pub struct LloydMax {
    /// The levels, ascending; fewer than requested if there are fewer different values.
    pub levels: Vec<f32>,
}

impl LloydMax {
    /// Fits `count` levels (at least one) to values, in any order; without values the level is 0.
    pub fn fit(values: &[f32], count: usize) -> LloydMax {
        let mut sorted = values.to_vec();
        sorted.sort_by(f32::total_cmp);
        LloydMax::of_sorted(&sorted, count)
    }

    fn of_sorted(values: &[f32], count: usize) -> LloydMax {
        if values.is_empty() {
            return LloydMax { levels: vec![0.0] };
        }
        // Means and errors of a range in constant time, in f64: sums of squares cancel.
        let mut sums = vec![(0.0, 0.0)];
        let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
        for value in values {
            let value = f64::from(*value);
            (sum, squares) = (sum + value, squares + value * value);
            sums.push((sum, squares));
        }
        let count = count.max(1);
        // Initial levels are the middles of ranges with equal numbers of values.
        let middle = |level: usize| values[(2 * level + 1) * values.len() / (2 * count)];
        let mut levels: Vec<f64> = (0..count).map(|level| f64::from(middle(level))).collect();
        levels.dedup();
        let mut before = f64::INFINITY;
        for _ in 0..ROUNDS {
            let (mut error, mut start, mut means) = (0.0, 0, Vec::with_capacity(levels.len()));
            for (at, level) in levels.iter().enumerate() {
                let end = levels.get(at + 1).map_or(values.len(), |next| {
                    let border = 0.5 * (level + next);
                    values.partition_point(|value| f64::from(*value) <= border)
                });
                if end > start {
                    let number = (end - start) as f64;
                    let (sum, squares) = (sums[end].0 - sums[start].0, sums[end].1 - sums[start].1);
                    means.push(sum / number);
                    error += squares - sum * sum / number;
                }
                start = end.max(start);
            }
            levels = means;
            if before.is_finite() && before - error <= STEADY * before {
                break;
            }
            before = error;
        }
        LloydMax { levels: levels.into_iter().map(|level| level as f32).collect() }
    }

    /// The nearest level.
    pub fn nearest(&self, value: f32) -> f32 {
        let above = self.levels.partition_point(|level| *level < value);
        let neighbours = &self.levels[above.saturating_sub(1)..(above + 1).min(self.levels.len())];
        let distance = |level: &&f32| (**level - value).abs();
        neighbours.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).copied().unwrap_or(value)
    }

    /// Mean squared error on these values; 0 for none.
    pub fn error(&self, values: &[f32]) -> f64 {
        let squares = values.iter().map(|value| f64::from(self.nearest(*value) - value).powi(2));
        squares.sum::<f64>() / values.len().max(1) as f64
    }
}

/// Principal components, each rounded to the levels of its own quantiser.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedPca {
    pca: Pca,
    quantisers: Vec<LloydMax>,
    /// Bits of each component.
    pub bits: Vec<u32>,
}

impl QuantisedPca {
    /// Fits it to `rows`, rows × `features`. The `total` bits are allocated greedily: one at a
    /// time, to the component whose error it reduces most (Gersho & Gray 1992, §8.4).
    ///
    /// # Errors
    /// [`PcaError`].
    pub fn fit(rows: &[f32], features: usize, total: u32) -> Result<QuantisedPca, PcaError> {
        let pca = Pca::fit(rows, features, features.min(total as usize).max(1))?;
        let (codes, k) = (pca.project(rows), pca.k());
        let column = |at: usize| {
            let mut values: Vec<f32> = codes.iter().skip(at).step_by(k).copied().collect();
            values.sort_by(f32::total_cmp);
            values
        };
        let columns: Vec<Vec<f32>> = (0..k).map(column).collect();
        let fitted = |at: usize, bits: u32| {
            let quantiser = LloydMax::of_sorted(&columns[at], 1 << bits);
            let error = quantiser.error(&columns[at]);
            (quantiser, error)
        };
        let mut bits = vec![0; k];
        let mut now: Vec<(LloydMax, f64)> = (0..k).map(|at| fitted(at, 0)).collect();
        let mut next: Vec<(LloydMax, f64)> = (0..k).map(|at| fitted(at, 1)).collect();
        for _ in 0..total {
            let gain = |at: &usize| now[*at].1 - next[*at].1;
            let open = (0..k).filter(|at| bits[*at] < MOST_BITS);
            let Some(best) = open.max_by(|a, b| gain(a).total_cmp(&gain(b))) else { break };
            bits[best] += 1;
            let finer = fitted(best, (bits[best] + 1).min(MOST_BITS));
            now[best] = std::mem::replace(&mut next[best], finer);
        }
        let quantisers = now.into_iter().map(|(quantiser, _)| quantiser).collect();
        Ok(QuantisedPca { pca, quantisers, bits })
    }

    /// Reconstructs `rows`: rows × features.
    pub fn reconstruct(&self, rows: &[f32]) -> Vec<f32> {
        let mut codes = self.pca.project(rows);
        for code in codes.chunks_exact_mut(self.quantisers.len().max(1)) {
            for (value, quantiser) in code.iter_mut().zip(&self.quantisers) {
                *value = quantiser.nearest(*value);
            }
        }
        self.pca.reconstruct(&codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The middles of `count` equally likely ranges of the standard normal distribution, by summing
    /// its density in small steps.
    fn normal(count: usize) -> Vec<f32> {
        let (mut values, mut below) = (Vec::with_capacity(count), 0.0_f64);
        let (step, scale) = (1e-5, 1.0 / std::f64::consts::TAU.sqrt());
        let mut x = -8.0;
        while values.len() < count && x < 8.0 {
            x += step;
            below += step * scale * (-0.5 * (x - 0.5 * step).powi(2)).exp();
            while values.len() < count && below >= (values.len() as f64 + 0.5) / count as f64 {
                values.push(x as f32);
            }
        }
        values
    }

    #[test]
    fn quantisers_of_the_normal_distribution_are_those_of_the_tables() {
        let values = normal(200_000);
        let check = |count: usize, levels: &[f32], error: f64| {
            let found = LloydMax::fit(&values, count);
            for (level, expected) in found.levels[count / 2..].iter().zip(levels) {
                assert!((level - expected).abs() < 3e-3, "{count}: {:?}", found.levels);
            }
            let mirrored = found.levels.iter().zip(found.levels.iter().rev());
            assert!(mirrored.map(|(a, b)| (a + b).abs()).all(|sum| sum < 2e-3), "{count}: it is even");
            let mse = found.error(&values);
            assert!((mse / error - 1.0).abs() < 3e-3, "{count}: {mse} instead of {error}");
        };
        // Max 1960, table I.
        check(2, &[0.7979], 0.3634);
        check(4, &[0.4528, 1.510], 0.1175);
        check(8, &[0.2451, 0.7560, 1.344, 2.152], 0.03454);
    }

    #[test]
    fn few_different_values_need_no_more_levels() {
        let quantiser = LloydMax::fit(&[2.0, 1.0, 2.0, 1.0, 1.0], 8);
        assert_eq!(quantiser.levels, [1.0, 2.0]);
        assert_eq!(quantiser.error(&[1.0, 2.0]), 0.0);
        assert_eq!(quantiser.nearest(1.4), 1.0);
        assert_eq!(quantiser.nearest(9.0), 2.0);
        assert_eq!(LloydMax::fit(&[3.0, 5.0], 1).levels, [4.0]);
        assert_eq!(LloydMax::fit(&[], 4).levels, [0.0]);
    }

    /// Two independent normal features with deviations 4 and 1: their bits follow from the errors
    /// of the table, 16·(1, 0.3634, 0.1175, 0.03454) and (1, 0.3634, …).
    #[test]
    fn bits_go_where_the_error_falls_most() {
        let side = normal(400);
        let rows: Vec<f32> =
            side.iter().flat_map(|a| side.iter().map(move |b| [4.0 * a, *b])).flatten().collect();
        let check = |total: u32, bits: [u32; 2], error: f64| {
            let found = QuantisedPca::fit(&rows, 2, total).expect("finite");
            let mut found_bits = found.bits.clone();
            found_bits.resize(2, 0);
            assert_eq!(found_bits, bits, "{total}");
            let restored = found.reconstruct(&rows);
            let squares: f64 = restored.iter().zip(&rows).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            let mse = squares / rows.len() as f64;
            // With so few values the tails are short.
            assert!((mse / error - 1.0).abs() < 0.04, "{total}: {mse} instead of {error}");
        };
        check(0, [0, 0], 0.5 * 17.0);
        check(1, [1, 0], 0.5 * (16.0 * 0.3634 + 1.0));
        check(2, [2, 0], 0.5 * (16.0 * 0.1175 + 1.0));
        check(3, [3, 0], 0.5 * (16.0 * 0.03454 + 1.0));
        check(4, [3, 1], 0.5 * (16.0 * 0.03454 + 0.3634));
    }
}
