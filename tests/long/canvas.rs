//! A picture drawn without a window.

use hourglass::figure::{Palette, Rgb};
use image::{Rgba, RgbaImage};

/// Size of a recipe's picture; it is shown at half this size, so that it is sharp on every screen.
pub const SIZE: (u32, u32) = (288, 162);

/// A picture with a transparent background, so that it fits both themes.
pub struct Canvas(pub RgbaImage);

impl Canvas {
    pub fn new() -> Canvas {
        Canvas(RgbaImage::new(SIZE.0, SIZE.1))
    }

    fn put(&mut self, x: i64, y: i64, [r, g, b]: Rgb) {
        if (0..i64::from(SIZE.0)).contains(&x) && (0..i64::from(SIZE.1)).contains(&y) {
            self.0.put_pixel(x as u32, y as u32, Rgba([r, g, b, 255]));
        }
    }

    /// A rectangle of one colour.
    pub fn rect(&mut self, (left, top): (f32, f32), (width, height): (f32, f32), color: Rgb) {
        for y in top.round() as i64..(top + height).round() as i64 {
            for x in left.round() as i64..(left + width).round() as i64 {
                self.put(x, y, color);
            }
        }
    }

    /// A filled circle.
    pub fn disc(&mut self, (x, y): (f32, f32), radius: f32, color: Rgb) {
        let reach = radius.ceil() as i64;
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                if ((dx * dx + dy * dy) as f32) <= radius * radius {
                    self.put(x.round() as i64 + dx, y.round() as i64 + dy, color);
                }
            }
        }
    }

    /// A polyline through points.
    pub fn line(&mut self, points: &[(f32, f32)], color: Rgb) {
        for pair in points.windows(2) {
            let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
            let steps = (to_x - x).abs().max((to_y - y).abs()).ceil().max(1.0);
            for step in 0..=steps as u32 {
                let t = step as f32 / steps;
                self.disc((x + t * (to_x - x), y + t * (to_y - y)), 1.5, color);
            }
        }
    }

    /// Small pictures in rows, as large as fits: `pixel(row, column, x, y)` of pictures of `width`
    /// × `height`.
    pub fn tiles(
        &mut self,
        (rows, columns): (usize, usize),
        (width, height): (usize, usize),
        pixel: impl Fn(usize, usize, usize, usize) -> Rgb,
    ) {
        const GAP: f32 = 4.0;
        let room = (SIZE.0 as f32 + GAP, SIZE.1 as f32 + GAP);
        let scale = ((room.0 / columns as f32 - GAP) / width as f32)
            .min((room.1 / rows as f32 - GAP) / height as f32);
        let scale = if scale >= 1.0 { scale.floor() } else { scale };
        let (tile, line) = (width as f32 * scale + GAP, height as f32 * scale + GAP);
        let left = (room.0 - tile * columns as f32) / 2.0;
        let top = (room.1 - line * rows as f32) / 2.0;
        for row in 0..rows {
            for column in 0..columns {
                for y in 0..height {
                    for x in 0..width {
                        let at = (
                            left + column as f32 * tile + x as f32 * scale,
                            top + row as f32 * line + y as f32 * scale,
                        );
                        self.rect(at, (scale, scale), pixel(row, column, x, y));
                    }
                }
            }
        }
    }

    /// Points in the available space, coloured by class.
    pub fn scatter(&mut self, points: &[[f32; 2]], class: impl Fn(usize) -> usize) {
        let range = |axis: usize| {
            let mut values: Vec<f32> = points.iter().map(|point| point[axis]).collect();
            values.sort_by(f32::total_cmp);
            // Excludes the outermost hundredth, so that an outlier does not squeeze all others
            // together.
            let at = |share: f32| values[((values.len() - 1) as f32 * share) as usize];
            (at(0.01), at(0.99))
        };
        let ((left, right), (low, high)) = (range(0), range(1));
        for (index, [x, y]) in points.iter().enumerate() {
            let across = (x - left) / (right - left).max(f32::MIN_POSITIVE);
            let up = (y - low) / (high - low).max(f32::MIN_POSITIVE);
            let at = (10.0 + 268.0 * across, 152.0 - 142.0 * up);
            self.disc(at, 2.0, Palette::DARK.class(class(index)));
        }
    }
}

/// A grey value in [0, 1].
pub fn grey(value: f32) -> Rgb {
    [(255.0 * value.clamp(0.0, 1.0)).round() as u8; 3]
}
