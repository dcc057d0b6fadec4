//! A list of lines of equal height, of which only visible ones are drawn.

use std::ops::Range;

/// The lines of this height, out of `count`, that are visible between two heights.
pub(super) fn visible_lines(from: f32, to: f32, each: f32, count: usize) -> Range<usize> {
    let at = |y: f32| (y / each).max(0.0);
    let end = (at(to).ceil() as usize).min(count);
    (at(from) as usize).min(end)..end
}

/// The top of a line, relative to the visible part, which starts at `offset`. With a million lines,
/// single precision cannot represent the offset to a point, so the difference is computed before
/// rounding.
pub(super) fn line_top(line: usize, each: f32, offset: f32) -> f32 {
    (line as f64 * f64::from(each) - f64::from(offset)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_lines_are_found() {
        for (from, to, lines) in [
            (0.0, 100.0, 0..5),
            (19.0, 100.0, 0..5),
            (20.0, 101.0, 1..6),
            (190.0, 400.0, 9..10),
            (300.0, 400.0, 10..10),
            (50.0, 20.0, 1..1),
            (-30.0, 5.0, 0..1),
        ] {
            assert_eq!(visible_lines(from, to, 20.0, 10), lines, "{from} to {to}");
        }
    }

    #[test]
    fn lines_far_down_do_not_overlap() {
        // Lines are 37.3 points high: the millionth starts at 37,300,000, where 32-bit floats are 4
        // apart.
        let tops = [1_000_000, 1_000_001, 1_000_002].map(|line| line_top(line, 37.3, 37_300_000.0));
        for (top, expected) in tops.into_iter().zip([0.0, 37.3, 74.6]) {
            assert!((top - tops[0] - expected).abs() < 1e-3 && tops[0].abs() < 4.0, "{tops:?}");
        }
    }
}
