//! Formatting numbers for people; the only place that chooses digits, separators and units.

use std::fmt::Display;

/// A measured number, such as a loss: three to five significant digits, plain between 0.001 and a
/// million, else with a power of ten (`2.50e-4`). Trailing zeros are kept, so that the digits of a
/// changing number do not move; NaN is `–`, infinity `∞`.
pub fn format_number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    let size = if value.is_infinite() { "∞".to_owned() } else { digits(value.abs()) };
    if value < 0.0 { format!("−{size}") } else { size }
}

/// A measured number for a terminal: four significant digits in ASCII, with an exponent if it is
/// very small or large.
pub fn terminal_number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || value == 0.0 {
        format!("{value}")
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.3e}")
    } else {
        let decimals = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.decimals$}")
    }
}

/// A value of the data, such as an end of their range: whole numbers in full, others with about
/// four significant digits and no trailing zeros. In ASCII, so that it can be used as an option.
pub fn format_value(value: f64) -> String {
    if !value.is_finite() {
        return format_number(value);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    if size.fract() == 0.0 && size < 1e7 {
        return format!("{sign}{size:.0}");
    }
    let text = digits(size);
    let (plain, exponent) = text.split_once('e').map_or((text.as_str(), None), |(plain, e)| (plain, Some(e)));
    let plain = without_zeros(plain);
    exponent.map_or_else(|| format!("{sign}{plain}"), |exponent| format!("{sign}{plain}e{exponent}"))
}

/// Both ends of a range of such values, `0 to 255`; only one if they are equal.
pub fn format_range<T: Into<f64>>((low, high): (T, T)) -> String {
    let (low, high) = (format_value(low.into()), format_value(high.into()));
    if low == high { low } else { format!("{low} to {high}") }
}

/// A setting in the shortest form, with at most three significant digits: `2e-3`, `0.5`, `12`.
pub fn short_number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let rounded = format!("{value:.2e}");
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-2..=3).contains(&exponent) {
        let decimals = (2 - exponent).max(0) as usize;
        return without_zeros(&format!("{value:.decimals$}")).to_owned();
    }
    format!("{}e{exponent}", without_zeros(mantissa))
}

/// A whole number of any unsigned type, with a thousands separator: `1,797`.
pub fn format_count(count: impl Display) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A large count with a unit of thousands: `950`, `41.8 k`, `1.2 M`.
pub fn short_count(count: u64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let count = count as f64;
    units
        .into_iter()
        .find(|(size, _)| count >= *size)
        .map_or_else(|| format!("{count:.0}"), |(size, unit)| format!("{:.1} {unit}", count / size))
}

/// A fraction in percent with this many decimals: 0.125 is `12.5 %`.
pub fn format_percent(fraction: f64, decimals: usize) -> String {
    format!("{:.decimals$} %", 100.0 * fraction)
}

/// A duration in its two largest units: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`.
pub fn format_secs(secs: f64) -> String {
    if !secs.is_finite() || secs < 0.0 {
        return "–".to_owned();
    }
    let whole = secs.round() as u64;
    match whole {
        _ if secs < 9.95 => format!("{secs:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A size of memory or of a file: `3.3 MB`, `1.1 GB`.
pub fn format_bytes(bytes: u64) -> String {
    if bytes >= 1_000_000_000 {
        format!("{:.1} GB", bytes as f64 / 1e9)
    } else {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }
}

/// The digits of a finite number that is not negative.
fn digits(size: f64) -> String {
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(0.000_999_95..999_999.5).contains(&size) {
        return format!("{size:.2e}");
    }
    // Most losses are between 0.01 and 1: there the point does not move.
    let decimals = match size {
        s if s < 0.009_995 => 5,
        s if s < 0.999_95 => 4,
        s if s < 9.999_5 => 3,
        s if s < 99.995 => 2,
        s if s < 999.95 => 1,
        _ => 0,
    };
    format!("{size:.decimals$}")
}

/// Removes trailing zeros of its decimals.
fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: Copy + std::fmt::Debug>(format: impl Fn(T) -> String, cases: &[(T, &str)]) {
        for (value, expected) in cases {
            assert_eq!(format(*value), *expected, "{value:?}");
        }
    }

    #[test]
    fn measured_numbers_have_sensible_digits() {
        check(
            format_number,
            &[
                (0.0, "0"),
                (0.3, "0.3000"),
                (0.041_23, "0.0412"),
                (0.004_123, "0.00412"),
                (1.0, "1.000"),
                (12.345_6, "12.35"),
                (123.456, "123.5"),
                (1234.56, "1235"),
                (98_765.4, "98765"),
                (0.000_25, "2.50e-4"),
                (2.5e9, "2.50e9"),
                (-0.5, "−0.5000"),
                (f64::NAN, "–"),
                (f64::INFINITY, "∞"),
                (f64::NEG_INFINITY, "−∞"),
            ],
        );
        check(
            terminal_number,
            &[
                (0.0, "0"),
                (12.3456, "12.35"),
                (12345.6, "12346"),
                (0.012_345, "0.01235"),
                (-0.5, "-0.5000"),
                (1.0e-7, "1.000e-7"),
                (f64::NAN, "NaN"),
            ],
        );
    }

    #[test]
    fn values_and_settings_are_short() {
        check(
            format_value,
            &[
                (0.0, "0"),
                (-0.0, "0"),
                (255.0, "255"),
                (-1000.0, "-1000"),
                (1_234_567.0, "1234567"),
                (0.5, "0.5"),
                (-3.25, "-3.25"),
                (4.884_21, "4.884"),
                (999.789_06, "999.8"),
                (0.000_25, "2.5e-4"),
                (2e9, "2e9"),
                (-1.877e-10, "-1.88e-10"),
                (f64::NAN, "–"),
            ],
        );
        check(format_range, &[((-0.5_f32, 16.0), "-0.5 to 16"), ((2.0, 2.0), "2")]);
        check(
            short_number,
            &[
                (0.002, "2e-3"),
                (0.0015, "1.5e-3"),
                (0.5, "0.5"),
                (0.05, "0.05"),
                (1.0, "1"),
                (100.0, "100"),
                (1234.0, "1234"),
                (1e-7, "1e-7"),
                (123_456.0, "1.23e5"),
                (-0.25, "-0.25"),
                (0.0, "0"),
            ],
        );
    }

    #[test]
    fn counts_are_set_apart_or_short() {
        check(format_count, &[(0, "0"), (999, "999"), (1797, "1,797"), (1_234_567, "1,234,567")]);
        check(short_count, &[(0, "0"), (950, "950"), (41_800, "41.8 k"), (1_200_000, "1.2 M")]);
    }

    #[test]
    fn amounts_have_their_units() {
        check(|fraction| format_percent(fraction, 1), &[(0.125, "12.5 %"), (1.0, "100.0 %"), (0.0, "0.0 %")]);
        check(|fraction| format_percent(fraction, 0), &[(0.2, "20 %"), (0.996, "100 %")]);
        check(
            format_secs,
            &[
                (0.42, "0.4 s"),
                (9.96, "10 s"),
                (12.3, "12 s"),
                (59.6, "1 min 00 s"),
                (185.0, "3 min 05 s"),
                (7800.0, "2 h 10 min"),
                (f64::NAN, "–"),
                (-1.0, "–"),
            ],
        );
        check(
            format_bytes,
            &[(0, "0.0 MB"), (3_300_000, "3.3 MB"), (1_100_000_000, "1.1 GB"), (36_000_000_000, "36.0 GB")],
        );
    }
}
