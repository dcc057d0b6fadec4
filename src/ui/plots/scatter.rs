//! Scatter plots as one mesh: up to 200,000 points are drawn individually. Above that, a texture
//! shows their density.

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{Painter, Pos2, Rect, Response, Role, Shape, Stroke, StrokeKind, Ui, WidgetInfo};
use egui_plot::{PlotBounds, PlotResponse, PlotTransform};
use serde::{Deserialize, Serialize};

use super::chart::{Chart, places};
use super::density::DensityTexture;
use super::limits::{Limits, follow};
use super::markers::Markers;
use super::paint::{color, inside, palette};
use super::zoom::{Drag, Zoom};
use crate::analysis::density::Density;
use crate::figure::ticks::{Tick, linear_ticks};
use crate::figure::{PointColors, point_opacity, point_radius};
use crate::project::visible;

/// Everything the plot shows.
#[derive(Clone, Copy, Debug)]
pub struct Scatter<'a> {
    /// The plot's accessible name.
    pub name: &'a str,
    /// Positions of the points.
    pub points: &'a [[f32; 2]],
    /// Classes or numbers that determine the colours.
    pub colors: PointColors<'a>,
    /// Changes whenever points or colours do.
    pub stamp: u64,
    /// Changes when other points are shown: the limits then jump to them instead of moving
    /// gradually.
    pub series: u64,
    /// The highlighted class; the others are faded.
    pub isolated: Option<u32>,
    /// Names at 0, 1, 2 … of the y axis instead of numbers.
    pub class_rows: Option<&'a [String]>,
    /// The effect of dragging.
    pub drag: Drag,
    /// The density of the points, if drawn instead of the points; they cannot be hovered then.
    pub density: Option<&'a Density>,
}

/// The zoom, and cached results that are valid while nothing changes.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScatterView {
    /// The part chosen by the user.
    pub zoom: Zoom,
    #[serde(skip)]
    markers: Markers,
    #[serde(skip)]
    shown: Option<(u64, Limits)>,
    #[serde(skip)]
    around: Option<(u64, Limits)>,
    #[serde(skip)]
    mesh: Option<(MeshKey, Arc<Mesh>)>,
    #[serde(skip)]
    density: DensityTexture,
}

type MeshKey = (u64, Rect, PlotBounds, Option<u32>, bool);

/// The plot as it was shown.
pub struct ShownScatter {
    /// The point under the pointer.
    pub hovered: Option<usize>,
    /// The response of the plot.
    pub response: Response,
    transform: PlotTransform,
}

impl ShownScatter {
    /// Rectangle of the points.
    pub fn rect(&self) -> Rect {
        *self.transform.frame()
    }

    /// Maps a point to its position on the screen.
    pub fn at(&self, point: [f32; 2]) -> Pos2 {
        places(&self.transform)(point.map(f64::from))
    }

    /// Maps a position on the screen to a point.
    pub fn point(&self, at: Pos2) -> [f32; 2] {
        let value = self.transform.value_from_position(at);
        [value.x as f32, value.y as f32]
    }

    /// Limits of both axes.
    pub fn limits(&self) -> Limits {
        Limits::from(self.transform.bounds())
    }

    /// A painter clipped to the plot.
    pub fn painter(&self, ui: &Ui) -> Painter {
        inside(ui, self.rect())
    }
}

/// Shows the plot in the available space; `under` paints below the points. `None` if there is no
/// space.
pub fn scatter_ui(
    ui: &mut Ui,
    scatter: &Scatter<'_>,
    view: &mut ScatterView,
    mut under: impl FnMut(&Ui, &PlotTransform, &mut Vec<Shape>),
) -> Option<ShownScatter> {
    let (id, outer) = ui.allocate_space(ui.available_size());
    let p = palette(ui);
    ui.painter().rect_filled(outer, 0.0, color(p.plot));
    let limits = view.limits(ui, scatter);
    let y = y_ticks(scatter, limits, outer.height());
    let chart = Chart::new(ui, outer, [8.0, 8.0], limits, y)?;
    let shown = chart.show(ui, id, scatter.drag, true, |ui, shown, shapes| {
        under(ui, shown, shapes);
        match scatter.density {
            Some(density) => shapes.extend(view.density.shape(ui, density, scatter.stamp, shown)),
            None => shapes.push(Shape::Mesh(view.mesh(ui, scatter, shown))),
        }
    });
    view.zoom.keep(ui, &shown, scatter.drag);
    let PlotResponse { response, transform, .. } = shown;
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, scatter.name));
    let (rect, at) = (*transform.frame(), places(&transform));
    let hovered = nearest(scatter, &transform, &response);
    if let Some([x, y]) = hovered.and_then(|index| scatter.points.get(index)) {
        let ring = point_radius(scatter.points.len()) + 2.5;
        let painter = inside(ui, rect.expand(4.0));
        painter.circle_stroke(at([f64::from(*x), f64::from(*y)]), ring, Stroke::new(1.5, color(p.text)));
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, color(p.accent)), StrokeKind::Outside);
    }
    Some(ShownScatter { hovered, response, transform })
}

fn y_ticks(scatter: &Scatter<'_>, limits: Limits, height: f32) -> Vec<Tick> {
    let room = ((height - 30.0) / 34.0).max(0.0) as usize;
    match scatter.class_rows {
        None => linear_ticks(limits.y, room),
        Some(names) => {
            let every = names.len().div_ceil((height / 15.0).max(1.0) as usize).max(1);
            let ticks = names.iter().enumerate().step_by(every);
            let ticks = ticks.map(|(row, name)| Tick { at: row as f64, label: shortened(name, 12) });
            ticks.filter(|tick| (limits.y[0]..=limits.y[1]).contains(&tick.at)).collect()
        }
    }
}

/// A name in displayable form, truncated to `most` characters.
pub(crate) fn shortened(name: &str, most: usize) -> String {
    let name = visible(name);
    if name.chars().count() <= most {
        return name.into_owned();
    }
    name.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

impl ScatterView {
    /// The current limits: chosen by the user, or gradually following the points.
    fn limits(&mut self, ui: &Ui, scatter: &Scatter<'_>) -> Limits {
        let around = match self.around {
            Some((stamp, limits)) if stamp == scatter.stamp => limits,
            _ => {
                let points = scatter.points.iter().map(|point| point.map(f64::from));
                let mut limits = Limits::around(points).unwrap_or_default().with_margin(0.06);
                if let Some(class_rows) = scatter.class_rows {
                    limits.y = [-0.7, class_rows.len().max(1) as f64 - 0.3];
                }
                self.around = Some((scatter.stamp, limits));
                limits
            }
        };
        let shown = match self.shown {
            Some((series, shown)) if series == scatter.series => {
                let step = 1.0 - (-10.0 * ui.input(|input| input.stable_dt).min(0.1)).exp();
                let (limits, moving) = follow(shown, around, f64::from(step));
                if moving {
                    ui.ctx().request_repaint();
                }
                limits
            }
            other => {
                if other.is_some() {
                    // The chosen part belonged to other points.
                    self.zoom.reset();
                }
                around
            }
        };
        self.shown = Some((scatter.series, shown));
        self.zoom.chosen().unwrap_or(shown)
    }

    /// All markers as one mesh, rebuilt only when something has moved.
    fn mesh(&mut self, ui: &Ui, scatter: &Scatter<'_>, shown: &PlotTransform) -> Arc<Mesh> {
        let dark = ui.visuals().dark_mode;
        let key: MeshKey = (scatter.stamp, *shown.frame(), *shown.bounds(), scatter.isolated, dark);
        if let Some((known, mesh)) = &self.mesh
            && *known == key
        {
            return mesh.clone();
        }
        let older = self.mesh.take().map(|(_, mesh)| mesh);
        let p = palette(ui);
        // Markers at the edge are partly visible.
        let (visible, place) = (shown.frame().expand(4.0), places(shown));
        let all = || {
            scatter.points.iter().enumerate().filter_map(|(index, [x, y])| {
                let at = place([f64::from(*x), f64::from(*y)]);
                // A rectangle never contains NaN.
                visible.contains(at).then_some((index, at))
            })
        };
        let opacity = point_opacity(scatter.points.len());
        let paint = |(index, at)| {
            let (tint, shape) = scatter.colors.mark(p, index);
            (at, color(tint).gamma_multiply(opacity), shape)
        };
        let radius = point_radius(scatter.points.len());
        let mesh = match (scatter.isolated, scatter.colors) {
            (Some(class), PointColors::Classes(ids)) => {
                let is_one = move |index: usize| ids.get(index) == Some(&class);
                let faded = all()
                    .filter(|(index, _)| !is_one(*index))
                    .map(|(_, at)| (at, color(p.faint).gamma_multiply(0.22), 0));
                let chosen = all().filter(|(index, _)| is_one(*index)).map(paint);
                self.markers.mesh(ui.ctx(), radius, faded.chain(chosen), older)
            }
            _ => self.markers.mesh(ui.ctx(), radius, all().map(paint), older),
        };
        self.mesh = Some((key, mesh.clone()));
        mesh
    }
}

/// The point nearest to the pointer, within a few screen points.
fn nearest(scatter: &Scatter<'_>, shown: &PlotTransform, response: &Response) -> Option<usize> {
    let pointer = response.hover_pos().filter(|at| shown.frame().contains(*at))?;
    if response.dragged() || scatter.density.is_some() {
        return None;
    }
    let at = places(shown);
    let distances = scatter.points.iter().enumerate().filter_map(|(index, [x, y])| {
        let distance = at([f64::from(*x), f64::from(*y)]).distance_sq(pointer);
        (distance < 9.0 * 9.0).then_some((index, distance))
    });
    let seen = distances.filter(|(index, _)| match (scatter.isolated, scatter.colors) {
        (Some(class), PointColors::Classes(ids)) => ids.get(*index) == Some(&class),
        _ => true,
    });
    seen.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}

/// A hash that changes when any part of a key does.
pub(crate) fn stamp_of(parts: impl std::hash::Hash) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    parts.hash(&mut hasher);
    std::hash::Hasher::finish(&hasher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened() {
        assert_eq!(shortened("sneaker", 12), "sneaker");
        assert_eq!(shortened("an ankle boot of felt", 8), "an ankl…");
    }
}
