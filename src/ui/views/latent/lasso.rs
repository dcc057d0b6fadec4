//! Selects points by clicking or by drawing around them. Shift adds to the selection; Ctrl or Alt
//! subtracts from it.

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{PointerButton, Pos2, Rect, Shape, Stroke, Ui};
use egui_plot::{PlotBounds, PlotTransform};
use serde::{Deserialize, Serialize};

use crate::analysis::region::inside;
use crate::ui::plots::{Drag, Markers, ShownScatter, color, palette};
use crate::ui::state::SelectionMode;
use crate::ui::widgets::header::{Row, Side};

/// The dragging tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tool {
    /// Pans.
    #[default]
    Pan,
    /// Selects points by drawing around them.
    Lasso,
    /// Selects points by drawing a box.
    Box,
}

/// Minimum distance between two corners of the outline, in points.
const STEP_PX: f32 = 3.0;
/// Radius of the mark under a selected point, in points.
const MARK_PX: f32 = 5.0;

/// The outline being drawn, and marks of selected points.
#[derive(Clone, Default)]
pub struct Lasso {
    corners: Vec<Pos2>,
    markers: Markers,
    /// Stamp and indices of selected points.
    marked: (u64, Vec<usize>),
    /// Their marks, and the plot state they were built for.
    marks: Option<(MarksKey, Arc<Mesh>)>,
}

type MarksKey = (u64, Rect, PlotBounds, bool);

impl Tool {
    /// How the plot responds to dragging.
    pub(super) fn drag(self) -> Drag {
        match self {
            Tool::Pan => Drag::Pan,
            Tool::Lasso | Tool::Box => Drag::Other,
        }
    }

    /// Shows chips for choosing a tool.
    pub(super) fn choice_ui(&mut self, row: &mut Row<'_>) {
        for (tool, name, about) in [
            (Tool::Lasso, "Lasso", "Drag around points to select them; Shift adds, Ctrl subtracts"),
            (Tool::Box, "Box", "Drag a box around points to select them; Shift adds, Ctrl subtracts"),
        ] {
            if row.chip(Side::Right, *self == tool, name, about) {
                *self = if *self == tool { Tool::Pan } else { tool };
            }
        }
    }
}

impl Lasso {
    /// Updates the selected points when `stamp` changes.
    pub fn follow(&mut self, stamp: u64, rows: &[u32], is_selected: impl Fn(u32) -> bool) {
        if self.marked.0 != stamp {
            let marked = rows.iter().enumerate().filter(|(_, row)| is_selected(**row));
            self.marked = (stamp, marked.map(|(index, _)| index).collect());
        }
    }

    /// Marks drawn below the selected points, rebuilt only after a change.
    pub fn marks(&mut self, ui: &Ui, points: &[[f32; 2]], shown: &PlotTransform) -> Option<Shape> {
        if self.marked.1.is_empty() {
            return None;
        }
        let key: MarksKey = (self.marked.0, *shown.frame(), *shown.bounds(), ui.visuals().dark_mode);
        if let Some((known, mesh)) = &self.marks
            && *known == key
        {
            return Some(Shape::Mesh(Arc::clone(mesh)));
        }
        let older = self.marks.take().map(|(_, mesh)| mesh);
        let tint = color(palette(ui).text);
        let at = |[x, y]: [f32; 2]| shown.position_from_point(&[f64::from(x), f64::from(y)].into());
        let marked = self.marked.1.iter().filter_map(|index| points.get(*index));
        let places = marked.map(|point| at(*point)).filter(|at| at.is_finite());
        let mesh = self.markers.mesh(ui.ctx(), MARK_PX, places.map(|at| (at, tint, 0)), older);
        self.marks = Some((key, Arc::clone(&mesh)));
        Some(Shape::Mesh(mesh))
    }

    /// Handles clicks and drawing; returns the rows of the selected points.
    pub fn ui(
        &mut self,
        ui: &Ui,
        tool: Tool,
        shown: &ShownScatter,
        points: &[[f32; 2]],
        rows: &[u32],
    ) -> Option<(Vec<u32>, SelectionMode)> {
        let mode = SelectionMode::of(ui.input(|input| input.modifiers));
        if shown.response.clicked() {
            let row = shown.hovered.and_then(|index| rows.get(index))?;
            return Some((vec![*row], mode));
        }
        if tool == Tool::Pan {
            self.corners.clear();
            return None;
        }
        let pointer = shown.response.interact_pointer_pos();
        if let Some(at) = pointer.filter(|_| shown.response.dragged_by(PointerButton::Primary)) {
            if self.corners.is_empty() {
                // A drag is detected only after the pointer has moved some distance.
                self.corners.extend(ui.input(|input| input.pointer.press_origin()));
            }
            if self.corners.last().is_none_or(|last| last.distance(at) >= STEP_PX) {
                self.corners.push(at);
            }
            let outline = self.outline(tool);
            let stroke = Stroke::new(1.5, color(palette(ui).accent));
            shown.painter(ui).add(Shape::closed_line(outline, stroke));
            return None;
        }
        if !shown.response.drag_stopped() {
            return None;
        }
        let polygon: Vec<[f32; 2]> =
            self.outline(tool).into_iter().map(|corner| shown.point(corner)).collect();
        self.corners.clear();
        if polygon.len() < 3 {
            return None;
        }
        let found = inside(&polygon, points);
        Some((found.into_iter().filter_map(|index| rows.get(index).copied()).collect(), mode))
    }

    /// The corners of the outline.
    fn outline(&self, tool: Tool) -> Vec<Pos2> {
        match (tool, &self.corners[..]) {
            (Tool::Box, [first, .., last]) => {
                let room = Rect::from_two_pos(*first, *last);
                vec![room.left_top(), room.right_top(), room.right_bottom(), room.left_bottom()]
            }
            (Tool::Pan | Tool::Lasso | Tool::Box, corners) => corners.to_vec(),
        }
    }
}
