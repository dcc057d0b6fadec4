//! The rows that a sweep through a chain of maps works on.

use crate::engine::kernels::threads::Threads;

/// Values per shard in elementwise passes.
pub const SHARD: usize = 8192;

/// The rows that a sweep works on: some samples, with the same number of probes for each, sample by
/// sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first sample.
    pub first: usize,
    /// Samples.
    pub samples: usize,
    /// The first probe.
    pub probe: usize,
    /// Probes of each sample.
    pub probes: usize,
}

impl Block {
    /// Number of rows.
    pub fn rows(self) -> usize {
        self.samples * self.probes
    }

    /// The sample of a row.
    #[inline(always)]
    pub fn sample(self, row: usize) -> usize {
        self.first + row / self.probes
    }

    /// The samples, with one row each.
    pub fn plain(self) -> Block {
        Block { probe: 0, probes: 1, ..self }
    }
}

/// Calls `work` for pieces of whole rows of `to`, with the first row of each piece.
pub fn for_each_rows(
    threads: &Threads,
    to: &mut [f32],
    width: usize,
    flops: usize,
    work: impl Fn(usize, &mut [f32]) + Sync,
) {
    let width = width.max(1);
    let rows = (SHARD / width).max(1);
    threads.for_each_piece(to, rows * width, flops, |start, piece| work(start / width, piece));
}
