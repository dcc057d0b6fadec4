//! What a plot shows of its two axes, and how that follows data that grow or move.

use egui_plot::{PlotBounds, PlotPoint};
use serde::{Deserialize, Serialize};

/// What a plot shows of its two axes, in units of the axes (a logarithmic axis counts in decimal
/// logarithms).
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
    /// The smallest limits around all points whose two numbers are finite; `None` where there is no
    /// such point.
    pub fn around(points: impl Iterator<Item = [f64; 2]>) -> Option<Limits> {
        let mut bounds = PlotBounds::NOTHING;
        for [x, y] in points.filter(|[x, y]| x.is_finite() && y.is_finite()) {
            bounds.extend_with(&PlotPoint::new(x, y));
        }
        bounds.is_finite().then(|| Limits::from(&bounds))
    }

    /// The same with room to every side, a fraction of the span; an axis without a span gets one.
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

    /// Whether both axes have ends that are numbers, the second beyond the first by more than
    /// rounding.
    pub(super) fn is_sound(&self) -> bool {
        [self.x, self.y].iter().all(|[low, high]| {
            let span = high - low;
            span.is_finite() && span > 1e-12 * low.abs().max(high.abs()).max(1e-9)
        })
    }
}

impl From<Limits> for PlotBounds {
    fn from(Limits { x, y }: Limits) -> PlotBounds {
        PlotBounds::from_min_max([x[0], y[0]], [x[1], y[1]])
    }
}

impl From<&PlotBounds> for Limits {
    fn from(bounds: &PlotBounds) -> Limits {
        let ([left, bottom], [right, top]) = (bounds.min(), bounds.max());
        Limits { x: [left, right], y: [bottom, top] }
    }
}

/// Where limits that follow growing or moving data should stand now: they stay while the data lie
/// inside and fill more than half of them; else they glide towards `target` by `step` of the way.
/// The flag says whether they are on the move.
pub fn follow(current: Limits, target: Limits, step: f64) -> (Limits, bool) {
    let mut moving = false;
    let mut axis = |[low, high]: [f64; 2], [to_low, to_high]: [f64; 2]| {
        let inside = to_low >= low && to_high <= high;
        if inside && (to_high - to_low) > 0.55 * (high - low) {
            return [low, high];
        }
        let near = 0.004 * (to_high - to_low);
        let glide =
            |from: f64, to: f64| if (to - from).abs() <= near { to } else { from + step * (to - from) };
        let next = [glide(low, to_low), glide(high, to_high)];
        moving |= next != [to_low, to_high];
        next
    };
    let limits = Limits { x: axis(current.x, target.x), y: axis(current.y, target.y) };
    (limits, moving)
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
        assert!(single.is_sound(), "{single:?}");
    }

    #[test]
    fn following_limits_stay_until_they_must_move() {
        let unit = Limits::default();
        let inner = Limits { x: [0.1, 0.9], y: [0.2, 0.9] };
        assert_eq!(follow(unit, inner, 0.3), (unit, false));
        let outer = Limits { x: [0.0, 3.0], y: [0.0, 1.0] };
        let (mut limits, moving) = follow(unit, outer, 0.5);
        assert!(moving && limits.x[1] == 2.0 && limits.y == unit.y);
        for _ in 0..20 {
            limits = follow(limits, outer, 0.5).0;
        }
        assert_eq!((limits, false), follow(limits, outer, 0.5));
    }
}
