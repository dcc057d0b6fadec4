//! The k-sparse code (Makhzani & Frey 2014): the k largest units of each sample, or of each group
//! of its units, the others 0.

use std::rc::Rc;

use super::jacobian::Chain;
use super::math::vectorised;
use super::pass::Pass;
use super::tape::Recorder;
use super::threads::{Parts, shard_range};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use crate::engine::EngineError;

/// Rows per shard.
const ROWS: usize = 16;
/// Partial counts of a row, so that the loop vectorises.
const LANES: usize = 16;
/// Values per shard of the backward pass.
const SHARD: usize = 4096;

/// Keeps the k largest values of each group of a row; the gradient flows only through the kept
/// values.
pub struct TopK {
    x: Node,
    y: Node,
    /// Neighbouring units that compete.
    group: usize,
    /// 1 where the latest forward pass kept a unit: rows × units.
    mask: Node,
    wants_input_gradient: bool,
}

impl TopK {
    /// From `x` to `y`, both rows × units; `group` neighbouring units compete.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(x: Node, y: Node, group: usize, wants_input_gradient: bool) -> Result<Rc<TopK>, EngineError> {
        let (len, units) = (y.borrow().values().len(), y.borrow().columns());
        let mask = Variable::zeros(len / units.max(1), units)?;
        Ok(Rc::new(TopK { x, y, group, mask, wants_input_gradient }))
    }

    /// Appends its linear map: 1 where the last forward pass kept a unit.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn linearise(&self, chain: &mut Chain) -> Result<(), EngineError> {
        let mask = Rc::clone(&self.mask);
        let (len, units) = (mask.borrow().values().len(), mask.borrow().columns());
        chain.push_mask(len / units.max(1), units, move |_, factors| {
            factors.copy_from_slice(&mask.borrow().values()[..factors.len()]);
        })
    }

    /// Computes the first `pass.rows` rows of `y` and records the backward pass: the `k` largest
    /// units of each group; of equal units those with the lowest index are kept, and all if `k` is
    /// at least the number of units. NaN is always kept, so that divergence shows.
    pub fn forward(self: &Rc<Self>, pass: &Pass, k: usize, recorder: &mut Recorder) {
        self.compute(pass, k);
        if self.wants_input_gradient {
            recorder.record(self, pass, TopK::backward);
        }
    }

    fn compute(&self, pass: &Pass, k: usize) {
        let threads = &*pass.threads;
        let (x, mut y, mut mask) = (self.x.borrow(), self.y.borrow_mut(), self.mask.borrow_mut());
        let (units, rows) = (self.group, pass.rows * (x.columns() / self.group.max(1)));
        let x = x.values();
        let (y, mask) = (Parts::new(y.values_mut()), Parts::new(mask.values_mut()));
        // Selection visits every value 32 times.
        threads.run(rows.div_ceil(ROWS), 32 * rows * units, &|shard| {
            for row in shard_range(shard, ROWS, rows) {
                let at = row * units..(row + 1) * units;
                // SAFETY: `run` calls each shard once, and the rows of different shards do not
                // overlap.
                let (y, mask) = unsafe { (y.part(at.clone()), mask.part(at.clone())) };
                vectorised(
                    #[inline(always)]
                    || keep_largest(k, &x[at], y, mask),
                );
            }
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, y, mask) = (self.x.borrow(), self.y.borrow(), self.mask.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (len, mask) = (rows * x.columns(), mask.values());
        threads.for_each_piece(&mut dx[..len], SHARD, 4 * len, |start, dx| {
            vectorised(
                #[inline(always)]
                || {
                    for (dx, (&dy, &mask)) in dx.iter_mut().zip(dy[start..].iter().zip(&mask[start..])) {
                        let own = if mask > 0.0 { dy } else { 0.0 };
                        *dx = own + if adds { *dx } else { 0.0 };
                    }
                },
            );
        });
        Ok(())
    }
}

/// Computes one row.
#[inline(always)]
fn keep_largest(k: usize, x: &[f32], y: &mut [f32], mask: &mut [f32]) {
    if k >= x.len() {
        y.copy_from_slice(x);
        mask.fill(1.0);
        return;
    }
    let threshold = if k == 0 { f32::INFINITY } else { kth_largest(k, x) };
    let not_above = count(
        x,
        #[inline(always)]
        |x| x <= threshold,
    );
    // How many of the values equal to the threshold are kept.
    let mut places = k.saturating_sub(x.len() - not_above);
    for ((&x, y), mask) in x.iter().zip(y).zip(mask) {
        let is_equal = x == threshold;
        let is_kept = if is_equal { places > 0 } else { x > threshold || x.is_nan() };
        places -= usize::from(is_kept && is_equal);
        *y = if is_kept { x } else { 0.0 };
        *mask = if is_kept { 1.0 } else { 0.0 };
    }
}

/// The k-th largest value, by bisection over all `f32` values: 32 vectorised counts are many times
/// faster than a selection that moves values.
#[inline(always)]
fn kth_largest(k: usize, x: &[f32]) -> f32 {
    let most_below = x.len() - k;
    let (mut low, mut high) = (ordered(f32::NEG_INFINITY), ordered(f32::INFINITY) + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let value = number(middle);
        let below = count(
            x,
            #[inline(always)]
            |x| x < value,
        );
        if below <= most_below {
            low = middle;
        } else {
            high = middle;
        }
    }
    number(low)
}

/// How many values are `such`, in lanes so that the loop vectorises.
#[inline(always)]
fn count(values: &[f32], such: impl Fn(f32) -> bool) -> usize {
    // Counted as floats: sums of booleans do not vectorise.
    let mut lanes = [0.0_f32; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder().iter().filter(|&&value| such(value)).count();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += if such(chunk[lane]) { 1.0 } else { 0.0 };
        }
    }
    lanes.iter().sum::<f32>() as usize + rest
}

/// Maps floats to integers with the same order.
fn ordered(number: f32) -> u32 {
    let bits = number.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// The float of an integer.
fn number(ordered: u32) -> f32 {
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::pass::Mode;
    use crate::engine::kernels::reference::{
        backward, check_bits, check_loss_gradients, pass, project, random_node,
    };

    fn code(rows: usize, units: usize) -> (Node, Node, Rc<TopK>) {
        let (x, y) = (random_node(rows, units, 1), random_node(rows, units, 2));
        let code = TopK::new(Rc::clone(&x), Rc::clone(&y), units, true).expect("small");
        (x, y, code)
    }

    fn check(k: usize, x: &[f32], expected: &[f32]) {
        let (node, y, code) = code(1, x.len());
        node.borrow_mut().values_mut().copy_from_slice(x);
        code.compute(&pass(1, 1), k);
        assert_eq!(y.borrow().values(), expected, "{k} of {x:?}");
    }

    #[test]
    fn ties_go_to_the_lower_index() {
        check(2, &[1.0, 3.0, 2.0, -1.0], &[0.0, 3.0, 2.0, 0.0]);
        check(3, &[2.0, 5.0, 2.0, 2.0, 1.0], &[2.0, 5.0, 2.0, 0.0, 0.0]);
        check(2, &[-3.0, -1.0, -2.0], &[0.0, -1.0, -2.0]);
        check(1, &[-0.0, 0.0], &[0.0, 0.0]);
        check(0, &[1.0, 2.0], &[0.0, 0.0]);
        check(2, &[1.0, 2.0], &[1.0, 2.0]);
        check(9, &[1.0, -2.0], &[1.0, -2.0]);
        check(1, &[1.0, f32::NEG_INFINITY, f32::INFINITY], &[0.0, 0.0, f32::INFINITY]);
    }

    #[test]
    fn groups_compete_by_themselves() {
        let (x, y) = (random_node(2, 6, 1), random_node(2, 6, 2));
        let values = [1.0, 3.0, 2.0, -1.0, -3.0, -2.0, 0.0, 0.0, 5.0, 7.0, 8.0, 9.0];
        x.borrow_mut().values_mut().copy_from_slice(&values);
        TopK::new(x, Rc::clone(&y), 3, true).expect("small").compute(&pass(2, 1), 1);
        let expected = [0.0, 3.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 9.0];
        assert_eq!(y.borrow().values(), expected);
    }

    #[test]
    fn zeros_of_both_signs_are_equal_and_not_a_number_shows() {
        let mask = |k: usize, x: &[f32]| {
            let (mut y, mut mask) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            keep_largest(k, x, &mut y, &mut mask);
            mask
        };
        assert_eq!(mask(1, &[-0.0, 0.0]), [1.0, 0.0]);
        assert_eq!(mask(1, &[5.0, -f32::NAN, 7.0]), [0.0, 1.0, 0.0]);
        assert_eq!(mask(1, &[f32::INFINITY, f32::NAN, -f32::NAN]), [0.0, 1.0, 1.0]);
        assert_eq!(mask(0, &[f32::INFINITY, f32::NEG_INFINITY]), [0.0, 0.0]);
        assert_eq!(mask(1, &[f32::NEG_INFINITY; 2]), [1.0, 0.0]);
    }

    #[test]
    fn equals_sorting() {
        let (rows, units) = (6, 37);
        let (x, y, code) = code(7, units);
        // Few distinct values, so that ties are frequent.
        x.borrow_mut().values_mut().iter_mut().for_each(|x| *x = (*x * 2.0).round());
        for k in 0..=units {
            code.compute(&pass(rows, 1), k);
            for row in 0..rows {
                let x = x.borrow().values()[row * units..][..units].to_vec();
                let mut order: Vec<usize> = (0..units).collect();
                order.sort_by(|&a, &b| x[b].total_cmp(&x[a]).then(a.cmp(&b)));
                let mut expected = vec![0.0; units];
                order[..k].iter().for_each(|&unit| expected[unit] = x[unit] + 0.0);
                assert_eq!(y.borrow().values()[row * units..][..units], expected, "k = {k}, row {row}");
                let kept: f32 = code.mask.borrow().values()[row * units..][..units].iter().sum();
                assert_eq!(kept, k as f32);
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        // No two values are within 2 h of each other; otherwise a difference would change which are
        // kept.
        let (x, y, code) = code(4, 9);
        for (index, x) in x.borrow_mut().values_mut().iter_mut().enumerate() {
            *x = ((index * 7) % 36) as f32 * 0.1 - 1.75;
        }
        for k in [0, 3, 9] {
            check_loss_gradients(&[(&x, 3)], &[&y], 1e-3, &mut |recorder| {
                code.forward(&pass(3, 1), k, recorder);
                project(&y, 3, 5, recorder)
            });
        }
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        check_bits(|threads| {
            let (x, y, code) = code(200, 500);
            let mut forward = |recorder: &mut Recorder| {
                code.forward(&Pass::new(199, Mode::Use, threads), 25, recorder);
                project(&y, 199, 5, recorder)
            };
            let mut values = backward(&[(&x, 199)], &[&y], &mut forward).concat();
            values.extend(&y.borrow().values()[..199 * 500]);
            values
        });
    }
}
