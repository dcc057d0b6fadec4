//! The thread that keeps work in progress in the live store, so that a crash of the window costs little.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use super::{FileEvent, FileRoom};
use crate::io::{FileError, Store};
use crate::project::Project;
use crate::run::{Caption, Results, Run, RunId};

/// What the keeper of the live store does, one after the other.
pub(super) enum Keep {
    Design(Box<Project>, Option<PathBuf>),
    Seen(PathBuf, String),
    Settle,
    New(Vec<Run>),
    Adopt(Store),
    Forget(RunId),
    Import(Box<Run>),
    Results(RunId, Caption, Results),
    Discard,
}

impl FileRoom {
    /// Begins to keep work in progress below `root`. What a crash left behind there is looked for first, as whoever looks
    /// holds for a moment the lock of what it looks at.
    pub fn start_keeping(&mut self, root: PathBuf) {
        let (keeper, work) = channel();
        let (sender, wake) = (self.sender.clone(), self.wake.clone());
        let keep = move || {
            let tell = |event| {
                // Nobody listens any more once the window is closed.
                let _ = sender.send(event);
                wake.request_repaint();
            };
            let left = Store::look_back(&root);
            left.set_aside.into_iter().for_each(|aside| tell(FileEvent::SetAside(aside)));
            tell(FileEvent::Found(left.work));
            keep(&root, &work, &tell);
        };
        self.keeper_thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(keep).ok();
        self.keeper = Some(keeper);
    }

    /// Writes the document down in the live store.
    pub fn keep(&self, project: Box<Project>, origin: Option<PathBuf>) {
        self.to_keeper(Keep::Design(project, origin));
    }

    /// Notes in the live store which document the project's file holds.
    pub fn note_seen(&self, file: PathBuf, document: String) {
        self.to_keeper(Keep::Seen(file, document));
    }

    /// Marks what is in the live store as saved elsewhere.
    pub fn settle(&self) {
        self.to_keeper(Keep::Settle);
    }

    /// Leaves the live store and begins another with these runs in it.
    pub fn new_store(&self, runs: Vec<Run>) {
        self.to_keeper(Keep::New(runs));
    }

    /// Continues in the store of recovered work.
    pub fn adopt(&self, store: Store) {
        self.to_keeper(Keep::Adopt(store));
    }

    /// Removes a run from the live store.
    pub fn forget(&self, run: RunId) {
        self.to_keeper(Keep::Forget(run));
    }

    /// Writes a whole run down in the live store.
    pub fn import(&self, run: Box<Run>) {
        self.to_keeper(Keep::Import(run));
    }

    /// Writes down in the live store what a person says of a run, and what was measured of it.
    pub fn keep_results(&self, run: RunId, caption: Caption, results: Results) {
        self.to_keeper(Keep::Results(run, caption, results));
    }

    /// Ends the keeping: everything was saved or given up. Waits until nothing is left to recover. Nobody may write to the
    /// workspace any more.
    pub fn end_keeping(&mut self) {
        // An answer that nobody takes any more may hold the workspace.
        self.receiver = channel().1;
        self.to_keeper(Keep::Discard);
        self.keeper = None;
        if let Some(thread) = self.keeper_thread.take() {
            // A keeper that panicked leaves its workspace behind, to be recovered.
            let _ = thread.join();
        }
    }

    fn to_keeper(&self, work: Keep) {
        if let Some(keeper) = &self.keeper {
            // A keeper that is gone has said so.
            let _ = keeper.send(work);
        }
    }
}

/// Looks after the live store until the window closes.
fn keep(root: &Path, work: &Receiver<Keep>, tell: &dyn Fn(FileEvent)) {
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
            (Keep::Design(project, origin), Some(store)) => {
                complain(store.save_design(&project, origin.as_deref()));
            }
            (Keep::New(runs), _) => {
                if let Some(old) = store.take() {
                    complain(old.discard());
                }
                store = create();
                if let Some(store) = store.as_ref().filter(|_| !runs.is_empty()) {
                    runs.iter().for_each(|run| complain(store.import_run(run)));
                    // They come from a file.
                    complain(store.settle());
                }
            }
            (Keep::Adopt(recovered), _) => {
                if let Some(old) = store.replace(recovered) {
                    complain(old.discard());
                }
            }
            (Keep::Discard, Some(_)) => {
                if let Some(old) = store.take() {
                    complain(old.discard());
                }
            }
            (Keep::Seen(file, document), Some(store)) => complain(store.save_seen(&file, document)),
            (Keep::Settle, Some(store)) => complain(store.settle()),
            (Keep::Forget(run), Some(store)) => complain(store.remove_run(run)),
            (Keep::Import(run), Some(store)) => complain(store.import_run(&run)),
            (Keep::Results(run, caption, results), Some(store)) => {
                complain(store.save_results(run, &caption, &results));
            }
            (
                Keep::Design(..)
                | Keep::Seen(..)
                | Keep::Settle
                | Keep::Forget(_)
                | Keep::Import(_)
                | Keep::Results(..)
                | Keep::Discard,
                None,
            ) => {}
        }
    }
}
