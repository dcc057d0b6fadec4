//! The update step as one pass over weights, gradients and moments, with `PyTorch`'s semantics.

use super::math::{flushed, vectorised};
use super::threads::{Parts, Threads, shard_range};
use crate::project::Optimizer;

/// Moments below this are 0: without gradients they would decay through the subnormal numbers,
/// which are slow.
const LEAST_MOMENT: f32 = 1e-36;
/// Values per shard.
const SHARD: usize = 1 << 14;
/// Parts of a parameter by which its shards are put in order.
const PLACES: usize = 256;

/// Constants of one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The rule.
    pub optimizer: Optimizer,
    /// Learning rate of this step.
    pub learning_rate: f32,
    /// Number of this step, counted from 1.
    pub step: u64,
    /// Factor on the gradient: below 1 if it is clipped.
    pub gradient_scale: f32,
}

/// A contiguous part of a parameter with its gradient and state; state that the rule does not use
/// is empty.
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

/// All parameters split into shards: (parameter, shard within it).
#[derive(Clone, Debug, Default)]
pub struct UpdateShards {
    shards: Vec<(usize, usize)>,
    partial_squares: Vec<f64>,
    values: usize,
}

impl UpdateShards {
    /// The shards of parameters with these lengths.
    pub fn new(lens: impl Iterator<Item = usize>) -> UpdateShards {
        let mut shards = Vec::new();
        let mut values = 0;
        for (index, len) in lens.enumerate() {
            shards.extend((0..len.div_ceil(SHARD)).map(|shard| (index, shard, shard * SHARD * PLACES / len)));
            values += len;
        }
        // The first parts of all parameters come first: often the same thread has computed their
        // gradients.
        shards.sort_by_key(|(.., place)| *place);
        let shards: Vec<_> = shards.into_iter().map(|(index, shard, _)| (index, shard)).collect();
        UpdateShards { partial_squares: vec![0.0; shards.len()], shards, values }
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
            // Each `Parts` borrows one stretch's own slice for as long as `run` lasts, `part`
            // checks the range against its length, and `self.shards` names every (stretch, range)
            // once, as `new` built them.
            // SAFETY: `run` calls each shard once, so no two of the slices that are alive at a time
            // overlap.
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
                    // PyTorch initialises the velocity with the first gradient; starting from 0
                    // gives the same.
                    *v = flushed(momentum * *v + g, LEAST_MOMENT);
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
                    *s = flushed(alpha * *s + (1.0 - alpha) * g * g, LEAST_MOMENT);
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
                    *m = flushed(beta1 * *m + (1.0 - beta1) * g, LEAST_MOMENT);
                    *v = flushed(beta2 * *v + (1.0 - beta2) * g * g, LEAST_MOMENT);
                    *w -= decoupled * *w;
                    *w -= rate * *m / (v.sqrt() * root + eps);
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    const RATE: f32 = 0.1;
    const DECAY: f32 = 0.05;
    /// As large as the square roots it is added to, so that its effect shows.
    const EPS: f32 = 1e-2;

    fn sgd(momentum: f32, nesterov: bool) -> Optimizer {
        Optimizer::Sgd { momentum, nesterov }
    }

    /// Weights in `range` after six steps with gradients that do not depend on them.
    fn trained(optimizer: Optimizer, range: Range<usize>) -> Vec<f32> {
        let mut weight: Vec<f32> = range.clone().map(weight_at).collect();
        let (mut first, mut second) = (vec![0.0; range.len()], vec![0.0; range.len()]);
        for step in 0..6 {
            let gradient: Vec<f32> = range.clone().map(|index| gradient_at(step, index)).collect();
            let update =
                Update { optimizer, learning_rate: RATE, step: step as u64 + 1, gradient_scale: 1.0 };
            let (weight, first, second) = (&mut weight[..], &mut first[..], &mut second[..]);
            update.apply(Stretch { weight, gradient: &gradient, first, second, weight_decay: DECAY });
        }
        weight
    }

    fn weight_at(index: usize) -> f32 {
        (1.0 + index as f64).sin() as f32
    }

    fn gradient_at(step: usize, index: usize) -> f32 {
        let slope = (0.7 * step as f64 + 1.3 * index as f64).sin();
        (slope * 10_f64.powi(-((index % 4) as i32))) as f32
    }

    /// Expected: `PyTorch` 2.15 in double precision, `O = torch.optim`,
    /// ```python
    /// w = torch.tensor([sin(1.0 + i) for i in range(4)], dtype=torch.float64, requires_grad=True)
    /// for t in range(6):
    ///     w.grad = torch.tensor([sin(0.7 * t + 1.3 * i) * 10.0 ** -i for i in range(4)], dtype=torch.float64)
    ///     opt.step()
    /// ```
    /// with `opt` = `O.SGD([w], lr=0.1, weight_decay=0.05)`, also with `momentum=0.9` and
    /// `nesterov=True`, `O.RMSprop([w], lr=0.1, alpha=0.95, eps=1e-2, weight_decay=0.05)`, `O.Adam`
    /// and `O.AdamW` with `betas=(0.8, 0.95), eps=1e-2, weight_decay=0.05`.
    #[test]
    fn updates_equal_those_of_pytorch() {
        let check = |optimizer: Optimizer, expected: [f64; 4]| {
            for (ours, theirs) in trained(optimizer, 0..4).iter().zip(expected) {
                assert!((f64::from(*ours) - theirs).abs() < 2e-6, "{optimizer:?}: {ours}, not {theirs}");
            }
        };
        let (beta1, beta2, eps) = (0.8, 0.95, EPS);
        check(sgd(0.0, false), [0.572_610_29, 0.880_471_07, 0.139_277_37, -0.734_236_37]);
        check(sgd(0.9, false), [-0.085_764_75, 0.767_179_14, 0.133_944_52, -0.689_553_55]);
        check(sgd(0.9, true), [-0.249_272_15, 0.755_427_02, 0.132_974_17, -0.674_690_16]);
        let rms_prop = Optimizer::RmsProp { alpha: 0.95, eps };
        check(rms_prop, [-0.392_766_59, 0.524_927_99, 0.099_444_19, -0.145_652_44]);
        let adam = Optimizer::Adam { beta1, beta2, eps };
        check(adam, [0.354_895_14, 0.523_471_30, 0.070_355_18, -0.311_780_54]);
        let adam_w = Optimizer::AdamW { beta1, beta2, eps };
        check(adam_w, [0.424_919_42, 0.600_624_64, 0.198_359_57, -0.703_430_50]);
    }

    #[test]
    fn a_value_is_updated_as_if_it_were_alone() {
        // Not a multiple of the number of lanes, so that the remainder of every loop is tested.
        let len = 37;
        let (alpha, beta1, beta2) = (0.95, 0.8, 0.95);
        for optimizer in [
            sgd(0.0, false),
            sgd(0.9, false),
            sgd(0.9, true),
            Optimizer::RmsProp { alpha, eps: EPS },
            Optimizer::Adam { beta1, beta2, eps: EPS },
            Optimizer::AdamW { beta1, beta2, eps: EPS },
        ] {
            let alone: Vec<f32> = (0..len).flat_map(|index| trained(optimizer, index..index + 1)).collect();
            assert_eq!(trained(optimizer, 0..len), alone, "{optimizer:?}");
        }
    }
}
