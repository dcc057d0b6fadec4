//! Reconstruction losses: summed over features, averaged over the minibatch.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use super::activation::backward_row;
use super::math::{LEAST_GRADIENT, flushed, sigmoid, softplus, vectorised};
use super::output::Output;
use super::pass::Pass;
use super::tape::Recorder;
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients, no_gradient};
use crate::project::Activation;

/// Rows per shard.
const ROWS: usize = 16;
/// Partial sums per row, so that the loop vectorises.
const LANES: usize = 16;
/// Smallest and largest logarithm of a learned variance: a standard deviation of 0.0025, less than
/// the step between 8-bit grey values in [0, 1], and of 400. Without a floor the density of a
/// perfect reconstruction grows without bound.
pub const LOG_VARIANCE: (f32, f32) = (-12.0, 12.0);

/// How an output is compared with its target.
#[derive(Clone)]
pub enum Comparison {
    /// `Σ (x − x')²`
    SquaredError,
    /// `−Σ x log x' + (1 − x) log (1 − x')` for data in [0, 1]; the output is the logits of x'.
    BinaryCrossEntropy,
    /// `Σ |x − x'|`
    AbsoluteError,
    /// `Σ (x − x')² / 2` where `|x − x'| ≤ δ`, else `Σ δ (|x − x'| − δ/2)`.
    Huber {
        /// δ.
        delta: f32,
    },
    /// `−log N(x; x', σ² I) = Σ (x − x')² / 2σ² + d/2 log 2πσ²`, in nats.
    Gaussian(Variance),
}

/// σ² of a Gaussian likelihood.
#[derive(Clone)]
pub enum Variance {
    /// A given value.
    Fixed {
        /// σ.
        std: f32,
    },
    /// One learned value for all features.
    Learned {
        /// log σ², 1 × 1, clamped to [`LOG_VARIANCE`]; outside that range, only gradients towards
        /// it pass.
        log_variance: Node,
    },
}

/// Data shared by an importance-weighted bound and its likelihood, one value per output row.
#[derive(Clone)]
pub struct Importance {
    /// The loss of each row, `−log p(x|z)`, written by the forward pass of the likelihood: rows ×
    /// 1.
    pub losses: Node,
    /// Factor on the gradient of each row in the backward pass; written before that: rows × 1.
    pub weights: Node,
}

/// Weights of values and features.
#[derive(Clone, Default)]
pub struct LossWeights {
    /// Of each value of the targets, rows × features: 1, or 0 if it is missing. `None` if no values
    /// are missing.
    pub values: Option<Node>,
    /// Of each feature, 1 × features, with mean 1; `None` means all 1. They affect the loss only.
    pub features: Option<Node>,
}

/// The weights of one row.
#[derive(Clone, Copy)]
struct RowWeights<'a> {
    values: Option<&'a [f32]>,
    features: Option<&'a [f32]>,
}

/// Compares the network's output with the clean input.
///
/// With weights `m` of values and `w` of features the loss of a row is `Σ m w ℓ`: if no values are
/// missing, the weighted mean of the features' losses times the number of features. The squared
/// error of a row is its mean over the values present times the number of features, without the
/// features' weights. Both are 0 for a row without values.
///
/// With K samples per target, output row `i` is compared with target row `i / K`, and the value of
/// a target is the mean over its samples. With [`Importance`] the gradient of each output row is
/// multiplied by its weight instead of by 1/K.
pub struct ReconstructionLoss {
    output: Rc<Output>,
    target: Node,
    comparison: Comparison,
    importance: Option<Importance>,
    weights: LossWeights,
    /// Loss and squared error of each output row.
    row_values: RefCell<Vec<f32>>,
}

/// Sums over the samples of a minibatch, each summed over features.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// The loss.
    pub loss: f64,
    /// The squared error of the reconstruction, for every kind of loss.
    pub squared_error: f64,
}

/// The terms that are summed over the features of a row.
#[derive(Clone, Copy)]
enum Terms {
    /// (x − x')²; the loss of a row is `factor` times the sum, plus `constant`.
    Squares {
        factor: f32,
        constant: f32,
    },
    Absolutes,
    Huber {
        delta: f32,
    },
    Logits,
}

impl ReconstructionLoss {
    /// Compares `output`, the reconstruction or its logits, with `target`, both rows × features.
    #[cfg(test)]
    pub fn new(
        output: Node,
        target: Node,
        comparison: Comparison,
        importance: Option<Importance>,
    ) -> Rc<ReconstructionLoss> {
        let output = Output::linear(output);
        ReconstructionLoss::weighted(output, target, comparison, importance, LossWeights::default())
    }

    /// As `new`, with weights. It applies the derivative of the activation of `output`, whose layer
    /// must be the last one.
    pub fn weighted(
        output: Rc<Output>,
        target: Node,
        comparison: Comparison,
        importance: Option<Importance>,
        weights: LossWeights,
    ) -> Rc<ReconstructionLoss> {
        let rows = {
            let output = output.y.borrow();
            output.values().len() / output.columns().max(1)
        };
        let row_values = RefCell::new(vec![0.0; 2 * rows]);
        Rc::new(ReconstructionLoss { output, target, comparison, importance, weights, row_values })
    }

    /// This comparison with another target.
    pub fn with_target(&self, target: Node) -> Rc<ReconstructionLoss> {
        self.with(target, self.importance.clone())
    }

    /// This comparison for another bound.
    pub fn with_importance(&self, importance: Importance) -> Rc<ReconstructionLoss> {
        self.with(Rc::clone(&self.target), Some(importance))
    }

    fn with(&self, target: Node, importance: Option<Importance>) -> Rc<ReconstructionLoss> {
        let (output, comparison) = (Rc::clone(&self.output), self.comparison.clone());
        ReconstructionLoss::weighted(output, target, comparison, importance, self.weights.clone())
    }

    /// How output and target are compared.
    #[cfg(test)]
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// Loss and squared error of the outputs of the latest forward pass, two values per row.
    pub fn row_values(&self) -> Ref<'_, [f32]> {
        Ref::map(self.row_values.borrow(), Vec::as_slice)
    }

    /// The loss of the first `pass.rows` targets, each with `pass.samples` outputs, summed over the
    /// targets; records the backward pass for `weight` times its mean.
    pub fn forward(self: &Rc<Self>, pass: &Pass, weight: f32, recorder: &mut Recorder) -> Sums {
        recorder.record(self, pass, move |loss, pass, grads| loss.backward(pass, weight, grads));
        let (rows, samples, threads) = (pass.rows, pass.samples, &*pass.threads);
        let (output, target) = (self.output.y.borrow(), self.target.borrow());
        let (features, terms) = (target.columns(), self.terms());
        let (output, target) = (output.values(), target.values());
        let weights = self.weights.borrowed();
        let weights = weights.values();
        // Two sums per row, added up in the order of the rows on any number of threads.
        let mut row_values = self.row_values.borrow_mut();
        let row_values = &mut row_values[..2 * rows * samples];
        threads.for_each_piece(row_values, 2 * ROWS, 16 * rows * samples * features, |start, sums| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, sums) in (start / 2..).zip(sums.chunks_exact_mut(2)) {
                        let output = &output[row * features..][..features];
                        let own = row / samples * features;
                        let weights = weights.of_row(own, features);
                        (sums[0], sums[1]) = row_sums(terms, output, &target[own..][..features], weights);
                    }
                },
            );
        });
        if let Some(Importance { losses, .. }) = &self.importance {
            for (loss, row) in losses.borrow_mut().values_mut().iter_mut().zip(row_values.chunks_exact(2)) {
                *loss = row[0];
            }
        }
        let mean = 1.0 / samples.max(1) as f64;
        row_values.chunks_exact(2).fold(Sums::default(), |sums, row| Sums {
            loss: sums.loss + mean * f64::from(row[0]),
            squared_error: sums.squared_error + mean * f64::from(row[1]),
        })
    }

    fn terms(&self) -> Terms {
        let log_variance = match &self.comparison {
            Comparison::SquaredError => return Terms::Squares { factor: 1.0, constant: 0.0 },
            Comparison::BinaryCrossEntropy => return Terms::Logits,
            Comparison::AbsoluteError => return Terms::Absolutes,
            Comparison::Huber { delta } => return Terms::Huber { delta: *delta },
            Comparison::Gaussian(Variance::Fixed { std }) => 2.0 * std.ln(),
            Comparison::Gaussian(Variance::Learned { log_variance }) => clamped(log_variance),
        };
        let half = 0.5 * self.target.borrow().columns() as f32;
        let constant = half * (std::f32::consts::TAU.ln() + log_variance);
        Terms::Squares { factor: 0.5 * (-log_variance).exp(), constant }
    }

    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, samples, threads) = (pass.rows, pass.samples, &*pass.threads);
        let (output, target) = (self.output.y.borrow(), self.target.borrow());
        let (features, terms) = (target.columns(), self.terms());
        let len = rows * samples * features;
        if weight == 0.0 {
            if let Comparison::Gaussian(Variance::Learned { log_variance }) = &self.comparison {
                no_gradient(&log_variance.borrow(), 1, grads)?;
            }
            return no_gradient(&output, len, grads);
        }
        let importance = self.importance.as_ref().map(|importance| importance.weights.borrow());
        let row_weights = importance.as_ref().map(|weights| weights.values());
        let scale = weight / rows as f32;
        let scale_of = move |row: usize| match row_weights {
            Some(weights) => scale * weights[row],
            None => scale / samples as f32,
        };
        self.variance_backward(pass, &scale_of, grads)?;
        let weights = self.weights.borrowed();
        let weights = weights.values();
        let [gradient] = gradients(grads, [&output])?;
        let adds = output.claim_gradient() == Write::Add;
        let (output, target) = (output.values(), target.values());
        // Gradients that others have added still need the derivative.
        let activation = if adds { Activation::Linear } else { self.output.through() };
        let sums = self.output.sums.as_ref().map(|sums| sums.borrow());
        let pre = sums.as_ref().map_or(output, |sums| sums.values());
        threads.for_each_piece(&mut gradient[..len], ROWS * features, 16 * len, |start, gradient| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, gradient) in (start / features..).zip(gradient.chunks_exact_mut(features)) {
                        let range = row * features..(row + 1) * features;
                        let (output, pre) = (&output[range.clone()], &pre[range]);
                        let own = row / samples * features;
                        let weights = weights.of_row(own, features);
                        let pair = (output, &target[own..][..features]);
                        // A branch inside the loop would prevent vectorisation.
                        if adds {
                            row_backward(terms, scale_of(row), true, pair, weights, gradient);
                        } else {
                            row_backward(terms, scale_of(row), false, pair, weights, gradient);
                        }
                        backward_row(activation, output, pre, gradient);
                    }
                },
            );
        });
        Ok(())
    }

    /// The gradient of a learned log σ²: `Σ scale · (d/2 − Σ (x − x')² / 2σ²)`, in the order of the
    /// rows. d is multiplied by the share of values present; weighted features have their weights.
    fn variance_backward(
        &self,
        pass: &Pass,
        scale_of: &dyn Fn(usize) -> f32,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let Comparison::Gaussian(Variance::Learned { log_variance }) = &self.comparison else {
            return Ok(());
        };
        let (half, half_precision) =
            (0.5 * self.target.borrow().columns() as f64, 0.5 * f64::from(-clamped(log_variance)).exp());
        let row_values = self.row_values.borrow();
        let features = self.target.borrow().columns();
        let weights = self.weights.borrowed();
        let weights = weights.values();
        let (is_weighted, terms) = (weights.features.is_some(), self.terms());
        let term_of = |row: usize| {
            let (scale, share) = (
                f64::from(scale_of(row)),
                f64::from(weights.of_row(row / pass.samples * features, features).share()),
            );
            match terms {
                // The loss has the features' weights, the squared error has not.
                Terms::Squares { constant, .. } if is_weighted => {
                    scale * (half * share - (f64::from(row_values[2 * row]) - f64::from(constant) * share))
                }
                Terms::Squares { .. } | Terms::Absolutes | Terms::Huber { .. } | Terms::Logits => {
                    scale * share * (half - f64::from(row_values[2 * row + 1]) * half_precision)
                }
            }
        };
        let sum: f64 = (0..pass.rows * pass.samples).map(term_of).sum();
        let log_variance = log_variance.borrow();
        let (now, (least, most)) = (log_variance.values()[0], LOG_VARIANCE);
        // Descent subtracts the gradient.
        let leads_out = (now <= least && sum > 0.0) || (now >= most && sum < 0.0);
        let own = if leads_out { 0.0 } else { sum as f32 };
        let [gradient] = gradients(grads, [&log_variance])?;
        let before = if log_variance.claim_gradient() == Write::Add { gradient[0] } else { 0.0 };
        gradient[0] = before + own;
        Ok(())
    }
}

fn clamped(log_variance: &Node) -> f32 {
    log_variance.borrow().values()[0].clamp(LOG_VARIANCE.0, LOG_VARIANCE.1)
}

/// Weights borrowed for reading.
struct Borrowed<'a> {
    values: Option<Ref<'a, Variable>>,
    features: Option<Ref<'a, Variable>>,
}

impl LossWeights {
    fn borrowed(&self) -> Borrowed<'_> {
        Borrowed {
            values: self.values.as_ref().map(|node| node.borrow()),
            features: self.features.as_ref().map(|node| node.borrow()),
        }
    }
}

impl Borrowed<'_> {
    /// The weights of all rows.
    fn values(&self) -> RowWeights<'_> {
        RowWeights {
            values: self.values.as_ref().map(|node| node.values()),
            features: self.features.as_ref().map(|node| node.values()),
        }
    }
}

impl<'a> RowWeights<'a> {
    /// Those of the row whose values begin at `start`.
    #[inline(always)]
    fn of_row(self, start: usize, features: usize) -> RowWeights<'a> {
        RowWeights { values: self.values.map(|values| &values[start..][..features]), ..self }
    }

    /// Without the weights of features.
    #[inline(always)]
    fn of_values(self) -> RowWeights<'a> {
        RowWeights { features: None, ..self }
    }

    /// Their mean.
    #[inline(always)]
    fn share(self) -> f32 {
        let (sum, len) = match (self.values, self.features) {
            (None, None) => return 1.0,
            (Some(weights), None) | (None, Some(weights)) => (weights.iter().sum::<f32>(), weights.len()),
            (Some(values), Some(features)) => {
                (values.iter().zip(features).map(|(value, feature)| value * feature).sum(), values.len())
            }
        };
        sum / len.max(1) as f32
    }
}

/// Loss and squared error of one row.
#[inline(always)]
fn row_sums(terms: Terms, output: &[f32], target: &[f32], weights: RowWeights<'_>) -> (f32, f32) {
    let share = weights.of_values().share();
    let (loss, squared_error) = weighted_sums(terms, output, target, weights);
    (loss, if share > 0.0 { squared_error / share } else { 0.0 })
}

#[inline(always)]
fn weighted_sums(terms: Terms, output: &[f32], target: &[f32], weights: RowWeights<'_>) -> (f32, f32) {
    match terms {
        Terms::Squares { factor, constant } => {
            let sum = squared_error(output, target, weights);
            let plain = match weights.features {
                None => sum,
                Some(_) => squared_error(output, target, weights.of_values()),
            };
            (factor * sum + constant * weights.share(), plain)
        }
        Terms::Absolutes => (
            lane_sum(
                output,
                target,
                weights,
                #[inline(always)]
                |y, x| (y - x).abs(),
            ),
            squared_error(output, target, weights.of_values()),
        ),
        Terms::Huber { delta } => (
            lane_sum(
                output,
                target,
                weights,
                #[inline(always)]
                |y, x| {
                    // With c = min(|e|, δ): e²/2 or δ (|e| − δ/2).
                    let error = (y - x).abs();
                    let near = error.min(delta);
                    near * (error - 0.5 * near)
                },
            ),
            squared_error(output, target, weights.of_values()),
        ),
        Terms::Logits => (
            // −x log σ(a) − (1 − x) log(1 − σ(a)) = softplus(a) − x a
            lane_sum(
                output,
                target,
                weights,
                #[inline(always)]
                |a, x| softplus(a) - x * a,
            ),
            lane_sum(
                output,
                target,
                weights.of_values(),
                #[inline(always)]
                |a, x| {
                    let difference = sigmoid(a) - x;
                    difference * difference
                },
            ),
        ),
    }
}

/// Writes or adds `scale` times the derivative of one row's loss with respect to the output.
#[inline(always)]
fn row_backward(
    terms: Terms,
    scale: f32,
    adds: bool,
    pair: (&[f32], &[f32]),
    weights: RowWeights<'_>,
    gradient: &mut [f32],
) {
    // One loop for each kind, so that it vectorises.
    match terms {
        Terms::Squares { factor, .. } => slopes(
            pair,
            weights,
            (scale, adds),
            gradient,
            #[inline(always)]
            |y, x| 2.0 * factor * (y - x),
        ),
        Terms::Absolutes => slopes(
            pair,
            weights,
            (scale, adds),
            gradient,
            #[inline(always)]
            // At 0 the derivative is 0, as in PyTorch.
            |y, x| f32::from(y > x) - f32::from(y < x),
        ),
        Terms::Huber { delta } => slopes(
            pair,
            weights,
            (scale, adds),
            gradient,
            #[inline(always)]
            |y, x| (y - x).clamp(-delta, delta),
        ),
        Terms::Logits => slopes(
            pair,
            weights,
            (scale, adds),
            gradient,
            #[inline(always)]
            |y, x| sigmoid(y) - x,
        ),
    }
}

/// `slope(output, target)` times weight and scale.
#[inline(always)]
fn slopes(
    (output, target): (&[f32], &[f32]),
    weights: RowWeights<'_>,
    (scale, adds): (f32, bool),
    gradient: &mut [f32],
    slope: impl Fn(f32, f32) -> f32,
) {
    let triples = gradient.iter_mut().zip(output.iter().zip(target));
    // Values with weight 0 may be anything, even NaN.
    let weighted =
        |weight: f32, y: f32, x: f32| if weight == 0.0 { 0.0 } else { slope(y, x) * weight * scale };
    match (weights.values, weights.features) {
        (None, None) => {
            for (gradient, (&y, &x)) in triples {
                add(slope(y, x) * scale, adds, gradient);
            }
        }
        (Some(weights), None) | (None, Some(weights)) => {
            for ((gradient, (&y, &x)), &weight) in triples.zip(weights) {
                add(weighted(weight, y, x), adds, gradient);
            }
        }
        (Some(values), Some(features)) => {
            for ((gradient, (&y, &x)), (&value, &feature)) in triples.zip(values.iter().zip(features)) {
                add(weighted(value * feature, y, x), adds, gradient);
            }
        }
    }
}

#[inline(always)]
fn add(own: f32, adds: bool, gradient: &mut f32) {
    let own = flushed(own, LEAST_GRADIENT);
    *gradient = own + if adds { *gradient } else { 0.0 };
}

#[inline(always)]
fn squared_error(output: &[f32], target: &[f32], weights: RowWeights<'_>) -> f32 {
    lane_sum(
        output,
        target,
        weights,
        #[inline(always)]
        |y, x| (y - x) * (y - x),
    )
}

#[inline(always)]
fn lane_sum(output: &[f32], target: &[f32], weights: RowWeights<'_>, term: impl Fn(f32, f32) -> f32) -> f32 {
    let pairs = output.iter().zip(target);
    // Values with weight 0 may be anything, even NaN.
    let weighted = |weight: f32, y: f32, x: f32| if weight == 0.0 { 0.0 } else { weight * term(y, x) };
    match (weights.values, weights.features) {
        (None, None) => {}
        (Some(weights), None) | (None, Some(weights)) => {
            return pairs.zip(weights).map(|((&y, &x), &weight)| weighted(weight, y, x)).sum();
        }
        (Some(values), Some(features)) => {
            let weights = values.iter().zip(features).map(|(value, feature)| value * feature);
            return pairs.zip(weights).map(|((&y, &x), weight)| weighted(weight, y, x)).sum();
        }
    }
    let mut lanes = [0.0_f32; LANES];
    let (outputs, targets) = (output.chunks_exact(LANES), target.chunks_exact(LANES));
    let rest = outputs.remainder().iter().zip(targets.remainder());
    for (output, target) in outputs.zip(targets) {
        for lane in 0..LANES {
            lanes[lane] += term(output[lane], target[lane]);
        }
    }
    let tail: f32 = rest.map(|(&y, &x)| term(y, x)).sum();
    lanes.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests;
