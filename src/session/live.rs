//! When the weights of a run under way are copied for whoever looks at them. Without anybody who
//! asks it costs nothing.

use std::time::{Duration, Instant};

/// Least time from one copy to the next.
const EVERY: Duration = Duration::from_millis(100);

/// Whether somebody has asked, and when the last copy was made.
#[derive(Default)]
pub(super) struct Asked {
    is_asked: bool,
    copied: Option<Instant>,
}

impl Asked {
    /// Somebody wants a copy.
    pub(super) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// How long until the copy that was asked for may be made; `None` where nobody asked. `now` is
    /// then not looked at.
    pub(super) fn due_in(&self, now: impl Fn() -> Instant) -> Option<Duration> {
        let passed = || self.copied.map_or(EVERY, |copied| now().saturating_duration_since(copied));
        self.is_asked.then(|| EVERY.saturating_sub(passed()))
    }

    /// Whether a copy is due now, which is then made.
    pub(super) fn take(&mut self, now: impl Fn() -> Instant) -> bool {
        let is_due = self.due_in(&now) == Some(Duration::ZERO);
        if is_due {
            *self = Asked { is_asked: false, copied: Some(now()) };
        }
        is_due
    }

    /// The run is over: says whether somebody still waits, who will get no copy.
    pub(super) fn end(&mut self) -> bool {
        std::mem::take(self).is_asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_made_for_those_who_ask_and_ten_a_second_at_most() {
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
