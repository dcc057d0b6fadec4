//! Frames of the window take precedence: while one is drawn, threads that train or compute yield
//! their core between two shards of a kernel.
//!
//! If every core trains, the system lets the window's thread wait until a time slice ends. That
//! takes some milliseconds, often longer than the frame itself; a shard takes less than one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A frame is drawn within this, with what is left to the graphics driver.
const FRAME: Duration = Duration::from_millis(8);

/// When the frame under way is over, in the microseconds of [`micros`]; 0 where no window draws.
static OVER: AtomicU64 = AtomicU64::new(0);

/// The window begins to draw a frame, or is asked to.
pub fn frame_begins() {
    OVER.store(micros() + FRAME.as_micros() as u64, Ordering::Relaxed);
}

/// Offers the core to others while a frame is drawn. Costs nothing worth mentioning where nobody else
/// wants it.
pub fn give_way() {
    if is_drawn(OVER.load(Ordering::Relaxed), micros) {
        std::thread::yield_now();
    }
}

/// Whether a frame that is over at some time is still drawn; without a window the time is not asked.
fn is_drawn(over: u64, now: impl FnOnce() -> u64) -> bool {
    over > 0 && now() < over
}

/// Microseconds since the first time that anything here was asked.
fn micros() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_drawn_until_it_is_over_and_without_a_window_no_time_is_asked() {
        for (over, now, expected) in [(8000, 0, true), (8000, 7999, true), (8000, 8000, false)] {
            assert_eq!(is_drawn(over, || now), expected, "at {now} of {over}");
        }
        assert!(!is_drawn(0, || unreachable!("there is no window")));
    }
}
