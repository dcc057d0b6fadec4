//! Markers as quads of one mesh, each showing its part of one small texture: twenty thousand of
//! them cost less than a hundred tessellated circles.

use std::sync::Arc;

use egui::epaint::{Mesh, Vertex};
use egui::{
    Color32, ColorImage, Context, Painter, Pos2, Rect, Shape, TextureHandle, TextureOptions, pos2, vec2,
};

use crate::figure::MARKER_SHAPES;

/// Pixels of a marker's cell in the texture.
const CELL: usize = 24;
/// Half the width of a shape, as a part of half the cell.
const REACH: f32 = 0.8;

/// The texture of all shapes, loaded once.
#[derive(Clone, Default)]
pub struct Markers {
    texture: Option<TextureHandle>,
}

impl Markers {
    /// A mesh of markers with these centres, colours and shapes, of the given radius in points.
    pub fn mesh(
        &mut self,
        ctx: &Context,
        radius: f32,
        markers: impl Iterator<Item = (Pos2, Color32, usize)>,
    ) -> Arc<Mesh> {
        let texture = self
            .texture
            .get_or_insert_with(|| ctx.load_texture("markers", Markers::image(), TextureOptions::LINEAR));
        let mut mesh = Mesh::with_texture(texture.id());
        let (least, most) = markers.size_hint();
        let most = most.unwrap_or(least);
        mesh.reserve_vertices(4 * most);
        mesh.reserve_triangles(2 * most);
        let reach = radius / REACH;
        for (at, color, shape) in markers {
            let left = (shape % MARKER_SHAPES) as f32 / MARKER_SHAPES as f32;
            let right = left + 1.0 / MARKER_SHAPES as f32;
            let first = mesh.vertices.len() as u32;
            mesh.vertices.extend([
                Vertex { pos: at + vec2(-reach, -reach), uv: pos2(left, 0.0), color },
                Vertex { pos: at + vec2(reach, -reach), uv: pos2(right, 0.0), color },
                Vertex { pos: at + vec2(reach, reach), uv: pos2(right, 1.0), color },
                Vertex { pos: at + vec2(-reach, reach), uv: pos2(left, 1.0), color },
            ]);
            mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
        }
        Arc::new(mesh)
    }

    /// White shapes side by side, their edges softened over two pixels.
    fn image() -> ColorImage {
        let (width, height) = (CELL * MARKER_SHAPES, CELL);
        let mut image = ColorImage::filled([width, height], Color32::TRANSPARENT);
        let half = CELL as f32 / 2.0;
        for y in 0..height {
            for x in 0..width {
                let (u, v) = ((x % CELL) as f32 + 0.5 - half, y as f32 + 0.5 - half);
                let inside = -distance(x / CELL, u / half, v / half) * half;
                image[(x, y)] = Color32::WHITE.gamma_multiply((0.5 + inside / 2.0).clamp(0.0, 1.0));
            }
        }
        image
    }
}

/// Draws one marker beside a name.
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
    fn every_shape_fills_its_middle_and_leaves_its_rim() {
        let image = Markers::image();
        for shape in 0..MARKER_SHAPES {
            let alpha = |x: usize, y: usize| image[(shape * CELL + x, y)].a();
            let rim = (0..CELL)
                .map(|i| alpha(i, 0).max(alpha(i, CELL - 1)).max(alpha(0, i)).max(alpha(CELL - 1, i)));
            assert_eq!(rim.max(), Some(0), "shape {shape} is cut off");
            let filled = (0..CELL * CELL).filter(|i| alpha(i % CELL, i / CELL) > 200).count();
            assert!(filled > CELL * CELL / 6, "shape {shape} fills only {filled} pixels");
        }
    }

    #[test]
    fn each_marker_is_a_quad() {
        let mesh = Markers::default().mesh(
            &Context::default(),
            3.0,
            (0..5).map(|i| (pos2(i as f32, 0.0), Color32::WHITE, i)),
        );
        assert!(mesh.is_valid() && mesh.vertices.len() == 20 && mesh.indices.len() == 30);
    }
}
