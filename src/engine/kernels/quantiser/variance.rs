use std::cell::RefCell;
use std::rc::Rc;

use super::super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::super::matmul::{Matrix, multiply};
use super::super::operation::LossTerm;
use super::super::pass::Pass;
use super::super::threads::Threads;
use super::super::variable::{Grads, Node, TapeError, Write, gradients, no_gradient};
use super::super::workspace::zeros;
use super::ROWS;
use crate::engine::EngineError;

/// The difference between the expected squared error of a drawn code's reconstruction and the
/// squared error of the mean reconstruction, for a **linear** decoder with the columns `c_vk`:
/// `E‖x − x'‖² = ‖x − E x'‖² + Σ_v (Σ_k q_vk ‖c_vk‖² − ‖Σ_k q_vk c_vk‖²)`.
///
/// With the Gram matrices `G_v = C_vᵀ C_v` of the groups (units × units) it is
/// `Σ_v Σ_k q_vk (G_kk − Σ_l G_kl q_vl)`, so the features are visited once per step, not once per
/// row.
pub struct VarianceTerm {
    shares: Node,
    weight: Node,
    group: usize,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    /// The decoder's columns, stored as rows: (groups · units) × features.
    columns: Vec<f32>,
    /// `G_v` of all groups: groups × units × units.
    gram: Vec<f32>,
    /// `diag(Σ q) − Σ q qᵀ` over the rows, scaled; of the same size.
    moments: Vec<f32>,
    /// Gradient of `columns`.
    gradient: Vec<f32>,
    /// Value of each row.
    values: Vec<f32>,
}

impl VarianceTerm {
    /// The term of the distributions `shares` (rows × (groups · units)) and the decoder's `weight`
    /// (features × (groups · units), as [`Dense`](super::super::dense::Dense) stores it if it is
    /// not tied); `group` is the number of units per group.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(shares: Node, weight: Node, group: usize) -> Result<Rc<VarianceTerm>, EngineError> {
        let columns = shares.borrow().columns();
        let (rows, learned) =
            (shares.borrow().values().len() / columns.max(1), weight.borrow().values().len());
        let scratch = Scratch {
            columns: zeros(learned)?,
            gram: zeros(columns * group)?,
            moments: zeros(columns * group)?,
            gradient: zeros(learned)?,
            values: zeros(rows)?,
        };
        Ok(Rc::new(VarianceTerm { shares, weight, group, scratch: RefCell::new(scratch) }))
    }
}

impl LossTerm for VarianceTerm {
    /// The term; gradients go to the shares and the decoder's weight.
    fn compute(&self, pass: &Pass) -> f64 {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (shares, decoder) = (self.shares.borrow(), self.weight.borrow());
        let (columns, group) = (shares.columns(), self.group);
        let features = decoder.values().len() / columns;
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { columns: transposed, gram, values, .. } = &mut *scratch;
        transpose(threads, decoder.values(), columns, transposed);
        for (gram, own) in gram.chunks_exact_mut(group * group).zip(transposed.chunks_exact(group * features))
        {
            let own = Matrix::new(own, group, features);
            multiply(threads, gram, false, own, own.transposed());
        }
        let (shares, values) = (shares.values(), &mut values[..rows]);
        threads.for_each_piece(values, ROWS, 2 * rows * columns * group, |start, values| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, value) in (start..).zip(values) {
                        let q = &shares[row * columns..(row + 1) * columns];
                        *value = 0.0;
                        for (q, gram) in q.chunks_exact(group).zip(gram.chunks_exact(group * group)) {
                            for (k, gram) in gram.chunks_exact(group).enumerate() {
                                *value += q[k] * (gram[k] - dot(gram, q));
                            }
                        }
                    }
                },
            );
        });
        values.iter().map(|&value| f64::from(value)).sum()
    }

    /// `∂/∂q_k = G_kk − 2 Σ_l G_kl q_l` and `∂/∂C_v = 2 C_v (diag(Σ q) − Σ q qᵀ)`, sums over the
    /// rows.
    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (shares, decoder) = (self.shares.borrow(), self.weight.borrow());
        let (columns, group) = (shares.columns(), self.group);
        let (len, features) = (rows * columns, decoder.values().len() / columns);
        if weight == 0.0 {
            no_gradient(&shares, len, grads)?;
            return no_gradient(&decoder, features * columns, grads);
        }
        let [dshares, dweight] = gradients(grads, [&shares, &decoder])?;
        let shares_add = shares.claim_gradient() == Write::Add;
        let weight_adds = decoder.claim_gradient() == Write::Add;
        let scale = weight / rows as f32;
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { columns: transposed, gram, moments, gradient, .. } = &mut *scratch;
        let shares = shares.values();
        threads.for_each_piece(&mut dshares[..len], ROWS * columns, 2 * len * group, |start, dshares| {
            vectorised(
                #[inline(always)]
                || {
                    for (index, dshares) in dshares.chunks_exact_mut(group).enumerate() {
                        let at = start + index * group;
                        let (q, gram) = (&shares[at..at + group], &gram[at % columns * group..]);
                        for (k, (gradient, gram)) in
                            dshares.iter_mut().zip(gram.chunks_exact(group)).enumerate()
                        {
                            let own = flushed(scale * (gram[k] - 2.0 * dot(gram, q)), LEAST_GRADIENT);
                            *gradient = own + if shares_add { *gradient } else { 0.0 };
                        }
                    }
                },
            );
        });
        threads.for_each_piece(moments, group, 2 * len * group, |start, moments| {
            let column = start / group;
            let (first, k) = (column / group * group, column % group);
            vectorised(
                #[inline(always)]
                || row_of_moments(shares, columns, rows, first, k, 2.0 * scale, moments),
            );
        });
        let groups = moments.chunks_exact(group * group).zip(transposed.chunks_exact(group * features));
        for (gradient, (moments, own)) in gradient.chunks_exact_mut(group * features).zip(groups) {
            let moments = Matrix::new(moments, group, group);
            multiply(threads, gradient, false, moments, Matrix::new(own, group, features));
        }
        let gradient = &*gradient;
        threads.for_each_piece(dweight, ROWS * columns, features * columns, |start, dweight| {
            for (feature, dweight) in (start / columns..).zip(dweight.chunks_exact_mut(columns)) {
                for (column, dweight) in dweight.iter_mut().enumerate() {
                    let own = flushed(gradient[column * features + feature], LEAST_GRADIENT);
                    *dweight = own + if weight_adds { *dweight } else { 0.0 };
                }
            }
        });
        Ok(())
    }
}

/// Row k of `scale · (diag(Σ q) − Σ q qᵀ)` of the group that begins at column `first`.
#[inline(always)]
fn row_of_moments(
    shares: &[f32],
    columns: usize,
    rows: usize,
    first: usize,
    k: usize,
    scale: f32,
    out: &mut [f32],
) {
    let group = out.len();
    out.fill(0.0);
    let mut sum = 0.0;
    for row in 0..rows {
        let q = &shares[row * columns + first..][..group];
        sum += q[k];
        for (out, other) in out.iter_mut().zip(q) {
            *out -= q[k] * other;
        }
    }
    out[k] += sum;
    for out in out {
        *out *= scale;
    }
}

/// Columns of `matrix` as rows of `out`.
fn transpose(threads: &Threads, matrix: &[f32], columns: usize, out: &mut [f32]) {
    let (rows, len) = (out.len() / columns, out.len());
    threads.for_each_piece(out, rows, len, |start, out| {
        let column = start / rows;
        for (out, row) in out.iter_mut().zip(matrix.chunks_exact(columns)) {
            *out = row[column];
        }
    });
}

/// `Σ a b`, in lanes so that long groups vectorise.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut lanes = [0.0_f32; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left.zip(right) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + tail
}
