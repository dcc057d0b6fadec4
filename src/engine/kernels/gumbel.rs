//! Gumbel noise, and choices relaxed with it: `softmax((ℓ + g)/T)` is differentiable and becomes a
//! draw of one of the classes as T falls (Maddison, Mnih & Teh 2017; Jang, Gu & Poole 2017).

use super::math::{exp, ln};
use crate::dataset::random::Stream;

/// Terms of a softmax whose exponent is this far below the largest become exactly 0 (e⁻⁴⁰ = 4e-18):
/// they would change nothing, but their products would be subnormal and slow.
pub(super) const DEPTH: f32 = 40.0;

/// How a relaxed choice is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relaxation {
    /// Source of the noise; new at each step.
    pub stream: Stream,
    /// T > 0: the lower, the closer to a one-hot choice.
    pub temperature: f32,
}

/// `T(b) = T₀ (T_B/T₀)^(b/B)`: the temperature of step `step` of `steps`, falling (or rising) by a
/// constant factor.
pub fn temperature(step: u64, steps: u64, first: f32, last: f32) -> f32 {
    let (first, last) = (f64::from(first), f64::from(last));
    let progress = step.min(steps) as f64 / steps.max(1) as f64;
    let progress = if steps == 0 { 1.0 } else { progress };
    (first * (last / first).powf(progress)) as f32
}

/// Uniform in (0, 1), symmetric about ½, in steps of 2⁻²³: neither end is reached, so both
/// logarithms of [`gumbel_of`] are finite.
#[inline(always)]
pub(super) fn open_uniform(stream: Stream, position: u64) -> f32 {
    ((stream.bits(position) >> 41) as i32 as f32 + 0.5) * (1.0 / (1 << 23) as f32)
}

/// `−ln(−ln U)`: between −2.9 and 16.7 for numbers from [`open_uniform`].
#[inline(always)]
pub(super) fn gumbel_of(uniform: f32) -> f32 {
    -ln(-ln(uniform))
}

/// `out = (ℓ + g) · scale`, with the noise from position `at` on. Two loops, because the 64-bit
/// numbers of the first would halve the width of the second.
#[inline(always)]
pub(super) fn noisy(logits: &[f32], stream: Stream, at: u64, scale: f32, out: &mut [f32]) {
    for (position, out) in (at..).zip(out.iter_mut()) {
        *out = open_uniform(stream, position);
    }
    for (out, logit) in out.iter_mut().zip(logits) {
        *out = (logit + gumbel_of(*out)) * scale;
    }
}

/// `e^(z − max)` in place.
#[inline(always)]
pub(super) fn exponentials(values: &mut [f32], max: f32) {
    for value in values {
        let depth = *value - max;
        // Written so that NaN stays NaN.
        *value = if depth < -DEPTH { 0.0 } else { exp(depth) };
    }
}

/// The largest value, ignoring NaN.
#[inline(always)]
pub(super) fn largest(values: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [f32::MIN; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(f32::MIN, |max, &value| if value > max { value } else { max })
}

/// Index of the largest value, the first of equal ones; 0 if empty.
pub(super) fn argmax(values: impl Iterator<Item = f32>) -> usize {
    values.enumerate().fold((0, f32::NEG_INFINITY), |best, (i, v)| if v > best.1 { (i, v) } else { best }).0
}

#[cfg(test)]
pub(super) mod support {
    //! Helpers for the tests of relaxed choices.

    use crate::dataset::random::{Purpose, Stream};

    /// Numbers around `centre`, spread evenly over `2 · spread`.
    pub fn numbers(key: u64, len: usize, centre: f32, spread: f32) -> Vec<f32> {
        let stream = Stream::new(key, Purpose::Synthetic, 0, 0);
        (0..len as u64).map(|i| centre + spread * (2.0 * stream.uniform(i) - 1.0)).collect()
    }

    /// `−ln(−ln U)` in f64 from the same bits.
    pub fn slow_gumbel(stream: Stream, position: u64) -> f64 {
        let u = ((stream.bits(position) >> 41) as f64 + 0.5) / f64::from(1 << 23);
        -(-u.ln()).ln()
    }

    /// `(f(v + h e_i) − f(v − h e_i)) / 2h` for every i, in f64.
    pub fn differences(values: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        let h = 1e-5;
        let mut values = values.to_vec();
        (0..values.len())
            .map(|i| {
                let own = values[i];
                values[i] = own + h;
                let above = f(&values);
                values[i] = own - h;
                let below = f(&values);
                values[i] = own;
                (above - below) / (2.0 * h)
            })
            .collect()
    }

    /// `values` in f64.
    pub fn wide(values: &[f32]) -> Vec<f64> {
        values.iter().map(|&v| f64::from(v)).collect()
    }

    /// Asserts that `ours` equals `exact` within `bound` of the largest magnitude, which must not
    /// be zero.
    pub fn close(name: &str, ours: &[f32], exact: &[f64], bound: f64) {
        assert_eq!(ours.len(), exact.len(), "{name}");
        let size = exact.iter().fold(0.0_f64, |size, v| size.max(v.abs()));
        assert!(size > 0.0, "{name}: nothing to compare");
        for (i, (ours, exact)) in ours.iter().zip(exact).enumerate() {
            assert!(
                (f64::from(*ours) - exact).abs() <= bound * size,
                "{name}[{i}]: {ours} {exact}, size {size}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::support::slow_gumbel;
    use super::*;
    use crate::dataset::random::Purpose;

    #[test]
    fn noise_has_the_distribution_of_gumbel() {
        let stream = Stream::new(1, Purpose::Gumbel, 2, 3);
        let n = 200_000;
        let draws: Vec<f64> = (0..n).map(|i| f64::from(gumbel_of(open_uniform(stream, i)))).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n as f64;
        // Mean γ, variance π²/6, within five standard errors (the variance's uses the kurtosis
        // 5.4).
        assert!((mean - 0.577_216).abs() < 0.0144, "{mean}");
        assert!((variance - std::f64::consts::PI.powi(2) / 6.0).abs() < 0.039, "{variance}");
        // The cumulative distribution function e^(−e^(−x)) at three points, within five standard
        // errors.
        for x in [-1.0_f64, 0.5, 3.0] {
            let expected = (-(-x).exp()).exp();
            let share = draws.iter().filter(|&&g| g < x).count() as f64 / n as f64;
            assert!(
                (share - expected).abs() < 5.0 * (expected * (1.0 - expected) / n as f64).sqrt(),
                "{x}: {share}"
            );
        }
        for (position, g) in draws.iter().enumerate() {
            let slow = slow_gumbel(stream, position as u64);
            assert!((g - slow).abs() < 2e-6, "{position}: {g} {slow}");
        }
    }

    #[test]
    fn noise_is_finite_at_both_ends() {
        let ends = [0.5 / (1 << 23) as f32, 1.0 - 0.5 / (1 << 23) as f32];
        assert!(ends[1] < 1.0);
        assert!((gumbel_of(ends[0]) + 2.812).abs() < 1e-2 && (gumbel_of(ends[1]) - 16.636).abs() < 1e-2);
    }

    #[test]
    fn temperatures_fall_by_a_constant_factor() {
        assert_eq!(
            [0, 500, 1000, 2000].map(|b| temperature(b, 1000, 10.0, 0.01)),
            [10.0, 0.316_227_77, 0.01, 0.01]
        );
        assert_eq!(temperature(0, 0, 10.0, 0.01), 0.01);
    }

    #[test]
    fn the_largest_is_found_wherever_it_lies() {
        for len in [1, 15, 16, 17, 40] {
            for at in 0..len {
                let mut values = vec![-3.0; len];
                values[at] = -1.0;
                assert_eq!((largest(&values), argmax(values.iter().copied())), (-1.0, at), "{len}");
            }
        }
    }
}
