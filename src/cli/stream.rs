use std::collections::VecDeque;
use std::io::{ErrorKind, Result, Write};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use super::signal;

/// Limit of buffered text, in bytes; beyond it the writer waits, or its text is dropped.
const MOST_WAITING: usize = 8 << 20;
/// How long a line of one stream waits for those of the other, so that a terminal shows them in
/// order.
const IN_ORDER: Duration = Duration::from_millis(100);
/// Interval between checks whether to keep waiting.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A stream with its own writing thread: a reader that is slow or never reads does not delay the
/// work.
pub(super) struct Stream {
    kind: Kind,
    target: fn() -> Box<dyn Write>,
    state: Mutex<State>,
    changed: Condvar,
    /// Whether the thread could be started.
    has_thread: OnceLock<bool>,
}

/// The purpose of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Every line is needed; after one that could not be written, writing stops.
    Results,
    /// A line that cannot be written is dropped.
    Notes,
}

struct State {
    lines: VecDeque<String>,
    /// Bytes of the lines.
    waiting: usize,
    is_writing: bool,
    /// Whether a wait has timed out since the last line was written.
    is_stuck: bool,
    failure: Option<(ErrorKind, String)>,
}

impl State {
    fn is_idle(&self) -> bool {
        self.failure.is_some() || (self.lines.is_empty() && !self.is_writing)
    }
}

impl Stream {
    /// A stream that writes to `target()`, which is called for every line.
    pub(super) const fn new(kind: Kind, target: fn() -> Box<dyn Write>) -> Stream {
        let lines = VecDeque::new();
        let state = State { lines, waiting: 0, is_writing: false, is_stuck: false, failure: None };
        Stream {
            kind,
            target,
            state: Mutex::new(state),
            changed: Condvar::new(),
            has_thread: OnceLock::new(),
        }
    }

    /// Queues text to be written soon. With a full buffer, results wait until the program is
    /// stopped.
    pub(super) fn put(&'static self, text: String) {
        let thread = || Builder::new().name("output".to_owned()).spawn(move || self.serve()).is_ok();
        let has_thread = *self.has_thread.get_or_init(thread);
        let mut state = self.lock();
        while state.failure.is_none() && state.waiting > MOST_WAITING {
            if self.kind == Kind::Notes || signal::asked_to_stop() {
                return;
            }
            state = self.wait(state);
        }
        if state.failure.is_some() {
            return;
        }
        state.waiting += text.len();
        state.lines.push_back(text);
        drop(state);
        self.changed.notify_all();
        if !has_thread {
            while self.write_next() {}
        }
    }

    /// Waits until everything is written, while `is_patient`; returns the failure.
    pub(super) fn wait_until_written(&self, is_patient: impl Fn() -> bool) -> Option<(ErrorKind, String)> {
        let mut state = self.lock();
        while !state.is_idle() && is_patient() {
            state = self.wait(state);
        }
        state.is_stuck = !state.is_idle();
        state.failure.clone()
    }

    /// Waits until the lines of this stream are written, unless nobody reads them, so that lines of
    /// another stream follow.
    pub(super) fn let_pass(&self) {
        if !self.lock().is_stuck {
            let start = Instant::now();
            self.wait_until_written(|| start.elapsed() < IN_ORDER);
        }
    }

    fn serve(&self) {
        loop {
            if !self.write_next() {
                let state = self.lock();
                if state.lines.is_empty() {
                    drop(self.changed.wait(state));
                }
            }
        }
    }

    /// Writes one line, if there is one.
    fn write_next(&self) -> bool {
        let mut state = self.lock();
        let Some(text) = state.lines.pop_front() else { return false };
        state.waiting -= text.len();
        state.is_writing = true;
        drop(state);
        let written = write_all(&mut *(self.target)(), text.as_bytes());
        let mut state = self.lock();
        (state.is_writing, state.is_stuck) = (false, false);
        if let (Err(error), Kind::Results) = (written, self.kind) {
            state.failure = Some((error.kind(), error.to_string()));
            state.lines.clear();
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, POLL_INTERVAL).unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Like `Write::write_all`, but also for a pipe that another program has made non-blocking.
fn write_all(target: &mut dyn Write, mut bytes: &[u8]) -> Result<()> {
    loop {
        let result = if bytes.is_empty() { target.flush().map(|()| 0) } else { target.write(bytes) };
        match result {
            Ok(0) if bytes.is_empty() => return Ok(()),
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(POLL_INTERVAL),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, Read};
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    /// Accepts three bytes at a time, and only every other time.
    struct Slow(bool);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.0 = !self.0;
            if self.0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let count = bytes.len().min(3);
            WRITTEN.lock().expect("valid").extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_arrive_complete_and_in_their_order() {
        static STREAM: Stream = Stream::new(Kind::Results, || Box::new(Slow(false)));
        for line in ["one\n", "two\n", "three\n"] {
            STREAM.put(line.to_owned());
        }
        assert_eq!(STREAM.wait_until_written(|| true), None);
        assert_eq!(WRITTEN.lock().expect("valid").as_slice(), b"one\ntwo\nthree\n");
    }

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> Result<usize> {
            Err(Error::from(ErrorKind::StorageFull))
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_reported_for_results_and_never_for_notes() {
        static RESULTS: Stream = Stream::new(Kind::Results, || Box::new(Full));
        static NOTES: Stream = Stream::new(Kind::Notes, || Box::new(Full));
        for stream in [&RESULTS, &NOTES] {
            stream.put("a\n".to_owned());
            stream.put("b\n".to_owned());
        }
        assert_eq!(RESULTS.wait_until_written(|| true).map(|(kind, _)| kind), Some(ErrorKind::StorageFull));
        assert_eq!(NOTES.wait_until_written(|| true), None);
    }

    static GATE: OnceLock<Mutex<Receiver<()>>> = OnceLock::new();

    /// Accepts nothing until the gate is opened.
    struct Stuck;

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            let gate = GATE.get().expect("set");
            gate.lock().expect("valid").recv().expect("opened");
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_never_reads_blocks_nothing() {
        static STREAM: Stream = Stream::new(Kind::Notes, || Box::new(Stuck));
        let (open, gate) = channel();
        assert!(GATE.set(Mutex::new(gate)).is_ok());
        let mut large = String::new();
        std::io::repeat(b'x').take(MOST_WAITING as u64).read_to_string(&mut large).expect("text");
        for line in ["first\n", &large, "more\n", "dropped\n"] {
            STREAM.put(line.to_owned());
            STREAM.let_pass();
        }
        assert!(STREAM.lock().is_stuck);
        let kept = STREAM.lock().lines.len();
        assert!((1..=3).contains(&kept), "{kept}");
        for _ in 0..4 {
            open.send(()).expect("waits");
        }
        assert_eq!(STREAM.wait_until_written(|| true), None);
        assert!(STREAM.lock().is_idle());
    }
}
