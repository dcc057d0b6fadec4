//! How a network is run: number of rows, noise, threads.

use std::rc::Rc;

use super::draw::Draw;
use super::threads::Threads;

/// How a network is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// With the noise of one training step, and statistics of the minibatch.
    Train(Moment),
    /// To measure the loss: codes that are distributions are sampled, nothing else is random.
    Measure(Moment),
    /// Without noise, and with running statistics.
    Use,
}

/// A point in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Its random numbers.
    pub draw: Draw,
    /// Epochs so far, with the fraction of the current one.
    pub epochs: f64,
    /// Fraction of the design's epochs that are done.
    pub share: f64,
}

impl Mode {
    /// Random numbers for codes, if codes are sampled.
    pub fn draw(self) -> Option<Draw> {
        match self {
            Mode::Train(moment) | Mode::Measure(moment) => Some(moment.draw),
            Mode::Use => None,
        }
    }

    /// Random numbers for noise, in training only.
    pub fn noise(self) -> Option<Draw> {
        match self {
            Mode::Train(moment) => Some(moment.draw),
            Mode::Measure(_) | Mode::Use => None,
        }
    }
}

/// One forward pass and its backward pass. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Number of rows to compute, at most as many as the buffers hold.
    pub rows: usize,
    /// Codes sampled per row.
    pub samples: usize,
    /// The noise.
    pub mode: Mode,
    /// The thread pool.
    pub threads: Rc<Threads>,
}

impl Pass {
    /// A pass over `rows` rows with one code each.
    pub fn new(rows: usize, mode: Mode, threads: &Rc<Threads>) -> Pass {
        Pass { rows, samples: 1, mode, threads: Rc::clone(threads) }
    }

    /// The pass after the codes: each code is a row.
    pub fn of_codes(&self) -> Pass {
        Pass { rows: self.rows * self.samples, samples: 1, ..self.clone() }
    }
}
