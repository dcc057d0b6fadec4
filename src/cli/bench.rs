use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::args::Bench;
use super::data;
use super::failure::Failure;
use super::progress::Bar;
use super::signal;
use super::subject::Subject;
use super::write::line;
use crate::engine::Trainer;

/// Steps before the clock counts: caches fill, buffers are allocated.
const WARM_UP: usize = 10;

/// `hourglass bench`
pub(super) fn bench(arguments: &Bench) -> Result<(), Failure> {
    let mut project = Subject::open(&arguments.subject)?.project;
    data::replace(&mut project, &arguments.data)?;
    // Nothing but steps is wanted: no validation, and no end.
    project.data.split.validation = 0.0;
    project.training.early_stopping = None;
    project.training.epochs = u32::MAX;
    if let Some(batch) = arguments.batch {
        project.training.batch_size = batch;
    }
    let data = data::load(&project.data)?;
    let batch = project.training.batch_size.min(data.split.train.len()).max(1);
    let plan = data::prove(&project, &data)?;
    let threads = data::threads(arguments.threads);
    let train_rows = data.split.train.len();
    let mut trainer = Trainer::new(&plan, Arc::new(data), threads).map_err(Failure::problem)?;

    let bar = Bar::new("measuring", arguments.steps as u64);
    let mut clock = Clock { train_rows, batch, at: 0, samples: 0, steps: 0, time: Duration::ZERO };
    for step in 0..WARM_UP + arguments.steps {
        if signal::asked_to_stop() {
            return Err(Failure::Interrupted);
        }
        let start = Instant::now();
        trainer.step().map_err(Failure::problem)?;
        clock.count(start.elapsed(), step >= WARM_UP);
        bar.set(step as u64, (WARM_UP + arguments.steps) as u64);
    }
    bar.finish();

    let seconds = clock.time.as_secs_f64().max(f64::MIN_POSITIVE);
    let ms_per_step = seconds * 1e3 / clock.steps.max(1) as f64;
    let samples_per_sec = clock.samples as f64 / seconds;
    // Forward, gradient of the inputs, gradient of the weights: three products, two operations a multiply-add.
    let gflops = 6.0 * plan.macs() as f64 * samples_per_sec / 1e9;
    if arguments.json {
        return line(json!({
            "ms_per_step": ms_per_step,
            "samples_per_sec": samples_per_sec,
            "gflops": gflops,
            "batch": batch,
            "steps": clock.steps,
            "threads": threads,
            "params": plan.parameters(),
            "seconds": seconds,
        }));
    }
    line(format!(
        "{ms_per_step:.3} ms a step of {batch} samples, {samples_per_sec:.0} samples/s, {gflops:.1} GFLOP/s on {threads} threads"
    ))
}

/// Adds up full minibatches; the smaller one at the end of an epoch, and what happens between two epochs, are left out.
struct Clock {
    train_rows: usize,
    batch: usize,
    at: usize,
    samples: usize,
    steps: usize,
    time: Duration,
}

impl Clock {
    fn count(&mut self, time: Duration, counts: bool) {
        let size = self.batch.min(self.train_rows - self.at);
        self.at += size;
        let last = self.at >= self.train_rows;
        if last {
            self.at = 0;
        }
        // Where an epoch is one step there is no other to measure.
        if counts && (!last || self.batch >= self.train_rows) {
            self.steps += 1;
            self.samples += size;
            self.time += time;
        }
    }
}
