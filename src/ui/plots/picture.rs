//! Pictures as textures: many small ones in one texture, magnified without smoothing.

use egui::{Color32, ColorImage, Context, Painter, Rect, Shape, TextureHandle, TextureOptions, pos2};

use super::paint::color;
pub use crate::prepared::DisplayRange;

impl DisplayRange {
    /// [`DisplayRange::rgb`] as an egui colour.
    pub fn pixel(self, channels: &[f32]) -> Color32 {
        color(self.rgb(channels))
    }

    /// [`DisplayRange::error_rgb`] as an egui colour.
    pub fn error(self, a: &[f32], b: &[f32]) -> Color32 {
        color(self.error_rgb(a, b))
    }
}

/// Pictures of equal size in one texture, which is refilled only when they change.
#[derive(Clone, Default)]
pub struct Atlas {
    texture: Option<TextureHandle>,
    /// Width and height of a picture, and the stride at which its pixels are kept; the size of a
    /// picture in the texture; pictures per row; number of pictures.
    of: [usize; 2],
    stride: usize,
    size: [usize; 2],
    columns: usize,
    count: usize,
}

impl Atlas {
    /// Fills the texture with `pixel(picture, x, y)` for `count` pictures of `width` × `height`. A
    /// picture too large for the graphics card is subsampled.
    pub fn fill(
        &mut self,
        ctx: &Context,
        [width, height]: [usize; 2],
        count: usize,
        pixel: impl Fn(usize, usize, usize) -> Color32,
    ) {
        let side = ctx.input(|input| input.max_texture_side).clamp(256, 8192);
        let mut stride = width.max(height).div_ceil(side).max(1);
        let fits = |stride: usize| {
            let (w, h) = (width.div_ceil(stride).max(1), height.div_ceil(stride).max(1));
            let columns = (side / w).clamp(1, count.max(1));
            (count.div_ceil(columns) * h <= side).then_some((w, h, columns))
        };
        let (w, h, columns) = loop {
            match fits(stride) {
                Some(found) => break found,
                None if stride > width.max(height) => break (1, 1, 1),
                None => stride += 1,
            }
        };
        (self.of, self.stride) = ([width, height], stride);
        (self.size, self.columns, self.count) = ([w, h], columns, count);
        let mut image = ColorImage::filled([columns * w, count.div_ceil(columns).max(1) * h], Color32::BLACK);
        for picture in 0..count.min(side * columns) {
            self.draw(&mut image, self.corner(picture), |x, y| pixel(picture, x, y));
        }
        match &mut self.texture {
            Some(texture) => texture.set(image, TextureOptions::NEAREST),
            None => self.texture = Some(ctx.load_texture("pictures", image, TextureOptions::NEAREST)),
        }
    }

    /// Replaces one existing picture by `pixel(x, y)`, with the width and height that all pictures
    /// have.
    pub fn put(&mut self, picture: usize, pixel: impl Fn(usize, usize) -> Color32) {
        let mut image = ColorImage::filled(self.size, Color32::BLACK);
        self.draw(&mut image, [0, 0], pixel);
        let corner = self.corner(picture);
        if let Some(texture) = self.texture.as_mut().filter(|_| picture < self.count) {
            texture.set_partial(corner, image, TextureOptions::NEAREST);
        }
    }

    /// Position of a picture in the texture.
    fn corner(&self, picture: usize) -> [usize; 2] {
        let columns = self.columns.max(1);
        [picture % columns * self.size[0], picture / columns * self.size[1]]
    }

    /// Draws a picture into an image at this position.
    fn draw(&self, image: &mut ColorImage, [left, top]: [usize; 2], pixel: impl Fn(usize, usize) -> Color32) {
        let ([width, height], [w, h]) = (self.of, self.size);
        for y in 0..h {
            for x in 0..w {
                let from = ((x * self.stride).min(width - 1), (y * self.stride).min(height - 1));
                image[(left + x, top + y)] = pixel(from.0, from.1);
            }
        }
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no pictures.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Paints one picture into a rectangle.
    pub fn paint(&self, painter: &Painter, picture: usize, rect: Rect) {
        painter.extend(self.shape(picture, rect));
    }

    /// One picture in a rectangle; `None` if there is no such picture.
    pub fn shape(&self, picture: usize, rect: Rect) -> Option<Shape> {
        let texture = self.texture.as_ref().filter(|_| picture < self.count)?;
        let [w, h] = self.size.map(|side| side as f32);
        let [width, height] = texture.size().map(|side| side as f32);
        let [left, top] = self.corner(picture).map(|side| side as f32);
        // A tiny inset, so that rounding never shows the neighbouring picture.
        let hair = 0.01;
        let uv = Rect::from_min_max(
            pos2((left + hair) / width, (top + hair) / height),
            pos2((left + w - hair) / width, (top + h - hair) / height),
        );
        Some(Shape::image(texture.id(), rect, uv, Color32::WHITE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::error_color;

    #[test]
    fn values_outside_the_range_are_clipped() {
        let unit = DisplayRange { low: 0.0, high: 1.0 };
        for (value, expected) in [(-3.0, 0), (0.0, 0), (0.5, 128), (1.0, 255), (9.0, 255), (f32::NAN, 0)] {
            assert_eq!(unit.pixel(&[value]), Color32::from_gray(expected), "{value}");
        }
        assert_eq!(unit.pixel(&[1.0, 0.0, 2.0]), color([255, 0, 255]));
        assert_eq!(DisplayRange { low: 1.0, high: 1.0 }.fraction(1.0), 0.0);
    }

    #[test]
    fn zero_error_is_dark_and_half_the_range_is_brightest() {
        let byte = DisplayRange { low: 0.0, high: 255.0 };
        assert_eq!(byte.error(&[7.0], &[7.0]), color(error_color(0.0)));
        assert_eq!(byte.error(&[0.0], &[255.0]), color(error_color(1.0)));
        assert_eq!(
            byte.error(&[0.0, 0.0, 0.0], &[255.0, 0.0, 0.0]),
            color(error_color((2.0_f32 / 3.0).sqrt()))
        );
    }

    #[test]
    fn pictures_of_any_size_and_number_fit() {
        let ctx = Context::default();
        for (size, count) in
            [([8, 8], 32), ([1, 1], 1), ([3000, 5], 3), ([64, 64], 5000), ([1, 9000], 2), ([4, 4], 0)]
        {
            let mut atlas = Atlas::default();
            atlas.fill(&ctx, size, count, |_, x, y| {
                assert!(x < size[0] && y < size[1]);
                Color32::WHITE
            });
            assert_eq!(atlas.len(), count);
            // Both for existing and for missing pictures, the texture coordinates stay inside.
            for picture in [0, count.saturating_sub(1), count] {
                atlas.put(picture, |x, y| {
                    assert!(x < size[0] && y < size[1]);
                    Color32::WHITE
                });
            }
        }
    }
}
