//! The axes and the grid of a plot.

use super::axis::Axis;
use super::canvas::{Align, Canvas, Frame, Pen, Type, fitted, text_width};
use super::ticks::Tick;

/// Distance between plot and labels.
const GAP: f32 = 4.0;
/// Height for the labels below the plot, and for the name of the axis.
const LABELS_BELOW: f32 = 18.0;
const NAME: f32 = 18.0;
/// The type of labels, as in the window.
const TYPE: f32 = 11.0;
/// How far labels may extend beyond the right end of the plot.
const BEYOND: f32 = 12.0;
/// The widest label of the vertical axis that is not shortened.
const WIDEST: f32 = 110.0;

/// The position of a plot, within its axes, and its ranges.
pub(super) struct Chart {
    /// The plot without its axes.
    pub frame: Frame,
    x: [f64; 2],
    y: [f64; 2],
}

impl Chart {
    /// Draws axes and grid; `None` if there is no space.
    pub fn draw(canvas: &mut Canvas<'_>, outer: Frame, x: &Axis, y: &Axis) -> Option<Chart> {
        let palette = canvas.palette;
        let below = LABELS_BELOW + if x.label.is_empty() { 0.0 } else { NAME };
        let left = if y.label.is_empty() { 0.0 } else { NAME };
        let height = outer.height - below - 14.0;
        let up = y.up(height);
        let label = |tick: &Tick| fitted(&tick.label, TYPE, WIDEST);
        let labels = up.iter().map(|tick| text_width(&label(tick), TYPE)).fold(12.0, f32::max);
        let frame = outer.within([left + labels + GAP + 6.0, 6.0, BEYOND, below + 2.0]);
        if frame.width < 24.0 || frame.height < 24.0 {
            return None;
        }
        let chart = Chart { frame, x: x.ends(), y: y.ends() };
        let across = x.across(frame.width, BEYOND, |tick| text_width(&tick.label, TYPE));
        let (grid, set) = (Pen::new(palette.grid, 1.0), Type::new(TYPE, palette.dim));
        for tick in &across {
            let [at, _] = chart.at([tick.at, chart.y[0]]);
            canvas.line([at, frame.top], [at, frame.bottom()], grid);
            let place = [at, frame.bottom() + GAP + 0.5 * TYPE];
            canvas.text(place, &tick.label, set.aligned(Align::Middle));
        }
        for tick in &up {
            let [_, at] = chart.at([chart.x[0], tick.at]);
            canvas.line([frame.left, at], [frame.right(), at], grid);
            canvas.text([frame.left - GAP, at], &label(tick), set.aligned(Align::End));
        }
        let middle = frame.left + 0.5 * frame.width;
        let place = [middle, outer.bottom() - 0.5 * NAME];
        canvas.text(place, &fitted(&x.label, TYPE, frame.width), set.aligned(Align::Middle));
        let place = [outer.left + 0.5 * NAME, frame.top + 0.5 * frame.height];
        canvas.turned_text(place, &fitted(&y.label, TYPE, frame.height), set.aligned(Align::Middle), true);
        Some(chart)
    }

    /// The position of a value, which is in units of the axes.
    pub fn at(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        let along = |value: f64, [low, high]: [f64; 2]| ((value - low) / (high - low)) as f32;
        let Frame { left, width, height, .. } = self.frame;
        [left + width * along(x, self.x), self.frame.bottom() - height * along(y, self.y)]
    }

    /// The ends of the horizontal axis.
    pub fn x(&self) -> [f64; 2] {
        self.x
    }
}
