//! The log, and the notifications shown temporarily over the window.

use crate::check::Severity;
use crate::io::Recovery;
use crate::project::{Choice, Source, visible_lines};

/// How long notifications other than errors are shown, and how long they fade out, in seconds.
const STAYS_SECS: f64 = 6.0;
const FADES_SECS: f64 = 0.6;
/// Maximum number of notifications on screen: more would cover too much. The log has all of them.
const TOASTS: usize = 3;
/// Maximum number of lines in the log.
const LINES: usize = 2000;

/// The log, and the notifications on screen.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    /// Every line, oldest first.
    pub log: Vec<Line>,
    /// Notifications on screen, oldest first.
    pub toasts: Vec<Toast>,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its severity.
    pub severity: Severity,
    /// The event, its place, and the remedy.
    pub text: String,
    /// Seconds since 1970.
    pub unix_secs: u64,
}

/// A notification. Errors and offers stay until they are closed.
#[derive(Clone, Debug)]
pub struct Toast {
    /// Its severity.
    pub severity: Severity,
    /// The text.
    pub text: String,
    /// How many times it was repeated while shown.
    pub count: u32,
    /// When it disappears, in the window's seconds; set when it is first shown.
    pub until: Option<f64>,
    /// The action of its button.
    pub offer: Option<Offer>,
}

/// The action of a notification's button.
#[derive(Clone, Debug, PartialEq)]
pub enum Offer {
    /// Applies a choice about the data.
    Choice(Choice),
    /// Uses these as the data of the document.
    Data(Box<Source>),
    /// Asks what to do with work left by a crash.
    Recover(Vec<Recovery>),
    /// Loads the other data of the project for the shown run.
    Others,
}

impl Offer {
    /// The text of the button.
    pub fn name(&self) -> String {
        match self {
            Offer::Choice(choice) => choice.name(),
            Offer::Data(_) => "Use as data".to_owned(),
            Offer::Recover(_) => "Show it".to_owned(),
            Offer::Others => "Load them".to_owned(),
        }
    }

    /// Whether it concerns the open document.
    fn is_of_document(&self) -> bool {
        match self {
            Offer::Choice(_) | Offer::Others => true,
            Offer::Data(_) | Offer::Recover(_) => false,
        }
    }

    /// A caution for the user before accepting it, if there is one.
    pub fn about(&self) -> Option<&'static str> {
        match self {
            Offer::Choice(_) | Offer::Data(_) => Some("Can be undone."),
            Offer::Recover(_) | Offer::Others => None,
        }
    }
}

impl Toast {
    /// Its current opacity, in [0, 1].
    pub fn opacity(&self, now: f64) -> f32 {
        self.until.map_or(1.0, |until| ((until - now) / FADES_SECS).clamp(0.0, 1.0) as f32)
    }

    /// Restarts its timer, because the user is reading it.
    pub fn hold(&mut self) {
        self.until = None;
    }
}

impl Notices {
    /// Adds a line to the log.
    pub fn log(&mut self, severity: Severity, text: impl Into<String>) {
        let unix_secs = unix_secs();
        self.log.push(Line { severity, text: visible_lines(&text.into()).into_owned(), unix_secs });
        if self.log.len() > LINES {
            self.log.remove(0);
        }
    }

    /// Removes notifications that begin with this text and no longer apply.
    pub fn remove_outdated(&mut self, start: &str) {
        let start = visible_lines(start);
        self.toasts.retain(|toast| !toast.text.starts_with(&*start));
    }

    /// Removes notifications with an offer for a document that is no longer open.
    pub fn leave_document(&mut self) {
        self.toasts.retain(|toast| !toast.offer.as_ref().is_some_and(Offer::is_of_document));
    }

    /// Adds a line to the log and shows it.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>) {
        let text = visible_lines(&text.into()).into_owned();
        self.log(severity, text.clone());
        let same = |toast: &Toast| toast.text == text && toast.severity == severity;
        let known = self.toasts.iter().position(same).map(|index| self.toasts.remove(index));
        let count = known.map_or(0, |toast| toast.count) + 1;
        self.toasts.push(Toast { severity, text, count, until: None, offer: None });
        if self.toasts.len() > TOASTS {
            // Errors are removed last.
            let passing = self.toasts.iter().position(|toast| toast.severity != Severity::Error);
            self.toasts.remove(passing.filter(|index| *index < TOASTS).unwrap_or(0));
        }
    }

    /// Adds a line to the log and shows it with a button.
    pub fn offer(&mut self, severity: Severity, text: impl Into<String>, offer: Offer) {
        self.say(severity, text);
        if let Some(toast) = self.toasts.last_mut() {
            toast.offer = Some(offer);
        }
    }

    /// Removes expired notifications. Returns the number of seconds until the next redraw.
    pub fn expire(&mut self, now: f64) -> Option<f64> {
        for toast in &mut self.toasts {
            let waits = toast.severity == Severity::Error || toast.offer.is_some();
            let stays = if waits { f64::INFINITY } else { STAYS_SECS };
            toast.until.get_or_insert(now + stays);
        }
        self.toasts.retain(|toast| toast.until.is_none_or(|until| until > now));
        let left = self.toasts.iter().filter_map(|toast| toast.until).filter(|until| until.is_finite());
        left.map(|until| (until - FADES_SECS - now).max(0.0)).min_by(f64::total_cmp)
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
    fn notifications_fade_out_and_errors_stay() {
        let mut notices = Notices::default();
        notices.say(Severity::Info, "saved");
        notices.say(Severity::Error, "not saved");
        assert_eq!(notices.expire(10.0), Some(STAYS_SECS - FADES_SECS));
        assert_eq!(notices.toasts[0].opacity(10.0), 1.0);
        let late = 10.0 + STAYS_SECS - 0.5 * FADES_SECS;
        assert_eq!(notices.expire(late), Some(0.0), "fading takes a picture a frame");
        assert!((notices.toasts[0].opacity(late) - 0.5).abs() < 1e-6);
        assert_eq!(notices.toasts[1].opacity(late), 1.0);
        assert_eq!(notices.expire(20.0), None);
        assert_eq!(notices.toasts.len(), 1);
        assert_eq!(notices.log.len(), 2);
    }

    #[test]
    fn a_hovered_notification_stays() {
        let mut notices = Notices::default();
        notices.say(Severity::Info, "saved");
        notices.expire(0.0);
        notices.toasts[0].hold();
        notices.expire(STAYS_SECS + 1.0);
        assert_eq!(notices.toasts.len(), 1);
    }

    #[test]
    fn repeated_notifications_are_counted_and_their_number_is_limited() {
        let mut notices = Notices::default();
        notices.say(Severity::Error, "not saved");
        for number in 0..5 {
            notices.say(Severity::Info, "saved");
            notices.say(Severity::Info, format!("run {number}"));
        }
        let told: Vec<_> = notices.toasts.iter().map(|toast| (toast.text.as_str(), toast.count)).collect();
        assert_eq!(told, [("not saved", 1), ("saved", 5), ("run 4", 1)]);
        for number in 0..5 {
            notices.say(Severity::Error, format!("error {number}"));
        }
        let told: Vec<_> = notices.toasts.iter().map(|toast| toast.text.as_str()).collect();
        assert_eq!(told, ["error 2", "error 3", "error 4"]);
        assert_eq!(notices.log.len(), 16);
    }
}
