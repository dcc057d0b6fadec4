use std::cmp::Ordering;

use super::memory::bytes_of;
use super::progress::CancelTimer;
use super::{DataError, Progress};

/// Items sorted without a check for cancellation: a few milliseconds.
const RUN: usize = 1 << 14;
/// Cost of a comparison, as those of paths and texts are slow.
const UNITS: usize = 64;

/// Sorts a list of any length and can be cancelled; equal items keep their order. It temporarily
/// needs the memory of a second list.
///
/// # Errors
/// [`DataError::Cancelled`] or [`DataError::Memory`].
pub(super) fn sorted<T>(
    mut items: Vec<T>,
    progress: &Progress,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<Vec<T>, DataError> {
    progress.check()?;
    if items.len() <= RUN {
        items.sort_by(compare);
        return Ok(items);
    }
    let _reservation = progress.budget().charge_scoped(bytes_of::<T>(items.len()))?;
    for run in items.chunks_mut(RUN) {
        progress.check()?;
        run.sort_by(&compare);
    }
    let mut runs = Vec::new();
    while items.len() > RUN {
        let last = (items.len() - 1) / RUN * RUN;
        runs.push(items.split_off(last));
    }
    items.shrink_to_fit();
    runs.push(items);
    runs.reverse();
    while runs.len() > 1 {
        let mut pairs = std::mem::take(&mut runs).into_iter();
        while let Some(left) = pairs.next() {
            runs.push(match pairs.next() {
                Some(right) => merged(left, right, progress, &compare)?,
                None => left,
            });
        }
    }
    Ok(runs.pop().unwrap_or_default())
}

fn merged<T>(
    left: Vec<T>,
    right: Vec<T>,
    progress: &Progress,
    compare: &impl Fn(&T, &T) -> Ordering,
) -> Result<Vec<T>, DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    let mut both = Vec::new();
    let length = left.len() + right.len();
    both.try_reserve_exact(length).map_err(|_| progress.budget().refused(bytes_of::<T>(length)))?;
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        cancel_timer.tick(UNITS)?;
        let is_left = match (left.peek(), right.peek()) {
            (Some(first), Some(second)) => compare(first, second) != Ordering::Greater,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return Ok(both),
        };
        both.extend(if is_left { left.next() } else { right.next() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::random::{Purpose, Stream};

    #[test]
    fn lists_of_every_length_are_sorted_and_equal_items_keep_their_order() {
        for length in [0, 1, RUN, RUN + 1, 2 * RUN, 5 * RUN + 7] {
            let stream = Stream::new(1, Purpose::Synthetic, length as u64, 0);
            let items: Vec<(usize, usize)> =
                (0..length).map(|at| (stream.below(at as u64, 1000), at)).collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            let by_number = |a: &(usize, usize), b: &(usize, usize)| a.0.cmp(&b.0);
            assert_eq!(sorted(items, &Progress::default(), by_number).unwrap(), expected);
        }
    }

    #[test]
    fn it_can_be_cancelled_and_is_charged() {
        let progress = Progress::default();
        progress.cancel();
        assert_eq!(sorted(vec![2, 1], &progress, i32::cmp), Err(DataError::Cancelled));
        let items: Vec<u64> = (0..2 * RUN as u64).collect();
        let scarce = sorted(items, &Progress::with_budget(100_000), u64::cmp);
        assert!(matches!(scarce, Err(DataError::Memory { .. })), "{scarce:?}");
    }
}
