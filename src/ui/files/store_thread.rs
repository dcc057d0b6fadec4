//! The thread that saves work in progress in the live store, so that a crash of the window costs
//! little.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use super::{FileEvent, FileThreads};
use crate::io::{FileError, Store};
use crate::ui::state::StoreRequest;

impl FileThreads {
    /// Starts saving work in progress below `root`. Work left by a crash is searched first, because
    /// the search briefly takes the locks of all workspaces.
    pub fn start_keeping(&mut self, root: PathBuf) {
        let (store_thread, work) = channel();
        let (sender, wake) = (self.sender.clone(), self.wake.clone());
        let keep = move || {
            let tell = |event| {
                // There is no receiver once the window is closed.
                let _ = sender.send(event);
                wake.request_repaint();
            };
            let left = Store::find_leftovers(&root);
            left.set_aside.into_iter().for_each(|aside| tell(FileEvent::SetAside(aside)));
            tell(FileEvent::Found(left.work));
            keep(&root, &work, &tell);
        };
        self.store_handle = std::thread::Builder::new().name("keeper".to_owned()).spawn(keep).ok();
        self.store_thread = Some(store_thread);
    }

    /// Sends a request to the live store.
    pub fn keep(&self, request: StoreRequest) {
        if let Some(store_thread) = &self.store_thread {
            // A terminated keeper has already reported it.
            let _ = store_thread.send(request);
        }
    }

    /// Stops saving work in progress, when everything was saved or discarded. Waits until nothing
    /// is left to recover. Nothing may write to the workspace any more.
    pub fn end_keeping(&mut self) {
        // An undelivered answer may hold the workspace.
        self.receiver = channel().1;
        self.keep(StoreRequest::Discard);
        self.store_thread = None;
        if let Some(thread) = self.store_handle.take() {
            // A keeper that panicked leaves its workspace behind for recovery.
            let _ = thread.join();
        }
    }
}

/// Serves the live store until the window closes.
fn keep(root: &Path, work: &Receiver<StoreRequest>, tell: &dyn Fn(FileEvent)) {
    let create = || match Store::create(root) {
        Ok(store) => {
            tell(FileEvent::Store(Ok(store.clone())));
            Some(store)
        }
        Err(error) => {
            tell(FileEvent::Store(Err(error.to_string())));
            None
        }
    };
    let complain = |result: Result<(), FileError>| {
        if let Err(error) = result {
            tell(FileEvent::Quiet(error.to_string()));
        }
    };
    let mut store = create();
    while let Ok(next) = work.recv() {
        match (next, &store) {
            (StoreRequest::Design(project, origin), Some(store)) => {
                complain(store.save_design(&project, origin.as_deref()));
            }
            (StoreRequest::Renew(runs), _) => {
                if let Some(old) = store.take() {
                    complain(old.discard());
                }
                store = create();
                if let Some(store) = store.as_ref().filter(|_| !runs.is_empty()) {
                    runs.iter().for_each(|run| complain(store.import_run(run)));
                    // They come from a file.
                    complain(store.mark_saved());
                }
            }
            (StoreRequest::Adopt(recovered), _) => {
                if let Some(old) = store.replace(recovered) {
                    complain(old.discard());
                }
            }
            (StoreRequest::Discard, Some(_)) => {
                if let Some(old) = store.take() {
                    complain(old.discard());
                }
            }
            (StoreRequest::Seen(file, document), Some(store)) => complain(store.save_seen(&file, document)),
            (StoreRequest::Settle, Some(store)) => complain(store.mark_saved()),
            (StoreRequest::Forget(run), Some(store)) => complain(store.remove_run(run)),
            (StoreRequest::Import(run), Some(store)) => complain(store.import_run(&run)),
            (StoreRequest::Results(run, caption, results), Some(store)) => {
                complain(store.save_results(run, &caption, &results));
            }
            (
                StoreRequest::Design(..)
                | StoreRequest::Seen(..)
                | StoreRequest::Settle
                | StoreRequest::Forget(_)
                | StoreRequest::Import(_)
                | StoreRequest::Results(..)
                | StoreRequest::Discard,
                None,
            ) => {}
        }
    }
}
