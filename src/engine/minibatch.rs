//! Gathering a minibatch: scaled rows for the target, corrupted rows for the input.

use super::kernels::noise::corrupt;
use super::kernels::threads::Threads;
use super::kernels::variable::Node;
use crate::dataset::Dataset;
use crate::dataset::random::{Purpose, Stream};
use crate::project::{Corruption, Shape};

/// Rows per shard.
const ROWS: usize = 16;

/// How the input of a minibatch differs from its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// The corruption of each sample.
    pub corruption: Corruption,
    /// Shape of a sample.
    pub shape: Shape,
    /// Smallest and largest scaled value.
    pub range: (f32, f32),
    /// Seed of the run.
    pub seed: u64,
    /// The purpose of the noise.
    pub purpose: Purpose,
    /// Samples are corrupted anew in every epoch.
    pub epoch: u64,
}

/// Fills the first rows of `target` with the scaled samples, and of `input` with the encoder's
/// input; without corruption both are the same node.
pub fn gather(
    data: &Dataset,
    rows: &[u32],
    noise: Option<Noise>,
    target: &Node,
    input: &Node,
    threads: &Threads,
) {
    let features = data.shape.features();
    let len = rows.len() * features;
    threads.for_each_piece(
        &mut target.borrow_mut().values_mut()[..len],
        ROWS * features,
        16 * len,
        |start, out| {
            let first = start / features;
            data.gather(&rows[first..first + out.len() / features], out);
        },
    );
    corrupt_rows(rows, features, noise, target, input, threads);
}

/// Fills the first rows of `input` with those of `target`, corrupted if there is noise; `rows` are
/// their row numbers.
pub fn corrupt_rows(
    rows: &[u32],
    features: usize,
    noise: Option<Noise>,
    target: &Node,
    input: &Node,
    threads: &Threads,
) {
    let len = rows.len() * features;
    let Some(noise) = noise else {
        if !std::rc::Rc::ptr_eq(target, input) {
            let target = target.borrow();
            input.borrow_mut().values_mut()[..len].copy_from_slice(&target.values()[..len]);
        }
        return;
    };
    let target = target.borrow();
    let clean = target.values();
    let mut input = input.borrow_mut();
    threads.for_each_piece(&mut input.values_mut()[..len], ROWS * features, 32 * len, |start, out| {
        let samples = rows[start / features..].iter().zip(clean[start..].chunks_exact(features));
        for (out, (&row, clean)) in out.chunks_exact_mut(features).zip(samples) {
            let stream = Stream::new(noise.seed, noise.purpose, noise.epoch, u64::from(row));
            corrupt(noise.corruption, noise.shape, noise.range, stream, clean, out);
        }
    });
}
