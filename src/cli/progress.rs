use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::write::note;
use crate::project::visible_lines;

/// Time between two lines if stderr is not a terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A progress bar on a terminal; a line every few seconds if stderr is a file.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    last_line: Option<Instant>,
}

impl Bar {
    /// A bar for this many units, labelled `what`.
    pub(super) fn new(what: &str, total: u64) -> Bar {
        // Drawn on stderr if that is a terminal, and hidden otherwise. Its failed writes do not
        // matter.
        let bar = ProgressBar::new(total);
        let template = "{prefix} {wide_bar:.blue} {pos}/{len}  {msg}  {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        let last_line = bar.is_hidden().then(Instant::now);
        Bar { bar, last_line }
    }

    /// Sets the units done and their total.
    pub(super) fn set(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// Total units.
    pub(super) fn total(&self) -> u64 {
        self.bar.length().unwrap_or_default()
    }

    /// Sets the text after the bar.
    pub(super) fn say(&mut self, message: impl FnOnce() -> String) {
        match &mut self.last_line {
            None => self.bar.set_message(visible_lines(&message()).into_owned()),
            Some(last) if last.elapsed() >= LINE_EVERY => {
                *last = Instant::now();
                note(message());
            }
            Some(_) => {}
        }
    }

    /// Prints a line above the bar.
    pub(super) fn print(&self, text: &str) {
        if self.last_line.is_some() { note(text) } else { self.bar.println(visible_lines(text)) }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
