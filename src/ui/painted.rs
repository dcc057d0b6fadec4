//! Output of the painter, for tests.

use std::sync::Arc;

use egui::epaint::{ClippedShape, ColorMode, Mesh};
use egui::{Pos2, Shape};
use egui_kittest::kittest::NodeT;

use crate::project::is_hidden;

/// All painted texts.
pub fn texts(shapes: &[ClippedShape]) -> Vec<String> {
    let mut found = Vec::new();
    each(shapes, &mut |shape| {
        if let Shape::Text(text) = shape {
            found.push(text.galley.text().to_owned());
        }
    });
    found
}

/// All painted texts with their positions.
pub fn placed_texts(shapes: &[ClippedShape]) -> Vec<(String, egui::Rect)> {
    let mut found = Vec::new();
    each(shapes, &mut |shape| {
        if let Shape::Text(text) = shape {
            found.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
        }
    });
    found
}

/// All texts that are truncated for lack of space.
pub fn cut_off(shapes: &[ClippedShape]) -> Vec<String> {
    let mut found = Vec::new();
    each(shapes, &mut |shape| {
        if let Shape::Text(text) = shape
            && text.galley.elided
        {
            found.push(text.galley.text().to_owned());
        }
    });
    found
}

/// The accessible names and values of all widgets, except text fields.
pub fn names(root: &egui_kittest::Node<'_>) -> Vec<String> {
    let nodes = root.children_recursive().map(|node| node.accesskit_node());
    let shown = nodes.filter(|node| !egui::accessibility::is_input(node.role()));
    shown.flat_map(|node| [node.label(), node.value()].into_iter().flatten()).collect()
}

/// Checks that no text contains a character that must be escaped.
#[track_caller]
pub fn check_visible(texts: &[String]) {
    for text in texts {
        assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text:?}");
    }
}

/// All painted paths with the colour of their stroke.
pub fn paths(shapes: &[ClippedShape]) -> Vec<(Vec<Pos2>, ColorMode)> {
    let mut found = Vec::new();
    each(shapes, &mut |shape| {
        if let Shape::Path(path) = shape {
            found.push((path.points.clone(), path.stroke.color.clone()));
        }
    });
    found
}

/// The mesh with the most vertices.
pub fn largest_mesh(shapes: &[ClippedShape]) -> Option<Arc<Mesh>> {
    let mut largest: Option<Arc<Mesh>> = None;
    each(shapes, &mut |shape| {
        if let Shape::Mesh(mesh) = shape
            && largest.as_ref().is_none_or(|largest| mesh.vertices.len() > largest.vertices.len())
        {
            largest = Some(Arc::clone(mesh));
        }
    });
    largest
}

/// Checks that something is drawn, and that all shapes have finite coordinates.
#[track_caller]
pub fn check_placed(shapes: &[ClippedShape]) {
    assert!(!shapes.is_empty(), "nothing is drawn");
    each(shapes, &mut |shape| {
        let is_placed = match shape {
            Shape::Mesh(mesh) => mesh.vertices.iter().all(|vertex| vertex.pos.is_finite()),
            Shape::Path(path) => path.points.iter().all(|point| point.is_finite()),
            Shape::LineSegment { points, .. } => points.iter().all(|point| point.is_finite()),
            Shape::Circle(circle) => circle.center.is_finite() && circle.radius.is_finite(),
            Shape::Rect(rect) => rect.rect.is_finite(),
            Shape::Text(text) => text.pos.is_finite(),
            Shape::Noop
            | Shape::Vec(_)
            | Shape::Ellipse(_)
            | Shape::QuadraticBezier(_)
            | Shape::CubicBezier(_)
            | Shape::Band(_)
            | Shape::Callback(_) => true,
        };
        assert!(is_placed, "{shape:?}");
    });
}

fn each(shapes: &[ClippedShape], visit: &mut impl FnMut(&Shape)) {
    fn inside(shape: &Shape, visit: &mut impl FnMut(&Shape)) {
        visit(shape);
        if let Shape::Vec(parts) = shape {
            parts.iter().for_each(|part| inside(part, visit));
        }
    }
    shapes.iter().for_each(|clipped| inside(&clipped.shape, visit));
}
