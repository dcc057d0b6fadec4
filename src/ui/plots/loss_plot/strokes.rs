//! The curves as shapes: reduced to the resolution of the screen, clipped to the visible part, and
//! dashed where needed. The library's own lines are rebuilt in every frame, have no gaps, and
//! measure dashes along the line.

use egui::{Pos2, Rect, Shape, Stroke, pos2};
use egui_plot::{PlotBounds, PlotTransform};

use super::{Curve, LossPlot, scaled};
use crate::figure::Line;
use crate::ui::plots::chart::places;
use crate::ui::plots::limits::Limits;
use crate::ui::plots::paint::color;

/// The shapes of all curves, rebuilt only when something has changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Strokes {
    made: Option<(Key, Vec<Shape>)>,
}

/// Stamp and scale of the plot, its number of curves, the theme, the plot's rectangle and its
/// limits.
type Key = (u64, bool, usize, bool, Rect, PlotBounds);

impl Strokes {
    /// The shapes of the curves of `plot`; the first curve is on top.
    pub fn shapes(&mut self, plot: &LossPlot<'_>, dark: bool, shown: &PlotTransform) -> &[Shape] {
        let key: Key = (plot.stamp, plot.log, plot.curves.len(), dark, *shown.frame(), *shown.bounds());
        let known = self.made.take().filter(|(known, _)| *known == key);
        let make = || {
            let mut shapes = Vec::new();
            for curve in plot.curves.iter().rev() {
                add_curve(&mut shapes, curve, plot.log, shown);
            }
            (key, shapes)
        };
        &self.made.insert(known.unwrap_or_else(make)).1
    }
}

fn add_curve(shapes: &mut Vec<Shape>, curve: &Curve<'_>, log: bool, shown: &PlotTransform) {
    let full = color(curve.color);
    let (width, tint) = if curve.faint { (1.2, full.gamma_multiply(0.5)) } else { (1.8, full) };
    if !std::ptr::eq(curve.raw, curve.shown) {
        add_line(shapes, curve.raw, log, shown, Stroke::new(1.0, tint.gamma_multiply(0.28)), false);
    }
    add_line(shapes, curve.shown, log, shown, Stroke::new(width, tint), curve.dashed);
}

/// Adds each run of finite numbers as a separate line; a single number between gaps becomes a dot.
fn add_line(
    shapes: &mut Vec<Shape>,
    line: &Line,
    log: bool,
    shown: &PlotTransform,
    stroke: Stroke,
    dashed: bool,
) {
    let (at, Limits { x, .. }) = (places(shown), Limits::from(shown.bounds()));
    let mut points = line.decimated(x, shown.frame().width().max(1.0) as usize);
    for point in &mut points {
        point[1] = scaled(point[1], log);
    }
    for stretch in points.split(|point| !point[1].is_finite()) {
        let path: Vec<Pos2> = clipped(stretch, x).map(&at).collect();
        match &path[..] {
            [] => {}
            [alone] => shapes.push(Shape::circle_filled(*alone, stroke.width * 1.3, stroke.color)),
            _ if dashed => {
                shapes.extend(dashes(&path, 5.0, 3.5).into_iter().map(|dash| Shape::line(dash, stroke)));
            }
            _ => shapes.push(Shape::line(path, stroke)),
        }
    }
}

/// A line in ascending order of x, cut off slightly beyond both limits: at high zoom its points are
/// too far away for pixel coordinates.
fn clipped(line: &[[f64; 2]], [left, right]: [f64; 2]) -> impl Iterator<Item = [f64; 2]> {
    let margin = 0.02 * (right - left);
    let (left, right) = (left - margin, right + margin);
    let between = |a: [f64; 2], b: [f64; 2], x: f64| [x, a[1] + (x - a[0]) / (b[0] - a[0]) * (b[1] - a[1])];
    line.iter().enumerate().filter_map(move |(index, &point)| {
        if point[0] < left {
            line.get(index + 1).filter(|next| next[0] > left).map(|next| between(point, *next, left))
        } else if point[0] > right {
            let before = index.checked_sub(1).and_then(|before| line.get(before));
            before.filter(|before| before[0] < right).map(|before| between(*before, point, right))
        } else {
            Some(point)
        }
    })
}

/// Splits an ascending path into dashes `on` points wide with gaps of `off`. The widths are
/// measured horizontally, so that a jagged line keeps its gaps.
fn dashes(path: &[Pos2], on: f32, off: f32) -> Vec<Vec<Pos2>> {
    let Some(first) = path.first() else { return Vec::new() };
    let (mut lines, mut line) = (Vec::new(), vec![*first]);
    // End of the current dash or gap.
    let (mut is_dash, mut end) = (true, first.x + on);
    for pair in path.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        while to.x > end {
            let t = (end - from.x) / (to.x - from.x);
            let cut = pos2(end, from.y + t * (to.y - from.y));
            if is_dash {
                line.push(cut);
                lines.push(std::mem::take(&mut line));
            } else {
                line.push(cut);
            }
            is_dash = !is_dash;
            end += if is_dash { on } else { off };
        }
        if is_dash {
            line.push(to);
        }
    }
    if line.len() > 1 {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_clipped_outside_the_visible_part() {
        let line = [[0.0, 0.0], [1.0, 1.0], [2.0, 4.0], [3.0, 0.0]];
        let cut = |x: [f64; 2]| clipped(&line, x).collect::<Vec<_>>();
        assert_eq!(cut([0.0, 3.0]), line);
        let deep = cut([1.25, 1.25 + 1e-9]);
        assert_eq!(deep.len(), 2);
        assert!(deep.iter().all(|[x, y]| (x - 1.25).abs() < 2e-9 && (y - 1.75).abs() < 1e-8), "{deep:?}");
        assert_eq!(cut([1.0, 2.0]).len(), 4, "{:?}", cut([1.0, 2.0]));
        assert_eq!(cut([5.0, 6.0]), [] as [[f64; 2]; 0]);
    }

    #[test]
    fn dashes_are_measured_horizontally() {
        let straight = [pos2(0.0, 7.0), pos2(20.0, 7.0)];
        let jagged: Vec<Pos2> = (0..=200).map(|i| pos2(i as f32 * 0.1, (i % 2) as f32 * 50.0)).collect();
        for path in [&straight[..], &jagged] {
            let ends: Vec<(f32, f32)> = dashes(path, 5.0, 3.0)
                .iter()
                .map(|dash| (dash[0].x, dash.last().map_or(f32::NAN, |last| last.x)))
                .collect();
            for (end, expected) in ends.iter().zip([(0.0, 5.0), (8.0, 13.0), (16.0, 20.0)]) {
                assert!((end.0 - expected.0).abs() < 1e-4 && (end.1 - expected.1).abs() < 1e-4, "{ends:?}");
            }
            assert_eq!(ends.len(), 3);
        }
        assert!(dashes(&[], 5.0, 3.0).is_empty());
    }

    #[test]
    fn curves_are_rebuilt_only_after_changes() {
        let line = |height: f64| -> Line { [[0.0, height], [1.0, height]].into_iter().collect() };
        let mut strokes = Strokes::default();
        // The height on the screen of a line at this value, with an axis from 0 to 10 over 100
        // points.
        let mut height = |value: f64, stamp: u64, right: f64| {
            let line = line(value);
            let color = crate::figure::Palette::DARK.run(1);
            let curve = Curve { name: "train", color, faint: false, dashed: false, raw: &line, shown: &line };
            let plot = LossPlot {
                curves: &[curve],
                stamp,
                log: false,
                last_epoch: 1.0,
                marker: None,
                notes: &[],
                features: None,
            };
            let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(200.0, 100.0));
            let bounds = PlotBounds::from_min_max([0.0, 0.0], [right, 10.0]);
            let shapes = strokes.shapes(&plot, true, &PlotTransform::new(rect, bounds, false));
            match shapes {
                [Shape::LineSegment { points, .. }] => points[0].y,
                [Shape::Path(path)] => path.points[0].y,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(height(2.0, 1, 1.0), 80.0);
        assert_eq!(height(7.0, 1, 1.0), 80.0, "the same stamp says that nothing has changed");
        assert_eq!(height(7.0, 2, 1.0), 30.0);
        assert_eq!(height(5.0, 2, 2.0), 50.0, "another part is shown");
    }
}
