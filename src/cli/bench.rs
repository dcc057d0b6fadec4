use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::args::Bench;
use super::data::{self, DataPathHint};
use super::failure::Failure;
use super::progress::Bar;
use super::subject::Subject;
use super::write::{json, line};
use crate::check::{Plan, Stage};
use crate::dataset::Dataset;
use crate::engine::{EngineError, Machine, Network, Trainer};
use crate::project::{Activation, Layer, Project, Recipe, Source, Strategy, Synthetic, visible};

/// Steps before the measurement starts: caches fill, buffers are allocated.
const WARM_UP: usize = 10;

/// `hourglass bench`
pub(super) fn bench(arguments: &Bench) -> Result<(), Failure> {
    if arguments.machine {
        return machine(arguments);
    }
    let mut project = match &arguments.subject {
        Some(subject) => Subject::open(subject, "hourglass bench DESIGN --data")?.project,
        None => standard(),
    };
    data::replace(&mut project, &arguments.data)?;
    // Only steps are measured: no validation, and no end.
    project.data.split.validation = 0.0;
    project.training.early_stopping = None;
    // Only the steps of the whole network are measured and counted.
    project.training.strategy = Strategy::Joint;
    project.training.epochs = u32::MAX;
    if let Some(batch) = arguments.batch {
        project.training.batch_size = batch;
    }
    let data = data::load(&project.data, data::OF_DESIGN, DataPathHint::Option)?;
    let batch = project.training.batch_size.min(data.split.train.len()).max(1);
    let plan = data::prove(&project, &data)?;
    let threads = data::threads(arguments.threads);
    let train_rows = data.split.train.len();
    let failure = |error| Failure::Problem(format!("{}: {error}", visible(&project.name)));
    if arguments.encode {
        return encode(arguments, &plan, &data, threads).map_err(failure);
    }
    let mut trainer = Trainer::new(&plan, Arc::new(data), threads).map_err(failure)?;

    let bar = Bar::new("measuring", arguments.steps as u64);
    let mut clock = Clock { train_rows, batch, at: 0, times: Vec::with_capacity(arguments.steps) };
    let mut step = 0;
    while clock.times.len() < arguments.steps {
        let start = Instant::now();
        trainer.step().map_err(failure)?;
        clock.count(start.elapsed(), step >= WARM_UP);
        bar.set(clock.times.len() as u64, arguments.steps as u64);
        step += 1;
    }
    bar.finish();

    let seconds: f64 = clock.times.iter().map(Duration::as_secs_f64).sum();
    // The median: other programs on the machine make some steps slower, and none faster.
    let median = clock.median().as_secs_f64().max(f64::MIN_POSITIVE);
    let (ms_per_step, samples_per_sec) = (1e3 * median, batch as f64 / median);
    let fastest = fastest(&clock.times);
    let gflops = 2.0 * training_macs(&plan) as f64 * samples_per_sec / 1e9;
    if arguments.json {
        json(&json!({
            "ms_per_step": ms_per_step,
            "fastest_ms_per_step": fastest,
            "samples_per_sec": samples_per_sec,
            "gflops": gflops,
            "batch": batch,
            "steps": clock.times.len(),
            "threads": threads,
            "params": plan.parameters(),
            "seconds": seconds,
        }));
    } else {
        line(format!(
            "{ms_per_step:.3} ms per step of {batch} samples, {samples_per_sec:.0} samples/s, {gflops:.1} \
             GFLOP/s on {threads} threads"
        ));
    }
    Ok(())
}

/// Measures the limits of the machine.
fn machine(arguments: &Bench) -> Result<(), Failure> {
    let threads = data::threads(arguments.threads);
    let machine = Machine::measure(threads).map_err(|error| Failure::Problem(error.to_string()))?;
    let Machine { gflops, copy_gb_per_sec } = machine;
    if arguments.json {
        json(&json!({ "gflops": gflops, "copy_gb_per_sec": copy_gb_per_sec, "threads": threads }));
    } else {
        line(format!(
            "{gflops:.1} GFLOP/s in the fastest matrix product, {copy_gb_per_sec:.1} GB/s read and written in \
             copying, on {threads} threads"
        ));
    }
    Ok(())
}

/// Measures the time to encode all samples, `steps` times.
fn encode(arguments: &Bench, plan: &Plan, data: &Dataset, threads: usize) -> Result<(), EngineError> {
    let mut network = Network::new(plan, threads)?;
    let mut samples = vec![0.0; data.split.train.len() * plan.shape().features()];
    data.gather(&data.split.train, &mut samples);
    let mut times = Vec::with_capacity(arguments.steps);
    let bar = Bar::new("measuring", arguments.steps as u64);
    for step in 0..=arguments.steps {
        let start = Instant::now();
        let codes = network.encode(&samples);
        // The first one warms up.
        if step > 0 {
            times.push(start.elapsed());
        }
        drop(codes);
        bar.set(times.len() as u64, arguments.steps as u64);
    }
    bar.finish();
    let fastest = fastest(&times);
    let median = median(&mut times).as_secs_f64().max(f64::MIN_POSITIVE);
    let (rows, macs) = (data.split.train.len(), plan.encoder().iter().map(Stage::macs).sum::<u64>());
    let gflops = 2e-9 * macs as f64 * rows as f64 / median;
    let (ms, samples_per_sec) = (1e3 * median, rows as f64 / median);
    if arguments.json {
        json(&json!({
            "ms_per_step": ms,
            "fastest_ms_per_step": fastest,
            "samples_per_sec": samples_per_sec,
            "gflops": gflops,
            "batch": rows,
            "steps": arguments.steps,
            "threads": threads,
        }));
    } else {
        line(format!(
            "{ms:.3} ms to encode {rows} samples, {samples_per_sec:.0} samples/s, {gflops:.1} GFLOP/s on {threads} threads"
        ));
    }
    Ok(())
}

/// The shortest of some times, in ms: the machine at its least disturbed, as with the fastest product
/// and the fastest copy that [`Machine`] measures.
fn fastest(times: &[Duration]) -> f64 {
    1e3 * times.iter().min().copied().unwrap_or_default().as_secs_f64()
}

/// The median of some times.
fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The network used to compare speeds: 784-256-64-256-784, minibatches of 128, Adam.
fn standard() -> Project {
    let mut project = Recipe::Undercomplete.project();
    "standard".clone_into(&mut project.name);
    project.data.source = Source::Synthetic(Synthetic::Shapes { count: 8192, size: 28, seed: 1 });
    project.encoder = vec![Layer::Dense { units: 256, activation: Activation::Relu }];
    project.code.units = 64;
    project.training.batch_size = 128;
    project
}

/// Multiply-adds of one sample's training step: forward, gradient of the weights and gradient of
/// the inputs, which the first layer does not need.
fn training_macs(plan: &Plan) -> u64 {
    let first = plan.stages().find(|stage| stage.macs() > 0).map_or(0, Stage::macs);
    3 * plan.macs() - first
}

/// Times full minibatches; the smaller one at the end of an epoch, and the work between two epochs,
/// are excluded.
struct Clock {
    train_rows: usize,
    batch: usize,
    at: usize,
    times: Vec<Duration>,
}

impl Clock {
    fn count(&mut self, time: Duration, counts: bool) {
        self.at += self.batch.min(self.train_rows - self.at);
        let ends_epoch = self.at >= self.train_rows;
        if ends_epoch {
            self.at = 0;
        }
        // If an epoch is a single step, there is no other to measure.
        if counts && (!ends_epoch || self.batch >= self.train_rows) {
            self.times.push(time);
        }
    }

    fn median(&mut self) -> Duration {
        median(&mut self.times)
    }
}
