//! The update step as one pass over weights, gradients and moments. Semantics are `PyTorch`'s.

use super::math::vectorised;
use super::threads::{Parts, Threads, shard_range};
use crate::project::Optimizer;

/// Values of a shard.
const SHARD: usize = 1 << 14;

/// Constants of one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The rule.
    pub optimizer: Optimizer,
    /// Learning rate of this step.
    pub learning_rate: f32,
    /// Number of this step, counted from 1.
    pub step: u64,
    /// What the gradient is multiplied by first: below 1 where it is clipped.
    pub gradient_scale: f32,
}

/// One stretch of a parameter with its gradient and state; the state the rule does not use is empty.
pub struct Stretch<'a> {
    /// Values to be updated.
    pub weight: &'a mut [f32],
    /// Their gradients.
    pub gradient: &'a [f32],
    /// Momentum, or first moment, or empty.
    pub first: &'a mut [f32],
    /// Mean square, or second moment, or empty.
    pub second: &'a mut [f32],
    /// Weight decay of this parameter; 0 for biases.
    pub weight_decay: f32,
}

/// All parameters cut into shards: (parameter, shard within it).
#[derive(Clone, Debug, Default)]
pub struct UpdateShards {
    shards: Vec<(usize, usize)>,
    partial_squares: Vec<f64>,
    values: usize,
}

impl UpdateShards {
    /// The shards of parameters with these numbers of values.
    pub fn new(lens: impl Iterator<Item = usize>) -> UpdateShards {
        let mut cut = UpdateShards::default();
        for (index, len) in lens.enumerate() {
            cut.shards.extend((0..len.div_ceil(SHARD)).map(|shard| (index, shard)));
            cut.values += len;
        }
        cut.partial_squares = vec![0.0; cut.shards.len()];
        cut
    }

    /// Euclidean norm of the gradient over all parameters.
    pub fn gradient_norm(&mut self, stretches: &[Stretch<'_>]) -> f64 {
        for ((index, shard), sum) in self.shards.iter().zip(&mut self.partial_squares) {
            let gradient = &stretches[*index].gradient;
            let gradient = &gradient[shard_range(*shard, SHARD, gradient.len())];
            *sum = vectorised(
                #[inline(always)]
                || square_sum(gradient),
            );
        }
        self.partial_squares.iter().sum::<f64>().sqrt()
    }

    /// Applies the update to all parameters, on all threads.
    pub fn apply(&self, update: &Update, threads: &Threads, stretches: &mut [Stretch<'_>]) {
        let parts: Vec<_> = stretches
            .iter_mut()
            .map(|stretch| {
                let (first, second) = (Parts::new(stretch.first), Parts::new(stretch.second));
                (Parts::new(stretch.weight), stretch.gradient, first, second, stretch.weight_decay)
            })
            .collect();
        threads.run(self.shards.len(), 8 * self.values, &|shard| {
            let (index, shard) = self.shards[shard];
            let (weight, gradient, first, second, weight_decay) = parts[index];
            let range = shard_range(shard, SHARD, gradient.len());
            let of_state = |state: Parts<'_>| if state.len() == 0 { 0..0 } else { range.clone() };
            // SAFETY: `run` calls each shard once, and the ranges of different shards do not overlap.
            let (weight, first, second) = unsafe {
                (weight.part(range.clone()), first.part(of_state(first)), second.part(of_state(second)))
            };
            update.apply(Stretch { weight, gradient: &gradient[range], first, second, weight_decay });
        });
    }
}

/// Σ g², in lanes so that the loop vectorises.
#[inline(always)]
fn square_sum(gradient: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; 16];
    let chunks = gradient.chunks_exact(16);
    let tail: f32 = chunks.remainder().iter().map(|g| g * g).sum();
    for chunk in chunks {
        for (lane, g) in lanes.iter_mut().zip(chunk) {
            *lane += g * g;
        }
    }
    lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + f64::from(tail)
}

impl Update {
    /// Applies the update to one stretch.
    pub fn apply(&self, stretch: Stretch<'_>) {
        match self.optimizer {
            Optimizer::Sgd { momentum: 0.0, .. } => self.sgd(stretch),
            Optimizer::Sgd { momentum, nesterov } => self.sgd_momentum(stretch, momentum, nesterov),
            Optimizer::RmsProp { alpha, eps } => self.rms_prop(stretch, alpha, eps),
            Optimizer::Adam { beta1, beta2, eps } => self.adam(stretch, [beta1, beta2, eps], false),
            Optimizer::AdamW { beta1, beta2, eps } => self.adam(stretch, [beta1, beta2, eps], true),
        }
    }

    fn sgd(&self, stretch: Stretch<'_>) {
        let Stretch { weight, gradient, weight_decay, .. } = stretch;
        let (rate, scale) = (self.learning_rate, self.gradient_scale);
        vectorised(
            #[inline(always)]
            || {
                for (w, &g) in weight.iter_mut().zip(gradient) {
                    *w -= rate * (g * scale + weight_decay * *w);
                }
            },
        );
    }

    fn sgd_momentum(&self, stretch: Stretch<'_>, momentum: f32, nesterov: bool) {
        let Stretch { weight, gradient, first, weight_decay, .. } = stretch;
        let (rate, scale) = (self.learning_rate, self.gradient_scale);
        vectorised(
            #[inline(always)]
            || {
                for ((w, &g), v) in weight.iter_mut().zip(gradient).zip(first) {
                    let g = g * scale + weight_decay * *w;
                    // PyTorch starts the velocity with the first gradient; so does a velocity of 0.
                    *v = momentum * *v + g;
                    *w -= rate * if nesterov { g + momentum * *v } else { *v };
                }
            },
        );
    }

    fn rms_prop(&self, stretch: Stretch<'_>, alpha: f32, eps: f32) {
        let Stretch { weight, gradient, second, weight_decay, .. } = stretch;
        let (rate, scale) = (self.learning_rate, self.gradient_scale);
        vectorised(
            #[inline(always)]
            || {
                for ((w, &g), s) in weight.iter_mut().zip(gradient).zip(second) {
                    let g = g * scale + weight_decay * *w;
                    *s = alpha * *s + (1.0 - alpha) * g * g;
                    *w -= rate * g / (s.sqrt() + eps);
                }
            },
        );
    }

    fn adam(&self, stretch: Stretch<'_>, [beta1, beta2, eps]: [f32; 3], is_decoupled: bool) {
        let Stretch { weight, gradient, first, second, weight_decay } = stretch;
        let scale = self.gradient_scale;
        // Bias corrections in f64: 1 − β₂ᵗ loses half its digits in f32.
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(self.step as f64);
        let rate = (f64::from(self.learning_rate) / correction(beta1)) as f32;
        let root = (1.0 / correction(beta2).sqrt()) as f32;
        let (decay, decoupled) =
            if is_decoupled { (0.0, self.learning_rate * weight_decay) } else { (weight_decay, 0.0) };
        vectorised(
            #[inline(always)]
            || {
                for ((w, &g), (m, v)) in weight.iter_mut().zip(gradient).zip(first.iter_mut().zip(second)) {
                    let g = g * scale + decay * *w;
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                    *w -= decoupled * *w;
                    *w -= rate * *m / (v.sqrt() * root + eps);
                }
            },
        );
    }
}
