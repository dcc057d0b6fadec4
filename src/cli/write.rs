use std::fmt::Display;
use std::io::Write;

use super::failure::Failure;

/// Prints a line of results, at once: whoever reads a pipe sees an epoch when it ends.
pub(super) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// A number as people read it: four significant digits, by exponent where it is very small or large.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || value == 0.0 {
        format!("{value}")
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.3e}")
    } else {
        let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.digits$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(0.0, "0");
        check(12.3456, "12.35");
        check(12345.6, "12346");
        check(0.012_345, "0.01235");
        check(1.0e-7, "1.000e-7");
        check(f64::NAN, "NaN");
    }
}
