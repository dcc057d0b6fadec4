//! Maximum mean discrepancy between a minibatch of codes and the prior (Gretton et al. 2012), the
//! penalty of a Wasserstein autoencoder (Tolstikhin, Bousquet, Gelly & Schölkopf 2018).

use std::cell::RefCell;
use std::rc::Rc;

use super::draw::Draw;
use super::math::{LEAST_GRADIENT, flushed, vectorised};
use super::noise::normal;
use super::operation::LossTerm;
use super::pass::Pass;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, TapeError, Write, gradients, no_gradient};
use crate::check::sizes::DISCREPANCY_ROWS;
use crate::dataset::random::{Purpose, Stream};

/// Scales s of the kernel `Σ_s sC / (sC + ‖a − b‖²)`, as in the authors' implementation.
pub const SCALES: [f32; 7] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Partial sums of a row of pairs, so that the loop vectorises.
const LANES: usize = 16;
/// Floating-point operations for one value of the kernel and its derivative.
const KERNEL_FLOPS: usize = 40;

/// The unbiased estimate of MMD² between the rows of `codes` and as many draws of N(0, I):
/// `1/m(m−1) Σ_{i≠j} [k(z_i, z_j) + k(ẑ_i, ẑ_j)] − 2/m² Σ_{ij} k(z_i, ẑ_j)` with C = 2p. It can be
/// negative.
pub struct Mmd {
    codes: Node,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    /// Codes and prior draws, features × rows each, so that a row of distances vectorises.
    code_columns: Vec<f32>,
    prior_columns: Vec<f32>,
    /// Distances, then derivatives, of each shard's current point.
    distances: Vec<f32>,
    /// Weighted sums of kernel values of each row.
    sums: Vec<f32>,
    /// The gradient of MMD² for each code.
    slopes: Vec<f32>,
}

impl Mmd {
    /// The discrepancy of `codes`, rows × p.
    pub fn new(codes: Node) -> Rc<Mmd> {
        let (len, units) = (codes.borrow().values().len(), codes.borrow().columns());
        let rows = len / units.max(1);
        let scratch = Scratch {
            code_columns: vec![0.0; len],
            prior_columns: vec![0.0; len],
            distances: vec![0.0; rows.div_ceil(DISCREPANCY_ROWS) * rows],
            sums: vec![0.0; rows],
            slopes: vec![0.0; len],
        };
        Rc::new(Mmd { codes, scratch: RefCell::new(scratch) })
    }

    /// MMD² of the first `rows` rows, and its slopes.
    fn measure(&self, rows: usize, stream: Stream, threads: &Threads) -> f64 {
        let codes = self.codes.borrow();
        let (units, codes) = (codes.columns(), codes.values());
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { code_columns, prior_columns, distances, sums, slopes } = &mut *scratch;
        let (code_columns, prior_columns) =
            (&mut code_columns[..rows * units], &mut prior_columns[..rows * units]);
        vectorised(
            #[inline(always)]
            || {
                let columns = code_columns.chunks_exact_mut(rows).zip(prior_columns.chunks_exact_mut(rows));
                for (unit, (code, prior)) in columns.enumerate() {
                    for (row, (code, prior)) in code.iter_mut().zip(prior).enumerate() {
                        *code = codes[row * units + unit];
                        *prior = normal(stream, (row * units + unit) as u64);
                    }
                }
            },
        );
        let (code_columns, prior_columns) = (&*code_columns, &*prior_columns);
        // Weights of the estimate: pairs of the same kind, pairs of different kinds.
        let same = 1.0 / (rows as f32 * (rows as f32 - 1.0));
        let cross = -2.0 / (rows as f32 * rows as f32);
        let (distances, sums, slopes) = (Parts::new(distances), Parts::new(sums), Parts::new(slopes));
        let flops = 3 * rows * rows * (3 * units + KERNEL_FLOPS);
        threads.run(rows.div_ceil(DISCREPANCY_ROWS), flops, &|shard| {
            // SAFETY: `run` calls each shard once, and data of different shards do not overlap.
            let pairs = unsafe { distances.part(shard * rows..(shard + 1) * rows) };
            for row in shard_range(shard, DISCREPANCY_ROWS, rows) {
                // SAFETY: as above.
                let (sum, slope) =
                    unsafe { (sums.part(row..row + 1), slopes.part(row * units..(row + 1) * units)) };
                slope.fill(0.0);
                vectorised(
                    #[inline(always)]
                    || {
                        // Every pair of codes is visited twice, once from either end.
                        let of_codes = pair_kernels(code_columns, code_columns, row, pairs, true, units);
                        add_slope(code_columns, code_columns, row, pairs, 4.0 * same, slope);
                        let of_both = pair_kernels(code_columns, prior_columns, row, pairs, false, units);
                        add_slope(code_columns, prior_columns, row, pairs, 2.0 * cross, slope);
                        let of_prior = pair_kernels(prior_columns, prior_columns, row, pairs, true, units);
                        sum[0] = same * (of_codes + of_prior) + cross * of_both;
                    },
                );
            }
        });
        // SAFETY: all shards are done.
        let sums = unsafe { sums.part(0..rows) };
        sums.iter().map(|&sum| f64::from(sum)).sum()
    }
}

impl LossTerm for Mmd {
    /// `rows` · MMD². The prior's draw for (row, unit) is the normal number `row · p + unit` of the
    /// pass's stream, the same each time if the pass draws nothing. A single row has no pairs: 0,
    /// without a gradient.
    fn compute(&self, pass: &Pass) -> f64 {
        let draw = pass.mode.draw().unwrap_or(Draw { seed: 0, step: u64::MAX });
        let stream = draw.stream(Purpose::Prior, 0);
        let value = if pass.rows < 2 { 0.0 } else { self.measure(pass.rows, stream, &pass.threads) };
        pass.rows as f64 * value
    }

    fn backward(&self, pass: &Pass, weight: f32, grads: &mut Grads) -> Result<(), TapeError> {
        let rows = pass.rows;
        let codes = self.codes.borrow();
        let len = rows * codes.columns();
        if weight == 0.0 || rows < 2 {
            return no_gradient(&codes, len, grads);
        }
        let scratch = self.scratch.borrow();
        let [gradient] = gradients(grads, [&codes])?;
        let adds = codes.claim_gradient() == Write::Add;
        vectorised(
            #[inline(always)]
            || {
                for (gradient, slope) in gradient[..len].iter_mut().zip(&scratch.slopes) {
                    let own = flushed(weight * slope, LEAST_GRADIENT);
                    *gradient = own + if adds { *gradient } else { 0.0 };
                }
            },
        );
        Ok(())
    }
}

/// `Σ_j k(a_row, b_j)`, without j = row if `is_same`; `pairs` receives the derivatives of k with
/// respect to the squared distance.
#[inline(always)]
fn pair_kernels(a: &[f32], b: &[f32], row: usize, pairs: &mut [f32], is_same: bool, units: usize) -> f32 {
    let rows = pairs.len();
    pairs.fill(0.0);
    for (a, b) in a.chunks_exact(rows).zip(b.chunks_exact(rows)) {
        let at = a[row];
        for (pair, b) in pairs.iter_mut().zip(b) {
            *pair += (at - b) * (at - b);
        }
    }
    if is_same {
        // At an infinite distance, the point itself adds nothing to the sum or the gradient.
        pairs[row] = f32::INFINITY;
    }
    let mut lanes = [0.0_f32; LANES];
    let mut chunks = pairs.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            let (value, slope) = kernel(chunk[lane], units);
            lanes[lane] += value;
            chunk[lane] = slope;
        }
    }
    let mut sum = lanes.iter().sum();
    for pair in chunks.into_remainder() {
        let (value, slope) = kernel(*pair, units);
        sum += value;
        *pair = slope;
    }
    sum
}

/// The kernel at a squared distance, and its derivative.
#[inline(always)]
fn kernel(distance: f32, units: usize) -> (f32, f32) {
    let (mut value, mut slope) = (0.0, 0.0);
    for scale in SCALES {
        let width = scale * 2.0 * units as f32;
        let inverse = 1.0 / (width + distance);
        value += width * inverse;
        slope -= width * inverse * inverse;
    }
    (value, slope)
}

/// `slope += factor · Σ_j k' (a_row − b_j)`.
#[inline(always)]
fn add_slope(a: &[f32], b: &[f32], row: usize, pairs: &[f32], factor: f32, slope: &mut [f32]) {
    let rows = pairs.len();
    for (slope, (a, b)) in slope.iter_mut().zip(a.chunks_exact(rows).zip(b.chunks_exact(rows))) {
        let at = a[row];
        let mut lanes = [0.0_f32; LANES];
        let (weights, points) = (pairs.chunks_exact(LANES), b.chunks_exact(LANES));
        let rest = weights.remainder().iter().zip(points.remainder());
        let tail: f32 = rest.map(|(weight, point)| weight * (at - point)).sum();
        for (weights, points) in weights.zip(points) {
            for lane in 0..LANES {
                lanes[lane] += weights[lane] * (at - points[lane]);
            }
        }
        *slope += factor * (lanes.iter().sum::<f32>() + tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::reference::{
        backward, check_bits, check_loss_gradients, random_node, scaled_node, training,
    };
    use crate::engine::kernels::tape::Recorder;

    /// A pass that draws from the prior of a step.
    fn pass_at(rows: usize, step: u64, threads: &Rc<Threads>) -> Pass {
        Pass::new(rows, training(5, step), threads)
    }

    fn value(codes: &Node, rows: usize, step: u64) -> f64 {
        Mmd::new(Rc::clone(codes)).compute(&pass_at(rows, step, &Rc::new(Threads::new(1)))) / rows as f64
    }

    /// The estimate by its definition, in `f64`.
    fn reference(codes: &[f32], rows: usize, units: usize, step: u64) -> f64 {
        let code = |row: usize, unit: usize| f64::from(codes[row * units + unit]);
        let stream = Stream::new(5, Purpose::Prior, step, 0);
        let prior = |row: usize, unit: usize| f64::from(stream.normal((row * units + unit) as u64));
        let kernel =
            |a: &dyn Fn(usize, usize) -> f64, i: usize, b: &dyn Fn(usize, usize) -> f64, j: usize| {
                let distance: f64 = (0..units).map(|unit| (a(i, unit) - b(j, unit)).powi(2)).sum();
                let c = 2.0 * units as f64;
                [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0].map(|s| s * c / (s * c + distance)).iter().sum::<f64>()
            };
        let (mut same, mut cross) = (0.0, 0.0);
        for i in 0..rows {
            for j in 0..rows {
                if i != j {
                    same += kernel(&code, i, &code, j) + kernel(&prior, i, &prior, j);
                }
                cross += kernel(&code, i, &prior, j);
            }
        }
        let m = rows as f64;
        same / (m * (m - 1.0)) - 2.0 * cross / (m * m)
    }

    #[test]
    fn value_follows_the_definition() {
        for (rows, units) in [(2, 1), (5, 3), (40, 8)] {
            let codes = scaled_node(rows + 3, units, 1, 1.5);
            let (ours, expected) =
                (value(&codes, rows, 1), reference(codes.borrow().values(), rows, units, 1));
            assert!((ours - expected).abs() < 1e-5, "{rows} × {units}: {ours} {expected}");
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let threads = Rc::new(Threads::new(1));
        for (rows, units) in [(2, 1), (4, 3), (18, 2)] {
            let codes = scaled_node(rows + 1, units, 1, 1.5);
            let mmd = Mmd::new(Rc::clone(&codes));
            // Scaled by ten, so that the gradients are large compared with the tolerance.
            check_loss_gradients(&[(&codes, rows)], &[], 1e-3, &mut |recorder| {
                10.0 / rows as f64 * recorder.add(&mmd, &pass_at(rows, 1, &threads), 10.0)
            });
        }
    }

    #[test]
    fn the_prior_itself_has_none_in_the_mean_and_other_codes_have() {
        let mean = |scale: f32, shift: f32| {
            let values = (0..200).map(|step| {
                let codes = scaled_node(64, 2, 1000 + step, scale);
                codes.borrow_mut().values_mut().iter_mut().for_each(|code| *code += shift);
                value(&codes, 64, step)
            });
            let values: Vec<f64> = values.collect();
            let mean = values.iter().sum::<f64>() / 200.0;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 200.0;
            (mean, (variance / 200.0).sqrt())
        };
        let (same, error) = mean(1.0, 0.0);
        // Unbiased: within three standard errors of 0. Including the diagonal would add 2 · 7 / 64
        // = 0.2.
        assert!(same.abs() < 3.0 * error && error < 0.01, "{same} ± {error}");
        assert!(
            mean(1.0, 1.0).0 > 0.3 && mean(0.1, 0.0).0 > 0.3,
            "{:?} {:?}",
            mean(1.0, 1.0),
            mean(0.1, 0.0)
        );
    }

    #[test]
    fn neither_weight_zero_nor_a_single_row_has_a_gradient() {
        let threads = Rc::new(Threads::new(1));
        let codes = random_node(3, 2, 1);
        let mmd = Mmd::new(Rc::clone(&codes));
        for (rows, weight) in [(3, 0.0), (1, 1.0)] {
            let mut forward =
                |recorder: &mut Recorder| recorder.add(&mmd, &pass_at(rows, 1, &threads), weight);
            assert_eq!(backward(&[(&codes, rows)], &[], &mut forward), [vec![0.0; 2 * rows]]);
        }
        assert_eq!(mmd.compute(&pass_at(1, 1, &threads)), 0.0);
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        check_bits(|threads| {
            let codes = random_node(200, 8, 1);
            let mmd = Mmd::new(Rc::clone(&codes));
            let mut value = 0.0;
            let mut forward = |recorder: &mut Recorder| {
                value = recorder.add(&mmd, &pass_at(199, 1, threads), 1.0);
                value
            };
            let mut values = backward(&[(&codes, 199)], &[], &mut forward).concat();
            values.push(value as f32);
            values
        });
    }
}
