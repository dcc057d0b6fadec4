//! The scale of each channel as a linear map: a batch norm whose statistics are constants.

use std::cell::RefCell;
use std::rc::Rc;

use super::block::Block;
use super::diagonal::{Diagonal, Factors};
use crate::engine::EngineError;
use crate::engine::kernels::math::vectorised;
use crate::engine::kernels::pass::Pass;
use crate::engine::kernels::threads::{Parts, Threads, shard_range};
use crate::engine::kernels::variable::{Grads, Node, TapeError, gradients};
use crate::engine::kernels::workspace::zeros;

/// Values of a shard where sums run over the rows.
const COLUMNS: usize = 256;

/// `M = diag(γ i)` with the inverse deviations i of the channels, equal for all samples.
pub struct Scale {
    /// γ: 1 × channels.
    weight: Node,
    /// Means of the channels, then their inverse deviations, of the last forward pass.
    statistics: Rc<RefCell<Vec<f32>>>,
    /// Sums over rows, one per value.
    sums: RefCell<Vec<f64>>,
}

impl Scale {
    /// The scale of rows of `width` values, which are pixels × channels; `statistics` holds the
    /// channels' means, then their inverse deviations.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn diagonal(
        weight: Node,
        statistics: Rc<RefCell<Vec<f32>>>,
        width: usize,
    ) -> Result<Diagonal<Scale>, EngineError> {
        let sums = RefCell::new(zeros(width)?);
        Diagonal::shared(Scale { weight, statistics, sums }, width)
    }
}

impl Factors for Scale {
    fn fill(&self, _pass: &Pass, factors: &mut [f32]) {
        let (weight, statistics) = (self.weight.borrow(), self.statistics.borrow());
        let (_, inverses) = statistics.split_at(statistics.len() / 2);
        let channels = weight.values().iter().zip(inverses).map(|(weight, inverse)| weight * inverse);
        factors.iter_mut().zip(channels.cycle()).for_each(|(factor, channel)| *factor = channel);
    }

    fn sources(&self) -> Vec<Node> {
        vec![Node::clone(&self.weight)]
    }

    /// Adds `s · t · i` to the gradient of γ.
    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dw] = gradients(grads, [&self.weight.borrow()])?;
        let (mut sums, statistics) = (self.sums.borrow_mut(), self.statistics.borrow());
        let width = sums.len();
        add_products(block.rows(), width, (s, t), &mut sums, threads);
        let (channels, (_, inverses)) = (dw.len(), statistics.split_at(statistics.len() / 2));
        for (channel, dw) in dw.iter_mut().enumerate() {
            let sum: f64 = sums[channel..].iter().step_by(channels).sum();
            *dw += (sum * f64::from(inverses[channel])) as f32;
        }
        Ok(())
    }
}

/// `sums` = the sum of `s · t` over the rows, column by column.
fn add_products(rows: usize, width: usize, (s, t): (&[f32], &[f32]), sums: &mut [f64], threads: &Threads) {
    let sums = Parts::new(sums);
    threads.run(width.div_ceil(COLUMNS), 4 * rows * width, &|shard| {
        let own = shard_range(shard, COLUMNS, width);
        // SAFETY: each shard runs once and writes its own columns.
        let sums = unsafe { sums.part(own.clone()) };
        sums.fill(0.0);
        vectorised(
            #[inline(always)]
            || {
                for row in 0..rows {
                    let at = row * width + own.start..row * width + own.end;
                    for (sum, (s, t)) in sums.iter_mut().zip(s[at.clone()].iter().zip(&t[at])) {
                        *sum += f64::from(*s) * f64::from(*t);
                    }
                }
            },
        );
    });
}
