//! The quantised code of a VQ-VAE (van den Oord, Vinyals & Kavukcuoglu 2017): every vector is
//! replaced by the nearest entry of a codebook.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::matmul::{Matrix, multiply_here};
use super::pass::Pass;
use super::tape::Recorder;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Write, gradients, no_gradient};
use crate::check::sizes::{CODEBOOK_SHARDS, codebook_block};
use crate::dataset::random::Stream;

/// Most shards of a pass over the entries.
const ENTRY_SHARDS: usize = 8;
/// Values per shard in elementwise passes.
const SHARD: usize = 4096;
/// Partial minima of a row of scores, so that the loop vectorises.
const LANES: usize = 16;
/// ε of the Laplace smoothing of the counts, as in the authors' implementation.
const SMOOTHING: f64 = 1e-5;

/// How the codebook entries learn.
#[derive(Clone)]
pub enum Learning {
    /// By the gradient of `‖sg[z_e] − z_q‖²`, which is added with weight 1: the entries are
    /// parameters.
    Gradient,
    /// By exponential moving averages of the vectors that chose them (appendix A.1 of the paper):
    /// the entries are buffers. The smoothing lets an unused entry drift to 0 once its count is
    /// down to ε, after about `ln ε / ln γ` steps (1,150 at γ = 0.99): use [`Reseed`] before that.
    MovingAverage {
        /// Average number of vectors per step that choose an entry: 1 × K, 1 at the start.
        counts: Node,
        /// Average sum of these vectors: K × D, the entries at the start.
        sums: Node,
        /// Decay γ.
        decay: f32,
    },
}

/// The parts of a codebook. K entries of D values; the number of groups is features / D.
pub struct CodebookParts {
    /// `z_e`: rows × (groups · D). Each group of D consecutive features is one vector; in a picture
    /// a group is a pixel.
    pub x: Node,
    /// `z_q`, of the same size.
    pub y: Node,
    /// The codebook: K × D, with K below 2²⁴.
    pub entries: Node,
    /// Steps since each entry was last chosen, a buffer: 1 × K.
    pub idle: Node,
    /// How the entries learn.
    pub learning: Learning,
    /// Whether anything before the code learns.
    pub wants_input_gradient: bool,
}

/// Quantises vectors; the gradient of `z_q` is copied to `z_e`.
pub struct Codebook {
    parts: CodebookParts,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    /// `½ ‖e‖²` of each entry.
    half_norms: Vec<f32>,
    /// Scores of the current block of each shard.
    scores: Vec<f32>,
    /// The entry each vector chose; exact, since K is below 2²⁴.
    choices: Vec<f32>,
    /// `‖z_e − z_q‖²` of each vector.
    errors: Vec<f32>,
    /// How many vectors chose each entry.
    usage: Vec<u32>,
    /// Vectors of the latest forward pass.
    vectors: usize,
}

/// When entries count as dead, and which vectors replace them.
#[derive(Clone, Copy, Debug)]
pub struct Reseed {
    /// Steps without being chosen.
    pub after: u32,
    /// Entry `k` is moved to vector `below(k, vectors)` of the minibatch.
    pub stream: Stream,
}

impl Codebook {
    /// Builds the operation from its parts.
    pub fn new(parts: CodebookParts) -> Rc<Codebook> {
        let (entries, width) = (parts.idle.borrow().columns(), parts.entries.borrow().columns());
        let vectors = parts.y.borrow().values().len() / width.max(1);
        let scratch = Scratch {
            half_norms: vec![0.0; entries],
            scores: vec![0.0; CODEBOOK_SHARDS * codebook_block(entries) * entries],
            choices: vec![0.0; vectors],
            errors: vec![0.0; vectors],
            usage: vec![0; entries],
            vectors: 0,
        };
        Rc::new(Codebook { parts, scratch: RefCell::new(scratch) })
    }

    /// Quantises the first `pass.rows` rows and records the backward pass: the gradient of `y`,
    /// plus `commitment` (β) times that of the mean over the rows of `‖z_e − sg[z_q]‖²`. Returns
    /// the sum of `‖z_e − z_q‖²` over rows and features. Of entries at the same distance, the one
    /// with the lowest index is chosen.
    pub fn forward(self: &Rc<Self>, pass: &Pass, commitment: f32, recorder: &mut Recorder) -> f64 {
        self.quantise(pass.rows, &pass.threads);
        recorder.record(self, pass, move |code, pass, grads| code.backward(pass, commitment, grads));
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { choices, errors, usage, vectors, .. } = &mut *scratch;
        usage.fill(0);
        choices[..*vectors].iter().for_each(|&choice| usage[choice as usize] += 1);
        errors[..*vectors].iter().map(|&error| f64::from(error)).sum()
    }

    /// How many vectors of the latest minibatch chose each entry.
    pub fn usage(&self) -> Ref<'_, [u32]> {
        Ref::map(self.scratch.borrow(), |scratch| scratch.usage.as_slice())
    }

    /// Appends the entry that each vector of the latest forward pass chose.
    pub fn add_choices(&self, choices: &mut Vec<u32>) {
        let scratch = self.scratch.borrow();
        choices.extend(scratch.choices[..scratch.vectors].iter().map(|&choice| choice as u32));
    }

    /// Call after each training step, before the next forward pass: updates the averages and the
    /// entries, counts idle steps, and moves dead entries to vectors of the minibatch. Returns how
    /// many were moved.
    pub fn after_step(&self, reseed: Option<Reseed>, threads: &Threads) -> usize {
        if let Learning::MovingAverage { counts, sums, decay } = &self.parts.learning {
            self.average(counts, sums, *decay, threads);
        }
        let scratch = self.scratch.borrow();
        let mut idle = self.parts.idle.borrow_mut();
        let mut reseeded = 0;
        for (entry, (idle, &uses)) in idle.values_mut().iter_mut().zip(&scratch.usage).enumerate() {
            *idle = if uses > 0 { 0.0 } else { *idle + 1.0 };
            if let Some(Reseed { after, stream }) = reseed
                && *idle >= after.max(1) as f32
                && scratch.vectors > 0
            {
                self.put(entry, stream.below(entry as u64, scratch.vectors));
                *idle = 0.0;
                reseeded += 1;
            }
        }
        reseeded
    }

    /// Moves an entry to a vector.
    fn put(&self, entry: usize, vector: usize) {
        let (x, mut entries) = (self.parts.x.borrow(), self.parts.entries.borrow_mut());
        let width = entries.columns();
        let (from, to) = (vector * width..(vector + 1) * width, entry * width..(entry + 1) * width);
        entries.values_mut()[to.clone()].copy_from_slice(&x.values()[from.clone()]);
        if let Learning::MovingAverage { counts, sums, .. } = &self.parts.learning {
            counts.borrow_mut().values_mut()[entry] = 1.0;
            sums.borrow_mut().values_mut()[to].copy_from_slice(&x.values()[from]);
        }
    }

    fn quantise(&self, rows: usize, threads: &Threads) {
        let (x, entries) = (self.parts.x.borrow(), self.parts.entries.borrow());
        let (mut y, mut scratch) = (self.parts.y.borrow_mut(), self.scratch.borrow_mut());
        let Scratch { half_norms, scores, choices, errors, vectors: n, .. } = &mut *scratch;
        let (count, width) = (half_norms.len(), entries.columns());
        let vectors = rows * x.columns() / width;
        *n = vectors;
        let (x, entries) = (x.values(), entries.values());
        for (half, entry) in half_norms.iter_mut().zip(entries.chunks_exact(width)) {
            *half = 0.5 * entry.iter().map(|e| e * e).sum::<f32>();
        }
        let block = codebook_block(count);
        let per_shard = vectors.div_ceil(CODEBOOK_SHARDS).next_multiple_of(block);
        let book = Matrix::new(entries, count, width).transposed();
        let (y, scores) = (Parts::new(y.values_mut()), Parts::new(scores));
        let (choices, errors) = (Parts::new(choices), Parts::new(errors));
        threads.run(vectors.div_ceil(per_shard.max(1)), 2 * vectors * count * width, &|shard| {
            // SAFETY: `run` calls each shard once, and data of different shards do not overlap.
            let scores = unsafe { scores.part(shard * block * count..(shard + 1) * block * count) };
            let all = shard_range(shard, per_shard, vectors);
            for start in all.clone().step_by(block) {
                let range = start..(start + block).min(all.end);
                let values = range.start * width..range.end * width;
                let vectors = Matrix::new(&x[values.clone()], range.len(), width);
                multiply_here(scores, false, vectors, book);
                // SAFETY: as above.
                let (y, choices, errors) =
                    unsafe { (y.part(values.clone()), choices.part(range.clone()), errors.part(range)) };
                vectorised(
                    #[inline(always)]
                    || {
                        let outputs = y.chunks_exact_mut(width).zip(choices).zip(errors);
                        let inputs = x[values].chunks_exact(width).zip(scores.chunks_exact(count));
                        for (((y, choice), error), (x, products)) in outputs.zip(inputs) {
                            let nearest = nearest(half_norms, products);
                            y.copy_from_slice(&entries[nearest * width..][..width]);
                            *choice = nearest as f32;
                            *error = x.iter().zip(&*y).map(|(x, y)| (x - y) * (x - y)).sum();
                        }
                    },
                );
            }
        });
    }

    fn backward(&self, pass: &Pass, commitment: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        if matches!(self.parts.learning, Learning::Gradient) {
            self.entries_backward(rows, threads, grads)?;
        }
        if !self.parts.wants_input_gradient {
            return Ok(());
        }
        let (x, y) = (self.parts.x.borrow(), self.parts.y.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (len, scale) = (rows * x.columns(), 2.0 * commitment / rows as f32);
        let (x, y) = (x.values(), y.values());
        threads.for_each_piece(&mut dx[..len], SHARD, 4 * len, |start, dx| {
            vectorised(
                #[inline(always)]
                || {
                    let values = dy[start..].iter().zip(x[start..].iter().zip(&y[start..]));
                    for (dx, (&dy, (&x, &y))) in dx.iter_mut().zip(values) {
                        let pull = if scale == 0.0 { 0.0 } else { flushed(scale * (x - y), LEAST_GRADIENT) };
                        *dx = dy + pull + if adds { *dx } else { 0.0 };
                    }
                },
            );
        });
        Ok(())
    }

    /// The gradient of the mean over the rows of `‖sg[z_e] − z_q‖²` for the entries.
    fn entries_backward(&self, rows: usize, threads: &Threads, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, y, entries) = (self.parts.x.borrow(), self.parts.y.borrow(), self.parts.entries.borrow());
        // Entries that no vector chose have no gradient.
        no_gradient(&entries, entries.values().len(), grads)?;
        let [gradient] = gradients(grads, [&entries])?;
        let (width, scale) = (entries.columns(), 2.0 / rows as f32);
        let (x, y) = (x.values(), y.values());
        self.for_each_choice(gradient, width, threads, |vector, gradient| {
            let at = vector * width..(vector + 1) * width;
            for (gradient, (x, y)) in gradient.iter_mut().zip(x[at.clone()].iter().zip(&y[at])) {
                *gradient += flushed(scale * (y - x), LEAST_GRADIENT);
            }
        });
        Ok(())
    }

    /// One step of the moving averages, and the resulting entries.
    fn average(&self, counts: &Node, sums: &Node, decay: f32, threads: &Threads) {
        let (x, mut entries) = (self.parts.x.borrow(), self.parts.entries.borrow_mut());
        let (mut counts, mut sums) = (counts.borrow_mut(), sums.borrow_mut());
        let (width, x) = (entries.columns(), x.values());
        for (count, &uses) in counts.values_mut().iter_mut().zip(&self.scratch.borrow().usage) {
            *count = decay * *count + (1.0 - decay) * uses as f32;
        }
        sums.values_mut().iter_mut().for_each(|sum| *sum = flushed(decay * *sum, f32::MIN_POSITIVE));
        self.for_each_choice(sums.values_mut(), width, threads, |vector, sums| {
            for (sum, x) in sums.iter_mut().zip(&x[vector * width..(vector + 1) * width]) {
                *sum += (1.0 - decay) * x;
            }
        });
        let counts = counts.values();
        let total: f64 = counts.iter().map(|&count| f64::from(count)).sum();
        let share = total / (total + counts.len() as f64 * SMOOTHING);
        let means = sums.values().chunks_exact(width).zip(counts);
        for (entry, (sums, &count)) in entries.values_mut().chunks_exact_mut(width).zip(means) {
            let smoothed = ((f64::from(count) + SMOOTHING) * share) as f32;
            entry.iter_mut().zip(sums).for_each(|(entry, sum)| *entry = sum / smoothed);
        }
    }

    /// Calls `add` for every vector with the row of `out` (entries × `width`) that it chose; for
    /// each row in the order of the vectors, on any number of threads.
    fn for_each_choice(
        &self,
        out: &mut [f32],
        width: usize,
        threads: &Threads,
        add: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        let scratch = self.scratch.borrow();
        let choices = &scratch.choices[..scratch.vectors];
        let per_shard = scratch.usage.len().div_ceil(ENTRY_SHARDS);
        let flops = 4 * choices.len() * (width + ENTRY_SHARDS);
        threads.for_each_piece(out, per_shard * width, flops, |start, out| {
            let first = start / width;
            let mine = first..first + out.len() / width;
            vectorised(
                #[inline(always)]
                || {
                    for (vector, &choice) in choices.iter().enumerate() {
                        let choice = choice as usize;
                        if mine.contains(&choice) {
                            add(vector, &mut out[(choice - first) * width..][..width]);
                        }
                    }
                },
            );
        });
    }
}

/// The entry with the smallest `½ ‖e‖² − z·e`, which is half its squared distance up to a constant.
#[inline(always)]
fn nearest(half_norms: &[f32], products: &[f32]) -> usize {
    let mut least = [f32::INFINITY; LANES];
    let mut found = [0_u32; LANES];
    let (norms, dots) = (half_norms.chunks_exact(LANES), products.chunks_exact(LANES));
    let rest = norms.remainder().iter().zip(dots.remainder());
    let whole = half_norms.len() - norms.remainder().len();
    for (chunk, (norms, dots)) in (0..).zip(norms.zip(dots)) {
        for lane in 0..LANES {
            let score = norms[lane] - dots[lane];
            let is_less = score < least[lane];
            least[lane] = if is_less { score } else { least[lane] };
            found[lane] = if is_less { chunk } else { found[lane] };
        }
    }
    let mut best = (f32::INFINITY, 0);
    for lane in 0..LANES {
        let candidate = (least[lane], found[lane] as usize * LANES + lane);
        if candidate.0 < best.0 || (candidate.0 == best.0 && candidate.1 < best.1) {
            best = candidate;
        }
    }
    for (index, (norm, dot)) in (whole..).zip(rest) {
        if norm - dot < best.0 {
            best = (norm - dot, index);
        }
    }
    best.1
}

#[cfg(test)]
mod tests;
