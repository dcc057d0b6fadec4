//! The only place that writes to stdout and stderr. Characters that would control a terminal are
//! escaped.

use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::failure::Failure;
use super::signal;
use super::stream::{Kind, Stream};
use crate::project::{is_hidden, visible_lines, visible_path};

/// How long the end of a stopped program waits for a reader of the remaining output.
const PATIENCE: Duration = Duration::from_millis(800);
/// Longest wait for a reader of notes, unless a stop is requested.
const LONG_PATIENCE: Duration = Duration::from_secs(5);

static RESULTS: Stream = Stream::new(Kind::Results, || Box::new(io::stdout()));
static NOTES: Stream = Stream::new(Kind::Notes, || Box::new(io::stderr()));

/// Prints a line of results immediately, so that the reader of a pipe sees an epoch when it ends.
/// [`finish`] reports failures of writing.
pub(super) fn line(text: impl Display) {
    NOTES.let_pass();
    RESULTS.put(format!("{}\n", visible_lines(&text.to_string())));
}

/// Prints a line of results as JSON.
pub(super) fn json(value: &Value) {
    NOTES.let_pass();
    let mut out = String::new();
    for c in value.to_string().chars() {
        if is_hidden(c) {
            // All of them are in the basic plane, and occur only in texts.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    RESULTS.put(out);
}

/// Prints a note on stderr. Failures are ignored.
pub(super) fn note(text: impl Display) {
    RESULTS.let_pass();
    NOTES.put(format!("{}\n", visible_lines(&text.to_string())));
}

/// Prints a warning on stderr.
pub(super) fn warn(text: impl Display) {
    note(format_args!("warning: {text}"));
}

/// Starts a new line if a progress bar occupies the current one.
pub(super) fn leave_bar() {
    if io::stderr().is_terminal() {
        note("");
    }
}

/// Waits until everything is written and returns the exit code: results that could not be written
/// are an error, except for a closed pipe, whose reader has read enough.
pub(super) fn finish(code: u8) -> u8 {
    let start = Instant::now();
    // One deadline for both streams.
    let is_time_left = || Instant::now() < signal::deadline().unwrap_or(start + PATIENCE);
    let mut code = code;
    match RESULTS.wait_until_written(|| !signal::asked_to_stop() || is_time_left()) {
        Some((ErrorKind::BrokenPipe, _)) | None => {}
        Some((_, error)) => {
            note(format_args!("error: stdout could not be written: {error}"));
            code = code.max(1);
        }
    }
    let notes = Instant::now();
    NOTES.wait_until_written(|| {
        if signal::asked_to_stop() { is_time_left() } else { notes.elapsed() < LONG_PATIENCE }
    });
    code
}

/// Prints the help, or the error in the arguments, and returns the exit code.
pub(super) fn usage(error: &clap::Error) -> u8 {
    let is_help = !error.use_stderr();
    let code = if is_help { 0 } else { 2 };
    if std::env::args_os().any(|argument| argument.to_string_lossy().contains(is_hidden)) {
        // Without colours, because their control characters would be escaped.
        let text = error.render().to_string();
        if is_help {
            line(text.trim_end());
        } else {
            note(text.trim_end());
        }
        return finish(code);
    }
    match error.print().and_then(|()| io::stdout().flush()) {
        Err(error) if is_help && error.kind() != ErrorKind::BrokenPipe => {
            note(format_args!("error: stdout could not be written: {error}"));
            finish(1)
        }
        Ok(()) | Err(_) => code,
    }
}

/// Writer of the diagnostics.
pub(super) struct Diagnostics;

impl Write for Diagnostics {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        note(String::from_utf8_lossy(bytes).trim_end());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends a command before its work if it would overwrite a file unintentionally.
pub(super) fn refuse_to_overwrite(path: &Path, force: bool) -> Result<(), Failure> {
    // A dangling link counts as existing.
    if force || path.symlink_metadata().is_err() {
        return Ok(());
    }
    let is = if path.is_dir() { "is a folder" } else { "already exists" };
    Err(Failure::Problem(format!(
        "{} {is}; give another name with -o, or --force to overwrite it",
        visible_path(path)
    )))
}

/// Refuses a folder for many files unless it is empty, missing, or `force` is set.
pub(super) fn refuse_to_mix(folder: &Path, force: bool) -> Result<(), Failure> {
    let problem = |message: &str| Err(Failure::Problem(format!("{} {message}", visible_path(folder))));
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) if !force => problem(
            "is not empty; give another folder with -o, or --force to write into it and overwrite files with \
             the same names",
        ),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            problem("is a file; give a folder with -o, which is created if it does not exist")
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
