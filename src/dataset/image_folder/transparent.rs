//! Treating transparent pixels as missing values.

use crate::dataset::progress::CancelTimer;
use crate::dataset::raw::Raw;
use crate::dataset::{DataError, Progress, Rows};
use crate::project::Shape;

/// Uses the last channel of pictures, their transparency, as a mask: the values of pixels that are
/// less than half opaque are missing and become 0, which is black.
///
/// # Errors
/// [`DataError::Memory`], [`DataError::Cancelled`].
pub(super) fn mask(raw: &mut Raw, progress: &Progress) -> Result<(), DataError> {
    let Shape::Image { height, width, channels } = raw.shape else { return Ok(()) };
    let colours = channels.saturating_sub(1);
    if colours == 0 {
        return Ok(());
    }
    let cells = progress.budget().filled(0_u64, (raw.rows.len() / channels * colours).div_ceil(64))?;
    raw.filled = match &mut raw.rows {
        Rows::U8(values) => stripped(values, channels, |alpha| alpha < 128, cells, progress)?,
        Rows::U16(values) => stripped(values, channels, |alpha| alpha < 32_768, cells, progress)?,
        Rows::F32(values) => stripped(values, channels, |alpha| alpha < 0.5, cells, progress)?,
    };
    raw.shape = Shape::Image { height, width, channels: colours };
    raw.has_alpha = false;
    Ok(())
}

/// Removes the last of `channels` in place; returns one bit per value, set for missing ones, and
/// their number.
fn stripped<T: Copy + Default>(
    values: &mut Vec<T>,
    channels: usize,
    is_missing: impl Fn(T) -> bool,
    mut cells: Vec<u64>,
    progress: &Progress,
) -> Result<(Vec<u64>, usize), DataError> {
    let (mut cancel_timer, mut filled, colours) = (CancelTimer::new(progress), 0, channels - 1);
    let pixels = values.len() / channels;
    for pixel in 0..pixels {
        cancel_timer.tick(channels)?;
        let gone = is_missing(values[pixel * channels + colours]);
        for channel in 0..colours {
            let to = pixel * colours + channel;
            values[to] = if gone { T::default() } else { values[pixel * channels + channel] };
            if gone {
                cells[to / 64] |= 1 << (to % 64);
                filled += 1;
            }
        }
    }
    values.truncate(pixels * colours);
    Ok((cells, filled))
}
