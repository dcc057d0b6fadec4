//! Group normalisation (Wu & He 2018), `y = f(γ (x − mean) / √(variance + eps) + β)`, with mean and
//! variance of each sample over the pixels and the channels of a group; γ and β are per channel.

use std::cell::RefCell;
use std::rc::Rc;

use super::activation::forward_row;
use super::channels::{add_pixels, through_activation};
use super::jacobian::{Chain, Normed};
use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::operation::Operation;
use super::pass::Pass;
use super::threads::Parts;
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use super::workspace::zeros;
use crate::engine::EngineError;
use crate::project::Activation;

/// Added to the variance.
pub const EPS: f64 = 1e-5;

/// One group normalisation. Rows hold whole pixels: height × width × channels, or features, each of
/// which is a channel.
pub struct GroupNorm {
    parts: GroupNormParts,
    /// The sums before the activation, kept where the derivative needs them.
    sums: Option<Node>,
    /// Mean and 1 / √(variance + eps) of each group of each row.
    statistics: Rc<RefCell<Vec<f32>>>,
    /// Two numbers per channel and row: sums over pixels, of the forward and the backward pass.
    totals: RefCell<Vec<f64>>,
    /// Four numbers per channel and row, so that the loops over a pixel vectorise: mean, scale,
    /// shift and slope.
    factors: RefCell<Vec<f32>>,
}

/// The parts of a group normalisation.
pub struct GroupNormParts {
    /// Input: rows × (pixels · channels).
    pub x: Node,
    /// Output, of the same size.
    pub y: Node,
    /// γ: 1 × channels.
    pub weight: Node,
    /// β: 1 × channels.
    pub bias: Node,
    /// Groups of neighbouring channels; a divisor of the number of channels.
    pub groups: usize,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

impl GroupNorm {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: GroupNormParts) -> Result<Rc<GroupNorm>, EngineError> {
        let sums = if parts.activation.needs_sums() { Some(Variable::zeros_like(&parts.y)?) } else { None };
        let rows = {
            let x = parts.x.borrow();
            x.values().len() / x.columns().max(1)
        };
        let channels = parts.bias.borrow().columns();
        let statistics = Rc::new(RefCell::new(zeros(2 * rows * parts.groups)?));
        let totals = RefCell::new(zeros(2 * rows * channels)?);
        let factors = RefCell::new(zeros(4 * rows * channels)?);
        Ok(Rc::new(GroupNorm { parts, sums, statistics, totals, factors }))
    }

    /// Channels of a group.
    fn group_len(&self) -> usize {
        (self.parts.bias.borrow().columns() / self.parts.groups.max(1)).max(1)
    }
}

impl Operation for GroupNorm {
    fn compute(&self, pass: &Pass) {
        let (rows, threads, parts) = (pass.rows, &*pass.threads, &self.parts);
        let (x, weight, bias) = (parts.x.borrow(), parts.weight.borrow(), parts.bias.borrow());
        let mut y = parts.y.borrow_mut();
        let (mut statistics, mut totals) = (self.statistics.borrow_mut(), self.totals.borrow_mut());
        let mut factors = self.factors.borrow_mut();
        let mut sums = self.sums.as_ref().map(|sums| sums.borrow_mut());
        let (features, channels, activation) = (x.columns(), bias.columns(), parts.activation);
        let (group_len, per_row) = (self.group_len(), 2 * parts.groups);
        let (x, weight, bias) = (x.values(), weight.values(), bias.values());
        let (y, statistics) = (Parts::new(y.values_mut()), Parts::new(&mut statistics));
        let (totals, factors) = (Parts::new(&mut totals), Parts::new(&mut factors));
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        threads.run(rows, 16 * rows * features, &|row| {
            let own = row * features..(row + 1) * features;
            // SAFETY: each row runs once and touches its own values only.
            let (y, pre) = unsafe { (y.part(own.clone()), sums.map(|sums| sums.part(own.clone()))) };
            // SAFETY: as above.
            let statistics = unsafe { statistics.part(per_row * row..per_row * (row + 1)) };
            // SAFETY: as above.
            let totals = unsafe { totals.part(2 * channels * row..2 * channels * (row + 1)) };
            // SAFETY: as above.
            let factors = unsafe { factors.part(4 * channels * row..4 * channels * (row + 1)) };
            let (mean, scale) = factors[..2 * channels].split_at_mut(channels);
            let x = &x[own];
            vectorised(
                #[inline(always)]
                || {
                    measure(x, group_len, totals, statistics, mean);
                    for ((scale, weight), group) in
                        scale.chunks_mut(group_len).zip(weight.chunks(group_len)).zip(statistics.chunks(2))
                    {
                        scale.iter_mut().zip(weight).for_each(|(scale, weight)| *scale = group[1] * weight);
                    }
                    let mut pre = pre.map(|pre| pre.chunks_mut(channels));
                    for (y, x) in y.chunks_mut(channels).zip(x.chunks(channels)) {
                        for ((y, x), (mean, scale)) in y.iter_mut().zip(x).zip(mean.iter().zip(&*scale)) {
                            *y = (x - mean) * scale;
                        }
                        forward_row(activation, bias, y, pre.as_mut().and_then(Iterator::next));
                    }
                },
            );
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads, parts) = (pass.rows, &*pass.threads, &self.parts);
        let (x, y, weight, bias) =
            (parts.x.borrow(), parts.y.borrow(), parts.weight.borrow(), parts.bias.borrow());
        let wants_dx = parts.wants_input_gradient;
        let [dx, dw, db, dy] = if wants_dx {
            gradients(grads, [&x, &weight, &bias, &y])?
        } else {
            let [dw, db, dy] = gradients(grads, [&weight, &bias, &y])?;
            [&mut [], dw, db, dy]
        };
        let dx_adds = wants_dx && x.claim_gradient() == Write::Add;
        let (dw_adds, db_adds) = (weight.claim_gradient() == Write::Add, bias.claim_gradient() == Write::Add);
        let (sums, statistics) = (self.sums.as_ref().map(|sums| sums.borrow()), self.statistics.borrow());
        let (mut totals, mut factors) = (self.totals.borrow_mut(), self.factors.borrow_mut());
        let (pre, statistics) = (sums.as_ref().map(|sums| sums.values()), &**statistics);
        let (features, channels, activation) = (x.columns(), bias.columns(), parts.activation);
        let (group_len, per_row) = (self.group_len(), 2 * parts.groups);
        let (x, y, weight) = (x.values(), y.values(), weight.values());
        {
            let (dx, dy) = (Parts::new(dx), Parts::new(dy));
            let (totals, factors) = (Parts::new(&mut totals), Parts::new(&mut factors));
            threads.run(rows, 16 * rows * features, &|row| {
                let own = row * features..(row + 1) * features;
                // SAFETY: each row runs once and touches its own values only.
                let dy = unsafe { dy.part(own.clone()) };
                // SAFETY: as above.
                let totals = unsafe { totals.part(2 * channels * row..2 * channels * (row + 1)) };
                // SAFETY: as above.
                let factors = unsafe { factors.part(4 * channels * row..4 * channels * (row + 1)) };
                through_activation(activation, y, pre, own.clone(), dy);
                let statistics = &statistics[per_row * row..per_row * (row + 1)];
                let x = &x[own.clone()];
                vectorised(
                    #[inline(always)]
                    || sum_gradients(x, dy, &factors[..channels], totals),
                );
                if wants_dx {
                    // SAFETY: as above.
                    let dx = unsafe { dx.part(own) };
                    vectorised(
                        #[inline(always)]
                        || {
                            set_slopes(weight, features / channels, group_len, statistics, totals, factors);
                            row_backward(x, dy, factors, dx, dx_adds);
                        },
                    );
                }
            });
        }
        // Sums over rows, in order.
        for channel in 0..channels {
            let (mut plain, mut weighted) = (0.0_f64, 0.0_f64);
            for row in 0..rows {
                let totals = &totals[2 * channels * row..2 * channels * (row + 1)];
                let inverse = statistics[per_row * row + 2 * (channel / group_len) + 1];
                plain += totals[channel];
                weighted += totals[channels + channel] * f64::from(inverse);
            }
            db[channel] = plain as f32 + if db_adds { db[channel] } else { 0.0 };
            dw[channel] = weighted as f32 + if dw_adds { dw[channel] } else { 0.0 };
        }
        Ok(())
    }

    fn learns(&self) -> bool {
        true
    }

    fn wants_input_gradient(&self) -> bool {
        self.parts.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let GroupNormParts { x, y, weight, groups, activation, wants_input_gradient, .. } = &self.parts;
        let statistics = Rc::clone(&self.statistics);
        chain.push(Normed::grouped(
            Rc::clone(x),
            Rc::clone(weight),
            *groups,
            statistics,
            *wants_input_gradient,
        ));
        chain.push_slope(*activation, y, self.sums.as_ref())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let sums = self.sums.as_ref().map_or(0, |sums| sums.borrow().values().len());
        4 * (self.statistics.borrow().len() + sums + self.factors.borrow().len())
            + 8 * self.totals.borrow().len()
    }
}

/// Mean and 1 / √(variance + eps) of each group of one row; the means also once per channel.
#[inline(always)]
fn measure(x: &[f32], group_len: usize, totals: &mut [f64], statistics: &mut [f32], mean: &mut [f32]) {
    let channels = mean.len();
    let n = (x.len() / channels * group_len) as f64;
    totals.fill(0.0);
    let (plain, squares) = totals.split_at_mut(channels);
    add_pixels(x, plain);
    for ((plain, mean), group) in
        plain.chunks_mut(group_len).zip(mean.chunks_mut(group_len)).zip(statistics.chunks_mut(2))
    {
        let own = plain.iter().sum::<f64>() / n;
        plain.fill(own);
        mean.fill(own as f32);
        group[0] = own as f32;
    }
    for x in x.chunks(channels) {
        for ((square, x), mean) in squares.iter_mut().zip(x).zip(&*plain) {
            let difference = f64::from(*x) - mean;
            *square += difference * difference;
        }
    }
    for (squares, group) in squares.chunks(group_len).zip(statistics.chunks_mut(2)) {
        group[1] = (1.0 / (squares.iter().sum::<f64>() / n + EPS).sqrt()) as f32;
    }
}

/// Sums `dy` and `dy (x − mean)` over the pixels of one row, channel by channel.
#[inline(always)]
fn sum_gradients(x: &[f32], dy: &[f32], mean: &[f32], totals: &mut [f64]) {
    let channels = mean.len();
    totals.fill(0.0);
    let (plain, weighted) = totals.split_at_mut(channels);
    add_pixels(dy, plain);
    for (dy, x) in dy.chunks(channels).zip(x.chunks(channels)) {
        for ((sum, dy), (x, mean)) in weighted.iter_mut().zip(dy).zip(x.iter().zip(mean)) {
            *sum += f64::from(*dy) * f64::from(x - mean);
        }
    }
}

/// With a = x − mean, i the inverse deviation, g = γ dy and n the values of the group, dx = i (g −
/// Σ g / n − a i² Σ a g / n): sets the scale i γ, the shift i Σ g / n and the slope i³ Σ a g / n of
/// each channel.
#[inline(always)]
fn set_slopes(
    weight: &[f32],
    pixels: usize,
    group_len: usize,
    statistics: &[f32],
    totals: &[f64],
    factors: &mut [f32],
) {
    let channels = weight.len();
    let n = (pixels * group_len) as f64;
    let (plain, weighted) = totals.split_at(channels);
    for (group, moments) in statistics.chunks(2).enumerate() {
        let own = group * group_len..(group + 1) * group_len;
        let inverse = f64::from(moments[1]);
        let total = |sums: &[f64]| -> f64 {
            sums[own.clone()]
                .iter()
                .zip(&weight[own.clone()])
                .map(|(sum, weight)| sum * f64::from(*weight))
                .sum()
        };
        let shift = (inverse * total(plain) / n) as f32;
        let slope = (inverse * inverse * inverse * total(weighted) / n) as f32;
        for channel in own.clone() {
            factors[channels + channel] = weight[channel] * moments[1];
            factors[2 * channels + channel] = shift;
            factors[3 * channels + channel] = slope;
        }
    }
}

#[inline(always)]
fn row_backward(x: &[f32], dy: &[f32], factors: &[f32], dx: &mut [f32], adds: bool) {
    let channels = factors.len() / 4;
    let (mean, factors) = factors.split_at(channels);
    let (scale, factors) = factors.split_at(channels);
    let (shift, slope) = factors.split_at(channels);
    for (dx, (x, dy)) in dx.chunks_mut(channels).zip(x.chunks(channels).zip(dy.chunks(channels))) {
        let constants = mean.iter().zip(scale).zip(shift.iter().zip(slope));
        for ((dx, (x, dy)), ((mean, scale), (shift, slope))) in
            dx.iter_mut().zip(x.iter().zip(dy)).zip(constants)
        {
            let own = scale * dy - shift - (x - mean) * slope;
            *dx = flushed(own, LEAST_GRADIENT) + if adds { *dx } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, normals, random_node,
        recorded,
    };
    use super::*;

    fn norm(x: &Node, weight: &Node, bias: &Node, groups: usize, activation: Activation) -> Rc<GroupNorm> {
        let (len, columns) = (x.borrow().values().len(), x.borrow().columns());
        let parts = GroupNormParts {
            x: Rc::clone(x),
            y: empty_node(len / columns, columns),
            weight: Rc::clone(weight),
            bias: Rc::clone(bias),
            groups,
            activation,
            wants_input_gradient: true,
        };
        GroupNorm::new(parts).expect("small")
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("group_norm");
        for case in file.cases() {
            let tensor = |name| file.tensor(&case, name);
            let x = tensor("x").node();
            let (weight, bias) = (tensor("weight").row(), tensor("bias").row());
            let groups = file.config(&case)[0] as usize;
            let norm = norm(&x, &weight, &bias, groups, Activation::Linear);
            let forward = recorded(&norm, tensor("x").shape[0]);
            let dy = tensor("dy").channels_last();
            let gradients = gradients_of(&forward, &norm.parts.y, &dy, &[&x, &weight, &bias], 2);
            assert_close(norm.parts.y.borrow().values(), &tensor("y").channels_last(), 1e-5, &case);
            for (name, gradient) in ["dx", "dweight", "dbias"].into_iter().zip(&gradients) {
                assert_close(gradient, &tensor(name).channels_last(), 1e-5, &format!("{case} {name}"));
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for activation in [Activation::Tanh, Activation::Silu] {
            // Two pixels of six channels, in three groups.
            let x = random_node(3, 12, 1);
            let (weight, bias) = (random_node(1, 6, 2), random_node(1, 6, 3));
            let norm = norm(&x, &weight, &bias, 3, activation);
            let forward = recorded(&norm, 3);
            check_gradients(&forward, &norm.parts.y, &[&x, &weight, &bias], &format!("{activation:?}"));
        }
    }

    #[test]
    fn one_group_of_a_row_is_a_layer_norm() {
        use super::super::layer_norm::{LayerNorm, LayerNormParts};
        let (x, weight, bias) = (random_node(4, 30, 1), random_node(1, 30, 2), random_node(1, 30, 3));
        let group = norm(&x, &weight, &bias, 1, Activation::Linear);
        let y = empty_node(4, 30);
        let layer = LayerNorm::new(LayerNormParts {
            x: Rc::clone(&x),
            y: Rc::clone(&y),
            weight: Rc::clone(&weight),
            bias: Rc::clone(&bias),
            activation: Activation::Linear,
            wants_input_gradient: true,
        });
        let (layer, dy) = (layer.expect("small"), normals(120, 4));
        let theirs = gradients_of(&recorded(&layer, 4), &y, &dy, &[&x, &weight, &bias], 1);
        let ours = gradients_of(&recorded(&group, 4), &group.parts.y, &dy, &[&x, &weight, &bias], 1);
        assert_close(group.parts.y.borrow().values(), y.borrow().values(), 1e-5, "y");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_close(ours, theirs, 1e-5, "gradient");
        }
    }

    #[test]
    fn an_input_that_is_not_learned_gets_no_gradient() {
        let run = |wants: bool| {
            let (weight, bias) = (random_node(1, 4, 2), random_node(1, 4, 3));
            let mut norm = norm(&random_node(5, 12, 1), &weight, &bias, 2, Activation::Relu);
            Rc::get_mut(&mut norm).expect("alone").parts.wants_input_gradient = wants;
            let dy = normals(60, 4);
            let gradients = gradients_of(&recorded(&norm, 5), &norm.parts.y, &dy, &[&weight, &bias], 1);
            assert_eq!(norm.parts.x.borrow().has_gradient(), wants);
            gradients
        };
        assert_eq!(run(true), run(false));
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(60, 300 * 40, 1);
        let norm = norm(&x, &random_node(1, 40, 2), &random_node(1, 40, 3), 5, Activation::Gelu);
        let of = [&norm.parts.x, &norm.parts.weight, &norm.parts.bias];
        check_threads(&recorded(&norm, 60), &norm.parts.y, &of);
    }
}
