use super::axis::Axis;
use super::canvas::{Align, Canvas, Frame, Pen, Type, fitted, text_width};
use super::chart::Chart;
use super::ink::Ink;
use super::line::decimate;
use super::palette::Palette;

/// Curves over a common axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The curves; the first ones are drawn on top.
    pub series: Vec<Series>,
    /// Events along the horizontal axis.
    pub marks: Vec<Mark>,
    /// The selected position on the horizontal axis.
    pub epoch_marker: Option<f64>,
}

/// One curve, ascending in x. Values that are not finite are gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// Whether it is only for comparison.
    pub is_faint: bool,
    /// Whether it is dashed.
    pub is_dashed: bool,
    /// Whether its points are marked.
    pub has_marks: bool,
    /// The values.
    pub points: Vec<[f64; 2]>,
    /// The values as drawn, if smoothed; else empty.
    pub smooth: Vec<[f64; 2]>,
}

impl Series {
    /// A curve that is drawn without smoothing.
    pub fn new(name: impl Into<String>, ink: Ink, points: Vec<[f64; 2]>) -> Series {
        Series {
            name: name.into(),
            ink,
            is_faint: false,
            is_dashed: false,
            has_marks: false,
            points,
            smooth: Vec::new(),
        }
    }
}

/// An event at a position of the horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The position.
    pub at: f64,
    /// The text.
    pub text: String,
}

/// The type of the legend, and the height of its lines.
const TYPE: f32 = 11.5;
const LINE: f32 = 17.0;
/// The widest name of a curve that is not shortened, and the most names in the legend.
const WIDEST: f32 = 240.0;
const MOST_LISTED: usize = 20;

impl Lines {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        let has_legend = self.series.len() > 1 || self.series.iter().any(|own| !own.name.is_empty());
        let rows = if has_legend { self.legend(canvas, frame) } else { 0 };
        let Some(chart) =
            Chart::draw(canvas, frame.within([0.0, rows as f32 * LINE, 0.0, 0.0]), &self.x, &self.y)
        else {
            return;
        };
        let palette = canvas.palette;
        for mark in &self.marks {
            let [x, _] = chart.at([mark.at, 0.0]);
            if (chart.frame.left..=chart.frame.right()).contains(&x) {
                let pen = Pen { is_dashed: true, ..Pen::new(palette.dim, 1.0) };
                canvas.line([x, chart.frame.top], [x, chart.frame.bottom()], pen);
                let set = Type::new(9.5, palette.dim).aligned(Align::End);
                let text = fitted(&mark.text, set.size, chart.frame.height - 8.0);
                canvas.turned_text([x + 7.0, chart.frame.top + 4.0], &text, set, true);
            }
        }
        canvas.clipped(chart.frame.within([-1.5; 4]), |canvas| {
            for series in self.series.iter().rev() {
                self.curve(canvas, &chart, series);
            }
        });
        if let Some(at) = self.epoch_marker {
            let [x, _] = chart.at([at, 0.0]);
            if (chart.frame.left..=chart.frame.right()).contains(&x) {
                let pen = Pen::new(palette.highlight, 1.2);
                canvas.line([x, chart.frame.top], [x, chart.frame.bottom()], pen);
            }
        }
    }

    /// The curve, and for a smoothed one its values below it.
    fn curve(&self, canvas: &mut Canvas<'_>, chart: &Chart, series: &Series) {
        let pen = series.pen(canvas.palette);
        if series.smooth.is_empty() {
            self.stroke(canvas, chart, &series.points, pen, series.has_marks);
        } else {
            let raw = Pen { width: 1.0, opacity: 0.28 * pen.opacity, is_dashed: false, ..pen };
            self.stroke(canvas, chart, &series.points, raw, false);
            self.stroke(canvas, chart, &series.smooth, pen, series.has_marks);
        }
    }

    fn stroke(&self, canvas: &mut Canvas<'_>, chart: &Chart, points: &[[f64; 2]], pen: Pen, has_marks: bool) {
        let mut points = decimate(points, chart.x(), chart.frame.width as usize);
        for point in &mut points {
            point[1] = self.y.place(point[1]);
        }
        for stretch in points.split(|point| !(point[0].is_finite() && point[1].is_finite())) {
            let path: Vec<[f32; 2]> = stretch.iter().map(|point| chart.at(*point)).collect();
            canvas.polyline(&path, pen);
            if has_marks {
                path.iter().for_each(|at| canvas.disc(*at, 1.3 * pen.width, pen.tint, pen.opacity));
            }
        }
    }

    /// Names and colours in rows above the plot; returns the number of rows.
    fn legend(&self, canvas: &mut Canvas<'_>, frame: Frame) -> usize {
        let palette = canvas.palette;
        let (mut x, mut row) = (frame.left + 8.0, 0);
        let listed = self.series.iter().take(MOST_LISTED);
        let more = self.series.len().saturating_sub(MOST_LISTED);
        for series in listed {
            let name = fitted(&series.name, TYPE, WIDEST);
            let width = 24.0 + text_width(&name, TYPE) + 18.0;
            if x + width > frame.right() && x > frame.left + 8.0 {
                (x, row) = (frame.left + 8.0, row + 1);
            }
            let y = frame.top + (row as f32 + 0.5) * LINE;
            canvas.line([x, y], [x + 18.0, y], series.pen(palette));
            canvas.text([x + 24.0, y], &name, Type::new(TYPE, palette.dim));
            x += width;
        }
        if more > 0 {
            row += 1;
            let at = [frame.left + 8.0, frame.top + (row as f32 + 0.5) * LINE];
            canvas.text(at, &format!("and {more} more"), Type::new(TYPE, palette.dim));
        }
        row + 1
    }
}

impl Series {
    fn pen(&self, palette: &Palette) -> Pen {
        let (width, opacity) = if self.is_faint { (1.2, 0.5) } else { (1.8, 1.0) };
        Pen { tint: self.ink.of(palette), width, opacity, is_dashed: self.is_dashed }
    }
}
