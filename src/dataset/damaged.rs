//! Pictures that are already damaged, in the form that a corruption would produce.

use super::progress::CancelTimer;
use super::{DataError, Dataset, Progress, Rows};
use crate::project::Shape;

/// Small pictures as averages over blocks of `size` × `size` pixels of pictures of `shape`: every
/// pixel becomes a block; the last blocks may be cropped at the edge.
///
/// # Errors
/// [`DataError::Memory`], [`DataError::Cancelled`]; [`DataError::Setting`] if they do not have that
/// size.
pub fn enlarged(
    mut data: Dataset,
    size: usize,
    shape: Shape,
    progress: &Progress,
) -> Result<Dataset, DataError> {
    let place = match (small_shape(shape, size), shape) {
        (Some(small @ Shape::Image { width: from, .. }), Shape::Image { height, width, channels })
            if small == data.shape =>
        {
            move |at: usize| {
                let (pixel, channel) = (at / channels, at % channels);
                let (row, column) = (pixel / width % height, pixel % width);
                (row / size * from + column / size) * channels + channel
            }
        }
        _ => {
            return Err(DataError::Setting(format!(
                "{}: its samples are {}, which are not averages over {size}×{size} pixels of {shape}",
                data.name, data.shape
            )));
        }
    };
    let (from, to, count) = (data.shape.features(), shape.features(), data.len());
    let source = |at: usize| at / to * from + place(at % to);
    data.rows = match data.rows {
        Rows::U8(values) => Rows::U8(taken(values, count * to, source, progress)?),
        Rows::U16(values) => Rows::U16(taken(values, count * to, source, progress)?),
        Rows::F32(values) => Rows::F32(taken(values, count * to, source, progress)?),
    };
    data.shape = shape;
    Ok(data)
}

/// The shape of pictures whose pixels are the averages over blocks of `size` × `size` pixels of
/// pictures of `shape`.
pub fn small_shape(shape: Shape, size: usize) -> Option<Shape> {
    match shape {
        Shape::Image { height, width, channels } if size > 1 => {
            Some(Shape::Image { height: height.div_ceil(size), width: width.div_ceil(size), channels })
        }
        Shape::Image { .. } | Shape::Vector(_) => None,
    }
}

/// Removes transparency, the last channel of pictures: transparent features get the value that
/// `hole` returns, unscaled.
///
/// # Errors
/// [`DataError::Memory`], [`DataError::Cancelled`].
pub fn holes_filled(
    mut data: Dataset,
    hole: impl Fn(usize) -> f32,
    progress: &Progress,
) -> Result<Dataset, DataError> {
    let Shape::Image { height, width, channels } = data.shape else { return Ok(data) };
    let colours = channels.saturating_sub(1);
    if colours == 0 {
        return Ok(data);
    }
    let count = data.rows.len() / channels * colours;
    let pixels = height * width;
    // For a value: its index in the pictures, that of its transparency, and the value of a hole
    // there.
    let place = |at: usize| {
        let start = at / colours * channels;
        (start + at % colours, start + colours, hole(at % (pixels * colours).max(1)))
    };
    data.rows = match data.rows {
        Rows::U8(values) => {
            let round = |value: f32| value.round().clamp(0.0, 255.0) as u8;
            Rows::U8(filled(
                values,
                count,
                |values, at| {
                    let (own, seen, hole) = place(at);
                    let share = f32::from(values[seen]) / 255.0;
                    round(over(f32::from(values[own]), hole, share))
                },
                progress,
            )?)
        }
        Rows::U16(values) => {
            let round = |value: f32| value.round().clamp(0.0, 65_535.0) as u16;
            Rows::U16(filled(
                values,
                count,
                |values, at| {
                    let (own, seen, hole) = place(at);
                    let share = f32::from(values[seen]) / 65_535.0;
                    round(over(f32::from(values[own]), hole, share))
                },
                progress,
            )?)
        }
        Rows::F32(values) => Rows::F32(filled(
            values,
            count,
            |values, at| {
                let (own, seen, hole) = place(at);
                over(values[own], hole, values[seen].clamp(0.0, 1.0))
            },
            progress,
        )?),
    };
    data.shape = Shape::Image { height, width, channels: colours };
    Ok(data)
}

/// A value blended over another with opacity `share`.
fn over(value: f32, ground: f32, share: f32) -> f32 {
    if share >= 1.0 { value } else { ground + (value - ground) * share }
}

/// This many values, each at an index of others, which are freed.
fn taken<T: Copy>(
    values: Vec<T>,
    count: usize,
    place: impl Fn(usize) -> usize,
    progress: &Progress,
) -> Result<Vec<T>, DataError> {
    filled(values, count, |values, at| values[place(at)], progress)
}

/// This many values, each computed from others, which are freed.
fn filled<T: Copy>(
    values: Vec<T>,
    count: usize,
    value: impl Fn(&[T], usize) -> T,
    progress: &Progress,
) -> Result<Vec<T>, DataError> {
    let (mut made, mut cancel_timer) = (Vec::new(), CancelTimer::new(progress));
    progress.budget().reserve_exact(&mut made, count)?;
    for at in 0..count {
        cancel_timer.tick(1)?;
        made.push(value(&values, at));
    }
    progress.budget().release(values);
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::load;
    use crate::project::Data;

    fn pictures(shape: Shape, rows: Rows) -> Dataset {
        Dataset { shape, rows, ..load(&Data::default(), &Progress::default()).unwrap() }
    }

    const fn image(height: usize, width: usize, channels: usize) -> Shape {
        Shape::Image { height, width, channels }
    }

    #[test]
    fn every_small_pixel_becomes_a_block() {
        let small = pictures(image(2, 2, 1), Rows::U8(vec![1, 2, 3, 4, 5, 6, 7, 8]));
        let large = enlarged(small.clone(), 2, image(3, 4, 1), &Progress::default()).unwrap();
        assert_eq!(large.shape, image(3, 4, 1));
        let expected = vec![1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 5, 5, 6, 6, 7, 7, 8, 8];
        assert_eq!(large.rows, Rows::U8(expected));
        let colours = pictures(image(1, 1, 3), Rows::F32(vec![0.1, 0.2, 0.3]));
        let large = enlarged(colours, 2, image(1, 2, 3), &Progress::default()).unwrap();
        assert_eq!(large.rows, Rows::F32(vec![0.1, 0.2, 0.3, 0.1, 0.2, 0.3]));
        assert!(enlarged(small, 2, image(8, 8, 1), &Progress::default()).is_err(), "these are 4×4");
        assert_eq!(small_shape(image(28, 27, 3), 4), Some(image(7, 7, 3)));
        assert_eq!((small_shape(Shape::Vector(9), 3), small_shape(image(8, 8, 1), 1)), (None, None));
    }

    #[test]
    fn what_is_transparent_has_the_value_of_a_hole() {
        let values = vec![200, 255, 200, 0, 100, 51];
        let grey = pictures(image(1, 3, 2), Rows::U8(values));
        let filled = holes_filled(grey, |_| 10.0, &Progress::default()).unwrap();
        // For the third, 10 + (100 − 10) · 51 / 255.
        assert_eq!((filled.shape, filled.rows), (image(1, 3, 1), Rows::U8(vec![200, 10, 28])));
        let values = vec![1.0, 0.5, 0.25, 0.0, 1.0, 0.5, 0.25, 1.0];
        let colours = pictures(image(1, 2, 4), Rows::F32(values));
        let filled =
            holes_filled(colours, |feature| 0.1 * (feature % 3) as f32, &Progress::default()).unwrap();
        assert_eq!(filled.rows, Rows::F32(vec![0.0, 0.1, 0.1 * 2.0, 1.0, 0.5, 0.25]));
    }

    #[test]
    fn memory_is_charged_before_it_is_taken() {
        let small = pictures(image(1, 1, 1), Rows::U8(vec![1; 4096]));
        let result = enlarged(small, 16, image(16, 16, 1), &Progress::with_budget(1 << 10));
        assert!(matches!(result, Err(DataError::Memory { .. })));
    }
}
