//! Elementary functions that vectorise: branch-free polynomials instead of the scalar library
//! functions. Absolute errors stay near one unit in the last place of `f32`; the tests compare with
//! `f64`.

/// Runs `work` with the widest vector instructions of the machine. Closures must be
/// `#[inline(always)]`: without inlining they are compiled without those instructions.
#[inline(always)]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Gradients below this are 0. Processors multiply subnormal numbers many times more slowly than
/// others, and saturated units would fill every product with them; compared with an optimizer's eps
/// (1e-8) such gradients change nothing.
pub const LEAST_GRADIENT: f32 = 1e-18;

/// `x`, or 0 if its magnitude is below `least`. NaN stays NaN.
#[inline(always)]
pub fn flushed(x: f32, least: f32) -> f32 {
    if x.abs() < least { 0.0 } else { x }
}

/// The first value that is not finite. Whole chunks are tested at once, as there is rarely one.
pub fn first_non_finite(values: &[f32]) -> Option<f32> {
    const CHUNK: usize = 1024;
    let bad = values.chunks(CHUNK).find(|chunk| {
        vectorised(
            #[inline(always)]
            || !chunk.iter().fold(true, |all, value| all & value.is_finite()),
        )
    })?;
    bad.iter().copied().find(|value| !value.is_finite())
}

/// `eˣ`, clamped to the range of `f32`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Cephes' expf: x = n ln 2 + r, a polynomial in r, then n into the exponent.
    let x = x.clamp(-87.3, 88.3);
    // 1.5 · 2²³: adding it rounds to an integer, which then is in the low bits.
    let rounder = 12_582_912.0_f32;
    let rounded = x * std::f32::consts::LOG2_E + rounder;
    let n = rounded - rounder;
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5] {
        p = p * r + c;
    }
    let value = p * r * r + r + 1.0;
    let scaled = f32::from_bits(value.to_bits().wrapping_add(rounded.to_bits() << 23));
    // NaN has many bit patterns, and adding to one may give a number.
    if x.is_nan() { x } else { scaled }
}

/// `ln x` for positive normal `x`.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    // Cephes' logf: x = m 2ᵉ with m in [√½, √2), a polynomial in m − 1.
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(0x3F35_04F3); // √½
    let e = ((shifted as i32) >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007F_FFFF).wrapping_add(0x3F35_04F3)) - 1.0;
    let mut p = 7.037_683_6e-2;
    for c in [
        -0.115_146_1,
        0.116_769_98,
        -0.124_201_41,
        0.142_493_23,
        -0.166_680_57,
        0.200_007_15,
        -0.249_999_94,
        0.333_333_3,
    ] {
        p = p * m + c;
    }
    let m2 = m * m;
    let y = p * m * m2 + e * -2.121_944_4e-4 - 0.5 * m2;
    m + y + e * 0.693_359_4
}

/// `1 / (1 + e⁻ˣ)`
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `tanh x`
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    // Near 0 the quotient cancels, so Cephes' odd polynomial is used.
    let x2 = x * x;
    let mut p = -5.704_988_7e-3;
    for c in [2.063_909e-2, -5.373_971_5e-2, 0.133_314_43, -0.333_332_8] {
        p = p * x2 + c;
    }
    let small = p * x2 * x + x;
    let large = 1.0 - 2.0 / (exp(2.0 * x) + 1.0);
    if x.abs() < 0.625 { small } else { large }
}

/// `ln(1 + eˣ)`
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    // ln(1 + t) for t in (0, 1]; where 1 + t rounds to 1 the first term of the series is exact.
    let t = exp(-x.abs());
    let u = 1.0 + t;
    let ln_1p = if u == 1.0 { t } else { ln(u) - ((u - 1.0) - t) / u };
    x.max(0.0) + ln_1p
}

/// The cumulative distribution function of the standard normal, `Φ(x)`.
#[inline(always)]
pub fn normal_cdf(x: f32) -> f32 {
    // Abramowitz & Stegun 7.1.26 for erf, absolute error below 1.5e-7.
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut p = 1.061_405_4_f32;
    for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = p * t + c;
    }
    let tail = 0.5 * p * t * exp(-z * z);
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// The normal density `φ(x)`.
#[inline(always)]
pub fn normal_pdf(x: f32) -> f32 {
    exp(-0.5 * x * x) * 0.398_942_3
}

/// `cos 2πu` for u in [0, 1).
#[inline(always)]
pub fn cos_2pi(u: f32) -> f32 {
    // cos 2πu = sin 2πv with v = ¼ − |u| folded into [−¼, ¼]; Taylor's series to the 11th power.
    let v = 0.25 - (0.5 - (u - 0.5).abs());
    let z = v * std::f32::consts::TAU;
    let z2 = z * z;
    let mut p = -2.505_210_8e-8_f32;
    for c in [2.755_731_9e-6, -1.984_127e-4, 8.333_333e-3, -0.166_666_67] {
        p = p * z2 + c;
    }
    p * z2 * z + z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_not_finite_are_found() {
        for len in [0_usize, 1, 1023, 1024, 3000] {
            let mut values: Vec<f32> = (0..len).map(|index| index as f32 - 7.0).collect();
            assert_eq!(first_non_finite(&values), None);
            for at in [len.saturating_sub(1), len / 2, 0] {
                if let Some(value) = values.get_mut(at) {
                    *value = f32::INFINITY;
                    assert_eq!(first_non_finite(&values), Some(f32::INFINITY));
                    values[at] = f32::NAN;
                    assert!(first_non_finite(&values).is_some_and(f32::is_nan));
                }
            }
        }
        // The first of several.
        assert_eq!(first_non_finite(&[1.0, f32::NEG_INFINITY, f32::INFINITY]), Some(f32::NEG_INFINITY));
    }

    fn check(name: &str, ours: fn(f32) -> f32, exact: fn(f64) -> f64, range: (f32, f32), bound: f64) {
        let worst = (0..=20_000)
            .map(|i| range.0 + (range.1 - range.0) * i as f32 / 20_000.0)
            .map(|x| {
                let exact = exact(f64::from(x));
                ((f64::from(ours(x)) - exact).abs() / exact.abs().max(1.0), x)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        assert!(worst.is_some_and(|(error, _)| error < bound), "{name}: {worst:?}");
    }

    #[test]
    fn functions_are_exact_to_f32() {
        check("exp", exp, f64::exp, (-80.0, 80.0), 2e-7);
        check("ln", ln, f64::ln, (1e-6, 50.0), 2e-7);
        check("sigmoid", sigmoid, |x| 1.0 / (1.0 + (-x).exp()), (-30.0, 30.0), 2e-7);
        check("tanh", tanh, f64::tanh, (-12.0, 12.0), 2e-7);
        check("softplus", softplus, |x| x.exp().ln_1p(), (-30.0, 30.0), 2e-7);
        check("cos", cos_2pi, |x| (std::f64::consts::TAU * x).cos(), (0.0, 0.999_999), 6e-7);
        // Φ by Simpson's rule from −10.
        let cdf = |x: f64| {
            let steps = 2000;
            let h = (x + 10.0) / f64::from(steps);
            let density = |t: f64| (-0.5 * t * t).exp() / std::f64::consts::TAU.sqrt();
            (0..=steps)
                .map(|i| {
                    let weight = if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                    weight * density(-10.0 + h * f64::from(i))
                })
                .sum::<f64>()
                * h
                / 3.0
        };
        let worst = (-60..=60)
            .map(|i| f64::from(i) / 10.0)
            .map(|x| (f64::from(normal_cdf(x as f32)) - cdf(x)).abs())
            .fold(0.0, f64::max);
        assert!(worst < 3e-7, "{worst}");
    }

    #[test]
    fn only_tiny_numbers_are_flushed() {
        assert_eq!([1e-19, -1e-19, 1e-17, -1.0].map(|x| flushed(x, 1e-18)), [0.0, 0.0, 1e-17, -1.0]);
        assert!(flushed(f32::NAN, 1e-18).is_nan());
    }

    #[test]
    fn extremes_saturate_instead_of_failing() {
        assert_eq!(sigmoid(-1000.0), 1.0 / (1.0 + exp(1000.0)));
        assert!(sigmoid(1000.0) == 1.0 && sigmoid(-1000.0) < 1e-37);
        assert!(tanh(1000.0) == 1.0 && tanh(-1000.0) == -1.0);
        assert!(softplus(1000.0) == 1000.0 && softplus(-1000.0) >= 0.0);
        assert!(exp(f32::from_bits(0x7FC0_0001)).is_nan() && exp(f32::from_bits(0xFFFF_FFFF)).is_nan());
        assert!(sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan() && softplus(f32::NAN).is_nan());
    }
}
