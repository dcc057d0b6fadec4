//! Passes over the rows of a block.

use crate::dataset::random::Stream;
use crate::engine::kernels::jacobian::{Block, SHARD, dot, for_each_rows};
use crate::engine::kernels::math::vectorised;
use crate::engine::kernels::threads::Threads;

/// The sum of squares of all rows, each summed separately.
pub(super) fn squares(threads: &Threads, rows: usize, width: usize, values: &[f32], sums: &mut [f32]) -> f64 {
    products(threads, rows, width, values, values, sums)
}

/// The sum of products of all rows, each summed separately.
pub(super) fn products(
    threads: &Threads,
    rows: usize,
    width: usize,
    a: &[f32],
    b: &[f32],
    sums: &mut [f32],
) -> f64 {
    let sums = &mut sums[..rows];
    threads.for_each_piece(sums, (SHARD / width.max(1)).max(1), 2 * rows * width, |first, sums| {
        vectorised(
            #[inline(always)]
            || {
                for (row, sum) in (first..).zip(sums) {
                    let own = row * width..(row + 1) * width;
                    *sum = dot(&a[own.clone()], &b[own]);
                }
            },
        );
    });
    sums.iter().map(|sum| f64::from(*sum)).sum()
}

/// `Σ_j d_j² ‖W_j‖²`, summed over the samples.
pub(super) fn closed_form(block: Block, diagonal: &[f32], norms: &[f32]) -> f64 {
    let rows = diagonal.chunks_exact(norms.len().max(1)).take(block.samples);
    rows.map(|row| {
        let terms = row.iter().zip(norms).map(|(d, norm)| f64::from(d * d) * f64::from(*norm));
        terms.sum::<f64>()
    })
    .sum()
}

/// `sums` = scale · Σ of the squares over the rows, column by column.
pub(super) fn squares_of_columns(values: &[f32], scale: f32, sums: &mut [f32]) {
    sums.fill(0.0);
    let width = sums.len().max(1);
    vectorised(
        #[inline(always)]
        || {
            for row in values.chunks_exact(width) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value * value;
                }
            }
            sums.iter_mut().for_each(|sum| *sum *= scale);
        },
    );
}

pub(super) fn copy_scaled(threads: &Threads, scale: f32, from: &[f32], to: &mut [f32]) {
    for_each_rows(threads, &mut to[..from.len()], 1, 2 * from.len(), |first, to| {
        for (to, from) in to.iter_mut().zip(&from[first..]) {
            *to = scale * from;
        }
    });
}

/// Expands diagonals: row (sample, probe) of `to` holds the sample's value at the probed unit, and
/// zeros.
pub(super) fn expand(block: Block, width: usize, diagonal: &[f32], to: &mut [f32], threads: &Threads) {
    for_each_rows(threads, to, width, block.rows() * width, |first, to| {
        to.fill(0.0);
        for (row, to) in (first..).zip(to.chunks_exact_mut(width)) {
            let unit = block.probe + row % block.probes;
            to[unit] = diagonal[row / block.probes * width + unit];
        }
    });
}

/// Extracts each row's value at its own unit; units that are not probed get 0.
pub(super) fn collect(block: Block, width: usize, from: &[f32], diagonal: &mut [f32]) {
    diagonal.fill(0.0);
    for (row, from) in from.chunks_exact(width).enumerate() {
        let unit = block.probe + row % block.probes;
        diagonal[row / block.probes * width + unit] = from[unit];
    }
}

/// Fills rows with random signs; those of (sample, probe) do not depend on the block.
pub(super) fn fill_signs(
    block: Block,
    probes: usize,
    width: usize,
    stream: Stream,
    to: &mut [f32],
    threads: &Threads,
) {
    let words = width.div_ceil(64) as u64;
    for_each_rows(threads, to, width, 2 * block.rows() * width, |first, to| {
        for (row, to) in (first..).zip(to.chunks_exact_mut(width)) {
            let number = (block.sample(row) * probes + block.probe + row % block.probes) as u64;
            for (word, to) in (number * words..).zip(to.chunks_mut(64)) {
                let bits = stream.bits(word);
                for (bit, to) in to.iter_mut().enumerate() {
                    *to = if bits >> bit & 1 == 1 { 1.0 } else { -1.0 };
                }
            }
        }
    });
}
