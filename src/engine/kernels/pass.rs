//! How a network is run: on how many rows, with which noise, on which threads.

use std::rc::Rc;

use super::draw::Draw;
use super::threads::Threads;

/// How a network is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// With the noise of one training step, and statistics of the minibatch.
    Train(Moment),
    /// To measure the loss: codes that are distributions are drawn from, nothing else is random.
    Measure(Moment),
    /// Without noise, and with running statistics.
    Use,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Its random numbers.
    pub draw: Draw,
    /// Epochs so far, with the fraction of the current one.
    pub epochs: f64,
    /// Share of the design's epochs that is done.
    pub share: f64,
}

impl Mode {
    /// Random numbers of codes, where codes are drawn.
    pub fn draw(self) -> Option<Draw> {
        match self {
            Mode::Train(moment) | Mode::Measure(moment) => Some(moment.draw),
            Mode::Use => None,
        }
    }

    /// Random numbers of noise that training alone has.
    pub fn noise(self) -> Option<Draw> {
        match self {
            Mode::Train(moment) => Some(moment.draw),
            Mode::Measure(_) | Mode::Use => None,
        }
    }
}

/// One forward pass, and the backward pass that belongs to it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Rows that are computed, of those the buffers hold.
    pub rows: usize,
    /// Codes that are drawn for each row.
    pub samples: usize,
    /// With which noise.
    pub mode: Mode,
    /// Who computes.
    pub threads: Rc<Threads>,
}

impl Pass {
    /// A pass over `rows` rows with one code each.
    pub fn new(rows: usize, mode: Mode, threads: &Rc<Threads>) -> Pass {
        Pass { rows, samples: 1, mode, threads: Rc::clone(threads) }
    }

    /// The pass that continues from the codes: each is a row.
    pub fn of_codes(&self) -> Pass {
        Pass { rows: self.rows * self.samples, samples: 1, ..self.clone() }
    }
}
