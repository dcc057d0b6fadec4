//! The cost of frames, logged with `RUST_LOG=frame=debug`.

use std::time::{Duration, Instant};

/// Interval of the log messages.
const INTERVAL: Duration = Duration::from_secs(5);
const TARGET: &str = "frame";

/// Times of the frames since the last message, in seconds.
#[derive(Debug)]
pub(super) struct FrameLog {
    logic_secs: f32,
    /// Logic and layout of each frame.
    own_secs: Vec<f32>,
    /// The total, including tessellation and the calls to the graphics driver, which may render in
    /// software.
    whole_secs: Vec<f32>,
    last_message: Instant,
}

impl FrameLog {
    pub(super) fn new() -> FrameLog {
        FrameLog {
            logic_secs: 0.0,
            own_secs: Vec::new(),
            whole_secs: Vec::new(),
            last_message: Instant::now(),
        }
    }

    /// Records the logic of a frame that began at `start`.
    pub(super) fn logic(&mut self, start: Instant) {
        self.logic_secs = start.elapsed().as_secs_f32();
    }

    /// Records the layout of a frame that began at `start`, and the total cost of the previous
    /// frame.
    pub(super) fn ui(&mut self, start: Instant, whole_before: Option<f32>) {
        if !log::log_enabled!(target: TARGET, log::Level::Debug) {
            return;
        }
        self.own_secs.push(self.logic_secs + start.elapsed().as_secs_f32());
        self.whole_secs.extend(whole_before);
        if self.last_message.elapsed() >= INTERVAL {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let frames = self.own_secs.len();
        let [own, whole] = [&mut self.own_secs, &mut self.whole_secs].map(|secs| {
            let text = format!("p50 {:.2} ms, p99 {:.2} ms", percentile(secs, 50), percentile(secs, 99));
            secs.clear();
            text
        });
        log::debug!(target: TARGET, "{frames} frames; logic and layout: {own}; with drawing: {whole}");
        self.last_message = Instant::now();
    }
}

/// A percentile, in milliseconds; NaN if there are no values.
fn percentile(secs: &mut [f32], percent: usize) -> f32 {
    secs.sort_unstable_by(f32::total_cmp);
    let last = secs.len().saturating_sub(1);
    secs.get((last * percent).div_ceil(100)).map_or(f32::NAN, |secs| secs * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut secs: Vec<f32> = (0..=100).rev().map(|ms| ms as f32 / 1e3).collect();
        for percent in [0, 50, 99, 100] {
            assert!((percentile(&mut secs, percent) - percent as f32).abs() < 1e-3);
        }
        assert!(percentile(&mut [], 50).is_nan());
    }
}
