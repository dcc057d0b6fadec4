//! Inverted dropout: features become 0 with probability `rate`, the others are scaled by `1 / (1 − rate)`. The mask is a
//! pure function of (seed, step, layer, feature), so the way back computes it again instead of storing it.

use std::rc::Rc;

use super::math::vectorised;
use super::tape::Recorder;
use super::threads::Threads;
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::dataset::random::Stream;

/// Values of a shard.
const SHARD: usize = 4096;

/// One dropout layer.
pub struct Dropout {
    /// Input.
    pub x: Node,
    /// Output, of the same size.
    pub y: Node,
    /// Probability of zero, in [0, 1).
    pub rate: f32,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

impl Dropout {
    /// Computes the first `rows` rows of `y`: with the mask of `stream`, or unchanged where there is none (evaluation).
    pub fn forward(
        self: &Rc<Self>,
        rows: usize,
        stream: Option<Stream>,
        threads: &Rc<Threads>,
        recorder: &mut Recorder,
    ) {
        let len = rows * self.x.borrow().columns();
        {
            let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
            self.masked(threads, stream, false, &x.values()[..len], &mut y.values_mut()[..len]);
        }
        if recorder.is_recording() && self.wants_input_gradient {
            let (dropout, threads) = (Rc::clone(self), Rc::clone(threads));
            recorder.push(move |grads| dropout.backward(len, stream, &threads, grads));
        }
    }

    fn backward(
        &self,
        len: usize,
        stream: Option<Stream>,
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        self.masked(threads, stream, adds, &dy[..len], &mut dx[..len]);
        Ok(())
    }

    /// Writes what each value is multiplied by: the mask of `stream`, or ones.
    pub(super) fn factors(&self, threads: &Threads, stream: Option<Stream>, to: &mut [f32]) {
        let (rate, flops) = (self.rate, 16 * to.len());
        threads.for_each_piece(to, SHARD, flops, |start, to| {
            vectorised(
                #[inline(always)]
                || {
                    for (position, to) in (start as u64..).zip(to) {
                        *to = factor(rate, stream, position);
                    }
                },
            );
        });
    }

    /// `to = mask · from`, or `to += mask · from`.
    fn masked(&self, threads: &Threads, stream: Option<Stream>, adds: bool, from: &[f32], to: &mut [f32]) {
        let rate = self.rate;
        threads.for_each_piece(to, SHARD, 16 * from.len(), |start, to| {
            vectorised(
                #[inline(always)]
                || {
                    for (position, (to, from)) in (start as u64..).zip(to.iter_mut().zip(&from[start..])) {
                        *to = factor(rate, stream, position) * from + if adds { *to } else { 0.0 };
                    }
                },
            );
        });
    }
}

/// What the value at `position` is multiplied by.
#[inline(always)]
fn factor(rate: f32, stream: Option<Stream>, position: u64) -> f32 {
    match stream {
        Some(stream) if stream.uniform(position) < rate => 0.0,
        Some(_) => 1.0 / (1.0 - rate),
        None => 1.0,
    }
}
