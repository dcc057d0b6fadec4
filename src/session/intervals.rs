use std::time::{Duration, Instant};

/// Intervals at which a [`Driver`](super::Driver) does work that costs time or is only occasionally
/// of interest.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// Minimum time between two reports of records and progress.
    pub report: Duration,
    /// When epochs are recorded with the probe.
    pub probe: Interval,
    /// When the health is measured; `None` means only when the run pauses or ends.
    pub health: Option<Interval>,
    /// When checkpoints are made while the run trains; one is always made when it pauses or ends.
    pub checkpoint: Checkpoints,
}

/// An interval for work that costs time.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    /// Minimum time between two executions.
    pub every: Duration,
    /// Training between two executions lasts at least this many times as long as the last
    /// execution.
    pub cost: u32,
}

/// When checkpoints are made. All of them are also made by time, wherever the run is: within an
/// epoch, before a long validation, and during layer-wise pretraining. The first is due after two
/// seconds.
#[derive(Clone, Copy, Debug)]
pub enum Checkpoints {
    /// By time only.
    Timed(Interval),
    /// After this many epochs, including those of single layers, and by time in between. If saving
    /// takes long, the run trains for as long before the next one.
    Epochs(u32, Interval),
}

impl Checkpoints {
    pub(super) fn cadence(self) -> Interval {
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

    pub(super) fn is_due(&self, now: Instant, cadence: Interval) -> bool {
        now - self.done >= cadence.every.max(cadence.cost * self.cost)
    }

    /// Records that it was just done, from `start` to `now`.
    pub(super) fn note(&mut self, start: Instant, now: Instant) {
        (self.done, self.cost) = (now, now - start);
    }
}
