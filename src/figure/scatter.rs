use resvg::tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use super::axis::Axis;
use super::canvas::{Align, Canvas, Frame, Pen, Type, fitted, text_width, triangle};
use super::chart::Chart;
use super::marker::{MARKER_SHAPES, class_marker, point_opacity, point_radius};
use super::palette::{Palette, Rgb};
use super::tiles::{ColorBar, ColorMap};

/// Points in the plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Positions of the points.
    pub points: Vec<[f32; 2]>,
    /// The colouring of the points.
    pub coloring: Coloring,
    /// The highlighted class; the others are faded.
    pub isolated: Option<u32>,
    /// Indices of the selected points, ascending.
    pub selected: Vec<usize>,
    /// The number of each point's row in its source, counted from 1; empty if they are not rows.
    pub rows: Vec<u64>,
}

/// The quantity that colours the points, with its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Coloring {
    /// All equal.
    #[default]
    Alike,
    /// Classes.
    Classes {
        /// The name of the labels.
        label: String,
        /// Their names.
        names: Vec<String>,
        /// The class of each point; an id without a name means none.
        ids: Vec<u32>,
    },
    /// Numbers.
    Numbers {
        /// The name of the quantity.
        label: String,
        /// The number of each point.
        values: Vec<f32>,
        /// The ends of the colour scale.
        range: [f32; 2],
    },
}

/// The colours of the points.
#[derive(Clone, Copy, Debug, Default)]
pub enum PointColors<'a> {
    /// All equal.
    #[default]
    Alike,
    /// Class of each point: class colours and marker shapes.
    Classes(&'a [u32]),
    /// A number per point, on the sequential map from the first to the second end of the range.
    Numbers(&'a [f32], [f32; 2]),
}

impl PointColors<'_> {
    /// Colour and shape of a point. A point without a class or number is faint.
    pub fn mark(&self, palette: &Palette, index: usize) -> (Rgb, usize) {
        match self {
            PointColors::Alike => (palette.accent, 0),
            PointColors::Classes(ids) => match ids.get(index) {
                Some(class) if *class != u32::MAX => {
                    let marker = class_marker(*class as usize);
                    (palette.classes[marker.color], marker.shape)
                }
                Some(_) | None => (palette.faint, 0),
            },
            PointColors::Numbers(values, [low, high]) => {
                let value = values.get(index).copied().unwrap_or(f32::NAN);
                let t = if high > low { (value - low) / (high - low) } else { 0.5 };
                if t.is_nan() { (palette.faint, 0) } else { (palette.number(t), 0) }
            }
        }
    }
}

impl Coloring {
    /// The colours without names.
    pub fn colors(&self) -> PointColors<'_> {
        match self {
            Coloring::Alike => PointColors::Alike,
            Coloring::Classes { ids, .. } => PointColors::Classes(ids),
            Coloring::Numbers { values, range, .. } => PointColors::Numbers(values, *range),
        }
    }
}

/// More points than these are drawn as one picture within the SVG, which otherwise would be too
/// large to open.
pub(super) const MOST_SHAPES: usize = 5000;
/// Pixels per point of that picture.
const PIXELS: f32 = 3.0;
/// Height of a line of the legend.
const LINE: f32 = 17.0;
/// Most classes listed in the legend.
const MOST_LISTED: usize = 60;
const HEIGHT: f32 = 500.0;
/// Outline of a selected point: its distance from the point, and its width.
const BEYOND: f32 = 2.0;
const RING: f32 = 1.4;
/// The shape of that outline, after those of markers.
const SELECTED: usize = MARKER_SHAPES;
const LEGEND_TYPE: f32 = 11.5;

impl Scatter {
    /// Width and height.
    pub(super) fn size(&self) -> [f32; 2] {
        let lines = self.listed().map_or(0, <[String]>::len).min(MOST_LISTED);
        [660.0 + self.legend_width(), HEIGHT.max(LINE * (lines + 2) as f32 + 16.0)]
    }

    /// The names in the legend.
    fn listed(&self) -> Option<&[String]> {
        match &self.coloring {
            Coloring::Classes { names, .. } => Some(names),
            Coloring::Alike | Coloring::Numbers { .. } => None,
        }
    }

    fn legend_width(&self) -> f32 {
        match &self.coloring {
            Coloring::Alike => 0.0,
            Coloring::Classes { names, .. } => {
                let widths = names.iter().take(MOST_LISTED).map(|name| text_width(name, LEGEND_TYPE));
                (widths.fold(20.0, f32::max) + 34.0).min(220.0)
            }
            Coloring::Numbers { .. } => 84.0,
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, frame: Frame) {
        let legend = self.legend_width();
        let Some(chart) = Chart::draw(canvas, frame.within([0.0, 0.0, legend, 0.0]), &self.x, &self.y) else {
            return;
        };
        self.cloud(canvas, &chart);
        let side =
            Frame::new(frame.right() - legend + 6.0, frame.top + 4.0, legend - 10.0, frame.height - 8.0);
        match &self.coloring {
            Coloring::Alike => {}
            Coloring::Classes { names, .. } => legend_of(canvas, side, names),
            Coloring::Numbers { label, range, .. } => {
                let range = range.map(f64::from);
                let bar = ColorBar { label: label.clone(), range, map: ColorMap::Number };
                bar.draw_up(canvas, side);
            }
        }
    }

    fn cloud(&self, canvas: &mut Canvas<'_>, chart: &Chart) {
        let count = self.points.len();
        let (radius, opacity) = (point_radius(count), point_opacity(count));
        let inside = chart.frame.within([-4.0; 4]);
        let palette = canvas.palette;
        let colors = self.coloring.colors();
        let is_faded = |index: usize| match (self.isolated, colors) {
            (Some(class), PointColors::Classes(ids)) => ids.get(index) != Some(&class),
            _ => false,
        };
        let place = |index: usize| {
            let at = chart.at(self.points.get(index)?.map(f64::from));
            let is_seen = (inside.left..=inside.right()).contains(&at[0])
                && (inside.top..=inside.bottom()).contains(&at[1]);
            is_seen.then_some(at)
        };
        let marks = |faded: bool| {
            (0..count).filter(move |index| is_faded(*index) == faded).filter_map(move |index| {
                let at = place(index)?;
                let (tint, shape) = if faded { (palette.faint, 0) } else { colors.mark(palette, index) };
                Some(Dot { at, tint, shape, opacity: if faded { 0.22 } else { opacity } })
            })
        };
        let dots = marks(true).chain(marks(false));
        let selected: Vec<[f32; 2]> = self.selected.iter().filter_map(|index| place(*index)).collect();
        let are_shapes = selected.len() <= MOST_SHAPES;
        if count > MOST_SHAPES {
            let ring = |at: &[f32; 2]| Dot { at: *at, tint: palette.text, shape: SELECTED, opacity: 1.0 };
            let rings = selected.iter().filter(|_| !are_shapes).map(ring);
            if let Some(png) = painted(dots.chain(rings), inside, radius) {
                canvas.clipped(chart.frame, |canvas| canvas.image(inside, &png, true));
            }
        } else {
            canvas.clipped(chart.frame, |canvas| {
                for Dot { at, tint, shape, opacity } in dots {
                    canvas.marker(at, radius, shape, tint, opacity);
                }
            });
        }
        let pen = Pen::new(palette.text, RING);
        canvas.clipped(chart.frame, |canvas| {
            let rings = selected.iter().filter(|_| are_shapes);
            rings.for_each(|at| canvas.ring(*at, radius + BEYOND, pen));
        });
    }
}

/// A point as it is drawn.
struct Dot {
    at: [f32; 2],
    tint: Rgb,
    shape: usize,
    opacity: f32,
}

/// The points as a PNG the size of a frame.
fn painted(dots: impl Iterator<Item = Dot>, frame: Frame, radius: f32) -> Option<Vec<u8>> {
    let side = |points: f32| (points * PIXELS).ceil().max(1.0) as u32;
    let mut pixels = Pixmap::new(side(frame.width), side(frame.height))?;
    let shapes: Vec<Option<Path>> = (0..=SELECTED).map(|shape| outline(shape, radius)).collect();
    for Dot { at, tint: [r, g, b], shape, opacity } in dots {
        let Some(Some(path)) = shapes.get(shape) else { continue };
        let mut paint = Paint::default();
        paint.set_color_rgba8(r, g, b, (opacity * 255.0).round() as u8);
        let scale = Transform::from_scale(PIXELS, PIXELS);
        let transform = scale.pre_translate(at[0] - frame.left, at[1] - frame.top);
        let width = match shape {
            3 => Some(0.52 * radius),
            SELECTED => Some(RING),
            _ => None,
        };
        if let Some(width) = width {
            let stroke = Stroke { width, ..Stroke::default() };
            pixels.stroke_path(path, &paint, &stroke, transform, None);
        } else {
            pixels.fill_path(path, &paint, FillRule::Winding, transform, None);
        }
    }
    pixels.encode_png().ok()
}

/// A marker around the origin.
fn outline(shape: usize, radius: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    match shape {
        1 => {
            let half = 0.86 * radius;
            let rect = resvg::tiny_skia::Rect::from_xywh(-half, -half, 2.0 * half, 2.0 * half)?;
            path.push_rect(rect);
        }
        2 => {
            let [a, b, c] = triangle([0.0, 0.0], radius);
            path.move_to(a[0], a[1]);
            path.line_to(b[0], b[1]);
            path.line_to(c[0], c[1]);
            path.close();
        }
        3 => path.push_circle(0.0, 0.0, 0.72 * radius),
        SELECTED => path.push_circle(0.0, 0.0, radius + BEYOND),
        _ => path.push_circle(0.0, 0.0, radius),
    }
    path.finish()
}

/// The classes with their markers, as many as fit.
fn legend_of(canvas: &mut Canvas<'_>, side: Frame, names: &[String]) {
    let palette = canvas.palette;
    let most = ((side.height / LINE) as usize).min(MOST_LISTED);
    let listed = if names.len() > most { most.saturating_sub(1) } else { names.len() };
    let set = Type::new(LEGEND_TYPE, palette.dim);
    for (class, name) in names.iter().take(listed).enumerate() {
        let y = side.top + (class as f32 + 0.5) * LINE;
        let marker = class_marker(class);
        canvas.marker([side.left + 6.0, y], 4.0, marker.shape, palette.classes[marker.color], 1.0);
        canvas.text([side.left + 16.0, y], &fitted(name, LEGEND_TYPE, side.width - 16.0), set);
    }
    if listed < names.len() {
        let text = format!("and {} more", names.len() - listed);
        let at = [side.left + 16.0, side.top + (listed as f32 + 0.5) * LINE];
        canvas.text(at, &text, set.aligned(Align::Start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_class_or_number_is_faint() {
        let p = &Palette::DARK;
        let check = |colors: PointColors<'_>, index: usize, expected: (Rgb, usize)| {
            assert_eq!(colors.mark(p, index), expected, "{colors:?} {index}");
        };
        check(PointColors::Classes(&[1]), 7, (p.faint, 0));
        check(PointColors::Classes(&[u32::MAX]), 0, (p.faint, 0));
        check(PointColors::Numbers(&[f32::NAN], [0.0, 1.0]), 0, (p.faint, 0));
        check(PointColors::Numbers(&[-5.0], [0.0, 1.0]), 0, (p.number(0.0), 0));
        check(PointColors::Numbers(&[3.0], [3.0, 3.0]), 0, (p.number(0.5), 0));
        check(PointColors::Classes(&[11]), 0, (p.classes[1], 1));
        check(PointColors::Alike, 0, (p.accent, 0));
    }
}
