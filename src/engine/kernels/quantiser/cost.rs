use std::cell::RefCell;
use std::rc::Rc;

use super::super::gumbel::largest;
use super::super::math::{LEAST_GRADIENT, exp, flushed, ln, vectorised};
use super::super::operation::LossTerm;
use super::super::pass::Pass;
use super::super::variable::{Grads, Node, TapeError, Write, gradients, no_gradient};
use super::super::workspace::zeros;
use super::{FLOPS, ROWS};
use crate::engine::EngineError;

/// Columns of the prior per shard.
const COLUMNS: usize = 256;

/// The cost of encoding the drawn units: `Σ_v KL(q_v‖π_v)` in nats, with learned priors
/// `π_v = softmax(b_v)`.
pub struct CodeCost {
    logits: Node,
    shares: Node,
    prior: Node,
    group: usize,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    /// `ln π`
    log_prior: Vec<f32>,
    /// Cost of each row.
    costs: Vec<f32>,
}

impl CodeCost {
    /// The cost of the distributions `shares` = softmax(`logits`), both rows × (groups · units),
    /// under the priors whose logits are `prior` (1 × (groups · units), learned); `group` is the
    /// number of units per group.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(logits: Node, shares: Node, prior: Node, group: usize) -> Result<Rc<CodeCost>, EngineError> {
        let (len, columns) = (shares.borrow().values().len(), shares.borrow().columns());
        let scratch = Scratch { log_prior: zeros(columns)?, costs: zeros(len / columns.max(1))? };
        Ok(Rc::new(CodeCost { logits, shares, prior, group, scratch: RefCell::new(scratch) }))
    }
}

impl LossTerm for CodeCost {
    /// The cost in nats; gradients go to the logits of q and of π.
    fn compute(&self, pass: &Pass) -> f64 {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (logits, shares, prior) = (self.logits.borrow(), self.shares.borrow(), self.prior.borrow());
        let (columns, group) = (shares.columns(), self.group);
        let (logits, shares) = (logits.values(), shares.values());
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { log_prior, costs } = &mut *scratch;
        for (out, prior) in log_prior.chunks_exact_mut(group).zip(prior.values().chunks_exact(group)) {
            log_softmax(prior, out);
        }
        let costs = &mut costs[..rows];
        threads.for_each_piece(costs, ROWS, FLOPS * rows * columns, |start, costs| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, cost) in (start..).zip(costs) {
                        *cost = (row * columns..(row + 1) * columns)
                            .step_by(group)
                            .zip(log_prior.chunks_exact(group))
                            .map(|(at, log_prior)| {
                                let (q, a) = (&shares[at..at + group], &logits[at..at + group]);
                                divergence(q, a, log_base(q, a), log_prior)
                            })
                            .sum();
                    }
                },
            );
        });
        costs.iter().map(|&cost| f64::from(cost)).sum()
    }

    /// `∂KL/∂a_k = q_k (ln q_k − ln π_k − KL)` and `∂KL/∂b_k = π_k − q_k`.
    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (logits, shares, prior) = (self.logits.borrow(), self.shares.borrow(), self.prior.borrow());
        let (columns, group) = (shares.columns(), self.group);
        let len = rows * columns;
        if weight == 0.0 {
            no_gradient(&logits, len, grads)?;
            return no_gradient(&prior, columns, grads);
        }
        let [dlogits, dprior] = gradients(grads, [&logits, &prior])?;
        let (logits_add, prior_adds) =
            (logits.claim_gradient() == Write::Add, prior.claim_gradient() == Write::Add);
        let (logits, shares) = (logits.values(), shares.values());
        let scratch = self.scratch.borrow();
        let log_prior = &scratch.log_prior;
        let scale = weight / rows as f32;
        threads.for_each_piece(&mut dlogits[..len], ROWS * columns, FLOPS * len, |start, gradient| {
            vectorised(
                #[inline(always)]
                || {
                    for (index, gradient) in gradient.chunks_exact_mut(group).enumerate() {
                        let at = start + index * group;
                        let (q, a) = (&shares[at..at + group], &logits[at..at + group]);
                        let log_prior = &log_prior[at % columns..][..group];
                        let base = log_base(q, a);
                        let mean = divergence(q, a, base, log_prior);
                        for (k, gradient) in gradient.iter_mut().enumerate() {
                            let own = scale * q[k] * (a[k] + base - log_prior[k] - mean);
                            *gradient =
                                flushed(own, LEAST_GRADIENT) + if logits_add { *gradient } else { 0.0 };
                        }
                    }
                },
            );
        });
        threads.for_each_piece(&mut dprior[..columns], COLUMNS, len, |start, gradient| {
            vectorised(
                #[inline(always)]
                || {
                    for (k, gradient) in (start..).zip(gradient) {
                        let used: f32 = (0..rows).map(|row| shares[row * columns + k]).sum();
                        let own = scale * (rows as f32 * exp(log_prior[k]) - used);
                        *gradient = flushed(own, LEAST_GRADIENT) + if prior_adds { *gradient } else { 0.0 };
                    }
                },
            );
        });
        Ok(())
    }
}

/// The constant that turns a logit into ln q: the largest share is e⁰ over the sum of exponentials,
/// so its logarithm is minus that of the sum.
#[inline(always)]
fn log_base(q: &[f32], a: &[f32]) -> f32 {
    ln(largest(q)) - largest(a)
}

/// `Σ_k q_k (ln q_k − ln π_k)`
#[inline(always)]
fn divergence(q: &[f32], a: &[f32], base: f32, log_prior: &[f32]) -> f32 {
    q.iter().zip(a).zip(log_prior).map(|((q, a), log_prior)| q * ((a + base) - log_prior)).sum()
}

fn log_softmax(logits: &[f32], out: &mut [f32]) {
    let max = largest(logits);
    let log_sum = ln(logits.iter().map(|l| exp(l - max)).sum());
    for (out, logit) in out.iter_mut().zip(logits) {
        *out = logit - max - log_sum;
    }
}
