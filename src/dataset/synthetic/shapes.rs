use std::f32::consts::TAU;

use rayon::prelude::*;

use super::{Progress, Raw, row_stream};
use crate::dataset::parallel::in_parallel;
use crate::dataset::{DataError, LabelColumn, Rows, memory};
use crate::project::Shape;

const NAMES: [&str; 3] = ["square", "ellipse", "triangle"];
/// Distinguishable rotations, in degrees: a square looks the same after a quarter turn.
const TURN: [f32; 3] = [90.0, 180.0, 120.0];
/// Sub-pixels along each side of a pixel.
const SUB: usize = 4;
/// Possible width and height, in pixels.
const SIZES: std::ops::RangeInclusive<usize> = 8..=1024;

/// One shape per picture, white on black, antialiased with 4×4 points per pixel.
///
/// Factors, each uniform and in the labels: shape; x and y of the centre, 0.35 to 0.65 of the side;
/// scale, the radius of the circle around the shape, 0.15 to 0.3 of the side; rotation in degrees,
/// within the distinguishable range.
pub(super) fn load(count: usize, size: usize, seed: u64, progress: &Progress) -> Result<Raw, DataError> {
    if !SIZES.contains(&size) {
        return Err(DataError::Setting(format!(
            "shapes of {size}×{size} pixels cannot be drawn; choose from {} to {}",
            SIZES.start(),
            SIZES.end()
        )));
    }
    let mut pixels = progress.filled(0, count * size * size)?;
    let _reservation = progress.budget().charge_scoped(memory::bytes_of::<Factors>(count))?;
    // The five label columns they become.
    progress.budget().take(memory::bytes_of::<[f32; 5]>(count))?;
    let factors: Vec<Factors> = in_parallel(|| {
        let draw = |(row, out): (usize, &mut [u8])| {
            let factors = Factors::draw(seed, row);
            if !progress.is_cancelled() {
                factors.render(size, out);
                progress.advance(1);
            }
            factors
        };
        pixels.par_chunks_mut(size * size).enumerate().map(draw).collect()
    })?;
    progress.check()?;

    let shape = Shape::Image { height: size, width: size, channels: 1 };
    let mut raw = Raw::new("", shape, Rows::U8(pixels));
    raw.type_max = Some(255.0);
    let numbers =
        |name: &str, get: fn(&Factors) -> f32| LabelColumn::numbers(name, factors.iter().map(get).collect());
    raw.labels = vec![
        LabelColumn::classes(
            "shape",
            NAMES.map(String::from).to_vec(),
            factors.iter().map(|factors| factors.kind as u32).collect(),
        ),
        numbers("x", |factors| factors.x),
        numbers("y", |factors| factors.y),
        numbers("scale", |factors| factors.scale),
        numbers("rotation", |factors| factors.rotation),
    ];
    Ok(raw)
}

/// The factors of a picture; lengths as fractions of its side.
struct Factors {
    kind: usize,
    x: f32,
    y: f32,
    scale: f32,
    /// In degrees.
    rotation: f32,
}

impl Factors {
    fn draw(seed: u64, row: usize) -> Factors {
        let stream = row_stream(seed, row);
        let kind = stream.below(0, NAMES.len());
        Factors {
            kind,
            x: 0.35 + 0.3 * stream.uniform(1),
            y: 0.35 + 0.3 * stream.uniform(2),
            scale: 0.15 + 0.15 * stream.uniform(3),
            rotation: TURN[kind] * stream.uniform(4),
        }
    }

    fn render(&self, size: usize, out: &mut [u8]) {
        let (sin, cos) = (self.rotation / 360.0 * TAU).sin_cos();
        let step = 1.0 / (size * SUB) as f32;
        let reach = |centre: f32| {
            let first = ((centre - self.scale) * size as f32).floor().max(0.0) as usize;
            let last = ((centre + self.scale) * size as f32).ceil() as usize;
            first..last.min(size)
        };
        for row in reach(self.y) {
            for column in reach(self.x) {
                let mut inside = 0;
                for point in 0..SUB * SUB {
                    let across = (column * SUB + point % SUB) as f32 + 0.5;
                    let down = (row * SUB + point / SUB) as f32 + 0.5;
                    let (dx, dy) = (across * step - self.x, down * step - self.y);
                    let u = (dx * cos + dy * sin) / self.scale;
                    let v = (dy * cos - dx * sin) / self.scale;
                    inside += usize::from(covers(self.kind, u, v));
                }
                out[row * size + column] = (inside * 255 / (SUB * SUB)) as u8;
            }
        }
    }
}

/// Whether a shape inside the unit circle, unrotated, covers a point.
fn covers(kind: usize, u: f32, v: f32) -> bool {
    match kind {
        0 => u.abs().max(v.abs()) <= std::f32::consts::FRAC_1_SQRT_2,
        1 => u * u + 4.0 * v * v <= 1.0,
        // Equilateral, one corner up: within half the radius of the centre along the normal of each
        // side.
        _ => {
            let slant = 3.0_f32.sqrt() / 2.0 * u.abs();
            v <= 0.5 && slant - 0.5 * v <= 0.5
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_those_of_the_shapes() {
        // For a circle of radius r: square 2r², ellipse πr²/2, triangle 3√3/4 r².
        let check = |kind, rotation, area: f32| {
            let factors = Factors { kind, x: 0.5, y: 0.4, scale: 0.3, rotation };
            let mut out = vec![0; 128 * 128];
            factors.render(128, &mut out);
            let covered = out.iter().map(|&pixel| f32::from(pixel)).sum::<f32>() / 255.0 / (128.0 * 128.0);
            assert!((covered / (area * 0.09) - 1.0).abs() < 0.01, "{kind} {covered}");
        };
        for rotation in [0.0, 17.0, 60.0] {
            check(0, rotation, 2.0);
            check(1, rotation, std::f32::consts::FRAC_PI_2);
            check(2, rotation, 1.299_038);
        }
    }

    #[test]
    fn no_shape_touches_the_border() {
        let raw = load(300, 32, 3, &Progress::default()).unwrap();
        let Rows::U8(pixels) = &raw.rows else { panic!("not bytes") };
        for picture in pixels.chunks(32 * 32) {
            let edge = (0..32).map(|at| picture[at].max(picture[31 * 32 + at]));
            assert_eq!(edge.max(), Some(0));
            assert_eq!(picture.iter().max(), Some(&255));
        }
    }
}
