//! Inverted dropout: features become 0 with probability `rate`, the others are scaled by
//! `1 / (1 − rate)`. The mask is a pure function of (seed, step, layer, feature), so the backward
//! pass recomputes it.

use std::rc::Rc;

use super::jacobian::Chain;
use super::math::vectorised;
use super::operation::Operation;
use super::pass::Pass;
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::dataset::random::{Purpose, Stream};
use crate::engine::EngineError;

/// Values per shard.
const SHARD: usize = 4096;

/// One dropout layer.
pub struct Dropout {
    /// Input.
    pub x: Node,
    /// Output, of the same size.
    pub y: Node,
    /// Probability that a feature becomes 0, in [0, 1).
    pub rate: f32,
    /// Its position in the network, for its random numbers.
    pub index: usize,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

impl Dropout {
    /// `to = mask · from`, or `to += mask · from`.
    fn masked(&self, pass: &Pass, adds: bool, from: &[f32], to: &mut [f32]) {
        let (rate, stream) = (self.rate, stream(pass, self.index));
        pass.threads.for_each_piece(to, SHARD, 16 * from.len(), |start, to| {
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

impl Operation for Dropout {
    fn compute(&self, pass: &Pass) {
        let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
        let len = pass.rows * x.columns();
        self.masked(pass, false, &x.values()[..len], &mut y.values_mut()[..len]);
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let len = pass.rows * x.columns();
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        self.masked(pass, adds, &dy[..len], &mut dx[..len]);
        Ok(())
    }

    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let (len, width) = (self.y.borrow().values().len(), self.y.borrow().columns());
        let (rate, index) = (self.rate, self.index);
        chain.push_mask(len / width.max(1), width, move |pass, factors| {
            let stream = stream(pass, index);
            pass.threads.for_each_piece(factors, SHARD, 16 * pass.rows * width, |start, factors| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (position, to) in (start as u64..).zip(factors) {
                            *to = factor(rate, stream, position);
                        }
                    },
                );
            });
        })
    }
}

/// The random numbers of the mask of operation `index`; `None` outside training.
fn stream(pass: &Pass, index: usize) -> Option<Stream> {
    pass.mode.noise().map(|draw| draw.stream(Purpose::Dropout, index))
}

/// The factor on the value at `position`.
#[inline(always)]
fn factor(rate: f32, stream: Option<Stream>, position: u64) -> f32 {
    match stream {
        Some(stream) if stream.uniform(position) < rate => 0.0,
        Some(_) => 1.0 / (1.0 - rate),
        None => 1.0,
    }
}
