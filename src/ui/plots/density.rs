//! The density of points as a texture, whose cost does not depend on their number.

use egui::{Color32, ColorImage, Rect, Shape, TextureHandle, TextureOptions, Ui, pos2};
use egui_plot::PlotTransform;

use super::chart::places;
use super::paint::{color, palette};
use crate::analysis::density::Density;

/// Opacity of a cell with the fewest points.
const THINNEST: f32 = 0.15;

/// The texture, refilled only when the points change.
#[derive(Clone, Default)]
pub(super) struct DensityTexture {
    texture: Option<TextureHandle>,
    of: Option<(u64, bool)>,
}

impl DensityTexture {
    /// The picture of the density identified by `stamp`, clipped to the plot; `None` if there are
    /// no points.
    pub fn shape(&mut self, ui: &Ui, density: &Density, stamp: u64, shown: &PlotTransform) -> Option<Shape> {
        let ([columns, lines], [x, y]) = (density.size, density.bounds.map(widened));
        let is_finite = [x, y].as_flattened().iter().all(|end| end.is_finite());
        if !is_finite || columns * lines == 0 {
            return None;
        }
        let of = Some((stamp, ui.visuals().dark_mode));
        let known = self.texture.take().filter(|_| self.of == of);
        let texture = known.unwrap_or_else(|| {
            let tint = color(palette(ui).accent);
            // The first row of a picture is the top one; the first row of a density has the
            // smallest y.
            let cells = density.cells.chunks_exact(columns).rev().flatten();
            let pixels = cells.map(|share| tint.gamma_multiply(opacity(*share)));
            let image = ColorImage::new(density.size, pixels.collect());
            ui.ctx().load_texture("density", image, TextureOptions::LINEAR)
        });
        let at = places(shown);
        let rect = Rect::from_two_pos(at([x[0], y[0]]), at([x[1], y[1]]));
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let shape = Shape::image(texture.id(), rect, whole, Color32::WHITE);
        (self.texture, self.of) = (Some(texture), of);
        Some(shape)
    }
}

/// The square root keeps sparse cells visible next to dense ones.
fn opacity(share: f32) -> f32 {
    if share > 0.0 { THINNEST + (1.0 - THINNEST) * share.sqrt() } else { 0.0 }
}

/// Points on a line get some width too.
fn widened([low, high]: [f32; 2]) -> [f64; 2] {
    let [low, high] = [low, high].map(f64::from);
    if low < high { [low, high] } else { [low - 0.5, high + 0.5] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_empty_cells_are_visible() {
        for (share, expected) in [(0.0, 0.0), (0.25, 0.575), (1.0, 1.0)] {
            assert!((opacity(share) - expected).abs() < 1e-6, "{share}: {}", opacity(share));
        }
        assert_eq!([widened([1.0, 3.0]), widened([2.0, 2.0])], [[1.0, 3.0], [1.5, 2.5]]);
    }
}
