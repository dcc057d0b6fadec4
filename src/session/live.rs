//! Decides when the weights of a training run are copied for the views. It costs nothing while no
//! copy is requested.

use std::time::{Duration, Instant};

/// Minimum time between two copies.
const EVERY: Duration = Duration::from_millis(100);

/// Whether a copy was requested, and when the last one was made.
#[derive(Default)]
pub(super) struct WeightsRequest {
    is_requested: bool,
    copied: Option<Instant>,
}

impl WeightsRequest {
    /// Requests a copy.
    pub(super) fn ask(&mut self) {
        self.is_requested = true;
    }

    /// Returns the time until the requested copy may be made; `None` if none was requested, in
    /// which case `now` is not called.
    pub(super) fn due_in(&self, now: impl Fn() -> Instant) -> Option<Duration> {
        let passed = || self.copied.map_or(EVERY, |copied| now().saturating_duration_since(copied));
        self.is_requested.then(|| EVERY.saturating_sub(passed()))
    }

    /// Returns whether a copy is due now, and records that it is made.
    pub(super) fn take(&mut self, now: impl Fn() -> Instant) -> bool {
        let is_due = self.due_in(&now) == Some(Duration::ZERO);
        if is_due {
            *self = WeightsRequest { is_requested: false, copied: Some(now()) };
        }
        is_due
    }

    /// Ends the run. Returns whether a request is still open, which will not be answered with a
    /// copy.
    pub(super) fn end(&mut self) -> bool {
        std::mem::take(self).is_requested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_copied_on_request_at_most_ten_times_a_second() {
        let start = Instant::now();
        let at = |millis| move || start + Duration::from_millis(millis);
        let mut requested = WeightsRequest::default();
        assert!(!requested.take(at(0)) && requested.due_in(at(0)).is_none(), "nobody asks");
        requested.ask();
        assert!(requested.take(at(0)) && !requested.take(at(500)), "one copy for each time");
        requested.ask();
        assert!(requested.take(at(500)));
        requested.ask();
        assert_eq!(requested.due_in(at(530)), Some(Duration::from_millis(70)));
        assert!(!requested.take(at(530)) && !requested.take(at(599)) && requested.take(at(600)));
        assert!(!requested.end());
        requested.ask();
        assert!(requested.end() && !requested.end(), "who waits is told once");
    }
}
