//! The contractive penalty `‖J‖²`, the squared Frobenius norm of the Jacobian `J = ∂h/∂x` of the
//! whole encoder at its actual input (Rifai, Vincent, Muller, Glorot & Bengio 2011), with its
//! gradient, built from first-order pieces.
//!
//! **The value.** At the point of its last forward pass, the encoder is a chain of linear maps:
//! `J = M_L … M_1`, where a map is a weight, a kernel, a factor for each value (slopes, masks), and
//! so on ([`LinearMap`]). Either tangents are pushed forward, `t_l = M_l t_{l−1}`, and the penalty
//! is `Σ‖t_L‖²`; or cotangents are pulled back, `r_{l−1} = M_lᵀ r_l`, and it is `Σ‖r_0‖²`. With all
//! basis vectors of the smaller side the result is exact; with random tangents of ±1 it is unbiased
//! (Hutchinson 1989).
//!
//! Two short cuts are exact as well: after the last weight, the Jacobian consists of factors only
//! and stays diagonal (so one dense layer has Rifai's closed form), and the squares of a dense
//! first layer's `Wᵀ r` come from `W Wᵀ` where that is less work.
//!
//! **The gradient** needs one more sweep in the other direction: from `s_L = 2 t_L` back by
//! `s_{l−1} = M_lᵀ s_l`, or from `q_0 = 2 r_0` forward by `q_l = M_l q_{l−1}`. Each map then gives
//! the derivative of `sᵀ M t` (of `rᵀ M q`), summed over all rows: for a weight that is an outer
//! product; for the slope of an activation it is `s t f″`, which is added to the gradient of the
//! layer's *output* as `s t f″/f′`, so that the layer's own backward pass carries it to its sums
//! and to everything before. Nothing is detached from the graph: every weight and bias that changes
//! J gets a gradient. Kinks (rectifiers, the choices of a pooling layer or a k-sparse code) have no
//! second derivative, and the statistics of a batch norm count as constants of J.
//!
//! **How to record it.** The term comes after all operations of the encoder and before the next
//! forward pass, even between those of the decoder: its backward pass runs before the encoder's and
//! adds to the gradients of the encoder's outputs. Whoever else writes the gradient of these
//! outputs must claim it ([`Variable::claim_gradient`](super::variable::Variable::claim_gradient)),
//! as all operations do.

mod route;
mod rows;

use std::cell::RefCell;
use std::rc::Rc;

pub use route::map_sizes;
use route::{block, rows_of};
use rows::{closed_form, collect, copy_scaled, expand, fill_signs, products, squares, squares_of_columns};

use super::draw::Draw;
use super::jacobian::{Block, Chain, LinearMap, Link, Weights};
use super::matmul::{Matrix, multiply};
use super::operation::LossTerm;
use super::pass::Pass;
use super::threads::Threads;
use super::variable::{Grads, TapeError, no_gradient};
use super::workspace::zeros;
use crate::check::{JacobianMethod, MapSizes, Route};
use crate::dataset::random::{Purpose, Stream};
use crate::engine::EngineError;
use crate::project::Estimator;

/// The penalty on one encoder.
pub struct Contractive {
    links: Vec<Link>,
    route: Route,
    state: RefCell<State>,
}

/// Memory of the sweeps, and results of the last one.
struct State {
    /// Rows before each map, and after the last.
    levels: Vec<Vec<f32>>,
    /// A diagonal as a full matrix, where the preceding map needs it.
    expanded: Vec<f32>,
    /// Rows of the sweep in the other direction: current and next.
    now: Vec<f32>,
    next: Vec<f32>,
    /// One number per row or unit.
    sums: Vec<f32>,
    /// `W Wᵀ` of the first weight, and `Σ r rᵀ` over all rows there.
    gram: Vec<f32>,
    outer: Vec<f32>,
    /// Whether `outer` already holds the sum over some blocks.
    has_outer: bool,
    /// The block that `levels` holds.
    held: Option<usize>,
    /// Random numbers of the tangents.
    stream: Stream,
}

impl Contractive {
    /// The penalty on an encoder with these maps, for at most `capacity` rows.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(chain: Chain, estimator: Estimator, capacity: usize) -> Result<Rc<Contractive>, EngineError> {
        Contractive::by(chain, |maps| Route::new(maps, estimator, capacity))
    }

    fn by(chain: Chain, route: impl FnOnce(&[MapSizes]) -> Route) -> Result<Rc<Contractive>, EngineError> {
        let links = chain.into_links();
        let maps = map_sizes(&links);
        let route = route(&maps);
        let sizes = route.sizes(&maps);
        for link in &links {
            link.map().reserve(route.largest_rows())?;
        }
        let state = State {
            levels: sizes.levels.iter().map(|&len| zeros(len)).collect::<Result<_, _>>()?,
            expanded: zeros(sizes.expanded)?,
            now: zeros(sizes.largest)?,
            next: zeros(sizes.largest)?,
            sums: zeros(sizes.sums)?,
            gram: zeros(sizes.gram)?,
            outer: zeros(sizes.gram)?,
            has_outer: false,
            held: None,
            stream: Stream::new(0, Purpose::Hutchinson, 0, 0),
        };
        Ok(Rc::new(Contractive { links, route, state: RefCell::new(state) }))
    }

    /// Its maps, from the input to the code.
    fn maps(&self) -> impl DoubleEndedIterator<Item = &dyn LinearMap> + ExactSizeIterator {
        self.links.iter().map(Link::map)
    }

    /// The weight whose `W Wᵀ` is used.
    fn first_weights(&self) -> Option<&Weights> {
        self.links.first()?.weights().filter(|_| self.route.has_gram)
    }

    /// Fills the levels for one block and returns the sum of squares at their end.
    fn sweep(&self, state: &mut State, block: Block, threads: &Threads) -> f64 {
        match self.route.method {
            JacobianMethod::Probe | JacobianMethod::Push => self.push(state, block, threads),
            JacobianMethod::Pull { diagonal } => self.pull(state, block, diagonal, threads),
        }
    }

    /// Pushes tangents from the input to the code.
    fn push(&self, state: &mut State, block: Block, threads: &Threads) -> f64 {
        let (rows, inputs) = (block.rows(), self.route.inputs);
        let seeds = &mut state.levels[0][..rows * inputs];
        if self.route.method == JacobianMethod::Probe {
            fill_signs(block, self.route.probes, inputs, state.stream, seeds, threads);
        } else {
            seeds.fill(0.0);
            for (row, seed) in seeds.chunks_exact_mut(inputs).enumerate() {
                seed[block.probe + row % block.probes] = 1.0;
            }
        }
        for (index, map) in self.maps().enumerate() {
            let (before, after) = state.levels.split_at_mut(index + 1);
            let (from, to) = (&before[index][..rows * map.inputs()], &mut after[0][..rows * map.outputs()]);
            map.push(block, from, to, threads);
        }
        let last = &state.levels[self.links.len()];
        squares(threads, rows, self.route.outputs, last, &mut state.sums)
    }

    /// Pulls cotangents of all units of the code back to the input; after level `diagonal` each
    /// sample has one row, the diagonal of its Jacobian.
    fn pull(&self, state: &mut State, block: Block, diagonal: usize, threads: &Threads) -> f64 {
        let last = self.links.len();
        state.levels[last][..block.samples * self.route.outputs].fill(1.0);
        for index in (diagonal..last).rev() {
            self.pull_one(&mut state.levels, index, block.plain(), threads);
        }
        let Some(below) = diagonal.checked_sub(1) else {
            return squares(threads, block.samples, self.route.outputs, &state.levels[0], &mut state.sums);
        };
        if let Some(weights) = rows_of(&self.links, diagonal) {
            if below == 0 {
                // One dense layer: Σ_j d_j² ‖W_j‖².
                weights.norms(&mut state.sums);
                return closed_form(block, &state.levels[1], &state.sums[..self.route.outputs]);
            }
            let (before, after) = state.levels.split_at_mut(diagonal);
            let to = &mut before[below][..block.rows() * weights.inputs()];
            weights.pull_diagonal(block, &after[0], to, threads);
        } else {
            let (map, width) = (self.links[below].map(), self.route.outputs);
            let expanded = &mut state.expanded[..block.rows() * width];
            expand(block, width, &state.levels[diagonal], expanded, threads);
            let to = &mut state.levels[below][..block.rows() * map.inputs()];
            map.pull(block, expanded, to, threads);
        }
        let lowest = usize::from(self.route.has_gram);
        for index in (lowest..below).rev() {
            self.pull_one(&mut state.levels, index, block, threads);
        }
        if let Some(weights) = self.first_weights() {
            let (units, rows) = (weights.outputs(), block.rows());
            let (to, above) = state.levels.split_at_mut(1);
            let (r, g) = (Matrix::new(&above[0], rows, units), Matrix::new(&state.gram, units, units));
            multiply(threads, &mut to[0][..rows * units], false, r, g);
            return products(threads, rows, units, &to[0], &above[0], &mut state.sums);
        }
        squares(threads, block.rows(), self.route.inputs, &state.levels[0], &mut state.sums)
    }

    fn pull_one(&self, levels: &mut [Vec<f32>], index: usize, block: Block, threads: &Threads) {
        let (before, after) = levels.split_at_mut(index + 1);
        let (map, rows) = (self.links[index].map(), block.rows());
        let (from, to) = (&after[0][..rows * map.outputs()], &mut before[index][..rows * map.inputs()]);
        map.pull(block, from, to, threads);
    }

    /// After [`push`](Contractive::push): the derivatives with respect to all maps, from the code
    /// back to the input.
    fn back_from_code(
        &self,
        state: &mut State,
        block: Block,
        scale: f32,
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let rows = block.rows();
        let State { levels, now, next, .. } = state;
        copy_scaled(threads, scale, &levels[self.links.len()][..rows * self.route.outputs], now);
        for (index, map) in self.maps().enumerate().rev() {
            map.accumulate(block, now, &levels[index], threads, grads)?;
            if index > 0 {
                let (from, to) = (&now[..rows * map.outputs()], &mut next[..rows * map.inputs()]);
                map.pull(block, from, to, threads);
                std::mem::swap(now, next);
            }
        }
        Ok(())
    }

    /// After [`pull`](Contractive::pull): the derivatives with respect to all maps, from the input
    /// to the code.
    fn along_to_code(
        &self,
        state: &mut State,
        block: Block,
        diagonal: usize,
        scale: f32,
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let (rows, width) = (block.rows(), self.route.outputs);
        let State { levels, expanded, now, next, sums, outer, has_outer, .. } = state;
        let below = diagonal.checked_sub(1);
        let weights = rows_of(&self.links, diagonal);
        match (below, weights) {
            (None, _) => copy_scaled(threads, scale, &levels[0][..block.samples * width], now),
            (Some(0), Some(weights)) => {
                weights.norms(sums);
                let norms = &mut sums[..width];
                let (units, to) = (&levels[1][..block.samples * width], &mut now[..block.samples * width]);
                for (to, units) in to.chunks_exact_mut(width).zip(units.chunks_exact(width)) {
                    for ((to, unit), norm) in to.iter_mut().zip(units).zip(&*norms) {
                        *to = scale * unit * norm;
                    }
                }
                squares_of_columns(units, scale, norms);
                weights.add_scaled(norms, grads)?;
            }
            (Some(below), own_weights) => {
                let lowest = usize::from(self.route.has_gram);
                if let Some(weights) = self.first_weights() {
                    let units = weights.outputs();
                    let r = Matrix::new(&levels[1], rows, units);
                    multiply(threads, outer, *has_outer, r.transposed(), r);
                    *has_outer = true;
                    copy_scaled(threads, scale, &levels[0][..rows * units], now);
                } else {
                    copy_scaled(threads, scale, &levels[0][..rows * self.route.inputs], now);
                }
                for (index, map) in self.maps().enumerate().take(below).skip(lowest) {
                    map.accumulate(block, &levels[index + 1], now, threads, grads)?;
                    let (from, to) = (&now[..rows * map.inputs()], &mut next[..rows * map.outputs()]);
                    map.push(block, from, to, threads);
                    std::mem::swap(now, next);
                }
                let own = &mut next[..block.samples * width];
                if let Some(weights) = own_weights {
                    weights.accumulate_diagonal(block, &levels[diagonal], now, threads, grads)?;
                    weights.push_diagonal(block, now, own, threads);
                } else {
                    let map = self.links[below].map();
                    map.accumulate(block, expanded, now, threads, grads)?;
                    // The diagonal is no longer needed; the new values replace it.
                    let arrived = &mut expanded[..rows * width];
                    map.push(block, &now[..rows * map.inputs()], arrived, threads);
                    collect(block, width, arrived, own);
                }
                std::mem::swap(now, next);
            }
        }
        for (index, map) in self.maps().enumerate().skip(diagonal) {
            let plain = block.plain();
            map.accumulate(plain, &levels[index + 1], now, threads, grads)?;
            if index + 1 < self.links.len() {
                let len = block.samples * map.outputs();
                map.push(plain, &now[..len], &mut next[..len], threads);
                std::mem::swap(now, next);
            }
        }
        Ok(())
    }
}

impl LossTerm for Contractive {
    /// The penalty at the first rows of the last forward pass. Outside training nothing is dropped,
    /// and random tangents are the same each time.
    fn compute(&self, pass: &Pass) -> f64 {
        let threads = &*pass.threads;
        for map in self.maps() {
            map.prepare(pass);
        }
        let state = &mut *self.state.borrow_mut();
        let draw_of_use = Draw { seed: 0, step: 0 };
        state.stream = pass.mode.noise().unwrap_or(draw_of_use).stream(Purpose::Hutchinson, 0);
        if let Some(weights) = self.first_weights() {
            weights.gram(&mut state.gram, threads);
        }
        let mut value = 0.0;
        for index in 0..self.route.blocks(pass.rows) {
            value += self.sweep(state, block(&self.route, pass.rows, index), threads);
            state.held = Some(index);
        }
        value * self.route.share()
    }

    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        if weight == 0.0 || rows == 0 {
            return Ok(());
        }
        for node in self.maps().flat_map(LinearMap::sources) {
            // The values added below need an initialised gradient.
            no_gradient(&node.borrow(), node.borrow().values().len(), grads)?;
        }
        let state = &mut *self.state.borrow_mut();
        let scale = 2.0 * weight / rows as f32 * self.route.share() as f32;
        state.has_outer = false;
        // The levels still hold the last block.
        for index in (0..self.route.blocks(rows)).rev() {
            let block = block(&self.route, rows, index);
            if state.held != Some(index) {
                self.sweep(state, block, threads);
            }
            state.held = None;
            match self.route.method {
                JacobianMethod::Probe | JacobianMethod::Push => {
                    self.back_from_code(state, block, scale, threads, grads)?;
                }
                JacobianMethod::Pull { diagonal } => {
                    self.along_to_code(state, block, diagonal, scale, threads, grads)?;
                }
            }
        }
        if let Some(weights) = self.first_weights() {
            state.outer.iter_mut().for_each(|value| *value *= scale);
            weights.add_product(&state.outer, threads, grads)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
