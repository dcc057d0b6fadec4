//! A row of numbers and its reconstruction as two lines over the features, for samples that are not
//! pictures.

use egui::{CursorIcon, Pos2, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2};
use egui_plot::{PlotBounds, PlotTransform};

use super::chart::places;
use super::limits::Limits;
use super::paint::{color, inside, palette};
use crate::figure::{Rgb, decimate};

/// One sample.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// Its accessible name.
    pub name: &'a str,
    /// The original.
    pub original: &'a [f32],
    /// The corrupted input of the encoder; empty without corruption.
    pub corrupted: &'a [f32],
    /// The reconstruction.
    pub reconstruction: &'a [f32],
    /// Limits of the y axis, shared by all samples shown side by side.
    pub range: [f32; 2],
}

/// Maximum number of features drawn as single marks.
const FEW: usize = 40;

/// Shows the sample; returns the feature under the pointer.
pub fn profile_ui(ui: &mut Ui, profile: &Profile<'_>, size: Vec2) -> (Response, Option<usize>) {
    let (outer, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, profile.name));
    let p = palette(ui);
    ui.painter().rect(outer, 4.0, color(p.card), Stroke::new(1.0, color(p.grid)), StrokeKind::Inside);
    let features = profile.original.len();
    let [low, high] = profile.range.map(f64::from);
    let y = if high > low { [low, high] } else { [low - 0.5, low + 0.5] };
    let limits = Limits { x: [-0.5, features as f64 - 0.5], y };
    let rect = outer.shrink2(egui::vec2(6.0, 5.0));
    if features == 0 || !rect.is_positive() || !PlotBounds::from(limits).is_valid() {
        return (response, None);
    }
    let shown = PlotTransform::new(rect, limits.into(), false);
    let (painter, at) = (inside(ui, outer), places(&shown));
    if features <= FEW {
        for feature in 0..features {
            let (Some(from), Some(to)) = (profile.original.get(feature), profile.reconstruction.get(feature))
            else {
                continue;
            };
            let ends = [*from, *to].map(|value| at([feature as f64, f64::from(value)]));
            painter.line_segment(ends, Stroke::new(2.0, color(p.bad).gamma_multiply(0.55)));
        }
    }
    let draw = |values: &[f32], tint: Rgb, width: f32, marks: bool| {
        let points: Vec<[f64; 2]> =
            values.iter().enumerate().map(|(x, y)| [x as f64, f64::from(*y)]).collect();
        // At most two points per point of the screen.
        let line = decimate(&points, limits.x, rect.width() as usize / 2);
        for stretch in line.split(|point| !point[1].is_finite()) {
            let path: Vec<Pos2> = stretch.iter().map(|point| at(*point)).collect();
            if marks {
                let radius = (rect.width() / features as f32 * 0.3).clamp(1.2, 2.6);
                painter.extend(path.iter().map(|at| Shape::circle_filled(*at, radius, color(tint))));
            }
            if path.len() > 1 {
                painter.line(path, Stroke::new(width, color(tint)));
            }
        }
    };
    draw(profile.corrupted, p.code, 0.7, false);
    draw(profile.original, p.faint, 3.0, false);
    draw(profile.reconstruction, p.accent, 1.4, features <= FEW);
    let pointer = response.hover_pos().filter(|at| outer.contains(*at));
    let feature =
        pointer.map(|at| (shown.value_from_position(at).x.round().max(0.0) as usize).min(features - 1));
    if let Some(feature) = feature {
        let x = shown.position_from_point_x(feature as f64);
        let ends = [pos2(x, outer.top()), pos2(x, outer.bottom())];
        painter.line_segment(ends, Stroke::new(1.0, color(p.faint)));
    }
    (response.on_hover_cursor(CursorIcon::Crosshair), feature)
}
