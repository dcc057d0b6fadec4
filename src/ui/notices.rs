//! What happened: the log, and the notes that stand over the window for a while.

use crate::check::Severity;

/// How long a note that is no error stays, in seconds.
const STAYS_SECS: f64 = 5.0;
/// Most lines of the log.
const LINES: usize = 2000;

/// The log, and what is shown of it in passing.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    /// Every line, oldest first.
    pub log: Vec<Line>,
    /// Notes on screen, oldest first.
    pub toasts: Vec<Toast>,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How bad it is.
    pub severity: Severity,
    /// What happened, where, and what to do.
    pub text: String,
    /// Seconds since 1970.
    pub unix_secs: u64,
}

/// A note over the window. Errors stay until they are put away.
#[derive(Clone, Debug)]
pub struct Toast {
    /// How bad it is.
    pub severity: Severity,
    /// The text.
    pub text: String,
    /// When it goes, in the window's seconds; set when it is first shown.
    pub until: Option<f64>,
}

impl Notices {
    /// Keeps a line in the log.
    pub fn log(&mut self, severity: Severity, text: impl Into<String>) {
        let unix_secs = unix_secs();
        self.log.push(Line { severity, text: text.into(), unix_secs });
        if self.log.len() > LINES {
            self.log.remove(0);
        }
    }

    /// Keeps a line in the log and shows it.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>) {
        let text = text.into();
        self.log(severity, text.clone());
        // The same error twice is shown once.
        self.toasts.retain(|toast| toast.text != text);
        self.toasts.push(Toast { severity, text, until: None });
        if self.toasts.len() > 4 {
            self.toasts.remove(0);
        }
    }

    /// Lets go of notes whose time is over; says when the next one goes.
    pub fn expire(&mut self, now: f64) -> Option<f64> {
        for toast in &mut self.toasts {
            let stays = if toast.severity == Severity::Error { f64::INFINITY } else { STAYS_SECS };
            toast.until.get_or_insert(now + stays);
        }
        self.toasts.retain(|toast| toast.until.is_none_or(|until| until > now));
        let left = self.toasts.iter().filter_map(|toast| toast.until).filter(|until| until.is_finite());
        left.map(|until| until - now).min_by(f64::total_cmp)
    }
}

/// Seconds since 1970.
pub fn unix_secs() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_go_and_errors_stay() {
        let mut notices = Notices::default();
        notices.say(Severity::Info, "saved");
        notices.say(Severity::Error, "not saved");
        assert_eq!(notices.expire(10.0), Some(STAYS_SECS));
        assert_eq!(notices.expire(20.0), None);
        assert_eq!(notices.toasts.len(), 1);
        assert_eq!(notices.log.len(), 2);
    }
}
