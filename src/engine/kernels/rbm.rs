//! Restricted Boltzmann machines for pretraining layer by layer (Hinton & Salakhutdinov 2006): one
//! step of contrastive divergence (CD-1) at a time. The tape is not used: the update is not a
//! gradient.

use super::math::{flushed, sigmoid, vectorised};
use super::matmul::{Matrix, multiply};
use super::threads::{Parts, Threads, shard_range};
use super::workspace::zeros;
use crate::dataset::random::Stream;
use crate::engine::EngineError;

/// Weight decay ("weight cost"), on weights only.
pub const WEIGHT_COST: f32 = 2e-4;
/// Standard deviation of the initial weights.
const INITIAL_STD: f32 = 0.1;
/// Probabilities and updates below this are 0: their products would be subnormal and slow.
const LEAST: f32 = 1e-18;
/// Values per shard.
const SHARD: usize = 4096;
/// Columns of a shard of a bias.
const COLUMNS: usize = 64;
/// Rows of a shard of the reconstruction error.
const ROWS: usize = 16;

/// The kind of a layer's hidden units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenUnits {
    /// On with probability σ(a): all layers but the code.
    Logistic,
    /// `a + N(0, 1)`: the code layer.
    Linear,
}

impl HiddenUnits {
    /// The published learning rate: 0.1, or 0.001 if units are linear.
    pub fn learning_rate(self) -> f32 {
        match self {
            HiddenUnits::Logistic => 0.1,
            HiddenUnits::Linear => 0.001,
        }
    }
}

/// The published momentum of an epoch, counted from 1: 0.5 up to the fifth, then 0.9.
pub fn momentum(epoch: u32) -> f32 {
    if epoch <= 5 { 0.5 } else { 0.9 }
}

/// One layer with its training state and all buffers.
#[derive(Debug)]
pub struct Rbm {
    visible: usize,
    hidden: usize,
    units: HiddenUnits,
    /// W: hidden × visible, as the encoder's dense layer stores it.
    weight: Vec<f32>,
    /// b: of the visible units.
    visible_bias: Vec<f32>,
    /// c: of the hidden units.
    hidden_bias: Vec<f32>,
    /// ΔW, Δb and Δc of the previous step.
    weight_step: Vec<f32>,
    visible_step: Vec<f32>,
    hidden_step: Vec<f32>,
    /// `vᵀp⁺ − v'ᵀp⁻`, hidden × visible.
    correlation: Vec<f32>,
    /// v, then v': 2 · rows × visible.
    visibles: Vec<f32>,
    /// p⁺, then −p⁻: 2 · rows × hidden. In this layout the correlation is one product instead of
    /// two.
    hiddens: Vec<f32>,
    /// h: rows × hidden.
    sample: Vec<f32>,
    /// Squared error of each row.
    errors: Vec<f32>,
}

/// Constants of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CdStep {
    /// ε, see [`HiddenUnits::learning_rate`].
    pub learning_rate: f32,
    /// μ, see [`momentum`].
    pub momentum: f32,
    /// Noise of the hidden units, at position row · hidden + unit; new at each step and layer.
    pub stream: Stream,
}

impl Rbm {
    /// A layer for at most `rows` samples at a time, with weights `0.1 · N(0, 1)` from `stream` and
    /// biases 0.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(
        visible: usize,
        hidden: usize,
        units: HiddenUnits,
        rows: usize,
        stream: Stream,
    ) -> Result<Rbm, EngineError> {
        let len = hidden.saturating_mul(visible);
        let mut weight = zeros(len)?;
        for (position, weight) in weight.iter_mut().enumerate() {
            *weight = INITIAL_STD * stream.normal(position as u64);
        }
        Ok(Rbm {
            visible,
            hidden,
            units,
            weight,
            visible_bias: zeros(visible)?,
            hidden_bias: zeros(hidden)?,
            weight_step: zeros(len)?,
            visible_step: zeros(visible)?,
            hidden_step: zeros(hidden)?,
            correlation: zeros(len)?,
            visibles: zeros((2 * rows).saturating_mul(visible))?,
            hiddens: zeros((2 * rows).saturating_mul(hidden))?,
            sample: zeros(rows.saturating_mul(hidden))?,
            errors: zeros(rows)?,
        })
    }

    /// W: hidden × visible, the weight of the encoder's layer; its transpose is the decoder's.
    pub fn weight(&self) -> &[f32] {
        &self.weight
    }

    /// b: the bias of the decoder's layer.
    pub fn visible_bias(&self) -> &[f32] {
        &self.visible_bias
    }

    /// c: the bias of the encoder's layer.
    pub fn hidden_bias(&self) -> &[f32] {
        &self.hidden_bias
    }

    /// All learned values and momenta, by name.
    pub fn state(&self) -> [(&'static str, &[f32]); 6] {
        [
            ("weight", &self.weight),
            ("visible_bias", &self.visible_bias),
            ("hidden_bias", &self.hidden_bias),
            ("weight_step", &self.weight_step),
            ("visible_step", &self.visible_step),
            ("hidden_step", &self.hidden_step),
        ]
    }

    /// [`state`](Rbm::state), mutable.
    pub fn state_mut(&mut self) -> [(&'static str, &mut [f32]); 6] {
        [
            ("weight", &mut self.weight),
            ("visible_bias", &mut self.visible_bias),
            ("hidden_bias", &mut self.hidden_bias),
            ("weight_step", &mut self.weight_step),
            ("visible_step", &mut self.visible_step),
            ("hidden_step", &mut self.hidden_step),
        ]
    }

    /// One step on `data` (rows × visible, probabilities in [0, 1]): `p⁺ = σ(vWᵀ + c)`, h drawn
    /// from it, the reconstruction `v' = σ(hW + b)`, `p⁻ = σ(v'Wᵀ + c)`, and
    /// `ΔW ← μΔW + ε[(p⁺ᵀv − p⁻ᵀv')/m − 2e-4 · W]`, `W ← W + ΔW`, biases likewise without weight
    /// decay. Linear hidden units have `p = a` and `h = a + N(0, 1)`.
    ///
    /// With a mask `present` (rows × visible, 1 or 0), missing values have no visible unit in their
    /// row: `v` and `v'` are 0 there (Salakhutdinov, Mnih & Hinton 2007), and weights and biases
    /// learn from the other values only.
    ///
    /// Returns the squared reconstruction error `‖v − v'‖²`, summed over the rows; for a row with
    /// missing values, the mean over its other values times the number of units.
    pub fn step(
        &mut self,
        rows: usize,
        data: &[f32],
        present: Option<&[f32]>,
        step: CdStep,
        threads: &Threads,
    ) -> f64 {
        let (visible, hidden) = (self.visible, self.hidden);
        let (of_visible, of_hidden) = (rows * visible, rows * hidden);
        self.visibles[..of_visible].copy_from_slice(&data[..of_visible]);
        let (data, reconstruction) = self.visibles[..2 * of_visible].split_at_mut(of_visible);
        if let Some(present) = present {
            leave_out(threads, data, present);
        }
        let (positive, negative) = self.hiddens[..2 * of_hidden].split_at_mut(of_hidden);
        let sample = &mut self.sample[..of_hidden];
        let weight = Matrix::new(&self.weight, hidden, visible);
        let logistic = self.units == HiddenUnits::Logistic;

        multiply(threads, positive, false, Matrix::new(data, rows, visible), weight.transposed());
        add_bias(threads, positive, &self.hidden_bias, logistic, 1.0);
        draw(threads, self.units, step.stream, positive, sample);
        multiply(threads, reconstruction, false, Matrix::new(sample, rows, hidden), weight);
        add_bias(threads, reconstruction, &self.visible_bias, true, 1.0);
        if let Some(present) = present {
            leave_out(threads, reconstruction, present);
        }
        multiply(threads, negative, false, Matrix::new(reconstruction, rows, visible), weight.transposed());
        add_bias(threads, negative, &self.hidden_bias, logistic, -1.0);
        let mut error = squared_error(threads, data, reconstruction, visible, &mut self.errors[..rows]);
        if let Some(present) = present {
            let shares = present.chunks_exact(visible).map(|row| row.iter().sum::<f32>() / visible as f32);
            let errors = self.errors[..rows].iter().zip(shares);
            error =
                errors.map(|(&error, share)| f64::from(if share > 0.0 { error / share } else { 0.0 })).sum();
        }

        let (hiddens, visibles) = (&self.hiddens[..2 * of_hidden], &self.visibles[..2 * of_visible]);
        let left = Matrix::new(hiddens, 2 * rows, hidden).transposed();
        multiply(threads, &mut self.correlation, false, left, Matrix::new(visibles, 2 * rows, visible));
        move_weight(threads, &mut self.weight, &mut self.weight_step, &self.correlation, rows, step);
        // p⁻ is stored negated, v' is not.
        move_bias(threads, &mut self.hidden_bias, &mut self.hidden_step, hiddens, 1.0, step);
        move_bias(threads, &mut self.visible_bias, &mut self.visible_step, visibles, -1.0, step);
        error
    }
}

/// Sets missing values to 0.
fn leave_out(threads: &Threads, values: &mut [f32], present: &[f32]) {
    let len = values.len();
    threads.for_each_piece(values, SHARD, len, |start, values| {
        for (value, present) in values.iter_mut().zip(&present[start..]) {
            // Missing values may be anything, even NaN.
            *value = if *present == 0.0 { 0.0 } else { *value };
        }
    });
}

/// `values = sign · f(values + bias)` for every row, f = σ or the identity.
fn add_bias(threads: &Threads, values: &mut [f32], bias: &[f32], logistic: bool, sign: f32) {
    let (len, columns) = (values.len(), bias.len());
    let rows = (SHARD / columns).max(1);
    threads.for_each_piece(values, rows * columns, 24 * len, |_, values| {
        vectorised(
            #[inline(always)]
            || {
                for row in values.chunks_exact_mut(columns) {
                    for (value, bias) in row.iter_mut().zip(bias) {
                        let sum = *value + bias;
                        *value = sign * if logistic { flushed(sigmoid(sum), LEAST) } else { sum };
                    }
                }
            },
        );
    });
}

/// h: 1 with probability p, or p + N(0, 1).
fn draw(threads: &Threads, units: HiddenUnits, stream: Stream, p: &[f32], out: &mut [f32]) {
    let len = out.len();
    threads.for_each_piece(out, SHARD, 24 * len, |start, out| {
        let drawn = (start as u64..).zip(out.iter_mut().zip(&p[start..]));
        match units {
            HiddenUnits::Logistic => vectorised(
                #[inline(always)]
                || {
                    for (position, (out, p)) in drawn {
                        *out = if stream.uniform(position) < *p { 1.0 } else { 0.0 };
                    }
                },
            ),
            HiddenUnits::Linear => drawn.for_each(|(position, (out, p))| *out = p + stream.normal(position)),
        }
    });
}

/// `‖v − v'‖²` of each row into `errors`, and their sum.
fn squared_error(threads: &Threads, data: &[f32], other: &[f32], columns: usize, errors: &mut [f32]) -> f64 {
    threads.for_each_piece(errors, ROWS, 3 * data.len(), |start, errors| {
        vectorised(
            #[inline(always)]
            || {
                for (row, error) in (start..).zip(errors) {
                    let at = row * columns..(row + 1) * columns;
                    *error = row_error(&data[at.clone()], &other[at]);
                }
            },
        );
    });
    errors.iter().map(|&error| f64::from(error)).sum()
}

/// Squared error of one row, in lanes so that the loop vectorises.
#[inline(always)]
fn row_error(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0.0_f32; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = left.remainder().iter().zip(right.remainder());
    let tail: f32 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    for (a, b) in left.zip(right) {
        for lane in 0..LANES {
            lanes[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    lanes.iter().sum::<f32>() + tail
}

/// `Δ ← μΔ + ε(correlation/m − cost · W)`, `W ← W + Δ`
fn move_weight(
    threads: &Threads,
    weight: &mut [f32],
    last: &mut [f32],
    correlation: &[f32],
    rows: usize,
    step: CdStep,
) {
    let (len, mean) = (weight.len(), 1.0 / rows as f32);
    let CdStep { learning_rate, momentum, .. } = step;
    let (weight, last) = (Parts::new(weight), Parts::new(last));
    threads.run(len.div_ceil(SHARD), 8 * len, &|shard| {
        let range = shard_range(shard, SHARD, len);
        // SAFETY: `run` calls each shard once, and the ranges of different shards do not overlap.
        let (weight, last) = unsafe { (weight.part(range.clone()), last.part(range.clone())) };
        vectorised(
            #[inline(always)]
            || {
                for ((weight, last), correlation) in weight.iter_mut().zip(last).zip(&correlation[range]) {
                    let force = correlation * mean - WEIGHT_COST * *weight;
                    *last = flushed(momentum * *last + learning_rate * force, LEAST);
                    *weight += *last;
                }
            },
        );
    });
}

/// `Δ ← μΔ + ε(Σ over the first half of the rows + sign · Σ over the second)/m`, `bias ← bias + Δ`
fn move_bias(
    threads: &Threads,
    bias: &mut [f32],
    last: &mut [f32],
    stacked: &[f32],
    sign: f32,
    step: CdStep,
) {
    let columns = bias.len();
    let (upper, lower) = stacked.split_at(stacked.len() / 2);
    let mean = columns as f32 / upper.len() as f32;
    threads.for_each_piece(last, COLUMNS, stacked.len(), |start, last| {
        vectorised(
            #[inline(always)]
            || {
                let mut sums = [0.0; COLUMNS];
                for (upper, lower) in upper.chunks_exact(columns).zip(lower.chunks_exact(columns)) {
                    for (sum, (upper, lower)) in
                        sums.iter_mut().zip(upper[start..].iter().zip(&lower[start..]))
                    {
                        *sum += upper + sign * lower;
                    }
                }
                for (last, sum) in last.iter_mut().zip(sums) {
                    *last = flushed(step.momentum * *last + step.learning_rate * mean * sum, LEAST);
                }
            },
        );
    });
    for (bias, last) in bias.iter_mut().zip(last) {
        *bias += *last;
    }
}

#[cfg(test)]
mod tests;
