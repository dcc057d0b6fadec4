//! A mixture of normal distributions, fitted by expectation maximisation (Dempster, Laird & Rubin
//! 1977).

use super::gaussian::{FitError, Gaussian};

/// Several [`Gaussian`]s with weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// The distributions with their weights, which add up to 1.
    pub components: Vec<(f64, Gaussian)>,
}

/// Most rounds of expectation maximisation, and the gain in mean log-likelihood (nats) below which
/// it has converged, as in scikit-learn's `GaussianMixture`.
const ROUNDS: usize = 100;
const GAIN: f64 = 1e-3;
/// Added to every variance as a share of the mean variance of the data, so that no component
/// shrinks to a point.
const FLOOR: f64 = 1e-6;

impl Mixture {
    /// Fits `k` components to `rows` (rows × `d`). They start at rows chosen as in k-means++
    /// (Arthur & Vassilvitskii 2007), with the caller's uniform numbers in [0, 1). A component that
    /// loses all rows is dropped. `should_continue` is called before each round after the first; if
    /// it returns false, the fit stops.
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit(
        rows: &[f32],
        d: usize,
        k: usize,
        mut uniform: impl FnMut() -> f32,
        should_continue: &dyn Fn() -> bool,
    ) -> Result<Mixture, FitError> {
        let whole = Gaussian::fit(rows, d)?;
        let count = rows.len() / d;
        if k == 0 || k > count {
            return Err(FitError::TooManyComponents { components: k, rows: count });
        }
        let variance = rows.chunks_exact(d).map(|row| squared(row, &whole.mean)).sum::<f64>();
        let floor = (variance / (count * d) as f64 * FLOOR).max(f64::MIN_POSITIVE);
        let mut shares = nearest_start(rows, d, &starts(rows, d, k, &mut uniform));
        let mut before = f64::NEG_INFINITY;
        let mut mixture = Mixture { components: Vec::new() };
        for _ in 0..ROUNDS {
            mixture = Mixture::of_shares(rows, d, &shares, floor)?;
            let likelihood = mixture.expect(rows, d, &mut shares);
            if likelihood - before < GAIN || !should_continue() {
                break;
            }
            before = likelihood;
        }
        Ok(mixture)
    }

    /// A point: a component chosen by `uniform` in [0, 1), then as [`Gaussian::draw`].
    pub fn draw(&self, temperature: f64, uniform: f32, normal: impl FnMut() -> f32) -> Vec<f32> {
        let mut left = f64::from(uniform);
        let chosen = self.components.iter().find(|(share, _)| {
            left -= share;
            left < 0.0
        });
        // Rounding may leave a small remainder that belongs to no component.
        let chosen = chosen.or(self.components.last());
        chosen.map(|(_, gaussian)| gaussian.draw(temperature, normal)).unwrap_or_default()
    }

    /// Logarithm of the density at a point.
    pub fn log_density(&self, point: &[f32]) -> f64 {
        let logs: Vec<f64> = self
            .components
            .iter()
            .map(|(share, gaussian)| share.ln() + gaussian.log_density(point))
            .collect();
        log_sum(&logs)
    }

    /// Maximisation: components from the rows, weighted by their shares (components × rows).
    fn of_shares(rows: &[f32], d: usize, shares: &[Vec<f64>], floor: f64) -> Result<Mixture, FitError> {
        let count = (rows.len() / d) as f64;
        let mut components = Vec::with_capacity(shares.len());
        for own in shares {
            let total: f64 = own.iter().sum();
            // Less than one row does not determine a variance.
            if total >= 1e-3 {
                components.push((total / count, Gaussian::weighted(rows, d, |row| own[row], floor)?));
            }
        }
        let all: f64 = components.iter().map(|(share, _)| share).sum();
        components.iter_mut().for_each(|(share, _)| *share /= all);
        Ok(Mixture { components })
    }

    /// Expectation: the share of each component in each row, and the mean log-likelihood of the
    /// rows.
    fn expect(&self, rows: &[f32], d: usize, shares: &mut Vec<Vec<f64>>) -> f64 {
        let count = rows.len() / d;
        shares.resize(self.components.len(), Vec::new());
        shares.iter_mut().for_each(|own| own.resize(count, 0.0));
        let mut logs = vec![0.0; self.components.len()];
        let mut sum = 0.0;
        for (at, row) in rows.chunks_exact(d).enumerate() {
            for (log, (share, gaussian)) in logs.iter_mut().zip(&self.components) {
                *log = share.ln() + gaussian.log_density(row);
            }
            let all = log_sum(&logs);
            sum += all;
            for (own, log) in shares.iter_mut().zip(&logs) {
                own[at] = (log - all).exp();
            }
        }
        sum / count as f64
    }
}

/// Initial rows: each next one with a probability in proportion to its squared distance from those
/// before.
fn starts(rows: &[f32], d: usize, k: usize, uniform: &mut impl FnMut() -> f32) -> Vec<usize> {
    let count = rows.len() / d;
    let mut chosen = vec![((uniform() * count as f32) as usize).min(count - 1)];
    let mut distances = vec![f64::INFINITY; count];
    while chosen.len() < k {
        let last: Vec<f64> =
            row_of(rows, d, chosen[chosen.len() - 1]).iter().map(|v| f64::from(*v)).collect();
        for (distance, row) in distances.iter_mut().zip(rows.chunks_exact(d)) {
            *distance = distance.min(squared(row, &last));
        }
        let mut left = f64::from(uniform()) * distances.iter().sum::<f64>();
        let next = distances.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        // If all rows are equal, any will do.
        chosen.push(next.unwrap_or(count - 1));
    }
    chosen
}

/// Assigns each row fully to its nearest start.
fn nearest_start(rows: &[f32], d: usize, starts: &[usize]) -> Vec<Vec<f64>> {
    let starts: Vec<Vec<f64>> =
        starts.iter().map(|at| row_of(rows, d, *at).iter().map(|v| f64::from(*v)).collect()).collect();
    let mut shares = vec![vec![0.0; rows.len() / d]; starts.len()];
    for (at, row) in rows.chunks_exact(d).enumerate() {
        let distance = |start: &usize| squared(row, &starts[*start]);
        let nearest = (0..starts.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        shares[nearest.unwrap_or(0)][at] = 1.0;
    }
    shares
}

fn row_of(rows: &[f32], d: usize, at: usize) -> &[f32] {
    &rows[at * d..(at + 1) * d]
}

fn squared(row: &[f32], from: &[f64]) -> f64 {
    row.iter().zip(from).map(|(value, from)| (f64::from(*value) - from).powi(2)).sum()
}

/// ln Σ exp without overflow.
fn log_sum(logs: &[f64]) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top.is_finite() { top + logs.iter().map(|log| (log - top).exp()).sum::<f64>().ln() } else { top }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fixed pseudo-random numbers in [0, 1).
    fn numbers() -> impl FnMut() -> f32 {
        let mut state = 0_u32;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        }
    }

    /// Three quarters of the rows around (0, 0), a quarter around (10, −10), all within ±1.
    fn two_groups() -> Vec<f32> {
        let mut next = numbers();
        let rows = (0..400).flat_map(|row| {
            let centre = if row % 4 == 0 { [10.0, -10.0] } else { [0.0, 0.0] };
            centre.map(|at| at + 2.0 * next() - 1.0)
        });
        rows.collect()
    }

    #[test]
    fn groups_are_found_with_their_shares() {
        let mixture = Mixture::fit(&two_groups(), 2, 2, numbers(), &|| true).unwrap();
        let mut found: Vec<_> = mixture.components.iter().map(|(share, own)| (*share, own.mean[0])).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(found.len(), 2);
        assert!((found[0].0 - 0.25).abs() < 1e-3 && (found[0].1 - 10.0).abs() < 0.2, "{found:?}");
        assert!((found[1].0 - 0.75).abs() < 1e-3 && found[1].1.abs() < 0.2, "{found:?}");
        // Between the groups almost nothing, within them much more.
        let density = |point: [f32; 2]| mixture.log_density(&point);
        assert!(density([5.0, -5.0]) + 10.0 < density([10.0, -10.0]).min(density([0.0, 0.0])));
        // Samples come from the component that the uniform number selects.
        let means = [0.0, 0.999].map(|uniform| mixture.draw(0.0, uniform, || 0.0)[0] > 5.0);
        assert_ne!(means[0], means[1]);
    }

    #[test]
    fn one_component_is_the_gaussian() {
        let rows = two_groups();
        let (one, whole) =
            (Mixture::fit(&rows, 2, 1, numbers(), &|| true).unwrap(), Gaussian::fit(&rows, 2).unwrap());
        for point in [[0.0, 0.0], [3.0, -2.0_f32]] {
            assert!((one.log_density(&point) - whole.log_density(&point)).abs() < 1e-4);
        }
    }

    #[test]
    fn rows_that_are_all_alike_and_too_many_components_cause_no_error() {
        let alike = [1.0_f32; 8];
        let mixture = Mixture::fit(&alike, 2, 3, numbers(), &|| true).unwrap();
        assert!(mixture.draw(1.0, 0.5, || 1.0).iter().all(|value| (value - 1.0).abs() < 1e-3));
        let error = Mixture::fit(&alike, 2, 5, numbers(), &|| true);
        assert_eq!(error, Err(FitError::TooManyComponents { components: 5, rows: 4 }));
    }
}
