use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use super::write;
use crate::io::{Files, WriteProgress};

/// Longest time until a stopped command ends, except for a training.
const LAST_MOMENTS: Duration = Duration::from_millis(800);
/// Time within it for files that are being written.
const LAST_WRITES: Duration = Duration::from_millis(600);
/// Longest time for the removal of unfinished files.
const LAST_REMOVALS: Duration = Duration::from_secs(2);
/// Interval between checks for that.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

static ASKED: AtomicBool = AtomicBool::new(false);
static STAGE: Mutex<Stage> = Mutex::new(Stage::Free);
static WRITES: OnceLock<Arc<WriteProgress>> = OnceLock::new();
static DEADLINE: OnceLock<Instant> = OnceLock::new();

/// The work that a signal would interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No work to keep: the program ends immediately.
    Free,
    /// Requested files, written by [`files`]: one that is almost finished is completed, any other
    /// is removed. None is ever visible in part.
    Writing,
    /// A run: it ends by itself after the current step, and is saved.
    Training,
}

/// From now on Ctrl-C, SIGTERM or SIGHUP act according to the stage; a second one ends the program
/// immediately.
pub(super) fn install() {
    if let Err(error) = listen() {
        log::warn!("Ctrl-C will stop the program immediately: {error}");
    }
}

/// Signals that were ignored when the program started stay ignored: under `nohup` it outlives its
/// terminal.
#[cfg(unix)]
fn listen() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let ignored = ignored();
    let is_ignored = |signal: i32| ignored >> (signal - 1) & 1 != 0;
    let mut signals = Signals::new([0_i32; 0])?;
    let handle = signals.handle();
    // The thread listens before the first signal is caught.
    Builder::new().name("signals".to_owned()).spawn(move || signals.forever().for_each(|_| asked()))?;
    for signal in [SIGINT, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)) {
        handle.add_signal(signal)?;
    }
    handle.add_signal(SIGTERM)
}

#[cfg(not(unix))]
fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(asked)
}

/// The signals that were ignored when the program started, one bit each, if the system reports
/// them.
#[cfg(unix)]
fn ignored() -> u64 {
    let status =
        if cfg!(target_os = "linux") { std::fs::read_to_string("/proc/self/status").ok() } else { None };
    status.as_deref().and_then(ignored_of).unwrap_or(0)
}

/// The mask of ignored signals in Linux's process status.
#[cfg(unix)]
fn ignored_of(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

/// The writer for the files of a command.
pub(super) fn files() -> Files {
    Files::default().with_progress(Arc::clone(WRITES.get_or_init(Arc::default)))
}

/// Enters another stage of the work.
pub(super) fn enter(stage: Stage) {
    // Blocks forever if the program is about to end.
    *STAGE.lock().unwrap_or_else(PoisonError::into_inner) = stage;
}

/// Whether a signal was received.
pub(super) fn asked_to_stop() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// When the stopped program ends; `None` if it was not stopped, or ends by itself.
pub(super) fn deadline() -> Option<Instant> {
    DEADLINE.get().copied()
}

fn asked() {
    if ASKED.swap(true, Ordering::Relaxed) {
        exit(130);
    }
    // Ending takes time, and a second signal must be handled meanwhile.
    if Builder::new().name("end".to_owned()).spawn(end).is_err() {
        end();
    }
}

/// Performs the action of the stage.
fn end() {
    let stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    if *stage == Stage::Training {
        drop(stage);
        return write::note("\nstopping after this step and saving; press again to stop immediately");
    }
    DEADLINE.get_or_init(|| Instant::now() + LAST_MOMENTS);
    if *stage == Stage::Writing {
        sleep(LAST_WRITES);
        give_up_writing();
    }
    write::leave_bar();
    // The stage stays locked: no work that would have to be saved can begin.
    exit(i32::from(write::finish(130)));
}

/// Cancels the writing of unfinished files, which removes them.
fn give_up_writing() {
    let Some(writes) = WRITES.get() else { return };
    writes.cancel();
    let end = Instant::now() + LAST_REMOVALS;
    while writes.is_writing() && Instant::now() < end {
        sleep(POLL_INTERVAL);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read() {
        let status = "Name:\thourglass\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(ignored_of(status), Some(0x1001));
        assert_eq!(ignored_of("Name:\thourglass\n"), None);
        assert_eq!(ignored_of("SigIgn:\tmany\n"), None);
    }
}
