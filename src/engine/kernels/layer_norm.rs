//! Layer normalisation (Ba, Kiros & Hinton 2016), `y = f(γ (x − mean) / √(variance + eps) + β)`,
//! with mean and variance of each sample over all its features; γ and β are per feature.

use std::cell::RefCell;
use std::rc::Rc;

use super::activation::forward_row;
use super::channels::through_activation;
use super::jacobian::{Chain, Normed};
use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::operation::Operation;
use super::pass::Pass;
use super::threads::{Parts, shard_range};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use super::workspace::zeros;
use crate::engine::EngineError;
use crate::project::Activation;

/// Added to the variance.
pub const EPS: f64 = 1e-5;
/// Partial sums per row, so that the loop vectorises.
const LANES: usize = 16;
/// Columns of a shard where rows are summed.
const COLUMNS: usize = 256;

/// One layer normalisation.
pub struct LayerNorm {
    parts: LayerNormParts,
    /// The sums before the activation, kept where the derivative needs them.
    sums: Option<Node>,
    /// Mean and 1 / √(variance + eps) of each row.
    statistics: Rc<RefCell<Vec<f32>>>,
}

/// The parts of a layer normalisation.
pub struct LayerNormParts {
    /// Input: rows × features.
    pub x: Node,
    /// Output, of the same size.
    pub y: Node,
    /// γ: 1 × features, in the engine's order of features.
    pub weight: Node,
    /// β: 1 × features.
    pub bias: Node,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

impl LayerNorm {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: LayerNormParts) -> Result<Rc<LayerNorm>, EngineError> {
        let sums = if parts.activation.needs_sums() { Some(Variable::zeros_like(&parts.y)?) } else { None };
        let rows = {
            let x = parts.x.borrow();
            x.values().len() / x.columns().max(1)
        };
        let statistics = Rc::new(RefCell::new(zeros(2 * rows)?));
        Ok(Rc::new(LayerNorm { parts, sums, statistics }))
    }
}

impl Operation for LayerNorm {
    fn compute(&self, pass: &Pass) {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let parts = &self.parts;
        let (x, weight, bias) = (parts.x.borrow(), parts.weight.borrow(), parts.bias.borrow());
        let (mut y, mut statistics) = (parts.y.borrow_mut(), self.statistics.borrow_mut());
        let mut sums = self.sums.as_ref().map(|sums| sums.borrow_mut());
        let (features, activation) = (x.columns(), parts.activation);
        let (x, weight, bias) = (x.values(), weight.values(), bias.values());
        let (y, statistics) = (Parts::new(y.values_mut()), Parts::new(&mut statistics));
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        threads.run(rows, 16 * rows * features, &|row| {
            let own = row * features..(row + 1) * features;
            // SAFETY: each row runs once and touches its own values only.
            let (y, statistics) = unsafe { (y.part(own.clone()), statistics.part(2 * row..2 * row + 2)) };
            // SAFETY: as above.
            let pre = sums.map(|sums| unsafe { sums.part(own.clone()) });
            let x = &x[own];
            vectorised(
                #[inline(always)]
                || {
                    let (mean, inverse) = moments(x);
                    statistics.copy_from_slice(&[mean, inverse]);
                    for (y, (x, weight)) in y.iter_mut().zip(x.iter().zip(weight)) {
                        *y = (x - mean) * inverse * weight;
                    }
                    forward_row(activation, bias, y, pre);
                },
            );
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let parts = &self.parts;
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
        let dw_adds = weight.claim_gradient() == Write::Add;
        let db_adds = bias.claim_gradient() == Write::Add;
        let (sums, statistics) = (self.sums.as_ref().map(|sums| sums.borrow()), self.statistics.borrow());
        let (pre, statistics) = (sums.as_ref().map(|sums| sums.values()), &**statistics);
        let (features, activation) = (x.columns(), parts.activation);
        let (x, y, weight) = (x.values(), y.values(), weight.values());
        {
            let (dx, dy) = (Parts::new(dx), Parts::new(dy));
            threads.run(rows, 16 * rows * features, &|row| {
                let own = row * features..(row + 1) * features;
                // SAFETY: each row runs once and touches its own values only.
                let dy = unsafe { dy.part(own.clone()) };
                through_activation(activation, y, pre, own.clone(), dy);
                if wants_dx {
                    // SAFETY: as above.
                    let dx = unsafe { dx.part(own.clone()) };
                    let (mean, inverse) = (statistics[2 * row], statistics[2 * row + 1]);
                    vectorised(
                        #[inline(always)]
                        || row_backward(&x[own], weight, (mean, inverse), dy, dx, dx_adds),
                    );
                }
            });
        }
        // Sums over rows, in order, by columns.
        let (dw, db, dy) = (Parts::new(dw), Parts::new(db), &*dy);
        threads.run(features.div_ceil(COLUMNS), 4 * rows * features, &|shard| {
            let range = shard_range(shard, COLUMNS, features);
            // SAFETY: each shard runs once and touches its own columns only.
            let (dw, db) = unsafe { (dw.part(range.clone()), db.part(range.clone())) };
            if !dw_adds {
                dw.fill(0.0);
            }
            if !db_adds {
                db.fill(0.0);
            }
            vectorised(
                #[inline(always)]
                || {
                    for row in 0..rows {
                        let own = row * features + range.start..row * features + range.end;
                        let (mean, inverse) = (statistics[2 * row], statistics[2 * row + 1]);
                        let values = x[own.clone()].iter().zip(&dy[own]);
                        for ((dw, db), (x, dy)) in dw.iter_mut().zip(db.iter_mut()).zip(values) {
                            *db += dy;
                            *dw += dy * ((x - mean) * inverse);
                        }
                    }
                },
            );
        });
        Ok(())
    }
    fn learns(&self) -> bool {
        true
    }

    fn wants_input_gradient(&self) -> bool {
        self.parts.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let LayerNormParts { x, y, weight, activation, wants_input_gradient, .. } = &self.parts;
        let statistics = Rc::clone(&self.statistics);
        chain.push(Normed::new(Rc::clone(x), Rc::clone(weight), statistics, *wants_input_gradient));
        chain.push_slope(*activation, y, self.sums.as_ref())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let sums = self.sums.as_ref().map_or(0, |sums| sums.borrow().values().len());
        4 * (self.statistics.borrow().len() + sums)
    }
}

/// Mean and 1 / √(variance + eps) of a row.
#[inline(always)]
fn moments(x: &[f32]) -> (f32, f32) {
    let n = x.len() as f64;
    let mean = lane_sum(
        x,
        x,
        #[inline(always)]
        |x, _| x,
    ) / n;
    let squares = lane_sum(
        x,
        x,
        #[inline(always)]
        |x, _| (x - mean) * (x - mean),
    );
    (mean as f32, (1.0 / (squares / n + EPS).sqrt()) as f32)
}

/// With a = x − mean, i the inverse deviation and g = γ dy: dx = i (g − Σ g / n − a i² Σ a g / n).
#[inline(always)]
fn row_backward(
    x: &[f32],
    weight: &[f32],
    (mean, inverse): (f32, f32),
    dy: &[f32],
    dx: &mut [f32],
    adds: bool,
) {
    let n = x.len() as f64;
    let plain = lane_sum(
        dy,
        weight,
        #[inline(always)]
        |dy, weight| dy * weight,
    );
    let mut lanes = [0.0_f64; LANES];
    for ((x, dy), weight) in x.chunks(LANES).zip(dy.chunks(LANES)).zip(weight.chunks(LANES)) {
        for ((lane, x), (dy, weight)) in lanes.iter_mut().zip(x).zip(dy.iter().zip(weight)) {
            *lane += f64::from(x - mean) * f64::from(dy * weight);
        }
    }
    let inverse_squared = f64::from(inverse) * f64::from(inverse);
    let slope = (lanes.iter().sum::<f64>() / n * inverse_squared) as f32;
    let shift = (plain / n) as f32;
    for ((dx, x), (dy, weight)) in dx.iter_mut().zip(x).zip(dy.iter().zip(weight)) {
        let own = inverse * (dy * weight - shift - (x - mean) * slope);
        *dx = flushed(own, LEAST_GRADIENT) + if adds { *dx } else { 0.0 };
    }
}

#[inline(always)]
fn lane_sum(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += term(f64::from(*a), f64::from(*b));
        }
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, Stored, assert_close, check_gradients, check_threads, empty_node, gradients_of, node, normals,
        pass, random_node, recorded,
    };
    use super::*;

    fn norm(x: &Node, weight: &Node, bias: &Node, activation: Activation) -> Rc<LayerNorm> {
        let (len, columns) = (x.borrow().values().len(), x.borrow().columns());
        let parts = LayerNormParts {
            x: Rc::clone(x),
            y: empty_node(len / columns, columns),
            weight: Rc::clone(weight),
            bias: Rc::clone(bias),
            activation,
            wants_input_gradient: true,
        };
        LayerNorm::new(parts).expect("small")
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("norm");
        for case in ["layer-features", "layer-pixels"] {
            // γ and β have the shape of one sample.
            let tensor = |name: &str| {
                let mut stored = file.tensor(case, name);
                if stored.shape.len() == 3 {
                    stored.shape.insert(0, 1);
                }
                stored
            };
            let row = |stored: Stored| node(1, stored.values.len(), &stored.channels_last());
            let x = tensor("x").node();
            let (weight, bias) = (row(tensor("weight")), row(tensor("bias")));
            let norm = norm(&x, &weight, &bias, Activation::Linear);
            let rows = tensor("x").shape[0];
            let forward = recorded(&norm, rows);
            let dy = tensor("dy").channels_last();
            let gradients = gradients_of(&forward, &norm.parts.y, &dy, &[&x, &weight, &bias], 2);
            assert_close(norm.parts.y.borrow().values(), &tensor("y").channels_last(), 1e-5, case);
            for (name, gradient) in ["dx", "dweight", "dbias"].into_iter().zip(&gradients) {
                assert_close(gradient, &tensor(name).channels_last(), 1e-5, &format!("{case} {name}"));
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for activation in [Activation::Tanh, Activation::Silu] {
            let x = random_node(3, 19, 1);
            let (weight, bias) = (random_node(1, 19, 2), random_node(1, 19, 3));
            let norm = norm(&x, &weight, &bias, activation);
            let forward = recorded(&norm, 3);
            check_gradients(&forward, &norm.parts.y, &[&x, &weight, &bias], &format!("{activation:?}"));
        }
    }

    #[test]
    fn samples_have_mean_0_and_deviation_1() {
        let x = random_node(5, 1003, 1);
        x.borrow_mut().values_mut().iter_mut().for_each(|x| *x = 3.0 * *x - 50.0);
        let ones = node(1, 1003, &[1.0; 1003]);
        let norm = norm(&x, &ones, &empty_node(1, 1003), Activation::Linear);
        norm.compute(&pass(5, 2));
        for row in norm.parts.y.borrow().values().chunks(1003) {
            let mean = row.iter().map(|y| f64::from(*y)).sum::<f64>() / 1003.0;
            let var = row.iter().map(|y| (f64::from(*y) - mean).powi(2)).sum::<f64>() / 1003.0;
            assert!(mean.abs() < 1e-5 && (var - 1.0).abs() < 1e-4, "{mean} {var}");
        }
    }

    #[test]
    fn an_input_that_is_not_learned_gets_no_gradient() {
        let run = |wants: bool| {
            let (weight, bias) = (random_node(1, 12, 2), random_node(1, 12, 3));
            let mut norm = norm(&random_node(5, 12, 1), &weight, &bias, Activation::Relu);
            Rc::get_mut(&mut norm).expect("alone").parts.wants_input_gradient = wants;
            let dy = normals(60, 4);
            let forward = recorded(&norm, 5);
            let gradients = gradients_of(&forward, &norm.parts.y, &dy, &[&weight, &bias], 1);
            assert_eq!(norm.parts.x.borrow().has_gradient(), wants);
            gradients
        };
        assert_eq!(run(true), run(false));
    }

    #[test]
    fn threads_change_nothing() {
        let x = random_node(60, 12_001, 1);
        let norm = norm(&x, &random_node(1, 12_001, 2), &random_node(1, 12_001, 3), Activation::Gelu);
        let forward = recorded(&norm, 60);
        let of = [&norm.parts.x, &norm.parts.weight, &norm.parts.bias];
        check_threads(&forward, &norm.parts.y, &of);
    }
}
