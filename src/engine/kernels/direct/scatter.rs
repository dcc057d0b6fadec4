//! Adding patches to the picture they cover.

use std::ops::Range;

use crate::check::Window;

/// Adds the patches at some rows of the small picture, `padded` values apart, to the pixels of the
/// large picture that they cover.
#[inline(always)]
pub(super) fn scatter(
    window: Window,
    channels: usize,
    rows: Range<usize>,
    (patches, padded): (&[f32], usize),
    large: &mut [f32],
) {
    let Window { kernel, stride, before, small, .. } = window;
    let line = window.large.1 * channels;
    // Columns whose windows are fully inside.
    let first = before.1.div_ceil(stride).min(small.1);
    let end = (window.large.1 + before.1).checked_sub(kernel).map_or(0, |last| last / stride + 1);
    let inside = first..end.clamp(first, small.1);
    for (index, row) in rows.enumerate() {
        for i in 0..kernel {
            let y = (row * stride + i).wrapping_sub(before.0);
            if y >= window.large.0 {
                continue;
            }
            let to = &mut large[y * line..(y + 1) * line];
            let from = Runs { patches: &patches[index * small.1 * padded + i * kernel * channels..], padded };
            for column in (0..inside.start).chain(inside.end..small.1) {
                edge(window, channels, column, from.of(column, kernel * channels), to);
            }
            let places =
                Places { inside: inside.clone(), step: stride * channels, before: before.1 * channels };
            let apart = kernel.div_ceil(stride);
            // Lengths known at compile time need only a few instructions.
            match kernel * channels {
                3 => add_all::<3>(&places, apart, from, to),
                4 => add_all::<4>(&places, apart, from, to),
                5 => add_all::<5>(&places, apart, from, to),
                7 => add_all::<7>(&places, apart, from, to),
                9 => add_all::<9>(&places, apart, from, to),
                12 => add_all::<12>(&places, apart, from, to),
                15 => add_all::<15>(&places, apart, from, to),
                21 => add_all::<21>(&places, apart, from, to),
                len => {
                    for column in inside.clone() {
                        let start = places.start(column);
                        add(&mut to[start..start + len], from.of(column, len));
                    }
                }
            }
        }
    }
}

/// A row of the kernel of every patch.
#[derive(Clone, Copy)]
struct Runs<'a> {
    patches: &'a [f32],
    padded: usize,
}

impl<'a> Runs<'a> {
    #[inline(always)]
    fn of(self, column: usize, len: usize) -> &'a [f32] {
        &self.patches[column * self.padded..][..len]
    }
}

/// Columns of the small picture, and where their windows begin in a row of the large one.
struct Places {
    inside: Range<usize>,
    step: usize,
    before: usize,
}

impl Places {
    #[inline(always)]
    fn start(&self, column: usize) -> usize {
        column * self.step - self.before
    }
}

/// Adds runs of `LEN` values. Every `apart`-th run is added in turn: these do not overlap, so no
/// sum waits for another.
#[inline(always)]
fn add_all<const LEN: usize>(places: &Places, apart: usize, from: Runs<'_>, to: &mut [f32]) {
    for first in places.inside.clone().take(apart) {
        for column in (first..places.inside.end).step_by(apart) {
            let to = to[places.start(column)..].first_chunk_mut::<LEN>();
            let from = from.of(column, LEN).first_chunk::<LEN>();
            if let (Some(to), Some(from)) = (to, from) {
                add(to, from);
            }
        }
    }
}

#[inline(always)]
fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// Adds the part of a run at an edge that is inside the picture.
fn edge(window: Window, channels: usize, column: usize, from: &[f32], to: &mut [f32]) {
    let (start, before) = (column * window.stride * channels, window.before.1 * channels);
    let (skipped, start) = (before.saturating_sub(start), start.saturating_sub(before));
    let end = (start + from.len()).saturating_sub(skipped).min(to.len());
    if start < end {
        add(&mut to[start..end], &from[skipped..]);
    }
}
