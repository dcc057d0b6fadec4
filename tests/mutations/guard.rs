//! Guards the running cases: one that takes too long or too much memory is written to a file and
//! reported, and ends the tests.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crate::readers::Reader;

/// Time limit per case, many times the slowest: protects against hanging.
const LONGEST: Duration = Duration::from_mins(1);
/// Memory limit of all running cases together, as measured by the system.
const MOST_BYTES: u64 = 2 << 30;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

type Cases = Mutex<HashMap<ThreadId, (Instant, Reader, Vec<u8>)>>;

/// Reads one case under guard. A panic writes the case to a file and propagates.
pub fn read(reader: Reader, bytes: &[u8]) -> bool {
    let cases = cases();
    let own = std::thread::current().id();
    let lock = || cases.lock().unwrap_or_else(PoisonError::into_inner);
    lock().insert(own, (Instant::now(), reader, bytes.to_vec()));
    let result = catch_unwind(AssertUnwindSafe(|| reader.read(bytes)));
    lock().remove(&own);
    result.unwrap_or_else(|panic| {
        say(&format!("a panic; the case: {}", written(reader, bytes).display()));
        resume_unwind(panic)
    })
}

/// The running cases, and the thread that guards them.
fn cases() -> &'static Cases {
    static CASES: OnceLock<Cases> = OnceLock::new();
    CASES.get_or_init(|| {
        std::thread::spawn(poll_memory);
        Cases::default()
    })
}

fn poll_memory() {
    loop {
        std::thread::sleep(POLL_INTERVAL);
        let memory = resident_bytes();
        let cases = cases().lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = cases.values().any(|(start, ..)| start.elapsed() > LONGEST);
        if is_late || memory > MOST_BYTES {
            for (start, reader, bytes) in cases.values() {
                let path = written(*reader, bytes);
                let (seconds, megabytes) = (start.elapsed().as_secs(), memory >> 20);
                say(&format!("{seconds} s, {megabytes} MiB; the case: {}", path.display()));
            }
            std::process::abort();
        }
    }
}

/// Bypasses the output capture of the test harness, which an abort would lose.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes a case to a file that can be moved to `tests/hostile/`.
fn written(reader: Reader, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.found", reader.name()));
    let _ = fs::write(&path, bytes);
    path
}

/// Memory of this process; 0 if the system does not report it.
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}
