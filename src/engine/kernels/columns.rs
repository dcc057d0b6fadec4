//! Convolution as a matrix product: the patches of a picture at the positions of a kernel, one per
//! row ("im2col"), and the reverse, which adds every value to the pixel it came from ("col2im").

use std::ops::Range;

use super::math::vectorised;
use crate::check::Window;

/// Patches narrower than this many values are copied in one move of this length.
pub(super) const MOVE: usize = 16;

/// Which of the two pictures of its window a kernel maps to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the large picture to the small one: a convolution.
    Down,
    /// From the small picture to the large one: a transposed convolution.
    Up,
}

impl Direction {
    /// The direction of the transposed map.
    #[must_use]
    pub fn reversed(self) -> Direction {
        match self {
            Direction::Down => Direction::Up,
            Direction::Up => Direction::Down,
        }
    }

    /// Reorders a pair (before, after the map) to (large, small), and back.
    pub fn arrange<T>(self, before: T, after: T) -> (T, T) {
        match self {
            Direction::Down => (before, after),
            Direction::Up => (after, before),
        }
    }
}

/// The patches of pictures with some number of channels under a window.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    window: Window,
    channels: usize,
}

/// One row of the kernel over the picture.
struct Segment {
    /// Values outside, to the left of the picture.
    before: usize,
    /// Range of the values inside the picture.
    inside: Range<usize>,
}

impl Columns {
    /// Patches of pictures with `channels` channels (on the window's large side).
    pub fn new(window: Window, channels: usize) -> Columns {
        Columns { window, channels }
    }

    /// The window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Values of one patch, in (row, column, channel) order.
    pub fn patch(&self) -> usize {
        self.window.kernel * self.window.kernel * self.channels
    }

    /// Positions of the kernel: pixels of the small picture.
    pub fn positions(&self) -> usize {
        self.window.small.0 * self.window.small.1
    }

    /// Values of the large picture.
    pub fn picture(&self) -> usize {
        self.window.large.0 * self.window.large.1 * self.channels
    }

    /// Writes the patches at `rows` of the small picture, one per row of `columns`, with 0 outside
    /// the picture.
    pub fn gather(&self, picture: &[f32], rows: Range<usize>, columns: &mut [f32]) {
        let side = self.window.kernel * self.channels;
        let end = rows.len() * self.window.small.1 * self.patch();
        let picture = &picture[..self.picture()];
        vectorised(
            #[inline(always)]
            || {
                let mut at = 0;
                self.for_each_segment(
                    rows,
                    #[inline(always)]
                    |segment| {
                        let Segment { before, inside } = segment;
                        let is_whole = inside.len() == side;
                        if is_whole
                            && side <= MOVE
                            && at + MOVE <= end
                            && inside.start + MOVE <= picture.len()
                        {
                            // Values written beyond the segment are overwritten by the segments
                            // that follow.
                            let from = &picture[inside.start..inside.start + MOVE];
                            columns[at..at + MOVE].copy_from_slice(from);
                        } else {
                            let to = &mut columns[at..at + side];
                            to[..before].fill(0.0);
                            to[before + inside.len()..].fill(0.0);
                            to[before..before + inside.len()].copy_from_slice(&picture[inside]);
                        }
                        at += side;
                    },
                );
            },
        );
    }

    /// Adds each patch at `rows` of the small picture to its pixels.
    pub fn scatter(&self, columns: &[f32], rows: Range<usize>, picture: &mut [f32]) {
        let side = self.window.kernel * self.channels;
        vectorised(
            #[inline(always)]
            || {
                let mut at = 0;
                self.for_each_segment(
                    rows,
                    #[inline(always)]
                    |segment| {
                        let from = at + segment.before;
                        let from = &columns[from..from + segment.inside.len()];
                        for (to, from) in picture[segment.inside].iter_mut().zip(from) {
                            *to += from;
                        }
                        at += side;
                    },
                );
            },
        );
    }

    /// Every row of the kernel at every position, in the order of the matrix.
    #[inline(always)]
    fn for_each_segment(&self, rows: Range<usize>, mut work: impl FnMut(Segment)) {
        let Window { large, small, kernel, stride, before, .. } = self.window;
        for row in rows {
            for column in 0..small.1 {
                // Columns of the kernel inside the picture: `first..last`.
                let left = column * stride;
                let first = before.1.saturating_sub(left).min(kernel);
                let last = (large.1 + before.1).saturating_sub(left).clamp(first, kernel);
                for i in 0..kernel {
                    let y = (row * stride + i).wrapping_sub(before.0);
                    let inside = if y < large.0 && first < last {
                        let start = y * large.1 + left + first - before.1;
                        start * self.channels..(start + last - first) * self.channels
                    } else {
                        0..0
                    };
                    work(Segment { before: first * self.channels, inside });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Padding;

    fn windows() -> impl Iterator<Item = Window> {
        let paddings = [Padding::Same, Padding::Pixels(0), Padding::Pixels(1), Padding::Pixels(4)];
        (1..6)
            .flat_map(move |kernel| {
                (1..4).flat_map(move |stride| paddings.map(|padding| (kernel, stride, padding)))
            })
            .filter_map(|(kernel, stride, padding)| Window::over((5, 7), kernel, stride, padding))
    }

    /// The value at `(position, i, j, channel)` by the definition of a window: an index into the
    /// picture, if inside.
    fn source(window: Window, channels: usize, index: usize) -> Option<usize> {
        let (channel, rest) = (index % channels, index / channels);
        let (j, rest) = (rest % window.kernel, rest / window.kernel);
        let (i, position) = (rest % window.kernel, rest / window.kernel);
        let row = (position / window.small.1 * window.stride + i).checked_sub(window.before.0)?;
        let column = (position % window.small.1 * window.stride + j).checked_sub(window.before.1)?;
        (row < window.large.0 && column < window.large.1)
            .then_some((row * window.large.1 + column) * channels + channel)
    }

    #[test]
    fn patches_are_those_of_the_definition() {
        for (window, channels) in
            windows().flat_map(|window| [1, 2, 3, 17].map(|channels| (window, channels)))
        {
            let columns = Columns::new(window, channels);
            let picture: Vec<f32> = (0..columns.picture()).map(|i| i as f32 + 1.0).collect();
            let band = window.small.1 * columns.patch();
            let mut gathered = vec![f32::NAN; window.small.0 * band];
            for row in 0..window.small.0 {
                columns.gather(&picture, row..row + 1, &mut gathered[row * band..(row + 1) * band]);
            }
            let mut whole = vec![f32::NAN; gathered.len()];
            columns.gather(&picture, 0..window.small.0, &mut whole);
            assert_eq!(gathered, whole, "{window:?} {channels}");
            for (index, value) in whole.iter().enumerate() {
                let expected = source(window, channels, index).map_or(0.0, |at| picture[at]);
                assert_eq!(*value, expected, "{window:?} {channels} {index}");
            }
        }
    }

    #[test]
    fn scattering_is_the_transpose_of_gathering() {
        for (window, channels) in windows().flat_map(|window| [1, 3, 17].map(|channels| (window, channels))) {
            let columns = Columns::new(window, channels);
            let values: Vec<f32> =
                (0..columns.positions() * columns.patch()).map(|i| (i % 13) as f32 - 6.0).collect();
            let mut picture = vec![1.0; columns.picture()];
            columns.scatter(&values, 0..window.small.0, &mut picture);
            let mut expected = vec![1.0; columns.picture()];
            for (index, value) in values.iter().enumerate() {
                if let Some(at) = source(window, channels, index) {
                    expected[at] += value;
                }
            }
            assert_eq!(picture, expected, "{window:?} {channels}");
        }
    }
}
