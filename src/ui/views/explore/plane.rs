//! The plane of the codes: its points, the reconstruction under the pointer, and the plane decoded
//! as a mosaic.

use std::sync::Arc;

use egui::{Align2, Color32, CursorIcon, FontId, Key, Mesh, Rect, Shape, Stroke, Ui, UiBuilder, pos2, vec2};

use super::ExploreView;
use super::context::{Actions, Context, Shown};
use super::hover::hover_ui;
use super::subject::PlaneKind;
use crate::analysis::density::Density;
use crate::dataset::{Dataset, LabelColumn, LabelValues};
use crate::figure::Tiles;
use crate::prepared::{sample_lines, value_names};
use crate::project;
use crate::run::Kept;
use crate::session::Decoding;
use crate::ui::plots::{
    Atlas, Drag, Limits, PointColors, Scatter, ShownScatter, class_legend_ui, class_legend_width, color,
    palette, scatter_ui, stamp_of,
};
use crate::ui::state::ExploredPlane;
use crate::ui::views::channels::{axes_ui, units_ui};
use crate::ui::views::latent::lasso;
use crate::ui::views::parts::advice_ui;
use crate::ui::views::sample::{RangeCache, Sampler};
use crate::ui::widgets::header::{Row, Side};

/// The effect of the primary mouse button on the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Decodes the position under the pointer.
    #[default]
    Decode,
    /// Pans.
    Pan,
    /// Selects points by drawing around them.
    Lasso,
    /// Selects points by drawing a box.
    Box,
}

impl Tool {
    const ALL: [(Tool, &'static str, Key, &'static str); 4] = [
        (Tool::Decode, "Decode", Key::D, "Drag to decode the place under the pointer (D)"),
        (Tool::Pan, "Pan", Key::P, "Drag to move the plane (P)"),
        (Tool::Lasso, "Lasso", Key::L, "Drag around points to select them; Shift adds, Ctrl subtracts (L)"),
        (Tool::Box, "Box", Key::B, "Drag a box around points to select them; Shift adds, Ctrl subtracts (B)"),
    ];

    /// The selection tool, if it selects points.
    fn selects(self) -> Option<lasso::Tool> {
        match self {
            Tool::Decode | Tool::Pan => None,
            Tool::Lasso => Some(lasso::Tool::Lasso),
            Tool::Box => Some(lasso::Tool::Box),
        }
    }
}

/// The classes of the points, updated only when the samples change.
#[derive(Clone, Default)]
pub struct Classes {
    of: u64,
    ids: Vec<u32>,
}

impl Classes {
    /// The class of each point; empty if their data have no classes.
    fn of(&mut self, shown: Shown<'_>) -> &[u32] {
        let column = shown.classes();
        // The fingerprint only covers the rows; their labels may have changed.
        let labels = column.map(|column| std::ptr::from_ref(column).addr());
        let of = stamp_of((shown.stamp, shown.data.fingerprint, labels));
        if self.of != of {
            let ids = column.and_then(LabelColumn::class_ids).unwrap_or_default();
            let class = |row: &u32| ids.get(*row as usize).copied().unwrap_or(u32::MAX);
            let rows = if column.is_some() { shown.rows } else { &[] };
            (self.of, self.ids) = (of, rows.iter().map(class).collect());
        }
        &self.ids
    }
}

/// Pictures of a decoded plane below the points.
#[derive(Clone, Default)]
pub struct Mosaic {
    /// Whether it is shown.
    pub is_on: bool,
    asked: Option<(u64, Limits, [usize; 2])>,
    /// The stamp, limits and grid of the displayed pictures, once available.
    shown: Option<(u64, Limits, [usize; 2])>,
    atlas: Atlas,
    range: RangeCache,
}

/// Side of a picture of the mosaic, in points, and maximum number of pictures per axis.
const CELL: f32 = 44.0;
const MOST_CELLS: usize = 24;

/// Controls of the header: the tool, the plane, the mosaic.
pub fn controls_ui(row: &mut Row<'_>, kept: &Kept, code: project::Shape, view: &mut ExploreView) {
    let tools = Tool::ALL.map(|(_, name, _, about)| (name, about));
    let shown = Tool::ALL.iter().position(|tool| tool.0 == view.tool);
    if let Some(chosen) = row.choice(Side::Left, "Tool", shown, &tools) {
        view.tool = Tool::ALL[chosen].0;
    }
    if kept.code_units > 2 {
        let kinds = PlaneKind::ALL.map(|kind| (kind.name(), about(kind)));
        let shown = PlaneKind::ALL.iter().position(|kind| *kind == view.kind);
        if let Some(chosen) = row.choice(Side::Left, "Plane", shown, &kinds) {
            view.kind = PlaneKind::ALL[chosen];
            view.scatter.zoom.reset();
        }
        match view.kind {
            PlaneKind::Units => {
                let mut shown = view.shown_units(kept.code_units);
                let add = |ui: &mut Ui| units_ui(ui, code, &mut shown);
                if row.part(Side::Left, "shown units", add) == Some(true) {
                    view.units = shown;
                    view.scatter.zoom.reset();
                }
            }
            PlaneKind::Components => {
                let mut shown = view.shown_axes(kept.code_units);
                let most = view.subject.components().unwrap_or(0);
                let add = |ui: &mut Ui| axes_ui(ui, "component", most, &mut shown);
                if most > 2 && row.part(Side::Left, "shown components", add) == Some(true) {
                    view.components = shown;
                    view.scatter.zoom.reset();
                }
            }
            PlaneKind::Pins => {}
        }
    }
    let about = "Decode the whole plane and show it below the points";
    if kept.code_units > 1 && row.chip(Side::Left, view.mosaic.is_on, "Mosaic", about) {
        view.mosaic.is_on = !view.mosaic.is_on;
    }
}

fn about(kind: PlaneKind) -> &'static str {
    match kind {
        PlaneKind::Components => "Two principal components of the codes; all others are 0",
        PlaneKind::Units => "Two units; the others as in the active pin, or their mean without one",
        PlaneKind::Pins => "The plane through the last three pins",
    }
}

/// Shows the plane in the remaining space.
pub fn plane_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, actions: &mut Actions) {
    ui.painter().rect_filled(ui.available_rect_before_wrap(), 0.0, color(palette(ui).plot));
    let subject = context.subject;
    let Some(plane) = &subject.plane else {
        let (what, advice) = match view.shown_kind(context.kept.code_units) {
            PlaneKind::Pins => {
                ("A plane needs three pins", "Pin three samples whose codes do not lie on one line.")
            }
            PlaneKind::Units => ("x and y are the same unit", "Choose another unit along x or y."),
            PlaneKind::Components if subject.components().is_none() => {
                ("Principal components are being computed", "They appear in a moment.")
            }
            PlaneKind::Components => (
                "The codes have no two such principal components",
                "Choose another component along x or y, or two units.",
            ),
        };
        advice_ui(ui, what, advice);
        return;
    };
    let shown = context.shown;
    let (column, rows, fingerprint) = (shown.classes(), shown.rows, shown.data.fingerprint);
    let mut isolated = None;
    let mut room = ui.available_rect_before_wrap();
    if let Some(LabelValues::Classes { names, .. }) = column.map(|column| &column.values) {
        let width = class_legend_width(ui, names, room.width() * 0.3);
        let (plot, side) = room.split_left_right_at_x(room.right() - width);
        room = plot;
        let legend = side.shrink2(vec2(4.0, 8.0));
        if legend.is_positive() {
            let builder = UiBuilder::new().max_rect(legend).id_salt("explore legend");
            isolated =
                ui.scope_builder(builder, |ui| class_legend_ui(ui, names, &mut view.pinned_class)).inner;
        }
    }
    let selection = context.sets.selection;
    let of = stamp_of((fingerprint, shown.stamp, plane.stamp, subject.codes_stamp));
    view.lasso.follow(stamp_of((of, selection.changes())), rows, |row| selection.contains(fingerprint, row));
    let classes = view.classes.of(shown);
    // The density of many points would hide a mosaic below it.
    let nothing = Density::default();
    let scatter = Scatter {
        name: "codes to explore",
        points: shown.points,
        colors: if classes.is_empty() { PointColors::Alike } else { PointColors::Classes(classes) },
        stamp: of,
        series: plane.series,
        isolated,
        class_rows: None,
        drag: if view.tool == Tool::Pan { Drag::Pan } else { Drag::Other },
        density: shown.density.map(|density| if view.mosaic.is_on { &nothing } else { density }),
    };
    let (mosaic, marks, overlay) = (&mut view.mosaic, &mut view.lasso, &mut view.overlay);
    let (scatter_view, builder) =
        (&mut view.scatter, UiBuilder::new().max_rect(room).id_salt("explore plot"));
    let plot = ui.scope_builder(builder, |ui| {
        scatter_ui(ui, &scatter, scatter_view, |ui, transform, shapes| {
            if mosaic.is_on {
                mosaic.paint(transform, shapes);
            } else if shown.density.is_none() {
                let of = stamp_of((plane.stamp, subject.codes_stamp));
                shapes.push(Shape::Mesh(overlay.mesh(ui, &subject.density, of, transform)));
            }
            shapes.extend(marks.marks(ui, shown.points, transform));
        })
    });
    let Some(plot) = plot.inner else { return };
    if let Some(tool) = view.tool.selects() {
        let selected = view.lasso.ui(ui, tool, &plot, shown.points, rows);
        actions.select = selected.map(|(rows, mode)| (fingerprint, rows, mode));
    }
    if view.mosaic.is_on {
        view.mosaic.ask(ui, context, &plot, plane, actions);
    }
    pointed_ui(ui, context, view, &plot, actions);
}

/// Handles the pointer: decodes a position, shows a sample, pins it.
fn pointed_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    view: &mut ExploreView,
    shown: &ShownScatter,
    actions: &mut Actions,
) {
    let Some(plane) = context.subject.plane.as_ref().map(|plane| &plane.plane) else { return };
    keys_ui(ui, shown, view);
    paint_pins(ui, context, shown);
    let pointer = shown.response.interact_pointer_pos().filter(|at| shown.rect().contains(*at));
    let pressed =
        shown.response.is_pointer_button_down_on() && ui.input(|input| input.pointer.primary_down());
    if view.tool == Tool::Decode {
        shown.response.clone().on_hover_cursor(CursorIcon::Crosshair);
        if let (Some(at), true) = (pointer, pressed) {
            view.place = Some(plane.code(shown.point(at)));
            // The code is decoded in the next frame, when it is shown.
            ui.ctx().request_repaint();
        }
    }
    if let Some(code) = &view.place {
        let at = shown.at(plane.place(code));
        let p = palette(ui);
        let painter = shown.painter(ui);
        painter.circle_stroke(at, 6.0, Stroke::new(2.5, color(p.plot)));
        painter.circle_stroke(at, 6.0, Stroke::new(1.5, color(p.text)));
    }
    if let Some(point) = shown.hovered
        && !pressed
    {
        hover_ui(ui, context, &mut view.hover, point, actions);
        if shown.response.clicked()
            && view.tool.selects().is_none()
            && let Some((row, _)) = context.shown.sample(point)
        {
            actions.pins.push(Context::row_pin(context.shown.data, row));
            view.place = None;
        }
    }
}

fn keys_ui(ui: &Ui, shown: &ShownScatter, view: &mut ExploreView) {
    let is_meant = shown.response.has_focus() || shown.response.hovered();
    if !is_meant || ui.ctx().text_edit_focused() {
        return;
    }
    for (tool, _, key, _) in Tool::ALL {
        if ui.input(|input| input.modifiers.is_none() && input.key_pressed(key)) {
            view.tool = tool;
        }
    }
}

/// The density of the codes as a transparent layer below the points, updated only after changes.
#[derive(Clone, Default)]
pub struct DensityOverlay {
    made: Option<(OverlayKey, Arc<Mesh>)>,
}

/// The stamp of the density, the plot's rectangle and limits, and the colour.
type OverlayKey = (u64, Rect, egui_plot::PlotBounds, Color32);

impl DensityOverlay {
    /// The layer of the density identified by `of`.
    fn mesh(
        &mut self,
        ui: &Ui,
        density: &Density,
        of: u64,
        transform: &egui_plot::PlotTransform,
    ) -> Arc<Mesh> {
        let tint = color(palette(ui).code);
        let key: OverlayKey = (of, *transform.frame(), *transform.bounds(), tint);
        let known = self.made.take().filter(|(known, _)| *known == key);
        let make = || (key, Arc::new(density_mesh(density, transform, tint)));
        Arc::clone(&self.made.insert(known.unwrap_or_else(make)).1)
    }
}

fn density_mesh(density: &Density, transform: &egui_plot::PlotTransform, tint: Color32) -> Mesh {
    let ([columns, lines], mut mesh) = (density.size, Mesh::default());
    if !density.bounds.as_flattened().iter().all(|end| end.is_finite()) {
        return mesh;
    }
    let middle = |axis: usize, cell: usize| {
        let [low, high] = density.bounds[axis].map(f64::from);
        low + (high - low) * (cell as f64 + 0.5) / density.size[axis] as f64
    };
    for (cell, share) in density.cells.iter().enumerate() {
        let value = egui_plot::PlotPoint::new(middle(0, cell % columns), middle(1, cell / columns));
        mesh.colored_vertex(transform.position_from_point(&value), tint.gamma_multiply(0.3 * share.sqrt()));
    }
    for line in 1..lines as u32 {
        for column in 1..columns as u32 {
            let at = line * columns as u32 + column;
            let (left, above) = (at - 1, at - columns as u32);
            mesh.add_triangle(above - 1, above, left);
            mesh.add_triangle(above, left, at);
        }
    }
    mesh
}

/// Marks the pins with their numbers.
fn paint_pins(ui: &Ui, context: &Context<'_>, shown: &ShownScatter) {
    let Some(plane) = &context.subject.plane else { return };
    let (p, painter) = (palette(ui), shown.painter(ui));
    for pin in &context.explore.pins {
        let place = shown.at(plane.plane.place(&pin.code));
        let is_active = context.explore.active == Some(pin.at);
        let fill = if is_active { p.accent } else { p.raised };
        let text = if is_active { p.on_accent } else { p.text };
        painter.circle(place, 8.0, color(fill), Stroke::new(1.0, color(p.text)));
        painter.text(place, Align2::CENTER_CENTER, pin.number, FontId::proportional(10.0), color(text));
    }
}

impl Mosaic {
    /// Requests the pictures of the visible part, and stores them once available.
    fn ask(
        &mut self,
        ui: &Ui,
        context: &Context<'_>,
        shown: &ShownScatter,
        plane: &ExploredPlane,
        actions: &mut Actions,
    ) {
        let Some(picture) = context.data.shown() else { return };
        let (limits, size) = (shown.limits(), shown.rect().size());
        let most = MOST_CELLS.min(context.most_samples().isqrt());
        let cells = [size.x, size.y].map(|side| ((side / CELL) as usize).clamp(2, most));
        let place = |axis: usize, at: usize| {
            let [low, high] = if axis == 0 { limits.x } else { limits.y };
            (low + (high - low) * (at as f64 + 0.5) / cells[axis] as f64) as f32
        };
        let codes = || {
            let places = (0..cells[1]).flat_map(|y| (0..cells[0]).map(move |x| (x, y)));
            places.flat_map(|(x, y)| plane.plane.code([place(0, x), place(1, y)])).collect()
        };
        let of = (plane.stamp, [limits.x, limits.y].map(|ends| ends.map(f64::to_bits)), cells);
        if let Some(stamp) = context.decode(actions, Decoding::Mosaic, of, codes) {
            self.asked = Some((stamp, limits, cells));
        }
        let Some((answered, rows)) = context.explore.decoded(Decoding::Mosaic) else { return };
        let is_shown = self.shown.is_some_and(|shown| shown.0 == answered);
        if let Some(of) = self.asked.filter(|asked| asked.0 == answered && !is_shown) {
            self.shown = Some(of);
            let (features, range) = (context.data.shape.features().max(1), self.range.of(context.data));
            let sampler = Sampler::new(context.data);
            let pixels: Vec<f32> =
                rows.chunks_exact(features).flat_map(|row| sampler.unscaled(row)).collect();
            let crate::project::Shown { height, width, channels, .. } = picture;
            self.atlas.fill(ui.ctx(), [width, height], pixels.len() / features, |at, x, y| {
                let start = at * features + (y * width + x) * channels;
                range.pixel(&picture.pixel(&pixels[start..start + channels]))
            });
        }
    }

    /// The pictures as a separate page, while they are shown.
    pub fn tiles(&self, data: &Dataset, decoded: Option<(u64, &[f32])>) -> Option<Tiles> {
        let (stamp, _, [columns, _]) = self.shown.filter(|_| self.is_on)?;
        let (_, rows) = decoded.filter(|decoded| decoded.0 == stamp)?;
        let mut lines = sample_lines(data, rows, "", columns);
        // They are decoded bottom to top, in the direction of the axis.
        lines.reverse();
        Some(Tiles { lines, side: CELL, value_names: value_names(data), ..Tiles::default() })
    }

    /// Paints the pictures at their positions.
    fn paint(&self, transform: &egui_plot::PlotTransform, shapes: &mut Vec<Shape>) {
        let Some((_, limits, cells)) = self.shown else { return };
        let corner = |x: usize, y: usize| {
            let along =
                |[low, high]: [f64; 2], at: usize, of: usize| low + (high - low) * at as f64 / of as f64;
            let value = egui_plot::PlotPoint::new(along(limits.x, x, cells[0]), along(limits.y, y, cells[1]));
            transform.position_from_point(&value)
        };
        for y in 0..cells[1] {
            for x in 0..cells[0] {
                let (from, to) = (corner(x, y), corner(x + 1, y + 1));
                let rect = Rect::from_two_pos(pos2(from.x, from.y), pos2(to.x, to.y));
                shapes.extend(self.atlas.shape(y * cells[0] + x, rect));
            }
        }
    }
}
