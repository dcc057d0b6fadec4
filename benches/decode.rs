//! Latency of a decoded picture while a point is dragged over the latent space and a run trains on
//! all cores: from the request to the answer, with the run's newest weights.
//!
//! `cargo bench --bench decode`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hourglass::check::plan;
use hourglass::dataset::random::{Purpose, Stream};
use hourglass::dataset::{Progress, load};
use hourglass::engine::Trained;
use hourglass::project::{Activation, Layer, Recipe, Source, Synthetic};
use hourglass::run::{Run, RunId, Weights, facts};
use hourglass::session::{Decoding, Event, Job, JobId, JobKind, Request, Session, Start, TrainRequest};

/// Number of units of the code.
const UNITS: usize = 64;
/// Number of requests, one per frame.
const QUESTIONS: u64 = 600;
const FRAME: Duration = Duration::from_millis(16);
const RUN: RunId = RunId(1);

/// Waits for an event that matches.
fn wait<T>(session: &Session, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    loop {
        if let Some(found) = wanted(session.wait().expect("the lanes live")) {
            return found;
        }
    }
}

/// Requests the weights of the run and waits for them.
fn weights(session: &mut Session) -> Option<Arc<Weights>> {
    session.send(Request::Weights(RUN));
    wait(session, |event| if let Event::Weights { weights, .. } = event { Some(weights) } else { None })
}

fn main() {
    let mut design = Recipe::Undercomplete.project();
    design.data.source = Source::Synthetic(Synthetic::Shapes { count: 8192, size: 28, seed: 1 });
    design.encoder = vec![Layer::Dense { units: 256, activation: Activation::Relu }];
    design.code.units = UNITS;
    design.training.epochs = 1_000_000;
    let data = Arc::new(load(&design.data, &Progress::default()).expect("generated"));
    let plan = plan(&design, &facts(&data)).expect("a sound plan");
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let (run, start) = (Run::new(RUN, &plan, &data), Start::Train);
    let own = plan.clone();
    let request = TrainRequest { run, epochs: None, plan, data, threads, start, store: None };

    let mut session = Session::start(|| {});
    session.send(Request::Train(Box::new(request)));
    let first = std::iter::repeat_with(|| weights(&mut session)).flatten().next();
    let mut trained = Trained::new(Arc::new(own), first.expect("it trains"), None);
    let mut waits = Vec::new();
    session.send(Request::Weights(RUN));
    for question in 0..QUESTIONS {
        let asked = Instant::now();
        let stream = Stream::new(1, Purpose::Prior, question, 0);
        let codes = (0..UNITS as u64).map(|unit| stream.normal(unit)).collect();
        let kind = JobKind::Decode { trained: trained.clone(), codes, purpose: Decoding::Pointer };
        session.send(Request::Compute(Job { id: JobId(question), kind }));
        let mut newest = None;
        wait(&session, |event| match event {
            Event::Computed(JobId(id), answer) => (id == question).then(|| drop(answer.expect("decoded"))),
            Event::Weights { weights, .. } => {
                newest = weights;
                None
            }
            Event::RateTried(..)
            | Event::Loading { .. }
            | Event::Loaded { .. }
            | Event::LoadFailed { .. }
            | Event::Showing { .. }
            | Event::Shown { .. }
            | Event::NotShown { .. }
            | Event::Run(..)
            | Event::StoreFailed(_) => None,
        });
        waits.push(asked.elapsed());
        if let Some(newest) = newest {
            trained = trained.with_weights(newest);
            session.send(Request::Weights(RUN));
        }
        std::thread::sleep(FRAME.saturating_sub(asked.elapsed()));
    }
    waits.sort();
    let at = |share: usize| 1e3 * waits[(waits.len() * share / 100).min(waits.len() - 1)].as_secs_f64();
    println!(
        "one decode of 784-256-64-256-784 while a run trains on {threads} threads, from question to answer:"
    );
    println!("median {:.2} ms, 95 % {:.2} ms, longest {:.2} ms", at(50), at(95), at(100));
}
