use super::{Progress, Raw, each_row, row_stream, with_capacity};
use crate::dataset::{DataError, Rows};
use crate::project::Shape;

/// Pixels per row.
pub(super) const WIDTH: usize = 8;
/// Rows of pixels.
pub(super) const HEIGHT: usize = 12;
const KNOTS: usize = 5;

/// Curves of 8×12 pixels (Hinton & Zemel 1993): a natural cubic spline through 5 random knots,
/// running from top to bottom.
///
/// Knots are evenly spaced from the middle of the first row of pixels to the middle of the last;
/// their horizontal positions are independent and uniform over the middles of the columns, 0 to 7.
/// The curve is clipped at these columns. A pixel is 255·max(0, 1 − d), d its distance from the
/// curve's tangent in its row, in pixels, rounded to a byte: the data are quantised in steps of t =
/// 1/255 once scaled to [0, 1].
pub(super) fn load(count: usize, seed: u64, progress: &Progress) -> Result<Raw, DataError> {
    let mut pixels = with_capacity(count * WIDTH * HEIGHT, progress)?;
    each_row(count, WIDTH * HEIGHT, progress, |row| {
        let stream = row_stream(seed, row);
        let knots = std::array::from_fn(|knot| (WIDTH - 1) as f32 * stream.uniform(knot as u64));
        render(&knots, &mut pixels);
    })?;
    let shape = Shape::Image { height: HEIGHT, width: WIDTH, channels: 1 };
    let mut raw = Raw::new("", shape, Rows::U8(pixels));
    raw.type_max = Some(255.0);
    Ok(raw)
}

fn render(knots: &[f32; KNOTS], out: &mut Vec<u8>) {
    let bends = second_derivatives(knots);
    let knots_a_row = (KNOTS - 1) as f32 / (HEIGHT - 1) as f32;
    for row in 0..HEIGHT {
        let (position, slope) = evaluate(knots, &bends, row as f32 * knots_a_row);
        let position = position.clamp(0.0, (WIDTH - 1) as f32);
        let tilt = (slope * knots_a_row).hypot(1.0);
        out.extend((0..WIDTH).map(|column| {
            let distance = (column as f32 - position).abs() / tilt;
            (255.0 * (1.0 - distance).max(0.0)).round() as u8
        }));
    }
}

/// Second derivatives at the knots, 0 at both ends: the tridiagonal system
/// `m[i−1] + 4 m[i] + m[i+1] = 6 (y[i−1] − 2 y[i] + y[i+1])`, eliminated from the top.
fn second_derivatives(knots: &[f32; KNOTS]) -> [f32; KNOTS] {
    let mut right = [0.0; KNOTS];
    let mut upper = [0.0; KNOTS];
    for at in 1..KNOTS - 1 {
        let pivot = 4.0 - upper[at - 1];
        upper[at] = 1.0 / pivot;
        let bend = 6.0 * (knots[at - 1] - 2.0 * knots[at] + knots[at + 1]);
        right[at] = (bend - right[at - 1]) / pivot;
    }
    let mut bends = [0.0; KNOTS];
    for at in (1..KNOTS - 1).rev() {
        bends[at] = right[at] - upper[at] * bends[at + 1];
    }
    bends
}

/// Value and slope at `t`, measured in knots from the first.
fn evaluate(knots: &[f32; KNOTS], bends: &[f32; KNOTS], t: f32) -> (f32, f32) {
    let left = (t as usize).min(KNOTS - 2);
    let (b, a) = (t - left as f32, 1.0 - (t - left as f32));
    let value = a * knots[left]
        + b * knots[left + 1]
        + ((a * a * a - a) * bends[left] + (b * b * b - b) * bends[left + 1]) / 6.0;
    let slope = knots[left + 1] - knots[left]
        + ((3.0 * b * b - 1.0) * bends[left + 1] - (3.0 * a * a - 1.0) * bends[left]) / 6.0;
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_reference_spline() {
        // scipy.interpolate.CubicSpline(range(5), y, bc_type='natural') at 0, 0.5, 1.25, 2, 3.9,
        // and its first derivative.
        let knots = [1.0, 4.0, 2.0, 7.0, 3.0];
        let expected = [
            (0.0, 1.000_000, 5.000_000),
            (0.5, 3.25, 3.5),
            (1.25, 3.453_125, -3.062_5),
            (2.0, 2.000_000, 2.000_000),
            (3.9, 3.697, -6.91),
        ];
        let bends = second_derivatives(&knots);
        for (t, value, slope) in expected {
            let (v, s) = evaluate(&knots, &bends, t);
            assert!((v - value).abs() < 1e-5 && (s - slope).abs() < 1e-5, "{t}: {v} {s}");
        }
    }

    #[test]
    fn a_straight_line_is_drawn_straight() {
        let mut out = Vec::new();
        render(&[3.25; KNOTS], &mut out);
        for row in out.chunks(WIDTH) {
            assert_eq!(row, [0, 0, 0, 191, 64, 0, 0, 0]);
        }
    }

    #[test]
    fn every_row_of_every_picture_has_ink() {
        let raw = load(200, 1, &Progress::default()).unwrap();
        let Rows::U8(pixels) = &raw.rows else { panic!("not bytes") };
        for row in pixels.chunks(WIDTH) {
            assert!(row.iter().any(|&pixel| pixel >= 127), "{row:?}");
        }
    }
}
