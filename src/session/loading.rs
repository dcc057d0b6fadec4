//! Loading of data: one thread per request. A new request cancels the previous one of its kind
//! (data of the design, or data for a trained network).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::showing::show;
use super::{Event, Outbox, panic_text};
use crate::dataset::{DataError, Progress, entered_table, fixed_source, load_known};
use crate::project::{Data, Mask, ShownSize, Source};
use crate::run::{Run, facts};

/// Time between two progress reports.
const INTERVAL: Duration = Duration::from_millis(50);

pub(super) struct Loader {
    outbox: Outbox,
    own: Option<Arc<Progress>>,
    shown: Option<Arc<Progress>>,
}

/// Callbacks of a load: its progress, and the failure of a thread or a panic.
struct Callbacks<L, F> {
    loading: L,
    failed: F,
}

impl Loader {
    pub(super) fn new(outbox: Outbox) -> Loader {
        Loader { outbox, own: None, shown: None }
    }

    pub(super) fn cancel(&mut self) {
        cancel(&mut self.own);
    }

    pub(super) fn cancel_shown(&mut self) {
        cancel(&mut self.shown);
    }

    pub(super) fn load(
        &mut self,
        request: u64,
        mut data: Data,
        own: Option<Box<Run>>,
        before: Option<Box<Source>>,
    ) {
        let progress = renew(&mut self.own);
        let source = data.source.clone();
        let callbacks = Callbacks {
            loading: move |done, total| Event::Loading { request, done, total },
            failed: move |error: DataError| Event::LoadFailed {
                request,
                error: error.of(&source),
                fixed_source: None,
            },
        };
        let load = move |progress: &Progress| {
            // A table that cannot be examined is reported when it is loaded.
            let found = before.and_then(|before| entered_table(&data, &before).ok().flatten());
            if let Some(found) = &found {
                data.source.clone_from(found);
            }
            let loaded = match &own {
                Some(run) => run.load_own(&data, |data, known| load_known(data, known, progress)),
                None => load_known(&data, None, progress),
            };
            match loaded {
                Ok(loaded) => {
                    let facts = facts(&loaded);
                    let source = found.map(Box::new);
                    Event::Loaded { request, data: Arc::new(loaded), facts, source }
                }
                Err(error) => {
                    let fixed_source = fixed_source(&data.source, &error).map(Box::new);
                    Event::LoadFailed { request, error, fixed_source }
                }
            }
        };
        start(&self.outbox, progress, callbacks, load);
    }

    pub(super) fn show(
        &mut self,
        request: u64,
        run: Box<Run>,
        paths: Vec<PathBuf>,
        (mask, size): (Option<Mask>, Option<ShownSize>),
    ) {
        let progress = renew(&mut self.shown);
        let callbacks = Callbacks {
            loading: move |done, total| Event::Showing { request, done, total },
            failed: move |error| Event::NotShown { request, error },
        };
        let load = move |progress: &Progress| match show(&run, &paths, mask.as_ref(), size, progress) {
            Ok(shown) => Event::Shown { request, shown: Box::new(shown) },
            Err(error) => Event::NotShown { request, error },
        };
        start(&self.outbox, progress, callbacks, load);
    }
}

fn cancel(under_way: &mut Option<Arc<Progress>>) {
    if let Some(progress) = under_way.take() {
        progress.cancel();
    }
}

/// Cancels the current load and returns the progress for its successor.
fn renew(under_way: &mut Option<Arc<Progress>>) -> Arc<Progress> {
    cancel(under_way);
    Arc::clone(under_way.insert(Arc::default()))
}

/// Starts a load on its own thread.
fn start<L, F>(
    outbox: &Outbox,
    progress: Arc<Progress>,
    callbacks: Callbacks<L, F>,
    load: impl FnOnce(&Progress) -> Event + Send + 'static,
) where
    L: Fn(u64, u64) -> Event + Send + 'static,
    F: Fn(DataError) -> Event + Clone + Send + 'static,
{
    let (own, failed) = (outbox.clone(), callbacks.failed.clone());
    let spawned = std::thread::Builder::new()
        .name("loading".to_owned())
        .spawn(move || load_and_report(&own, &progress, callbacks, load));
    if let Err(error) = spawned {
        let error = DataError::Setting(format!(
            "no thread could be started for loading ({error}); close other programs"
        ));
        outbox.send(failed(error));
        outbox.wake();
    }
}

fn load_and_report<L, F>(
    outbox: &Outbox,
    progress: &Arc<Progress>,
    Callbacks { loading, failed }: Callbacks<L, F>,
    load: impl FnOnce(&Progress) -> Event,
) where
    L: Fn(u64, u64) -> Event + Send + 'static,
    F: Fn(DataError) -> Event,
{
    let (done, is_done) = channel::<()>();
    let reporter = {
        let (progress, outbox) = (Arc::clone(progress), outbox.clone());
        // Without a thread for it, progress is not shown, but the data are still loaded.
        std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            while is_done.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let (done, total) = progress.state();
                outbox.send(loading(done, total));
                outbox.wake();
            }
        })
    };
    let result = catch_unwind(AssertUnwindSafe(|| load(progress)));
    drop(done);
    let _ = reporter.map(std::thread::JoinHandle::join);
    outbox.send(result.unwrap_or_else(|panic| {
        failed(DataError::Setting(format!("loading failed: {}", panic_text(&*panic))))
    }));
    outbox.wake();
}
