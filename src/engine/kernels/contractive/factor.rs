//! Layers that multiply each value by a factor, as linear maps: slopes of activations, masks, scales.

use std::cell::RefCell;
use std::rc::Rc;

use super::stage::{Block, for_each_rows};
use crate::dataset::random::Purpose;
use crate::engine::EngineError;
use crate::engine::kernels::activation::{backward_row, curvature_row, is_curved};
use crate::engine::kernels::batch_norm::BatchNorm;
use crate::engine::kernels::draw::Draw;
use crate::engine::kernels::dropout::Dropout;
use crate::engine::kernels::math::{LEAST_GRADIENT, flushed, vectorised};
use crate::engine::kernels::threads::{Parts, Threads, shard_range};
use crate::engine::kernels::variable::{Grads, Node, TapeError, gradients};
use crate::engine::kernels::workspace::zeros;
use crate::project::Activation;

/// Values of a shard where sums run over the rows.
const COLUMNS: usize = 256;

/// `M` = a diagonal matrix, for each sample or for all.
pub(super) struct Factor {
    width: usize,
    kind: Kind,
    /// The diagonals: samples × width, or one for all.
    values: RefCell<Vec<f32>>,
    /// For a curved activation, what makes a gradient of the slope one of the output: samples × width.
    curvature: RefCell<Vec<f32>>,
    /// Sums over rows, for a batch norm.
    sums: RefCell<Vec<f64>>,
}

/// Where the factors come from.
pub(super) enum Kind {
    /// The slope of an activation at its output, and at its sums where it needs them.
    Slope { activation: Activation, y: Node, sums: Option<Node> },
    /// The mask of a dropout, the operation `index` of the network.
    Dropout { dropout: Rc<Dropout>, index: usize },
    /// A mask that a layer keeps, samples × width.
    Mask(Node),
    /// γ / √(variance + eps) of a batch norm, its statistics constant.
    Norm(Rc<BatchNorm>),
}

impl Factor {
    /// Room for the factors of as many samples as the layer holds.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(kind: Kind) -> Result<Factor, EngineError> {
        let size = |node: &Node| (node.borrow().columns(), node.borrow().values().len());
        let (width, len) = match &kind {
            Kind::Slope { y, .. } | Kind::Mask(y) => size(y),
            Kind::Dropout { dropout, .. } => size(&dropout.y),
            Kind::Norm(norm) => {
                let (width, _) = size(&norm.parts().y);
                (width, width)
            }
        };
        let curved = matches!(kind, Kind::Slope { activation, .. } if is_curved(activation));
        let summed = if matches!(kind, Kind::Norm(_)) { width } else { 0 };
        Ok(Factor {
            width,
            kind,
            values: RefCell::new(zeros(len)?),
            curvature: RefCell::new(zeros(if curved { len } else { 0 })?),
            sums: RefCell::new(zeros(summed)?),
        })
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// What the factors depend on; the output of an activation stands for its sums.
    pub fn source(&self) -> Option<Node> {
        match &self.kind {
            Kind::Slope { activation, y, .. } if is_curved(*activation) => Some(Rc::clone(y)),
            Kind::Slope { .. } | Kind::Dropout { .. } | Kind::Mask(_) => None,
            Kind::Norm(norm) => Some(Rc::clone(&norm.parts().weight)),
        }
    }

    /// Takes the factors of `rows` samples.
    pub fn prepare(&self, rows: usize, draw: Option<Draw>, threads: &Threads) {
        let (mut values, width) = (self.values.borrow_mut(), self.width);
        let len = rows * width;
        match &self.kind {
            Kind::Slope { activation, y, sums } => {
                let (y, sums) = (y.borrow(), sums.as_ref().map(|sums| sums.borrow()));
                let (y, pre) = (y.values(), sums.as_ref().map_or(y.values(), |sums| sums.values()));
                for_each_rows(threads, &mut values[..len], width, 16 * len, |row, values| {
                    let at = row * width..row * width + values.len();
                    values.fill(1.0);
                    vectorised(
                        #[inline(always)]
                        || backward_row(*activation, &y[at.clone()], &pre[at], values),
                    );
                });
                let mut curvature = self.curvature.borrow_mut();
                let len = len.min(curvature.len());
                for_each_rows(threads, &mut curvature[..len], width, 16 * len, |row, values| {
                    let at = row * width..row * width + values.len();
                    vectorised(
                        #[inline(always)]
                        || curvature_row(*activation, &y[at.clone()], &pre[at], values),
                    );
                });
            }
            Kind::Dropout { dropout, index } => {
                let stream = draw.map(|draw| draw.stream(Purpose::Dropout, *index));
                dropout.factors(threads, stream, &mut values[..len]);
            }
            Kind::Mask(mask) => values[..len].copy_from_slice(&mask.borrow().values()[..len]),
            Kind::Norm(norm) => {
                let (weight, inverse) = (norm.parts().weight.borrow(), norm.inverse_deviation());
                let channels =
                    weight.values().iter().zip(&*inverse).map(|(weight, inverse)| weight * inverse);
                values.iter_mut().zip(channels.cycle()).for_each(|(value, channel)| *value = channel);
            }
        }
    }

    /// `to = M from`, which is `Mᵀ from` as well.
    pub fn multiply(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        let (values, width) = (self.values.borrow(), self.width);
        let (values, per_sample) = (&**values, !matches!(self.kind, Kind::Norm(_)));
        let len = block.rows() * width;
        for_each_rows(threads, &mut to[..len], width, 4 * len, |first, to| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, to) in (first..).zip(to.chunks_exact_mut(width)) {
                        let factors = &values[if per_sample { block.sample(row) * width } else { 0 }..];
                        for ((to, from), factor) in to.iter_mut().zip(&from[row * width..]).zip(factors) {
                            *to = flushed(from * factor, LEAST_GRADIENT);
                        }
                    }
                },
            );
        });
    }

    pub fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        match &self.kind {
            Kind::Slope { activation, y, .. } if is_curved(*activation) => {
                self.to_output(block, (s, t), y, threads, grads)
            }
            Kind::Norm(norm) => self.to_scale(block, (s, t), norm, threads, grads),
            Kind::Slope { .. } | Kind::Dropout { .. } | Kind::Mask(_) => Ok(()),
        }
    }

    /// Adds `s · t · f″/f′` to the gradient of an activation's output.
    fn to_output(
        &self,
        block: Block,
        (s, t): (&[f32], &[f32]),
        y: &Node,
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dy] = gradients(grads, [&y.borrow()])?;
        let (curvature, width) = (self.curvature.borrow(), self.width);
        let curvature = &curvature[block.first * width..];
        let dy = &mut dy[block.first * width..(block.first + block.samples) * width];
        for_each_rows(threads, dy, width, 4 * block.rows() * width, |first, dy| {
            vectorised(
                #[inline(always)]
                || {
                    for (sample, dy) in (first..).zip(dy.chunks_exact_mut(width)) {
                        let curvature = &curvature[sample * width..][..width];
                        for probe in 0..block.probes {
                            let at = (sample * block.probes + probe) * width;
                            let pairs = s[at..at + width].iter().zip(&t[at..at + width]);
                            for ((dy, curvature), (s, t)) in dy.iter_mut().zip(curvature).zip(pairs) {
                                *dy += s * t * curvature;
                            }
                        }
                    }
                },
            );
        });
        Ok(())
    }

    /// Adds `s · t / √(variance + eps)` to the gradient of a batch norm's γ.
    fn to_scale(
        &self,
        block: Block,
        (s, t): (&[f32], &[f32]),
        norm: &BatchNorm,
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dw] = gradients(grads, [&norm.parts().weight.borrow()])?;
        let (mut sums, width) = (self.sums.borrow_mut(), self.width);
        add_products(block.rows(), width, (s, t), &mut sums, threads);
        let (channels, inverse) = (dw.len(), norm.inverse_deviation());
        for (channel, dw) in dw.iter_mut().enumerate() {
            let sum: f64 = sums[channel..].iter().step_by(channels).sum();
            *dw += (sum * f64::from(inverse[channel])) as f32;
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
