//! Frames of the window take precedence: while one is drawn, threads that train or compute yield
//! their core between two shards of a kernel.
//!
//! If all cores are training, the system makes the window's thread wait until a time slice ends.
//! That takes some milliseconds, often longer than the frame itself; a shard takes less than one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time to draw a frame, including the graphics driver.
const FRAME: Duration = Duration::from_millis(8);

/// End of the current frame, in the microseconds of [`micros`]; 0 if no window draws.
static OVER: AtomicU64 = AtomicU64::new(0);

/// Marks the beginning of a frame, or of a request for one.
pub fn frame_begins() {
    OVER.store(micros() + FRAME.as_micros() as u64, Ordering::Relaxed);
}

/// Yields the core while a frame is drawn. Nearly free if no other thread wants it.
pub fn yield_to_frame() {
    if is_drawn(OVER.load(Ordering::Relaxed), micros) {
        std::thread::yield_now();
    }
}

/// Whether a frame that ends at `over` is still being drawn; without a window the clock is not
/// read.
fn is_drawn(over: u64, now: impl FnOnce() -> u64) -> bool {
    over > 0 && now() < over
}

/// Microseconds since the first call.
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
