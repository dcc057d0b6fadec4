//! Lines of one height below one another, of which only those in sight are drawn.

use std::ops::Range;

/// Of `count` lines of this height those that can be seen between two heights.
pub(super) fn lines_in_sight(from: f32, to: f32, each: f32, count: usize) -> Range<usize> {
    let at = |y: f32| (y / each).max(0.0);
    let end = (at(to).ceil() as usize).min(count);
    (at(from) as usize).min(end)..end
}

/// Where a line begins, below the top of what is in sight, which begins at `offset`. Of a million
/// lines the offset alone tells heights of a point apart, so that the difference is taken before it
/// is rounded.
pub(super) fn line_top(line: usize, each: f32, offset: f32) -> f32 {
    (line as f64 * f64::from(each) - f64::from(offset)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_can_be_seen_are_known() {
        for (from, to, lines) in [
            (0.0, 100.0, 0..5),
            (19.0, 100.0, 0..5),
            (20.0, 101.0, 1..6),
            (190.0, 400.0, 9..10),
            (300.0, 400.0, 10..10),
            (50.0, 20.0, 1..1),
            (-30.0, 5.0, 0..1),
        ] {
            assert_eq!(lines_in_sight(from, to, 20.0, 10), lines, "{from} to {to}");
        }
    }

    #[test]
    fn lines_far_down_lie_one_below_the_other() {
        // The millionth line of 37.3 points begins at 37,300,000, where numbers of 32 bits are 4
        // apart.
        let tops = [1_000_000, 1_000_001, 1_000_002].map(|line| line_top(line, 37.3, 37_300_000.0));
        for (top, expected) in tops.into_iter().zip([0.0, 37.3, 74.6]) {
            assert!((top - tops[0] - expected).abs() < 1e-3 && tops[0].abs() < 4.0, "{tops:?}");
        }
    }
}
