//! The code of semantic hashing (Salakhutdinov & Hinton 2009): logistic units whose inputs get
//! strong noise during fine-tuning, so that their outputs become nearly 0 or 1.

use std::rc::Rc;

use super::math::{LEAST_GRADIENT, flushed, sigmoid, vectorised};
use super::noise::normal;
use super::pass::Pass;
use super::tape::Recorder;
use super::variable::{Grads, Node, TapeError, Write, gradients};
use crate::dataset::random::{Purpose, Stream};

/// Rows per shard.
const ROWS: usize = 16;

/// `y = σ(a + std · n)`, with a fixed noise vector n for each training case.
pub struct Hashing {
    /// The inputs of the code units: rows × units.
    pub x: Node,
    /// The code, of the same size.
    pub y: Node,
    /// Standard deviation of the noise.
    pub std: f32,
    /// Whether anything before this layer learns.
    pub wants_input_gradient: bool,
}

/// Noise of the training cases: `n` of case `samples[row]` is the stream of (seed,
/// [`Purpose::CodeNoise`], case), in every epoch and minibatch.
#[derive(Clone, Copy, Debug)]
pub struct CaseNoise<'a> {
    /// Seed of the run.
    pub seed: u64,
    /// The training case in each row.
    pub samples: &'a [u32],
}

impl Hashing {
    /// Computes the first `pass.rows` rows of `y` and records the backward pass; with noise in
    /// training, without in evaluation (`None`).
    ///
    /// # Panics
    /// If `noise` has fewer cases than there are rows.
    pub fn forward(self: &Rc<Self>, pass: &Pass, noise: Option<CaseNoise<'_>>, recorder: &mut Recorder) {
        self.compute(pass, noise);
        if self.wants_input_gradient {
            recorder.record(self, pass, Hashing::backward);
        }
    }

    fn compute(&self, pass: &Pass, noise: Option<CaseNoise<'_>>) {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, mut y) = (self.x.borrow(), self.y.borrow_mut());
        let (units, std, x) = (x.columns(), self.std, x.values());
        let y = &mut y.values_mut()[..rows * units];
        threads.for_each_piece(y, ROWS * units, 64 * rows * units, |start, y| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, y) in (start / units..).zip(y.chunks_exact_mut(units)) {
                        let x = &x[row * units..][..units];
                        match noise {
                            Some(CaseNoise { seed, samples }) => {
                                let stream =
                                    Stream::new(seed, Purpose::CodeNoise, u64::from(samples[row]), 0);
                                for (unit, (y, &x)) in (0..).zip(y.iter_mut().zip(x)) {
                                    *y = sigmoid(x + std * normal(stream, unit));
                                }
                            }
                            None => y.iter_mut().zip(x).for_each(|(y, &x)| *y = sigmoid(x)),
                        }
                    }
                },
            );
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, y) = (self.x.borrow(), self.y.borrow());
        let [dx, dy] = gradients(grads, [&x, &y])?;
        let adds = x.claim_gradient() == Write::Add;
        let (units, y) = (x.columns(), y.values());
        let len = rows * units;
        threads.for_each_piece(&mut dx[..len], ROWS * units, 8 * len, |start, dx| {
            vectorised(
                #[inline(always)]
                || {
                    for (dx, (&dy, &y)) in dx.iter_mut().zip(dy[start..].iter().zip(&y[start..])) {
                        let own = flushed(dy * (y * (1.0 - y)), LEAST_GRADIENT);
                        *dx = own + if adds { *dx } else { 0.0 };
                    }
                },
            );
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::pass::Mode;
    use crate::engine::kernels::reference::{
        backward, check_bits, check_loss_gradients, pass, project, random_node,
    };

    fn code(rows: usize, units: usize) -> Rc<Hashing> {
        let (x, y) = (random_node(rows, units, 1), random_node(rows, units, 2));
        Rc::new(Hashing { x, y, std: 4.0, wants_input_gradient: true })
    }

    fn run(code: &Rc<Hashing>, samples: Option<&[u32]>) -> Vec<f32> {
        let noise = samples.map(|samples| CaseNoise { seed: 3, samples });
        let rows = samples.map_or(2, <[u32]>::len);
        code.compute(&pass(rows, 1), noise);
        code.y.borrow().values()[..rows * code.x.borrow().columns()].to_vec()
    }

    #[test]
    fn values_follow_the_definition() {
        let (units, samples) = (5, [70_000, 12]);
        let code = code(3, units);
        for noise in [None, Some(&samples[..])] {
            for (index, y) in run(&code, noise).into_iter().enumerate() {
                let case = u64::from(samples[index / units]);
                let stream = Stream::new(3, Purpose::CodeNoise, case, 0);
                let n = if noise.is_some() { stream.normal((index % units) as u64) } else { 0.0 };
                let expected = 1.0 / (1.0 + (-(code.x.borrow().values()[index] + 4.0 * n)).exp());
                assert!((y - expected).abs() < 1e-4, "{index}: {y} {expected}");
            }
        }
    }

    #[test]
    fn noise_belongs_to_the_case_and_not_to_its_row() {
        let code = code(3, 4);
        code.x.borrow_mut().values_mut().fill(0.0);
        let (first, second) = (run(&code, Some(&[5, 9, 5])), run(&code, Some(&[9, 5, 6])));
        assert_eq!((&first[..4], &first[4..8]), (&second[4..8], &second[..4]));
        assert_eq!(first[..4], first[8..]);
        assert!(first[..4] != first[4..8] && second[8..] != first[..4]);
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let code = code(4, 5);
        for samples in [None, Some([7, 8, 9])] {
            let noise = samples.as_ref().map(|samples| CaseNoise { seed: 3, samples });
            check_loss_gradients(&[(&code.x, 3)], &[&code.y], 1e-3, &mut |recorder| {
                code.forward(&pass(3, 1), noise, recorder);
                project(&code.y, 3, 5, recorder)
            });
        }
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        check_bits(|threads| {
            let code = code(300, 700);
            let samples: Vec<u32> = (0..299).map(|row| row * 7 % 100).collect();
            let mut forward = |recorder: &mut Recorder| {
                let noise = Some(CaseNoise { seed: 3, samples: &samples });
                code.forward(&Pass::new(299, Mode::Use, threads), noise, recorder);
                project(&code.y, 299, 5, recorder)
            };
            let mut values = backward(&[(&code.x, 299)], &[&code.y], &mut forward).concat();
            values.extend(&code.y.borrow().values()[..299 * 700]);
            values
        });
    }
}
