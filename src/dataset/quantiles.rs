use super::progress::CancelTimer;
use super::raw::Raw;
use super::{DataError, Progress, Rows};

/// Most values examined per column: those of rows at equal distances.
const MOST_VALUES: usize = 1 << 22;
/// Most values examined in total.
const MOST_IN_ALL: usize = 1 << 28;
/// Columns gathered in one pass over the rows.
const BLOCK: usize = 16;

/// For each position of a row modulo `period`, the result of `of` for its values over `rows` in
/// ascending order, limited to `most` per column: if there are more, those of rows at equal
/// distances.
///
/// # Errors
/// [`DataError::Memory`] or [`DataError::Cancelled`].
pub(super) fn of_columns<T>(
    raw: &Raw,
    rows: &[u32],
    period: usize,
    most: usize,
    progress: &Progress,
    mut of: impl FnMut(&[f32]) -> T,
) -> Result<Vec<T>, DataError> {
    let features = raw.shape.features();
    let each = features.checked_div(period).unwrap_or(0);
    let most = most.min(MOST_VALUES).min((MOST_IN_ALL / period.max(1)).max(1 << 10));
    let stride = rows.len().saturating_mul(each).div_ceil(most.max(1)).max(1);
    // For few large pictures, not all pixels are examined.
    let (row_stride, pixel_stride) = if stride > rows.len() { (1, stride) } else { (stride, 1) };
    let count = rows.len().div_ceil(row_stride) * each.div_ceil(pixel_stride);
    let budget = progress.budget();
    let mut blocks: Vec<Vec<f32>> = Vec::new();
    for _ in 0..BLOCK.min(period) {
        let mut block = Vec::new();
        budget.reserve_exact(&mut block, count)?;
        blocks.push(block);
    }
    let (mut found, mut cancel_timer) = (Vec::new(), CancelTimer::new(progress));
    for first in (0..period).step_by(BLOCK) {
        let columns = first..period.min(first + BLOCK);
        blocks.iter_mut().for_each(Vec::clear);
        for &row in rows.iter().step_by(row_stride) {
            let start = row as usize * features;
            cancel_timer.tick(columns.len().saturating_mul(each))?;
            for pixel in (0..each).step_by(pixel_stride) {
                for (column, block) in columns.clone().zip(&mut blocks) {
                    let value = value(&raw.rows, start + pixel * period + column);
                    if !value.is_nan() {
                        block.push(value);
                    }
                }
            }
        }
        for block in blocks.iter_mut().take(columns.len()) {
            // Sorting takes several steps per value.
            cancel_timer.tick(block.len().saturating_mul(16))?;
            block.sort_unstable_by(f32::total_cmp);
            found.push(of(block));
        }
    }
    blocks.into_iter().for_each(|block| budget.release(block));
    Ok(found)
}

fn value(rows: &Rows, at: usize) -> f32 {
    match rows {
        Rows::U8(values) => f32::from(values[at]),
        Rows::U16(values) => f32::from(values[at]),
        Rows::F32(values) => values[at],
    }
}

/// The value below which this fraction of the values are, interpolated as in `numpy.quantile`; 0
/// without values.
pub(super) fn quantile(sorted: &[f32], part: f64) -> f64 {
    let at = part * sorted.len().saturating_sub(1) as f64;
    let value = |at: usize| sorted.get(at).or(sorted.last()).map_or(0.0, |value| f64::from(*value));
    let low = at.floor() as usize;
    value(low) + (value(low + 1) - value(low)) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Shape;

    #[test]
    fn columns_are_sorted_and_of_many_values_some_are_taken() {
        let shape = Shape::Image { height: 1, width: 2, channels: 2 };
        let raw = Raw::new("p", shape, Rows::U8(vec![4, 1, 3, 2, 2, 3, 1, 4]));
        let found = |rows: &[u32], most| {
            of_columns(&raw, rows, 2, most, &Progress::default(), <[f32]>::to_vec).unwrap()
        };
        assert_eq!(found(&[0, 1], 100), [[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]]);
        assert_eq!(found(&[1], 100), [[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(found(&[0, 1], 2), [[3.0, 4.0], [1.0, 2.0]]);
        assert_eq!(found(&[0, 1], 1), [[2.0, 4.0], [1.0, 3.0]]);
        assert_eq!(found(&[], 1), [[0.0; 0], [0.0; 0]]);
        // numpy.quantile([1, 2, 4], [0, .25, .5, 1]).
        let parts = [0.0, 0.25, 0.5, 1.0].map(|part| quantile(&[1.0, 2.0, 4.0], part));
        assert_eq!((parts, quantile(&[], 0.5)), ([1.0, 1.5, 2.0, 4.0], 0.0));
    }
}
