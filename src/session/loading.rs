//! Loading data: one thread a request; a new request cancels the one before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::{Event, Outbox, panic_text};
use crate::dataset::{DataError, Progress, load_known, mended};
use crate::project::Data;
use crate::run::{Run, facts};

/// How often progress is shown.
const INTERVAL: Duration = Duration::from_millis(50);

pub(super) struct Loader {
    outbox: Outbox,
    under_way: Option<Arc<Progress>>,
}

impl Loader {
    pub(super) fn new(outbox: Outbox) -> Loader {
        Loader { outbox, under_way: None }
    }

    pub(super) fn cancel(&mut self) {
        if let Some(progress) = self.under_way.take() {
            progress.cancel();
        }
    }

    pub(super) fn load(&mut self, request: u64, data: Data, own: Option<Box<Run>>) {
        self.cancel();
        let progress = Arc::new(Progress::default());
        self.under_way = Some(Arc::clone(&progress));
        let outbox = self.outbox.clone();
        let spawned = std::thread::Builder::new()
            .name("loading".to_owned())
            .spawn(move || load_and_report(request, (&data, own.as_deref()), &progress, &outbox));
        if let Err(error) = spawned {
            let error = DataError::Setting(format!("no thread could be started to load with: {error}"));
            self.outbox.send(Event::LoadFailed { request, error, mended: None });
            self.outbox.wake();
        }
    }
}

fn load_and_report(
    request: u64,
    (data, own): (&Data, Option<&Run>),
    progress: &Arc<Progress>,
    outbox: &Outbox,
) {
    let (done, is_done) = channel::<()>();
    let reporter = {
        let (progress, outbox) = (Arc::clone(progress), outbox.clone());
        // Without a thread for it nothing is seen of the progress, and the data come nevertheless.
        std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            while is_done.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let (done, total) = progress.state();
                outbox.send(Event::Loading { request, done, total });
                outbox.wake();
            }
        })
    };
    let loaded = || match own {
        Some(run) => run.load_own(data, |data, known| load_known(data, known, progress)),
        None => load_known(data, None, progress),
    };
    let result = catch_unwind(AssertUnwindSafe(|| match loaded() {
        Ok(data) => {
            let facts = facts(&data);
            Event::Loaded { request, data: Arc::new(data), facts }
        }
        Err(error) => {
            let mended = mended(&data.source, &error).map(Box::new);
            Event::LoadFailed { request, error, mended }
        }
    }));
    drop(done);
    let _ = reporter.map(std::thread::JoinHandle::join);
    outbox.send(result.unwrap_or_else(|panic| {
        let error = DataError::Setting(format!("loading failed: {}", panic_text(&*panic))).of(&data.source);
        Event::LoadFailed { request, error, mended: None }
    }));
    outbox.wake();
}
