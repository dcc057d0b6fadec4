//! Markers as triangles of one mesh, each showing its part of one small texture: twenty thousand of
//! them cost less than a hundred tessellated circles.
//!
//! A triangle extends beyond its marker, where the texture is empty. A square of two triangles
//! would need a third more memory, all of which egui copies in every frame.

use std::sync::Arc;

use egui::epaint::{Mesh, Vertex};
use egui::{
    Color32, ColorImage, Context, Painter, Pos2, Rect, Shape, TextureHandle, TextureOptions, pos2, vec2,
};

use crate::figure::MARKER_SHAPES;

/// Size in pixels of a marker's cell in the texture. The cells to the right, below and diagonally
/// below are empty, because the triangle extends into them.
const CELL: usize = 24;
/// Corners of a marker's triangle.
const CORNERS: usize = 3;
/// Half the width of a shape, as a fraction of half the cell.
const REACH: f32 = 0.8;

/// The texture of all shapes, loaded once.
#[derive(Clone, Default)]
pub struct Markers {
    texture: Option<TextureHandle>,
}

impl Markers {
    /// A mesh of markers with these centres, colours and shapes, with the given radius in points.
    /// It reuses the memory of an older mesh that is not shared.
    pub fn mesh(
        &mut self,
        ctx: &Context,
        radius: f32,
        markers: impl Iterator<Item = (Pos2, Color32, usize)>,
        older: Option<Arc<Mesh>>,
    ) -> Arc<Mesh> {
        let texture = self
            .texture
            .get_or_insert_with(|| ctx.load_texture("markers", Markers::image(), TextureOptions::LINEAR));
        let mut mesh = older.and_then(|mesh| Arc::try_unwrap(mesh).ok()).unwrap_or_default();
        mesh.texture_id = texture.id();
        mesh.vertices.clear();
        let (least, most) = markers.size_hint();
        mesh.vertices.reserve(CORNERS * most.unwrap_or(least));
        let (near, far) = (-radius / REACH, 3.0 * radius / REACH);
        for (at, color, shape) in markers {
            let left = (shape % MARKER_SHAPES) as f32 / MARKER_SHAPES as f32;
            let right = left + 1.0 / MARKER_SHAPES as f32;
            mesh.vertices.extend([
                Vertex { pos: at + vec2(near, near), uv: pos2(left, 0.0), color },
                Vertex { pos: at + vec2(far, near), uv: pos2(right, 0.0), color },
                Vertex { pos: at + vec2(near, far), uv: pos2(left, 1.0), color },
            ]);
        }
        // No corner is shared, so the indices of an older mesh are a prefix of these, or contain
        // them.
        let corners = mesh.vertices.len() as u32;
        mesh.indices.truncate(mesh.vertices.len());
        mesh.indices.extend(mesh.indices.len() as u32..corners);
        Arc::new(mesh)
    }

    /// White shapes, with edges antialiased over two pixels and empty cells between them.
    fn image() -> ColorImage {
        let mut image = ColorImage::filled([2 * CELL * MARKER_SHAPES, 2 * CELL], Color32::TRANSPARENT);
        let half = CELL as f32 / 2.0;
        for shape in 0..MARKER_SHAPES {
            for (x, y) in (0..CELL).flat_map(|y| (0..CELL).map(move |x| (x, y))) {
                let (u, v) = (x as f32 + 0.5 - half, y as f32 + 0.5 - half);
                let inside = -distance(shape, u / half, v / half) * half;
                let white = Color32::WHITE.gamma_multiply((0.5 + inside / 2.0).clamp(0.0, 1.0));
                image[(2 * shape * CELL + x, y)] = white;
            }
        }
        image
    }
}

/// Draws one marker next to a name.
pub fn legend_marker(painter: &Painter, at: Pos2, radius: f32, color: Color32, shape: usize) {
    let square = Rect::from_center_size(at, egui::Vec2::splat(1.7 * radius));
    painter.add(match shape % MARKER_SHAPES {
        1 => Shape::rect_filled(square, 0.0, color),
        2 => {
            let r = 1.2 * radius;
            let corners = vec![at + vec2(0.0, -r), at + vec2(r, 0.8 * r), at + vec2(-r, 0.8 * r)];
            Shape::convex_polygon(corners, color, egui::Stroke::NONE)
        }
        3 => Shape::circle_stroke(at, 0.8 * radius, egui::Stroke::new(0.5 * radius, color)),
        _ => Shape::circle_filled(at, radius, color),
    });
}

/// Signed distance from the edge of a shape in its cell, whose half width is 1; negative inside.
fn distance(shape: usize, u: f32, v: f32) -> f32 {
    let radius = (u * u + v * v).sqrt();
    match shape {
        1 => u.abs().max(v.abs()) - 0.86 * REACH,
        2 => (v - 0.75 * REACH).max(0.894 * u.abs() - 0.447 * v - 0.447 * REACH),
        3 => (radius - 0.72 * REACH).abs() - 0.26 * REACH,
        _ => radius - REACH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_fills_its_centre_and_leaves_a_margin() {
        let image = Markers::image();
        for shape in 0..MARKER_SHAPES {
            let alpha = |x: usize, y: usize| image[(2 * shape * CELL + x, y)].a();
            let rim = (0..CELL)
                .map(|i| alpha(i, 0).max(alpha(i, CELL - 1)).max(alpha(0, i)).max(alpha(CELL - 1, i)));
            assert_eq!(rim.max(), Some(0), "shape {shape} is cut off");
            let filled = (0..CELL * CELL).filter(|i| alpha(i % CELL, i / CELL) > 200).count();
            assert!(filled > CELL * CELL / 6, "shape {shape} fills only {filled} pixels");
            let beside = (0..4 * CELL * CELL).map(|i| (i % (2 * CELL), i / (2 * CELL)));
            let mut beside = beside.filter(|(x, y)| *x >= CELL || *y >= CELL);
            assert!(beside.all(|(x, y)| alpha(x, y) == 0), "shape {shape} is beside its cell");
        }
    }

    /// A mesh with this many markers in the memory of an older one.
    fn mesh(markers: &mut Markers, count: usize, older: Option<Arc<Mesh>>) -> Arc<Mesh> {
        let centres = (0..count).map(|i| (pos2(10.0 * i as f32, 40.0), Color32::WHITE, i));
        markers.mesh(&Context::default(), 3.0, centres, older)
    }

    #[test]
    fn each_marker_is_a_triangle_around_its_cell() {
        let mesh = mesh(&mut Markers::default(), 5, None);
        assert!(mesh.is_valid() && mesh.vertices.len() == 15 && mesh.indices.len() == 15);
        for (marker, corners) in mesh.vertices.chunks_exact(CORNERS).enumerate() {
            let [a, b, c] = corners else { panic!("three corners") };
            // Half a cell is the radius divided by `REACH`, and the cell is half of each leg.
            assert!((a.pos - pos2(10.0 * marker as f32 - 3.75, 36.25)).length() < 1e-4, "{:?}", a.pos);
            assert!((b.pos - a.pos - vec2(15.0, 0.0)).length() < 1e-4, "{:?}", b.pos);
            assert!((c.pos - a.pos - vec2(0.0, 15.0)).length() < 1e-4, "{:?}", c.pos);
            let left = 0.25 * (marker % MARKER_SHAPES) as f32;
            assert_eq!([a.uv, b.uv, c.uv], [pos2(left, 0.0), pos2(left + 0.25, 0.0), pos2(left, 1.0)]);
        }
    }

    #[test]
    fn the_memory_of_an_unshared_mesh_is_reused() {
        let mut markers = Markers::default();
        let mut older = None;
        for count in [5, 2, 7] {
            let fresh = mesh(&mut markers, count, None);
            let again = mesh(&mut markers, count, older.take());
            assert_eq!((&again.vertices, &again.indices), (&fresh.vertices, &fresh.indices), "{count}");
            older = Some(again);
        }
        let held = older.clone();
        let other = mesh(&mut markers, 1, older);
        assert_eq!((other.vertices.len(), held.map(|held| held.vertices.len())), (3, Some(21)));
    }
}
