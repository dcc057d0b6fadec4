//! Axis limits that follow growing or moving data.

use egui_plot::PlotBounds;

pub use crate::figure::Limits;

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

/// Updates limits that follow growing or moving data. They stay while the data are inside and fill
/// more than half of them; otherwise they move towards `target` by the fraction `step`. The flag
/// says whether they are moving.
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
