use std::time::{Duration, Instant};

/// When a [`Driver`](super::Driver) does what costs time or tells what is of interest only now and then.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Least time between two reports of records and progress.
    pub report: Duration,
    /// When epochs are looked at through the probe.
    pub look: Cadence,
    /// When the health is measured; `None` is only where the run pauses or ends.
    pub health: Option<Cadence>,
    /// When checkpoints are made while the run trains; one is always made where it pauses or ends.
    pub checkpoint: Checkpoints,
}

/// How often something is done that costs time.
#[derive(Clone, Copy, Debug)]
pub struct Cadence {
    /// Least time from one to the next.
    pub every: Duration,
    /// Training lasts at least this many times as long in between as the last one took.
    pub cost: u32,
}

/// When checkpoints are made. All of them are also due by time, wherever the run is: within an epoch, before a long
/// validation, and while single layers are trained. The first is due after two seconds.
#[derive(Clone, Copy, Debug)]
pub enum Checkpoints {
    /// By time alone.
    Timed(Cadence),
    /// After every so many epochs, those of single layers included, and by time in between. Where one takes long, the run
    /// is trained for as long before the next.
    Epochs(u32, Cadence),
}

impl Checkpoints {
    pub(super) fn cadence(self) -> Cadence {
        match self {
            Checkpoints::Timed(cadence) | Checkpoints::Epochs(_, cadence) => cadence,
        }
    }
}

/// When something was last done, and how long it took.
pub(super) struct Timer {
    pub(super) done: Instant,
    pub(super) cost: Duration,
}

impl Timer {
    pub(super) fn new(now: Instant) -> Timer {
        Timer { done: now, cost: Duration::ZERO }
    }

    pub(super) fn is_due(&self, now: Instant, cadence: Cadence) -> bool {
        now - self.done >= cadence.every.max(cadence.cost * self.cost)
    }

    /// It has just been done, from `start` to `now`.
    pub(super) fn note(&mut self, start: Instant, now: Instant) {
        (self.done, self.cost) = (now, now - start);
    }
}
