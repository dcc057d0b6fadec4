//! One tape with parallel operations, compared with one tape per shard of the minibatch.
//!
//! `cargo bench --bench tape_layout`. The first is the current engine. The second is simulated by
//! two engines with one thread each, in lockstep, each training on half of the minibatch. Each
//! makes its own whole update, in place of adding two sets of gradients and half an update.
//! Both run alternately, and medians are compared.
//!
//! Measured on two cores of a Xeon with AVX-512, release build, medians, in ms per step:
//!
//! | network | operations fork inside | one tape per shard |
//! |---|---|---|
//! | 784-256-64-256-784, batch 128 | 1.92 | 1.70 |
//! | the same, batch 512 | 6.5 | 5.3 |
//! | 784-32-8-32-784, batch 64 | 0.48 | 0.24 |
//!
//! The simulation of one tape per shard omits everything needed to keep statistics over the whole
//! minibatch exact. The savings were not considered worth results that depend on how the minibatch
//! is split.

use std::sync::{Arc, Barrier};
use std::time::Instant;

use hourglass::check::{Plan, plan};
use hourglass::dataset::{Dataset, Progress, load};
use hourglass::engine::Trainer;
use hourglass::project::{Activation, Layer, Project, Recipe, Source, Synthetic};
use hourglass::run::facts;

const STEPS: usize = 200;
const ROUNDS: usize = 5;

fn project(hidden: usize, code: usize, batch: usize) -> Project {
    let mut project = Recipe::Undercomplete.project();
    project.data.source = Source::Synthetic(Synthetic::Shapes { count: 8192, size: 28, seed: 1 });
    project.data.split.validation = 0.0;
    project.encoder = vec![Layer::Dense { units: hidden, activation: Activation::Relu }];
    project.code.units = code;
    project.training.batch_size = batch;
    project.training.epochs = u32::MAX;
    project
}

fn planned(project: &Project, data: &Dataset) -> Plan {
    plan(project, &facts(data)).expect("a sound plan")
}

/// Duration of every step in seconds.
fn steps(trainer: &mut Trainer, mut before: impl FnMut()) -> Vec<f64> {
    (0..STEPS)
        .map(|_| {
            before();
            let start = Instant::now();
            trainer.step().expect("sound");
            start.elapsed().as_secs_f64()
        })
        .collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn one_tape(plan: &Plan, data: &Arc<Dataset>) -> f64 {
    let mut trainer = Trainer::new(plan, Arc::clone(data), 2).expect("fits");
    steps(&mut trainer, || {});
    median(steps(&mut trainer, || {}))
}

fn tape_per_shard(plan: &Plan, data: &Arc<Dataset>) -> f64 {
    let barrier = Barrier::new(2);
    let shard = || {
        let mut trainer = Trainer::new(plan, Arc::clone(data), 1).expect("fits");
        steps(&mut trainer, || {});
        steps(&mut trainer, || {
            barrier.wait();
        })
    };
    let (left, right) = std::thread::scope(|scope| {
        let other = scope.spawn(shard);
        (shard(), other.join().expect("no panic"))
    });
    // A step ends when both halves have.
    median(left.into_iter().zip(right).map(|(a, b)| a.max(b)).collect())
}

fn main() {
    let data = Arc::new(load(&project(256, 64, 128).data, &Progress::default()).expect("generated"));
    println!("{:<34}{:>12}{:>16}{:>8}", "network, batch", "one tape", "tape per shard", "ratio");
    for (hidden, code, batch) in [(256, 64, 128), (256, 64, 512), (32, 8, 64)] {
        let whole = planned(&project(hidden, code, batch), &data);
        let half = planned(&project(hidden, code, batch / 2), &data);
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            one.push(one_tape(&whole, &data));
            two.push(tape_per_shard(&half, &data));
        }
        let (one, two) = (1e3 * median(one), 1e3 * median(two));
        let name = format!("784-{hidden}-{code}-{hidden}-784, {batch}");
        println!("{name:<34}{one:>9.3} ms{two:>13.3} ms{:>8.2}", one / two);
    }
}
