//! The ranges of the two axes of a plot.

use serde::{Deserialize, Serialize};

use super::Line;

/// Margin above and below curves, as a fraction of their span.
const MARGIN: f64 = 0.06;

/// The ranges of the two axes of a plot, in units of the axes (decimal logarithms for a logarithmic
/// axis).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Left and right end.
    pub x: [f64; 2],
    /// Lower and upper end.
    pub y: [f64; 2],
}

impl Default for Limits {
    fn default() -> Self {
        Limits { x: [0.0, 1.0], y: [0.0, 1.0] }
    }
}

impl Limits {
    /// The smallest limits around all points with two finite numbers; `None` without such a point.
    pub fn around(points: impl Iterator<Item = [f64; 2]>) -> Option<Limits> {
        let widened = |[low, high]: [f64; 2], value: f64| [low.min(value), high.max(value)];
        let finite = points.filter(|[x, y]| x.is_finite() && y.is_finite());
        finite.fold(None, |limits: Option<Limits>, [x, y]| {
            let Limits { x: across, y: up } = limits.unwrap_or(Limits { x: [x; 2], y: [y; 2] });
            Some(Limits { x: widened(across, x), y: widened(up, y) })
        })
    }

    /// The limits around curves that begin at 0 and extend to `last`, and whether a logarithmic
    /// axis cannot represent some of their values.
    pub fn of_curves<'a>(
        curves: impl Iterator<Item = &'a Line> + Clone,
        is_log: bool,
        last: f64,
    ) -> (Limits, bool) {
        let is_hidden = curves.clone().any(|line| line.range(false).is_some_and(|[low, _]| low <= 0.0));
        let corners = curves.filter_map(|line| {
            let ([low, high], first, last) = (line.range(is_log)?, line.first()?, line.last()?);
            Some([[first[0], scaled(low, is_log)], [last[0], scaled(high, is_log)]])
        });
        let around = Limits::around(corners.flatten());
        let around = around.unwrap_or(Limits { x: [0.0, last], y: [0.0, 1.0] });
        let y = around.with_margin(MARGIN).y;
        (Limits { x: [0.0, around.x[1].max(last)], y }, is_hidden)
    }

    /// Returns the limits with a margin on every side, a fraction of the span; an axis without a
    /// span gets one.
    #[must_use]
    pub fn with_margin(self, fraction: f64) -> Limits {
        let widen = |[low, high]: [f64; 2]| {
            let span = high - low;
            let margin =
                if span > 1e-12 * high.abs().max(1e-30) { span * fraction } else { low.abs().max(1.0) * 0.1 };
            [low - margin, high + margin]
        };
        Limits { x: widen(self.x), y: widen(self.y) }
    }

    /// Whether both axes have finite ends, the second beyond the first by more than rounding.
    pub fn is_valid(&self) -> bool {
        [self.x, self.y].iter().all(|[low, high]| {
            let span = high - low;
            span.is_finite() && span > 1e-12 * low.abs().max(high.abs()).max(1e-9)
        })
    }
}

/// A value in units of an axis; NaN if a logarithmic axis cannot represent it.
pub fn scaled(y: f64, is_log: bool) -> f64 {
    match is_log {
        true if y > 0.0 => y.log10(),
        true => f64::NAN,
        false => y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_leave_out_what_is_no_number() {
        let points = [[1.0, f64::NAN], [f64::INFINITY, 0.0], [2.0, 5.0], [4.0, -1.0]];
        let limits = Limits::around(points.into_iter());
        assert_eq!(limits, Some(Limits { x: [2.0, 4.0], y: [-1.0, 5.0] }));
        assert_eq!(Limits::around([[f64::NAN; 2]].into_iter()), None);
        let single = Limits { x: [3.0; 2], y: [0.0; 2] }.with_margin(0.05);
        assert!(single.is_valid(), "{single:?}");
    }

    #[test]
    fn a_logarithmic_axis_has_no_place_for_zero() {
        assert_eq!(scaled(100.0, true), 2.0);
        assert!(scaled(0.0, true).is_nan() && scaled(-1.0, true).is_nan());
        assert_eq!(scaled(-1.0, false), -1.0);
    }

    #[test]
    fn curves_begin_at_0_and_have_space_above_and_below() {
        let line: Line = [[1.0, 0.0], [2.0, 10.0], [3.0, 100.0]].into_iter().collect();
        let of = |is_log, last| Limits::of_curves([&line].into_iter(), is_log, last);
        assert_eq!(of(false, 5.0), (Limits { x: [0.0, 5.0], y: [-6.0, 106.0] }, true));
        // From 10 to 100: 1 to 2, and 0.06 more.
        assert_eq!(of(true, 1.0), (Limits { x: [0.0, 3.0], y: [0.94, 2.06] }, true));
        let none = Limits::of_curves(std::iter::empty(), false, 4.0);
        assert_eq!(none, (Limits { x: [0.0, 4.0], y: [-0.06, 1.06] }, false));
    }
}
