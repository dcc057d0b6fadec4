//! Decides when the weights of a training run are copied for the views. It costs nothing while no
//! copy is requested.

use std::time::{Duration, Instant};

/// Minimum time between two copies.
const EVERY: Duration = Duration::from_millis(100);

/// Whether a copy was requested, and when the last one was made.
#[derive(Default)]
pub(super) struct Asked {
    is_asked: bool,
    copied: Option<Instant>,
}

impl Asked {
    /// Requests a copy.
    pub(super) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// Returns the time until the requested copy may be made; `None` if none was requested, in
    /// which case `now` is not called.
    pub(super) fn due_in(&self, now: impl Fn() -> Instant) -> Option<Duration> {
        let passed = || self.copied.map_or(EVERY, |copied| now().saturating_duration_since(copied));
        self.is_asked.then(|| EVERY.saturating_sub(passed()))
    }

    /// Returns whether a copy is due now, and records that it is made.
    pub(super) fn take(&mut self, now: impl Fn() -> Instant) -> bool {
        let is_due = self.due_in(&now) == Some(Duration::ZERO);
        if is_due {
            *self = Asked { is_asked: false, copied: Some(now()) };
        }
        is_due
    }

    /// Ends the run. Returns whether a request is still open, which will not be answered with a
    /// copy.
    pub(super) fn end(&mut self) -> bool {
        std::mem::take(self).is_asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_copied_on_request_at_most_ten_times_a_second() {
        let start = Instant::now();
        let at = |millis| move || start + Duration::from_millis(millis);
        let mut asked = Asked::default();
        assert!(!asked.take(at(0)) && asked.due_in(at(0)).is_none(), "nobody asks");
        asked.ask();
        assert!(asked.take(at(0)) && !asked.take(at(500)), "one copy for each time");
        asked.ask();
        assert!(asked.take(at(500)));
        asked.ask();
        assert_eq!(asked.due_in(at(530)), Some(Duration::from_millis(70)));
        assert!(!asked.take(at(530)) && !asked.take(at(599)) && asked.take(at(600)));
        assert!(!asked.end());
        asked.ask();
        assert!(asked.end() && !asked.end(), "who waits is told once");
    }
}
